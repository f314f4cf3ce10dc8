package sm

import (
	"crypto/subtle"

	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/key"
)

// ChallengeSize is how many bytes GET CHALLENGE draws for secure messaging and EXTERNAL AUTHENTICATE.
const ChallengeSize = 16

// The sizes of PBOC mode, in bytes. Lc counts the MAC and has one byte.
const (
	PBOCMACSize = 4
	MaxPBOCData = apdu.MaxShortData - PBOCMACSize // as MAC only
	blockSize   = 16
	// MaxPBOCSecret is the most data that fits encrypted: a length byte goes in front, and whole blocks are sent.
	MaxPBOCSecret = MaxPBOCData/blockSize*blockSize - 1
)

// Keys are the two SM4 keys of PBOC mode. Encryption may be the zero Key where nothing is encrypted.
type Keys struct{ MAC, Encryption key.Key }

// check refuses what SPEC §6.1 does not allow: another cipher, or one key for both.
func (k Keys) check(p Protection) error {
	switch {
	case k.MAC.IsZero() || k.MAC.Algorithm() != key.SM4,
		p == Encrypted && (k.Encryption.IsZero() || k.Encryption.Algorithm() != key.SM4 || k.Encryption.Equal(k.MAC)):
		return refuse(ReasonKey)
	}
	return nil
}

// A Protection is what a file or a command asks for in PBOC mode. The card decides by its own rule, never by the
// message.
type Protection byte

// The protections.
const (
	MACOnly Protection = iota
	Encrypted
)

// A Challenge is the random that a card gave last. It serves one command, whatever becomes of that. The zero Challenge
// is none.
type Challenge struct {
	bytes [ChallengeSize]byte
	live  bool
}

// NewChallenge holds what the card drew and is about to answer.
func NewChallenge(random [ChallengeSize]byte) Challenge { return Challenge{random, true} }

// Take returns the challenge and forgets it. The second time it returns false.
func (c *Challenge) Take() (random [ChallengeSize]byte, ok bool) {
	random, ok = c.bytes, c.live
	*c = Challenge{}
	return random, ok
}

// WrapPBOC secures a command with the card's challenge (SPEC §6.1): bit 3 of the class is set, the data is encrypted if
// p says so, and a MAC of 4 bytes follows it. The class must be 0x or 8x without secure messaging and chaining.
func WrapPBOC(k Keys, challenge [ChallengeSize]byte, c apdu.Command, p Protection) (apdu.Command, error) {
	if err := k.check(p); err != nil {
		return apdu.Command{}, err
	}
	if !plainClass(c.CLA) {
		return apdu.Command{}, refuse(ReasonClass)
	}
	data := c.Data
	if p == Encrypted {
		if len(data) > MaxPBOCSecret {
			return apdu.Command{}, refuse(ReasonTooLong)
		}
		data = append([]byte{byte(len(data))}, data...)
		if len(data)%blockSize != 0 {
			data = key.Pad(data, blockSize)
		}
		data = key.Encrypt(k.Encryption.Block(), challenge[:], data)
	}
	if len(data) > MaxPBOCData {
		return apdu.Command{}, refuse(ReasonTooLong)
	}
	c.CLA |= byte(apdu.SecuredProprietary)
	c.Data = append(data[:len(data):len(data)], pbocMAC(k, challenge, c, data)...)
	return c, nil
}

// UnwrapPBOC is the card's side: it checks the MAC and returns the command as it was. The challenge is used up first, so
// that nobody tries two MACs on one, and a command cannot come twice. Every error is an *Error with a status word.
func UnwrapPBOC(k Keys, challenge *Challenge, c apdu.Command, p Protection) (apdu.Command, error) {
	random, ok := challenge.Take()
	if err := k.check(p); err != nil {
		return apdu.Command{}, err
	}
	class, err := apdu.ParseClass(c.CLA)
	switch {
	case err != nil || class.Secured != apdu.SecuredProprietary || class.Chained:
		return apdu.Command{}, refuse(ReasonClass)
	case !ok:
		return apdu.Command{}, refuse(ReasonChallenge)
	case len(c.Data) < PBOCMACSize:
		return apdu.Command{}, refuse(ReasonMissing)
	case len(c.Data) > apdu.MaxShortData:
		return apdu.Command{}, refuse(ReasonTooLong)
	}
	n := len(c.Data) - PBOCMACSize
	data := c.Data[:n:n]
	if subtle.ConstantTimeCompare(pbocMAC(k, random, c, data), c.Data[n:]) != 1 {
		return apdu.Command{}, refuse(ReasonMAC)
	}
	if p == Encrypted {
		if n == 0 {
			return apdu.Command{}, refuse(ReasonMissing)
		}
		if n%blockSize != 0 {
			return apdu.Command{}, refuse(ReasonMalformed)
		}
		if data, ok = unfold(key.Decrypt(k.Encryption.Block(), random[:], data)); !ok {
			return apdu.Command{}, refuse(ReasonMalformed)
		}
	}
	c.CLA &^= byte(apdu.SecuredProprietary)
	c.Data = data
	if len(data) == 0 {
		c.Data = nil
	}
	return c, nil
}

// unfold takes length ‖ data ‖ padding apart. Only what WrapPBOC makes is taken.
func unfold(b []byte) ([]byte, bool) {
	n := 1 + int(b[0])
	if (n+blockSize-1)/blockSize*blockSize != len(b) {
		return nil, false
	}
	if n == len(b) {
		return b[1:], true
	}
	rest, ok := key.Unpad(b, blockSize)
	return b[1:n], ok && len(rest) == n
}

// pbocMAC is over CLA INS P1 P2 Lc ‖ data, from the challenge as the initial value. Lc stands in the first block, so no
// message is the beginning of another.
func pbocMAC(k Keys, challenge [ChallengeSize]byte, c apdu.Command, data []byte) []byte {
	message := append([]byte{c.CLA, c.INS, c.P1, c.P2, byte(len(data) + PBOCMACSize)}, data...)
	return key.MAC(k.MAC.Block(), challenge[:], message)[:PBOCMACSize]
}

// plainClass reports whether a command of this class can be secured: 0x or 8x, no chaining, no secure messaging yet.
func plainClass(cla byte) bool { return cla&^(apdu.ClassProprietary|0x03) == 0 }
