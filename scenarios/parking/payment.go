package parking

import (
	"context"
	"time"

	"github.com/citizencode/citizencode/scenarios"
)

// A PayRequest says that a driver paid: before the exit, or a debt.
type PayRequest struct {
	Key       string `json:"key"`
	Bill      string `json:"bill"` // a session or a bill
	Fen       int64  `json:"fen"`
	Method    Method `json:"method"` // ByQR or ByCash
	Reference string `json:"reference,omitempty"`
	By        string `json:"by,omitempty"` // staff, for cash
}

// Pay implements the operation (扫码缴费、现金、补缴); its outcome is a PaidOff. Who
// has paid all has the tariff's grace to drive out. More than is due is not
// taken.
func (s *Scenario) Pay(ctx context.Context, r PayRequest) (*scenarios.Decision, error) {
	switch {
	case r.Method != ByQR && r.Method != ByCash:
		return nil, badRequest("method", "neither qr nor cash")
	case r.Fen <= 0:
		return nil, badRequest("fen", "not above zero")
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

// Refund implements the operation; its outcome is a Refunded. What was paid goes
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
