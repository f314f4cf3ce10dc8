// Package disk holds what the files of a terminal have in common, its journal and its numbers: each is written whole or
// not at all when it begins, and one process has it open.
package disk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// ErrInUse is returned for a file that is open already.
var ErrInUse = errors.New("disk: another process has it open")

// A Lock keeps others from a file. It stands in a file of its own, path.lock, because Replace puts a new file in the
// place of the old one.
type Lock struct{ release func() }

// LockFile takes the lock of the file at path, or fails with ErrInUse at once. On a Unix system it ends with the
// process, however that ends.
func LockFile(path string) (*Lock, error) {
	release, err := tryLock(path + ".lock")
	if err != nil {
		return nil, fmt.Errorf("%s.lock: %w", path, err)
	}
	return &Lock{release}, nil
}

// Unlock lets the next one in. It may be called twice, and of nil.
func (l *Lock) Unlock() {
	if l != nil && l.release != nil {
		l.release()
		l.release = nil
	}
}

// Replace writes a file beside path and moves it there, so that a crash leaves the old file or the new one, whole. It
// returns the new one, open for reading and writing, readable by its owner alone.
func Replace(path string, content []byte) (*os.File, error) {
	fresh := path + ".new"
	f, err := os.OpenFile(fresh, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	if _, err = f.Write(content); err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = os.Rename(fresh, path)
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// syncDir makes a new name durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
