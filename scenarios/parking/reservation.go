package parking

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/parking/reserve"
)

var reserveTexts = map[reserve.Reason]scenarios.Text{
	reserve.BadRequest:     {Zh: "预约请求有误，请按 15 分钟整点选择时段", En: "The request is not right; choose times on the quarter of an hour"},
	reserve.KeyReused:      texts[KeyReused],
	reserve.UnknownPlace:   {Zh: "没有这个可预约的车位", En: "There is no such place to reserve"},
	reserve.Unknown:        {Zh: "没有此预约", En: "There is no such reservation"},
	reserve.Full:           {Zh: "该时段已约满，请选择其他时段或车场", En: "It is booked out then; choose another time or car park"},
	reserve.NotOffered:     {Zh: "该车位此时段未共享", En: "This bay is not shared at that time"},
	reserve.TooMany:        {Zh: "未完成的预约过多", En: "You have too many open reservations"},
	reserve.TooEarly:       {Zh: "时间过早", En: "That is too early"},
	reserve.TooLate:        {Zh: "时间已过", En: "That time is over"},
	reserve.HoldExpired:    {Zh: "预约保留时间已过", En: "The reservation was not kept any longer"},
	reserve.WrongState:     texts[WrongState],
	reserve.OfferOverlaps:  {Zh: "与已有共享时段重叠", En: "It overlaps another offer of this bay"},
	reserve.NotOwner:       {Zh: "您不是此车位的业主", En: "This bay is not yours"},
	reserve.GuestInside:    {Zh: "车位正在使用", En: "A guest is in the bay"},
	reserve.NoticeTooShort: {Zh: "离预约开始时间过近，不能收回", En: "It is too close to a reservation to take the bay back"},
}

// refusedBy turns a refusal of the desk into a decision.
func refusedBy(err error) (*scenarios.Decision, error) {
	no, ok := errors.AsType[*reserve.RefusedError](err)
	if !ok {
		return nil, err
	}
	return scenarios.Refused(string(no.Reason), reserveTexts[no.Reason]), nil
}

// booking is a reservation as the events know it.
type booking struct {
	id, lot, bay, holder, owner string
	from, until, arriveBy       time.Time
	state                       reserve.State
	session                     string
}

// A ReserveRequest reserves a bay (车位预约): in a lot, or a shared one.
type ReserveRequest struct {
	Key    string    `json:"key"`
	Place  string    `json:"place"` // id of a lot or of a shared bay
	Person string    `json:"person"`
	From   time.Time `json:"from"` // multiples of 15 minutes
	Until  time.Time `json:"until"`
}

// Reserve implements the operation; its outcome is a reserve.Reservation. The
// car of whoever reserved is let in by his code, or by a plate that is his.
func (s *Scenario) Reserve(ctx context.Context, r ReserveRequest) (*scenarios.Decision, error) {
	if !isPerson(r.Person) {
		return nil, badRequest("person", "not a pseudonym")
	}
	kept, err := s.desk.Reserve(ctx, reserve.Request{Key: digest(r.Key), Place: r.Place, Holder: r.Person, From: r.From, Until: r.Until})
	if err != nil {
		return refusedBy(err)
	}
	r.From, r.Until = r.From.UTC(), r.Until.UTC()
	place := s.places[r.Place]
	f := &reserved{ID: kept.ID, Lot: place.lot.ID, Holder: kept.Holder, Owner: kept.Owner, From: kept.From, Until: kept.Until, ArriveBy: kept.ArriveBy}
	if kept.Owner != "" {
		f.Bay = kept.Place
	}
	return s.do(ctx, "q:", r.Key, r, s.now(), func(*state) (*scenarios.Decision, []fact, error) {
		d, err := scenarios.Allowed(text("预约成功，请在保留时间内入场", "Reserved; please come while it is kept"), kept)
		return d, []fact{f}, err
	})
}

// A CancelRequest gives a reservation back.
type CancelRequest struct {
	Reservation string `json:"reservation"`
	Person      string `json:"person"`
}

// CancelReservation implements the operation; its outcome is a
// reserve.Reservation. Without the notice of the rules it has its price.
func (s *Scenario) CancelReservation(ctx context.Context, r CancelRequest) (*scenarios.Decision, error) {
	kept, err := s.desk.Cancel(ctx, r.Person, r.Reservation)
	if err != nil {
		d, err := refusedBy(err)
		if err != nil {
			return nil, err
		}
		return d, s.reconcile(ctx, r.Reservation) // a hold that had expired is a no-show now
	}
	if err := s.reconcile(ctx, r.Reservation); err != nil {
		return nil, err
	}
	return scenarios.Allowed(text("已取消预约", "The reservation is cancelled"), kept)
}

// An OfferRequest shares a bay for a window of time (泊位共享).
type OfferRequest struct {
	Key        string    `json:"key"`
	Bay        string    `json:"bay"`
	Owner      string    `json:"owner"`
	From       time.Time `json:"from"`
	Until      time.Time `json:"until"`
	FenPerSlot int64     `json:"fenPerSlot"` // the price of 15 minutes
}

// Offer implements the operation; its outcome is a reserve.Offer.
func (s *Scenario) Offer(ctx context.Context, r OfferRequest) (*scenarios.Decision, error) {
	offer, err := s.desk.Offer(ctx, reserve.OfferRequest{Key: digest(r.Key), Bay: r.Bay, Owner: r.Owner, From: r.From, Until: r.Until, FenPerSlot: r.FenPerSlot})
	if err != nil {
		return refusedBy(err)
	}
	return scenarios.Allowed(text("车位已共享", "The bay is shared"), offer)
}

// A WithdrawRequest takes a bay back for a part of an offer.
type WithdrawRequest struct {
	Owner string    `json:"owner"`
	Offer string    `json:"offer"`
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
}

// Withdraw implements the operation. Guests who lose a reservation are
// compensated as the rules say.
func (s *Scenario) Withdraw(ctx context.Context, r WithdrawRequest) (*scenarios.Decision, error) {
	if _, err := s.desk.Withdraw(ctx, r.Owner, r.Offer, r.From, r.Until); err != nil {
		return refusedBy(err)
	}
	// Asked of the events, not of the answer: a call that crashed behind the
	// desk is asked again and finds those that fell then.
	var ids []string
	err := s.stream.View(ctx, func() error {
		for id, b := range s.state.booked {
			if b.owner == r.Owner && b.state == reserve.Held && b.session == "" {
				ids = append(ids, id)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := s.reconcile(ctx, ids...); err != nil {
		return nil, err
	}
	return scenarios.Allowed(text("车位已收回", "The bay is yours again"), nil)
}

// Reservations returns those of a person that have not ended, the earliest
// first.
func (s *Scenario) Reservations(ctx context.Context, person string) ([]reserve.Reservation, error) {
	var ids []string
	err := s.stream.View(ctx, func() error {
		for _, b := range s.state.bookedBy[person] {
			ids = append(ids, b.id)
		}
		return nil
	})
	var list []reserve.Reservation
	for _, id := range ids {
		if err != nil {
			return nil, err
		}
		var r reserve.Reservation
		if r, err = s.desk.Find(ctx, id); err == nil && r.Open() {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b reserve.Reservation) int { return a.From.Compare(b.From) })
	return list, err
}

// FreeBays returns how many bays of a place can be reserved for a window.
func (s *Scenario) FreeBays(ctx context.Context, place string, from, until time.Time) (int, error) {
	return s.desk.Free(ctx, place, from, until)
}

// useReservation looks for a reservation that an entry honours, and confirms
// it. Where there is none that is good now, the car is one like others.
func (s *Scenario) useReservation(ctx context.Context, p *passing) error {
	var found *booking
	now := s.now()
	err := s.stream.View(ctx, func() error {
		holder := p.person
		if b := s.state.bindings[p.name]; holder == "" && b != nil && b.state == PlateActive && p.sure {
			holder = b.person
		}
		if len(s.state.bookedBy[holder]) == 0 || holder == "" {
			return nil
		}
		if y := s.state.yards[p.lot.ID]; y != nil && (y.persons[holder] != nil || y.plates[p.name] != nil && p.name != "") {
			return nil // he is inside already
		}
		for _, b := range s.state.bookedBy[holder] {
			if b.lot != p.lot.ID || b.session != "" || now.Before(b.from.Add(-s.early)) || !now.Before(b.until) {
				continue
			}
			if found == nil || b.from.Before(found.from) {
				found = b
			}
		}
		return nil
	})
	if err != nil || found == nil {
		return err
	}
	_, err = s.desk.Enter(ctx, found.id)
	if no, ok := errors.AsType[*reserve.RefusedError](err); ok {
		if no.Reason == reserve.HoldExpired || no.Reason == reserve.WrongState {
			return s.reconcile(ctx, found.id)
		}
		return nil
	}
	if err == nil {
		p.reservation, p.bay = found.id, found.bay
	}
	return err
}

// endReservations tells the desk of cars that are gone.
func (s *Scenario) endReservations(ctx context.Context) error {
	var ids []string
	err := s.stream.View(ctx, func() error {
		for id := range s.state.ending {
			ids = append(ids, id)
		}
		return nil
	})
	for _, id := range ids {
		if err != nil {
			return err
		}
		_, err = s.desk.Leave(ctx, id)
		if _, no := errors.AsType[*reserve.RefusedError](err); no {
			err = nil // it has ended in another way
		}
		if err == nil {
			err = s.reconcile(ctx, id)
		}
	}
	return err
}

// reconcile writes down what has become of reservations, and who owes whom what
// for them.
func (s *Scenario) reconcile(ctx context.Context, ids ...string) error {
	for _, id := range ids {
		r, err := s.desk.Find(ctx, id)
		if _, no := errors.AsType[*reserve.RefusedError](err); no || err == nil && r.Open() {
			continue
		}
		if err != nil {
			return err
		}
		err = s.stream.Change(ctx, func() ([]eventlog.Event, error) {
			st := s.state
			b := st.booked[id]
			if b == nil || b.state != reserve.Held {
				return nil, nil
			}
			at := r.EndedAt
			if r.State == reserve.Completed {
				// The desk was told later than the car left, or nobody knows
				// when it left: an overstay is charged as far as it was seen.
				gone := r.Until
				if in := st.sessions[b.session]; in != nil && !in.leftAt.IsZero() {
					gone = in.leftAt
				}
				if gone.Before(r.EndedAt) {
					r.EndedAt = gone
				}
			}
			f := &reservationEnded{Reservation: id, State: r.State, Dues: r.Dues()}
			var owed int64
			for _, due := range f.Dues {
				if due.From == reserve.Holder {
					owed += due.Fen
				}
			}
			if m := st.mandateOf(b.holder, ""); m != nil && st.canCharge && owed > 0 && owed <= m.maxFen {
				f.Charge, f.Mandate, f.Plate = true, m.mandate, m.name
			}
			return st.stage("r:"+id, at, "", nil, []fact{f})
		})
		if err != nil {
			return err
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return s.post(ctx)
}

// reserved: a bay was reserved.
type reserved struct {
	ID       string    `json:"id"`
	Lot      string    `json:"lot"`
	Bay      string    `json:"bay,omitempty"`
	Holder   string    `json:"holder"`
	Owner    string    `json:"owner,omitempty"`
	From     time.Time `json:"from"`
	Until    time.Time `json:"until"`
	ArriveBy time.Time `json:"arriveBy"`
}

func (*reserved) kind() string { return "reserved" }

func (f *reserved) apply(st *state, _ string, _ time.Time) error {
	b := &booking{id: f.ID, lot: f.Lot, bay: f.Bay, holder: f.Holder, owner: f.Owner, from: f.From, until: f.Until, arriveBy: f.ArriveBy, state: reserve.Held}
	st.booked[f.ID] = b
	st.bookedBy[f.Holder] = append(st.bookedBy[f.Holder], b)
	return nil
}

// over takes a reservation off the list of a person's open ones.
func (st *state) over(b *booking) {
	st.bookedBy[b.holder] = slices.DeleteFunc(st.bookedBy[b.holder], func(o *booking) bool { return o == b })
	if len(st.bookedBy[b.holder]) == 0 {
		delete(st.bookedBy, b.holder)
	}
}

// expired returns the holds whose time is over.
func (st *state) expired(now time.Time) (ids []string) {
	for id, b := range st.booked {
		if b.state == reserve.Held && b.session == "" && now.After(b.arriveBy) {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, strings.Compare)
	return ids
}
