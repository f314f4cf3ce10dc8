package parking

import (
	"time"

	"github.com/citizencode/citizencode/scenarios/ledger"
)

// A Payment is where the money of a bill stands.
type Payment string

// The states of a bill.
const (
	Free        Payment = "free"        // nothing was to pay
	Paid        Payment = "paid"        // or paid back whole
	Charging    Payment = "charging"    // accepted; the bank's answer is to come (pay notice)
	Unpaid      Payment = "unpaid"      // a debt
	PayingBack  Payment = "paying-back" // a refund is on its way
	PrePaid     Payment = "prepaid"     // paid before the exit
	Undelivered Payment = "undelivered" // the bank declined to take a refund: the desk hands it out
)

// A Method is how something was paid.
type Method string

// The methods.
const (
	ByMandate Method = "mandate" // 代扣
	ByQR      Method = "qr"      // a payment code, at the barrier or in the app
	ByCash    Method = "cash"
)

// A Bill is what one stay, or one reservation, costs and what was paid.
// Amounts are fen.
type Bill struct {
	ID       string  `json:"id"` // of the session, or "r-" and the reservation
	Lot      string  `json:"lot"`
	Payer    string  `json:"payer"`
	Payment  Payment `json:"payment"`
	Fen      int64   `json:"fen"`                // billed
	Refunded int64   `json:"refunded,omitempty"` // of it
	Paid     int64   `json:"paid"`               // less what was paid back
	Due      int64   `json:"due,omitempty"`      // the debt
}

type bill struct {
	id, lot, payer string
	billed         bool // the stay has ended
	items          []item
	payments       []*payment
	paidAt         time.Time // of the last payment
	charging       int64     // fen that the bank was asked for
	backs          int       // paybacks so far, for their keys
}

// An item is one posting that makes up a bill.
type item struct {
	key     string // of the posting
	account ledger.Account
	party   string // the owner of a bay, if he is owed it
	fen     int64
	back    int64 // refunded
}

// A payment is money that came in.
type payment struct {
	key         string // of the posting
	method      Method
	fen         int64
	back        int64 // paid back
	waiting     int64 // of back: the bank was asked and has not answered
	undelivered int64 // of back: the bank declined
}

func (b *bill) owed() (fen int64) {
	for _, i := range b.items {
		fen += i.fen - i.back
	}
	return fen
}

func (b *bill) paid() (fen int64) {
	for _, p := range b.payments {
		fen += p.fen - p.back
	}
	return fen
}

// debt is what is to pay and not under way.
func (b *bill) debt() int64 {
	if !b.billed || b.charging > 0 {
		return 0
	}
	return max(0, b.owed()-b.paid())
}

func (b *bill) tell() Bill {
	out := Bill{ID: b.id, Lot: b.lot, Payer: b.payer, Paid: b.paid(), Due: b.debt(), Payment: Paid}
	var waiting, undelivered int64
	for _, i := range b.items {
		out.Fen += i.fen
		out.Refunded += i.back
	}
	for _, p := range b.payments {
		waiting += p.waiting
		undelivered += p.undelivered
	}
	switch {
	case undelivered > 0:
		out.Payment = Undelivered
	case waiting > 0:
		out.Payment = PayingBack
	case b.charging > 0:
		out.Payment = Charging
	case !b.billed:
		out.Payment = PrePaid
	case out.Due > 0:
		out.Payment = Unpaid
	case out.Fen == 0:
		out.Payment = Free
	}
	return out
}

// settled reports whether no money will move any more by itself.
func (b *bill) settled() bool {
	p := b.tell().Payment
	return p == Free || p == Paid
}

// bill returns a session's bill, and makes it if there is none.
func (st *state) bill(s *session) *bill {
	b := st.bills[s.id]
	if b == nil {
		b = &bill{id: s.id, lot: s.lot, payer: s.payer}
		st.bills[s.id] = b
	}
	return b
}
