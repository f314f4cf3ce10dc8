package epurse

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/citizencode/citizencode/scenarios"
)

// A Kind is what a claim is about.
type Kind string

// The kinds.
const (
	Purchase Kind = "purchase" // 消费
	Load     Kind = "load"     // 圈存
)

// A State is what a terminal knows of a claim.
type State string

// The states.
const (
	Paid       State = "paid"        // the card moved the money, and made the certificate
	Unresolved State = "unresolved"  // the card was told to; its answer was lost
	NotCharged State = "not-charged" // the card says that it did not
)

// A Claim is one order to a card to move money. Terminal and Number name it.
type Claim struct {
	Terminal string `json:"terminal"` // 12 hexadecimal digits
	Number   uint32 `json:"number"`   // of the terminal, from 1, never twice

	Kind     Kind      `json:"kind"`
	Card     string    `json:"card"`     // serial of the application, 16 hexadecimal digits
	Sequence uint16    `json:"sequence"` // of the card, one row for each kind
	Fen      int64     `json:"fen"`
	Balance  int64     `json:"balance"` // of the card before, in fen, as it said
	Time     time.Time `json:"time"`    // as the card was told; whole seconds

	KeyVersion uint8 `json:"keyVersion"` // of the key that authenticated the order
	Algorithm  uint8 `json:"algorithm"`  // as the card named it

	State  State  `json:"state"`
	Served bool   `json:"served,omitempty"` // paid, and the person was let through for it
	TAC    string `json:"tac,omitempty"`    // of a paid claim, 8 hexadecimal digits
}

// A Record is what a card's log says of one transaction.
type Record struct {
	Card     string `json:"card"`
	Kind     Kind   `json:"kind"`
	Sequence uint16 `json:"sequence"`
	Fen      int64  `json:"fen"`
	Terminal string `json:"terminal"`
}

// An Answer is one use of a card's identity key (INTERNAL AUTHENTICATE) whose
// signature verified, whether the code was accepted or not.
type Answer struct {
	Serial  string    `json:"serial"` // of the credential, as in 210100/1#0:4711
	Counter uint32    `json:"counter"`
	Place   string    `json:"place"` // that the terminal stands for
	Time    time.Time `json:"time"`
}

// A Batch is what a terminal sends in one call.
type Batch struct {
	Terminal string   `json:"terminal"`
	Claims   []Claim  `json:"claims,omitempty"`
	Log      []Record `json:"log,omitempty"`
	Answers  []Answer `json:"answers,omitempty"`
}

// Bounds. MaxFen is what four bytes of a card hold at most by PBOC's rules, a
// positive amount.
const (
	MaxBatch = 100 // of each of claims, records and answers
	MaxFen   = 1<<31 - 1
	maxText  = 64
)

var (
	terminalForm = regexp.MustCompile(`^[0-9a-f]{12}$`)
	cardForm     = regexp.MustCompile(`^[0-9a-f]{16}$`)
	tacForm      = regexp.MustCompile(`^[0-9a-f]{8}$`)
)

func wrong(path, why string) error { return &scenarios.RequestError{Path: path, Err: errors.New(why)} }

// Check reports what no terminal of ours writes. The error is a
// [*scenarios.RequestError] whose path is the name of the field.
func (c *Claim) Check() error {
	r := c.record()
	if err := r.Check(); err != nil {
		return err
	}
	switch {
	case c.Number == 0:
		return wrong("number", "not numbered")
	case c.State != Paid && c.State != Unresolved && c.State != NotCharged:
		return wrong("state", "none of paid, unresolved, not-charged")
	case (c.State == Paid) != tacForm.MatchString(c.TAC) || c.State != Paid && c.TAC != "":
		return wrong("tac", "not 8 hexadecimal digits where paid, and else nothing")
	case c.Served && (c.State != Paid || c.Kind != Purchase):
		// Nobody is let through on a guess, and so nobody is paid for it.
		return wrong("served", "served without a proof of payment")
	case c.Balance < 0 || c.Balance > MaxFen:
		return wrong("balance", fmt.Sprintf("not 0 to %d fen", MaxFen))
	case c.Time.Nanosecond() != 0 || c.Time.Year() < 2000 || c.Time.Year() > 2105:
		return wrong("time", "not a whole second from 2000 to 2105")
	}
	return nil
}

// Check reports what is wrong with a record as Claim.Check does.
func (r *Record) Check() error {
	switch {
	case r.Kind != Purchase && r.Kind != Load:
		return wrong("kind", "none of purchase, load")
	case !cardForm.MatchString(r.Card):
		return wrong("card", "not 16 hexadecimal digits")
	case !terminalForm.MatchString(r.Terminal):
		return wrong("terminal", "not 12 hexadecimal digits")
	case r.Fen <= 0 || r.Fen > MaxFen:
		return wrong("fen", fmt.Sprintf("not 1 to %d fen", MaxFen))
	}
	return nil
}

func (a *Answer) check() error {
	switch {
	case a.Serial == "" || len(a.Serial) > maxText:
		return wrong("serial", fmt.Sprintf("not a text of up to %d bytes", maxText))
	case a.Place == "" || len(a.Place) > maxText:
		return wrong("place", fmt.Sprintf("not a text of up to %d bytes", maxText))
	case a.Counter == 0:
		return wrong("counter", "counters begin at 1")
	case a.Time.Nanosecond() != 0 || a.Time.Year() < 2000 || a.Time.Year() > 2105:
		return wrong("time", "not a whole second from 2000 to 2105")
	}
	return nil
}

func (b *Batch) check() error {
	if !terminalForm.MatchString(b.Terminal) {
		return wrong("terminal", "not 12 hexadecimal digits")
	}
	if len(b.Claims) > MaxBatch || len(b.Log) > MaxBatch || len(b.Answers) > MaxBatch {
		return wrong("claims", fmt.Sprintf("more than %d claims, records or answers", MaxBatch))
	}
	at := func(list string, i int, err error) error {
		if bad, ok := errors.AsType[*scenarios.RequestError](err); ok {
			return &scenarios.RequestError{Path: fmt.Sprintf("%s[%d].%s", list, i, bad.Path), Err: bad.Err}
		}
		return err
	}
	for i := range b.Claims {
		if b.Claims[i].Terminal != b.Terminal {
			return at("claims", i, wrong("terminal", "not that of the batch"))
		}
		if err := b.Claims[i].Check(); err != nil {
			return at("claims", i, err)
		}
	}
	for i := range b.Log {
		if err := b.Log[i].Check(); err != nil {
			return at("log", i, err)
		}
	}
	for i := range b.Answers {
		if err := b.Answers[i].check(); err != nil {
			return at("answers", i, err)
		}
	}
	return nil
}

// record returns what the card's log says if it moved the money.
func (c *Claim) record() Record { return Record{c.Card, c.Kind, c.Sequence, c.Fen, c.Terminal} }

// order returns the claim without what became of it.
func (c *Claim) order() Claim {
	o := *c
	o.State, o.Served, o.TAC = "", false, ""
	return o
}

type claimID struct {
	terminal string
	number   uint32
}

func (c *Claim) id() claimID { return claimID{c.Terminal, c.Number} }

func (id claimID) compare(other claimID) int {
	return cmp.Or(cmp.Compare(id.terminal, other.terminal), cmp.Compare(id.number, other.number))
}

func (id claimID) String() string { return fmt.Sprintf("%s.%d", id.terminal, id.number) }
