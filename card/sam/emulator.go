package sam

import (
	"context"
	"encoding/binary"
	"errors"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/purse"
)

// An Emulator is the card side of a Module: a module in the reader's slot, without the chip.
type Emulator struct {
	sam    *Software
	last   Transaction
	number uint32 // of last; 0: no MAC2 is waited for
}

var (
	_ card.Transport = (*Emulator)(nil)
	_ card.Resetter  = (*Emulator)(nil)
)

// NewEmulator returns a module that serves s, which has the role Gate.
func NewEmulator(s *Software) (*Emulator, error) {
	if s.cfg.Role != Gate {
		return nil, ErrUsage
	}
	return &Emulator{sam: s}, nil
}

// Reset implements [card.Resetter]. The order that waits for its MAC2 is forgotten, the numbers are not.
func (e *Emulator) Reset(bool) ([]byte, error) {
	e.number = 0
	return []byte{0x3B, 0x00}, nil
}

// Transmit implements [card.Transport].
func (e *Emulator) Transmit(command []byte) ([]byte, error) {
	data, err := e.serve(command)
	status, ok := apdu.StatusOf(err)
	switch {
	case ok:
	case errors.Is(err, ErrWrongMAC):
		status = apdu.MACError
	case errors.Is(err, ErrNoKey):
		status = apdu.KeyIndexNotSupported
	case errors.Is(err, ErrNumberEnd):
		status = apdu.CounterEnd
	default:
		status = apdu.NoPreciseDiagnosis
	}
	if status != apdu.OK {
		data = nil
	}
	return apdu.Response{Data: data, Status: status}.Bytes()
}

func (e *Emulator) serve(command []byte) ([]byte, error) {
	ctx := context.Background() // nothing here waits for anybody but the disk of the numbers
	c, err := apdu.Parse(command)
	if err != nil {
		return nil, apdu.WrongLength
	}
	if c.CLA == 0 && c.INS == apdu.InsReadBinary {
		if c.P1 != 0x80|terminalSFI || c.P2 != 0 || len(c.Data) > 0 {
			return nil, apdu.FileNotFound
		}
		id := e.sam.Terminal()
		return id[:min(c.Ne, len(id))], nil
	}
	switch {
	case c.CLA != apdu.ClassProprietary:
		return nil, apdu.ClassNotSupported
	case c.P1 != 0 || c.P2 != 0:
		return nil, apdu.WrongP1P2
	}
	// Whatever comes next, a MAC2 is accepted right behind its order or not at all.
	number := e.number
	e.number = 0
	switch c.INS {
	case InsInitialize:
		t, err := parseOrder(c.Data, e.sam.Terminal())
		if err != nil {
			return nil, err
		}
		next, mac1, err := e.sam.Purchase(ctx, t)
		if err != nil {
			return nil, err
		}
		e.last, e.number = t, next
		return append(binary.BigEndian.AppendUint32(nil, next), mac1[:]...), nil
	case InsCredit:
		if len(c.Data) != len(purse.MAC{}) {
			return nil, apdu.WrongLength
		}
		if number == 0 {
			return nil, apdu.ConditionsNotSatisfied
		}
		return nil, e.sam.CheckPurchase(ctx, e.last, number, purse.MAC(c.Data))
	case InsRecheck:
		t, number, mac2, err := parseRecheck(c.Data)
		if err != nil {
			return nil, err
		}
		return nil, e.sam.CheckPurchase(ctx, t, number, mac2)
	}
	return nil, apdu.InsNotSupported
}
