package ticket

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/ledger"
)

// The actions.
const (
	Book    = "book"
	BuyPass = "buy-pass"
	Enter   = "enter"
	Cancel  = "cancel"
)

// The reasons, besides those of the code standard.
const (
	SlotUnknown     = "slot-unknown"
	ProductUnknown  = "product-unknown"
	PartyTooLarge   = "party-too-large"
	SlotOver        = "slot-over"
	SoldOut         = "sold-out"
	AlreadyBooked   = "already-booked"
	BookingReleased = "booking-released"

	NoTicket    = "no-ticket"
	NotNow      = "not-now"
	AlreadyUsed = "already-used"

	BookingUnknown   = "booking-unknown"
	TooLateToCancel  = "too-late-to-cancel"
	AlreadyCancelled = "already-cancelled"
	VisitUnknown     = "visit-unknown"
	AlreadyReversed  = "already-reversed"
)

// A Config says what a venue is.
type Config struct {
	Venue    string // a word
	Products []Product
	Slots    []Slot
	// Ledger is where sales are booked; nil: this is a gate, which lets in and
	// sells nothing.
	Ledger *ledger.Ledger
	Store  Store // nil: memory
}

// A Scenario is the desk, or a gate, of one venue.
type Scenario struct {
	venue    string
	products map[string]*Product
	slots    map[string]*Slot
	ledger   *ledger.Ledger
	store    Store
}

var (
	_ scenarios.Scenario = (*Scenario)(nil)
	_ scenarios.Reverser = (*Scenario)(nil)
	_ scenarios.Settler  = (*Scenario)(nil)
)

// New returns the scenario. An error names the field.
func New(cfg Config) (*Scenario, error) {
	if !isWord(cfg.Venue) {
		return nil, fmt.Errorf("ticket: venue: %w", errWord)
	}
	if cfg.Store == nil {
		cfg.Store = NewMemory()
	}
	s := &Scenario{cfg.Venue, make(map[string]*Product), make(map[string]*Slot), cfg.Ledger, cfg.Store}
	for i, p := range cfg.Products {
		if err := p.check(); err != nil {
			return nil, fmt.Errorf("ticket: products[%d].%w", i, err)
		}
		if s.products[p.ID] != nil {
			return nil, fmt.Errorf("ticket: products[%d].id: %q stands twice", i, p.ID)
		}
		s.products[p.ID] = &p
	}
	for i, slot := range cfg.Slots {
		if err := slot.check(s.products); err != nil {
			return nil, fmt.Errorf("ticket: slots[%d].%w", i, err)
		}
		if s.slots[slot.ID] != nil {
			return nil, fmt.Errorf("ticket: slots[%d].id: %q stands twice", i, slot.ID)
		}
		s.slots[slot.ID] = &slot
	}
	return s, nil
}

// ID returns "ticket".
func (s *Scenario) ID() scenarios.ID { return "ticket" }

// Describe returns what desks and gates declare. Nothing is owed at a gate, and
// what offline gates let in twice is found when they are synchronised.
func (s *Scenario) Describe() scenarios.Description {
	return scenarios.Description{Purpose: scenarios.Text{Zh: "购票入园", En: "to book and to be let in"}, Group: scenarios.Commercial,
		Audience: citycode.Tourism, Actions: []string{Book, BuyPass, Enter, Cancel}, Identity: scenarios.Pseudonym,
		Offline: scenarios.Offline{Policy: scenarios.Unlimited}}
}

// Accepts reports whether p works offline and stands for a person: the profile
// transit, here with the scene tourism, the universal or a fused code, a card, or a code
// in the hands of a guardian.
func (s *Scenario) Accepts(p citycode.Profile) bool {
	switch p.ID {
	case citycode.ProfileTransit, citycode.ProfileUniversal, citycode.ProfileFused, citycode.ProfileCard, citycode.ProfileDelegated:
		return true
	}
	return false
}

type (
	bookParams struct {
		Slot   string `json:"slot"`
		People *int   `json:"people"` // absent: 1
	}
	passParams struct {
		Product string `json:"product"`
	}
	enterParams struct {
		People *int `json:"people"` // absent: all who are left
	}
	cancelParams struct {
		Booking string `json:"booking"`
	}
)

// Handle decides about one visit.
func (s *Scenario) Handle(ctx context.Context, v *scenarios.Visit) (*scenarios.Decision, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	switch v.Action {
	case Book:
		var p bookParams
		if err := scenarios.ReadParams(v.Params, &p); err != nil {
			return nil, err
		}
		people, err := count(p.People, 1)
		if err != nil {
			return nil, err
		}
		return s.online(v, func() (*scenarios.Decision, error) { return s.book(ctx, v, p.Slot, people) })
	case BuyPass:
		var p passParams
		if err := scenarios.ReadParams(v.Params, &p); err != nil {
			return nil, err
		}
		return s.online(v, func() (*scenarios.Decision, error) { return s.buyPass(ctx, v, p.Product) })
	case Enter:
		var p enterParams
		if err := scenarios.ReadParams(v.Params, &p); err != nil {
			return nil, err
		}
		people, err := count(p.People, 0)
		if err != nil {
			return nil, err
		}
		return s.enter(ctx, v, people)
	case Cancel:
		var p cancelParams
		if err := scenarios.ReadParams(v.Params, &p); err != nil {
			return nil, err
		}
		return s.online(v, func() (*scenarios.Decision, error) { return s.cancel(ctx, v, p.Booking) })
	}
	return nil, scenarios.UnknownAction(v.Action, Book, BuyPass, Enter, Cancel)
}

func count(n *int, absent int) (int, error) {
	if n == nil {
		return absent, nil
	}
	if *n < 1 || *n > MaxParty {
		return 0, &scenarios.RequestError{Path: "params.people", Err: fmt.Errorf("not 1 to %d", MaxParty)}
	}
	return *n, nil
}

// online holds what sells, or takes back, to the network and the ledger.
func (s *Scenario) online(v *scenarios.Visit, act func() (*scenarios.Decision, error)) (*scenarios.Decision, error) {
	if !v.Online || s.ledger == nil {
		return scenarios.Refused(citycode.OnlineRequired.String(), scenarios.ReasonText(citycode.OnlineRequired)), nil
	}
	return act()
}

// digest makes a word of a visit's key or a pseudonym, which may be of any
// length and any characters.
func digest(s string) string { return ledger.TransactionID(s) }

// A Place is the outcome of a booking.
type Place struct {
	Booking string    `json:"booking"`
	Product string    `json:"product"`
	People  int       `json:"people"`
	From    time.Time `json:"from"`
	Until   time.Time `json:"until"`
}

func (s *Scenario) book(ctx context.Context, v *scenarios.Visit, slotID string, people int) (*scenarios.Decision, error) {
	slot := s.slots[slotID]
	if slot == nil {
		return refuse(SlotUnknown), nil
	}
	p := s.products[slot.Product]
	if people > p.MaxParty {
		return refuse(PartyTooLarge), nil
	}
	if !v.Time.Before(slot.End) {
		return refuse(SlotOver), nil
	}
	return s.sell(ctx, v, Booking{Product: p.ID, Slot: slot.ID, Party: people, Fen: p.Price * int64(people),
		From: slot.Start.UTC(), Until: slot.End.UTC()}, slot.Capacity)
}

// passSlot is the Slot of passes. It has room for everybody.
func passSlot(product string) string { return "pass/" + product }

func (s *Scenario) buyPass(ctx context.Context, v *scenarios.Visit, product string) (*scenarios.Decision, error) {
	p := s.products[product]
	if p == nil || p.PassDays == 0 {
		return refuse(ProductUnknown), nil
	}
	from := startOfDay(v.Time)
	return s.sell(ctx, v, Booking{Product: p.ID, Slot: passSlot(p.ID), Party: 1, Pass: true, Fen: p.Price,
		From: from, Until: from.AddDate(0, 0, p.PassDays)}, math.MaxInt32)
}

// startOfDay returns midnight in China, in UTC.
func startOfDay(t time.Time) time.Time {
	local := t.In(china)
	return time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, china).UTC()
}

// china has had one zone and no summer time since 1991, so a fixed offset needs
// no zone file.
var china = time.FixedZone("UTC+8", 8*60*60)

// sell stores a booking, books it in the ledger and confirms it.
func (s *Scenario) sell(ctx context.Context, v *scenarios.Visit, b Booking, capacity int) (*scenarios.Decision, error) {
	b.ID, b.Person, b.State = digest(v.Key), digest(v.Citizen.Person().String()), Held
	b.Time = time.Unix(v.Time.Unix(), 0).UTC()
	if b.Fen == 0 {
		b.State = Confirmed
	}
	b, err := s.store.Book(ctx, b, capacity)
	switch {
	case errors.Is(err, ErrSoldOut):
		return refuse(SoldOut), nil
	case errors.Is(err, ErrBooked):
		return refuse(AlreadyBooked), nil
	case err != nil:
		return nil, fmt.Errorf("book: %w", err)
	}
	if b.State == Held {
		if err := s.post(ctx, s.saleDraft(b)); err != nil {
			return nil, fmt.Errorf("book the sale: %w", err)
		}
		if b, err = s.store.Settle(ctx, b.ID); err != nil {
			return nil, fmt.Errorf("confirm: %w", err)
		}
	}
	// Released by Reconcile, while this visit hung or after it had failed: it
	// was never allowed, and is not charged.
	if b.State != Confirmed && b.CancelledBy == "" {
		if err := s.takeBack(ctx, b); err != nil {
			return nil, err
		}
		return refuse(BookingReleased), nil
	}
	d, err := scenarios.Allowed(scenarios.Text{Zh: "预订成功，入园时出示市民码即可", En: "Booked; show your citizen code at the gate"},
		Place{b.ID, b.Product, b.Party, b.From, b.Until})
	if err == nil {
		d.Charge = b.Fen
	}
	return d, err
}

// An Entry is the outcome of going in.
type Entry struct {
	Ticket string `json:"ticket"`
	People int    `json:"people"`
}

func (s *Scenario) enter(ctx context.Context, v *scenarios.Visit, people int) (*scenarios.Decision, error) {
	bookings, err := s.store.OfPerson(ctx, digest(v.Citizen.Person().String()), v.Time)
	if err != nil {
		return nil, fmt.Errorf("find bookings: %w", err)
	}
	reason, used := NoTicket, ""
	// A booking for the slot first: a pass is good on any day.
	for _, pass := range []bool{false, true} {
		for _, b := range bookings {
			if b.Pass != pass || b.State != Confirmed {
				continue
			}
			if v.Time.Before(b.From) {
				if reason == NoTicket {
					reason = NotNow
				}
				continue
			}
			u := Use{Key: digest(v.Key), Booking: b.ID, Ticket: b.ticketOn(v.Time), Gate: v.Terminal, People: people, Time: time.Unix(v.Time.Unix(), 0).UTC()}
			u, err := s.store.Use(ctx, u, b.Party)
			switch {
			case err == nil:
				return scenarios.Allowed(scenarios.Text{Zh: fmt.Sprintf("欢迎入园，%d人", u.People), En: fmt.Sprintf("Welcome; people let in: %d", u.People)},
					Entry{u.Ticket, u.People})
			case errors.Is(err, ErrUsed):
				reason, used = AlreadyUsed, b.ticketOn(v.Time)
			case !errors.Is(err, ErrNoBooking): // cancelled a moment ago
				return nil, fmt.Errorf("use: %w", err)
			}
		}
	}
	if reason == AlreadyUsed {
		return s.refuseUsed(ctx, used)
	}
	return refuse(reason), nil
}

// ticketOn returns the ticket that a booking is at a time: a pass is a new one
// on each day.
func (b *Booking) ticketOn(t time.Time) string {
	if !b.Pass {
		return b.ID
	}
	return b.ID + "/" + t.In(china).Format(time.DateOnly)
}

// BookingOf returns the booking of a ticket.
func BookingOf(ticket string) string {
	booking, _, _ := strings.Cut(ticket, "/")
	return booking
}

// refuseUsed says where and when a ticket was used last: who let somebody else
// in with it knows then.
func (s *Scenario) refuseUsed(ctx context.Context, ticket string) (*scenarios.Decision, error) {
	uses, err := s.store.Uses(ctx, ticket)
	if err != nil {
		return nil, fmt.Errorf("find uses: %w", err)
	}
	d := refuse(AlreadyUsed)
	for _, u := range uses {
		if u.Void == "" {
			at := u.Time.In(china).Format("15:04")
			d.Message = scenarios.Text{Zh: fmt.Sprintf("此票已于 %s 在%s入园，余额不足；如有疑问请到服务台", at, u.Gate),
				En: fmt.Sprintf("This ticket was used at %s at %s and has not enough people left; ask at the service desk", at, u.Gate)}
		}
	}
	return d, nil
}

func (s *Scenario) cancel(ctx context.Context, v *scenarios.Visit, id string) (*scenarios.Decision, error) {
	b, err := s.store.Find(ctx, id)
	// Another person's booking is as good as none, and is not said to exist.
	if errors.Is(err, ErrNoBooking) || err == nil && b.Person != digest(v.Citizen.Person().String()) {
		return refuse(BookingUnknown), nil
	} else if err != nil {
		return nil, fmt.Errorf("find booking: %w", err)
	}
	by := digest(v.Key)
	if b.CancelledBy != by && !b.Pass && !v.Time.Before(b.From) {
		return refuse(TooLateToCancel), nil
	}
	return s.undo(ctx, b.ID, by, v.Time)
}

func refuse(reason string) *scenarios.Decision { return scenarios.Refused(reason, texts[reason]) }

var texts = map[string]scenarios.Text{
	SlotUnknown:      {Zh: "没有这个场次，请重新选择", En: "There is no such slot; please choose another"},
	ProductUnknown:   {Zh: "没有这种年票，请重新选择", En: "There is no such pass; please choose another"},
	PartyTooLarge:    {Zh: "人数超过单次上限，请分次预订或联系团队预订", En: "Too many people for one booking; make several, or ask for a group booking"},
	SlotOver:         {Zh: "该场次已结束，请选择其他场次", En: "This slot is over; please choose another"},
	SoldOut:          {Zh: "该场次余票不足，请选择其他场次", En: "This slot has not enough places left; please choose another"},
	AlreadyBooked:    {Zh: "您已预订该场次或持有此年票，无需重复购买", En: "You have booked this already; there is no need to do it twice"},
	BookingReleased:  {Zh: "预订未完成，未收取费用，请重新预订", En: "The booking was not completed and you were not charged; please book again"},
	NoTicket:         {Zh: "没有查到您的有效门票，请先预订或到售票处", En: "You have no valid ticket; please book one, or go to the ticket office"},
	NotNow:           {Zh: "未到您预订的入园时间，请届时再来", En: "It is not yet the time that you booked; please come back then"},
	AlreadyUsed:      {Zh: "此票已使用；如有疑问请到服务台", En: "This ticket has been used; ask at the service desk"},
	BookingUnknown:   {Zh: "没有查到您的这笔预订，请核对订单号", En: "You have no such booking; please check its number"},
	TooLateToCancel:  {Zh: "场次已开始，不能自助退订，请到服务台", En: "The slot has begun, so it cannot be cancelled here; please go to the service desk"},
	AlreadyCancelled: {Zh: "该预订已取消，无需再次操作", En: "This booking has been cancelled already; there is nothing left to do"},
	VisitUnknown:     {Zh: "没有这次预订或入园的记录，请核对", En: "There is no such booking or entry; please check it"},
	AlreadyReversed:  {Zh: "这次入园记录已撤销过", En: "This entry has been taken back already"},
}
