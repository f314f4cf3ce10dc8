// Package foreigntest makes cards of others for tests, from the contents of their public files. All of them are made up.
package foreigntest

import (
	"encoding/binary"

	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/purse"
)

// An Application is the public side of one.
type Application struct {
	FCI      []byte
	Binary   map[app.SFI][]byte
	Records  map[app.SFI][][]byte
	Balances map[byte]uint32 // by P2 of GET BALANCE
}

// A Card answers SELECT by name and commands that read, and writes down every other one.
type Card struct {
	Applications map[string]*Application // by name, as bytes
	// T0 answers SELECT with 61xx and data with GET RESPONSE, as cards of the older protocol do.
	T0 bool

	Wrote [][]byte // commands that are not for reading

	current *Application
	rest    []byte
}

// Transmit implements card.Transport.
func (k *Card) Transmit(command []byte) ([]byte, error) {
	c, err := apdu.Parse(command)
	if err != nil {
		return apdu.Response{Status: apdu.WrongLength}.Bytes()
	}
	data, status := k.answer(c, command)
	return apdu.Response{Data: data, Status: status}.Bytes()
}

func (k *Card) answer(c apdu.Command, command []byte) ([]byte, apdu.Status) {
	rest := k.rest
	k.rest = nil
	switch {
	case c.CLA == 0 && c.INS == apdu.InsGetResponse && rest != nil:
		return rest, apdu.OK
	case c.CLA == 0 && c.INS == apdu.InsSelect && c.P1 == app.P1SelectByName:
		found := k.Applications[string(c.Data)]
		if found == nil {
			return nil, apdu.FileNotFound
		}
		k.current = found
		if k.T0 {
			k.rest = found.FCI
			return nil, apdu.MoreData | apdu.Status(len(found.FCI))
		}
		return found.FCI, apdu.OK
	case k.current == nil:
		return nil, apdu.ConditionsNotSatisfied
	case c.CLA == 0 && c.INS == apdu.InsReadBinary && c.P1&0x80 != 0:
		return content(k.current.Binary[app.SFI(c.P1&0x1F)], c.Ne)
	case c.CLA == 0 && c.INS == apdu.InsReadRecord && c.P2&7 == app.P2ByNumber:
		records := k.current.Records[app.SFI(c.P2>>3)]
		if c.P1 == 0 || int(c.P1) > len(records) {
			return nil, apdu.RecordNotFound
		}
		return content(records[c.P1-1], c.Ne)
	case c.CLA == apdu.ClassProprietary && c.INS == purse.InsGetBalance:
		fen, ok := k.current.Balances[c.P2]
		if !ok {
			return nil, apdu.WrongP1P2
		}
		return binary.BigEndian.AppendUint32(nil, fen), apdu.OK
	}
	k.Wrote = append(k.Wrote, append([]byte(nil), command...))
	return nil, apdu.InsNotSupported
}

func content(b []byte, ne int) ([]byte, apdu.Status) {
	switch {
	case b == nil:
		return nil, apdu.FileNotFound
	case ne < len(b) && ne != 0:
		return nil, apdu.WrongLe | apdu.Status(len(b))
	}
	return b, apdu.OK
}
