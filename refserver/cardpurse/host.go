package cardpurse

import (
	"context"
	"encoding/hex"

	"github.com/citizencode/citizencode/card/purse"
	"github.com/citizencode/citizencode/card/sam"
	"github.com/citizencode/citizencode/card/terminal"
	"github.com/citizencode/citizencode/scenarios/epurse"
)

// A Host is what stands behind load desks: it has the load keys, and the books.
type Host struct {
	Module  sam.Loader  // required
	Auditor sam.Auditor // required
	Office  Grants      // required
}

// Grants are the books of loads: an [epurse.Office].
type Grants interface {
	Grant(ctx context.Context, c epurse.Claim) error
	Observe(ctx context.Context, serial string, next uint16) error
}

var _ terminal.Loads = (*Host)(nil)

// Grant implements [terminal.Loads]. The order leaves this host only when the books have the money that was paid in.
func (h *Host) Grant(ctx context.Context, c terminal.Claim, mac1 purse.MAC) (mac2 purse.MAC, err error) {
	mac2, err = h.Module.Load(ctx, c.Order, c.Balance, mac1)
	if err != nil {
		return purse.MAC{}, err
	}
	claim, err := Claim(c)
	if err == nil {
		err = h.Office.Grant(ctx, claim)
	}
	if err != nil {
		return purse.MAC{}, err
	}
	return mac2, nil
}

// Observe implements [terminal.Loads].
func (h *Host) Observe(ctx context.Context, order sam.Transaction, balance purse.Amount, mac1 purse.MAC) error {
	if err := h.Module.CheckLoad(ctx, order, balance, mac1); err != nil {
		return err
	}
	return h.Office.Observe(ctx, hex.EncodeToString(order.Card[:]), order.Sequence)
}

// Confirm implements [terminal.Loads].
func (h *Host) Confirm(ctx context.Context, c terminal.Claim) error {
	return h.Auditor.CheckLoadTAC(ctx, c.Order, c.Balance+c.Order.Amount, c.TAC)
}
