package timing_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/cos"
	"github.com/citizencode/citizencode/card/cos/costest"
	"github.com/citizencode/citizencode/card/purse"
	"github.com/citizencode/citizencode/card/sm"
	"github.com/citizencode/citizencode/card/timing"
)

// counted counts the pages that the emulator writes for each command.
type counted struct {
	*cos.Card
	writes []int
}

func (c *counted) Transmit(command []byte) ([]byte, error) {
	before := c.Memory().Writes()
	answer, err := c.Card.Transmit(command)
	c.writes = append(c.writes, int(c.Memory().Writes()-before))
	return answer, err
}

var (
	terminal = purse.TerminalID{0x21, 0x01, 0, 0, 0, 0x07}
	at       = purse.DateTime{0x20, 0x26, 0x11, 0x22, 0x12, 0, 0}
	serial   = costest.Serial(1)
)

func identify(tb testing.TB, m *timing.Meter) {
	costest.Send(tb, m, app.Select(app.TestAID))
	costest.Send(tb, m, app.ReadBinary(app.SFICredential, 0, apdu.MaxShortNe))
	costest.Send(tb, m, app.InternalAuthenticate(app.AuthenticateRequest{Time: 1795305600, Audience: 1, Challenge: [16]byte{1}}))
}

func pay(tb testing.TB, m *timing.Meter) {
	opened, err := purse.ParseInitializePurchaseAnswer(costest.Send(tb, m,
		purse.InitializeForPurchase(purse.InitializeRequest{KeyIndex: 1, Amount: 200, Terminal: terminal})))
	require.NoError(tb, err)
	s := purse.PurchaseSession(costest.Key(app.KeyPurchase, serial), opened.Random, opened.Seq, 1)
	mac1 := purse.PurchaseMAC1(s, purse.Transaction{Amount: 200, Kind: purse.Purchase, Terminal: terminal, At: at})
	costest.Send(tb, m, purse.DebitForPurchase(purse.DebitRequest{TerminalSeq: 1, At: at, MAC1: mac1}))
}

func fill(tb testing.TB, m *timing.Meter) {
	costest.Send(tb, m, app.Select(app.TestAID))
	opened, err := purse.ParseInitializeLoadAnswer(costest.Send(tb, m,
		purse.InitializeForLoad(purse.InitializeRequest{KeyIndex: 1, Amount: 5000, Terminal: terminal})))
	require.NoError(tb, err)
	mac2 := purse.LoadMAC2(purse.LoadSession(costest.Key(app.KeyLoad, serial), opened.Random, opened.Seq),
		purse.Transaction{Amount: 5000, Kind: purse.Load, Terminal: terminal, At: at})
	costest.Send(tb, m, purse.CreditForLoad(purse.CreditRequest{At: at, MAC2: mac2}))
}

// TestWrites: what the model says a card writes is what the emulator writes.
func TestWrites(t *testing.T) {
	c := &counted{Card: costest.New(t, costest.Options{})}
	m := &timing.Meter{Transport: c}
	fill(t, m)
	identify(t, m)
	pay(t, m)
	costest.Send(t, m, app.Verify(costest.PIN))
	h := sm.Handshake{CardChallenge: [sm.ChallengeSize]byte(costest.Send(t, m, app.GetChallenge()))}
	costest.Send(t, m, app.ExternalAuthenticate(app.KeyGate, h.TerminalChallenge, h.TerminalProof(costest.Key(app.KeyGate, serial))))
	require.Len(t, m.Exchanges, len(c.writes))
	for i, x := range m.Exchanges {
		assert.Equal(t, c.writes[i], timing.Writes(x.INS), "%02X", x.INS)
	}
}

// TestBudget holds the aims of a gate: an identification has at most 5 commands and 450 bytes, and takes at most 150 ms
// with the usual chip and 300 ms with a slow one, each at the slowest rate.
func TestBudget(t *testing.T) {
	c := costest.New(t, costest.Options{})
	fill(t, &timing.Meter{Transport: c})
	m := &timing.Meter{Transport: c}
	identify(t, m)
	assert.LessOrEqual(t, len(m.Exchanges), 5)
	assert.LessOrEqual(t, m.Bytes(), 450)
	slow := timing.Model{Rate: timing.Rate106, Chip: timing.Slow}
	assert.LessOrEqual(t, timing.Default.Of(m.Exchanges).Total(), 150*time.Millisecond)
	assert.LessOrEqual(t, slow.Of(m.Exchanges).Total(), 300*time.Millisecond)
	pay(t, m)
	assert.LessOrEqual(t, len(m.Exchanges), 5)
	assert.LessOrEqual(t, slow.Of(m.Exchanges).Total(), 300*time.Millisecond, "identification and purchase")
}

// TestModel: the arithmetic of the air, by hand.
func TestModel(t *testing.T) {
	air := func(r timing.Rate, command, answer int) time.Duration {
		return timing.Model{Rate: r}.Of([]timing.Exchange{{Command: command, Answer: answer}}).Air
	}
	// 5+3 and 2+3 bytes of 9 etu of 9.44 us, and two turns.
	assert.InDelta(t, 1_704_425, air(timing.Rate106, 5, 2).Nanoseconds(), 1)
	// Eight times the rate is an eighth of the bits, and the same turns.
	slow, fast := air(timing.Rate106, 200, 250)-600*time.Microsecond, air(timing.Rate848, 200, 250)-600*time.Microsecond
	assert.InDelta(t, 8, float64(slow)/float64(fast), 0.001)
	// 253 bytes go into one frame, 254 into two with an acknowledgement between.
	one, two := air(timing.Rate106, 5, 253), air(timing.Rate106, 5, 254)
	assert.Greater(t, two-one, 2*300*time.Microsecond)
	assert.Less(t, two-one, 2*300*time.Microsecond+7*9*10*time.Microsecond)
}

// A gate identifies a card and takes two yuan.
func Example() {
	tb := new(testing.T)
	c := costest.New(tb, costest.Options{})
	fill(tb, &timing.Meter{Transport: c})
	m := &timing.Meter{Transport: c}
	identify(tb, m)
	three := len(m.Exchanges)
	fmt.Printf("identify: %d commands, %d bytes\n", three, m.Bytes())
	pay(tb, m)
	fmt.Printf("identify and pay: %d commands, %d bytes\n", len(m.Exchanges), m.Bytes())
	for _, chip := range []timing.Chip{timing.Usual, timing.Slow} {
		for _, rate := range []timing.Rate{timing.Rate106, timing.Rate212, timing.Rate424, timing.Rate848} {
			model := timing.Model{Rate: rate, Chip: chip}
			a, b := model.Of(m.Exchanges[:three]), model.Of(m.Exchanges)
			fmt.Printf("%-5s %3d kbit/s: identify air %2d, chip %3d, all %3d ms; and pay %3d ms\n", chip.Name, rate,
				a.Air.Milliseconds(), a.Chip.Milliseconds(), a.Total().Milliseconds(), b.Total().Milliseconds())
		}
	}
	// Output:
	// identify: 3 commands, 298 bytes
	// identify and pay: 5 commands, 363 bytes
	// usual 106 kbit/s: identify air 28, chip  72, all 106 ms; and pay 139 ms
	// usual 212 kbit/s: identify air 15, chip  72, all  93 ms; and pay 122 ms
	// usual 424 kbit/s: identify air  8, chip  72, all  86 ms; and pay 114 ms
	// usual 848 kbit/s: identify air  5, chip  72, all  83 ms; and pay 110 ms
	// slow  106 kbit/s: identify air 28, chip 119, all 153 ms; and pay 203 ms
	// slow  212 kbit/s: identify air 15, chip 119, all 140 ms; and pay 186 ms
	// slow  424 kbit/s: identify air  8, chip 119, all 133 ms; and pay 178 ms
	// slow  848 kbit/s: identify air  5, chip 119, all 130 ms; and pay 174 ms
}
