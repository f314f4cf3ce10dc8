package hospital

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/hospital/credit"
	"github.com/citizencode/citizencode/scenarios/hospital/payer"
	"github.com/citizencode/citizencode/scenarios/rails"
)

// maxTries bounds how often the insurer is asked anew about one order because
// it declined what it had quoted.
const maxTries = 3

// ErrPending is returned for a request whose order another one drives on.
var ErrPending = errors.New("hospital: the order is not settled yet")

// A job is what is known of an order while its partners are asked.
type job struct {
	order
	encounter encounter
	waits     bool
}

// drive takes an order from step to step, each an event, until it is settled,
// held or cancelled. Whoever drives the same order at the same time, or after a
// crash, sends the same keys.
func (s *Scenario) drive(ctx context.Context, id string, ask asked) (*scenarios.Decision, error) {
	for range 4 * maxTries {
		var j job
		var d *scenarios.Decision
		err := s.stream.View(ctx, func() error {
			o := s.state.orders[id]
			j = job{*o, *s.state.encounters[o.Encounter], s.state.pending[id]}
			d = s.state.answered(ask)
			return nil
		})
		switch {
		case err != nil:
			return nil, err
		case !j.waits && d == nil && j.Status == OrderSettled:
			d = refuse(RefundDeclined)
		}
		if !j.waits {
			if d == nil {
				return nil, ErrPending
			}
			return s.done(ctx, d, nil)
		}
		switch {
		case j.Status == OrderCancelling:
			err = s.undo(ctx, &j)
		case j.plan == nil:
			err = s.makePlan(ctx, &j)
		default:
			err = s.pay(ctx, &j)
		}
		if err != nil {
			return nil, fmt.Errorf("order %s: %w", id, err)
		}
	}
	return nil, ErrPending
}

// makePlan decides who pays: it asks what the partners would give, changes
// nothing with them, and writes the plan down.
func (s *Scenario) makePlan(ctx context.Context, j *job) error {
	var cover payer.Cover
	var err error
	if emergency := j.encounter.advance != nil; !emergency && j.Fen > 0 {
		if s.insurer != nil {
			if cover, err = s.insurer.Quote(ctx, payer.Claim{Hospital: s.id, Patient: j.Patient, Fen: j.Fen}); err != nil {
				return fmt.Errorf("quote: %w", err)
			}
		}
		if err := s.openCredit(ctx, j); err != nil {
			return err
		}
	}
	return s.stream.Change(ctx, func() ([]eventlog.Event, error) {
		o := s.state.orders[j.ID]
		if o.plan != nil || !s.state.pending[j.ID] || o.Status != OrderPending {
			return nil, nil // another driver was quicker
		}
		en := s.state.encounters[o.Encounter]
		if en.advance != nil {
			bears := min(o.Fen, max(en.advance.Cap-en.advance.Advanced, 0))
			// Treatment is not blocked: what the fund does not bear is owed,
			// and nobody is asked before.
			e, err := s.end(settled, o, orderEnd{Parts: payer.Parts{Self: o.Fen - bears}, Advance: bears})
			return []eventlog.Event{e}, err
		}
		parts, err := payer.Split(o.Fen, payer.Sources{Pool: cover.Pool, Account: cover.Account, Credit: s.creditLeft(en, o.at)})
		if err != nil {
			return nil, err
		}
		var e eventlog.Event
		switch {
		case parts.Self > 0 && !o.agreed:
			e, err = s.end(held, o, orderEnd{Parts: parts, Reason: OverLimit})
		case parts.Insured() == 0 && (parts.Credit == 0 || !en.lent):
			e, err = s.end(settled, o, orderEnd{Parts: parts})
		default:
			change := planChange{Order: o.ID, Attempt: o.attempt + 1, Waterfall: payer.Waterfall, Parts: parts}
			e, err = event(fmt.Sprintf("plan:%s:%d", o.ID, change.Attempt), planned, o.at, change)
		}
		return []eventlog.Event{e}, err
	})
}

// openCredit asks the lender, once for each visit, to hold what the patient has
// agreed to.
func (s *Scenario) openCredit(ctx context.Context, j *job) error {
	if s.lender == nil || j.encounter.limit == 0 || j.encounter.asked {
		return nil
	}
	o, err := rails.AuthorisationOrder(s.lender, rails.Authorisation{Key: s.partnerKey("authorise", j.Encounter), Account: j.Patient, Fen: j.encounter.limit})
	if err != nil {
		return err
	}
	answer, err := s.settler.Settle(ctx, o, nil)
	if err != nil {
		return fmt.Errorf("open the credit: %w", err)
	}
	change := authorisedChange{Encounter: j.Encounter}
	if answer.State == rails.Accepted {
		change.Fen = j.encounter.limit
	}
	return s.stream.Change(ctx, func() ([]eventlog.Event, error) {
		if s.state.encounters[j.Encounter].asked {
			return nil, nil
		}
		e, err := event("authorise:"+j.Encounter, authorised, j.at, change)
		return []eventlog.Event{e}, err
	})
}

// creditLeft returns what a visit can still be lent, in fen. Where no lender
// keeps the limit, it is the patient's for all his visits to this hospital.
func (s *Scenario) creditLeft(en *encounter, at time.Time) int64 {
	left := en.authorised - en.captured
	if s.lender == nil {
		left = en.limit
		day := s.businessDay(at)
		for _, id := range s.state.encountersOf[en.patient] {
			left -= s.state.encounters[id].account.On(day).Principal
		}
		for id := range s.state.pending {
			if o := s.state.orders[id]; o.plan != nil && o.Patient == en.patient {
				left -= o.plan.Parts.Credit
			}
		}
	}
	return min(left, credit.MaxLent-en.captured)
}

// pay carries a plan out: the insurer first, then the lender, then the books.
func (s *Scenario) pay(ctx context.Context, j *job) error {
	parts := j.plan.Parts
	if parts.Insured() > 0 {
		if s.insurer == nil {
			return errors.New("a plan needs an insurer and none is configured")
		}
		key := s.payKey(&j.order)
		answer, err := payer.Settle(ctx, s.insurer, key, func(ctx context.Context) (rails.Answer, error) {
			return s.insurer.Pay(ctx, payer.Payment{Key: key, Claim: payer.Claim{Hospital: s.id, Patient: j.Patient, Fen: j.Fen}, Pool: parts.Pool, Account: parts.Account})
		})
		if err != nil {
			return err
		}
		if answer.State == rails.Declined {
			return s.declinePlan(ctx, j)
		}
	}
	if parts.Credit > 0 && j.encounter.lent {
		if s.lender == nil {
			return errors.New("a plan needs a lender and none is configured")
		}
		o, err := rails.CaptureOrder(s.lender, rails.Capture{Key: s.partnerKey("capture", fmt.Sprintf("%s:%d", j.ID, j.attempt)),
			Authorisation: s.partnerKey("authorise", j.Encounter), Fen: parts.Credit})
		if err != nil {
			return err
		}
		answer, err := s.settler.Settle(ctx, o, nil)
		if err != nil {
			return err
		}
		if answer.State == rails.Declined {
			// It breaks its word about what it holds. The treatment is not
			// undone for that; the patient owes it like any other.
			parts.Self, parts.Credit = parts.Self+parts.Credit, 0
		}
	}
	return s.stream.Change(ctx, func() ([]eventlog.Event, error) {
		o := s.state.orders[j.ID]
		if o.plan == nil || o.attempt != j.attempt {
			return nil, nil
		}
		e, err := s.end(settled, o, orderEnd{Parts: parts})
		return []eventlog.Event{e}, err
	})
}

// declinePlan drops a plan that the insurer declined, because its reply has
// changed meanwhile; the next one is made from a new reply.
func (s *Scenario) declinePlan(ctx context.Context, j *job) error {
	return s.stream.Change(ctx, func() ([]eventlog.Event, error) {
		o := s.state.orders[j.ID]
		if o.plan == nil || o.attempt != j.attempt {
			return nil, nil
		}
		e, err := event(fmt.Sprintf("declined:%s:%d", o.ID, o.attempt), planDeclined, o.at, planChange{Order: o.ID, Attempt: o.attempt})
		if err != nil || o.tries < maxTries {
			return []eventlog.Event{e}, err
		}
		hold, err := s.end(held, o, orderEnd{Parts: o.plan.Parts, Reason: InsurerDeclined})
		return []eventlog.Event{e, hold}, err
	})
}

// undo cancels an order: the insurer takes its payment back first.
func (s *Scenario) undo(ctx context.Context, j *job) error {
	change := orderEnd{}
	if !j.day.IsZero() && j.Parts.Insured() > 0 {
		if s.insurer == nil {
			return errors.New("a refund needs an insurer and none is configured")
		}
		key := s.partnerKey("unpay", j.ID+":"+j.ask.key)
		answer, err := payer.Settle(ctx, s.insurer, key, func(ctx context.Context) (rails.Answer, error) {
			return s.insurer.Refund(ctx, payer.Refund{Key: key, Payment: s.payKey(&j.order)})
		})
		if err != nil {
			return err
		}
		if answer.State == rails.Declined {
			change.Reason = RefundDeclined
		}
	}
	return s.stream.Change(ctx, func() ([]eventlog.Event, error) {
		o := s.state.orders[j.ID]
		if o.Status != OrderCancelling {
			return nil, nil
		}
		e, err := s.end(cancelled, o, change)
		return []eventlog.Event{e}, err
	})
}

var endTexts = map[string]scenarios.Text{
	settled:   {Zh: "已结算，无需再缴费", En: "Settled; there is nothing to pay at a desk"},
	held:      {Zh: "超出可用额度，请患者在手机或自助机上确认自付部分", En: "Beyond the credit; the patient is asked to agree to pay the rest"},
	cancelled: {Zh: "医嘱已取消，费用已退回", En: "The order is cancelled and its cost given back"},
}

// end makes the event with which an order stops waiting. It answers the request
// that drives the order, unless a partner has refused it.
func (s *Scenario) end(kind string, o *order, c orderEnd) (eventlog.Event, error) {
	c.Order, c.Day = o.ID, s.day(o.at)
	key := kind + ":" + o.ask.key
	if kind == cancelled && c.Reason != "" {
		return event(key, kind, o.at, c)
	}
	after := o.Order
	after.Parts, after.Advance, after.Reason = c.Parts, c.Advance, c.Reason
	switch kind {
	case settled:
		after.Status, c.Waterfall = OrderSettled, payer.Waterfall
	case held:
		after.Status = OrderHeld
	case cancelled:
		after.Status = OrderEnded
	}
	text := endTexts[kind]
	if c.Reason == InsurerDeclined {
		text = scenarios.Text{Zh: "医保多次未受理，请到窗口或稍后重试", En: "The insurer has declined; try again later or ask at the desk"}
	}
	d, err := scenarios.Allowed(text, after)
	if err != nil {
		return eventlog.Event{}, err
	}
	return answering(key, kind, o.at, c, o.ask, d)
}

// partnerKey names an order to a partner.
func (s *Scenario) partnerKey(what, of string) string { return bookKey(what, s.id, of) }

func (s *Scenario) payKey(o *order) string {
	return s.partnerKey("pay", fmt.Sprintf("%s:%d", o.ID, o.attempt))
}
