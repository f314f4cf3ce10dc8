package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/sam"
	"github.com/citizencode/citizencode/card/terminal"
	"github.com/citizencode/citizencode/card/timing"
	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/refserver/cardkey"
	"github.com/citizencode/citizencode/refserver/store"
	"github.com/citizencode/citizencode/scenarios"
)

type cardTap struct {
	carrier
	Dir      string   `required:"" help:"Directory with roots.json, trust.list and status lists, or of a city." placeholder:"DIR"`
	Audience sceneSet `help:"The one scene group that this gate serves." default:"transit" placeholder:"NAME"`
	Name     string   `help:"What names the gate in its challenges." default:"gate" placeholder:"NAME"`
	Online   bool     `help:"The online service of the scene can be reached."`
	Journal  string   `help:"Journal of accepted codes; made where missing." placeholder:"FILE"`
	State    string   `help:"Directory that keeps the last good lists, and for --pay the journal of orders and the terminal's numbers. Made where missing." placeholder:"DIR"`
	Pay      int64    `help:"Fen to take from the purse of whoever is let in." placeholder:"FEN"`
	SAM      string   `name:"sam" help:"Security module of the gate, as card sam wrote it." placeholder:"FILE"`
	application
	moment
}

// Help is what --help prints below the usage.
func (cardTap) Help() string {
	return `Draws a challenge, lets the card sign a token for it, and verifies it as verify does: one JSON verdict on one line; exit code 0: valid (and paid), 1: refused, with the one reason, 2: fault. With --pay the order is in the journal before it is sent; when its answer is lost, the same card finds out at its next tap, and nobody pays twice. "modelled" is what the conversation takes on a contactless card by the assumptions of package timing.
Examples:
    citycode card tap --dir shenyang/public --deck cards.deck --serial 9900000000000001
    citycode card tap --dir shenyang/public --reader any --state gate --pay 200 --sam gate.sam`
}

// A tapped is what tap prints: a verdict as that of verify, and what the card did.
type tapped struct {
	*verdict
	Card    *tappedCard  `json:"card,omitempty"`
	Payment *tappedMoney `json:"payment,omitempty"`
}

type tappedCard struct {
	Serial   string  `json:"serial"`
	Commands int     `json:"commands"`
	Bytes    int     `json:"bytes"`
	Modelled float64 `json:"modelledMs"`
}

type tappedMoney struct {
	Fen       int64  `json:"fen"`
	Number    uint32 `json:"number"` // of the terminal
	Recovered bool   `json:"recovered"`
	TAC       string `json:"tac"`
	Balance   int64  `json:"balance"` // behind it, fen
}

// Run taps once.
func (c *cardTap) Run(ctx context.Context, std *stdio) error {
	switch {
	case c.Pay < 0:
		return fmt.Errorf("--pay %d", c.Pay)
	case c.Pay > 0 && (c.SAM == "" || c.State == ""):
		return errors.New("--pay needs --sam and --state")
	}
	gate, closeGate, err := c.gate(ctx, std)
	if err != nil {
		return err
	}
	defer closeGate()
	reader, closeReader, err := c.terminal()
	if err != nil {
		return err
	}
	defer closeReader()
	transport, closeCard, err := c.connect(ctx)
	if err != nil {
		return err
	}
	defer closeCard()
	meter := &timing.Meter{Transport: transport}
	out := new(tapped)
	err = c.tap(ctx, gate, reader, meter, out)
	if out.Card != nil {
		out.Card.Commands, out.Card.Bytes = len(meter.Exchanges), meter.Bytes()
		out.Card.Modelled = float64(timing.Default.Of(meter.Exchanges).Total()/(100*time.Microsecond)) / 10
	}
	return c.answer(std, out, err)
}

// gateOf is what identifies, and what it accepts is remembered with.
type tapGate struct {
	cardkey.Gate
	journal *store.Journal
}

// gate opens the lists. It is the gate of verify.
func (c *cardTap) gate(ctx context.Context, std *stdio) (*tapGate, func(), error) {
	v := verifyCmd{Dir: c.Dir, State: c.State, Journal: c.Journal, moment: c.moment}
	dir := store.PublicDir(c.Dir)
	lists, err := store.OpenLists(ctx, store.ListsConfig{Dir: dir, State: c.State})
	if err != nil {
		return nil, nil, err
	}
	v.note(std, lists)
	profiles, err := store.ReadProfiles(dir)
	if err != nil {
		return nil, nil, err
	}
	g, closeJournal := new(tapGate), func() {}
	if c.Journal != "" {
		if g.journal, err = store.OpenJournal(ctx, c.Journal); err != nil {
			return nil, nil, err
		}
		closeJournal = func() { g.journal.Close() }
	}
	verifier, err := v.verifier(lists, profiles, g.journal)
	if err != nil {
		closeJournal()
		return nil, nil, err
	}
	g.Gate = cardkey.Gate{Verifier: verifier, Terminal: []byte(c.Name), Audience: citycode.Scenes(c.Audience), Online: c.Online, Now: c.now}
	return g, closeJournal, nil
}

// terminal opens what speaks with cards.
func (c *cardTap) terminal() (t *terminal.Terminal, _ func(), err error) {
	cfg := terminal.Config{AID: app.AID(c.AID), Now: c.now}
	var open []io.Closer
	closeAll := func() {
		for _, o := range open {
			o.Close()
		}
	}
	defer func() {
		if err != nil {
			closeAll()
		}
	}()
	if c.Pay > 0 {
		if err := os.MkdirAll(c.State, 0o755); err != nil {
			return nil, nil, err
		}
		journal, err := terminal.OpenJournal(filepath.Join(c.State, "purse.journal"))
		if err != nil {
			return nil, nil, err
		}
		open = append(open, journal)
		numbers, err := sam.OpenNumbers(filepath.Join(c.State, "purse.numbers"))
		if err != nil {
			return nil, nil, err
		}
		open = append(open, numbers)
		module, err := openSAM(c.SAM, numbers)
		if err != nil {
			return nil, nil, err
		}
		open = append(open, module)
		cfg.Journal, cfg.Module = journal, module
	}
	t, err = terminal.New(cfg)
	return t, closeAll, err
}

func (c *cardTap) tap(ctx context.Context, gate *tapGate, reader *terminal.Terminal, meter *timing.Meter, out *tapped) error {
	session, err := reader.Open(ctx, meter)
	if err != nil {
		return err
	}
	serial := session.FCI().Serial
	out.Card = &tappedCard{Serial: hex.EncodeToString(serial[:])}
	answer, err := gate.Identify(ctx, session)
	if err != nil {
		return err
	}
	if err := remember(answer.Verified, gate.journal); err != nil {
		return err
	}
	out.verdict = accepted(answer.Verified, nil)
	if c.Pay == 0 {
		return nil
	}
	receipt, err := session.Purchase(ctx, c.Pay)
	if err != nil {
		return err
	}
	balance := receipt.Balance - receipt.Order.Amount
	out.Payment = &tappedMoney{c.Pay, receipt.Number, receipt.Recovered, hex.EncodeToString(receipt.TAC[:]), balance.Fen()}
	return nil
}

// faults are failures of this gate, and not of what was held to it.
var tapFaults = []terminal.Reason{terminal.ModuleFault, terminal.JournalFault, terminal.HostFault}

// answer prints the verdict; a fault has none.
func (c *cardTap) answer(std *stdio, out *tapped, err error) error {
	var failure *terminal.Failure
	switch v, isRefusal := refused(err); {
	case err == nil:
	case isRefusal:
		out.verdict = v
	case errors.As(err, &failure):
		for _, fault := range tapFaults {
			if failure.Reason == fault {
				return err
			}
		}
		out.verdict = &verdict{Reason: string(failure.Reason), Detail: oneLine(failure.Error()), Message: failureText(failure)}
	default:
		return err
	}
	if err := json.NewEncoder(std.Out).Encode(out); err != nil {
		return err
	}
	if err != nil {
		return refusal("")
	}
	return nil
}

// failureText says to the person what to do.
func failureText(f *terminal.Failure) scenarios.Text {
	switch {
	case f.Outcome == terminal.Unknown:
		return scenarios.Text{Zh: "交易未确认，请用同一张卡再刷一次，不会重复扣款", En: "Not confirmed; tap the same card again, nothing is taken twice"}
	case f.Reason == terminal.TooLittle:
		return scenarios.Text{Zh: "余额不足，请充值", En: "Not enough money on the card"}
	case f.Reason == terminal.NotOurs:
		return scenarios.Text{Zh: "这不是市民卡", En: "This is not a citizen card"}
	}
	return scenarios.Text{Zh: "读卡失败，请再刷一次", En: "The card could not be read; tap again"}
}
