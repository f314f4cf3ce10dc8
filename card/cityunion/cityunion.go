// Package cityunion reads the public files of City Union cards (城市一卡通互联互通, CJ/T 166). It has no key and sends no
// command that changes a card.
package cityunion

import (
	"context"

	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/foreign"
	"github.com/citizencode/citizencode/card/purse"
)

// AID is the name of the application.
const AID = "\xA0\x00\x00\x00\x03\x86\x98\x07\x01"

// A Card is what a card says of itself. What it does not let be read is nil.
type Card struct {
	Public  *foreign.PublicInfo `json:"public,omitempty"`
	Balance *int64              `json:"balanceFen,omitempty"`
	Log     []foreign.Movement  `json:"log,omitempty"`
}

// Read selects the application and reads its public files. The error is that of a card that was lost or has no such
// application.
func Read(ctx context.Context, c *apdu.Client) (*Card, error) {
	if _, err := c.SendContext(ctx, app.Select(AID)); err != nil {
		return nil, err
	}
	k := new(Card)
	public, err := foreign.ReadBinary(ctx, c, app.SFIPublic)
	if err != nil {
		return nil, err
	}
	k.Public, _ = foreign.ParsePublicInfo(public)
	if k.Balance, err = foreign.Balance(ctx, c, purse.GetBalance().P2); err != nil {
		return nil, err
	}
	k.Log, err = foreign.ReadMovements(ctx, c)
	return k, err
}
