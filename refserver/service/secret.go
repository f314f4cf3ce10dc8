package service

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"

	"github.com/citizencode/citizencode/refserver/store"
)

// secret reads the key in a file, one line of hexadecimal digits, or draws it
// where there is no file. It is durable before anything is sealed with it: what
// was sealed with a key that is lost opens never again.
func secret(path string, size int) ([]byte, error) {
	b, err := store.ReadFile(path, int64(2*size+1))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		key := make([]byte, size)
		rand.Read(key) // never fails: crypto/rand ends the program first
		return key, store.CreateFile(path, []byte(hex.EncodeToString(key)+"\n"), store.Secret)
	case err != nil:
		return nil, err
	}
	key, err := hex.DecodeString(string(bytes.TrimSuffix(b, []byte("\n"))))
	if err != nil || len(key) != size {
		return nil, &store.DamagedError{Path: path, Err: fmt.Errorf("it is not a key of %d bytes", size)}
	}
	return key, nil
}
