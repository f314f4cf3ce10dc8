package app

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/citizencode/citizencode/card/tlv"
)

var errFCI = errors.New("app: an FCI of another form")

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

// Bytes writes the FCI.
func (f FCI) Bytes() []byte {
	b, err := tlv.Objects{{Tag: tagFCI, Objects: tlv.Objects{
		{Tag: tagDFName, Value: []byte(f.AID)},
		{Tag: tagProprietary, Objects: tlv.Objects{{Tag: tagDiscretion, Objects: tlv.Objects{
			{Tag: TagSerial, Value: f.Serial[:]},
			{Tag: tagProfile, Value: []byte{f.Profile}},
			{Tag: TagKeySet, Value: []byte{f.KeySet}},
			{Tag: tagIssuerKey, Value: binary.BigEndian.AppendUint32(nil, f.IssuerKey)},
			{Tag: TagVersion, Value: binary.BigEndian.AppendUint16(nil, f.Version)},
		}}}},
	}}}.Bytes()
	if err != nil {
		panic(err) // the tags are constants and the values short
	}
	return b
}

// ParseFCI reads an FCI of this application. It takes exactly what Bytes writes: a card that answers anything else is
// another's, and nothing that it says later would mean what is meant here.
func ParseFCI(b []byte) (f FCI, err error) {
	objects, err := tlv.Parse(b, tlv.Strict)
	if err != nil {
		return FCI{}, err
	}
	name, _ := objects.Find(tagFCI, tagDFName)
	f.AID = AID(name.Value)
	for _, field := range []struct {
		tag  tlv.Tag
		size int
		set  func([]byte)
	}{
		{TagSerial, SerialSize, func(b []byte) { f.Serial = Serial(b) }},
		{tagProfile, 1, func(b []byte) { f.Profile = b[0] }},
		{TagKeySet, 1, func(b []byte) { f.KeySet = b[0] }},
		{tagIssuerKey, 4, func(b []byte) { f.IssuerKey = binary.BigEndian.Uint32(b) }},
		{TagVersion, 2, func(b []byte) { f.Version = binary.BigEndian.Uint16(b) }},
	} {
		o, _ := objects.Find(tagFCI, tagProprietary, tagDiscretion, field.tag)
		if len(o.Value) != field.size {
			return FCI{}, errFCI
		}
		field.set(o.Value)
	}
	if f.AID.Validate() != nil || !bytes.Equal(f.Bytes(), b) {
		return FCI{}, errFCI
	}
	return f, nil
}
