package scenarios

import (
	"context"
	"time"
)

// A Reverser takes back what an allowed visit did: a wrong fare, a car that was
// let in by mistake. Money goes back by a counter-posting, never by deleting.
type Reverser interface {
	// Reverse undoes the visit of r.Key. A visit that cannot be undone is a
	// refusal; asked again with the same Request it returns the same decision
	// and does nothing twice.
	Reverse(ctx context.Context, r Reversal) (*Decision, error)
}

// A Reversal is an order to take a visit back.
type Reversal struct {
	Key     string    // of the visit
	Request string    // names this order
	By      string    // who ordered it, as the operator names its staff
	Why     string    // one line for the books
	Time    time.Time // of the order
}

// A Settler says what an operator's day came to.
type Settler interface {
	// Settle returns the settlement of a business day, YYYY-MM-DD in the
	// city's time. The same day gives the same settlement once it is closed.
	Settle(ctx context.Context, day string) (*Settlement, error)
}

// A Settlement is a day's claims of each party. The ledger's books, not this
// summary, are the record.
type Settlement struct {
	Day    string           `json:"day"`
	Closed bool             `json:"closed"` // no more will come
	Lines  []SettlementLine `json:"lines"`
}

// A SettlementLine is one party's share: a car park, a bus company, the fund
// that pays a benefit.
type SettlementLine struct {
	Party string `json:"party"`
	Count int    `json:"count"` // of visits
	Fen   int64  `json:"fen"`   // owed to the party; negative: by it
}

// A Meter counts for the operations room: numbers, never persons.
type Meter interface {
	Metrics() []Metric
}

// A Metric is one number.
type Metric struct {
	Name  string `json:"name"` // as in "sessions-open"
	Help  Text   `json:"help"`
	Label string `json:"label,omitempty"` // what it is split by, as in "lot-7"
	Value int64  `json:"value"`
}
