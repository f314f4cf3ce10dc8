package terminal_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/purse"
	"github.com/citizencode/citizencode/card/sam"
	"github.com/citizencode/citizencode/card/terminal"
)

// flip turns a byte of an answer over.
func flip(at int) func([]byte) ([]byte, error) {
	return func(a []byte) ([]byte, error) {
		if at < len(a)-2 {
			a[at] ^= 0x41
		}
		return a, nil
	}
}

func says(b ...byte) func([]byte) ([]byte, error) {
	return func([]byte) ([]byte, error) { return bytes.Clone(b), nil }
}

func status(s apdu.Status) func([]byte) ([]byte, error) {
	return says(binary.BigEndian.AppendUint16(nil, uint16(s))...)
}

// TestLiar: what a card that lies gets, and what it costs.
func TestLiar(t *testing.T) {
	full := newCard(t, 1, 5000)
	refused := func([]byte) ([]byte, error) { return nil, errors.New("reader unplugged") }
	for _, x := range []struct {
		name    string
		ins     byte
		change  func([]byte) ([]byte, error)
		reason  terminal.Reason
		outcome terminal.Outcome
	}{
		{"no application", apdu.InsSelect, status(apdu.FileNotFound), terminal.NotOurs, terminal.NothingMoved},
		{"an FCI of nothing", apdu.InsSelect, says(0x90, 0), terminal.BadAnswer, terminal.NothingMoved},
		{"an FCI cut short", apdu.InsSelect, says(0x6F, 0x30, 0x84, 0x90, 0), terminal.BadAnswer, terminal.NothingMoved},
		{"another application", apdu.InsSelect, flip(5), terminal.NotOurs, terminal.NothingMoved},
		{"too short for an answer", apdu.InsSelect, says(0x90), terminal.CardLost, terminal.NothingMoved},
		{"a status of no kind", purse.InsInitialize, says(0x12, 0x34), terminal.BadAnswer, terminal.NothingMoved},
		{"a refusal", purse.InsInitialize, status(apdu.AppBlocked), terminal.Refused, terminal.NothingMoved},
		{"too little", purse.InsInitialize, status(apdu.InsufficientBalance), terminal.TooLittle, terminal.NothingMoved},
		{"less than it says", purse.InsInitialize, func(a []byte) ([]byte, error) { return append(make([]byte, 4), a[4:]...), nil }, terminal.TooLittle, terminal.NothingMoved},
		{"an answer too long", purse.InsInitialize, func(a []byte) ([]byte, error) { return append(make([]byte, 9), a...), nil }, terminal.TooMuch, terminal.NothingMoved},
		{"an answer of 64 KiB", purse.InsInitialize, func([]byte) ([]byte, error) { return make([]byte, card.MaxAnswer+1), nil }, terminal.TooMuch, terminal.NothingMoved},
		{"more and more", everything, says(1, 0x61, 0xFF), terminal.TooMuch, terminal.NothingMoved},
		{"an answer too short", purse.InsInitialize, says(1, 2, 3, 0x90, 0), terminal.BadAnswer, terminal.NothingMoved},
		{"3DES", purse.InsInitialize, func(a []byte) ([]byte, error) { a[10] = 0; return a, nil }, terminal.WrongAlgorithm, terminal.NothingMoved},
		{"an algorithm of its own", purse.InsInitialize, func(a []byte) ([]byte, error) { a[10] = 9; return a, nil }, terminal.BadAnswer, terminal.NothingMoved},
		{"an overdraft", purse.InsInitialize, flip(7), terminal.Contradiction, terminal.NothingMoved},
		{"a key that nobody has", purse.InsInitialize, flip(9), terminal.ModuleFault, terminal.NothingMoved},
		// The order was sent under a random that the card has not: it refuses, and says so behind it.
		{"another random", purse.InsInitialize, flip(11), terminal.Refused, terminal.NothingMoved},
		{"a wrong MAC2, once", purse.InsDebit, flip(4), "", 0},
		{"no answer to the order", purse.InsDebit, refused, terminal.CardLost, terminal.Unknown},
		{"garbage to the order", purse.InsDebit, says(1, 0x90, 0), "", 0},
		{"a refusal of what it did", purse.InsDebit, status(apdu.MACError), "", 0},
	} {
		t.Run(x.name, func(t *testing.T) {
			c, g := copyOf(t, full), newGate(t, gateID)
			r, err := g.pay(by(c, x.ins, x.change), 200)
			if x.reason == "" {
				require.NoError(t, err, "GET TRANSACTION PROVE tells")
				assert.True(t, r.Recovered)
				assert.EqualValues(t, 4800, balance(t, c))
				return
			}
			f := failure(t, err)
			assert.Equal(t, x.reason, f.Reason, "%v", err)
			assert.ErrorIs(t, err, x.reason)
			assert.Equal(t, x.outcome, f.Outcome)
			if x.outcome == terminal.NothingMoved {
				assert.EqualValues(t, 5000, balance(t, c))
			}
		})
	}
}

// TestForgedPayment: a card without the keys says that it has paid, again and again. Nobody passes.
func TestForgedPayment(t *testing.T) {
	c, g := newCard(t, 1, 5000), newGate(t, gateID)
	forger := transportFunc(func(command []byte) ([]byte, error) {
		switch command[1] {
		case purse.InsDebit, purse.InsProve:
			return []byte{1, 2, 3, 4, 5, 6, 7, 8, 0x90, 0}, nil
		}
		return c.Transmit(command)
	})
	for range 3 {
		r, err := g.pay(forger, 200)
		assert.Nil(t, r)
		f := failure(t, err)
		assert.Equal(t, terminal.WrongMAC, f.Reason)
		assert.Equal(t, terminal.Unknown, f.Outcome)
	}
	assert.EqualValues(t, 5000, balance(t, c))
	pending, err := g.journal.Pending(context.Background(), 10)
	require.NoError(t, err)
	require.Len(t, pending, 3)
	for _, claim := range pending {
		assert.Equal(t, terminal.Disputed, claim.State)
		assert.False(t, claim.Served)
	}
}

// TestContradictions: a card that runs backwards stays unresolved, and gets nothing more here.
func TestContradictions(t *testing.T) {
	c, g := newCard(t, 1, 5000), newGate(t, gateID)
	_, err := g.pay(c, 100)
	require.NoError(t, err)
	_, err = g.pay(lose(c, purse.InsDebit), 200)
	require.Error(t, err)
	for name, change := range map[string]func([]byte) ([]byte, error){
		"an earlier number":                        func(a []byte) ([]byte, error) { a[4], a[5] = 0, 0; return a, nil },
		"the same number and less money than then": func(a []byte) ([]byte, error) { a[4], a[5] = 0, 1; return a, nil },
	} {
		liar := by(by(c, purse.InsInitialize, change), purse.InsProve, status(apdu.NoMACAvailable))
		_, err = g.pay(liar, 200)
		f := failure(t, err)
		assert.Equal(t, terminal.Contradiction, f.Reason, "%s: %v", name, err)
		assert.Equal(t, terminal.Unknown, f.Outcome)
	}
	r, err := g.pay(c, 200)
	require.NoError(t, err)
	assert.True(t, r.Recovered, "the truth still opens")
}

// TestSwap: another card behind the first SELECT.
func TestSwap(t *testing.T) {
	ctx := context.Background()
	first, second, g := newCard(t, 1, 5000), newCard(t, 2, 5000), newGate(t, gateID)
	var now card.Transport = first
	s, err := g.Open(ctx, transportFunc(func(command []byte) ([]byte, error) { return now.Transmit(command) }))
	require.NoError(t, err)
	now = second
	_, err = second.Reset(true)
	require.NoError(t, err)
	_, err = s.Purchase(ctx, 200)
	assert.Equal(t, terminal.Refused, failure(t, err).Reason, "it was not selected")
	assert.Equal(t, terminal.OtherCard, failure(t, s.Again(ctx)).Reason)
	// Now it is, and would take an order if its key were the first one's.
	_, err = s.Purchase(ctx, 200)
	f := failure(t, err)
	assert.Equal(t, terminal.Refused, f.Reason)
	assert.Equal(t, apdu.MACError, f.Status)
	assert.EqualValues(t, 5000, balance(t, first))
	assert.EqualValues(t, 5000, balance(t, second))
}

// TestStall: a card that says nothing is given up in time, whether its transport listens or not.
func TestStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, g := newCard(t, 1, 5000), newGate(t, gateID)
		woke := make(chan bool)
		deaf := transportFunc(func(command []byte) ([]byte, error) {
			answer, err := c.Transmit(command)
			if command[1] == purse.InsDebit {
				time.Sleep(time.Hour)
				close(woke)
			}
			return answer, err
		})
		began := time.Now()
		_, err := g.pay(deaf, 200)
		f := failure(t, err)
		assert.Equal(t, terminal.Stalled, f.Reason)
		assert.Equal(t, terminal.Unknown, f.Outcome)
		assert.Equal(t, terminal.DefaultTimeout, time.Since(began))
		<-woke
		r, err := g.pay(c, 200)
		require.NoError(t, err)
		assert.True(t, r.Recovered)
	})
}

// TestGivenUp: a caller who stops waiting is a card that is lost.
func TestGivenUp(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	c, g := newCard(t, 1, 5000), newGate(t, gateID)
	s, err := g.Open(ctx, c)
	require.NoError(t, err)
	cancel()
	_, err = s.Purchase(ctx, 200)
	require.Error(t, err)
	assert.EqualValues(t, 5000, balance(t, c))
}

func TestLimits(t *testing.T) {
	c, g := newCard(t, 1, 5000), newGate(t, gateID)
	for _, fen := range []int64{-1, 0, terminal.DefaultMaxPurchase + 1, 1 << 40} {
		_, err := g.pay(c, fen)
		assert.Equal(t, terminal.OverLimit, failure(t, err).Reason)
	}
	_, err := g.pay(c, 5001)
	assert.Equal(t, terminal.TooLittle, failure(t, err).Reason)
	for _, bad := range []terminal.Config{{}, {AID: "x"}, {AID: app.TestAID, Module: g.module}, {AID: app.TestAID, Loads: newHost(t), Journal: g.journal}} {
		_, err := terminal.New(bad)
		assert.Error(t, err)
	}
	bare, err := terminal.New(terminal.Config{AID: app.TestAID})
	require.NoError(t, err)
	s, err := bare.Open(context.Background(), c)
	require.NoError(t, err)
	_, err = s.Purchase(context.Background(), 100)
	assert.Equal(t, terminal.ModuleFault, failure(t, err).Reason)
	_, err = s.Load(context.Background(), 100)
	assert.Equal(t, terminal.HostFault, failure(t, err).Reason)
}

// FuzzTerminal is a terminal against a hostile card: one that answers what the fuzzer wants in place of, before or behind
// what an honest card would. Whatever it is, nothing panics, memory is bounded, and there is a receipt only where the
// card's balance went down.
func FuzzTerminal(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0, 0, 0, 3, 0, 1, 4, 0x55, 0x90, 0})
	f.Add([]byte{2, 6, 1, 2, 3, 4, 0x90, 0, 1, 2, 0x61, 0x10})
	full := newCard(f, 1, 5000)
	f.Fuzz(func(t *testing.T, script []byte) {
		ctx := context.Background()
		c := copyOf(t, full)
		hostile := transportFunc(func(command []byte) ([]byte, error) {
			answer, err := c.Transmit(command)
			if len(script) == 0 || err != nil {
				return answer, err
			}
			how := script[0]
			script = script[1:]
			n := 0
			if how&7 >= 2 && len(script) > 0 {
				n = min(int(script[0]), len(script)-1)
				script = script[1:]
			}
			said := script[:n]
			script = script[n:]
			switch how & 7 {
			case 2:
				return bytes.Clone(said), nil
			case 3:
				return append(bytes.Clone(said), answer...), nil
			case 4: // over it
				for i := range min(n, len(answer)) {
					answer[i] ^= said[i]
				}
				return answer, nil
			case 5:
				return bytes.Repeat(append(bytes.Clone(said), 7), 400), nil
			case 6:
				return nil, card.ErrCardLost
			}
			return answer, nil
		})
		g := newGate(t, gateID)
		served := int64(0)
		for range 3 {
			if s, err := g.Open(ctx, hostile); err == nil {
				if identity, err := s.Identify(ctx, app.AuthenticateRequest{}); err == nil {
					require.LessOrEqual(t, len(identity.Token()), 512)
				}
				r, err := s.Purchase(ctx, 200)
				require.Equal(t, err == nil, r != nil)
				if r != nil {
					served += 200
				} else {
					failure(t, err)
				}
				s.ReadLog(ctx, 3)
				s.Recover(ctx)
			}
		}
		paid := 5000 - balance(t, c)
		require.LessOrEqual(t, served, paid, "somebody passed for nothing")
		pending, err := g.journal.Pending(ctx, 10)
		require.NoError(t, err)
		var claimed int64
		for _, claim := range pending {
			claimed += claim.Order.Amount.Fen()
		}
		require.LessOrEqual(t, paid, claimed, "money moved without a claim")
	})
}

// TestModuleLost: who cannot verify lets nobody through.
func TestModuleLost(t *testing.T) {
	c := newCard(t, 1, 5000)
	lost := errors.New("no module in the slot")
	g := newGate(t, gateID, func(cfg *terminal.Config) { cfg.Module = brokenModule{cfg.Module, lost} })
	_, err := g.pay(c, 200)
	f := failure(t, err)
	assert.Equal(t, terminal.ModuleFault, f.Reason)
	assert.Equal(t, terminal.Unknown, f.Outcome, "the card has paid, and nobody can verify it")
	assert.ErrorIs(t, err, lost)
}

// A brokenModule orders and does not verify.
type brokenModule struct {
	sam.Purchaser
	err error
}

func (b brokenModule) CheckPurchase(context.Context, sam.Transaction, uint32, purse.MAC) error {
	return b.err
}
