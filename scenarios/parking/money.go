package parking

import (
	"errors"
	"fmt"
	"time"

	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/parking/reserve"
)

// The accounts. Words for people are pseudonyms, "plate-" and a name that only
// Config.Key leads back to a plate, or the citizen's.
func receivable(payer string) ledger.Account {
	return ledger.MustAccount(ledger.Asset, "receivable", "parking", payer)
}
func income(lot string) ledger.Account { return ledger.MustAccount(ledger.Income, "parking", lot) }
func cash(lot string) ledger.Account   { return ledger.MustAccount(ledger.Asset, "cash", "parking", lot) }
func owedTo(party string) ledger.Account {
	return ledger.MustAccount(ledger.Liability, "parking", party)
}

var (
	bankClearing = ledger.MustAccount(ledger.Asset, "bank", "clearing")
	qrClearing   = ledger.MustAccount(ledger.Asset, "qr", "clearing")
)

// into is the account that a payment goes to.
func into(m Method, lot string) ledger.Account {
	switch m {
	case ByMandate:
		return bankClearing
	case ByQR:
		return qrClearing
	default:
		return cash(lot)
	}
}

// key names a transaction, and an order to the bank.
func (st *state) key(what, id string) string { return "parking." + what + ":" + st.operator + ":" + id }

// post puts a transaction on its way into the ledger.
func (st *state) post(d ledger.Draft) {
	d.Day = ledger.DayOf(d.Time)
	st.drafts = append(st.drafts, d)
}

func attributes(b *bill) map[string]string { return map[string]string{"lot": b.lot, "bill": b.id} }

// billItem adds to what a bill's payer owes.
func (st *state) billItem(b *bill, at time.Time, key, kind string, to ledger.Account, fen int64) {
	b.items = append(b.items, item{key: key, account: to, fen: fen})
	st.post(ledger.Draft{Key: key, Kind: kind, Time: at, Attributes: attributes(b),
		Postings: []ledger.Posting{{Account: receivable(b.payer), Debit: fen}, {Account: to, Credit: fen}}})
}

// balance pays back what was paid too much, and keeps the list of debts.
func (st *state) balance(b *bill, at time.Time) {
	surplus := b.paid() - b.owed()
	if !b.billed {
		surplus = 0
	}
	for i := len(b.payments) - 1; i >= 0 && surplus > 0; i-- {
		p := b.payments[i]
		fen := min(surplus, p.fen-p.back)
		if fen == 0 {
			continue
		}
		surplus -= fen
		p.back += fen
		b.backs++
		key := st.key("payback", fmt.Sprintf("%s:%d", b.id, b.backs))
		if p.method == ByMandate {
			p.waiting += fen
			st.order(&order{key: key, bill: b.id, lot: b.lot, fen: fen, refunds: p.key, at: at})
			continue
		}
		st.post(ledger.Draft{Key: key, Kind: "parking.payback", Time: at, Refunds: p.key, Attributes: attributes(b),
			Postings: []ledger.Posting{{Account: receivable(b.payer), Debit: fen}, {Account: into(p.method, b.lot), Credit: fen}}})
	}
	if b.debt() == 0 {
		st.unblock(b.id, at)
	}
	switch has := st.debts[b.payer][b.id]; {
	case b.debt() > 0 && !has:
		if st.debts[b.payer] == nil {
			st.debts[b.payer] = make(map[string]bool)
		}
		st.debts[b.payer][b.id] = true
		st.notify(b.payer, NoticeUnpaid, at, b.id, b.debt())
	case b.debt() == 0 && has:
		delete(st.debts[b.payer], b.id)
		if len(st.debts[b.payer]) == 0 {
			delete(st.debts, b.payer)
		}
	}
}

// paid: a driver paid by himself.
type paid struct {
	Bill      string `json:"bill"`
	Fen       int64  `json:"fen"`
	Method    Method `json:"method"`
	Reference string `json:"reference,omitempty"`
	By        string `json:"by,omitempty"`
}

func (*paid) kind() string { return "paid" }

func (f *paid) apply(st *state, name string, at time.Time) error {
	b := st.bills[f.Bill]
	if b == nil {
		s, err := st.session(f.Bill)
		if err != nil {
			return err
		}
		b = st.bill(s)
	}
	key := st.key("pay", name)
	b.payments = append(b.payments, &payment{key: key, method: f.Method, fen: f.Fen})
	b.paidAt = at
	st.post(ledger.Draft{Key: key, Kind: "parking.pay", Time: at, Attributes: attributes(b),
		Postings: []ledger.Posting{{Account: into(f.Method, b.lot), Debit: f.Fen}, {Account: receivable(b.payer), Credit: f.Fen}}})
	st.notify(b.payer, NoticePaid, at, b.id, f.Fen)
	st.balance(b, at)
	return nil
}

// charged: the bank has answered. The ledger knows already; see Collect.
type charged struct {
	Bill     string `json:"bill"`
	Accepted bool   `json:"accepted"`
	Reason   string `json:"reason,omitempty"` // of the bank
}

func (*charged) kind() string { return "charged" }

func (f *charged) apply(st *state, _ string, at time.Time) error {
	b, key := st.bills[f.Bill], st.key("charge", f.Bill)
	o := st.pending[key]
	if b == nil || o == nil {
		return errors.New("it answers what was not asked")
	}
	delete(st.pending, key)
	b.charging = 0
	if f.Accepted {
		b.payments = append(b.payments, &payment{key: key, method: ByMandate, fen: o.fen})
		b.paidAt = at
		st.notify(o.owner, NoticePaid, at, b.id, o.fen)
	} else {
		st.block(o.owner, o.plate, b.id, at)
	}
	st.balance(b, at)
	return nil
}

// refunded: a bill, or a part of it, was taken back.
type refunded struct {
	Bill string `json:"bill"`
	Fen  int64  `json:"fen"`
	By   string `json:"by"`
	Why  string `json:"why,omitempty"`
}

func (*refunded) kind() string { return "refunded" }

func (f *refunded) apply(st *state, name string, at time.Time) error {
	b := st.bills[f.Bill]
	if b == nil || f.Fen > b.owed() {
		return errors.New("it refunds what was not billed")
	}
	fen := f.Fen
	for i := range b.items {
		it := &b.items[i]
		n := min(fen, it.fen-it.back)
		if n == 0 {
			continue
		}
		fen -= n
		it.back += n
		if it.party != "" {
			st.accounts[it.party] -= n
		}
		st.post(ledger.Draft{Key: st.key("refund", fmt.Sprintf("%s:%d", name, i)), Kind: "parking.refund", Time: at, Refunds: it.key, Attributes: attributes(b),
			Postings: []ledger.Posting{{Account: it.account, Debit: n}, {Account: receivable(b.payer), Credit: n}}})
	}
	st.notify(b.payer, NoticeRefunded, at, b.id, f.Fen)
	st.balance(b, at)
	return nil
}

// returned: the bank has answered about a payback.
type returned struct {
	Key      string `json:"key"`
	Accepted bool   `json:"accepted"`
}

func (*returned) kind() string { return "returned" }

func (f *returned) apply(st *state, _ string, _ time.Time) error {
	o := st.pending[f.Key]
	if o == nil || st.bills[o.bill] == nil {
		return errors.New("it answers what was not asked")
	}
	delete(st.pending, f.Key)
	for _, p := range st.bills[o.bill].payments {
		if p.key == o.refunds {
			p.waiting -= o.fen
			if !f.Accepted {
				p.undelivered += o.fen
			}
		}
	}
	return nil
}

// handedOut: a payback that the bank declined was paid at the desk.
type handedOut struct {
	Bill string `json:"bill"`
	By   string `json:"by"`
}

func (*handedOut) kind() string { return "handed-out" }

func (f *handedOut) apply(st *state, name string, at time.Time) error {
	b := st.bills[f.Bill]
	if b == nil {
		return errors.New("it speaks of a bill that is not there")
	}
	var fen int64
	for _, p := range b.payments {
		fen += p.undelivered
		p.undelivered = 0
	}
	st.post(ledger.Draft{Key: st.key("hand-out", name), Kind: "parking.payback", Time: at, Attributes: attributes(b),
		Postings: []ledger.Posting{{Account: receivable(b.payer), Debit: fen}, {Account: cash(b.lot), Credit: fen}}})
	return nil
}

// reservationEnded: the desk has closed a reservation; who owes what is known.
type reservationEnded struct {
	Reservation string        `json:"reservation"`
	State       reserve.State `json:"state"`
	Dues        []reserve.Due `json:"dues,omitempty"`
	Charge      bool          `json:"charge,omitempty"`  // by mandate
	Mandate     string        `json:"mandate,omitempty"` // sealed
	Plate       string        `json:"plate,omitempty"`
}

func (*reservationEnded) kind() string { return "reservation-ended" }

func (f *reservationEnded) apply(st *state, _ string, at time.Time) error {
	r := st.booked[f.Reservation]
	if r == nil {
		return errors.New("it speaks of a reservation that is not there")
	}
	r.state = f.State
	st.over(r)
	delete(st.ending, f.Reservation)
	b := &bill{id: "r-" + f.Reservation, lot: r.lot, payer: r.holder, billed: true}
	for _, due := range f.Dues {
		to := income(r.lot)
		kind := "parking." + string(due.Kind)
		key := st.key("due", due.Key)
		switch {
		case due.From == reserve.Owner: // the guest is owed for a bay that was taken back
			st.post(ledger.Draft{Key: key, Kind: kind, Time: at, Attributes: attributes(b),
				Postings: []ledger.Posting{{Account: owedTo(r.owner), Debit: due.Fen}, {Account: owedTo(r.holder), Credit: due.Fen}}})
			st.accounts[r.owner] -= due.Fen
			st.accounts[r.holder] += due.Fen
			st.notify(r.holder, NoticeCompensated, at, b.id, due.Fen)
			continue
		case due.To == reserve.Owner:
			to = owedTo(r.owner)
			st.accounts[r.owner] += due.Fen
		}
		st.billItem(b, at, key, kind, to, due.Fen)
		if due.To == reserve.Owner {
			b.items[len(b.items)-1].party = r.owner
		}
	}
	if len(b.items) == 0 {
		return nil
	}
	st.bills[b.id] = b
	if f.Charge {
		b.charging = b.owed()
		st.order(&order{key: st.key("charge", b.id), bill: b.id, lot: b.lot, fen: b.charging, mandate: f.Mandate, owner: r.holder, plate: f.Plate, at: at})
	}
	st.balance(b, at)
	return nil
}

// paidOut: the operator paid an owner of a bay, or a guest, what he was owed.
type paidOut struct {
	Party     string `json:"party"`
	Fen       int64  `json:"fen"`
	Reference string `json:"reference,omitempty"`
	By        string `json:"by"`
}

func (*paidOut) kind() string { return "paid-out" }

func (f *paidOut) apply(st *state, name string, at time.Time) error {
	st.accounts[f.Party] -= f.Fen
	st.post(ledger.Draft{Key: st.key("payout", name), Kind: "parking.payout", Time: at,
		Postings: []ledger.Posting{{Account: owedTo(f.Party), Debit: f.Fen}, {Account: bankClearing, Credit: f.Fen}}})
	return nil
}

// posted: every transaction up to here stands in the ledger.
type posted struct {
	Through int64 `json:"through"`
}

func (*posted) kind() string { return "posted" }

func (f *posted) apply(st *state, _ string, at time.Time) error {
	n := f.Through - st.base
	if n < 0 || n > int64(len(st.drafts)) {
		return errors.New("it keeps a place that is not there")
	}
	st.drafts, st.base = append([]ledger.Draft(nil), st.drafts[n:]...), f.Through
	st.forget(at)
	return nil
}
