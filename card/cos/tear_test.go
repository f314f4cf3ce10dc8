package cos_test

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/cos"
	"github.com/citizencode/citizencode/card/cos/costest"
	"github.com/citizencode/citizencode/card/nvm"
	"github.com/citizencode/citizencode/card/purse"
	"github.com/citizencode/citizencode/card/sm"
)

var otherPIN = []byte{0x65, 0x43, 0x21}

// A view is what can be told of a card: everything that a terminal can read, and the tries apart, which a power failure
// may lower.
type view struct {
	shown   string
	balance purse.Amount
	tries   [app.Keys + 1]byte
}

// look reads all that there is from copies of a memory.
func look(t testing.TB, mem *nvm.Memory) (v view) {
	c, err := cos.New(mem.Clone(), cos.Config{Rand: costest.Random(99)})
	require.NoError(t, err)
	var out bytes.Buffer
	ask := func(cmd apdu.Command) []byte {
		data, status := costest.Try(t, c, cmd)
		fmt.Fprintf(&out, "%02X%02X%02X %X %s\n", cmd.INS, cmd.P1, cmd.P2, data, status.String())
		return data
	}
	inside := c.Inside()
	v.tries, inside.Tries = inside.Tries, v.tries
	fmt.Fprintln(&out, inside)
	ask(app.Select(app.TestAID))
	if b, err := purse.ParseBalance(ask(purse.GetBalance())); err == nil {
		v.balance = b
	}
	for _, f := range app.Files() {
		if f.Structure == app.Transparent && !f.Encrypted {
			ask(app.ReadBinary(f.SFI, 0, apdu.MaxShortNe))
		}
	}
	for n := range app.PurseLogRecords {
		ask(app.ReadRecord(app.SFIPurseLog, byte(n+1), apdu.MaxShortNe))
	}
	for _, kind := range []purse.Kind{purse.Load, purse.Purchase} {
		for seq := range max(inside.Online, inside.Offline) + 1 {
			ask(purse.GetTransactionProve(purse.ProveRequest{Kind: kind, Seq: seq}))
		}
	}
	for _, k := range []app.KeyID{app.KeyGate, app.KeyHospital} {
		if inside.Life != cos.LifeIssued {
			break
		}
		if s := authenticate(t, c, k); s != nil {
			if k == app.KeyHospital {
				ask2(&out, s, t, c, app.ReadBinary(app.SFIPerson, 0, apdu.MaxShortNe))
				continue
			}
			for n := range 3 {
				ask(app.ReadRecord(app.SFIGateLog, byte(n+1), apdu.MaxShortNe))
			}
		}
	}
	v.shown = out.String()
	return v
}

func ask2(out *bytes.Buffer, s *sm.TerminalSession, t testing.TB, c card.Transport, cmd apdu.Command) {
	sealed, err := s.Wrap(cmd)
	require.NoError(t, err)
	data, status := costest.Try(t, c, sealed)
	require.Equal(t, apdu.OK, status)
	r, err := s.Unwrap(apdu.Response{Data: data, Status: status})
	require.NoError(t, err)
	fmt.Fprintf(out, "%X %v\n", r.Data, r.Status)
}

// handshake returns EXTERNAL AUTHENTICATE for card 1.
func handshake(t testing.TB, c card.Transport, k app.KeyID) (sm.Handshake, apdu.Command) {
	h := sm.Handshake{CardChallenge: [16]byte(costest.Send(t, c, app.GetChallenge())), TerminalChallenge: [16]byte{1, 2, 3}}
	return h, app.ExternalAuthenticate(k, h.TerminalChallenge, h.TerminalProof(costest.Key(k, costest.Serial(1))))
}

// authenticate returns the session, nil if the card refuses.
func authenticate(t testing.TB, c card.Transport, k app.KeyID) *sm.TerminalSession {
	h, cmd := handshake(t, c, k)
	proof, status := costest.Try(t, c, cmd)
	if status != apdu.OK {
		return nil
	}
	own := costest.Key(k, costest.Serial(1))
	require.Equal(t, h.CardProof(own), [sm.ProofSize]byte(proof))
	return h.Terminal(own)
}

// A step is a command and what must go before it.
type step struct {
	name   string
	writes int // pages
	make   func(t testing.TB, c *cos.Card) apdu.Command
}

func maintain(k app.KeyID, p sm.Protection, cmd apdu.Command) func(testing.TB, *cos.Card) apdu.Command {
	return func(t testing.TB, c *cos.Card) apdu.Command {
		return costest.Secure(t, c, costest.Key(k, costest.Serial(1)), cmd, p)
	}
}

func update(s app.SFI, p sm.Protection, content []byte) func(testing.TB, *cos.Card) apdu.Command {
	return maintain(app.KeyMaintenance, p, apdu.Command{INS: app.InsUpdateBinary, P1: 0x80 | byte(s), Data: content})
}

func plainly(cmd apdu.Command) func(testing.TB, *cos.Card) apdu.Command {
	return func(testing.TB, *cos.Card) apdu.Command { return cmd }
}

// spoil changes the last byte of a command's data.
func spoil(make func(testing.TB, *cos.Card) apdu.Command) func(testing.TB, *cos.Card) apdu.Command {
	return func(t testing.TB, c *cos.Card) apdu.Command {
		cmd := make(t, c)
		cmd.Data = append([]byte(nil), cmd.Data...)
		cmd.Data[len(cmd.Data)-1] ^= 1
		return cmd
	}
}

func credit(t testing.TB, c *cos.Card) apdu.Command { return openLoad(t, c, 1, 10_000) }
func debit(t testing.TB, c *cos.Card) apdu.Command  { return openPurchase(t, c, 1, 250, 7) }

func external(k app.KeyID) func(testing.TB, *cos.Card) apdu.Command {
	return func(t testing.TB, c *cos.Card) apdu.Command {
		_, cmd := handshake(t, c, k)
		return cmd
	}
}

var authenticateRequest = app.AuthenticateRequest{Time: 0x6b02a100, Audience: 1, Challenge: [16]byte{0xC0, 0xFF, 0xEE}}

// steps are all commands of an issued card that change anything, right and wrong, and those that change nothing.
func steps() []step {
	block := apdu.Command{CLA: 0x80, INS: app.InsAppBlock}
	return []step{
		{"CREDIT", 3, credit},
		{"CREDIT, wrong MAC", 1, spoil(credit)},
		{"DEBIT", 3, debit},
		{"DEBIT, wrong MAC", 1, spoil(debit)},
		{"VERIFY", 2, plainly(app.Verify(costest.PIN))},
		{"VERIFY, wrong PIN", 1, plainly(app.Verify(otherPIN))},
		{"CHANGE PIN", 2, plainly(apdu.Command{CLA: 0x80, INS: app.InsChangePIN, P1: 1, Data: append(append(append([]byte(nil), costest.PIN...), 0xFF), otherPIN...)})},
		{"PIN UNBLOCK", 2, maintain(app.KeyUnblock, sm.Encrypted, apdu.Command{CLA: 0x80, INS: app.InsPINUnblock, Data: otherPIN})},
		{"INTERNAL AUTHENTICATE", 1, plainly(app.InternalAuthenticate(authenticateRequest))},
		{"EXTERNAL AUTHENTICATE, gate", 2, external(app.KeyGate)},
		{"EXTERNAL AUTHENTICATE, wrong proof", 1, spoil(external(app.KeyHospital))},
		{"APPEND RECORD", 2, func(t testing.TB, c *cos.Card) apdu.Command {
			require.NotNil(t, authenticate(t, c, app.KeyGate))
			return apdu.Command{INS: app.InsAppendRecord, P2: byte(app.SFIGateLog) << 3, Data: bytes.Repeat([]byte{0x5A}, app.GateRecordSize)}
		}},
		{"UPDATE BINARY, credential", 6, update(app.SFICredential, sm.MACOnly, bytes.Repeat([]byte("new!"), 60))},
		{"UPDATE BINARY, category", 3, update(app.SFICategory, sm.MACOnly, []byte{2, 2, 2})},
		{"UPDATE BINARY, person", 4, update(app.SFIPerson, sm.Encrypted, bytes.Repeat([]byte("Test Person B "), 8))},
		{"UPDATE BINARY, wrong MAC", 1, spoil(update(app.SFICategory, sm.MACOnly, []byte{2}))},
		{"UPDATE BINARY, too long", 2, update(app.SFICategory, sm.MACOnly, make([]byte, 33))},
		{"APPLICATION BLOCK", 2, maintain(app.KeyMaintenance, sm.MACOnly, block)},
		{"APPLICATION UNBLOCK", 2, func(t testing.TB, c *cos.Card) apdu.Command {
			costest.Send(t, c, costest.Secure(t, c, costest.Key(app.KeyMaintenance, costest.Serial(1)), block, sm.MACOnly))
			return costest.Secure(t, c, costest.Key(app.KeyMaintenance, costest.Serial(1)), apdu.Command{CLA: 0x80, INS: app.InsAppUnblock}, sm.MACOnly)
		}},
		{"APPLICATION BLOCK for good", 2, maintain(app.KeyMaintenance, sm.MACOnly, apdu.Command{CLA: 0x80, INS: app.InsAppBlock, P1: app.P1BlockForGood})},
		{"CARD BLOCK", 2, maintain(app.KeyMaintenance, sm.MACOnly, apdu.Command{CLA: 0x80, INS: app.InsCardBlock})},

		{"SELECT", 0, plainly(app.Select(app.TestAID))},
		{"GET CHALLENGE", 0, plainly(app.GetChallenge())},
		{"READ BINARY", 0, plainly(app.ReadBinary(app.SFICredential, 0, 256))},
		{"READ RECORD", 0, plainly(app.ReadRecord(app.SFIPurseLog, 1, 23))},
		{"GET DATA", 0, plainly(app.GetData(app.TagSerial, 8))},
		{"GET BALANCE", 0, plainly(purse.GetBalance())},
		{"PROVE", 0, plainly(purse.GetTransactionProve(purse.ProveRequest{Kind: purse.Load, Seq: 0}))},
		{"INITIALIZE FOR LOAD", 0, plainly(purse.InitializeForLoad(purse.InitializeRequest{KeyIndex: 1, Amount: 1, Terminal: terminal}))},
		{"INITIALIZE FOR PURCHASE", 0, plainly(purse.InitializeForPurchase(purse.InitializeRequest{KeyIndex: 1, Amount: 1, Terminal: terminal}))},
	}
}

// open gives power to a memory and brings the card to where a step's command comes next.
func (s step) open(t testing.TB, mem *nvm.Memory) (*cos.Card, []byte) {
	c, err := cos.New(mem, cos.Config{Rand: costest.Random(7)})
	require.NoError(t, err)
	sel(t, c)
	b, err := s.make(t, c).Bytes()
	require.NoError(t, err)
	return c, b
}

// tears are the ways in which one write can fail.
func tears(write int) []nvm.Tear {
	if os.Getenv("CITIZENCODE_LONG") != "" {
		return tearsOf(write, 40)
	}
	return tearsOf(write, 3)
}

func tearsOf(write int, seeds uint64) (list []nvm.Tear) {
	for _, mode := range nvm.Modes() {
		n := seeds
		if mode == nvm.Before || mode == nvm.After {
			n = 1 // nothing is left to chance
		}
		for seed := range n {
			list = append(list, nvm.Tear{Write: write, Mode: mode, Seed: uint64(write)<<32 | seed})
		}
	}
	return list
}

// A sweep tears one step in every way.
type sweep struct {
	t             *testing.T
	step          step
	before, after view // of the memory in which the step's command comes next
	writes        int
	looks         int // how often the card is looked at again
	points        *int
}

func newSweep(t *testing.T, s step, base *nvm.Memory, points *int) sweep {
	mem := base.Clone()
	c, command := s.open(t, mem)
	w := sweep{t: t, step: s, before: look(t, mem), points: points, looks: 3}
	start := mem.Writes()
	_, err := c.Transmit(command)
	require.NoError(t, err)
	w.writes = int(mem.Writes() - start)
	w.after = look(t, mem)
	return w
}

// torn returns a memory in which the step's command was cut.
func (w sweep) torn(base *nvm.Memory, tear nvm.Tear) *nvm.Memory {
	mem := base.Clone()
	c, command := w.step.open(w.t, mem)
	mem.Arm(tear)
	_, err := c.Transmit(command)
	require.ErrorIs(w.t, err, card.ErrCardLost, "%s %+v", w.step.name, tear)
	_, err = c.Transmit(command)
	require.ErrorIs(w.t, err, card.ErrCardLost, "without power")
	_, err = c.Reset(false)
	require.ErrorIs(w.t, err, card.ErrCardLost, "a warm reset brings no power")
	*w.points++
	return mem
}

// power gives power to a memory, which may fail again as planned, until the card has come back.
func power(t testing.TB, mem *nvm.Memory) (lost bool) {
	for {
		_, err := cos.New(mem, cos.Config{Rand: costest.Random(8)})
		if err == nil {
			return lost
		}
		require.ErrorIs(t, err, card.ErrCardLost)
		require.False(t, lost, "one plan, one failure")
		lost = true
	}
}

// judge demands that the card is as it was before the command or as after it, and stays so.
func (w sweep) judge(mem *nvm.Memory, tear nvm.Tear, what string) view {
	for _, page := range []int{cos.PageStateA, cos.PageStateB} {
		require.False(w.t, mem.Loose(page), "%s: %s after %+v leaves a loose page", w.step.name, what, tear)
	}
	got := look(w.t, mem)
	done := got == w.after
	if tear.Write < w.writes || tear.Mode == nvm.Before {
		done = false
	}
	if !done {
		require.Equal(w.t, w.before.shown, got.shown, "%s: %s after %+v: neither before nor after", w.step.name, what, tear)
		for k := range got.tries {
			require.LessOrEqual(w.t, got.tries[k], w.before.tries[k], "%s: %s after %+v gains a try", w.step.name, what, tear)
		}
	} else if tear.Mode == nvm.After {
		require.Equal(w.t, w.after, got)
	}
	loose := false
	for page := range cos.Pages {
		loose = loose || mem.Loose(page)
	}
	for seed := range uint64(w.looks) { // whatever a loose bit reads as, at whatever power-up
		if !loose {
			break
		}
		mem.Arm(nvm.Tear{Seed: seed})
		require.Equal(w.t, got, look(w.t, mem), "%s: %s after %+v: another card at the next power-up", w.step.name, what, tear)
	}
	return got
}

// live demands that a card which is issued does its work.
func live(t testing.TB, mem *nvm.Memory) {
	c, err := cos.New(mem.Clone(), cos.Config{Rand: costest.Random(9)})
	require.NoError(t, err)
	if c.Inside().Life != cos.LifeIssued {
		return
	}
	sel(t, c)
	was := balance(t, c)
	costest.Send(t, c, openLoad(t, c, 1, 70))
	costest.Send(t, c, openPurchase(t, c, 1, 50, 8))
	require.Equal(t, was+20, balance(t, c))
	signed := c.Inside().Signed
	a, err := app.ParseAuthenticateAnswer(costest.Send(t, c, app.InternalAuthenticate(authenticateRequest)))
	require.NoError(t, err)
	require.Equal(t, signed+1, a.Counter)
}

// base returns a card with some history: money on it, a try of each key spent, n more purchases.
func base(t testing.TB, n int) *nvm.Memory {
	c := costest.New(t, costest.Options{})
	sel(t, c)
	costest.Send(t, c, openLoad(t, c, 1, 20_000))
	for i := range n {
		costest.Send(t, c, openPurchase(t, c, 1, purse.Amount(i+1), uint32(i)))
	}
	for _, wrong := range steps() {
		switch wrong.name {
		case "CREDIT, wrong MAC", "DEBIT, wrong MAC", "VERIFY, wrong PIN", "EXTERNAL AUTHENTICATE, wrong proof", "UPDATE BINARY, wrong MAC":
			costest.Try(t, c, wrong.make(t, c))
		}
	}
	return c.Memory()
}

// TestTear cuts the power in every page write of every command, in every mode; then once more in every write of the
// recovery.
func TestTear(t *testing.T) {
	t.Parallel()
	memory := base(t, 2)
	single, double := 0, 0
	for _, s := range steps() {
		w := newSweep(t, s, memory, &single)
		require.Equal(t, s.writes, w.writes, s.name)
		for write := range w.writes {
			for _, tear := range tears(write + 1) {
				mem := w.torn(memory, tear)
				again := mem.Clone()
				power(t, mem)
				w.judge(mem, tear, "recovery")
				live(t, mem)
				for _, second := range tearsOf(1, 2) {
					mem := again.Clone()
					mem.Arm(second)
					if power(t, mem) {
						w.judge(mem, tear, "second tear: "+second.Mode.String())
						double++
					}
				}
			}
		}
	}
	t.Logf("%d tear points, %d more in their recovery", single, double)
	assert.Greater(t, single, 400)
	assert.Greater(t, double, single)
}

// TestTearTwice cuts the power in a load or a purchase, lets the card come back, and cuts it again in the next one: every
// pair.
func TestTearTwice(t *testing.T) {
	t.Parallel()
	memory := base(t, 2)
	points := 0
	for _, first := range steps()[:4] {
		w := newSweep(t, first, memory, new(int))
		for write := range w.writes {
			for _, tear := range tearsOf(write+1, 2) {
				mem := w.torn(memory, tear)
				power(t, mem)
				for _, next := range steps()[:4] {
					w2 := newSweep(t, next, mem, &points)
					w2.looks = 1
					for write2 := range w2.writes {
						for _, tear2 := range tears(write2 + 1) {
							mem2 := w2.torn(mem, tear2)
							power(t, mem2)
							w2.judge(mem2, tear2, "second command")
						}
					}
				}
			}
		}
	}
	t.Logf("%d pairs of tears", points)
	assert.Greater(t, points, 5_000)
}

// TestTearRing cuts a purchase at every position of the log's ring.
func TestTearRing(t *testing.T) {
	t.Parallel()
	points := 0
	for n := range app.PurseLogRecords + 2 {
		memory := base(t, n)
		w := newSweep(t, step{"DEBIT", 3, debit}, memory, &points)
		for write := range w.writes {
			for _, tear := range tears(write + 1) {
				mem := w.torn(memory, tear)
				power(t, mem)
				w.judge(mem, tear, "recovery")
				live(t, mem)
			}
		}
	}
	t.Logf("%d tear points", points)
}

// TestTearPersonalisation cuts the power in every page write of personalisation. The personaliser gives the command
// again and goes on, and the card that comes out works.
func TestTearPersonalisation(t *testing.T) {
	t.Parallel()
	points := 0
	all := costest.Steps(costest.Options{})
	blank, p := costest.Blank(t, costest.Options{})
	for i, s := range all {
		memory := blank.Memory().Clone()
		command, err := s.Secure(p).Bytes()
		require.NoError(t, err)
		start := blank.Memory().Writes()
		answer, err := blank.Transmit(command)
		require.NoError(t, err)
		require.Equal(t, []byte{0x90, 0x00}, answer[len(answer)-2:], s.Name)
		for write := range int(blank.Memory().Writes() - start) {
			for _, tear := range tears(write + 1) {
				mem := memory.Clone()
				c, err := cos.New(mem, cos.Config{Rand: costest.Random(3)})
				require.NoError(t, err)
				torn := &costest.Personaliser{TB: t, Card: c, Serial: p.Serial}
				command, err := s.Secure(torn).Bytes()
				require.NoError(t, err)
				mem.Arm(tear)
				_, err = c.Transmit(command)
				require.ErrorIs(t, err, card.ErrCardLost, "%s %+v", s.Name, tear)
				again := mem.Clone()
				power(t, mem)
				resume(t, mem, all[i:])
				for _, second := range tearsOf(1, 1) {
					mem := again.Clone()
					mem.Arm(second)
					if power(t, mem) {
						resume(t, mem, all[i:])
						points++
					}
				}
				points++
			}
		}
	}
	t.Logf("%d tear points", points)
	assert.Greater(t, points, 500)
}

// resume ends a personalisation that was cut in the first of the steps.
func resume(t testing.TB, mem *nvm.Memory, rest []costest.Step) {
	c, err := cos.New(mem, cos.Config{Rand: costest.Random(4)})
	require.NoError(t, err)
	p := &costest.Personaliser{TB: t, Card: c, Serial: costest.Serial(1)}
	for i, s := range rest {
		_, status := costest.Try(t, c, s.Secure(p))
		if i == 0 && status != apdu.OK {
			// It had been done, and only its answer was lost.
			require.Contains(t, []string{"CREATE", "GENERATE", "ACTIVATE"}, s.Name, "%v", status)
			continue
		}
		require.Equal(t, apdu.OK, status, s.Name)
	}
	live(t, mem)
	v := look(t, mem)
	for id, tries := range v.tries[app.KeyPurchase:] {
		require.Equal(t, map[bool]byte{true: app.MaxPINTries, false: app.MaxTries}[app.KeyID(id+1) == app.KeyPIN], tries)
	}
	require.Equal(t, nvm.Page{}, nvm.Page(mem.Image()[nvm.PageSize:]), "the transport key is gone")
}
