package store

import (
	"context"
	"crypto"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"os"
	"path/filepath"
	"strconv"

	"github.com/citizencode/citizencode/citycode"
)

// Names in a wallet.
const (
	walletKey        = "key.pem"
	walletCredential = "credential.code"
	walletCounter    = "counter"
)

const maxCounterFile = 16

// A Wallet is what a phone keeps: the holder's key, the credential that names
// it, and how many codes the key has signed. An open Wallet holds the lock of
// its counter; Close it.
type Wallet struct {
	dir  string
	lock *lock
	made bool // the directory, by CreateWallet
	key  *citycode.SoftwareKey
}

var _ citycode.Counter = (*Wallet)(nil)

// CreateWallet makes a wallet with a key and no credential yet, in a directory
// that is missing or empty.
func CreateWallet(ctx context.Context, dir string, key crypto.Signer) (*Wallet, error) {
	if err := CheckEmpty(dir); err != nil {
		return nil, err
	}
	_, err := os.Stat(dir)
	w := &Wallet{dir: dir, made: err != nil}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if w.lock, err = lockFile(ctx, w.path(walletCounter)); err != nil {
		return nil, err
	}
	if err = CreateKey(w.path(walletKey), key, nil); err == nil {
		err = CreateFile(w.path(walletCounter), appendCounter(0), Secret)
	}
	if err == nil {
		w.key, err = citycode.NewSoftwareKey(key, w)
	}
	if err != nil {
		w.Discard()
		return nil, err
	}
	return w, nil
}

// OpenWallet opens a wallet.
func OpenWallet(ctx context.Context, dir string) (*Wallet, error) {
	w := &Wallet{dir: dir}
	key, err := ReadKey(w.path(walletKey), nil)
	if err != nil {
		return nil, err
	}
	if w.lock, err = lockFile(ctx, w.path(walletCounter)); err != nil {
		return nil, err
	}
	if w.key, err = citycode.NewSoftwareKey(key, w); err != nil {
		w.Close()
		return nil, &DamagedError{w.path(walletKey), err}
	}
	return w, nil
}

// Close lets others use the wallet.
func (w *Wallet) Close() { w.lock.unlock() }

// Discard takes back a wallet that CreateWallet has just made and that no
// credential was issued for. It removes nothing else.
func (w *Wallet) Discard() {
	os.Remove(w.path(walletKey))
	os.Remove(w.path(walletCounter))
	os.Remove(w.path(walletCounter) + ".lock")
	w.Close()
	if w.made {
		os.Remove(w.dir)
	}
}

func (w *Wallet) path(name string) string { return filepath.Join(w.dir, name) }

// Key returns the holder's key, to prove to an issuer.
func (w *Wallet) Key() *citycode.SoftwareKey { return w.key }

// SetCredential puts the credential in. There is only ever one for a key.
func (w *Wallet) SetCredential(c *citycode.Credential) error {
	return CreateFile(w.path(walletCredential), c.Bytes(), Secret)
}

// Credential reads the credential.
func (w *Wallet) Credential() (*citycode.Credential, error) {
	path := w.path(walletCredential)
	b, err := ReadFile(path, citycode.MaxToken)
	if err != nil {
		return nil, err
	}
	c, err := citycode.ParseCredential(b)
	if err != nil {
		return nil, &DamagedError{path, err}
	}
	return c, nil
}

// Holder returns who shows codes.
func (w *Wallet) Holder() (*citycode.Holder, error) {
	c, err := w.Credential()
	if err != nil {
		return nil, err
	}
	h, err := citycode.NewHolder(c, w.key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", w.dir, err)
	}
	return h, nil
}

// OnlyScene returns the scene group that the credential is for, and none where
// it is for several: then the citizen chooses, or shows it for all of them.
func (w *Wallet) OnlyScene() (citycode.Scenes, error) {
	c, err := w.Credential()
	if err != nil {
		return 0, err
	}
	var scenes citycode.Scenes
	for _, f := range c.Fields() {
		if f.Name == "scenes" {
			scenes = citycode.Scenes(binary.BigEndian.Uint16(c.Bytes()[f.Offset:]))
		}
	}
	if bits.OnesCount16(uint16(scenes)) != 1 {
		return 0, nil
	}
	return scenes, nil
}

// Next implements [citycode.Counter]. The new value is on disk before it is
// returned: a phone that lost power in between skips a number, which no gate
// minds, and never shows two codes with one number.
func (w *Wallet) Next() (uint32, error) {
	path := w.path(walletCounter)
	b, err := ReadFile(path, maxCounterFile)
	if err != nil {
		return 0, err
	}
	n, err := parseCounter(b)
	if err != nil {
		return 0, &DamagedError{path, err}
	}
	if n == math.MaxUint32 {
		return 0, fmt.Errorf("%s: the key has signed all the codes that it can; a new credential is needed", path)
	}
	n++
	if err := WriteFile(path, appendCounter(n), Secret); err != nil {
		return 0, err
	}
	return n, nil
}

func appendCounter(n uint32) []byte { return fmt.Appendln(nil, n) }

func parseCounter(b []byte) (uint32, error) {
	n, err := strconv.ParseUint(string(b[:max(0, len(b)-1)]), 10, 32)
	// Only what Next wrote: "+5" or an empty file would be a guess, and a guess
	// that is too low uses a number twice.
	if err != nil || string(b) != string(appendCounter(uint32(n))) {
		return 0, errors.New("it is not a counter: one number and a newline")
	}
	return uint32(n), nil
}
