package cos_test

import (
	"testing"

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

// A history is what a fuzzer does to one card, and what must be true of it afterwards.
type history struct {
	t      *testing.T
	card   *cos.Card
	input  []byte
	opened apdu.Command // a right CREDIT or DEBIT
	money  int64        // what the card must hold
	moves  int64        // what it holds more if the last command was carried out; the power failed during it
	signed uint32       // the highest counter that came out
	inside cos.Inside
}

func (h *history) byte() byte {
	if len(h.input) == 0 {
		return 0
	}
	b := h.input[0]
	h.input = h.input[1:]
	return b
}

func (h *history) take(n int) []byte {
	n = min(n, len(h.input))
	b := h.input[:n]
	h.input = h.input[n:]
	return b
}

// transmit sends bytes that may move money by that much.
func (h *history) transmit(b []byte, moves int64) (apdu.Response, bool) {
	answer, err := h.card.Transmit(b)
	if err != nil {
		require.ErrorIs(h.t, err, card.ErrCardLost)
		h.moves = moves
		h.power()
		return apdu.Response{}, false
	}
	require.LessOrEqual(h.t, len(answer), 300, "no answer of this application is longer")
	r, err := apdu.ParseResponse(answer)
	require.NoError(h.t, err, "% X", answer)
	if r.Status == apdu.OK {
		h.money += moves
	}
	h.check()
	return r, true
}

func (h *history) send(c apdu.Command, moves int64) (apdu.Response, bool) {
	b, err := c.Bytes()
	require.NoError(h.t, err)
	return h.transmit(b, moves)
}

// power brings the card back, however often the power fails while it comes back.
func (h *history) power() {
	for range 3 {
		_, err := h.card.Reset(true)
		if err == nil {
			h.check()
			return
		}
		require.ErrorIs(h.t, err, card.ErrCardLost)
	}
	h.t.Fatal("one tear, and the card does not come back")
}

// check: money is what was paid in and not paid out, no counter goes back, no try comes from nowhere.
func (h *history) check() {
	now := h.card.Inside()
	mem := h.card.Memory().Clone()
	mem.Arm(nvm.Tear{})
	c, err := cos.New(mem, cos.Config{Rand: costest.Random(1)})
	require.NoError(h.t, err)
	balance := int64(c.Inside().Balance)
	require.Contains(h.t, []int64{h.money, h.money + h.moves}, balance)
	require.Equal(h.t, now, c.Inside(), "what the card knows and what is in its memory")
	used := int(now.Online) - int(h.inside.Online) + int(now.Offline) - int(h.inside.Offline)
	require.LessOrEqual(h.t, used, 1)
	require.True(h.t, used == 1 || balance == int64(h.inside.Balance), "money moved without a sequence number")
	h.money, h.moves = balance, 0
	require.GreaterOrEqual(h.t, now.Signed, h.inside.Signed)
	require.GreaterOrEqual(h.t, now.Online, h.inside.Online)
	require.GreaterOrEqual(h.t, now.Offline, h.inside.Offline)
	require.GreaterOrEqual(h.t, now.Life, cos.LifeIssued)
	for k, tries := range now.Tries {
		if tries > h.inside.Tries[k] {
			require.EqualValues(h.t, map[bool]byte{true: app.MaxPINTries, false: app.MaxTries}[app.KeyID(k) == app.KeyPIN], tries)
		}
	}
	h.inside = now
}

// step does one thing.
func (h *history) step() {
	t, c := h.t, h.card
	switch op := h.byte(); op % 16 {
	case 0: // anything at all
		h.transmit(h.take(int(h.byte())), 0)
	case 1: // anything like a command
		cmd := apdu.Command{CLA: h.byte(), INS: h.byte(), P1: h.byte(), P2: h.byte(), Ne: int(h.byte())}
		cmd.Data = h.take(int(h.byte()))
		h.send(cmd, 0)
	case 2: // a session, and what it allows
		id := []app.KeyID{app.KeyGate, app.KeyHospital}[op>>4&1]
		r, ok := h.send(app.GetChallenge(), 0)
		if !ok || len(r.Data) != 16 {
			return
		}
		k := costest.Key(id, costest.Serial(1))
		shake := sm.Handshake{CardChallenge: [16]byte(r.Data), TerminalChallenge: [16]byte{h.byte()}}
		if r, ok = h.send(app.ExternalAuthenticate(id, shake.TerminalChallenge, shake.TerminalProof(k)), 0); !ok || r.Status != apdu.OK {
			return
		}
		h.send(apdu.Command{INS: app.InsAppendRecord, P2: byte(app.SFIGateLog) << 3, Data: make([]byte, app.GateRecordSize)}, 0)
		if cmd, err := shake.Terminal(k).Wrap(app.ReadBinary(app.SFI(h.byte()&31), 0, 256)); err == nil {
			h.send(cmd, 0)
		}
	case 3: // a file or a record
		h.send(app.ReadBinary(app.SFI(h.byte()&31), h.byte(), 256), 0)
		h.send(app.ReadRecord(app.SFI(h.byte()&31), h.byte(), 256), 0)
	case 4:
		h.send(app.Verify([][]byte{costest.PIN, otherPIN}[h.byte()&1]), 0)
	case 5:
		if r, ok := h.send(app.InternalAuthenticate(authenticateRequest), 0); ok && r.Status == apdu.OK {
			a, err := app.ParseAuthenticateAnswer(r.Data)
			require.NoError(t, err)
			require.Greater(t, a.Counter, h.signed, "a counter comes twice")
			h.signed = a.Counter
		}
	case 6, 7: // a load
		amount := purse.Amount(h.byte()) << (h.byte() % 12)
		r, ok := h.send(purse.InitializeForLoad(purse.InitializeRequest{KeyIndex: 1, Amount: amount, Terminal: terminal}), 0)
		if m, err := purse.ParseInitializeLoadAnswer(r.Data); ok && err == nil {
			s := purse.LoadSession(costest.Key(app.KeyLoad, costest.Serial(1)), m.Random, m.Seq)
			h.opened = purse.CreditForLoad(purse.CreditRequest{At: at, MAC2: purse.LoadMAC2(s, purse.Transaction{Amount: amount, Kind: purse.Load, Terminal: terminal, At: at})})
			h.decide(op, int64(amount))
		}
	case 8, 9: // a purchase
		amount := purse.Amount(h.byte()) << (h.byte() % 12)
		r, ok := h.send(purse.InitializeForPurchase(purse.InitializeRequest{KeyIndex: 1, Amount: amount, Terminal: terminal}), 0)
		if m, err := purse.ParseInitializePurchaseAnswer(r.Data); ok && err == nil {
			s := purse.PurchaseSession(costest.Key(app.KeyPurchase, costest.Serial(1)), m.Random, m.Seq, 7)
			h.opened = purse.DebitForPurchase(purse.DebitRequest{TerminalSeq: 7, At: at, MAC1: purse.PurchaseMAC1(s, purse.Transaction{Amount: amount, Kind: purse.Purchase, Terminal: terminal, At: at})})
			h.decide(op, -int64(amount))
		}
	case 10: // the last CREDIT or DEBIT again
		if h.opened.INS != 0 {
			h.send(h.opened, 0)
		}
	case 11: // a command with a MAC, right or wrong
		m := maintained[int(h.byte())%len(maintained)]
		r, ok := h.send(app.GetChallenge(), 0)
		if !ok || r.Status != apdu.OK {
			return
		}
		cmd, err := sm.WrapPBOC(app.SecureKeys(costest.Key(m.key, costest.Serial(1))), [16]byte(r.Data), m.command, m.protection)
		require.NoError(t, err)
		if op&16 != 0 {
			cmd.Data[0] ^= 1
		}
		h.send(cmd, 0)
	case 12:
		_, err := c.Reset(op&16 != 0)
		if err != nil {
			h.power()
		}
		h.check()
	case 13, 14: // the power will fail
		c.Memory().Arm(nvm.Tear{Write: 1 + int(h.byte()%4), Mode: nvm.Mode(h.byte() % 5), Seed: uint64(h.byte())})
	case 15:
		h.send(app.Select(app.TestAID), 0)
	}
}

// decide gives the command that moves the money, or something else first.
func (h *history) decide(op byte, moves int64) {
	if op&16 != 0 {
		h.send(purse.GetBalance(), 0)
		moves = 0
	}
	h.send(h.opened, moves)
}

// maintained are commands with a MAC.
var maintained = []struct {
	key        app.KeyID
	protection sm.Protection
	command    apdu.Command
}{
	{app.KeyMaintenance, sm.MACOnly, apdu.Command{INS: app.InsUpdateBinary, P1: 0x81, Data: make([]byte, 250)}},
	{app.KeyMaintenance, sm.MACOnly, apdu.Command{INS: app.InsUpdateBinary, P1: 0x85, Data: []byte{7, 7}}},
	{app.KeyMaintenance, sm.Encrypted, apdu.Command{INS: app.InsUpdateBinary, P1: 0x86, Data: []byte("Test Person C")}},
	{app.KeyMaintenance, sm.MACOnly, apdu.Command{CLA: 0x80, INS: app.InsAppBlock}},
	{app.KeyMaintenance, sm.MACOnly, apdu.Command{CLA: 0x80, INS: app.InsAppUnblock}},
	{app.KeyUnblock, sm.Encrypted, apdu.Command{CLA: 0x80, INS: app.InsPINUnblock, Data: costest.PIN}},
}

// play lets the bytes decide what happens to a card.
func play(t *testing.T, memory *nvm.Memory, input []byte) {
	c, err := cos.New(memory.Clone(), cos.Config{Rand: costest.Random(1)})
	require.NoError(t, err)
	h := &history{t: t, card: c, input: input, inside: c.Inside()}
	for range 200 {
		if len(h.input) == 0 {
			return
		}
		h.step()
	}
}

// TestHistories plays what no fuzzer has chosen.
func TestHistories(t *testing.T) {
	t.Parallel()
	issued := costest.New(t, costest.Options{}).Memory()
	random := costest.Random(123)
	for range 1500 {
		input := make([]byte, 150)
		random.Read(input)
		input[0] = 15 // SELECT
		play(t, issued, input)
	}
}

// FuzzCard plays histories of commands, resets and power failures on one issued card.
func FuzzCard(f *testing.F) {
	issued := costest.New(f, costest.Options{}).Memory()
	f.Add([]byte{15, 6, 100, 5, 8, 50, 1, 10, 5, 2, 1, 0, 24, 3, 0, 12, 15})
	f.Add([]byte{15, 6, 200, 7, 13, 2, 4, 9, 8, 10, 0, 13, 1, 2, 3, 15, 22, 9, 9, 28, 15, 10})
	f.Add([]byte{15, 11, 0, 11, 3, 11, 4, 27, 1, 4, 1, 4, 0, 0, 5, 0, 0xB0, 0x81, 0, 0, 1, 0x10, 0xA4, 4, 0, 5, 2, 1, 2})
	f.Fuzz(func(t *testing.T, input []byte) {
		if len(input) <= 2000 {
			play(t, issued, input)
		}
	})
}
