package sam

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/purse"
)

// A Module is a gate's module behind a reader. Its keys and its numbers are its own. It is safe for concurrent use.
type Module struct {
	terminal purse.TerminalID

	mu     sync.Mutex
	client *apdu.Client
	last   Transaction // that the module is waiting for the MAC2 of
	number uint32      // of it; 0: none
}

var _ Purchaser = (*Module)(nil)

// OpenModule reads the number of the terminal from the module.
func OpenModule(ctx context.Context, t card.Transport) (*Module, error) {
	m := &Module{client: apdu.NewClient(t, apdu.Options{})}
	r, err := m.client.SendContext(ctx, apdu.Command{INS: apdu.InsReadBinary, P1: 0x80 | terminalSFI, Ne: len(m.terminal)})
	if err != nil {
		return nil, err
	}
	if copy(m.terminal[:], r.Data) != len(m.terminal) {
		return nil, answerError("a terminal's number", r.Data)
	}
	return m, nil
}

// Terminal implements [Purchaser].
func (m *Module) Terminal() purse.TerminalID { return m.terminal }

// Purchase implements [Purchaser].
func (m *Module) Purchase(ctx context.Context, t Transaction) (number uint32, mac1 purse.MAC, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.number = 0
	if t.Terminal != m.terminal {
		return 0, mac1, errors.New("sam: not a purchase at this terminal")
	}
	r, err := m.client.SendContext(ctx, apdu.Command{CLA: apdu.ClassProprietary, INS: InsInitialize, Data: order(t), Ne: 8})
	if err != nil {
		return 0, mac1, failure(err)
	}
	if len(r.Data) != 8 {
		return 0, mac1, answerError("an order", r.Data)
	}
	number = binary.BigEndian.Uint32(r.Data)
	m.last, m.number = t, number
	return number, purse.MAC(r.Data[4:]), nil
}

// CheckPurchase implements [Purchaser].
func (m *Module) CheckPurchase(ctx context.Context, t Transaction, number uint32, mac2 purse.MAC) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.number != 0 && m.number == number && m.last == t {
		m.number = 0
		_, err := m.client.SendContext(ctx, apdu.Command{CLA: apdu.ClassProprietary, INS: InsCredit, Data: mac2[:]})
		return failure(err)
	}
	_, err := m.client.SendContext(ctx, apdu.Command{CLA: apdu.ClassProprietary, INS: InsRecheck, Data: recheck(t, number, mac2)})
	if errors.Is(err, apdu.InsNotSupported) {
		return ErrForgotten
	}
	return failure(err)
}

// failure gives the answers of a module the errors of this package.
func failure(err error) error {
	switch {
	case errors.Is(err, apdu.MACError):
		return ErrWrongMAC
	case errors.Is(err, apdu.KeyIndexNotSupported):
		return ErrNoKey
	case errors.Is(err, apdu.CounterEnd):
		return ErrNumberEnd
	}
	return err
}
