package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/citizencode/citizencode/citycode"
)

// Names in a city's public directory.
const (
	PublicName   = "public"
	RootsName    = "roots.json"
	TrustName    = "trust.list"
	SnapshotName = "snapshot.list"
)

// Limits of what one city is read and kept of.
const (
	maxStatusLists = 256
	maxDeltas      = 64      // behind one whole status list
	maxRootChanges = 256     // that a terminal catches up with at once
	maxRootChange  = 4 << 10 // bytes; 16 new roots and 32 signatures are 2,849
)

// A Message is a signed list as it travels. Name is what errors call it, such
// as the path of its file.
type Message struct {
	Name  string
	Bytes []byte
}

// A Publication is what one city publishes at a time. None of it is verified.
type Publication struct {
	Trust    *Message  // nil: none
	Snapshot *Message  // nil: none
	Status   []Message // whole status lists
	Deltas   []Message // status deltas, each behind its base

	dir string // where it was read, for errors
	err error  // why it could not be read
}

// missing says which file is not there.
func (p *Publication) missing(name string) error {
	return &fs.PathError{Op: "open", Path: filepath.Join(p.dir, name), Err: fs.ErrNotExist}
}

// A Bulletin is all that a terminal is offered at a time.
type Bulletin struct {
	Changes []Message // root changes, ascending by epoch
	Publication
	Foreign map[int]Publication // of other cities, by GB/T 2260 code
}

// StatusName returns the name of the file of a status list, as in
// status-1-0.list for list 0 of key 1.
func StatusName(issuer citycode.KeyID, list uint8) string {
	return statusStem(issuer, list) + ".list"
}

// DeltaName returns the name of the file with the delta that follows a status
// list, as in status-1-0.delta.
func DeltaName(issuer citycode.KeyID, list uint8) string {
	return statusStem(issuer, list) + ".delta"
}

func statusStem(issuer citycode.KeyID, list uint8) string {
	return fmt.Sprintf("status-%d-%d", issuer.Index(), list)
}

// ChangeName returns the name of the file of the root change that begins an
// epoch, as in root-2.change.
func ChangeName(epoch uint32) string { return fmt.Sprintf("root-%d.change", epoch) }

// ForeignName returns the name of the directory with the lists of another
// city, as in foreign-210200.
func ForeignName(city int) string { return fmt.Sprintf("foreign-%06d", city) }

// PublicDir returns the directory with roots.json: dir itself, or its
// subdirectory public.
func PublicDir(dir string) string {
	sub := filepath.Join(dir, PublicName)
	if _, err := os.Stat(filepath.Join(dir, RootsName)); err != nil {
		if _, err := os.Stat(filepath.Join(sub, RootsName)); err == nil {
			return sub
		}
	}
	return dir
}

// ReadBulletin reads what the public directory of a city holds, other cities'
// lists included. Root changes up to the epoch that the terminal is in are of
// no use to it and are not read.
func ReadBulletin(dir string, city int, epoch uint32) (*Bulletin, error) {
	b := &Bulletin{Foreign: make(map[int]Publication)}
	var err error
	if b.Changes, err = readChanges(dir, epoch); err != nil {
		return nil, err
	}
	if b.Publication, err = readPublication(dir, city); err != nil {
		return nil, err
	}
	list, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range list {
		abroad, err := strconv.Atoi(strings.TrimPrefix(e.Name(), "foreign-"))
		if err != nil || ForeignName(abroad) != e.Name() || len(b.Foreign) == citycode.MaxGrants {
			continue
		}
		p, err := readPublication(filepath.Join(dir, e.Name()), abroad)
		if err != nil {
			p.err = err // no other city may stop this one's terminals
		}
		b.Foreign[abroad] = p
	}
	return b, nil
}

// readChanges reads the root changes that follow an epoch, one after the other.
func readChanges(dir string, epoch uint32) (list []Message, err error) {
	for range maxRootChanges {
		epoch++
		m, err := readMessage(filepath.Join(dir, ChangeName(epoch)), maxRootChange)
		if m == nil || err != nil {
			return list, err
		}
		list = append(list, *m)
	}
	return list, nil
}

func readPublication(dir string, city int) (p Publication, err error) {
	p.dir = dir
	if p.Trust, err = readMessage(filepath.Join(dir, TrustName), citycode.MaxTrustMessage); err != nil {
		return p, err
	}
	if p.Snapshot, err = readMessage(filepath.Join(dir, SnapshotName), citycode.MaxTrustMessage); err != nil {
		return p, err
	}
	if p.Status, err = readStatus(dir, ".list", city, citycode.MaxStatusMessage); err != nil {
		return p, err
	}
	p.Deltas, err = readStatus(dir, ".delta", city, citycode.MaxDeltaMessage)
	return p, err
}

// readMessage reads a file that may be missing.
func readMessage(path string, limit int64) (*Message, error) {
	b, err := ReadFile(path, limit)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &Message{path, b}, nil
}

// readStatus reads the files whose names are those of status lists.
func readStatus(dir, ext string, city int, limit int64) ([]Message, error) {
	list, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var messages []Message
	for _, e := range list {
		if ok, _ := filepath.Match("status-*-*"+ext, e.Name()); !ok {
			continue
		}
		if len(messages) == maxStatusLists {
			return nil, fmt.Errorf("%s: more than %d status lists", dir, maxStatusLists)
		}
		path := filepath.Join(dir, e.Name())
		name, ok := parseStatusName(strings.TrimSuffix(e.Name(), ext), city)
		if !ok {
			return nil, damaged(path, "it has the name of no status list such as status-1-0%s", ext)
		}
		b, err := ReadFile(path, limit)
		if err != nil {
			return nil, err
		}
		m := Message{path, b}
		// Under another one's name it would be taken for what it is all the
		// same; but somebody has mixed files up, and should hear it.
		if says, ok := m.about(); ok && says != name {
			return nil, damaged(path, "it is list %d of %s", says.list, says.issuer)
		}
		messages = append(messages, m)
	}
	return messages, nil
}

// about returns which status list a list or a delta says that it is about
// (SPEC §7.3). It is not verified.
func (m Message) about() (statusName, bool) {
	const issuer, list = 6, 10
	if len(m.Bytes) <= list {
		return statusName{}, false
	}
	return statusName{citycode.KeyID(binary.BigEndian.Uint32(m.Bytes[issuer:])), m.Bytes[list]}, true
}

// A statusName says which status list is meant.
type statusName struct {
	issuer citycode.KeyID
	list   uint8
}

// parseStatusName is the inverse of statusStem within one city.
func parseStatusName(stem string, city int) (statusName, bool) {
	index, list, _ := strings.Cut(strings.TrimPrefix(stem, "status-"), "-")
	i, err1 := strconv.Atoi(index)
	l, err2 := strconv.ParseUint(list, 10, 8)
	if err1 != nil || err2 != nil {
		return statusName{}, false
	}
	id, err := citycode.NewKeyID(city, i)
	if err != nil || statusStem(id, uint8(l)) != stem {
		return statusName{}, false
	}
	return statusName{id, uint8(l)}, true
}

// epoch returns which epoch a root change says that it begins (SPEC §6.6), or
// the last one for what is too short to be one. It is not verified.
func (m Message) epoch() uint32 {
	const at = 6
	if len(m.Bytes) < at+4 {
		return math.MaxUint32
	}
	return binary.BigEndian.Uint32(m.Bytes[at:])
}
