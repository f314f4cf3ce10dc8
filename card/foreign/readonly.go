package foreign

import (
	"context"
	"fmt"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/purse"
)

// A RefusedError is a command that does more than read.
type RefusedError struct{ CLA, INS byte }

// Error returns one line.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("foreign: command %02X %02X does more than read", e.CLA, e.INS)
}

// reading are the commands that change nothing on any card: SELECT, READ BINARY, READ RECORD, GET DATA, GET RESPONSE, and
// GET BALANCE of a purse.
var reading = map[[2]byte]bool{
	{0, apdu.InsSelect}: true, {0, apdu.InsReadBinary}: true, {0, apdu.InsReadRecord}: true, {0, apdu.InsGetData}: true, {0, apdu.InsGetResponse}: true,
	{apdu.ClassProprietary, purse.InsGetBalance}: true,
}

type readOnly struct{ card.Transport }

// ReadOnly returns t for commands that only read. Any other is a *RefusedError and is not sent: a mistake here must not
// cost a stranger's card a try or a transaction.
func ReadOnly(t card.Transport) card.Transport { return readOnly{t} }

func (r readOnly) Transmit(command []byte) ([]byte, error) {
	return r.TransmitContext(context.Background(), command)
}

func (r readOnly) TransmitContext(ctx context.Context, command []byte) ([]byte, error) {
	c, err := apdu.Parse(command)
	if err != nil {
		return nil, err
	}
	if !reading[[2]byte{c.CLA, c.INS}] {
		return nil, &RefusedError{c.CLA, c.INS}
	}
	return card.Transmit(ctx, r.Transport, command)
}
