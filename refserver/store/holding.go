package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
)

// Files in a terminal's state directory.
const (
	ManifestName = "manifest"
	copyName     = "manifest.copy"
	messageExt   = ".msg"
)

// A Holding (持有的列表) is the set of lists that a terminal holds in a directory,
// so that after a start, with or without a network, it has the last good one.
//
// Every message stands in a file that is called by its SM3. One manifest names
// the files of the set, the roots, the highest versions and the highest signed
// time that were ever accepted. An update writes the new files, then replaces
// the manifest in one step, and only then is used: wherever the power fails,
// the set is entirely the old one or entirely the new one, and what was used
// is never gone back behind. The manifest stands there twice, so that damage to
// one copy loses nothing; files that neither names are removed.
//
// What a directory cannot do: if all of it is put back as it was last week,
// nobody can tell. Only the expiry of the lists ends that.
//
// An open Holding holds the lock of its directory; Close it. It is not safe
// for concurrent use.
type Holding struct {
	dir      string
	disk     disk
	lock     *lock
	set      *set
	manifest *manifest
	damage   error // why the set on disk cannot be used
}

// A StaleError says that a terminal once had lists and has none that it may
// use: it answers trust-stale until it is given new ones.
type StaleError struct{ Err error }

// Error says what was lost.
func (e *StaleError) Error() string { return "no list can be used: " + e.Err.Error() }

// Unwrap returns it.
func (e *StaleError) Unwrap() error { return e.Err }

// OpenHolding opens what a terminal holds in dir, or begins with nothing where
// there is no directory or an empty one. A *StaleError says that what it should
// remember is lost: it is not begun anew, because older lists would then be
// accepted. e may be nil.
func OpenHolding(ctx context.Context, dir string, e engine.Engine) (*Holding, error) {
	d := osDisk{}
	if err := d.MakeDir(dir); err != nil {
		return nil, err
	}
	lock, err := lockFile(ctx, filepath.Join(dir, ManifestName))
	if err != nil {
		return nil, err
	}
	h, err := openHolding(dir, d, e)
	if err != nil {
		lock.unlock()
		return nil, err
	}
	h.lock = lock
	return h, nil
}

func openHolding(dir string, d disk, e engine.Engine) (*Holding, error) {
	h := &Holding{dir: dir, disk: d, lock: new(lock), set: &set{engine: e}}
	newest, lag, err := h.readManifests()
	if err != nil {
		return nil, err
	}
	h.manifest = newest
	if lag {
		// From here on both say the same again, and one may be damaged. A disk
		// that takes nothing keeps no terminal from using what is on it.
		if err := h.writeManifest(newest); err != nil && newest.Sequence == 0 {
			return nil, err
		}
	}
	h.damage = newest.load(h.set, h.readMessage)
	if h.damage == nil && h.set.roots != nil {
		var again *set
		if again, h.damage = h.set.next(new(Bulletin)); h.damage == nil {
			// Nothing is offered: what comes out is what was held.
			h.set.lists = again.lists
		}
	}
	if h.damage == nil {
		h.sweep()
	}
	return h, nil
}

// readManifests returns the newest manifest and whether a copy of it has to be
// written again. A directory that never had one gets an empty one: from then
// on a manifest that is missing is known to be lost.
func (h *Holding) readManifests() (newest *manifest, lag bool, err error) {
	var found []error
	for _, name := range []string{ManifestName, copyName} {
		path := h.path(name)
		b, err := h.disk.Read(path, maxManifest)
		var m *manifest
		if err == nil {
			if m, err = parseManifest(b); err != nil {
				err = &DamagedError{path, err}
			}
		}
		found = append(found, err)
		switch {
		case err != nil:
		case newest == nil:
			newest = m
		case newest.Sequence != m.Sequence:
			lag = true
			if newest.Sequence < m.Sequence {
				newest = m
			}
		}
	}
	if newest != nil {
		return newest, lag || found[0] != nil || found[1] != nil, nil
	}
	if errors.Is(found[0], fs.ErrNotExist) && errors.Is(found[1], fs.ErrNotExist) {
		names, err := h.disk.List(h.dir)
		if err != nil {
			return nil, false, err
		}
		if !anyMessage(names) {
			return manifestOf(h.set, 0), true, h.disk.SyncDir(filepath.Dir(h.dir))
		}
	}
	for _, err := range found {
		var broken *DamagedError
		if !errors.As(err, &broken) && !errors.Is(err, fs.ErrNotExist) {
			return nil, false, err // of the machine: it may be there all the same
		}
	}
	return nil, false, &StaleError{errors.Join(found...)}
}

func anyMessage(names []string) bool {
	for _, name := range names {
		if strings.HasSuffix(name, messageExt) {
			return true
		}
	}
	return false
}

// Close lets others use the directory.
func (h *Holding) Close() { h.lock.unlock() }

func (h *Holding) path(name string) string { return filepath.Join(h.dir, name) }

func (h *Holding) messagePath(d digest) string { return h.path(d.String() + messageExt) }

// readMessage reads a message and checks that it is the one.
func (h *Holding) readMessage(d digest) (Message, error) {
	path := h.messagePath(d)
	b, err := h.disk.Read(path, citycode.MaxStatusMessage)
	if err != nil {
		return Message{}, err
	}
	if digestOf(b) != d {
		return Message{}, damaged(path, "it does not hold what it is called by")
	}
	return Message{path, b}, nil
}

// Lists returns the set in use. It fails with a *StaleError if the one on disk
// is damaged; an update may heal that. It returns nil if there never was one.
func (h *Holding) Lists() (*Lists, error) {
	if h.damage != nil {
		return nil, &StaleError{h.damage}
	}
	return h.set.lists, nil
}

// Roots returns the root keys that the holding trusts, nil before the first
// update.
func (h *Holding) Roots() *Roots { return h.set.roots }

// Update takes the lists of a bulletin, all together, or refuses them with the
// reason and leaves the ones in use. roots are what the terminal is built with;
// they are looked at only if the holding has none yet. The set is on disk before
// it is returned.
func (h *Holding) Update(b *Bulletin, roots *Roots) (*Lists, error) {
	base := *h.set
	if base.roots == nil {
		base.roots = roots
	}
	if h.damage != nil {
		base.cities = nil // what is remembered stands, what is held does not
	}
	next, err := base.next(b)
	if err != nil {
		return nil, err
	}
	next.lists.First = h.set.roots == nil
	m := manifestOf(next, 0)
	if h.damage != nil || !m.same(h.manifest) {
		if m.Sequence, err = h.manifest.after(); err != nil {
			return nil, &DamagedError{h.path(ManifestName), err}
		}
		// Also where the write fails the number is used: it may be on disk.
		h.manifest.Sequence = m.Sequence
		if err := h.write(next, m); err != nil {
			return nil, err
		}
	}
	h.set, h.manifest, h.damage = next, m, nil
	h.sweep()
	return next.lists, nil
}

// updateFrom takes what a public directory holds, or goes on with what is held.
func (h *Holding) updateFrom(dir string) (*Lists, error) {
	lists, err := h.take(dir)
	if err == nil {
		return lists, nil
	}
	held, stale := h.Lists()
	switch {
	case stale != nil:
		return nil, &StaleError{errors.Join(h.damage, err)}
	case held == nil:
		return nil, err
	}
	again := *held
	again.Refused = append([]error{err}, held.Refused...)
	return &again, nil
}

func (h *Holding) take(dir string) (*Lists, error) {
	roots := h.set.roots
	built, err := ReadRoots(filepath.Join(dir, RootsName))
	switch {
	case roots == nil && err != nil:
		return nil, err
	case roots == nil:
		roots = built
	case err == nil && built.City != roots.City:
		return nil, fmt.Errorf("%s is of city %06d, but %s of city %06d", filepath.Join(dir, RootsName), built.City, h.path(ManifestName), roots.City)
	}
	b, err := ReadBulletin(dir, roots.City, roots.Epoch)
	if err != nil {
		return nil, err
	}
	return h.Update(b, roots)
}

// write makes a set durable: its messages first, then both manifests.
func (h *Holding) write(s *set, m *manifest) error {
	durable := h.manifest.files()
	if h.damage != nil {
		durable = nil
	}
	for _, code := range slices.Sorted(maps.Keys(s.cities)) {
		for _, msg := range s.cities[code].messages() {
			if d := digestOf(msg.Bytes); !durable[d] {
				if err := h.writeMessage(h.messagePath(d), msg.Bytes); err != nil {
					return err
				}
			}
		}
	}
	// Their names must be there before the manifest that uses them.
	if err := h.disk.SyncDir(h.dir); err != nil {
		return err
	}
	return h.writeManifest(m)
}

func (h *Holding) writeMessage(path string, b []byte) error {
	if have, err := h.disk.Read(path, citycode.MaxStatusMessage); err != nil || !bytes.Equal(have, b) {
		if err := h.disk.Write(path, b); err != nil {
			return err
		}
	}
	// One that stands there already may have been written and not kept.
	return h.disk.Sync(path)
}

// writeManifest replaces both copies, one after the other: at any moment one
// of them is whole.
func (h *Holding) writeManifest(m *manifest) error {
	b, err := m.encode()
	if err != nil {
		return err
	}
	for _, name := range []string{ManifestName, copyName} {
		fresh := h.path(name + ".new")
		if err := h.disk.Write(fresh, b); err != nil {
			return err
		}
		if err := h.disk.Sync(fresh); err != nil {
			return err
		}
		if err := h.disk.Rename(fresh, h.path(name)); err != nil {
			return err
		}
		if err := h.disk.SyncDir(h.dir); err != nil {
			return err
		}
	}
	return nil
}

// sweep removes messages that no manifest names any more, and what a crash has
// left. That it fails costs room and nothing else.
func (h *Holding) sweep() {
	names, err := h.disk.List(h.dir)
	if err != nil {
		return
	}
	named := h.manifest.files()
	for _, name := range names {
		var d digest
		stem, ok := strings.CutSuffix(name, messageExt)
		if ok && d.UnmarshalText([]byte(stem)) == nil && !named[d] {
			h.disk.Remove(h.path(name))
		}
	}
}
