package parking

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/parking/plate"
	"github.com/citizencode/citizencode/scenarios/parking/tariff"
)

// A passing is a car at a barrier, by code, by plate, or by both.
type passing struct {
	lot    *Lot
	gate   string
	at     time.Time
	person string      // whose code was shown; "" for a camera alone
	plate  plate.Plate // zero: not known
	name   string      // of the plate
	read   []rune      // what the camera read, perhaps no plate
	sure   bool        // of the reading
	class  tariff.Class

	reservation, bay string // that the entry uses
}

// A Passage is the outcome at a barrier.
type Passage struct {
	Free    int     `json:"free"`              // bays, after this car
	Minutes int     `json:"minutes,omitempty"` // begun minutes that the car was inside, on leaving
	Session string  `json:"session"`
	State   State   `json:"state"`
	Fen     int64   `json:"fen,omitempty"`     // fee of the stay
	Due     int64   `json:"due,omitempty"`     // to be paid before the barrier opens
	Payment Payment `json:"payment,omitempty"` // on leaving
	// Reservation is one that the entry honoured.
	Reservation string `json:"reservation,omitempty"`
	Bay         string `json:"bay,omitempty"` // to drive to, where it is a shared one
}

var (
	driveIn  = text("请入场", "Please drive in")
	safeTrip = text("一路平安", "Have a safe trip")
)

// free is how many bays are free when n more cars have come in at a moment.
func (y *yard) free(l *Lot, n int, at time.Time) int {
	if !at.After(y.recountedAt) {
		n = 0 // who counted by hand has seen them
	}
	return min(l.Bays, max(0, l.Bays-y.occupied()-n))
}

// enter decides about a car that wants in.
func (st *state) enter(p *passing, r *Rules) (*scenarios.Decision, []fact, error) {
	y := st.yard(p.lot.ID)
	// Asked before the room: who is inside already must not be told to wait.
	if p.person != "" && y.persons[p.person] != nil && y.persons[p.person].state.inside() {
		return refuse(AlreadyInside), nil, nil
	}
	class, served := p.lot.class(p.plate, p.class)
	if !served {
		return refuse(ClassNotServed), nil, nil
	}
	var facts []fact
	cars, drivers := 0, y.driveIn
	supersede := func(old *session) {
		facts = append(facts, &missed{Session: old.id, Doubt: Superseded})
		if old.bay == "" {
			cars--
			if old.reservation == "" {
				drivers--
			}
		}
	}
	f := &entered{Session: "s-" + strconv.Itoa(st.number+1), Lot: p.lot.ID, Gate: p.gate, Sure: p.sure, Person: p.person, Payer: p.person, Class: class,
		Reservation: p.reservation, Bay: p.bay}
	if !p.plate.IsZero() {
		f.Plate, f.Sealed, f.plate = p.name, st.seal.seal(p.plate.Clear()), p.plate
		if f.Payer == "" {
			f.Payer = platePayer + p.name
			if b := st.bindings[p.name]; b != nil && b.state == PlateActive && p.sure {
				f.Payer = b.person
			}
		}
		if old := y.ended[p.name]; old != nil && p.sure && p.at.Before(old.leftAt) {
			return refuse(DuplicateEntry), nil, nil // of a car that has left since
		}
		if old := y.plates[p.name]; old != nil && old.state.inside() {
			if p.at.Sub(old.enteredAt) < r.DuplicateWindow {
				return refuse(DuplicateEntry), nil, nil // one car, read twice
			}
			// It cannot come in twice: its exit was missed.
			supersede(old)
		}
		for _, other := range st.plates[p.name] {
			// Of a plate that is in two lots at once nobody knows which car is
			// which; a doubtful reading says nothing about other cars.
			if other.lot == p.lot.ID || !other.state.inside() || !p.sure {
				continue
			}
			f.Contested = true
			if other.state != Contested {
				facts = append(facts, &doubted{Session: other.id, State: Contested, Doubt: PlateElsewhere})
			}
		}
	}
	if p.reservation == "" && drivers+max(0, y.correction) >= p.lot.Bays-p.lot.Reserved {
		return refuse(CarParkFull), nil, nil
	}
	if p.bay == "" {
		cars++
	}
	state := Inside
	if f.Contested {
		state = Contested
	}
	d, err := scenarios.Allowed(driveIn, Passage{Free: y.free(p.lot, cars, p.at), Session: f.Session, State: state, Reservation: p.reservation, Bay: p.bay})
	return d, append(facts, f), err
}

// findByCode returns the session of a car that wants out by a code, or why not.
func (st *state) findByCode(p *passing) (*session, string) {
	y := st.yard(p.lot.ID)
	owns := func(s *session) bool { b := st.bindings[s.name]; return b != nil && b.person == p.person }
	if s := y.plates[p.name]; s != nil && p.name != "" {
		if s.person != "" && s.person != p.person && !owns(s) {
			return nil, AnotherCode
		}
		return s, ""
	}
	if s := y.persons[p.person]; s != nil {
		return s, ""
	}
	// The camera let it in, and cannot read it now.
	var mine []*session
	for name := range st.owners[p.person] {
		if s := y.plates[name]; s != nil && owns(s) {
			mine = append(mine, s)
		}
	}
	switch len(mine) {
	case 0:
		return nil, NotInside
	case 1:
		return mine[0], ""
	}
	return nil, SeveralInside
}

// leave decides about a car that wants out.
func (st *state) leave(p *passing, r *Rules) (*scenarios.Decision, []fact, error) {
	if p.person != "" {
		s, reason := st.findByCode(p)
		if reason != "" {
			return refuse(reason), nil, nil
		}
		return st.out(s, p, st.mandateOf(p.person, s.name))
	}
	y := st.yard(p.lot.ID)
	s := y.plates[p.name]
	if s == nil || p.plate.IsZero() {
		return st.stray(p, y, r)
	}
	if !p.sure {
		return st.hold(s, p, LowConfidence)
	}
	// Without a code being shown, money moves only where nothing is in doubt. A
	// reading that was in doubt is not any more when a sure one follows.
	var silent *binding
	if b := st.bindings[s.name]; b != nil && b.state == PlateActive && (s.state == Inside || s.state == ExitInDoubt) && s.sure && (s.person == "" || s.person == b.person) {
		silent = b
	}
	return st.out(s, p, silent)
}

// stray decides about a plate at the exit that is not inside.
func (st *state) stray(p *passing, y *yard, r *Rules) (*scenarios.Decision, []fact, error) {
	if s := y.ended[p.name]; s != nil && p.sure && p.at.Sub(s.leftAt).Abs() <= r.DuplicateWindow {
		return refuse(DuplicateExit), nil, nil
	}
	switch list := y.near(p.read); {
	case len(list) == 1:
		return st.hold(list[0], p, NearMatch)
	case len(list) > 1:
		return refuse(PlateAmbiguous), []fact{&strayed{Lot: p.lot.ID, Seen: p.masked()}}, nil
	case p.plate.IsZero():
		return refuse(PlateUnreadable), nil, nil
	}
	facts := []fact{&strayed{Lot: p.lot.ID, Seen: p.masked()}}
	for _, other := range st.plates[p.name] {
		// Here it leaves, and elsewhere it is inside: two cars, or a missed one.
		if p.sure && other.state == Inside {
			facts = append(facts, &doubted{Session: other.id, State: Contested, Doubt: PlateElsewhere})
		}
	}
	return refuse(NoEntry), facts, nil
}

// masked is what was read, in the form for eyes that need not know.
func (p *passing) masked() string {
	if !p.plate.IsZero() {
		return p.plate.String()
	}
	masked := slices.Clone(p.read)
	for i := 2; i < len(masked)-2; i++ {
		masked[i] = '*'
	}
	return string(masked)
}

// hold keeps a session that is perhaps the car's. It is charged nothing: a
// misreading must not become a neighbour's bill.
func (st *state) hold(s *session, p *passing, doubt Doubt) (*scenarios.Decision, []fact, error) {
	d := refuse(PlateInDoubt)
	if s.state != Inside {
		return d, nil, nil // a person will look at it anyway
	}
	return d, []fact{&doubted{Session: s.id, State: ExitInDoubt, Doubt: doubt, Seen: p.masked(), At: p.at.UTC().Truncate(time.Second)}}, nil
}

// out lets a car leave, if its fee is paid or a mandate covers it.
func (st *state) out(s *session, p *passing, mandate *binding) (*scenarios.Decision, []fact, error) {
	y := st.yard(s.lot)
	cars := 0
	if s.state.inside() && s.bay == "" {
		cars = -1
	}
	at := p.at.UTC().Truncate(time.Second)
	f := &left{Session: s.id, State: Left, At: at}
	if at.Before(s.enteredAt) {
		// A fee for a stay that ends before it begins would be made up.
		f.State, f.At = TimesInDoubt, s.enteredAt
		d, err := scenarios.Allowed(safeTrip, Passage{Free: y.free(p.lot, cars, p.at), Session: s.id, State: TimesInDoubt})
		return d, []fact{f}, err
	}
	due, err := st.due(s, at)
	if err != nil {
		return nil, nil, fmt.Errorf("parking: fee of %s: %w", s.id, err)
	}
	f.Fen = due.Charge.Fen
	out := Passage{Free: y.free(p.lot, cars, p.at), Session: s.id, State: Left, Minutes: int((at.Sub(s.enteredAt) + time.Minute - 1) / time.Minute), Fen: f.Fen}
	message, owed := safeTrip, due.Fen
	switch {
	case due.Fen == 0 && f.Fen == 0:
		out.Payment = Free
	case due.Fen == 0:
		out.Payment = Paid
	case mandate != nil && st.canCharge && due.Fen <= mandate.maxFen:
		out.Payment = Charging
		f.Charge, f.Mandate, f.Owner, f.Plate = due.Fen, mandate.mandate, mandate.person, mandate.name
		message = text("已受理代扣 "+yuan(due.Fen)+" 元，一路平安", yuan(due.Fen)+" yuan will be charged to your mandate; have a safe trip")
	case p.lot.OpenUnpaid:
		out.Payment = Unpaid
		message = text("欠费 "+yuan(due.Fen)+" 元，请在应用内补缴", yuan(due.Fen)+" yuan is owed; please pay it in the app")
	default:
		d := refuse(PaymentDue)
		out.State, out.Due, out.Free = s.state, due.Fen, y.free(p.lot, 0, p.at)
		told, err := scenarios.Allowed(d.Message, out)
		if err != nil {
			return nil, nil, err
		}
		d.Outcome = told.Outcome
		return d, nil, nil
	}
	d, err := scenarios.Allowed(message, out)
	if err != nil {
		return nil, nil, err
	}
	d.Charge = owed
	return d, []fact{f}, nil
}

// yuan writes fen as 12.50.
func yuan(fen int64) string { return fmt.Sprintf("%d.%02d", fen/100, fen%100) }

func normalised(read string) []rune {
	if len(read) > plate.MaxText {
		return nil
	}
	return []rune(strings.ToUpper(strings.ToValidUTF8(read, "")))
}
