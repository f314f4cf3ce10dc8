package main

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/refserver/store"
)

// A moment is the time a command acts at. What is signed with a wrong time is
// refused by a terminal with a right one, so the flag gives away nothing; it
// makes what a script does the same every day.
type moment struct {
	At time.Time `help:"Act as if it were this time (RFC 3339) instead of now." placeholder:"TIME"`
}

// now returns the time in whole seconds, as everything on the wire has it.
func (m moment) now() time.Time {
	if m.At.IsZero() {
		m.At = time.Now()
	}
	return m.At.UTC().Truncate(time.Second)
}

// A passphrase is the flag that opens an authority's keys.
type passphrase struct {
	PassphraseFile string `help:"File whose one line encrypts the authority's keys." placeholder:"FILE"`
}

// phrase returns the passphrase, nil where none is given.
func (p passphrase) phrase() ([]byte, error) {
	if p.PassphraseFile == "" {
		return nil, nil
	}
	return store.ReadPassphrase(p.PassphraseFile)
}

// A sceneSet is a flag with scene groups, as in transit,parking.
type sceneSet citycode.Scenes

// UnmarshalText reads names with a comma or, as the library writes it, a bar
// between them.
func (s *sceneSet) UnmarshalText(b []byte) error {
	set, err := citycode.ParseScenes(strings.ReplaceAll(string(b), ",", "|"))
	*s = sceneSet(set)
	return err
}

// A hexBytes is a flag with bytes in hexadecimal.
type hexBytes []byte

// UnmarshalText reads the digits.
func (h *hexBytes) UnmarshalText(b []byte) error {
	bytes, err := hex.DecodeString(string(b))
	if err != nil || len(bytes) == 0 {
		return fmt.Errorf("%.80q is not bytes in hexadecimal", b)
	}
	*h = bytes
	return nil
}

// A serial is a flag that names a credential, as in 210100/1#0:4711.
type serial citycode.Serial

// UnmarshalText reads it.
func (s *serial) UnmarshalText(b []byte) error {
	parsed, err := citycode.ParseSerial(string(b))
	*s = serial(parsed)
	return err
}
