package app

import (
	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/sm"
)

// Instruction bytes that only this application has, besides those of apdu and purse. Those of class 80 and 84 from 16
// to 1E and 24, 5E are PBOC's; CREATE, ACTIVATE and GENERATE are of ISO/IEC 7816-8 and -9; D4 is the PUT KEY of common
// card programs.
const (
	InsCardBlock          = 0x16
	InsAppUnblock         = 0x18
	InsAppBlock           = 0x1E
	InsPINUnblock         = 0x24
	InsActivate           = 0x44
	InsGenerateKeyPair    = 0x46
	InsChangePIN          = 0x5E
	InsProvePossession    = 0x8A
	InsPutKey             = 0xD4
	InsUpdateBinary       = 0xD6
	InsCreate             = 0xE0
	InsAppendRecord       = 0xE2
	P1SelectByName        = 0x04
	P2ByNumber            = 0x04 // READ RECORD: P1 is the number of the record
	P1BlockForGood        = 0x01 // APPLICATION BLOCK: cannot be taken back
	P1Generate            = 0x80 // GENERATE ASYMMETRIC KEY PAIR
	P1ReadPublicKey       = 0x81
	CompressedPointSize   = 33
	PossessionRequestSize = 4 + 16
)

// The data objects of GET DATA.
const (
	TagSerial   = 0x5A
	TagVersion  = 0x9F08
	TagPINTries = 0x9F17
	TagKeySet   = 0xDF02
)

// Select is 00 A4 04 00: the application by its whole name. Its answer is an FCI.
func Select(a AID) apdu.Command {
	return apdu.Command{INS: apdu.InsSelect, P1: P1SelectByName, Data: []byte(a), Ne: apdu.MaxShortNe}
}

// ReadBinary is 00 B0: up to ne bytes of a transparent file from an offset below 256.
func ReadBinary(s SFI, offset byte, ne int) apdu.Command {
	return apdu.Command{INS: apdu.InsReadBinary, P1: 0x80 | byte(s), P2: offset, Ne: ne}
}

// ReadRecord is 00 B2: a record of a cyclic file; number 1 is the newest.
func ReadRecord(s SFI, number byte, ne int) apdu.Command {
	return apdu.Command{INS: apdu.InsReadRecord, P1: number, P2: byte(s)<<3 | P2ByNumber, Ne: ne}
}

// GetData is 00 CA: a data object by its tag.
func GetData(tag uint16, ne int) apdu.Command {
	return apdu.Command{INS: apdu.InsGetData, P1: byte(tag >> 8), P2: byte(tag), Ne: ne}
}

// GetChallenge is 00 84: 16 random bytes for the next command.
func GetChallenge() apdu.Command {
	return apdu.Command{INS: apdu.InsGetChallenge, Ne: sm.ChallengeSize}
}

// Verify is 00 20: the PIN, 2 to 6 bytes.
func Verify(pin []byte) apdu.Command { return apdu.Command{INS: apdu.InsVerify, Data: pin} }

// ExternalAuthenticate is 00 82 00 with KeyGate or KeyHospital: the terminal's challenge and proof (sm.Handshake). Its
// answer is the card's proof.
func ExternalAuthenticate(k KeyID, challenge [sm.ChallengeSize]byte, proof [sm.ProofSize]byte) apdu.Command {
	return apdu.Command{INS: apdu.InsExternalAuthenticate, P2: byte(k), Data: append(challenge[:], proof[:]...), Ne: sm.ProofSize}
}
