package epurse_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/epurse"
	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/ledger"
)

var (
	ctx  = context.Background()
	noon = time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)
)

const (
	cardA = "9900000000000001"
	gateA = "210100000001"
	gateB = "210100000002"
	gateC = "210100000003"
	desk  = "210100009001"
	forge = "0badc0de"
)

// stamp takes every certificate but one for true.
type stamp struct{ fault error }

func (s *stamp) CheckTAC(_ context.Context, c epurse.Claim) (bool, error) {
	return c.TAC != forge, s.fault
}

// A bureau is an office with its parts.
type bureau struct {
	*epurse.Office
	tb     testing.TB
	cfg    epurse.Config
	ledger *ledger.Ledger
	stamp  *stamp
	now    time.Time
}

func newBureau(tb testing.TB) *bureau {
	b := &bureau{tb: tb, ledger: ledger.New(ledger.NewMemory()), stamp: &stamp{}, now: noon}
	b.cfg = epurse.Config{Name: "purse", Ledger: b.ledger, Verifier: b.stamp, Events: eventlog.NewMemory(), Now: func() time.Time { return b.now }}
	b.reopen()
	return b
}

func (b *bureau) reopen() {
	var err error
	b.Office, err = epurse.Open(ctx, b.cfg)
	require.NoError(b.tb, err)
}

func (b *bureau) send(list ...epurse.Claim) *epurse.Receipt {
	var r *epurse.Receipt
	for _, c := range list {
		var err error
		r, err = b.Upload(ctx, epurse.Batch{Terminal: c.Terminal, Claims: []epurse.Claim{c}})
		require.NoError(b.tb, err)
	}
	return r
}

func (b *bureau) settle() {
	require.NoError(b.tb, b.Settle(ctx))
	totals, err := b.ledger.Totals(ctx)
	require.NoError(b.tb, err)
	require.Zero(b.tb, totals.Net())
}

// later settles when nobody is waited for any more.
func (b *bureau) later() {
	b.now = b.now.Add(epurse.DefaultWait + time.Hour)
	b.settle()
}

// has returns what an account is worth, in fen: above zero for what the city owes.
func (b *bureau) has(name string) int64 {
	a, err := ledger.ParseAccount("liability/epurse/" + name)
	require.NoError(b.tb, err)
	balance, err := b.ledger.Balance(ctx, a)
	require.NoError(b.tb, err)
	return -balance.Net()
}

func (b *bureau) kinds() (list []string) {
	findings, err := b.Findings(ctx)
	require.NoError(b.tb, err)
	for _, f := range findings {
		list = append(list, f.Kind)
	}
	return list
}

func purchase(terminal string, number uint32, sequence uint16, fen int64) epurse.Claim {
	return epurse.Claim{Terminal: terminal, Number: number, Kind: epurse.Purchase, Card: cardA, Sequence: sequence, Fen: fen, Balance: 5000,
		Time: noon.Add(time.Duration(number) * time.Second), KeyVersion: 1, Algorithm: 4, State: epurse.Paid, Served: true, TAC: "01020304"}
}

func unresolved(c epurse.Claim) epurse.Claim {
	c.State, c.Served, c.TAC = epurse.Unresolved, false, ""
	return c
}

func notCharged(c epurse.Claim) epurse.Claim {
	c = unresolved(c)
	c.State = epurse.NotCharged
	return c
}

func record(c epurse.Claim) epurse.Record {
	return epurse.Record{Card: c.Card, Kind: c.Kind, Sequence: c.Sequence, Fen: c.Fen, Terminal: c.Terminal}
}

func TestPaid(t *testing.T) {
	b := newBureau(t)
	c := purchase(gateA, 1, 0, 200)
	assert.Equal(t, &epurse.Receipt{New: 1}, b.send(c))
	assert.Equal(t, &epurse.Receipt{Known: 1}, b.send(c))
	for range 2 {
		b.settle()
		assert.EqualValues(t, 200, b.has("merchant/"+gateA))
		assert.EqualValues(t, -200, b.has("float"))
	}
	assert.Empty(t, b.kinds())
	b.reopen()
	b.send(c)
	b.settle()
	assert.EqualValues(t, 200, b.has("merchant/"+gateA))
}

// TestDecisions: what becomes of claims whose answer was lost. Each case is sent in every order.
func TestDecisions(t *testing.T) {
	for _, x := range []struct {
		name     string
		claims   []epurse.Claim
		log      []epurse.Record
		merchant string // of 200 fen
		holder   int64
		kinds    []string
	}{
		{"nothing more is known", []epurse.Claim{unresolved(purchase(gateA, 1, 0, 200))}, nil, "", 0, []string{epurse.Undecided}},
		{"the terminal found it out", []epurse.Claim{unresolved(purchase(gateA, 1, 0, 200)), purchase(gateA, 1, 0, 200)}, nil, gateA, 0, nil},
		{"and that nothing moved", []epurse.Claim{unresolved(purchase(gateA, 1, 0, 200)), notCharged(purchase(gateA, 1, 0, 200))}, nil, "", 0, nil},
		{"another has this number", []epurse.Claim{unresolved(purchase(gateA, 1, 0, 350)), purchase(gateB, 1, 0, 200)}, nil, gateB, 0, nil},
		{"the card went on", []epurse.Claim{unresolved(purchase(gateA, 1, 0, 350)), purchase(gateB, 1, 1, 200)}, nil, gateB, 350, []string{epurse.NotServed}},
		{"the card lied, and went on", []epurse.Claim{notCharged(purchase(gateA, 1, 0, 350)), purchase(gateB, 1, 1, 200)}, nil, gateB, 350, []string{epurse.NotServed}},
		{"two of one amount, and it went on", []epurse.Claim{unresolved(purchase(gateA, 1, 0, 350)), unresolved(purchase(gateC, 1, 0, 350)), purchase(gateB, 1, 1, 200)},
			nil, gateB, 350, []string{epurse.NotServed}},
		{"two of different amounts", []epurse.Claim{unresolved(purchase(gateA, 1, 0, 350)), unresolved(purchase(gateC, 1, 0, 100)), purchase(gateB, 1, 1, 200)},
			nil, gateB, 0, []string{epurse.Ambiguous}},
		{"the log tells which", []epurse.Claim{unresolved(purchase(gateA, 1, 0, 350)), unresolved(purchase(gateC, 1, 0, 100)), purchase(gateB, 1, 1, 200)},
			[]epurse.Record{record(purchase(gateC, 1, 0, 100))}, gateB, 100, []string{epurse.NotServed}},
		{"the log alone makes nothing true", []epurse.Claim{unresolved(purchase(gateA, 1, 0, 350))}, []epurse.Record{record(purchase(gateA, 1, 0, 350))},
			"", 0, []string{epurse.Undecided}},
		{"nor one that has gone on", []epurse.Claim{notCharged(purchase(gateA, 1, 0, 350))},
			[]epurse.Record{record(purchase(gateA, 1, 0, 350)), record(purchase(gateC, 1, 7, 350))}, "", 0, nil},
		{"the log names a terminal that was not heard", []epurse.Claim{unresolved(purchase(gateA, 1, 0, 350)), purchase(gateB, 1, 1, 200)},
			[]epurse.Record{record(purchase(gateC, 1, 0, 350))}, gateB, 0, []string{epurse.SequenceGap}},
		{"and nobody else claims it", []epurse.Claim{purchase(gateB, 1, 1, 200)}, []epurse.Record{record(purchase(gateC, 1, 0, 350))},
			gateB, 0, []string{epurse.SequenceGap}},
		{"two logs", []epurse.Claim{unresolved(purchase(gateA, 1, 0, 350)), purchase(gateB, 1, 1, 200)},
			[]epurse.Record{record(purchase(gateA, 1, 0, 350)), record(purchase(gateC, 1, 0, 350))}, gateB, 0, []string{epurse.Ambiguous}},
		{"an order under a number that the card never had", []epurse.Claim{notCharged(purchase(gateA, 1, 40_000, 350)), purchase(gateB, 1, 0, 200)}, nil, gateB, 0, nil},
		{"nobody claims a number", []epurse.Claim{purchase(gateB, 1, 3, 200)}, nil, gateB, 0, []string{epurse.SequenceGap}},
		{"paid, too late to be served", []epurse.Claim{func() epurse.Claim { c := purchase(gateA, 1, 0, 350); c.Served = false; return c }()}, nil, "", 350, []string{epurse.NotServed}},
	} {
		t.Run(x.name, func(t *testing.T) {
			for order := range 6 {
				b := newBureau(t)
				rng := rand.New(rand.NewPCG(uint64(order), 0))
				var sends []func()
				for _, c := range x.claims {
					sends = append(sends, func() { b.send(c) })
				}
				for _, r := range x.log {
					sends = append(sends, func() {
						_, err := b.Upload(ctx, epurse.Batch{Terminal: gateC, Log: []epurse.Record{r}})
						require.NoError(t, err)
					})
				}
				rng.Shuffle(len(sends), func(i, j int) { sends[i], sends[j] = sends[j], sends[i] })
				for _, send := range sends {
					send()
					if order%2 == 0 {
						b.settle()
					}
				}
				b.later()
				assert.Equal(t, x.kinds, b.kinds())
				assert.Equal(t, x.holder, b.has("holder/"+cardA))
				paid := int64(0)
				if x.merchant != "" {
					paid = 200
					assert.EqualValues(t, 200, b.has("merchant/"+x.merchant))
				}
				assert.Equal(t, -paid-x.holder, b.has("float"))
			}
		})
	}
}

// TestServedLater: the person came again in time, and passed for what the terminal had found paid. In any order.
func TestServedLater(t *testing.T) {
	paid := purchase(gateA, 1, 0, 200)
	paid.Served = false
	served := purchase(gateA, 1, 0, 200)
	for _, order := range [][]epurse.Claim{{paid, served}, {served, paid}} {
		b := newBureau(t)
		for _, c := range order {
			b.send(c)
			b.settle()
		}
		assert.EqualValues(t, 200, b.has("merchant/"+gateA))
		assert.Zero(t, b.has("holder/"+cardA))
	}
}

// TestLate: a terminal that was offline for longer than anybody waited proves that it was another one. What was given
// back is taken back.
func TestLate(t *testing.T) {
	b := newBureau(t)
	b.send(unresolved(purchase(gateA, 1, 0, 350)), purchase(gateB, 1, 1, 200))
	b.settle()
	assert.Zero(t, b.has("holder/"+cardA), "nobody guesses before the others were heard")
	assert.Equal(t, []string{epurse.Undecided}, b.kinds())
	b.later()
	assert.EqualValues(t, 350, b.has("holder/"+cardA))
	b.send(purchase(gateC, 1, 0, 300))
	b.settle()
	assert.Zero(t, b.has("holder/"+cardA))
	assert.EqualValues(t, 300, b.has("merchant/"+gateC))
	assert.EqualValues(t, -500, b.has("float"))
	assert.Empty(t, b.kinds())
}

func TestFindings(t *testing.T) {
	b := newBureau(t)
	forged := purchase(gateA, 1, 0, 200)
	forged.TAC = forge
	r := b.send(forged, forged)
	require.Len(t, r.Refused, 1)
	assert.Equal(t, epurse.WrongTAC, r.Refused[0].Kind)
	b.settle()
	assert.Zero(t, b.has("merchant/"+gateA))
	assert.Equal(t, []string{epurse.WrongTAC}, b.kinds(), "once, and its number is not missing")

	b = newBureau(t)
	b.send(purchase(gateA, 1, 0, 200))
	r = b.send(purchase(gateA, 1, 0, 300))
	require.Len(t, r.Refused, 1)
	assert.Equal(t, epurse.ClaimConflict, r.Refused[0].Kind)
	assert.Len(t, r.Refused[0].Claims, 2)
	b.settle()
	assert.EqualValues(t, 200, b.has("merchant/"+gateA), "the first stands")

	b = newBureau(t)
	b.send(purchase(gateA, 1, 0, 200), purchase(gateB, 1, 0, 300))
	b.settle()
	assert.Equal(t, []string{epurse.SameSequence}, b.kinds())
	assert.EqualValues(t, -500, b.has("float"), "both are proven")

	b = newBureau(t)
	b.send(purchase(gateA, 1, 0, 200), purchase(gateA, 5, 1, 200), purchase(gateA, 3, 2, 200))
	findings, err := b.Findings(ctx)
	require.NoError(t, err)
	require.Len(t, findings, 2)
	assert.Equal(t, epurse.Finding{Kind: epurse.NumberGap, Of: gateA, Detail: "2"}, findings[0])
	assert.Equal(t, epurse.Finding{Kind: epurse.NumberGap, Of: gateA, Detail: "4"}, findings[1])
}

// TestCounters: what a card has signed and nobody reports is found, whatever the order; the same report again is not
// news, and another one of the same counter is.
func TestCounters(t *testing.T) {
	answer := func(counter uint32, place string) epurse.Answer {
		return epurse.Answer{Serial: "210100/1#0:101", Counter: counter, Place: place, Time: noon}
	}
	send := func(b *bureau, list ...epurse.Answer) *epurse.Receipt {
		r, err := b.Upload(ctx, epurse.Batch{Terminal: gateA, Answers: list})
		require.NoError(t, err)
		return r
	}
	b := newBureau(t)
	assert.Equal(t, &epurse.Receipt{New: 2}, send(b, answer(7, "bus 9"), answer(2, "bus 9")))
	assert.Equal(t, &epurse.Receipt{Known: 1, New: 2}, send(b, answer(7, "bus 9"), answer(3, "bus 9"), answer(1, "hospital 2")))
	findings, err := b.Findings(ctx)
	require.NoError(t, err)
	assert.Equal(t, []epurse.Finding{{Kind: epurse.CounterGap, Of: "210100/1#0:101", Detail: "4 to 6"}}, findings)
	send(b, answer(2, "bus 10"))
	b.reopen()
	send(b, answer(4, "bus 9"), answer(6, "bus 9"), answer(5, "bus 9"))
	findings, err = b.Findings(ctx)
	require.NoError(t, err)
	require.Len(t, findings, 1)
	assert.Equal(t, epurse.CounterTwice, findings[0].Kind)
	assert.Contains(t, findings[0].Detail, "bus 9 at 2026-11-22 04:00:00, bus 10")
}

func grant(number uint32, sequence uint16, fen int64) epurse.Claim {
	c := unresolved(purchase(desk, number, sequence, fen))
	c.Kind = epurse.Load
	return c
}

func loaded(c epurse.Claim) epurse.Claim {
	c.State, c.TAC = epurse.Paid, "01020304"
	return c
}

func TestLoads(t *testing.T) {
	b := newBureau(t)
	for range 2 {
		require.NoError(t, b.Grant(ctx, grant(1, 0, 1000)))
		b.settle()
		assert.EqualValues(t, 1000, b.has("suspense"))
	}
	assert.Equal(t, []string{epurse.Undecided}, b.kinds())
	assert.ErrorIs(t, b.Grant(ctx, grant(1, 0, 900)), epurse.ErrNumberTaken)

	// Its certificate comes.
	b.send(loaded(grant(1, 0, 1000)))
	b.settle()
	assert.Zero(t, b.has("suspense"))
	assert.EqualValues(t, 1000, b.has("float"))

	// Granted, and the card proves that it never came: the next grant has the same number.
	require.NoError(t, b.Grant(ctx, grant(2, 1, 500)))
	require.NoError(t, b.Grant(ctx, grant(3, 1, 700)))
	b.settle()
	assert.EqualValues(t, 500, b.has("payback/"+cardA))
	assert.EqualValues(t, 700, b.has("suspense"))
	// The certificate is lost, and the card proves that it has gone on.
	require.NoError(t, b.Observe(ctx, cardA, 2))
	require.NoError(t, b.Observe(ctx, cardA, 2))
	b.settle()
	assert.EqualValues(t, 1700, b.has("float"))
	assert.Zero(t, b.has("suspense"))
	assert.Empty(t, b.kinds())

	// A void one turns up with a certificate after all: the certificate is the truth.
	require.NoError(t, b.Grant(ctx, grant(4, 2, 100)))
	require.NoError(t, b.Observe(ctx, cardA, 2))
	b.settle()
	assert.EqualValues(t, 600, b.has("payback/"+cardA))
	b.reopen()
	b.send(loaded(grant(4, 2, 100)))
	b.settle()
	assert.EqualValues(t, 500, b.has("payback/"+cardA))
	assert.EqualValues(t, 1800, b.has("float"))

	// A load that nobody granted is money made.
	b.send(loaded(grant(5, 3, 9900)))
	b.settle()
	assert.Equal(t, []string{epurse.NotGranted}, b.kinds())
	assert.EqualValues(t, 11_700, b.has("float"), "the card holds it")

	for _, bad := range []epurse.Claim{{}, loaded(grant(6, 4, 100)), purchase(gateA, 1, 0, 200), unresolved(purchase(gateA, 1, 0, 200))} {
		assert.Error(t, b.Grant(ctx, bad))
	}
	assert.Error(t, b.Observe(ctx, "x", 1))
}

func TestRequests(t *testing.T) {
	b := newBureau(t)
	for path, spoil := range map[string]func(*epurse.Batch){
		"terminal":           func(b *epurse.Batch) { b.Terminal = "gate" },
		"claims[0].terminal": func(b *epurse.Batch) { b.Claims[0].Terminal = gateB },
		"claims[0].number":   func(b *epurse.Batch) { b.Claims[0].Number = 0 },
		"claims[0].kind":     func(b *epurse.Batch) { b.Claims[0].Kind = "gift" },
		"claims[0].card":     func(b *epurse.Batch) { b.Claims[0].Card = strings.ToUpper("990000000000000a") },
		"claims[0].fen":      func(b *epurse.Batch) { b.Claims[0].Fen = 0 },
		"claims[0].balance":  func(b *epurse.Batch) { b.Claims[0].Balance = -1 },
		"claims[0].time":     func(b *epurse.Batch) { b.Claims[0].Time = noon.Add(1) },
		"claims[0].state":    func(b *epurse.Batch) { b.Claims[0].State = "" },
		"claims[0].tac":      func(b *epurse.Batch) { b.Claims[0].TAC = "" },
		"claims[0].served":   func(b *epurse.Batch) { b.Claims[0].State, b.Claims[0].TAC = epurse.Unresolved, "" },
		"log[0].fen":         func(b *epurse.Batch) { b.Log[0].Fen = epurse.MaxFen + 1 },
		"log[0].terminal":    func(b *epurse.Batch) { b.Log[0].Terminal = "" },
		"answers[0].counter": func(b *epurse.Batch) { b.Answers[0].Counter = 0 },
		"answers[0].serial":  func(b *epurse.Batch) { b.Answers[0].Serial = strings.Repeat("s", 65) },
		"answers[0].place":   func(b *epurse.Batch) { b.Answers[0].Place = "" },
		"answers[0].time":    func(b *epurse.Batch) { b.Answers[0].Time = time.Time{} },
		"claims":             func(b *epurse.Batch) { b.Claims = make([]epurse.Claim, epurse.MaxBatch+1) },
	} {
		c := purchase(gateA, 1, 0, 200)
		batch := epurse.Batch{Terminal: gateA, Claims: []epurse.Claim{c}, Log: []epurse.Record{record(c)},
			Answers: []epurse.Answer{{Serial: "s", Counter: 1, Place: "p", Time: noon}}}
		spoil(&batch)
		_, err := b.Upload(ctx, batch)
		wrong, ok := errors.AsType[*scenarios.RequestError](err)
		require.True(t, ok, path)
		assert.Equal(t, path, wrong.Path)
	}
	b.stamp.fault = errors.New("no module")
	_, err := b.Upload(ctx, epurse.Batch{Terminal: gateA, Claims: []epurse.Claim{purchase(gateA, 1, 0, 200)}})
	assert.ErrorIs(t, err, b.stamp.fault)
	assert.Empty(t, b.kinds(), "a fault says nothing about the claim")
	for _, bad := range []epurse.Config{{}, {Ledger: b.ledger, Verifier: b.stamp}, {Ledger: b.ledger, Verifier: b.stamp, Name: strings.Repeat("n", 25)}} {
		_, err := epurse.Open(ctx, bad)
		assert.Error(t, err)
	}
}

// shaky is a ledger store that fails before or behind some of its commits.
type shaky struct {
	ledger.Store
	rng *rand.Rand
}

var errShaky = errors.New("the database went away")

func (s *shaky) Commit(ctx context.Context, txs []*ledger.Transaction, atomic bool) ([]ledger.Verdict, error) {
	switch s.rng.IntN(3) {
	case 0:
		return nil, errShaky
	case 1:
		s.Store.Commit(ctx, txs, atomic)
		return nil, errShaky
	}
	return s.Store.Commit(ctx, txs, atomic)
}

// TestAnyOrder: the same claims in any order, in any batches, any number of times, settled at any time, with restarts and
// a ledger that fails, end in the same books.
func TestAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var sets []epurse.Claim
		var log []epurse.Record
		numbers := map[string]uint32{}
		for n := range uint16(rapid.IntRange(1, 5).Draw(t, "slots")) {
			for range rapid.IntRange(0, 3).Draw(t, "claims") {
				gate := rapid.SampledFrom([]string{gateA, gateB, gateC}).Draw(t, "gate")
				numbers[gate]++
				c := purchase(gate, numbers[gate], n, rapid.SampledFrom([]int64{100, 200}).Draw(t, "fen"))
				if rapid.IntRange(0, 3).Draw(t, "log") == 0 {
					log = append(log, record(c))
				}
				switch rapid.IntRange(0, 3).Draw(t, "state") {
				case 0:
					sets = append(sets, unresolved(c), c)
				case 1:
					sets = append(sets, c)
				case 2:
					sets = append(sets, unresolved(c), notCharged(c))
				case 3:
					sets = append(sets, unresolved(c))
				}
			}
		}
		seed := rapid.Uint64().Draw(t, "seed")
		play := func(rng *rand.Rand, bad bool) string {
			store := ledger.NewMemory()
			books := ledger.New(store)
			now := noon
			cfg := epurse.Config{Name: "purse", Ledger: books, Verifier: &stamp{}, Events: eventlog.NewMemory(), Now: func() time.Time { return now }}
			if bad {
				cfg.Ledger = ledger.New(&shaky{store, rng})
			}
			o, err := epurse.Open(ctx, cfg)
			require.NoError(t, err)
			claims := append([]epurse.Claim(nil), sets...)
			records := append([]epurse.Record(nil), log...)
			if bad {
				claims, records = append(claims, sets...), append(records, log...)
				rng.Shuffle(len(claims), func(i, j int) { claims[i], claims[j] = claims[j], claims[i] })
				rng.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
			}
			for len(claims)+len(records) > 0 {
				b := epurse.Batch{Terminal: gateC}
				if len(claims) > 0 {
					b.Terminal, b.Claims, claims = claims[0].Terminal, claims[:1], claims[1:]
				}
				if len(records) > 0 {
					b.Log, records = records[:1], records[1:]
				}
				_, err := o.Upload(ctx, b)
				require.NoError(t, err)
				if !bad {
					continue
				}
				switch rng.IntN(4) {
				case 0:
					now = now.Add(time.Duration(rng.IntN(int(epurse.DefaultWait))))
					o.Settle(ctx)
				case 1:
					o, err = epurse.Open(ctx, cfg)
					require.NoError(t, err)
				}
			}
			now = noon.Add(100 * epurse.DefaultWait)
			for i := 0; ; i++ {
				if err = o.Settle(ctx); err == nil {
					break
				}
				require.ErrorIs(t, err, errShaky)
				require.Less(t, i, 1000)
			}
			var end strings.Builder
			for _, name := range []string{"float", "merchant/" + gateA, "merchant/" + gateB, "merchant/" + gateC, "holder/" + cardA} {
				balance, err := books.Balance(ctx, ledger.MustAccount(ledger.Liability, append([]string{"epurse"}, strings.Split(name, "/")...)...))
				require.NoError(t, err)
				fmt.Fprintf(&end, "%s %d\n", name, balance.Net())
			}
			findings, err := o.Findings(ctx)
			require.NoError(t, err)
			for _, f := range findings {
				fmt.Fprintf(&end, "%s %s %d\n", f.Kind, f.Detail, len(f.Claims))
			}
			return end.String()
		}
		require.Equal(t, play(nil, false), play(rand.New(rand.NewPCG(seed, 1)), true))
	})
}
