package app

import "encoding/binary"

// The tags of the FCI.
const (
	tagFCI         = 0x6F
	tagDFName      = 0x84
	tagProprietary = 0xA5
	tagDiscretion  = 0xBF0C
	tagProfile     = 0xDF01
	tagIssuerKey   = 0xDF03
)

// Version is the application version of this text, 9F08.
const Version uint16 = 0x0100

// SerialSize is the size of a serial number in bytes. It is the factor that the card's keys are diversified by.
const SerialSize = 8

// A Serial is the number of an application (应用序列号). It is a pseudonym: whoever selects the application reads it.
type Serial [SerialSize]byte

// An FCI is what SELECT answers (文件控制信息): 6F{84 AID, A5{BF0C{5A, DF01, DF02, DF03, 9F08}}}.
type FCI struct {
	AID       AID
	Serial    Serial
	Profile   byte   // of the credential
	KeySet    byte   // version of the key set, so that a SAM takes the right masters
	IssuerKey uint32 // citycode's issuer of the credential, so that a terminal knows early whether it trusts it
	Version   uint16
}

// Bytes writes the FCI, in at most 65 bytes.
func (f FCI) Bytes() []byte {
	var d []byte
	d = append(d, TagSerial, SerialSize)
	d = append(d, f.Serial[:]...)
	d = append(d, tagProfile>>8, tagProfile&0xFF, 1, f.Profile)
	d = append(d, TagKeySet>>8, TagKeySet&0xFF, 1, f.KeySet)
	d = append(d, tagIssuerKey>>8, tagIssuerKey&0xFF, 4)
	d = binary.BigEndian.AppendUint32(d, f.IssuerKey)
	d = append(d, TagVersion>>8, TagVersion&0xFF, 2)
	d = binary.BigEndian.AppendUint16(d, f.Version)

	b := []byte{tagFCI, byte(2 + len(f.AID) + 2 + 3 + len(d)), tagDFName, byte(len(f.AID))}
	b = append(b, f.AID...)
	b = append(b, tagProprietary, byte(3+len(d)), tagDiscretion>>8, tagDiscretion&0xFF, byte(len(d)))
	return append(b, d...)
}
