package parking

import (
	"slices"
	"time"

	"github.com/citizencode/citizencode/scenarios/parking/plate"
	"github.com/citizencode/citizencode/scenarios/parking/tariff"
)

// A State is where a session stands. Whatever a camera sees ends in one of
// them, and only Left is ever charged.
type State string

// The states.
const (
	// Inside: the car is in the lot.
	Inside State = "inside"
	// Contested: its plate is in two lots at once, so one of them is a clone
	// (套牌) or an exit was missed. No mandate is charged until the driver shows
	// a code or a person has looked.
	Contested State = "contested"
	// ExitInDoubt: an exit was seen that is perhaps this car's. It is held.
	ExitInDoubt State = "exit-in-doubt"
	// ExitMissing: the car is gone and nobody saw when.
	ExitMissing State = "exit-missing"
	// Left: the car left, and the fee is billed.
	Left State = "left"
	// TimesInDoubt: the car left before it came, says a clock. Nothing is
	// billed until a person has looked.
	TimesInDoubt State = "times-in-doubt"
	// Cancelled: the entry was taken back.
	Cancelled State = "cancelled"
	// Waived: a person let the car go without a fee.
	Waived State = "waived"
)

// inside reports whether the state takes up a bay.
func (s State) inside() bool { return s == Inside || s == Contested || s == ExitInDoubt }

// ended reports whether nothing more will happen but money.
func (s State) ended() bool { return s == Left || s == TimesInDoubt || s == Cancelled || s == Waived }

// A Doubt says why a session is not charged by mandate.
type Doubt string

// The doubts.
const (
	LowConfidence  Doubt = "low-confidence" // the camera was not sure of the plate
	NearMatch      Doubt = "near-match"     // another plate was read that differs in one place
	PlateElsewhere Doubt = "plate-in-two-lots"
	Superseded     Doubt = "superseded" // the plate came in again
	TimedOut       Doubt = "timed-out"  // no exit for longer than Rules.AbandonAfter
)

// A Session (停车记录) is one stay as the API tells it. The plate is masked.
type Session struct {
	ID          string       `json:"id"`
	Lot         string       `json:"lot"`
	State       State        `json:"state"`
	Doubt       Doubt        `json:"doubt,omitempty"`
	Plate       string       `json:"plate,omitempty"`
	Seen        string       `json:"seen,omitempty"` // what the camera read at the doubtful exit, masked
	Payer       string       `json:"payer"`
	Class       tariff.Class `json:"class"`
	EnteredAt   time.Time    `json:"enteredAt"`
	SeenAt      time.Time    `json:"seenAt,omitzero"` // of the doubtful exit
	LeftAt      time.Time    `json:"leftAt,omitzero"`
	Reservation string       `json:"reservation,omitempty"`
	Bay         string       `json:"bay,omitempty"`
	Bill        *Bill        `json:"bill,omitempty"`
}

type session struct {
	id, lot, gate string
	state         State
	doubt         Doubt
	plate         plate.Plate
	name          string // of the plate
	sure          bool   // the plate was read well at the entry
	person        string // whose code opened; "" for a camera
	payer         string // word of the account
	class         tariff.Class
	enteredAt     time.Time
	leftAt        time.Time
	seenAt        time.Time // of the doubtful exit
	seen          string    // masked
	reservation   string
	bay           string // shared
	entry, exit   string // keys of the events, for Reverse
}

func (st *state) tell(s *session) Session {
	out := Session{ID: s.id, Lot: s.lot, State: s.state, Doubt: s.doubt, Payer: s.payer, Class: s.class, EnteredAt: s.enteredAt,
		SeenAt: s.seenAt, Seen: s.seen, LeftAt: s.leftAt, Reservation: s.reservation, Bay: s.bay}
	if !s.plate.IsZero() {
		out.Plate = s.plate.String()
	}
	if b := st.bills[s.id]; b != nil {
		told := b.tell()
		out.Bill = &told
	}
	return out
}

// due returns what a session has to pay for leaving at a moment that is not
// before its entry.
func (st *state) due(s *session, at time.Time) (tariff.Due, error) {
	l := st.lots[s.lot]
	if l == nil || l.Tariff == nil || s.bay != "" { // a shared bay's price is the reservation's
		return tariff.Due{}, nil
	}
	var paid tariff.Payment
	if b := st.bills[s.id]; b != nil && b.paid() > 0 {
		paid = tariff.Payment{Fen: b.paid(), At: b.paidAt}
		if paid.At.After(at) { // a camera's event that came in late
			paid.At = at
		}
	}
	return l.Tariff.Due(s.enteredAt, at, s.class, paid, st.passesOf(s)...)
}

// A yard is who is in one lot.
type yard struct {
	plates  map[string]*session // by name; missing ones too, until they come again
	persons map[string]*session // who came in with a code
	driveIn int                 // cars on bays that are not reserved
	cars    int                 // on all bays of the lot
	// correction is what a count by hand found more, or fewer, cars than
	// sessions.
	correction  int
	recountedAt time.Time
	ended       map[string]*session // by plate: the last one that left
}

func (st *state) yard(lot string) *yard {
	y := st.yards[lot]
	if y == nil {
		y = &yard{plates: make(map[string]*session), persons: make(map[string]*session), ended: make(map[string]*session)}
		st.yards[lot] = y
	}
	return y
}

func (y *yard) occupied() int { return max(0, y.cars+y.correction) }

// take and free move a car on and off a bay; a shared bay is not one of the
// lot's.
func (y *yard) take(s *session, n int) {
	if s.bay != "" {
		return
	}
	y.cars += n
	if s.reservation == "" {
		y.driveIn += n
	}
}

// put moves a session to a state, and its car with it.
func (st *state) put(s *session, to State) {
	y := st.yard(s.lot)
	if s.state.inside() && !to.inside() {
		y.take(s, -1)
	} else if !s.state.inside() && to.inside() {
		y.take(s, 1)
	}
	s.state = to
	if !to.ended() {
		return
	}
	if s.person != "" && y.persons[s.person] == s {
		delete(y.persons, s.person)
	}
	if s.name != "" {
		if y.plates[s.name] == s {
			delete(y.plates, s.name)
		}
		y.ended[s.name] = s
		st.plates[s.name] = slices.DeleteFunc(st.plates[s.name], func(o *session) bool { return o == s })
		if len(st.plates[s.name]) == 0 {
			delete(st.plates, s.name)
		}
	}
}

// near returns the cars inside whose plates differ from a text in one place:
// a letter read wrongly, lost or made up.
func (y *yard) near(text []rune) []*session {
	var list []*session
	for _, s := range y.plates {
		if s.state.inside() && within1([]rune(s.plate.Clear()), text) {
			list = append(list, s)
		}
	}
	return list
}

// within1 reports whether the edit distance of a and b is 1 or 0.
func within1(a, b []rune) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) == len(b) {
		return i == len(a) || slices.Equal(a[i+1:], b[i+1:])
	}
	return slices.Equal(a[i:], b[i+1:])
}
