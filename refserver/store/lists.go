package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
)

// Names in a city's directory: what everybody may have stands in PublicName.
const (
	PublicName = "public"
	RootsName  = "roots.json"
	TrustName  = "trust.list"
)

const maxStatusFiles = 256

// StatusName returns the name of the file of a status list, as in
// status-1-0.list for list 0 of key 1.
func StatusName(issuer citycode.KeyID, list uint8) string {
	return fmt.Sprintf("status-%d-%d.list", issuer.Index(), list)
}

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

// A ListsConfig says which lists to open.
type ListsConfig struct {
	Dir string // with roots.json, trust.list and status lists
	// State is where the terminal keeps the highest versions and time that it
	// has accepted, so that an older list is refused. If it is empty nothing is
	// kept, and a list that is put back goes unseen.
	State  string
	Engine engine.Engine // nil: the default
}

// Lists are everything that a terminal needs to decide alone.
type Lists struct {
	Roots  *Roots
	Trust  *citycode.TrustList
	Status []*citycode.StatusList
	Floor  time.Time // highest signed time ever stored
	// First says that State held nothing: older lists, if there were any,
	// could not have been told from these.
	First bool
}

// OpenLists opens and verifies the lists of a directory. Where there is a
// state, it is on disk before the lists are handed out: a crash must not let
// the same older list in afterwards.
func OpenLists(ctx context.Context, cfg ListsConfig) (*Lists, error) {
	if cfg.State == "" {
		return openLists(cfg, &floor{status: make(map[statusName]citycode.Version)}, "")
	}
	if err := os.MkdirAll(cfg.State, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(cfg.State, FloorName)
	lock, err := lockFile(ctx, path)
	if err != nil {
		return nil, err
	}
	defer lock.unlock()
	f, err := readFloor(path)
	if err != nil {
		return nil, err
	}
	l, err := openLists(cfg, f, path)
	if err != nil {
		return nil, err
	}
	l.First = f.city == 0
	f.raise(l)
	if f.changed {
		if err := f.write(path); err != nil {
			return nil, err
		}
	}
	l.Floor = time.Unix(f.time, 0)
	return l, nil
}

func openLists(cfg ListsConfig, f *floor, floorPath string) (*Lists, error) {
	l, err := openTrust(cfg.Dir, f.trust, cfg.Engine)
	if err != nil {
		return nil, err
	}
	if f.city != 0 && f.city != l.Roots.City {
		return nil, fmt.Errorf("%s is of city %06d, but %s of city %06d", filepath.Join(cfg.Dir, RootsName), l.Roots.City, floorPath, f.city)
	}
	names, err := statusFiles(cfg.Dir)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		status, err := openStatus(filepath.Join(cfg.Dir, name), l.Trust, f)
		if err != nil {
			return nil, err
		}
		l.Status = append(l.Status, status)
	}
	return l, l.complete(cfg.Dir)
}

// OpenTrust opens the trust list of a directory alone, without status lists
// and without a state.
func OpenTrust(dir string) (*Lists, error) { return openTrust(dir, citycode.Version{}, nil) }

func openTrust(dir string, have citycode.Version, e engine.Engine) (*Lists, error) {
	rootsPath, trustPath := filepath.Join(dir, RootsName), filepath.Join(dir, TrustName)
	roots, err := ReadRoots(rootsPath)
	if err != nil {
		return nil, err
	}
	msg, err := ReadFile(trustPath, citycode.MaxTrustMessage)
	if err != nil {
		return nil, err
	}
	cfg := roots.Config()
	cfg.Have, cfg.Engine = have, e
	trust, err := citycode.OpenTrustList(msg, cfg)
	var refused *citycode.ListError
	switch {
	case errors.As(err, &refused):
		return nil, &DamagedError{trustPath, err}
	case err != nil: // the roots cannot be roots
		return nil, &DamagedError{rootsPath, err}
	}
	return &Lists{Roots: roots, Trust: trust}, nil
}

// OpenStatus opens one status list of a directory under a trust list.
func OpenStatus(dir string, trust *citycode.TrustList, issuer citycode.KeyID, list uint8) (*citycode.StatusList, error) {
	return openStatus(filepath.Join(dir, StatusName(issuer, list)), trust, &floor{})
}

// statusFiles returns the names of the status lists in dir.
func statusFiles(dir string) ([]string, error) {
	list, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range list {
		if ok, _ := filepath.Match("status-*-*.list", e.Name()); ok {
			names = append(names, e.Name())
		}
	}
	if len(names) > maxStatusFiles {
		return nil, fmt.Errorf("%s: %d status lists, at most %d", dir, len(names), maxStatusFiles)
	}
	return names, nil
}

func openStatus(path string, trust *citycode.TrustList, f *floor) (*citycode.StatusList, error) {
	name, ok := parseStatusName(filepath.Base(path), trust.City())
	if !ok {
		return nil, damaged(path, "it has the name of no status list such as status-1-0.list")
	}
	msg, err := ReadFile(path, citycode.MaxStatusMessage)
	if err != nil {
		return nil, err
	}
	l, err := citycode.OpenStatusList(msg, trust, f.status[name])
	if err != nil {
		return nil, &DamagedError{path, err}
	}
	// A list under another one's name would escape the version asked for
	// above, and leave that other one missing unseen.
	if l.Issuer() != name.issuer || l.List() != name.list {
		return nil, damaged(path, "it is list %d of %s", l.List(), l.Issuer())
	}
	return l, nil
}

// complete fails if a key that signs credentials has no status list at all:
// somebody forgot to copy it, or took it away.
func (l *Lists) complete(dir string) error {
	for _, e := range l.Trust.Entries() {
		if e.Use >= citycode.UseStatus { // it signs lists
			continue
		}
		if !slices.ContainsFunc(l.Status, func(s *citycode.StatusList) bool { return s.Issuer() == e.ID }) {
			return &fs.PathError{Op: "open", Path: filepath.Join(dir, StatusName(e.ID, 0)), Err: fs.ErrNotExist}
		}
	}
	return nil
}

func sortedNames(m map[statusName]citycode.Version) []statusName {
	return slices.SortedFunc(maps.Keys(m), func(a, b statusName) int {
		return cmp.Or(cmp.Compare(a.issuer, b.issuer), cmp.Compare(a.list, b.list))
	})
}

// parseStatusName is the inverse of StatusName within one city.
func parseStatusName(name string, city int) (statusName, bool) {
	middle, _ := strings.CutPrefix(name, "status-")
	middle, _ = strings.CutSuffix(middle, ".list")
	index, list, _ := strings.Cut(middle, "-")
	i, err1 := strconv.Atoi(index)
	l, err2 := strconv.ParseUint(list, 10, 8)
	if err1 != nil || err2 != nil {
		return statusName{}, false
	}
	id, err := citycode.NewKeyID(city, i)
	if err != nil || StatusName(id, uint8(l)) != name {
		return statusName{}, false
	}
	return statusName{id, uint8(l)}, true
}
