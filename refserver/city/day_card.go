package city

import (
	"context"
	"fmt"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/perso"
	"github.com/citizencode/citizencode/card/purse"
	"github.com/citizencode/citizencode/card/sam"
	"github.com/citizencode/citizencode/card/terminal"
	"github.com/citizencode/citizencode/card/transport/fault"
	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/refserver/cardpurse"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/epurse"
	"github.com/citizencode/citizencode/scenarios/ledger"
)

const (
	elderClass = 2      // benefit class of elders
	elderPurse = 10_000 // fen that she has loaded
	elderFare  = 200    // fen
)

// cards is an elder's morning: who has no wish to hold a phone taps a card, which is the same code. One card is for
// riding, one for the hospital.
func (p *cast) cards() ([]Step, error) {
	ctx := context.Background()
	elder := &Citizen{"测试老人", "Test Elder", "测试老人"}
	masters, err := newMasters()
	if err != nil {
		return nil, err
	}
	// Credentials of cards live longer than those of phones, so a key of their own signs them.
	issuer, err := p.home.addIssuer(indexCards, p.clock.Now(), []citycode.Profile{citycode.CardProfile()}, func(e *citycode.TrustEntry) { e.MaxLifetime = 30 * day })
	if err != nil {
		return nil, err
	}
	issue := func(number uint32, scenes citycode.Scenes) (*Card, error) {
		return p.home.card(ctx, p.clock, masters, number, application{citizen: elder, scenes: scenes, issuer: issuer, days: 30, benefit: elderClass})
	}
	ride, err := issue(1, citycode.Transit)
	if err != nil {
		return nil, err
	}
	clinic, err := issue(2, citycode.Medical)
	if err != nil {
		return nil, err
	}
	p.patients.register(clinic.claims.Subject, "")
	if err := p.add(p.ride, elder, citycode.ProfileTransit, citycode.Transit, 7); err != nil {
		return nil, err
	}
	if err := p.publish(); err != nil {
		return nil, err
	}
	if err := p.bus.update(); err != nil {
		return nil, err
	}
	box, err := newFarebox(p.clock, masters)
	if err != nil {
		return nil, err
	}
	reader, err := terminal.New(terminal.Config{AID: app.TestAID, Now: p.clock.Now})
	if err != nil {
		return nil, err
	}
	tap := func(g *Gate, t card.Transport) func(context.Context) (*scenarios.Decision, error) {
		return func(ctx context.Context) (*scenarios.Decision, error) { return g.Tap(ctx, reader, t, 0) }
	}
	pay := func(t card.Transport) func(context.Context) (*scenarios.Decision, error) {
		return func(ctx context.Context) (*scenarios.Decision, error) {
			return p.bus.Tap(ctx, box.Terminal, t, elderFare)
		}
	}
	heard := &eavesdropper{Transport: ride}
	// The card does what DEBIT says, and its answer is lost.
	torn := fault.New(ride, func(_ int, command []byte) fault.Fault {
		if command[1] == purse.InsDebit {
			return fault.Fault{Kind: fault.TearAnswer}
		}
		return fault.Fault{}
	}, fault.Options{})
	lost := func() error {
		if err := p.home.setStatus(ride.serial(), citycode.StatusRevoked); err != nil {
			return err
		}
		return p.publish()
	}
	revoked := refused(citycode.Revoked)
	return []Step{
		{At: at(11, 20, 0), Who: elder.Short, Gate: p.bus, What: text("老人刷敬老卡，断网公交", "an elder taps her card on the bus that has no network"),
			Tap: tap(p.bus, heard), Want: allowed()},
		{At: at(11, 21, 0), Who: p.j.Short, Gate: p.bus, What: text("有人复制了能读到的一切，放出录下的应答", "a copy of all that can be read, which plays the recorded answer"),
			Tap: tap(p.bus, heard.copy()), Want: refused(citycode.BadHolderSignature)},
		{At: at(11, 25, 0), Who: elder.Short, Gate: p.desk, Online: true, What: text("老人刷就诊卡签到", "the elder checks in with her hospital card"),
			Tap: tap(p.desk, clinic), Want: allowed()},
		{At: at(11, 26, 0), Who: elder.Short, Gate: p.desk, Online: true, What: text("错把敬老卡放在医院窗口", "holds the ride card to the desk by mistake"),
			Tap: tap(p.desk, ride), Want: refused(citycode.WrongAudience)},
		{At: at(11, 30, 0), Who: elder.Short, Gate: p.bus, What: text("付两元：卡扣了款，应答前被抽走，不放行", "pays 2 yuan: the card pays, and is torn away before it says so"),
			Before: func() error { return box.load(ctx, ride, elderPurse) },
			Tap:    pay(torn), Want: Want{Reason: string(terminal.CardLost)}},
		{At: at(11, 30, 20), Who: elder.Short, Gate: p.bus, What: text("再刷一次：查明已付，放行，分文不差", "taps again: it was paid, she rides, not a fen is lost"),
			Tap: pay(ride), Want: allowed(), Also: func(*scenarios.Decision) error { return box.balanced(ctx, ride, 1) }},
		{At: at(11, 40, 0), Who: elder.Short, Gate: p.bus, What: text("回程再付两元", "the way back, 2 yuan more"),
			Tap: pay(ride), Want: allowed(), Also: func(*scenarios.Decision) error { return box.balanced(ctx, ride, 2) }},
		{At: at(11, 50, 0), Who: elder.Short, Gate: p.metro1, Online: true, What: text("敬老卡丢了并挂失：联网闸机立刻拒绝", "the card is lost and reported: a gate with a network refuses it"),
			Before: lost, Tap: tap(p.metro1, ride), Want: revoked},
		{At: at(11, 51, 0), Who: elder.Short, Gate: p.bus, What: text("公交回场站取得名单后也拒绝", "and so does the bus, after the depot"),
			Before: p.bus.update, Tap: tap(p.bus, ride), Want: revoked},
		{At: at(11, 52, 0), Who: elder.Short, Gate: p.bus, What: text("她手机上的码照常可用", "the code on her phone lives on"),
			Picture: code(p.ride[elder], citycode.Transit), Want: allowed()},
	}, nil
}

// An eavesdropper hears all that a card says.
type eavesdropper struct {
	card.Transport
	said map[byte][]byte // by instruction
}

func (e *eavesdropper) Transmit(command []byte) ([]byte, error) {
	answer, err := e.Transport.Transmit(command)
	if e.said == nil {
		e.said = map[byte][]byte{}
	}
	e.said[command[1]] = answer
	return answer, err
}

// copy returns a card that says what was heard.
func (e *eavesdropper) copy() card.Transport { return parrot{e} }

type parrot struct{ heard *eavesdropper }

func (p parrot) Transmit(command []byte) ([]byte, error) {
	if answer := p.heard.said[command[1]]; answer != nil {
		return answer, nil
	}
	return apdu.Response{Status: apdu.InsNotSupported}.Bytes()
}

// A farebox is the purse: what takes money on a bus, the desk that loads cards, and the office that settles.
type farebox struct {
	*terminal.Terminal
	gate, desk *purseBook
	loads      *terminal.Terminal
	office     *epurse.Office
	ledger     *ledger.Ledger
}

// A purseBook is a terminal's own book.
type purseBook struct {
	id      purse.TerminalID
	journal *terminal.MemoryJournal
}

func newFarebox(clock *Clock, masters *perso.Masters) (b *farebox, err error) {
	module := func(role sam.Role, usage sam.Usage, id app.KeyID, number purse.TerminalID) (*sam.Software, error) {
		m, err := sam.NewSoftware(sam.Config{Role: role, Terminal: number, Numbers: new(sam.Counter)})
		if err == nil {
			err = m.Inject(sam.Ref{Usage: usage, Version: cardKeySet, Algorithm: key.SM4}, masters[id])
		}
		return m, err
	}
	b = &farebox{gate: &purseBook{purse.TerminalID{0x21, 0x01, 0, 0, 0, 0x07}, terminal.NewMemoryJournal()}, ledger: ledger.New(ledger.NewMemory())}
	taker, err := module(sam.Gate, sam.Purchase, app.KeyPurchase, b.gate.id)
	if err != nil {
		return nil, err
	}
	auditor, err := module(sam.Office, sam.TAC, app.KeyTAC, purse.TerminalID{})
	if err != nil {
		return nil, err
	}
	loader, err := module(sam.Desk, sam.Load, app.KeyLoad, purse.TerminalID{})
	if err != nil {
		return nil, err
	}
	b.office, err = epurse.Open(context.Background(), epurse.Config{Name: "purse", Ledger: b.ledger, Verifier: cardpurse.Verifier{Module: auditor}, Now: clock.Now})
	if err != nil {
		return nil, err
	}
	b.desk = &purseBook{purse.TerminalID{0x21, 0x01, 0, 0, 0xFF, 0x01}, terminal.NewMemoryJournal()}
	b.Terminal, err = terminal.New(terminal.Config{AID: app.TestAID, Module: taker, Journal: b.gate.journal, Now: clock.Now})
	if err != nil {
		return nil, err
	}
	b.loads, err = terminal.New(terminal.Config{AID: app.TestAID, Journal: b.desk.journal, Numbers: new(sam.Counter), Desk: b.desk.id, Now: clock.Now,
		Loads: &cardpurse.Host{Module: loader, Auditor: auditor, Office: b.office}})
	return b, err
}

// load puts money on a card.
func (b *farebox) load(ctx context.Context, c *Card, fen int64) error {
	s, err := b.loads.Open(ctx, c)
	if err != nil {
		return err
	}
	_, err = s.Load(ctx, fen)
	return err
}

// balanced sends the books of desk and bus to the office, lets it settle, and wants every fen that was loaded on the card
// or with the operator of the bus, and rides fares there.
func (b *farebox) balanced(ctx context.Context, c *Card, rides int64) error {
	for _, book := range []*purseBook{b.desk, b.gate} {
		if err := cardpurse.Upload(ctx, b.office, book.id, book.journal); err != nil {
			return err
		}
	}
	if err := b.office.Settle(ctx); err != nil {
		return err
	}
	findings, err := b.office.Findings(ctx)
	if err != nil {
		return err
	}
	s, err := b.Open(ctx, c)
	if err != nil {
		return err
	}
	onCard, err := s.Balance(ctx)
	if err != nil {
		return err
	}
	owed, err := b.ledger.Balance(ctx, epurse.FloatAccount)
	if err != nil {
		return err
	}
	if want := elderPurse - rides*elderFare; onCard != want || -owed.Net() != want || len(findings) != 0 {
		return fmt.Errorf("%d fen on the card, %d in the books, %d findings; the script says %d", onCard, -owed.Net(), len(findings), want)
	}
	return nil
}
