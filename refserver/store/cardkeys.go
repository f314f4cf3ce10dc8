package store

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"

	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/perso"
	"github.com/citizencode/citizencode/citycode/engine"
)

// OpenCardMasters reads the secret behind the keys of a city's cards (card SPEC §3) and returns the masters that follow
// from it: for each key the first 16 bytes of SM3 over a name, its number and the secret. The secret stands in the form
// of an SM2 key, as that of the seals does. It is drawn at the first time.
func OpenCardMasters(path string, passphrase []byte) (*perso.Masters, error) {
	secret, err := ReadKey(path, passphrase)
	if errors.Is(err, fs.ErrNotExist) {
		if secret, err = engine.GenerateKey(rand.Reader); err == nil {
			err = CreateKey(path, secret, passphrase)
		}
	}
	if err != nil {
		return nil, err
	}
	d, err := scalar(secret)
	if err != nil {
		return nil, &DamagedError{path, err}
	}
	m := new(perso.Masters)
	for id := range m {
		h := engine.Default().NewSM3()
		fmt.Fprintf(h, "citycode card master %d\n", app.KeyID(id))
		h.Write(d)
		if m[id], err = key.New(key.SM4, h.Sum(nil)[:key.Size]); err != nil {
			return nil, err
		}
	}
	return m, nil
}
