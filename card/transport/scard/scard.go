//go:build scard

// Package scard talks to pcscd through libpcsclite and github.com/ebfe/scard: the second opinion on the package
// pcsc. It needs cgo, libpcsclite-dev and the build tag scard; the default build has none of them.
package scard

import (
	"errors"
	"fmt"

	"github.com/ebfe/scard"

	"github.com/citizencode/citizencode/card"
)

// A Card is a connection to a card in a reader. It is a [card.Transport] and [card.Resetter].
type Card struct {
	context *scard.Context
	card    *scard.Card
}

// Connect connects to the card in the reader.
func Connect(reader string) (*Card, error) {
	ctx, err := scard.EstablishContext()
	if err != nil {
		return nil, err
	}
	c, err := ctx.Connect(reader, scard.ShareExclusive, scard.ProtocolAny)
	if err != nil {
		return nil, errors.Join(err, ctx.Release())
	}
	return &Card{ctx, c}, nil
}

// Transmit sends one command and returns the answer, which is at least two bytes long. Every error is
// [card.ErrCardLost].
func (c *Card) Transmit(command []byte) ([]byte, error) {
	answer, err := c.card.Transmit(command)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", card.ErrCardLost, err)
	case len(answer) < card.MinAnswer:
		return nil, fmt.Errorf("%w: pcscd returned %d bytes", card.ErrCardLost, len(answer))
	}
	return answer, nil
}

// Reset resets the card and returns its ATR.
func (c *Card) Reset(cold bool) ([]byte, error) {
	d := scard.ResetCard
	if cold {
		d = scard.UnpowerCard
	}
	if err := c.card.Reconnect(scard.ShareExclusive, scard.ProtocolAny, d); err != nil {
		return nil, err
	}
	status, err := c.card.Status()
	if err != nil {
		return nil, err
	}
	return status.Atr, nil
}

// Close resets the card and lets it go.
func (c *Card) Close() error {
	return errors.Join(c.card.Disconnect(scard.ResetCard), c.context.Release())
}
