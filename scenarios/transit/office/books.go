package office

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/ledger"
)

// The events of the accounts.
const (
	monthKind    = "month-opened"
	archivedKind = "month-archived"
	postedKind   = "posted"
	orderKind    = "order"
	settledKind  = "order-settled"
	askedKind    = "repayment-asked"
)

type monthEvent struct {
	Month int `json:"month"`
}

// postedEvent says that fares of a month stand in the ledger, and on which day.
type postedEvent struct {
	Month  int              `json:"month"`
	Number int              `json:"number"` // of the month's fares, from the first
	Day    string           `json:"day"`
	Shares map[string]share `json:"shares"`
}

// An order is money that is asked for. It is written down before it is sent.
type order struct {
	Key     string    `json:"key"`
	Person  string    `json:"person"`
	Fen     int64     `json:"fen"`
	Time    time.Time `json:"time"`
	Day     string    `json:"day,omitempty"`     // of the run of Charge
	Request string    `json:"request,omitempty"` // of Repay
	Credit  bool      `json:"credit,omitempty"`  // by credit, not by mandate
}

type settledEvent struct {
	Key    string `json:"key"`
	Person string `json:"person"`
	Paid   bool   `json:"paid"`
	Reason string `json:"reason,omitempty"` // why not, a word of the partner
	Clear  bool   `json:"clear,omitempty"`  // nothing is owed behind it
}

// askedEvent ends a request of Repay that needed no order.
type askedEvent struct {
	Person  string `json:"person"`
	Request string `json:"request"`
	Clear   bool   `json:"clear,omitempty"`
	NoWay   bool   `json:"noWay,omitempty"` // the person has no way to pay: a debtor
	Day     string `json:"day,omitempty"`
}

// books is the state of the stream of accounts. Its lock is for those who read
// a number of it outside of the stream.
type books struct {
	mu       sync.RWMutex
	months   map[int]*monthMark
	archived int                         // last month that is
	days     map[string]map[string]share // what each business day came to
	people   map[string]*account
	requests map[string]string // of Repay: whose
	version  uint64            // of the deny list
}

type monthMark struct{ posted int }

// An account is what the events say about how a person pays.
type account struct {
	open   *order // sent or to be sent, and not known to be settled
	orders int    // so many events of orders and their ends
	day    string // of the last run of Charge
	since  string // a debtor since this day; empty: none
	reason string
}

func newBooks() *books {
	return &books{months: make(map[int]*monthMark), days: make(map[string]map[string]share),
		people: make(map[string]*account), requests: make(map[string]string)}
}

// Apply implements [eventlog.State].
func (b *books) Apply(e eventlog.Event) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var change struct {
		monthEvent
		Number int              `json:"number"`
		Day    string           `json:"day"`
		Shares map[string]share `json:"shares"`
	}
	switch e.Kind {
	case monthKind, archivedKind, postedKind:
		if err := json.Unmarshal(e.Data, &change); err != nil {
			return err
		}
	}
	switch e.Kind {
	case monthKind:
		b.months[change.Month] = &monthMark{}
	case archivedKind:
		b.archived = max(b.archived, change.Month)
	case postedKind:
		mark := b.months[change.Month]
		if mark == nil {
			return fmt.Errorf("month %d was not opened", change.Month)
		}
		mark.posted = max(mark.posted, change.Number)
		day := b.days[change.Day]
		if day == nil {
			day = make(map[string]share)
			b.days[change.Day] = day
		}
		for party, s := range change.Shares {
			day[party] = day[party].plus(s)
		}
	case orderKind:
		var o order
		if err := json.Unmarshal(e.Data, &o); err != nil {
			return err
		}
		a := b.account(o.Person)
		a.open, a.day = &o, cmp.Or(o.Day, a.day)
		a.orders++
		if o.Request != "" {
			b.requests[o.Request] = o.Person
		}
	case settledKind:
		var s settledEvent
		if err := json.Unmarshal(e.Data, &s); err != nil {
			return err
		}
		a := b.account(s.Person)
		day := ""
		if a.open != nil {
			day = a.open.Day
		}
		a.open = nil
		a.orders++
		b.judge(a, !s.Paid, s.Clear, s.Reason, cmp.Or(day, ledger.DayOf(e.Time).String()))
	case askedKind:
		var s askedEvent
		if err := json.Unmarshal(e.Data, &s); err != nil {
			return err
		}
		a := b.account(s.Person)
		if s.Request != "" {
			b.requests[s.Request] = s.Person
		}
		a.day = cmp.Or(s.Day, a.day)
		b.judge(a, s.NoWay, s.Clear, NoWayToPay, cmp.Or(s.Day, ledger.DayOf(e.Time).String()))
	default:
		return fmt.Errorf("unknown kind of event %q", e.Kind)
	}
	return nil
}

// judge puts a person on the deny list or takes him off. A debtor who pays a
// part of what he owes stays one.
func (b *books) judge(a *account, declined, clear bool, reason, day string) {
	switch {
	case declined && a.since == "":
		a.since, a.reason = day, reason
		b.version++
	case clear && a.since != "":
		a.since, a.reason = "", ""
		b.version++
	}
}

func (b *books) account(person string) *account {
	a := b.people[person]
	if a == nil {
		a = new(account)
		b.people[person] = a
	}
	return a
}

func (b *books) posted(m int) int {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if mark := b.months[m]; mark != nil {
		return mark.posted
	}
	return 0
}

// live lists the months that were opened and are not archived, and the last
// archived one, whose last week the next needs.
func (b *books) live() (list []int) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for m := range b.months {
		if m >= b.archived {
			list = append(list, m)
		}
	}
	return list
}

func (b *books) archivedThrough() int {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.archived
}

// sharesAtOnce is how many parties one event of what was posted holds.
const sharesAtOnce = 400

// notePosted appends that the fares of a month up to a number stand in the
// ledger. Another process may have been first: then it is noted already.
func (o *Office) notePosted(ctx context.Context, m, from, number int, days map[ledger.Day]map[string]share) error {
	return o.main.Change(ctx, func() ([]eventlog.Event, error) {
		if mark := o.books.months[m]; mark == nil || mark.posted != from {
			return nil, nil
		}
		var events []eventlog.Event
		note := func(day string, shares map[string]share) error {
			e, err := eventlog.New(fmt.Sprintf("posted:%d:%d:%d", m, number, len(events)), postedKind, o.cfg.Now(), postedEvent{m, number, day, shares})
			events = append(events, e)
			return err
		}
		for _, day := range slices.SortedFunc(maps.Keys(days), ledger.Day.Compare) {
			for part := range slices.Chunk(slices.Sorted(maps.Keys(days[day])), sharesAtOnce) {
				shares := make(map[string]share, len(part))
				for _, party := range part {
					shares[party] = days[day][party]
				}
				if err := note(day.String(), shares); err != nil {
					return nil, err
				}
			}
		}
		return events, nil
	})
}

// closed returns the last business day that the ledger has closed, or zero.
func (o *Office) closed(ctx context.Context) (ledger.Day, error) {
	last, err := o.cfg.Ledger.LastClosing(ctx)
	if errors.Is(err, ledger.ErrNotFound) {
		return ledger.Day{}, nil
	}
	if err != nil {
		return ledger.Day{}, fmt.Errorf("office: %w", err)
	}
	return last.Day, nil
}

// Why a person is a debtor, besides the words of the partners.
const NoWayToPay = "no-way-to-pay"
