package hospital

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/hospital/payer"
	"github.com/citizencode/citizencode/scenarios/ledger"
)

// A Station is where an order is carried out: a step of the care path.
type Station string

// The stations, in the order in which a patient is sent to them.
const (
	Consult   Station = "consult"
	Lab       Station = "lab"
	Imaging   Station = "imaging"
	Treatment Station = "treatment"
	Pharmacy  Station = "pharmacy"
)

// Stations lists the stations in the order of the care path.
func Stations() []Station { return []Station{Consult, Lab, Imaging, Treatment, Pharmacy} }

// Bounds of orders.
const (
	MaxItems    = 50
	MaxOrders   = 500 // of one visit
	MaxItemText = 64  // bytes of a code
)

// An Item is one line of an order.
type Item struct {
	Station Station `json:"station"`
	Code    string  `json:"code"` // of the hospital's price list, printable ASCII
	Fen     int64   `json:"fen"`  // price of the line
}

// An OrderStatus says how far an order has come.
type OrderStatus string

// The statuses. A pending order waits for a partner's answer, a held one for
// the patient's.
const (
	OrderPending    OrderStatus = "pending"
	OrderHeld       OrderStatus = "held"
	OrderSettled    OrderStatus = "settled"
	OrderDone       OrderStatus = "done"
	OrderCancelling OrderStatus = "cancelling"
	OrderEnded      OrderStatus = "cancelled"
)

// An Order (医嘱) is what a doctor has ordered in a visit, and who pays for it.
type Order struct {
	ID        string      `json:"id"`
	Encounter string      `json:"encounter"`
	Patient   string      `json:"patient,omitempty"`
	By        string      `json:"by"`
	Items     []Item      `json:"items"`
	Fen       int64       `json:"fen"`
	Status    OrderStatus `json:"status"`
	Parts     payer.Parts `json:"parts"`             // of a held order: as they would be
	Advance   int64       `json:"advance,omitempty"` // by the emergency fund
	Reason    string      `json:"reason,omitempty"`  // why it is held, or was not refunded
	Ordered   time.Time   `json:"ordered"`
}

// Why an order is held.
const (
	OverLimit       = "over-limit"       // no payer but the patient is left for a part
	InsurerDeclined = "insurer-declined" // three times
)

// OrderRequest is a doctor's order.
type OrderRequest struct {
	Key       string    `json:"-"`
	At        time.Time `json:"-"`
	Encounter string    `json:"encounter"`
	By        string    `json:"by"` // a staff number
	Items     []Item    `json:"items"`
}

// Order records an order and settles it at once, without the patient, under the
// credit that he has opened: the payers bear it in the order of
// payer.Waterfall. What would be left for him to pay himself is held until he
// agrees; see [Scenario.Confirm]. The outcome is the Order, its status settled
// or held. In an emergency the fund bears it up to its cap, no partner is asked
// and nothing is held. Refused: encounter-unknown, encounter-left.
//
// An error that wraps payer.ErrUnsettled or rails.ErrUnsettled means that a
// partner has not answered: the order stands, and the same request, or
// [Scenario.Resume], goes on.
func (s *Scenario) Order(ctx context.Context, r OrderRequest) (*scenarios.Decision, error) {
	fen, err := checkItems(r.Items)
	if err != nil {
		return nil, err
	}
	if !isID(r.By) {
		return nil, wrong("by", "not up to %d letters, digits and . -", maxID)
	}
	ask, err := newAsk("request", r.Key, r.At, r)
	if err != nil {
		return nil, err
	}
	var id string
	var d *scenarios.Decision
	err = s.stream.Change(ctx, func() ([]eventlog.Event, error) {
		id, d = "", s.state.answered(ask)
		if d != nil {
			return nil, nil
		}
		if id = s.state.asking(ask); id != "" {
			return nil, nil // recorded, and not settled yet
		}
		en := s.state.encounters[r.Encounter]
		switch {
		case en == nil:
			d = refuse(EncounterUnknown)
		case en.left:
			d = refuse(EncounterLeft)
		case len(en.orders) >= MaxOrders:
			d = refuse(TooManyOrders)
		}
		if d != nil {
			return nil, nil
		}
		id = fmt.Sprintf("o%d", len(s.state.orders)+1)
		e, err := event("order:"+ask.key, ordered, r.At, orderChange{id, r.Encounter, r.By, r.Items, fen, ask.key, ask.content})
		return []eventlog.Event{e}, err
	})
	if err != nil || d != nil {
		return s.done(ctx, d, err)
	}
	return s.drive(ctx, id, ask)
}

func checkItems(items []Item) (fen int64, err error) {
	if len(items) == 0 || len(items) > MaxItems {
		return 0, wrong("items", "not 1 to %d", MaxItems)
	}
	for i, item := range items {
		at := fmt.Sprintf("items[%d].", i)
		switch {
		case !slices.Contains(Stations(), item.Station):
			return 0, wrong(at+"station", "none of %v", Stations())
		case !isPrintable(item.Code, MaxItemText):
			return 0, wrong(at+"code", "not 1 to %d printable ASCII characters", MaxItemText)
		case item.Fen < 0 || item.Fen > payer.MaxFen-fen:
			return 0, wrong(at+"fen", "below zero, or the order is over %d", int64(payer.MaxFen))
		}
		fen += item.Fen
	}
	return fen, nil
}

// ConfirmRequest is a patient's agreement to pay himself what nobody else pays
// of a held order.
type ConfirmRequest struct {
	Key     string    `json:"-"`
	At      time.Time `json:"-"`
	Order   string    `json:"order"`
	Patient string    `json:"patient"`
}

// Confirm settles a held order; the part that is left is owed by the patient.
// The outcome is the Order. Refused: order-unknown, order-not-held.
func (s *Scenario) Confirm(ctx context.Context, r ConfirmRequest) (*scenarios.Decision, error) {
	ask, err := newAsk("request", r.Key, r.At, r)
	if err != nil {
		return nil, err
	}
	return s.confirm(ctx, ask, r.At, r.Patient, func(*state) (string, string) { return r.Order, "" })
}

// confirm agrees to the order that find names, or refuses with the reason.
func (s *Scenario) confirm(ctx context.Context, ask asked, at time.Time, patient string, find func(*state) (id, reason string)) (*scenarios.Decision, error) {
	return s.drivenOn(ctx, ask, confirmed, at, askChange{By: patient}, func(st *state) (id, reason string) {
		if id, reason = find(st); reason != "" {
			return "", reason
		}
		o := st.orders[id]
		switch {
		case o == nil || o.Patient != patient:
			return "", OrderUnknown
		case o.Status != OrderHeld:
			return "", OrderNotHeld
		}
		return id, ""
	})
}

// CancelOrderRequest takes an order back that has not been carried out.
type CancelOrderRequest struct {
	Key   string    `json:"-"`
	At    time.Time `json:"-"`
	Order string    `json:"order"`
	By    string    `json:"by"`
	Why   string    `json:"why"`
}

// CancelOrder cancels an order and gives back what each payer has paid for it;
// the visit's credit is reckoned as if it had never been lent. The outcome is
// the Order. Refused: order-unknown, order-performed, order-cancelled,
// refund-declined, insurer-asked once an advance is recovered, and
// order-not-settled while a partner has not answered.
func (s *Scenario) CancelOrder(ctx context.Context, r CancelOrderRequest) (*scenarios.Decision, error) {
	if !isID(r.By) {
		return nil, wrong("by", "not up to %d letters, digits and . -", maxID)
	}
	ask, err := newAsk("request", r.Key, r.At, r)
	if err != nil {
		return nil, err
	}
	change := askChange{By: r.By, Why: oneLine(r.Why)}
	return s.drivenOn(ctx, ask, cancelling, r.At, change, func(st *state) (string, string) {
		o := st.orders[r.Order]
		switch {
		case o == nil:
			return "", OrderUnknown
		case o.Status == OrderDone || len(o.served) > 0:
			return "", OrderPerformed
		case o.Status == OrderEnded:
			return "", OrderCancelled
		case o.Status != OrderHeld && o.Status != OrderSettled:
			return "", OrderNotSettled
		}
		if en := st.encounters[o.Encounter]; en.advance != nil && en.advance.Asked {
			return "", InsurerAsked // it bears a share of this already
		}
		return o.ID, ""
	})
}

// drivenOn lets an order go on for a request: find names it, or says why not.
func (s *Scenario) drivenOn(ctx context.Context, ask asked, kind string, at time.Time, change askChange, find func(*state) (id, reason string)) (*scenarios.Decision, error) {
	var id string
	var d *scenarios.Decision
	err := s.stream.Change(ctx, func() ([]eventlog.Event, error) {
		id, d = "", s.state.answered(ask)
		if d != nil {
			return nil, nil
		}
		if id = s.state.asking(ask); id != "" {
			return nil, nil
		}
		var reason string
		if id, reason = find(s.state); reason != "" {
			d = refuse(reason)
			return nil, nil
		}
		change.Order, change.Ask, change.Request = id, ask.key, ask.content
		e, err := event(kind+":"+ask.key, kind, at, change)
		return []eventlog.Event{e}, err
	})
	if err != nil || d != nil {
		return s.done(ctx, d, err)
	}
	return s.drive(ctx, id, ask)
}

// asking returns the order that a request waits for.
func (st *state) asking(ask asked) string {
	for id := range st.pending {
		if st.orders[id].ask == ask {
			return id
		}
	}
	return ""
}

// Orders returns the orders of a visit.
func (s *Scenario) Orders(ctx context.Context, encounter string) (list []Order, err error) {
	err = s.stream.View(ctx, func() error {
		if en := s.state.encounters[encounter]; en != nil {
			for _, id := range en.orders {
				list = append(list, s.state.orders[id].Order)
			}
		}
		return nil
	})
	return list, err
}

// An order is an Order with what drives it.
type order struct {
	Order
	ask     asked // the request that waits for it
	at      time.Time
	agreed  bool // the patient bears what no other payer does
	plan    *planChange
	attempt int        // plans made
	tries   int        // of them for this request
	day     ledger.Day // on which it was charged
	served  map[Station]bool
}
