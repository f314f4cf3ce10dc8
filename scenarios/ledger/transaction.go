package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"
)

// A Transaction is a draft that was checked: it balances, its postings are in
// the order of their accounts, its origin is filled in. It never changes.
type Transaction struct {
	draft Draft
	id    string
}

// NewTransaction checks a draft; the error is a *DraftError. [Ledger] does this
// for its callers.
func NewTransaction(d Draft) (*Transaction, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	d.Time = time.Unix(d.Time.Unix(), 0).UTC()
	if d.Origin.IsZero() {
		d.Origin = d.Day
	}
	d.Postings = slices.Clone(d.Postings)
	slices.SortFunc(d.Postings, func(a, b Posting) int { return strings.Compare(a.Account.name, b.Account.name) })
	d.Attributes = maps.Clone(d.Attributes)
	if len(d.Attributes) == 0 {
		d.Attributes = nil
	}
	return &Transaction{d, TransactionID(d.Key)}, nil
}

// Draft returns a copy of what the transaction was made from, with postings in
// the order of their accounts.
func (t *Transaction) Draft() Draft {
	d := t.draft
	d.Postings, d.Attributes = slices.Clone(d.Postings), maps.Clone(d.Attributes)
	return d
}

// Key returns the idempotency key.
func (t *Transaction) Key() string { return t.draft.Key }

// ID returns TransactionID of the key.
func (t *Transaction) ID() string { return t.id }

// TransactionID returns the ID of the transaction with a key, 32 hexadecimal
// digits of SM3, for stores; see [Account.ID].
func TransactionID(key string) string { return id("transaction", key) }

// Kind returns what it is.
func (t *Transaction) Kind() string { return t.draft.Kind }

// Time returns when it happened, in UTC and whole seconds.
func (t *Transaction) Time() time.Time { return t.draft.Time }

// Day returns the business day on which it is booked.
func (t *Transaction) Day() Day { return t.draft.Day }

// Origin returns the business day to which it belongs.
func (t *Transaction) Origin() Day { return t.draft.Origin }

// Postings returns a copy of the postings in the order of their accounts.
func (t *Transaction) Postings() []Posting { return slices.Clone(t.draft.Postings) }

// Attribute returns a reference of the scenario, or "".
func (t *Transaction) Attribute(name string) string { return t.draft.Attributes[name] }

// Corrects returns the key of what it reverses or refunds, or "".
func (t *Transaction) Corrects() string { return t.draft.Reverses + t.draft.Refunds }

// Amount returns the sum of the debits, which is that of the credits, in fen.
func (t *Transaction) Amount() (sum int64) {
	for _, p := range t.draft.Postings {
		sum += p.Debit
	}
	return sum
}

// Same reports whether u is the same transaction, on whatever day it is booked.
// The day is not compared because it is the ledger's business: who was refused
// a closed day, booked the next one and lost the answer, begins again with the
// closed day.
func (t *Transaction) Same(u *Transaction) bool {
	a, b := t.draft, u.draft
	return a.Key == b.Key && a.Kind == b.Kind && a.Time.Equal(b.Time) && a.Origin == b.Origin &&
		a.Reverses == b.Reverses && a.Refunds == b.Refunds &&
		slices.Equal(a.Postings, b.Postings) && maps.Equal(a.Attributes, b.Attributes)
}

// receipt returns what whoever posts it is given.
func (t *Transaction) receipt() Receipt { return Receipt{t.draft.Key, t.draft.Day} }

// MaxTransactionText is a bound of MarshalText, in bytes.
const MaxTransactionText = 32 << 10

// transactionJSON is the stored form. Names are short because there are many.
type transactionJSON struct {
	Key        string            `json:"key"`
	Kind       string            `json:"kind"`
	Time       int64             `json:"time"`
	Day        string            `json:"day"`
	Origin     string            `json:"origin,omitempty"` // where it is not Day
	Reverses   string            `json:"reverses,omitempty"`
	Refunds    string            `json:"refunds,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"`
	Postings   []postingJSON     `json:"postings"`
}

type postingJSON struct {
	Account string `json:"account"`
	Debit   int64  `json:"debit,omitempty"`
	Credit  int64  `json:"credit,omitempty"`
}

// MarshalText returns the transaction as one line of JSON, the form in which
// stores keep it. The same transaction has the same bytes.
func (t *Transaction) MarshalText() ([]byte, error) {
	d := &t.draft
	j := transactionJSON{Key: d.Key, Kind: d.Kind, Time: d.Time.Unix(), Day: d.Day.String(),
		Reverses: d.Reverses, Refunds: d.Refunds, Attributes: d.Attributes, Postings: make([]postingJSON, len(d.Postings))}
	if d.Origin != d.Day {
		j.Origin = d.Origin.String()
	}
	for i, p := range d.Postings {
		j.Postings[i] = postingJSON{p.Account.name, p.Debit, p.Credit}
	}
	return json.Marshal(j)
}

// ParseTransaction reads what MarshalText wrote, and nothing else: bytes that
// are not exactly those are damage. The error is a *DraftError.
func ParseTransaction(text []byte) (*Transaction, error) {
	fail := func(err error) (*Transaction, error) { return nil, &DraftError{"text", err} }
	if len(text) > MaxTransactionText {
		return fail(errors.New("too long"))
	}
	var j transactionJSON
	if err := json.Unmarshal(text, &j); err != nil {
		return fail(err)
	}
	d := Draft{Key: j.Key, Kind: j.Kind, Time: time.Unix(j.Time, 0), Reverses: j.Reverses, Refunds: j.Refunds,
		Attributes: j.Attributes, Postings: make([]Posting, len(j.Postings))}
	var err error
	if d.Day, err = ParseDay(j.Day); err != nil {
		return nil, err
	}
	if j.Origin != "" {
		if d.Origin, err = ParseDay(j.Origin); err != nil {
			return nil, err
		}
	}
	for i, p := range j.Postings {
		if d.Postings[i].Account, err = ParseAccount(p.Account); err != nil {
			return nil, err
		}
		d.Postings[i].Debit, d.Postings[i].Credit = p.Debit, p.Credit
	}
	t, err := NewTransaction(d)
	if err != nil {
		return nil, err
	}
	if again, err := t.MarshalText(); err != nil || !bytes.Equal(again, text) {
		return fail(errors.New("not in the one form"))
	}
	return t, nil
}
