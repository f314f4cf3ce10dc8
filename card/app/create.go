package app

import (
	"encoding/binary"
	"errors"
)

// The flags of CREATE.
const (
	flagLoadNeedsPIN = 1 << iota
	flagLogNeedsPIN
	flagsKnown = 1<<iota - 1
)

// CreateFixedSize is the size of CREATE without the AID, in bytes.
const createFixedSize = SerialSize + 1 + 1 + 4 + 4 + 1 + 1

var errCreate = errors.New("app: CREATE has another form")

// A Create is what makes the application on an empty card (CREATE, 建立应用).
type Create struct {
	AID          AID
	Serial       Serial
	Profile      byte
	KeySet       byte
	IssuerKey    uint32
	MaxBalance   uint32 // fen; a purse never holds more
	LoadNeedsPIN bool   // a load is opened only after VERIFY
	LogNeedsPIN  bool   // so is the purse's log read
}

// Bytes writes the data of the command: serial 8 ‖ profile 1 ‖ key set 1 ‖ issuer key 4 ‖ largest balance 4 ‖ flags 1 ‖
// length 1 ‖ AID.
func (c Create) Bytes() []byte {
	b := append(make([]byte, 0, createFixedSize+MaxAID), c.Serial[:]...)
	b = append(b, c.Profile, c.KeySet)
	b = binary.BigEndian.AppendUint32(b, c.IssuerKey)
	b = binary.BigEndian.AppendUint32(b, c.MaxBalance)
	var flags byte
	if c.LoadNeedsPIN {
		flags |= flagLoadNeedsPIN
	}
	if c.LogNeedsPIN {
		flags |= flagLogNeedsPIN
	}
	b = append(b, flags, byte(len(c.AID)))
	return append(b, c.AID...)
}

// ParseCreate reads it.
func ParseCreate(b []byte) (Create, error) {
	if len(b) < createFixedSize || len(b) != createFixedSize+int(b[createFixedSize-1]) {
		return Create{}, errCreate
	}
	flags := b[18]
	if flags&^byte(flagsKnown) != 0 {
		return Create{}, errCreate
	}
	c := Create{
		Serial: Serial(b), Profile: b[8], KeySet: b[9], IssuerKey: binary.BigEndian.Uint32(b[10:]), MaxBalance: binary.BigEndian.Uint32(b[14:]),
		LoadNeedsPIN: flags&flagLoadNeedsPIN != 0, LogNeedsPIN: flags&flagLogNeedsPIN != 0, AID: AID(b[createFixedSize:]),
	}
	return c, c.AID.Validate()
}

// FCI returns what SELECT of the application answers.
func (c Create) FCI() FCI {
	return FCI{AID: c.AID, Serial: c.Serial, Profile: c.Profile, KeySet: c.KeySet, IssuerKey: c.IssuerKey, Version: Version}
}
