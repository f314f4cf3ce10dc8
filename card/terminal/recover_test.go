package terminal_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/cos"
	"github.com/citizencode/citizencode/card/nvm"
	"github.com/citizencode/citizencode/card/purse"
	"github.com/citizencode/citizencode/card/sam"
	"github.com/citizencode/citizencode/card/terminal"
)

const everything = 0

// by changes what the card answers to one instruction, or to everything.
func by(c card.Transport, ins byte, change func(answer []byte) ([]byte, error)) card.Transport {
	return transportFunc(func(command []byte) ([]byte, error) {
		answer, err := c.Transmit(command)
		if err == nil && (ins == everything || command[1] == ins) {
			return change(answer)
		}
		return answer, err
	})
}

type transportFunc func(command []byte) ([]byte, error)

func (f transportFunc) Transmit(command []byte) ([]byte, error) { return f(command) }

// lose drops the answer to one instruction, and the link with it.
func lose(c card.Transport, ins byte) card.Transport {
	gone := false
	return transportFunc(func(command []byte) ([]byte, error) {
		if gone {
			return nil, card.ErrCardLost
		}
		answer, err := c.Transmit(command)
		if command[1] == ins {
			gone = true
			return nil, card.ErrCardLost
		}
		return answer, err
	})
}

// TestTornPurchase tears a card away at every page that it writes and in every way, and lets the same person come again:
// he passes, and has paid once.
func TestTornPurchase(t *testing.T) {
	full := newCard(t, 1, 5000)
	points, recovered := 0, 0
	for _, mode := range nvm.Modes() {
		for write := 1; ; write++ {
			for seed := range uint64(4) {
				c := copyOf(t, full)
				g := newGate(t, gateID)
				c.Memory().Arm(nvm.Tear{Write: write, Mode: mode, Seed: seed})
				r, err := g.pay(c, 200)
				if err == nil {
					require.False(t, r.Recovered)
					require.Greater(t, write, 1)
					write = -1
					break
				}
				points++
				f := failure(t, err)
				require.Equal(t, terminal.CardLost, f.Reason)
				require.Equal(t, terminal.Unknown, f.Outcome)
				_, err = c.Reset(true)
				require.NoError(t, err)
				g.now = g.now.Add(time.Minute)
				r, err = g.pay(c, 200)
				require.NoError(t, err)
				if r.Recovered {
					recovered++
				}
				require.EqualValues(t, 4800, balance(t, c), "%s at write %d", mode, write)
			}
			if write < 0 {
				break
			}
		}
	}
	t.Logf("%d tears, %d purchases found paid", points, recovered)
	assert.Greater(t, points, 3*4*4)
	assert.NotZero(t, recovered)
}

// TestLostAnswer: the card paid, and the answer is gone.
func TestLostAnswer(t *testing.T) {
	ctx := context.Background()
	full := newCard(t, 1, 5000)
	lost := func(t *testing.T) (*cos.Card, *gate) {
		c, g := copyOf(t, full), newGate(t, gateID)
		_, err := g.pay(lose(c, purse.InsDebit), 200)
		assert.Equal(t, terminal.Unknown, failure(t, err).Outcome)
		return c, g
	}

	t.Run("the same again", func(t *testing.T) {
		c, g := lost(t)
		g.now = g.now.Add(time.Minute)
		r, err := g.pay(c, 200)
		require.NoError(t, err)
		assert.True(t, r.Recovered)
		assert.True(t, r.Served)
		assert.EqualValues(t, 1, r.Number)
		assert.EqualValues(t, 4800, balance(t, c))
		// And once only.
		r, err = g.pay(c, 200)
		require.NoError(t, err)
		assert.False(t, r.Recovered)
		assert.EqualValues(t, 4600, balance(t, c))
	})
	t.Run("too late", func(t *testing.T) {
		c, g := lost(t)
		g.now = g.now.Add(terminal.DefaultServeWithin + time.Second)
		r, err := g.pay(c, 200)
		require.NoError(t, err)
		assert.False(t, r.Recovered)
		pending, err := g.journal.Pending(ctx, 10)
		require.NoError(t, err)
		require.Len(t, pending, 2)
		assert.Equal(t, terminal.Paid, pending[0].State)
		assert.False(t, pending[0].Served, "the back office gives it back")
	})
	t.Run("another amount", func(t *testing.T) {
		c, g := lost(t)
		r, err := g.pay(c, 300)
		require.NoError(t, err)
		assert.False(t, r.Recovered)
		assert.EqualValues(t, 4500, balance(t, c))
	})
	t.Run("another terminal between", func(t *testing.T) {
		c, g := lost(t)
		other := newGate(t, purse.TerminalID{9})
		_, err := other.pay(c, 200)
		require.NoError(t, err)
		r, err := g.pay(c, 200)
		require.NoError(t, err)
		assert.False(t, r.Recovered)
		assert.EqualValues(t, 4400, balance(t, c))
		pending, err := g.journal.Pending(ctx, 10)
		require.NoError(t, err)
		assert.Equal(t, terminal.Disputed, pending[0].State, "only the back office can tell")
	})
	t.Run("another terminal under the same number", func(t *testing.T) {
		// The order did not reach the card: the next one has its number.
		c, g := copyOf(t, full), newGate(t, gateID)
		_, err := g.pay(transportFunc(func(command []byte) ([]byte, error) {
			if command[1] == purse.InsDebit {
				return nil, card.ErrCardLost
			}
			return c.Transmit(command)
		}), 200)
		require.Error(t, err)
		_, err = newGate(t, purse.TerminalID{9}).pay(c, 200)
		require.NoError(t, err)
		r, err := g.pay(c, 200)
		require.NoError(t, err)
		assert.False(t, r.Recovered, "what another terminal took is not this one's")
		pending, err := g.journal.Pending(ctx, 10)
		require.NoError(t, err)
		assert.Equal(t, terminal.Disputed, pending[0].State)
	})
	t.Run("another card", func(t *testing.T) {
		_, g := lost(t)
		r, err := g.pay(newCard(t, 2, 1000), 200)
		require.NoError(t, err)
		assert.False(t, r.Recovered)
	})
	t.Run("after a restart", func(t *testing.T) {
		path := t.TempDir() + "/journal"
		journal, err := terminal.OpenJournal(path)
		require.NoError(t, err)
		c := copyOf(t, full)
		g := newGate(t, gateID, func(cfg *terminal.Config) { cfg.Journal = journal })
		_, err = g.pay(lose(c, purse.InsDebit), 200)
		require.Error(t, err)
		require.NoError(t, journal.Close())
		journal, err = terminal.OpenJournal(path)
		require.NoError(t, err)
		defer journal.Close()
		again := newGate(t, gateID, func(cfg *terminal.Config) { cfg.Journal = journal })
		r, err := again.pay(c, 200)
		require.NoError(t, err)
		assert.True(t, r.Recovered)
	})
}

// failing is a journal that fails at one call of Put.
type failing struct {
	terminal.Journal
	at int
}

func (f *failing) Put(ctx context.Context, c terminal.Claim) error {
	if f.at--; f.at == 0 {
		return errors.New("disk full")
	}
	return f.Journal.Put(ctx, c)
}

// TestJournalFirst: no order leaves a terminal that could not write it down, and nobody passes where the end of one could
// not be.
func TestJournalFirst(t *testing.T) {
	c := newCard(t, 1, 5000)
	sent := 0
	counting := transportFunc(func(command []byte) ([]byte, error) {
		if command[1] == purse.InsDebit {
			sent++
		}
		return c.Transmit(command)
	})
	journal := &failing{terminal.NewMemoryJournal(), 1}
	g := newGate(t, gateID, func(cfg *terminal.Config) { cfg.Journal = journal })
	_, err := g.pay(counting, 200)
	f := failure(t, err)
	assert.Equal(t, terminal.JournalFault, f.Reason)
	assert.Equal(t, terminal.NothingMoved, f.Outcome)
	assert.Zero(t, sent)
	assert.EqualValues(t, 5000, balance(t, c))

	journal.at = 2
	_, err = g.pay(counting, 200)
	f = failure(t, err)
	assert.Equal(t, terminal.JournalFault, f.Reason)
	assert.Equal(t, terminal.Unknown, f.Outcome)
	assert.Equal(t, 1, sent)
	r, err := g.pay(counting, 200)
	require.NoError(t, err)
	assert.True(t, r.Recovered)
	assert.Equal(t, 1, sent)
	assert.EqualValues(t, 4800, balance(t, c))
}

// TestTornLoad: as a purchase, with the host.
func TestTornLoad(t *testing.T) {
	ctx := context.Background()
	empty := newCard(t, 1, 0)
	points := 0
	for _, mode := range nvm.Modes() {
		for write := 1; write <= 3; write++ {
			c := copyOf(t, empty)
			d, h := newDesk(t)
			c.Memory().Arm(nvm.Tear{Write: write, Mode: mode, Seed: 5})
			s, err := d.Open(ctx, c)
			require.NoError(t, err)
			_, err = s.Load(ctx, 1000)
			require.Error(t, err)
			points++
			_, err = c.Reset(true)
			require.NoError(t, err)
			s, err = d.Open(ctx, c)
			require.NoError(t, err)
			found, err := s.Recover(ctx)
			require.NoError(t, err)
			require.Len(t, found, 1)
			require.Len(t, h.granted, 1)
			switch fen := balance(t, c); fen {
			case 0:
				require.Equal(t, terminal.NotCharged, found[0].State)
				require.Equal(t, []uint16{0}, h.seen, "the host has seen that it may give the money back")
			case 1000:
				require.Equal(t, terminal.Paid, found[0].State)
				require.NoError(t, h.Confirm(ctx, found[0]))
			default:
				require.Fail(t, "made of nothing", "%d fen", fen)
			}
		}
	}
	assert.Equal(t, 15, points)
}

// TestLoadElsewhere: the receipt of another desk's load is not taken for one's own.
func TestLoadElsewhere(t *testing.T) {
	ctx := context.Background()
	c := newCard(t, 1, 0)
	d, _ := newDesk(t)
	s, err := d.Open(ctx, transportFunc(func(command []byte) ([]byte, error) {
		if command[1] == purse.InsCredit {
			return nil, card.ErrCardLost
		}
		return c.Transmit(command)
	}))
	require.NoError(t, err)
	_, err = s.Load(ctx, 1000)
	require.Error(t, err)
	load(t, c, 900)
	s, err = d.Open(ctx, c)
	require.NoError(t, err)
	found, err := s.Recover(ctx)
	require.NoError(t, err)
	require.Len(t, found, 1)
	assert.Equal(t, terminal.Disputed, found[0].State)
}

func TestLoadLimits(t *testing.T) {
	ctx := context.Background()
	c := newCard(t, 1, 99_000)
	d, h := newDesk(t)
	for _, fen := range []int64{-1, 0, 1001, 100_001, 1 << 40} {
		s, err := d.Open(ctx, c)
		require.NoError(t, err)
		_, err = s.Load(ctx, fen)
		require.Error(t, err, "%d", fen)
		assert.Equal(t, terminal.NothingMoved, failure(t, err).Outcome)
	}
	assert.Empty(t, h.granted)
	// A limit below the card's own.
	low, err := terminal.New(terminal.Config{AID: app.TestAID, Journal: terminal.NewMemoryJournal(), Loads: h, Numbers: &sam.Counter{}, Desk: deskID, MaxBalance: 99_050})
	require.NoError(t, err)
	s, err := low.Open(ctx, c)
	require.NoError(t, err)
	_, err = s.Load(ctx, 51)
	assert.Equal(t, terminal.OverLimit, failure(t, err).Reason)

	h.fault = errors.New("no network")
	s, err = d.Open(ctx, c)
	require.NoError(t, err)
	_, err = s.Load(ctx, 100)
	f := failure(t, err)
	assert.Equal(t, terminal.HostFault, f.Reason)
	assert.Equal(t, terminal.Unknown, f.Outcome, "the host may have granted it")
	h.fault = nil
	s, err = d.Open(ctx, c)
	require.NoError(t, err)
	r, err := s.Load(ctx, 100)
	require.NoError(t, err)
	assert.EqualValues(t, 2, r.Number)
	assert.EqualValues(t, 99_100, balance(t, c))
}
