package hospital

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/hospital/credit"
	"github.com/citizencode/citizencode/scenarios/ledger"
)

// A state is what the events of one hospital come to. Only Apply changes it.
type state struct {
	hospital string

	answers        map[string]answer // by digest of the request's key
	slots          map[string]*slot
	appointments   map[string]*Appointment
	appointmentsOf map[string][]string // by patient, as booked
	encounters     map[string]*encounter
	open           map[string]string   // patient: his encounter that has not ended
	encountersOf   map[string][]string // by patient, the oldest first
	queues         map[string]*queue   // by department
	checkIns       map[string]*checkIn // by digest of the visit's key
	orders         map[string]*order
	pending        map[string]bool // orders that wait for a partner
	repayments     map[string]*repayment
	paying         map[string]bool // repayments that wait for the bank
	outbox         []task          // what the lender has not been told
	advances       []string        // encounters, as the glass was broken

	drafts []ledger.Draft // that follow from events, behind the first base
	base   int64

	made made
}

// made is the last event that this process made itself: it need not be decoded
// to be applied.
type made struct {
	data   []byte
	answer answer
	ask    string
	change any
}

// An answer is the decision of a request that was allowed.
type answer struct {
	content string
	message scenarios.Text
	outcome json.RawMessage
}

func (a answer) decision() *scenarios.Decision {
	return &scenarios.Decision{Allow: true, Reason: "ok", Message: a.message, Outcome: a.outcome}
}

type slot struct {
	Slot
	taken string // appointment
}

// A queue counts one department's numbers of one day.
type queue struct {
	day     string
	numbers map[string]int // by patient
}

type checkIn struct {
	encounter string
	opened    bool
	reversed  bool
}

// An encounter is a patient's visit to the hospital, with its virtual account.
type encounter struct {
	id           string
	patient      string // "" where nobody knows yet
	day          ledger.Day
	begin, end   time.Time
	tickets      []Ticket
	appointments []string
	left         bool
	cancelled    bool
	orders       []string

	limit      int64 // credit that the patient has agreed to
	authorised int64 // that the lender holds
	asked      bool  // the lender has been asked
	lent       bool  // and has authorised
	captured   int64 // used by plans and charges
	account    *credit.Account
	self, paid int64 // what the patient bears himself, and has paid of it

	advance *advance // nil but for emergencies
}

type repayment struct {
	repayChange
	at   time.Time
	done bool
}

// A task is what a lender is to be told: a repayment, or the release of an
// authorisation where fen is 0.
type task struct {
	key       string
	encounter string
	patient   string
	fen       int64
}

func newState(hospital string) *state {
	return &state{hospital: hospital, answers: make(map[string]answer), slots: make(map[string]*slot), appointments: make(map[string]*Appointment),
		appointmentsOf: make(map[string][]string), encounters: make(map[string]*encounter), open: make(map[string]string),
		encountersOf: make(map[string][]string), queues: make(map[string]*queue), checkIns: make(map[string]*checkIn), orders: make(map[string]*order),
		pending: make(map[string]bool), repayments: make(map[string]*repayment), paying: make(map[string]bool)}
}

// Apply implements [eventlog.State].
func (st *state) Apply(e eventlog.Event) error {
	var r struct {
		record
		Change json.RawMessage `json:"change"`
	}
	own := st.made
	st.made = made{}
	// The very bytes, not equal ones: another process's event has others.
	if len(own.data) > 0 && &own.data[0] == &e.Data[0] {
		st.answers[own.ask] = own.answer
		return st.apply(e, decoded{value: own.change})
	}
	if err := json.Unmarshal(e.Data, &r); err != nil {
		return err
	}
	if r.For != "" {
		st.answers[r.For] = answer{r.Request, scenarios.Text{Zh: r.Zh, En: r.En}, r.Outcome}
	}
	return st.apply(e, decoded{raw: r.Change})
}

// decoded is a change: as bytes, or as the value that was encoded.
type decoded struct {
	raw   json.RawMessage
	value any
}

func (st *state) apply(e eventlog.Event, c decoded) error {
	switch e.Kind {
	case slotsAdded:
		return change(c, st.addSlots)
	case appointmentBooked:
		return change(c, st.bookAppointment)
	case appointmentCancelled:
		return change(c, st.cancelAppointment)
	case appointmentsMissed:
		return change(c, st.missAppointments)
	case checkedIn:
		return change(c, func(c checkInChange) error { return st.checkIn(e, c) })
	case checkInReversed:
		return change(c, func(c checkInReversal) error { return st.reverseCheckIn(e, c) })
	case ordered:
		return change(c, func(c orderChange) error { return st.addOrder(e, c) })
	case authorised:
		return change(c, st.authorise)
	case planned:
		return change(c, st.plan)
	case planDeclined:
		return change(c, st.unplan)
	case held, settled, cancelled:
		return change(c, func(c orderEnd) error { return st.endOrder(e, c) })
	case confirmed, cancelling:
		return change(c, func(c askChange) error { return st.askOrder(e, c) })
	case served:
		return change(c, st.serve)
	case shown:
		return nil
	case left:
		return change(c, func(c leftChange) error { return st.leave(e, c) })
	case repaying, repaid, repaymentDeclined:
		return change(c, func(c repayChange) error { return st.repay(e, c) })
	case glassBroken:
		return change(c, func(c glassChange) error { return st.breakGlass(e, c) })
	case identified:
		return change(c, st.identify)
	case approved:
		return change(c, func(c approvalChange) error { return st.approve(e, c) })
	case recovering, recovered, writtenOff:
		return change(c, func(c recoveryChange) error { return st.recover(e, c) })
	case returned:
		return change(c, func(c returnChange) error { return st.payBack(e, c) })
	case sent:
		return change(c, st.sent)
	case posted:
		return change(c, st.posted)
	}
	return fmt.Errorf("unknown kind %q", e.Kind)
}

// change decodes a change and applies it.
func change[T any](d decoded, apply func(T) error) error {
	if c, ok := d.value.(T); ok {
		return apply(c)
	}
	var c T
	if err := json.Unmarshal(d.raw, &c); err != nil {
		return err
	}
	return apply(c)
}

func (st *state) addSlots(c slotsChange) error {
	for _, s := range c.Slots {
		st.slots[s.ID] = &slot{Slot: s}
	}
	return nil
}

func (st *state) bookAppointment(c appointmentChange) error {
	s := st.slots[c.Slot]
	if s == nil || s.taken != "" {
		return fmt.Errorf("slot %q is not free", c.Slot)
	}
	s.taken = c.ID
	st.appointments[c.ID] = &Appointment{c.ID, s.Slot, c.Patient, Booked}
	st.appointmentsOf[c.Patient] = append(st.appointmentsOf[c.Patient], c.ID)
	return nil
}

func (st *state) cancelAppointment(c appointmentChange) error {
	a := st.appointments[c.ID]
	if a == nil {
		return fmt.Errorf("no appointment %q", c.ID)
	}
	a.Status = Cancelled
	st.slots[a.Slot.ID].taken = ""
	return nil
}

func (st *state) missAppointments(c missedChange) error {
	for _, id := range c.IDs {
		a := st.appointments[id]
		if a == nil {
			return fmt.Errorf("no appointment %q", id)
		}
		a.Status = NoShow
	}
	return nil
}

func (st *state) checkIn(e eventlog.Event, c checkInChange) error {
	day, err := ledger.ParseDay(c.Day)
	if err != nil {
		return err
	}
	if ended := st.encounters[c.Ended]; ended != nil {
		if err := st.leave(e, leftChange{Encounter: c.Ended, Dropped: st.heldOrders(ended)}); err != nil {
			return err
		}
	}
	en := st.encounters[c.Encounter]
	if en == nil {
		en = st.newEncounter(c.Encounter, c.Patient, day, e.Time, c.Terms)
	}
	if c.Credit > 0 && en.limit == 0 {
		en.limit = c.Credit
	}
	q, queueDay := st.queues[c.Department], cmp.Or(c.QueueDay, c.Day)
	if q == nil || q.day != queueDay {
		q = &queue{queueDay, make(map[string]int)}
		st.queues[c.Department] = q
	}
	if q.numbers[c.Patient] <= 0 { // below: it was taken back
		q.numbers[c.Patient] = c.Queue
		en.tickets = append(en.tickets, Ticket{Patient: c.Patient, Department: c.Department, Queue: c.Queue, Encounter: en.id})
	}
	if a := st.appointments[c.Appointment]; a != nil {
		a.Status = Arrived
		en.appointments = append(en.appointments, a.ID)
	}
	st.checkIns[strings.TrimPrefix(e.Key, checkedIn+":")] = &checkIn{encounter: en.id, opened: c.Opened}
	return nil
}

func (st *state) newEncounter(id, patient string, day ledger.Day, at time.Time, terms credit.Terms) *encounter {
	en := &encounter{id: id, day: day, begin: at, account: credit.NewAccount(terms, day)}
	st.encounters[id] = en
	if patient != "" {
		st.assign(en, patient)
	}
	return en
}

// assign makes an encounter a patient's.
func (st *state) assign(en *encounter, patient string) {
	en.patient = patient
	st.encountersOf[patient] = append(st.encountersOf[patient], en.id)
	if st.open[patient] == "" && !en.left {
		st.open[patient] = en.id
	}
}

func (st *state) reverseCheckIn(e eventlog.Event, c checkInReversal) error {
	v := st.checkIns[c.Visit]
	if v == nil {
		return fmt.Errorf("no check-in %q", c.Visit)
	}
	v.reversed = true
	en := st.encounters[v.encounter]
	for _, id := range en.appointments {
		if a := st.appointments[id]; a.Status == Arrived {
			a.Status = Booked
		}
	}
	for _, t := range en.tickets {
		// The number is not given to anybody else: he may be on his way.
		if q := st.queues[t.Department]; q != nil {
			q.numbers[t.Patient] = -q.numbers[t.Patient]
		}
	}
	en.cancelled = true
	return st.leave(e, leftChange{Encounter: en.id})
}

func (st *state) leave(e eventlog.Event, c leftChange) error {
	en := st.encounters[c.Encounter]
	if en == nil {
		return fmt.Errorf("no encounter %q", c.Encounter)
	}
	for _, id := range c.Dropped {
		o := st.orders[id]
		o.Status = OrderEnded
		delete(st.pending, id)
	}
	en.left, en.end = true, e.Time
	if st.open[en.patient] == en.id {
		delete(st.open, en.patient)
	}
	for _, id := range en.appointments {
		if a := st.appointments[id]; a.Status == Arrived && !en.cancelled {
			a.Status = Fulfilled
		}
	}
	st.release(en)
	return nil
}

// release tells the lender, once nothing of an encounter can be lent any more,
// to let go of what it holds.
func (st *state) release(en *encounter) {
	if !en.left || en.authorised == 0 || slices.ContainsFunc(en.orders, func(id string) bool { return st.pending[id] }) {
		return
	}
	key := "release:" + en.id
	if !slices.ContainsFunc(st.outbox, func(t task) bool { return t.key == key }) {
		st.outbox = append(st.outbox, task{key: key, encounter: en.id, patient: en.patient})
	}
	en.authorised = 0
}

func (st *state) sent(c sentChange) error {
	st.outbox = slices.DeleteFunc(st.outbox, func(t task) bool { return t.key == c.Key })
	return nil
}

// posted forgets the drafts that stand in the ledger.
func (st *state) posted(c postedChange) error {
	n := c.UpTo - st.base
	if n < 0 || n > int64(len(st.drafts)) {
		return fmt.Errorf("%d drafts are not posted", c.UpTo)
	}
	st.drafts = slices.Clone(st.drafts[n:])
	st.base = c.UpTo
	return nil
}

func (st *state) heldOrders(en *encounter) (ids []string) {
	for _, id := range en.orders {
		if st.orders[id].Status == OrderHeld {
			ids = append(ids, id)
		}
	}
	return ids
}

// draft books what follows from an event; it is posted behind it.
func (st *state) draft(d ledger.Draft) { st.drafts = append(st.drafts, d) }
