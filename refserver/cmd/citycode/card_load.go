package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/purse"
	"github.com/citizencode/citizencode/card/sam"
	"github.com/citizencode/citizencode/card/terminal"
	"github.com/citizencode/citizencode/refserver/cardpurse"
	"github.com/citizencode/citizencode/refserver/store"
	"github.com/citizencode/citizencode/scenarios/epurse"
)

type cardLoad struct {
	carrier
	Dir      string   `required:"" help:"Directory of the city." placeholder:"DIR"`
	State    string   `required:"" help:"Directory with the desk's journal and numbers. Made where missing." placeholder:"DIR"`
	Terminal hexBytes `help:"Number of the desk, 6 bytes in hexadecimal." default:"210100ffff01" placeholder:"HEX"`
	Fen      int64    `arg:"" help:"Fen that were paid in."`
	PIN      hexBytes `name:"pin" help:"PIN of the card, if a load needs it." placeholder:"DIGITS"`
	application
	passphrase
	moment
}

// Help is what --help prints below the usage.
func (cardLoad) Help() string {
	return `Stands in for a load desk and its host, to try terminals with: the load key is used where the authority is, and the journal of orders is its only book. Prints the receipt as JSON; exit code 1 if the card was not loaded.
Example:
    citycode card load --dir shenyang --state desk --deck cards.deck --serial 9900000000000001 10000`
}

// noBooks is a host that keeps none.
type noBooks struct{}

func (noBooks) Grant(context.Context, epurse.Claim) error     { return nil }
func (noBooks) Observe(context.Context, string, uint16) error { return nil }

// Run loads once.
func (c *cardLoad) Run(ctx context.Context, std *stdio) error {
	if len(c.Terminal) != len(purse.TerminalID{}) {
		return fmt.Errorf("--terminal has %d bytes, not 6", len(c.Terminal))
	}
	host, err := c.host(ctx)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.State, 0o755); err != nil {
		return err
	}
	journal, err := terminal.OpenJournal(filepath.Join(c.State, "desk.journal"))
	if err != nil {
		return err
	}
	defer journal.Close()
	numbers, err := sam.OpenNumbers(filepath.Join(c.State, "desk.numbers"))
	if err != nil {
		return err
	}
	defer numbers.Close()
	desk, err := terminal.New(terminal.Config{AID: app.AID(c.AID), Journal: journal, Loads: host, Numbers: numbers,
		Desk: purse.TerminalID(c.Terminal), Now: c.now})
	if err != nil {
		return err
	}
	transport, closeCard, err := c.connect(ctx)
	if err != nil {
		return err
	}
	defer closeCard()
	session, err := desk.Open(ctx, transport)
	if err == nil && len(c.PIN) > 0 {
		err = session.VerifyPIN(ctx, c.PIN)
	}
	if err != nil {
		return refusal(err.Error())
	}
	receipt, err := session.Load(ctx, c.Fen)
	if err != nil {
		return refusal(err.Error())
	}
	balance := receipt.Balance + receipt.Order.Amount
	return json.NewEncoder(std.Out).Encode(tappedMoney{receipt.Order.Amount.Fen(), receipt.Number, receipt.Recovered, hex.EncodeToString(receipt.TAC[:]), balance.Fen()})
}

// host opens the authority's keys for loads and receipts.
func (c *cardLoad) host(ctx context.Context) (*cardpurse.Host, error) {
	a, err := openWith(ctx, c.Dir, c.passphrase, c.moment)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	masters, err := store.OpenCardMasters(filepath.Join(a.secret, cardKeysName), a.phrase)
	if err != nil {
		return nil, err
	}
	module := func(role sam.Role, usage sam.Usage, id app.KeyID) (*sam.Software, error) {
		s, err := sam.NewSoftware(sam.Config{Role: role})
		if err == nil {
			err = s.Inject(sam.Ref{Usage: usage, Version: cardKeySet, Algorithm: key.SM4}, masters[id])
		}
		return s, err
	}
	loader, err := module(sam.Desk, sam.Load, app.KeyLoad)
	if err != nil {
		return nil, err
	}
	auditor, err := module(sam.Office, sam.TAC, app.KeyTAC)
	return &cardpurse.Host{Module: loader, Auditor: auditor, Office: noBooks{}}, err
}
