package sm

import (
	"crypto/subtle"
	"encoding/binary"

	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/tlv"
)

// The data objects of ISO mode (ISO/IEC 7816-4 §10).
const (
	tagCryptogram tlv.Tag = 0x87 // 01 ‖ encrypted data
	tagLe         tlv.Tag = 0x97
	tagStatus     tlv.Tag = 0x99
	tagMAC        tlv.Tag = 0x8E

	paddingIndicator = 0x01 // the data is padded with 80 00…
)

// ISOMACSize is how many bytes of the MAC are sent in ISO mode.
const ISOMACSize = 8

// Overhead is the most bytes that ISO mode adds to the data of a command or an answer.
const Overhead = 4 + 1 + blockSize + 4 + 2 + ISOMACSize // 87 and its length, indicator, padding, 97 or 99, 8E

// A session is what both sides share. Each message raises the counter by one, a command first, its answer next; it is
// the first block of every MAC and, encrypted, the initial value of every encryption, so that no message is worth
// anything in another place.
type session struct {
	encryption, mac key.Key
	counter         uint64 // messages so far: odd while a command waits for its answer
	live            bool   // false before a handshake and after the first refusal
}

// next takes the turn of a command (odd) or an answer (even) and returns the counter as a block.
func (s *session) next(odd uint64) ([]byte, error) {
	if !s.live {
		return nil, refuse(ReasonEnded)
	}
	if (s.counter+1)%2 != odd {
		return nil, s.end(ReasonOrder)
	}
	s.counter++
	return binary.BigEndian.AppendUint64(make([]byte, 8, blockSize), s.counter), nil
}

const (
	command = 1
	answer  = 0
)

// end refuses, now and for ever: after a wrong MAC nobody gets a second try.
func (s *session) end(r Reason) error {
	*s = session{}
	return refuse(r)
}

func (s *session) iv(counter []byte) []byte {
	iv := make([]byte, blockSize)
	s.encryption.Block().Encrypt(iv, counter)
	return iv
}

// cryptogram is the object 87 of data, none for none.
func (s *session) cryptogram(counter, data []byte) tlv.Objects {
	if len(data) == 0 {
		return nil
	}
	secret := key.Encrypt(s.encryption.Block(), s.iv(counter), key.Pad(data, blockSize))
	return tlv.Objects{{Tag: tagCryptogram, Value: append([]byte{paddingIndicator}, secret...)}}
}

// open is the inverse of cryptogram.
func (s *session) open(counter, value []byte) ([]byte, bool) {
	if len(value) < 1+blockSize || value[0] != paddingIndicator || (len(value)-1)%blockSize != 0 {
		return nil, false
	}
	data, ok := key.Unpad(key.Decrypt(s.encryption.Block(), s.iv(counter), value[1:]), blockSize)
	return data, ok && len(data) > 0
}

// header is the padded block that a command's MAC begins with, after the counter.
func header(c apdu.Command) []byte { return key.Pad([]byte{c.CLA, c.INS, c.P1, c.P2}, blockSize) }

// seal writes the objects and the MAC of counter ‖ header ‖ objects behind them.
func (s *session) seal(counter, header []byte, objects tlv.Objects) ([]byte, error) {
	b, err := objects.Bytes()
	if err != nil {
		return nil, s.end(ReasonTooLong)
	}
	mac := tlv.Objects{{Tag: tagMAC, Value: s.sum(counter, header, b)}}
	tail, err := mac.Bytes()
	if err != nil || len(b)+len(tail) > apdu.MaxData {
		return nil, s.end(ReasonTooLong)
	}
	return append(b, tail...), nil
}

func (s *session) sum(counter, header, objects []byte) []byte {
	message := append(append(counter[:blockSize:blockSize], header...), objects...)
	return key.MAC(s.mac.Block(), nil, message)[:ISOMACSize]
}

// macObject is how many bytes the object 8E has at the end of every message.
const macObject = 2 + ISOMACSize

// check verifies the MAC at the end of data and returns the objects before it, which nobody looks at earlier.
func (s *session) check(counter, header, data []byte) (tlv.Objects, error) {
	n := len(data) - macObject
	if n < 0 || data[n] != byte(tagMAC) || data[n+1] != ISOMACSize {
		return nil, s.end(ReasonMissing)
	}
	if subtle.ConstantTimeCompare(s.sum(counter, header, data[:n]), data[n+2:]) != 1 {
		return nil, s.end(ReasonMAC)
	}
	objects, err := tlv.Parse(data[:n], tlv.Strict)
	if err != nil {
		return nil, s.end(ReasonMalformed)
	}
	return objects, nil
}

// take removes the first object if it has that tag.
func take(objects *tlv.Objects, tag tlv.Tag) ([]byte, bool) {
	if len(*objects) == 0 || (*objects)[0].Tag != tag {
		return nil, false
	}
	value := (*objects)[0].Value
	*objects = (*objects)[1:]
	return value, true
}
