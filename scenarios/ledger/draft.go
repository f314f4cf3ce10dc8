package ledger

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Bounds of a transaction. Lengths are in bytes, amounts in fen (分).
const (
	MaxKey            = 128
	MaxKind           = 64
	MaxPostings       = 64
	MaxAmount         = 10_000_000_000_000 // of one posting: 100 billion yuan
	MaxAttributes     = 8
	MaxAttributeValue = 128
)

// A Draft is a transaction (记账凭证) that has not been posted. The zero value of
// a field that is not required is nothing.
type Draft struct {
	// Key makes the transaction one: whoever posts the same key again gets the
	// first receipt, and nothing is posted twice. Printable ASCII without
	// space, up to MaxKey; required. Make it from what happened, as in
	// "parking.fee:s-104:exit", never from the attempt.
	Key string
	// Kind is what it is, as in "parking.fee"; required.
	Kind string
	// Time is when it happened, by the caller's clock, kept in whole seconds;
	// required.
	Time time.Time
	// Day is the business day on which it is booked; required.
	Day Day
	// Origin is the day to which it belongs where that is not Day, because
	// Day was closed before it arrived; see On. It is never after Day.
	Origin Day
	// Postings are the lines, 2 to MaxPostings, each account once. Their
	// debits and credits sum to the same.
	Postings []Posting
	// Reverses is the key of the transaction that this one takes back whole:
	// the same postings with the sides exchanged.
	Reverses string
	// Refunds is the key of the transaction of which this one takes back a
	// part: for some of its accounts, up to what was posted, on the other side.
	Refunds string
	// Attributes are references of the scenario, as in lot or visit: up to
	// MaxAttributes, names like kinds, values of up to MaxAttributeValue bytes
	// of text. No personal data.
	Attributes map[string]string
}

// A Posting (分录) is one line of a transaction: an amount in fen on one side of
// an account. Exactly one of Debit and Credit is above zero.
type Posting struct {
	Account Account
	Debit   int64 // 借
	Credit  int64 // 贷
}

// On returns the draft booked on another day. It keeps the day to which it
// belongs, so that it is still the same transaction: after DayClosed,
//
//	l.Post(ctx, draft.On(refused.Open))
func (d Draft) On(day Day) Draft {
	if d.Origin.IsZero() {
		d.Origin = d.Day
	}
	d.Day = day
	return d
}

// check returns what is wrong with a draft as a *DraftError. The time that it
// takes is bounded by the limits, whatever is handed in.
func (d *Draft) check() error {
	switch {
	case !isKey(d.Key):
		return draftError("key", "not 1 to %d bytes of printable ASCII without space", MaxKey)
	case !isWord(d.Kind, MaxKind, ".-"):
		return draftError("kind", "not up to %d bytes of a-z, 0-9 and, inside, . -", MaxKind)
	case d.Time.Unix() < minDay.n*secondsADay || d.Time.Unix() >= maxDay.n*secondsADay:
		return draftError("time", "not between 2000 and 9999")
	case !d.Day.valid():
		return draftError("day", "not a day from 2000 to 9999")
	case !d.Origin.IsZero() && (!d.Origin.valid() || d.Origin.Compare(d.Day) > 0):
		return draftError("origin", "not a day up to the one on which it is booked")
	case d.Reverses != "" && d.Refunds != "":
		return draftError("refunds", "a transaction reverses or refunds, not both")
	case d.Reverses != "" && (!isKey(d.Reverses) || d.Reverses == d.Key):
		return draftError("reverses", "not the key of another transaction")
	case d.Refunds != "" && (!isKey(d.Refunds) || d.Refunds == d.Key):
		return draftError("refunds", "not the key of another transaction")
	}
	if err := checkAttributes(d.Attributes); err != nil {
		return err
	}
	return checkPostings(d.Postings)
}

func draftError(path, format string, args ...any) error {
	return &DraftError{path, fmt.Errorf(format, args...)}
}

func isKey(s string) bool {
	return s != "" && len(s) <= MaxKey && strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

func checkAttributes(attributes map[string]string) error {
	if len(attributes) > MaxAttributes {
		return draftError("attributes", "more than %d", MaxAttributes)
	}
	// In order, so that the same draft has the same error every time.
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		if !isWord(name, MaxKind, ".-") {
			return draftError("attributes", "a name is not up to %d bytes of a-z, 0-9 and, inside, . -", MaxKind)
		}
		value := attributes[name]
		if value == "" || len(value) > MaxAttributeValue || !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl) {
			return draftError("attributes."+name, "not 1 to %d bytes of text", MaxAttributeValue)
		}
	}
	return nil
}

// checkPostings is the rule of double entry.
func checkPostings(postings []Posting) error {
	if len(postings) < 2 || len(postings) > MaxPostings {
		return draftError("postings", "not 2 to %d", MaxPostings)
	}
	var sum int64 // stays within MaxPostings * MaxAmount
	for i, p := range postings {
		path := func(field string) string { return fmt.Sprintf("postings[%d].%s", i, field) }
		switch {
		case p.Account.IsZero():
			return draftError(path("account"), "no account")
		case p.Debit < 0 || p.Debit > MaxAmount:
			return draftError(path("debit"), "not 0 to %d fen", int64(MaxAmount))
		case p.Credit < 0 || p.Credit > MaxAmount:
			return draftError(path("credit"), "not 0 to %d fen", int64(MaxAmount))
		case (p.Debit == 0) == (p.Credit == 0):
			return draftError(path("debit"), "not exactly one of debit and credit")
		case slices.ContainsFunc(postings[:i], func(q Posting) bool { return q.Account == p.Account }):
			return draftError(path("account"), "the account stands twice")
		}
		sum += p.Debit - p.Credit
	}
	if sum != 0 {
		return &DraftError{"postings", errors.New("debits and credits do not sum to the same")}
	}
	return nil
}
