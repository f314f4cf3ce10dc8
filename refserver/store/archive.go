package store

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
)

// Bounds of an archive.
const (
	// keepSets is how long a set is kept after the next took its place: longer
	// than a back office takes records of it.
	keepSets = 130 * 24 * time.Hour
	maxSets  = 10_000 // the oldest leave
	nameSize = 16     // bytes of SM3 in the name of a set
)

// Name names a set by what stands in it, so that all who hold the same lists and
// profiles call them the same: the first 16 bytes, in hex, of SM3 over one line
// for each list and private profile, the lines in the order of their bytes.
//
//	profile <definition in hex>
//	snapshot 1.3
//	status 210100/1#0 1.9
//	trust 210100 1.4
func (l *Lists) Name(profiles []citycode.Profile) string {
	var lines []string
	for _, t := range append([]*citycode.TrustList{l.Trust}, l.Foreign...) {
		lines = append(lines, fmt.Sprintf("trust %06d %s\n", t.City(), t.Version()))
	}
	for _, s := range l.Status {
		lines = append(lines, fmt.Sprintf("status %s#%d %s\n", s.Issuer(), s.List(), s.Version()))
	}
	if l.Snapshot != nil {
		lines = append(lines, fmt.Sprintf("snapshot %s\n", l.Snapshot.Version()))
	}
	for _, p := range own(profiles) {
		lines = append(lines, fmt.Sprintf("profile %x\n", p.Definition()))
	}
	slices.Sort(lines)
	d := digestOf([]byte(strings.Join(lines, "")))
	return hex.EncodeToString(d[:nameSize])
}

// own returns the private profiles among some.
func own(profiles []citycode.Profile) []citycode.Profile {
	return slices.DeleteFunc(slices.Clone(profiles), func(p citycode.Profile) bool { return !p.ID.Private() })
}

// An Archive (列表存档) is a directory with every set of lists that a server has
// used lately, for who judges later what was decided by them (SPEC §5.15). Each
// set is a directory of its own, called by its name, as a [Holding] has it.
type Archive struct{ Dir string }

// Keep archives the set that a terminal holds in state, if it is not there yet,
// and returns its name. Sets that have been out of use for long leave. It fails
// without effect if the holding has moved on to other lists than these.
func (a Archive) Keep(ctx context.Context, state string, lists *Lists, profiles []citycode.Profile, now time.Time) (name string, err error) {
	name = lists.Name(profiles)
	target := filepath.Join(a.Dir, name)
	if err := os.Chtimes(target, now, now); err == nil {
		return name, nil // from now on it is in use again
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	h, err := OpenHolding(ctx, state, nil)
	if err != nil {
		return "", err
	}
	defer h.Close()
	if held, err := h.Lists(); err != nil {
		return "", err
	} else if held == nil || held.Name(profiles) != name {
		return "", fmt.Errorf("%s holds other lists than those to be archived", state)
	}
	fresh := target + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return "", err
	}
	if err := os.MkdirAll(fresh, 0o700); err != nil {
		return "", err
	}
	for _, d := range slices.SortedFunc(maps.Keys(h.manifest.files()), func(x, y digest) int { return cmp.Compare(x.String(), y.String()) }) {
		msg, err := h.readMessage(d)
		if err != nil {
			return "", err
		}
		// Most messages of a set are those of the set before: one file, two names.
		path := filepath.Join(fresh, filepath.Base(msg.Name))
		if os.Link(msg.Name, path) != nil {
			if err := WriteFile(path, msg.Bytes, Secret); err != nil {
				return "", err
			}
		}
	}
	manifest, err := h.manifest.encode()
	if err != nil {
		return "", err
	}
	if err := WriteProfiles(filepath.Join(fresh, ProfilesName), own(profiles)); err != nil {
		return "", err
	}
	if err := WriteFile(filepath.Join(fresh, ManifestName), manifest, Secret); err != nil {
		return "", err
	}
	if err := os.Chtimes(fresh, now, now); err != nil {
		return "", err
	}
	if err := os.Rename(fresh, target); err != nil {
		return "", err
	}
	a.forget(now)
	return name, syncDir(a.Dir)
}

// forget removes the sets that have been out of use for long: a set ended when
// the next one began. That it fails costs room and nothing else.
func (a Archive) forget(now time.Time) {
	entries, err := os.ReadDir(a.Dir)
	if err != nil {
		return
	}
	type begun struct {
		name string
		at   time.Time
	}
	var sets []begun
	for _, e := range entries {
		if info, err := e.Info(); err == nil && isSetName(e.Name()) {
			sets = append(sets, begun{e.Name(), info.ModTime()})
		}
	}
	slices.SortFunc(sets, func(x, y begun) int { return cmp.Or(x.at.Compare(y.at), cmp.Compare(x.name, y.name)) })
	for i := 1; i < len(sets); i++ {
		if len(sets)-i < maxSets && now.Sub(sets[i].at) < keepSets {
			return
		}
		os.RemoveAll(filepath.Join(a.Dir, sets[i-1].name))
	}
}

// isSetName keeps a name that a gate has sent from leading out of the directory.
func isSetName(name string) bool {
	b, err := hex.DecodeString(name)
	return err == nil && len(b) == nameSize && hex.EncodeToString(b) == name
}

// Open returns a set that was archived, and its profiles; fs.ErrNotExist if there
// is none of that name. e may be nil.
func (a Archive) Open(ctx context.Context, name string, e engine.Engine) (*Lists, []citycode.Profile, error) {
	dir := filepath.Join(a.Dir, name)
	if !isSetName(name) {
		return nil, nil, fmt.Errorf("set of lists %.40q: %w", name, fs.ErrNotExist)
	}
	// Opening a directory that is not there would begin an empty one.
	if _, err := os.Stat(filepath.Join(dir, ManifestName)); err != nil {
		return nil, nil, err
	}
	profiles, err := ReadProfiles(dir)
	if err != nil {
		return nil, nil, err
	}
	begun, err := os.Stat(dir)
	if err != nil {
		return nil, nil, err
	}
	defer os.Chtimes(dir, begun.ModTime(), begun.ModTime()) // opening writes there, closing too
	h, err := OpenHolding(ctx, dir, e)
	if err != nil {
		return nil, nil, err
	}
	defer h.Close()
	lists, err := h.Lists()
	if err == nil && (lists == nil || lists.Name(profiles) != name) {
		err = damaged(dir, "it does not hold what it is called by")
	}
	return lists, profiles, err
}
