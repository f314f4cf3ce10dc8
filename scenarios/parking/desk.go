package parking

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/parking/plate"
	"github.com/citizencode/citizencode/scenarios/parking/reserve"
	"github.com/citizencode/citizencode/scenarios/parking/tariff"
)

// A QuoteRequest asks what a car inside has to pay now. One of Session, Plate
// and Person says which; Lot goes with the last two.
type QuoteRequest struct {
	Session string `json:"session,omitempty"`
	Lot     string `json:"lot,omitempty"`
	Plate   string `json:"plate,omitempty"`
	Person  string `json:"person,omitempty"`
}

// A Quote is what is to pay, and why.
type Quote struct {
	Session string           `json:"session"`
	At      time.Time        `json:"at"`
	Fen     int64            `json:"fen"`     // of the stay
	Paid    int64            `json:"paid"`    // so far
	Due     int64            `json:"due"`     // still
	LeaveBy time.Time        `json:"leaveBy"` // zero, or until when what was paid opens the barrier
	Lines   []scenarios.Text `json:"lines"`
}

// Quote implements the operation; its outcome is a Quote.
func (s *Scenario) Quote(ctx context.Context, r QuoteRequest) (*scenarios.Decision, error) {
	name := ""
	if r.Plate != "" {
		p, err := readPlate("plate", r.Plate)
		if err != nil {
			return nil, err
		}
		name = s.seal.name(p.Clear())
	}
	now := s.now().UTC().Truncate(time.Second)
	var d *scenarios.Decision
	err := s.stream.View(ctx, func() (err error) {
		st := s.state
		in := st.sessions[r.Session]
		if lot, known := s.lot(r.Lot); in == nil && r.Session == "" && known && st.yards[lot.ID] != nil {
			if in = st.yards[lot.ID].plates[name]; name == "" {
				in = st.yards[lot.ID].persons[r.Person]
			}
		}
		if in == nil {
			d = refuse(SessionUnknown)
			return nil
		}
		at := now
		if in.state.ended() {
			at = in.leftAt
		}
		if at.Before(in.enteredAt) {
			at = in.enteredAt
		}
		q := Quote{Session: in.id, At: at}
		if b := st.bills[in.id]; b != nil {
			q.Paid = b.paid()
			if b.billed {
				q.Fen, q.Due = b.owed(), b.debt()
			}
		}
		due, err := st.due(in, at)
		if err != nil {
			return err
		}
		if b := st.bills[in.id]; b == nil || !b.billed {
			q.Fen, q.Due, q.LeaveBy = due.Charge.Fen, due.Fen, due.LeaveBy
		}
		if l := s.lots[in.lot]; l != nil && l.Tariff != nil {
			for _, line := range due.Charge.Lines {
				q.Lines = append(q.Lines, l.Tariff.Text(line))
			}
		}
		d, err = scenarios.Allowed(text("应缴 "+yuan(q.Due)+" 元", yuan(q.Due)+" yuan to pay"), q)
		return err
	})
	return d, err
}

// A PayRequest says that a driver paid: before the exit, or a debt.
type PayRequest struct {
	Key       string `json:"key"`
	Bill      string `json:"bill"` // a session or a bill
	Fen       int64  `json:"fen"`
	Method    Method `json:"method"` // ByQR or ByCash
	Reference string `json:"reference,omitempty"`
	By        string `json:"by,omitempty"` // staff, for cash
}

// Pay implements the operation (扫码缴费、现金、补缴); its outcome is the Bill, or
// nothing while the car is inside. Who has paid all has the tariff's grace to
// drive out. More than is due is not taken.
func (s *Scenario) Pay(ctx context.Context, r PayRequest) (*scenarios.Decision, error) {
	switch {
	case r.Method != ByQR && r.Method != ByCash:
		return nil, badRequest("method", "neither qr nor cash")
	case r.Fen <= 0:
		return nil, badRequest("fen", "not above zero")
	case len(r.Reference) > reserve.MaxID || len(r.By) > reserve.MaxID:
		return nil, badRequest("reference", "too long")
	}
	now := s.now().UTC().Truncate(time.Second)
	return s.do(ctx, "q:", r.Key, r, now, func(st *state) (*scenarios.Decision, []fact, error) {
		due := int64(0)
		b, in := st.bills[r.Bill], st.sessions[r.Bill]
		switch {
		case b != nil && b.billed && b.charging > 0:
			return refuse(ChargeUnderWay), nil, nil
		case b != nil && b.billed:
			due = b.debt()
		case in == nil:
			return refuse(BillUnknown), nil, nil
		default:
			at := now
			if at.Before(in.enteredAt) {
				at = in.enteredAt
			}
			d, err := st.due(in, at)
			if err != nil {
				return nil, nil, err
			}
			due = d.Fen
		}
		switch {
		case due == 0:
			return refuse(NothingDue), nil, nil
		case r.Fen > due:
			return refuse(AmountTooHigh), nil, nil
		}
		d, err := scenarios.Allowed(text("已缴 "+yuan(r.Fen)+" 元", yuan(r.Fen)+" yuan paid"), PaidOff{r.Bill, r.Fen, due - r.Fen})
		return d, []fact{&paid{r.Bill, r.Fen, r.Method, r.Reference, r.By}}, err
	})
}

// A PaidOff is the outcome of a payment.
type PaidOff struct {
	Bill string `json:"bill"`
	Fen  int64  `json:"fen"`
	Due  int64  `json:"due"` // still, at that moment
}

// A RefundRequest takes a bill back, whole or in part.
type RefundRequest struct {
	Key  string `json:"key"`
	Bill string `json:"bill"`
	Fen  int64  `json:"fen"`
	By   string `json:"by"`
	Why  string `json:"why,omitempty"`
}

// Refund implements the operation; its outcome is the Bill. What was paid goes
// back the way it came: by the bank, by Collect, or at the desk.
func (s *Scenario) Refund(ctx context.Context, r RefundRequest) (*scenarios.Decision, error) {
	if r.Fen <= 0 {
		return nil, badRequest("fen", "not above zero")
	}
	if r.By == "" {
		return nil, badRequest("by", "missing")
	}
	return s.do(ctx, "q:", r.Key, r, s.now(), func(st *state) (*scenarios.Decision, []fact, error) {
		b := st.bills[r.Bill]
		switch {
		case b == nil || !b.billed:
			return refuse(BillUnknown), nil, nil
		case r.Fen > b.owed():
			return refuse(AmountTooHigh), nil, nil
		}
		d, err := scenarios.Allowed(text("已退 "+yuan(r.Fen)+" 元", yuan(r.Fen)+" yuan refunded"), Refunded{r.Bill, r.Fen})
		return d, []fact{&refunded{r.Bill, r.Fen, r.By, r.Why}}, err
	})
}

// A Refunded is the outcome of a refund or a reversal.
type Refunded struct {
	Bill string `json:"bill"`
	Fen  int64  `json:"fen"` // that is not owed any more
}

// Reverse takes a passage back. An exit loses its fee; an entry is cancelled
// while the car is inside. r.Key is the key of the visit, or the camera's event.
func (s *Scenario) Reverse(ctx context.Context, r scenarios.Reversal) (*scenarios.Decision, error) {
	visit := digest(r.Key)
	asked := struct{ Key, By string }{r.Key, r.By}
	return s.do(ctx, "q:", r.Request, asked, r.Time, func(st *state) (*scenarios.Decision, []fact, error) {
		id, found := st.visits["v:"+visit]
		if !found {
			id, found = st.visits["c:"+visit]
		}
		in := st.sessions[id]
		if !found || in == nil {
			return refuse(VisitUnknown), nil, nil
		}
		said := text("已撤销", "Taken back")
		if in.entry == "v:"+visit || in.entry == "c:"+visit {
			switch {
			case in.state == Cancelled:
				return refuse(AlreadyReversed), nil, nil
			case in.state.ended():
				return refuse(AlreadyLeft), nil, nil
			}
			d, err := scenarios.Allowed(said, Refunded{id, 0})
			return d, []fact{&undone{id, r.By}}, err
		}
		fen := st.bills[id].owed()
		if fen == 0 {
			return refuse(AlreadyReversed), nil, nil
		}
		d, err := scenarios.Allowed(said, Refunded{id, fen})
		return d, []fact{&refunded{id, fen, r.By, r.Why}}, err
	})
}

// A HandOutRequest says that the desk handed out what the bank declined to take
// back to the driver's account.
type HandOutRequest struct {
	Key  string `json:"key"`
	Bill string `json:"bill"`
	By   string `json:"by"`
}

// HandOut implements the operation.
func (s *Scenario) HandOut(ctx context.Context, r HandOutRequest) (*scenarios.Decision, error) {
	if r.By == "" {
		return nil, badRequest("by", "missing")
	}
	return s.do(ctx, "q:", r.Key, r, s.now(), func(st *state) (*scenarios.Decision, []fact, error) {
		b := st.bills[r.Bill]
		if b == nil || b.tell().Payment != Undelivered {
			return refuse(NothingDue), nil, nil
		}
		d, err := scenarios.Allowed(text("已在窗口退还", "Handed out at the desk"), nil)
		return d, []fact{&handedOut{r.Bill, r.By}}, err
	})
}

// A PayOutRequest pays an owner of a shared bay, or a guest who lost one, what
// he is owed.
type PayOutRequest struct {
	Key       string `json:"key"`
	Party     string `json:"party"`
	Fen       int64  `json:"fen"`
	Reference string `json:"reference,omitempty"` // of the bank transfer
	By        string `json:"by"`
}

// PayOut implements the operation.
func (s *Scenario) PayOut(ctx context.Context, r PayOutRequest) (*scenarios.Decision, error) {
	if r.Fen <= 0 {
		return nil, badRequest("fen", "not above zero")
	}
	return s.do(ctx, "q:", r.Key, r, s.now(), func(st *state) (*scenarios.Decision, []fact, error) {
		if st.accounts[r.Party] < r.Fen {
			return refuse(BalanceTooSmall), nil, nil
		}
		d, err := scenarios.Allowed(text("已付款", "Paid out"), nil)
		return d, []fact{&paidOut{r.Party, r.Fen, r.Reference, r.By}}, err
	})
}

// A How is what a person found when he looked at a session.
type How string

// What can be found.
const (
	ItIsInside How = "inside" // the doubt was about another car
	ItLeft     How = "left"   // it left at LeftAt, or when it was seen at the doubtful exit
	LetItGo    How = "waive"  // no fee
)

// A ResolveRequest ends the doubt about a session.
type ResolveRequest struct {
	Key     string    `json:"key"`
	Session string    `json:"session"`
	How     How       `json:"how"`
	LeftAt  time.Time `json:"leftAt,omitzero"`
	By      string    `json:"by"`
}

// Resolve implements the operation. A stay that a person ended is a debt that
// the driver is told of, not a charge: he was not there.
func (s *Scenario) Resolve(ctx context.Context, r ResolveRequest) (*scenarios.Decision, error) {
	if r.By == "" {
		return nil, badRequest("by", "missing")
	}
	if r.How != ItIsInside && r.How != ItLeft && r.How != LetItGo {
		return nil, badRequest("how", "none of inside, left, waive")
	}
	now := s.now()
	r.LeftAt = r.LeftAt.UTC().Truncate(time.Second)
	return s.do(ctx, "q:", r.Key, r, now, func(st *state) (*scenarios.Decision, []fact, error) {
		in := st.sessions[r.Session]
		if in == nil {
			return refuse(SessionUnknown), nil, nil
		}
		at := r.LeftAt
		if at.Equal(time.Time{}.Truncate(time.Second)) {
			at = in.seenAt
		}
		f := &left{Session: in.id, State: Waived, At: at, By: r.By}
		switch {
		case in.state.ended() && (in.state != TimesInDoubt || r.How != LetItGo):
			return refuse(WrongState), nil, nil
		case r.How == ItIsInside && in.state != Contested && in.state != ExitInDoubt:
			return refuse(WrongState), nil, nil
		case r.How == ItIsInside:
			d, err := scenarios.Allowed(text("已核实，车辆在场", "Looked into: the car is inside"), nil)
			return d, []fact{&cleared{in.id, r.By}}, err
		case r.How == LetItGo && at.Before(in.enteredAt):
			f.At = in.enteredAt
		case r.How == ItLeft && (at.Before(in.enteredAt) || at.After(now.Add(s.rules.Skew))):
			return nil, nil, badRequest("leftAt", "before the entry, or in the future")
		}
		if r.How == ItLeft {
			due, err := st.due(in, at)
			if err != nil {
				return nil, nil, err
			}
			f.State, f.Fen = Left, due.Charge.Fen
		}
		d, err := scenarios.Allowed(text("已核实", "Looked into"), nil)
		return d, []fact{f}, err
	})
}

// A Swept is what a call of Sweep found.
type Swept struct {
	Missing int `json:"missing"` // cars whose exit nobody saw
	NoShows int `json:"noShows"`
}

// Sweep looks for what time alone has ended: cars that nobody saw leave, and
// reservations for which nobody came. A server runs it every few minutes.
func (s *Scenario) Sweep(ctx context.Context) (w Swept, err error) {
	now := s.now()
	var old, expired []string
	err = s.stream.View(ctx, func() error {
		for id, in := range s.state.sessions {
			if in.state.inside() && now.Sub(in.enteredAt) > s.rules.AbandonAfter {
				old = append(old, id)
			}
		}
		expired = s.state.expired(now)
		return nil
	})
	if err != nil {
		return w, err
	}
	slices.Sort(old)
	for _, id := range old {
		_, err := s.do(ctx, "t:", id+" timed out", struct{}{}, now, func(st *state) (*scenarios.Decision, []fact, error) {
			d := refuse(WrongState)
			if in := st.sessions[id]; in == nil || !in.state.inside() {
				return d, nil, nil
			}
			w.Missing++
			return d, []fact{&missed{id, TimedOut}}, nil
		})
		if err != nil {
			return w, err
		}
	}
	for {
		batch, err := s.desk.Sweep(ctx)
		if err != nil {
			return w, err
		}
		if w.NoShows += len(batch); len(batch) < reserve.MaxBatch {
			break
		}
	}
	for _, id := range expired {
		// A car that was refused after the desk had let it in: nobody is there.
		if r, err := s.desk.Find(ctx, id); err == nil && r.State == reserve.Entered && now.After(r.Until) {
			if _, err := s.desk.Leave(ctx, id); err != nil {
				return w, err
			}
		}
	}
	return w, s.reconcile(ctx, expired...)
}

// MaxSessionPage is how many sessions are read at once.
const MaxSessionPage = 1000

// A SessionFilter says which sessions are wanted; what is empty does not matter.
type SessionFilter struct {
	Lot   string  `json:"lot,omitempty"`
	Payer string  `json:"payer,omitempty"`
	Plate string  `json:"plate,omitempty"` // whole
	State []State `json:"state,omitempty"`
	After string  `json:"after,omitempty"` // behind this session, for the next page
}

// Sessions returns sessions in the order in which they began, up to
// MaxSessionPage of those that are kept in memory.
func (s *Scenario) Sessions(ctx context.Context, f SessionFilter) ([]Session, error) {
	name := ""
	if f.Plate != "" {
		p, err := plate.Parse(f.Plate)
		if err != nil {
			return nil, &scenarios.RequestError{Path: "plate", Err: err}
		}
		name = s.seal.name(p.Clear())
	}
	var list []Session
	err := s.stream.View(ctx, func() error {
		var found []*session
		for _, in := range s.state.sessions {
			if (f.Lot == "" || in.lot == f.Lot) && (f.Payer == "" || in.payer == f.Payer) && (name == "" || in.name == name) &&
				(len(f.State) == 0 || slices.Contains(f.State, in.state)) && (f.After == "" || inOrder(f.After, in.id) < 0) {
				found = append(found, in)
			}
		}
		slices.SortFunc(found, func(a, b *session) int { return inOrder(a.id, b.id) })
		for _, in := range found[:min(len(found), MaxSessionPage)] {
			list = append(list, s.state.tell(in))
		}
		return nil
	})
	return list, err
}

// inOrder compares ids as numbers.
func inOrder(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

// Session returns one session.
func (s *Scenario) Session(ctx context.Context, id string) (out Session, found bool, err error) {
	err = s.stream.View(ctx, func() error {
		if in := s.state.sessions[id]; in != nil {
			out, found = s.state.tell(in), true
		}
		return nil
	})
	return out, found, err
}

// Reviews returns the sessions of a lot, or of all, at which a person has to
// look.
func (s *Scenario) Reviews(ctx context.Context, lot string) ([]Session, error) {
	return s.Sessions(ctx, SessionFilter{Lot: lot, State: []State{Contested, ExitInDoubt, ExitMissing, TimesInDoubt}})
}

// Bill returns one bill.
func (s *Scenario) Bill(ctx context.Context, id string) (out Bill, found bool, err error) {
	err = s.stream.View(ctx, func() error {
		if b := s.state.bills[id]; b != nil {
			out, found = b.tell(), true
		}
		return nil
	})
	return out, found, err
}

// Debts returns the bills that a person has to pay; or those of a plate that
// nobody has bound, whole and in clear.
func (s *Scenario) Debts(ctx context.Context, person, plateText string) ([]Bill, error) {
	payer := person
	if person == "" {
		p, err := readPlate("plate", plateText)
		if err != nil {
			return nil, err
		}
		payer = platePayer + s.seal.name(p.Clear())
	}
	var list []Bill
	err := s.stream.View(ctx, func() error {
		for id := range s.state.debts[payer] {
			list = append(list, s.state.bills[id].tell())
		}
		return nil
	})
	slices.SortFunc(list, func(a, b Bill) int { return inOrder(a.ID, b.ID) })
	return list, err
}

// A PassRequest gives a car or a person time that is paid for already, in one
// lot or in all: a monthly pass (月卡), a resident's list.
type PassRequest struct {
	Key    string    `json:"key"`
	Lot    string    `json:"lot,omitempty"` // "": all
	Plate  string    `json:"plate,omitempty"`
	Person string    `json:"person,omitempty"` // beside a plate: none
	From   time.Time `json:"from,omitzero"`
	Until  time.Time `json:"until"`
	By     string    `json:"by"`
}

// GrantPass implements the operation.
func (s *Scenario) GrantPass(ctx context.Context, r PassRequest) (*scenarios.Decision, error) {
	f := &passGranted{Lot: r.Lot, Of: r.Person, From: r.From.UTC(), Until: r.Until.UTC(), By: r.By}
	switch {
	case (r.Plate == "") == (r.Person == ""):
		return nil, badRequest("plate", "not exactly one of plate and person")
	case r.Until.IsZero() || !r.From.Before(r.Until):
		return nil, badRequest("until", "not after from")
	case r.Lot != "" && s.lots[r.Lot] == nil:
		return refuse(LotUnknown), nil
	}
	if r.Plate != "" {
		p, err := readPlate("plate", r.Plate)
		if err != nil {
			return nil, err
		}
		f.Of = s.seal.name(p.Clear())
	}
	return s.do(ctx, "q:", r.Key, r, s.now(), func(st *state) (*scenarios.Decision, []fact, error) {
		if len(st.passes[f.Of]) >= tariff.MaxPasses {
			return refuse(WrongState), nil, nil
		}
		d, err := scenarios.Allowed(text("通行证已登记", "The pass is registered"), nil)
		return d, []fact{f}, err
	})
}

type pass struct {
	lot         string
	from, until time.Time
}

// passGranted: a car or a person has a pass.
type passGranted struct {
	Lot   string    `json:"lot,omitempty"`
	Of    string    `json:"of"`
	From  time.Time `json:"from,omitzero"`
	Until time.Time `json:"until"`
	By    string    `json:"by,omitempty"`
}

func (*passGranted) kind() string { return "pass-granted" }

func (f *passGranted) apply(st *state, _ string, at time.Time) error {
	// Those that are over make room.
	st.passes[f.Of] = append(slices.DeleteFunc(st.passes[f.Of], func(p *pass) bool { return p.until.AddDate(0, 3, 0).Before(at) }), &pass{f.Lot, f.From, f.Until})
	return nil
}

// passesOf returns what covers a session.
func (st *state) passesOf(s *session) (list []tariff.Pass) {
	if len(st.passes) == 0 {
		return nil
	}
	for _, of := range []string{s.name, s.person} {
		if of == "" || of == s.name && !s.sure {
			continue
		}
		for _, p := range st.passes[of] {
			if (p.lot == "" || p.lot == s.lot) && len(list) < tariff.MaxPasses {
				list = append(list, tariff.Pass{From: p.from, Until: p.until})
			}
		}
	}
	return list
}
