package app

import (
	"encoding/binary"
	"errors"

	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/key"
)

// The sizes of a PIN in bytes of two digits.
const (
	MinPIN = 2
	MaxPIN = 6
)

var errPIN = errors.New("app: a PIN has 2 to 6 bytes")

// The commands of personalisation (SPEC §7), before they are secured with the transport key.

// CreateApplication is 80 E0.
func CreateApplication(c Create) apdu.Command {
	return apdu.Command{CLA: apdu.ClassProprietary, INS: InsCreate, Data: c.Bytes()}
}

// PutKey is 80 D4: a key under the transport key, with its check value.
func PutKey(id KeyID, version byte, k, transport key.Key) apdu.Command {
	wrapped, check := k.Wrap(SecureKeys(transport).Encryption), k.CheckValue()
	data := append([]byte{version, k.Algorithm().ID()}, wrapped[:]...)
	return apdu.Command{CLA: apdu.ClassProprietary, INS: InsPutKey, P2: byte(id), Data: append(data, check[:]...)}
}

// PINBlock returns a PIN as PUT KEY carries it: length 1 ‖ PIN ‖ random, so that the check value tells nothing about it.
func PINBlock(pin []byte, random [key.Size]byte) (key.Key, error) {
	if len(pin) < MinPIN || len(pin) > MaxPIN {
		return key.Key{}, errPIN
	}
	random[0] = byte(len(pin))
	copy(random[1:], pin)
	return key.New(key.SM4, random[:])
}

// GenerateKeyPair is 00 46 with P1Generate or P1ReadPublicKey. Its answer is a compressed point.
func GenerateKeyPair(p1 byte) apdu.Command {
	return apdu.Command{INS: InsGenerateKeyPair, P1: p1, Ne: CompressedPointSize}
}

// ProvePossession is 80 8A. Its answer is r ‖ s.
func ProvePossession(issuer uint32, nonce [16]byte) apdu.Command {
	data := append(binary.BigEndian.AppendUint32(nil, issuer), nonce[:]...)
	return apdu.Command{CLA: apdu.ClassProprietary, INS: InsProvePossession, Data: data, Ne: SignatureSize}
}

// UpdateBinary is 00 D6 at offset 0: the whole content of a file.
func UpdateBinary(s SFI, content []byte) apdu.Command {
	return apdu.Command{INS: InsUpdateBinary, P1: 0x80 | byte(s), Data: content}
}

// Activate is 00 44: personalisation ends.
func Activate() apdu.Command { return apdu.Command{INS: InsActivate} }
