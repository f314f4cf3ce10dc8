package store

import (
	"errors"
	"io/fs"
	"os"
)

// A disk is what a [Holding] does to files, one step each: a test lets the
// power fail at every one of them. Nothing is durable until Sync, for what a
// file holds, or SyncDir, for which names a directory has.
type disk interface {
	MakeDir(dir string) error          // with its parents; not an error where it is there
	List(dir string) ([]string, error) // names of files
	Read(path string, limit int64) ([]byte, error)
	Write(path string, data []byte) error // creates or replaces, byte after byte
	Sync(path string) error
	Rename(from, to string) error // replaces in one step
	SyncDir(dir string) error
	Remove(path string) error
}

// osDisk is the disk of this machine.
type osDisk struct{}

func (osDisk) MakeDir(dir string) error { return os.MkdirAll(dir, 0o700) }

func (osDisk) List(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, nil
}

func (osDisk) Read(path string, limit int64) ([]byte, error) { return ReadFile(path, limit) }

func (osDisk) Write(path string, data []byte) error { return os.WriteFile(path, data, Secret) }

func (osDisk) Sync(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func (osDisk) Rename(from, to string) error { return os.Rename(from, to) }

func (osDisk) SyncDir(dir string) error { return syncDir(dir) }

func (osDisk) Remove(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
