package store

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"slices"
)

var (
	errCrash = errors.New("the power failed")
	errDisk  = errors.New("no space left on device")
)

// A crashDisk is a disk in memory of one directory that forgets what was not
// synced. At one of its steps the power fails, or the step does.
type crashDisk struct {
	live  map[string]*inode // what programs see
	kept  map[string]*inode // the directory as it is on the platter
	later []change          // of the directory, since the last SyncDir

	steps   int // that change something, so far
	at      int // the step at which something happens; 0: none
	how     failure
	crashed bool
}

type inode struct{ data, synced []byte }

// A change is one name that a directory gained, or lost where file is nil.
type change struct {
	name string
	file *inode
}

type failure int

const (
	crashBefore failure = iota
	crashAfter
	crashTorn // of a write: half of it is there
	failStep  // the step fails and the machine goes on
)

func newCrashDisk() *crashDisk {
	return &crashDisk{live: make(map[string]*inode), kept: make(map[string]*inode)}
}

// clone returns a copy with the same failure to come.
func (d *crashDisk) clone() *crashDisk {
	c := *d
	copies := make(map[*inode]*inode)
	of := func(file *inode) *inode {
		if file != nil && copies[file] == nil {
			copies[file] = &inode{bytes.Clone(file.data), bytes.Clone(file.synced)}
		}
		return copies[file]
	}
	c.live, c.kept, c.later = make(map[string]*inode), make(map[string]*inode), nil
	for name, file := range d.live {
		c.live[name] = of(file)
	}
	for name, file := range d.kept {
		c.kept[name] = of(file)
	}
	for _, l := range d.later {
		c.later = append(c.later, change{l.name, of(l.file)})
	}
	return &c
}

// do counts a step and does it, unless the power fails before.
func (d *crashDisk) do(step, torn func()) error {
	if d.crashed {
		return errCrash
	}
	if d.steps++; d.steps != d.at {
		step()
		return nil
	}
	switch d.how {
	case crashBefore:
	case crashAfter:
		step()
	case crashTorn:
		torn()
	case failStep:
		torn()
		return errDisk
	}
	d.crashed = true
	return errCrash
}

func nothing() {}

func (d *crashDisk) set(name string, file *inode) {
	d.later = append(d.later, change{name, file})
	apply(d.live, change{name, file})
}

func apply(dir map[string]*inode, c change) {
	if c.file == nil {
		delete(dir, c.name)
	} else {
		dir[c.name] = c.file
	}
}

func (d *crashDisk) MakeDir(string) error { return nil }

func (d *crashDisk) List(string) (names []string, err error) {
	if d.crashed {
		return nil, errCrash
	}
	for name := range d.live {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, nil
}

func (d *crashDisk) Read(path string, _ int64) ([]byte, error) {
	file := d.live[filepath.Base(path)]
	switch {
	case d.crashed:
		return nil, errCrash
	case file == nil:
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return bytes.Clone(file.data), nil
}

func (d *crashDisk) Write(path string, data []byte) error {
	put := func(data []byte) func() {
		return func() {
			name := filepath.Base(path)
			if d.live[name] == nil {
				d.set(name, new(inode))
			}
			d.live[name].data = bytes.Clone(data)
		}
	}
	return d.do(put(data), put(data[:len(data)/2]))
}

func (d *crashDisk) Sync(path string) error {
	return d.do(func() {
		file := d.live[filepath.Base(path)]
		file.synced = bytes.Clone(file.data)
	}, nothing)
}

func (d *crashDisk) Rename(from, to string) error {
	return d.do(func() {
		file := d.live[filepath.Base(from)]
		// One change of the directory: journals keep the two halves together.
		d.set(filepath.Base(to), file)
		delete(d.live, filepath.Base(from))
		d.later = append(d.later, change{filepath.Base(from), nil})
	}, nothing)
}

func (d *crashDisk) SyncDir(string) error {
	return d.do(func() {
		for _, c := range d.later {
			apply(d.kept, c)
		}
		d.later = nil
	}, nothing)
}

func (d *crashDisk) Remove(path string) error {
	return d.do(func() { d.set(filepath.Base(path), nil) }, nothing)
}

// restart returns the disk as it may be found after the power came back: of
// what was not synced anything may have reached the platter.
func (d *crashDisk) restart(r *rand.Rand) *crashDisk {
	after := newCrashDisk()
	dir := make(map[string]*inode)
	for name, file := range d.kept {
		dir[name] = file
	}
	keep := r.IntN(4) // none, all, the first ones, any of them
	upTo := r.IntN(len(d.later) + 1)
	for i, c := range d.later {
		if keep == 1 || keep == 2 && i < upTo || keep == 3 && r.IntN(2) == 0 {
			apply(dir, c)
		}
	}
	for name, file := range dir {
		data := file.synced
		if !bytes.Equal(file.data, file.synced) {
			switch r.IntN(4) {
			case 0: // as it was when it was synced last
			case 1:
				data = file.data
			case 2:
				data = file.data[:r.IntN(len(file.data)+1)]
			case 3: // blocks that were never written
				data = bytes.Clone(file.data)
				clear(data[r.IntN(len(data)+1):])
			}
		}
		after.live[name] = &inode{bytes.Clone(data), bytes.Clone(data)}
		after.kept[name] = after.live[name]
	}
	return after
}
