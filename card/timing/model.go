package timing

import (
	"time"

	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/purse"
)

// A Rate is a bit rate of the air in kbit/s: carrier / 128, 64, 32 or 16 (ISO/IEC 14443-3 §6.1).
type Rate int

// The rates. Every card has the first.
const (
	Rate106 Rate = 106
	Rate212 Rate = 212
	Rate424 Rate = 424
	Rate848 Rate = 848
)

// What the model of the air assumes.
const (
	carrier    = 13_560_000 // Hz
	etuAByte   = 9          // start of frame apart, a byte of type A has 8 bits and parity
	frameExtra = 3          // bytes of a frame beside the data: block type 1, check 2 (ISO/IEC 14443-4 §7.1)
	maxFrame   = 256        // bytes, FSD and FSC 8
	maxPayload = maxFrame - frameExtra
	turnaround = 300 * time.Microsecond // a frame: delay time, start and end, reader's software
	activation = 6 * time.Millisecond   // request, anticollision, select, RATS, PPS
)

// A Chip is what a card computes how fast. Every number here is an assumption.
type Chip struct {
	Name    string
	Command time.Duration // receiving, checking and answering any command
	Sign    time.Duration // one SM2 signature
	Write   time.Duration // one page of 64 bytes erased, written and compared
	Cipher  time.Duration // the few SM4 blocks of a session key and a MAC
}

// The chips. A measured one is to be added beside them, not in their place.
var (
	// Usual is a dual-interface chip with an SM2 coprocessor, as data sheets have them.
	Usual = Chip{Name: "usual", Command: 2 * time.Millisecond, Sign: 60 * time.Millisecond, Write: 6 * time.Millisecond, Cipher: time.Millisecond}
	// Slow is one that signs in 100 ms.
	Slow = Chip{Name: "slow", Command: 3 * time.Millisecond, Sign: 100 * time.Millisecond, Write: 10 * time.Millisecond, Cipher: 2 * time.Millisecond}
)

// Writes returns how many pages a card of ours writes for a command that it follows.
func Writes(ins byte) int {
	switch ins {
	case apdu.InsInternalAuthenticate:
		return 1 // the counter is durable before the signature leaves
	case purse.InsDebit, purse.InsCredit:
		return 3 // the try before the comparison, the line of the log, the money
	case apdu.InsVerify, apdu.InsExternalAuthenticate:
		return 2 // the try before the comparison, and given back
	}
	return 0
}

// work returns what a chip does for one command besides receiving it.
func (c Chip) work(ins byte) time.Duration {
	d := time.Duration(Writes(ins)) * c.Write
	switch ins {
	case apdu.InsInternalAuthenticate:
		d += c.Sign
	case purse.InsInitialize, apdu.InsExternalAuthenticate:
		d += c.Cipher
	case purse.InsDebit, purse.InsCredit:
		d += 2 * c.Cipher // the order is checked, the receipt made
	}
	return d
}

// A Model is a rate and a chip.
type Model struct {
	Rate Rate
	Chip Chip
}

// Default is what every reader and the usual chip can do.
var Default = Model{Rate106, Usual}

// A Time is how long a conversation takes.
type Time struct {
	Activation time.Duration // until the first command can be sent
	Air        time.Duration
	Chip       time.Duration
}

// Total returns the sum.
func (t Time) Total() time.Duration { return t.Activation + t.Air + t.Chip }

// Of returns the time of a conversation from the moment when the card is in the field.
func (m Model) Of(exchanges []Exchange) Time {
	t := Time{Activation: activation}
	for _, x := range exchanges {
		t.Air += m.message(x.Command) + m.message(x.Answer)
		t.Chip += m.Chip.Command + m.Chip.work(x.INS)
	}
	return t
}

// message is n bytes one way, in frames; each but the last is acknowledged.
func (m Model) message(n int) time.Duration {
	frames := max(1, (n+maxPayload-1)/maxPayload)
	bytes := n + frames*frameExtra + (frames-1)*frameExtra
	turns := 2*frames - 1
	return m.bits(bytes*etuAByte) + time.Duration(turns)*turnaround
}

// bits is n elementary time units: 128 periods of the carrier at 106 kbit/s, fewer above.
func (m Model) bits(n int) time.Duration {
	periods := 128 / int(m.Rate/Rate106)
	return time.Duration(n) * time.Duration(periods) * time.Second / carrier
}
