// Package store keeps on disk what a citizen code city and its holders have:
// keys, roots, signed lists, the authority's register, wallets and the journal
// of a gate.
//
// Every file is written whole or not at all: a temporary file beside it, fsync,
// rename, fsync of the directory. Every reader has a size limit and takes
// exactly what the writer emits. A file that is missing or damaged is named in
// the error and nothing is written in its place: to make a lost register or
// counter anew from nothing would use numbers twice.
//
// The package decides nothing about codes and holds no network, no logger and
// no clock.
package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// Permissions of what is secret and of what everybody may have.
const (
	Secret fs.FileMode = 0o600
	Public fs.FileMode = 0o644
)

// A DamagedError says that a file is there and is not what it should be.
type DamagedError struct {
	Path string
	Err  error
}

// Error names the file first.
func (e *DamagedError) Error() string { return e.Path + ": " + e.Err.Error() }

// Unwrap returns what was found.
func (e *DamagedError) Unwrap() error { return e.Err }

func damaged(path, format string, args ...any) error {
	return &DamagedError{path, fmt.Errorf(format, args...)}
}

// ReadFile reads a regular file of at most limit bytes.
func ReadFile(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: plain(err)}
	}
	// A pipe would block for ever and a device never end.
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read %s: it is not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, damaged(path, "it is longer than %d bytes", limit)
	}
	return b, nil
}

// WriteFile writes a file, or replaces a regular one, in one step that
// survives a crash: afterwards it has its old content or the new one.
func WriteFile(path string, data []byte, perm fs.FileMode) (err error) {
	// A rename would put a file in the place of a device, a directory's or a pipe.
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("write %s: it is not a regular file", path)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".new*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, plain(err))
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
			err = fmt.Errorf("write %s: %w", path, plain(err))
		}
	}()
	if err := f.Chmod(perm); err != nil && runtime.GOOS != "windows" {
		return err
	}
	if err := fill(f, data); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// CreateFile writes a new file. It fails if there is one already: what it
// holds may be the only copy of a key.
func CreateFile(path string, data []byte, perm fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	if err := fill(f, data); err != nil {
		f.Close()
		os.Remove(path)
		return err
	}
	return syncDir(filepath.Dir(path))
}

// CheckEmpty fails unless dir is missing or an empty directory.
func CheckEmpty(dir string) error {
	list, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case len(list) > 0:
		return fmt.Errorf("%s is not empty: it has %s", dir, list[0].Name())
	}
	return nil
}

// plain takes the name of a temporary file out of an error: the caller names
// the file that was meant.
func plain(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}

func fill(f *os.File, data []byte) error {
	if _, err := f.Write(data); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Close()
}

// syncDir makes a new name durable: without it a crash can lose the file that
// fsync has just kept.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // it has no such call; its journal keeps the order
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// parseJSON takes exactly one JSON value with known fields only.
func parseJSON(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("it is not the JSON that belongs here: %w", err)
	}
	// What stands behind the value may be the rest of a write that failed.
	if _, err := d.Token(); err != io.EOF {
		return errors.New("something stands behind the JSON value")
	}
	return nil
}

func writeJSON(path string, v any, perm fs.FileMode) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return WriteFile(path, append(b, '\n'), perm)
}
