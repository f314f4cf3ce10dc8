package parking

import (
	"crypto/cipher"
	"crypto/hmac"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"

	"github.com/citizencode/citizencode/citycode/engine"
)

// KeySize is the length of Config.Key in bytes.
const KeySize = 32

// A sealer keeps plates and mandates out of the events. A plate has a name, the
// same each time, by which its sessions are found; the text itself travels
// sealed, because a misread plate is compared with those inside.
type sealer struct {
	aead cipher.AEAD
	mac  []byte
}

func newSealer(key []byte) (*sealer, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("parking: Key: not %d bytes", KeySize)
	}
	block, err := engine.Default().NewSM4(key[:16])
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	return &sealer{aead, key[16:]}, err
}

func newSM3() hash.Hash { return engine.Default().NewSM3() }

// tag returns 12 bytes of HMAC-SM3 over what and text.
func (s *sealer) tag(what, text string) []byte {
	h := hmac.New(newSM3, s.mac)
	h.Write([]byte(what + "\x00" + text))
	var sum [engine.DigestSize]byte
	return h.Sum(sum[:0])[:12]
}

// name returns the pseudonym of a plate, 24 hexadecimal digits.
func (s *sealer) name(clear string) string { return hex.EncodeToString(s.tag("plate", clear)) }

// print returns what a request is known again by.
func (s *sealer) print(request string) string { return hex.EncodeToString(s.tag("request", request)) }

// seal encrypts a text of up to 255 bytes. The nonce is made from the text, so
// that no counter has to survive a crash: it repeats only with its text. Texts
// are padded to whole 32 bytes, so that lengths tell little.
func (s *sealer) seal(text string) string {
	padded := make([]byte, (len(text)+32)/32*32)
	padded[0] = byte(len(text))
	copy(padded[1:], text)
	nonce := s.tag("seal", text)
	return base64.RawStdEncoding.EncodeToString(s.aead.Seal(nonce, nonce, padded, nil))
}

var errSealed = errors.New("parking: a sealed text does not open; is Key the one that sealed it?")

func (s *sealer) open(sealed string) (string, error) {
	b, err := base64.RawStdEncoding.DecodeString(sealed)
	if err != nil || len(b) < 12 {
		return "", errSealed
	}
	padded, err := s.aead.Open(nil, b[:12], b[12:], nil)
	if err != nil || len(padded) == 0 || int(padded[0]) >= len(padded) {
		return "", errSealed
	}
	return string(padded[1 : 1+padded[0]]), nil
}

// digest names a request in events: keys of terminals are as long as they like.
func digest(key string) string {
	h := newSM3()
	h.Write([]byte(key))
	var sum [engine.DigestSize]byte
	return hex.EncodeToString(h.Sum(sum[:0])[:16])
}
