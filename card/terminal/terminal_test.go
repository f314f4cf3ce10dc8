package terminal_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/cos"
	"github.com/citizencode/citizencode/card/cos/costest"
	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/purse"
	"github.com/citizencode/citizencode/card/sam"
	"github.com/citizencode/citizencode/card/terminal"
	"github.com/citizencode/citizencode/card/timing"
)

var noon = time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)

// gateID and deskID are the numbers of the terminals.
var (
	gateID = purse.TerminalID{0x21, 0x01, 0, 0, 0, 0x07}
	deskID = purse.TerminalID{0x21, 0x01, 0, 0, 0x90, 0x01}
)

var keySet = map[sam.Usage]app.KeyID{sam.Purchase: app.KeyPurchase, sam.Load: app.KeyLoad, sam.TAC: app.KeyTAC, sam.GateAccess: app.KeyGate,
	sam.HospitalAccess: app.KeyHospital}

// module returns a module with the masters of the test cards.
func module(tb testing.TB, cfg sam.Config) *sam.Software {
	tb.Helper()
	m, err := sam.NewSoftware(cfg)
	require.NoError(tb, err)
	for usage, id := range keySet {
		if cfg.Role.Holds(usage) {
			require.NoError(tb, m.Inject(sam.Ref{Usage: usage, Version: 1, Algorithm: key.SM4}, costest.Master(id)))
		}
	}
	return m
}

// A gate is a terminal with its parts.
type gate struct {
	*terminal.Terminal
	journal *terminal.MemoryJournal
	module  sam.Purchaser
	now     time.Time
}

func newGate(tb testing.TB, id purse.TerminalID, change ...func(*terminal.Config)) *gate {
	tb.Helper()
	g := &gate{journal: terminal.NewMemoryJournal(), now: noon}
	g.module = module(tb, sam.Config{Role: sam.Gate, Terminal: id, Numbers: &sam.Counter{}})
	cfg := terminal.Config{AID: app.TestAID, Module: g.module, Journal: g.journal, Now: func() time.Time { return g.now }}
	for _, c := range change {
		c(&cfg)
	}
	var err error
	g.Terminal, err = terminal.New(cfg)
	require.NoError(tb, err)
	return g
}

// pay opens a session and takes money.
func (g *gate) pay(t card.Transport, fen int64) (*terminal.Receipt, error) {
	s, err := g.Open(context.Background(), t)
	if err != nil {
		return nil, err
	}
	return s.Purchase(context.Background(), fen)
}

// A host is a load host that knows no ledger.
type host struct {
	desk, office *sam.Software
	granted      []terminal.Claim
	seen         []uint16 // of Observe
	fault        error
}

func newHost(tb testing.TB) *host {
	return &host{desk: module(tb, sam.Config{Role: sam.Desk}), office: module(tb, sam.Config{Role: sam.Office})}
}

func (h *host) Grant(ctx context.Context, c terminal.Claim, mac1 purse.MAC) (purse.MAC, error) {
	if h.fault != nil {
		return purse.MAC{}, h.fault
	}
	mac2, err := h.desk.Load(ctx, c.Order, c.Balance, mac1)
	if err == nil {
		h.granted = append(h.granted, c)
	}
	return mac2, err
}

func (h *host) Observe(ctx context.Context, order sam.Transaction, balance purse.Amount, mac1 purse.MAC) error {
	h.seen = append(h.seen, order.Sequence)
	return h.desk.CheckLoad(ctx, order, balance, mac1)
}

func (h *host) Confirm(ctx context.Context, c terminal.Claim) error {
	return h.office.CheckLoadTAC(ctx, c.Order, c.Balance+c.Order.Amount, c.TAC)
}

// newDesk returns a load desk with its host.
func newDesk(tb testing.TB) (*terminal.Terminal, *host) {
	tb.Helper()
	h := newHost(tb)
	d, err := terminal.New(terminal.Config{AID: app.TestAID, Journal: terminal.NewMemoryJournal(), Loads: h, Numbers: &sam.Counter{}, Desk: deskID,
		Now: func() time.Time { return noon }})
	require.NoError(tb, err)
	return d, h
}

// load puts money on a card.
func load(tb testing.TB, c card.Transport, fen int64) {
	tb.Helper()
	d, _ := newDesk(tb)
	s, err := d.Open(context.Background(), c)
	require.NoError(tb, err)
	_, err = s.Load(context.Background(), fen)
	require.NoError(tb, err)
}

// cards makes a card once and hands out copies: to personalise one takes long.
func newCard(tb testing.TB, number uint32, fen int64) *cos.Card {
	tb.Helper()
	c := costest.New(tb, costest.Options{Number: number})
	if fen > 0 {
		load(tb, c, fen)
	}
	return c
}

// copyOf returns a card with the same memory.
func copyOf(tb testing.TB, c *cos.Card) *cos.Card {
	tb.Helper()
	twin, err := cos.New(c.Memory().Clone(), cos.Config{Rand: costest.Random(77)})
	require.NoError(tb, err)
	return twin
}

func balance(tb testing.TB, c *cos.Card) int64 {
	tb.Helper()
	_, err := c.Reset(true)
	require.NoError(tb, err)
	g := newGate(tb, gateID)
	s, err := g.Open(context.Background(), c)
	require.NoError(tb, err)
	fen, err := s.Balance(context.Background())
	require.NoError(tb, err)
	return fen
}

// failure returns the failure in err.
func failure(tb testing.TB, err error) *terminal.Failure {
	tb.Helper()
	f, ok := errors.AsType[*terminal.Failure](err)
	require.True(tb, ok, "%v", err)
	return f
}

func TestGate(t *testing.T) {
	ctx := context.Background()
	c := newCard(t, 1, 5000)
	m := &timing.Meter{Transport: c}
	g := newGate(t, gateID)
	s, err := g.Open(ctx, m)
	require.NoError(t, err)
	assert.Equal(t, costest.Serial(1), s.FCI().Serial)
	identity, err := s.Identify(ctx, app.AuthenticateRequest{Time: uint32(noon.Unix()), Audience: 1, Challenge: [16]byte{1}})
	require.NoError(t, err)
	assert.Equal(t, costest.Stand(), identity.Credential)
	assert.EqualValues(t, 1, identity.Counter)
	assert.Len(t, identity.Token(), 128+app.DynamicSize+app.SignatureSize)
	assert.Len(t, m.Exchanges, 3)
	assert.LessOrEqual(t, m.Bytes(), 450)

	r, err := s.Purchase(ctx, 200)
	require.NoError(t, err)
	assert.Len(t, m.Exchanges, 5, "identification and purchase")
	assert.LessOrEqual(t, m.Bytes(), 450)
	assert.False(t, r.Recovered)
	assert.EqualValues(t, 5000, r.Balance)
	office := module(t, sam.Config{Role: sam.Office})
	assert.NoError(t, office.CheckPurchaseTAC(ctx, r.Order, r.Number, r.TAC))
	wrong := r.TAC
	wrong[0]++
	assert.ErrorIs(t, office.CheckPurchaseTAC(ctx, r.Order, r.Number, wrong), sam.ErrWrongMAC)

	log, err := s.ReadLog(ctx, 10)
	require.NoError(t, err)
	require.Len(t, log, 2)
	assert.Equal(t, purse.LogRecord{Transaction: r.Order.Transaction}, log[0])
	assert.Equal(t, purse.Load, log[1].Kind)
	pending, err := g.journal.Pending(ctx, 10)
	require.NoError(t, err)
	assert.Equal(t, []terminal.Claim{r.Claim}, pending)
	assert.EqualValues(t, 4800, balance(t, c))
}

// TestAccess: a hospital reads who the person is, a gate does not, and nobody else learns it on the way.
func TestAccess(t *testing.T) {
	ctx := context.Background()
	c, g := newCard(t, 1, 0), newGate(t, gateID)
	hospital := module(t, sam.Config{Role: sam.Hospital})
	var wire []byte
	s, err := g.Open(ctx, transportFunc(func(command []byte) ([]byte, error) {
		answer, err := c.Transmit(command)
		wire = append(append(wire, command...), answer...)
		return answer, err
	}))
	require.NoError(t, err)
	access, err := s.Access(ctx, hospital, sam.HospitalAccess)
	require.NoError(t, err)
	person, err := access.ReadFile(ctx, app.SFIPerson)
	require.NoError(t, err)
	assert.Contains(t, string(person), "Test Person A")
	assert.NotContains(t, string(wire), "Test Person A")

	gate := module(t, sam.Config{Role: sam.Gate, Numbers: &sam.Counter{}})
	_, err = s.Access(ctx, gate, sam.HospitalAccess)
	assert.Equal(t, terminal.ModuleFault, failure(t, err).Reason)
	access, err = s.Access(ctx, gate, sam.GateAccess)
	require.NoError(t, err)
	_, err = access.ReadFile(ctx, app.SFIPerson)
	assert.ErrorIs(t, err, apdu.SecurityNotSatisfied)
	_, err = access.ReadFile(ctx, app.SFIPurseLog)
	assert.Error(t, err)
	_, err = s.Access(ctx, gate, sam.Purchase)
	assert.Equal(t, terminal.ModuleFault, failure(t, err).Reason)

	for _, ins := range []byte{apdu.InsGetChallenge, apdu.InsExternalAuthenticate, apdu.InsReadBinary} {
		s, err := g.Open(ctx, by(c, ins, flip(3)))
		require.NoError(t, err)
		access, err := s.Access(ctx, hospital, sam.HospitalAccess)
		if err == nil {
			_, err = access.ReadFile(ctx, app.SFIPerson)
		}
		failure(t, err)
	}
	s, err = g.Open(ctx, by(c, apdu.InsExternalAuthenticate, flip(3)))
	require.NoError(t, err)
	_, err = s.Access(ctx, hospital, sam.HospitalAccess)
	assert.Equal(t, terminal.WrongMAC, failure(t, err).Reason, "a card that has not the key")
}

// TestPIN: tries come down and are told.
func TestPIN(t *testing.T) {
	ctx := context.Background()
	c, g := newCard(t, 1, 0), newGate(t, gateID)
	s, err := g.Open(ctx, c)
	require.NoError(t, err)
	err = s.VerifyPIN(ctx, []byte{9, 9, 9})
	assert.Equal(t, apdu.Tries(2), failure(t, err).Status)
	assert.NoError(t, s.VerifyPIN(ctx, costest.PIN))
}

// TestModuleInSlot: a gate with a module behind a reader is as good, also after a restart that forgot what was on its way.
func TestModuleInSlot(t *testing.T) {
	ctx := context.Background()
	c := newCard(t, 1, 5000)
	slot, err := sam.NewEmulator(module(t, sam.Config{Role: sam.Gate, Terminal: gateID, Numbers: &sam.Counter{}}))
	require.NoError(t, err)
	journal := terminal.NewMemoryJournal()
	start := func() *gate {
		_, err := slot.Reset(true)
		require.NoError(t, err)
		m, err := sam.OpenModule(ctx, slot)
		require.NoError(t, err)
		return newGate(t, gateID, func(cfg *terminal.Config) { cfg.Module, cfg.Journal = m, journal })
	}
	_, err = start().pay(lose(c, purse.InsDebit), 200)
	require.Error(t, err)
	g := start()
	r, err := g.pay(c, 200)
	require.NoError(t, err)
	assert.True(t, r.Recovered)
	r, err = g.pay(c, 300)
	require.NoError(t, err)
	assert.False(t, r.Recovered)
	assert.EqualValues(t, 2, r.Number)
	assert.EqualValues(t, 4500, balance(t, c))
}
