package office

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/rails"
)

// A ChargeRequest asks for a run. Each person is charged once for a day, with
// everything that he owes.
type ChargeRequest struct {
	Day string `json:"day"` // YYYY-MM-DD
}

// A ChargeReport is what a run has done.
type ChargeReport struct {
	Paid     int   `json:"paid"`     // people
	Fen      int64 `json:"fen"`      // that they paid
	Declined int   `json:"declined"` // people who are debtors now, or still
	Pending  int   `json:"pending"`  // whose order has no answer yet; the next run asks again
}

// clearing returns the account of the partner that pays.
func clearing(credit bool) ledger.Account {
	if credit {
		return ledger.MustAccount(ledger.Asset, "credit", "clearing")
	}
	return ledger.MustAccount(ledger.Asset, "bank", "clearing")
}

// ErrBusy is returned where another process charges the same people. Ask again.
var ErrBusy = errors.New("office: another process charges the same people")

// ordersAtOnce is how many orders one append writes down.
const ordersAtOnce = 200

// Charge posts what was not posted yet and charges everybody who owes. An order
// is written down before it is sent, so that a run that was cut short is ended
// by the next with the same key: nobody is charged twice. Whoever cannot be
// charged is a debtor, and is tried again by the next run.
func (o *Office) Charge(ctx context.Context, r ChargeRequest) (*ChargeReport, error) {
	if _, err := serviceDay(r.Day); err != nil {
		return nil, err
	}
	o.booking.Lock()
	defer o.booking.Unlock()
	if err := o.refresh(ctx); err != nil {
		return nil, err
	}
	for _, m := range o.openMonths() {
		if err := o.post(ctx, m, &Booking{}); err != nil {
			return nil, err
		}
	}
	report := &ChargeReport{}
	o.mu.Lock()
	people := slices.Sorted(maps.Keys(o.owing))
	o.mu.Unlock()
	for part := range slices.Chunk(people, ordersAtOnce) {
		if err := o.chargePeople(ctx, part, "transit.charge", r.Day, "", report); err != nil {
			return nil, err
		}
	}
	return report, nil
}

// A bill is what a person is about to pay.
type bill struct {
	order order
	payer Payer
	known bool // the order is written down
	after int  // account.orders when the balance was read
	clear bool // nothing is owed, and a debtor is one no more
}

func (o *Office) chargePeople(ctx context.Context, people []string, kind, day, request string, report *ChargeReport) error {
	var bills []*bill
	var events []eventlog.Event
	for _, person := range people {
		b, err := o.bill(ctx, person, kind, day, request)
		if err != nil {
			return err
		}
		if b == nil {
			continue
		}
		if !b.known {
			e, err := o.newOrder(b)
			if err != nil {
				return err
			}
			events = append(events, e)
			if b.order.Key == "" { // nothing to send
				if !b.clear {
					report.Declined++
				}
				continue
			}
		}
		bills = append(bills, b)
	}
	if err := o.main.Change(ctx, func() ([]eventlog.Event, error) {
		for _, b := range bills {
			// The balance was read before: another process may have charged it.
			if a := o.books.people[b.order.Person]; a != nil && a.orders != b.after {
				return nil, ErrBusy
			}
		}
		return events, nil
	}); err != nil {
		return err
	}
	events = nil
	for _, b := range bills {
		answer, err := o.send(ctx, b)
		if errors.Is(err, rails.ErrUnsettled) {
			report.Pending++
			if ctx.Err() != nil {
				break // what was settled so far is still written down below
			}
			continue
		}
		if err != nil {
			return err
		}
		s := settledEvent{Key: b.order.Key, Person: b.order.Person, Paid: answer.State == rails.Accepted, Reason: answer.Reason}
		owed, err := o.owed(ctx, b.order.Person)
		if err != nil {
			return err
		}
		s.Clear = owed <= 0
		e, err := eventlog.New("settled:"+digest(b.order.Key), settledKind, o.cfg.Now(), s)
		if err != nil {
			return err
		}
		events = append(events, e)
		if !s.Paid {
			report.Declined++
			continue
		}
		report.Paid++
		report.Fen += b.order.Fen
	}
	return o.append(context.WithoutCancel(ctx), events)
}

// bill returns what a person owes, or nil where there is nothing to charge.
func (o *Office) bill(ctx context.Context, person, kind, day, request string) (*bill, error) {
	b := &bill{}
	debtor := false
	err := o.main.View(ctx, func() error {
		a := o.books.people[person]
		if a == nil {
			return nil
		}
		debtor, b.after = a.since != "", a.orders
		switch {
		case a.open != nil:
			b.order, b.known = *a.open, true
		case request == "" && a.day >= day:
			b = nil // charged for this day
		}
		return nil
	})
	if err != nil || b == nil {
		return nil, err
	}
	if !b.known {
		owed, err := o.owed(ctx, person)
		if err != nil {
			return nil, err
		}
		if owed <= 0 {
			o.mu.Lock()
			delete(o.owing, person)
			o.mu.Unlock()
			if !debtor {
				return nil, nil
			}
			return &bill{order: order{Person: person, Day: day, Request: request}, clear: true}, nil
		}
		b.order = order{Person: person, Fen: min(owed, ledger.MaxAmount), Time: o.cfg.Now().UTC().Truncate(time.Second), Day: day, Request: request}
	}
	if o.cfg.Payers != nil {
		if b.payer, err = o.cfg.Payers.Payer(ctx, person); err != nil {
			return nil, fmt.Errorf("office: how a person pays: %w", err)
		}
	}
	if b.known {
		return b, nil
	}
	last := day
	if request != "" {
		last = digest(request)
	}
	key := fmt.Sprintf("%s:%s:%s:%s", kind, o.cfg.Name, word(person), last)
	switch {
	case o.cfg.Bank != nil && b.payer.Mandate != (rails.Mandate{}):
		b.order.Key = key
	case o.cfg.Credit != nil && b.payer.Credit != "":
		b.order.Key, b.order.Credit = key, true
	}
	return b, nil
}

// newOrder returns the event of an order, or of there being nothing to send.
func (o *Office) newOrder(b *bill) (eventlog.Event, error) {
	if b.order.Key != "" {
		return eventlog.New("order:"+digest(b.order.Key), orderKind, o.cfg.Now(), b.order)
	}
	what := askedEvent{Person: b.order.Person, Request: b.order.Request, NoWay: !b.clear, Clear: b.clear, Day: b.order.Day}
	return eventlog.New("asked:"+digest(what.Person+" "+what.Day+" "+what.Request), askedKind, o.cfg.Now(), what)
}

// send settles an order and books it.
func (o *Office) send(ctx context.Context, b *bill) (rails.Answer, error) {
	// Settled again after a crash the transaction must be the same: its time is
	// that of the order.
	booking := &ledger.Draft{Kind: "transit.charge", Time: b.order.Time, Day: ledger.DayOf(b.order.Time), Postings: []ledger.Posting{
		{Account: clearing(b.order.Credit), Debit: b.order.Fen}, {Account: receivable(b.order.Person), Credit: b.order.Fen}}}
	if !b.order.Credit {
		charge, err := rails.ChargeOrder(o.cfg.Bank, rails.Charge{Key: b.order.Key, Mandate: b.payer.Mandate, Fen: b.order.Fen})
		if err != nil {
			return declinedBy(err)
		}
		return o.settler.Settle(ctx, charge, booking)
	}
	hold := b.order.Key + ":hold"
	authorise, err := rails.AuthorisationOrder(o.cfg.Credit, rails.Authorisation{Key: hold, Account: b.payer.Credit, Fen: b.order.Fen})
	if err != nil {
		return declinedBy(err)
	}
	answer, err := o.settler.Settle(ctx, authorise, nil)
	if err != nil || answer.State != rails.Accepted {
		return answer, err
	}
	capture, err := rails.CaptureOrder(o.cfg.Credit, rails.Capture{Key: b.order.Key, Authorisation: hold, Fen: b.order.Fen})
	if err != nil {
		return declinedBy(err)
	}
	if answer, err = o.settler.Settle(ctx, capture, booking); err == nil && answer.State == rails.Declined {
		release, wrong := rails.ReleaseOrder(o.cfg.Credit, rails.Release{Key: b.order.Key + ":release", Authorisation: hold})
		if wrong != nil {
			return rails.Answer{}, wrong
		}
		if _, err := o.settler.Settle(ctx, release, nil); err != nil {
			return rails.Answer{}, err // the order stays open until the hold is gone
		}
	}
	return answer, err
}

// declinedBy is the answer for an order that cannot be sent, such as one whose
// mandate was withdrawn before its answer was known.
func declinedBy(err error) (rails.Answer, error) {
	if _, ok := errors.AsType[*rails.OrderError](err); ok {
		return rails.Answer{}, fmt.Errorf("%w: %w", rails.ErrUnsettled, err)
	}
	return rails.Answer{}, err
}

// owed returns what the ledger says that a person owes; below zero it is his.
func (o *Office) owed(ctx context.Context, person string) (int64, error) {
	b, err := o.cfg.Ledger.Balance(ctx, receivable(person))
	if err != nil {
		return 0, fmt.Errorf("office: %w", err)
	}
	return b.Net(), nil
}

func (o *Office) append(ctx context.Context, events []eventlog.Event) error {
	if len(events) == 0 {
		return nil
	}
	return o.main.Change(ctx, func() ([]eventlog.Event, error) { return events, nil })
}

// An AccountRequest asks for one person.
type AccountRequest struct {
	Person string `json:"person"`
}

// An Account is what a person owes.
type Account struct {
	Person  string `json:"person"`
	Fen     int64  `json:"fen"` // below zero it is the person's
	Pending bool   `json:"pending,omitempty"`
	// Debtor since a day, because of a word of the partner: not let in until paid.
	Since  string `json:"since,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// Account returns what a person owes.
func (o *Office) Account(ctx context.Context, r AccountRequest) (*Account, error) {
	owed, err := o.owed(ctx, r.Person)
	if err != nil {
		return nil, err
	}
	found := &Account{Person: r.Person, Fen: owed}
	err = o.main.View(ctx, func() error {
		if a := o.books.people[r.Person]; a != nil {
			found.Pending, found.Since, found.Reason = a.open != nil, a.since, a.reason
		}
		return nil
	})
	return found, err
}

// A RepayRequest is a person's wish to pay now.
type RepayRequest struct {
	Request string `json:"request"` // names the wish; the same again does nothing twice
	Person  string `json:"person"`
}

// Repay charges a person now, whatever the day: from a new mandate, or because
// there is money again. What became of it is in the account: Since is empty
// once everything is paid, and the next deny list is without him.
func (o *Office) Repay(ctx context.Context, r RepayRequest) (*Account, error) {
	if r.Request == "" || len(r.Request) > 200 {
		return nil, &scenarios.RequestError{Path: "request", Err: errors.New("not 1 to 200 bytes")}
	}
	o.booking.Lock()
	defer o.booking.Unlock()
	if err := o.refresh(ctx); err != nil {
		return nil, err
	}
	asked, pending := "", false
	if err := o.main.View(ctx, func() error {
		asked = o.books.requests[r.Request]
		a := o.books.people[r.Person]
		pending = a != nil && a.open != nil
		return nil
	}); err != nil {
		return nil, err
	}
	switch {
	case asked != "" && asked != r.Person:
		return nil, &scenarios.RequestError{Path: "request", Err: errors.New("it was another person's")}
	case asked == "" || pending:
		if err := o.chargePeople(ctx, []string{r.Person}, "transit.repay", "", r.Request, &ChargeReport{}); err != nil {
			return nil, err
		}
	}
	return o.Account(ctx, AccountRequest{r.Person})
}
