package credit

import (
	"errors"
	"time"

	"github.com/citizencode/citizencode/scenarios/ledger"
)

// An Account is the virtual account (虚拟账户) of one visit. It is a list of what
// was lent and paid; what is owed is computed from it. It is not safe for
// concurrent use.
type Account struct {
	terms   Terms
	visit   int64 // days are counted from 1970-01-01
	due     ledger.Day
	entries []entry
	lent    int64
}

// An entry lends under a name, or pays.
type entry struct {
	day  int64
	name string // of what was lent; "" for a payment
	fen  int64
}

// NewAccount returns the account of a visit on a day.
func NewAccount(terms Terms, visit ledger.Day) *Account {
	return &Account{terms: terms, visit: number(visit), due: terms.Due(visit)}
}

// Due returns the last day without interest.
func (a *Account) Due() ledger.Day { return a.due }

// A Position is how an account stands at a day, in fen.
type Position struct {
	Principal     int64 `json:"principal"` // still lent
	Interest      int64 `json:"interest"`  // owed, whole fen
	PaidPrincipal int64 `json:"paidPrincipal"`
	PaidInterest  int64 `json:"paidInterest"`
	Surplus       int64 `json:"surplus,omitempty"` // paid too much, after a refund
}

// Owed returns principal and interest together.
func (p Position) Owed() int64 { return p.Principal + p.Interest }

// What an account refuses.
var (
	ErrAmount  = errors.New("credit: not an amount that this account can take")
	ErrUnknown = errors.New("credit: nothing was lent under this name")
	ErrEntries = errors.New("credit: the account has too many entries")
)

// Lend lends an amount under a name on a day.
func (a *Account) Lend(day ledger.Day, name string, fen int64) error {
	if name == "" || fen <= 0 || fen > MaxLent-a.lent {
		return ErrAmount
	}
	if len(a.entries) >= MaxEntries {
		return ErrEntries
	}
	a.lent += fen
	a.entries = append(a.entries, entry{a.order(day), name, fen})
	return nil
}

// Pay pays up to what is owed on the day, and returns how much of it went to
// interest. The error is ErrAmount for more than is owed.
func (a *Account) Pay(day ledger.Day, fen int64) (interest int64, err error) {
	before := a.on(a.order(day))
	if fen <= 0 || fen > before.Owed() {
		return 0, ErrAmount
	}
	if len(a.entries) >= MaxEntries {
		return 0, ErrEntries
	}
	a.entries = append(a.entries, entry{a.order(day), "", fen})
	return min(fen, before.Interest), nil
}

// Refund takes back what was lent under a name, as if it had never been.
func (a *Account) Refund(name string) (fen int64, err error) {
	for i, e := range a.entries {
		if name != "" && e.name == name && e.fen > 0 {
			fen += e.fen
			a.entries[i].fen = 0
		}
	}
	if fen == 0 {
		return 0, ErrUnknown
	}
	a.lent -= fen
	return fen, nil
}

// Return pays a surplus back to the patient.
func (a *Account) Return(day ledger.Day, fen int64) error {
	if fen <= 0 || fen > a.on(a.order(day)).Surplus {
		return ErrAmount
	}
	// Newest payments first: what they paid was not owed.
	for i := len(a.entries) - 1; i >= 0 && fen > 0; i-- {
		if e := &a.entries[i]; e.name == "" {
			part := min(e.fen, fen)
			e.fen -= part
			fen -= part
		}
	}
	return nil
}

// order returns the day of a new entry. Entries stand in the order of days: one
// whose clock was behind counts on the day of the last.
func (a *Account) order(day ledger.Day) int64 {
	last := a.visit
	if n := len(a.entries); n > 0 {
		last = a.entries[n-1].day
	}
	return max(last, number(day))
}

// On returns how the account stands on a day; on one before its last entry, as
// on that.
func (a *Account) On(day ledger.Day) Position { return a.on(number(day)) }

func (a *Account) on(day int64) Position {
	var p Position
	var accrued int64     // millionths of a fen, unpaid
	from := number(a.due) // interest is counted up to here
	until := func(day int64) {
		if n := day - from; n > 0 {
			accrued += p.Principal * a.terms.Rate * n
			from = day
		}
	}
	for _, e := range a.entries {
		until(e.day)
		if e.name != "" {
			// A surplus that a refund left pays what is lent later.
			used := min(p.Surplus, e.fen)
			p.Surplus -= used
			p.PaidPrincipal += used
			p.Principal += e.fen - used
			continue
		}
		interest := min(e.fen, accrued/micro)
		principal := min(e.fen-interest, p.Principal)
		accrued -= interest * micro
		p.PaidInterest += interest
		p.Principal -= principal
		p.PaidPrincipal += principal
		p.Surplus += e.fen - interest - principal
	}
	until(day)
	p.Interest = accrued / micro
	return p
}

// number counts days from 1970-01-01.
func number(d ledger.Day) int64 {
	t, _ := time.Parse(time.DateOnly, d.String())
	return t.Unix() / (24 * 60 * 60)
}

// Entries returns how many entries the account has.
func (a *Account) Entries() int { return len(a.entries) }
