package hospital

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/hospital/payer"
	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/rails"
)

// RecoverRequest asks the insurer for an advance, or writes the rest of it off.
type RecoverRequest struct {
	Key       string    `json:"-"`
	At        time.Time `json:"-"`
	Encounter string    `json:"encounter"`
	By        string    `json:"by"`
	Why       string    `json:"why,omitempty"`
}

// AskInsurer recovers from the insurance what it bears of an advance: the first
// of the three who bear it, before the patient and the fund. It is asked once
// the visit has ended, and once; the rest is owed by the patient, see
// [Scenario.Repay]. The outcome is the Advance. Refused: staff-unknown,
// not-an-advance, not-left, no-patient, insurer-asked, recovery-declined.
func (s *Scenario) AskInsurer(ctx context.Context, r RecoverRequest) (*scenarios.Decision, error) {
	ask, err := newAsk("request", r.Key, r.At, r)
	if err != nil {
		return nil, err
	}
	for range maxTries {
		var d *scenarios.Decision
		var en encounter
		err := s.stream.View(ctx, func() error {
			if d = s.state.answered(ask); d != nil {
				return nil
			}
			found, reason := s.emergency(r.Encounter, r.By)
			switch {
			case reason != "":
			case !found.left:
				reason = NotLeft
			case found.patient == "":
				reason = NoPatient
			case found.advance.Asked:
				reason = InsurerAsked
			}
			if reason != "" {
				d = refuse(reason)
				return nil
			}
			en = *found
			a := *found.advance
			en.advance = &a
			return nil
		})
		if err != nil || d != nil {
			return s.done(ctx, d, err)
		}
		if !en.advance.planned {
			err = s.planRecovery(ctx, &en, r)
		} else {
			d, err = s.recoverPlan(ctx, &en, r, ask)
		}
		if err != nil || d != nil {
			return s.done(ctx, d, err)
		}
	}
	return s.AskInsurer(ctx, r)
}

func (s *Scenario) planRecovery(ctx context.Context, en *encounter, r RecoverRequest) error {
	var cover payer.Cover
	fen := en.advance.left()
	if s.insurer != nil && fen > 0 {
		var err error
		if cover, err = s.insurer.Quote(ctx, payer.Claim{Hospital: s.id, Patient: en.patient, Fen: fen}); err != nil {
			return fmt.Errorf("quote: %w", err)
		}
	}
	parts, err := payer.Split(fen, payer.Sources{Pool: cover.Pool, Account: cover.Account})
	if err != nil {
		return err
	}
	return s.stream.Change(ctx, func() ([]eventlog.Event, error) {
		a := s.state.encounters[en.id].advance
		if a.planned || a.attempt != en.advance.attempt {
			return nil, nil
		}
		e, err := event(fmt.Sprintf("recover:%s:%d", en.id, a.attempt+1), recovering, r.At,
			recoveryChange{Encounter: en.id, Attempt: a.attempt + 1, Pool: parts.Pool, Account: parts.Account, By: r.By})
		return []eventlog.Event{e}, err
	})
}

func (s *Scenario) recoverPlan(ctx context.Context, en *encounter, r RecoverRequest, ask asked) (d *scenarios.Decision, err error) {
	a := en.advance
	answer := rails.Answer{State: rails.Accepted}
	if a.pool+a.account > 0 {
		if s.insurer == nil {
			return nil, errors.New("a recovery needs an insurer and none is configured")
		}
		key := s.partnerKey("recover", fmt.Sprintf("%s:%d", en.id, a.attempt))
		answer, err = payer.Settle(ctx, s.insurer, key, func(ctx context.Context) (rails.Answer, error) {
			return s.insurer.Pay(ctx, payer.Payment{Key: key, Claim: payer.Claim{Hospital: s.id, Patient: en.patient, Fen: a.left()}, Pool: a.pool, Account: a.account})
		})
		if err != nil {
			return nil, err
		}
	}
	err = s.stream.Change(ctx, func() ([]eventlog.Event, error) {
		now := s.state.encounters[en.id].advance
		if !now.planned || now.attempt != a.attempt {
			return nil, nil
		}
		c := recoveryChange{Encounter: en.id, Attempt: a.attempt, Pool: a.pool, Account: a.account, By: r.By, Day: s.day(now.at)}
		if answer.State == rails.Declined {
			// Its reply has changed; the next request asks for a new one.
			d = refuse(RecoveryDeclined)
			e, err := event(fmt.Sprintf("unrecovered:%s:%d", en.id, a.attempt), recovering, now.at, recoveryChange{Encounter: en.id})
			return []eventlog.Event{e}, err
		}
		after := s.state.encounters[en.id].report()
		after.Asked, after.Insurer, after.Open = true, a.pool+a.account, after.Open-a.pool-a.account
		d, err = scenarios.Allowed(scenarios.Text{Zh: "已向医保追偿", En: "The insurer has been asked"}, after)
		if err != nil {
			return nil, err
		}
		e, err := answering("recovered:"+ask.key, recovered, now.at, c, ask, d)
		return []eventlog.Event{e}, err
	})
	return d, err
}

// WriteOff ends an advance of which nobody bears the rest: the fund loses it, or
// the hospital if two persons have not approved it. It comes last. The outcome
// is the Advance. Refused: staff-unknown, not-an-advance, not-approver,
// insurer-first, not-approved while two persons have not decided, nothing-owed.
func (s *Scenario) WriteOff(ctx context.Context, r RecoverRequest) (*scenarios.Decision, error) {
	r.Why = oneLine(r.Why)
	return s.do(ctx, r.Key, r.At, r, writtenOff, func(st *state) (any, *scenarios.Decision, error) {
		en, reason := s.emergency(r.Encounter, r.By)
		switch {
		case reason != "":
		case !s.staff[r.By].Approver:
			reason = NotApprover
		case !en.advance.Decided:
			reason = NotApproved
		case en.patient != "" && !en.advance.Asked:
			reason = InsurerFirst
		case !en.left:
			reason = NotLeft
		case en.advance.left() == 0:
			reason = NothingOwed
		}
		if reason != "" {
			return nil, refuse(reason), nil
		}
		c := recoveryChange{Encounter: en.id, By: r.By, Why: r.Why, Day: s.day(r.At)}
		after := en.report()
		if c.Fund = after.Open; !after.Approved {
			c.Fund, c.Hospital = 0, after.Open
		}
		after.Fund, after.Hospital, after.Open = after.Fund+c.Fund, after.Hospital+c.Hospital, 0
		d, err := scenarios.Allowed(scenarios.Text{Zh: "余额已核销", En: "The rest is written off"}, after)
		return c, d, err
	})
}

// recover applies the events of a recovery.
func (st *state) recover(e eventlog.Event, c recoveryChange) error {
	en := st.encounters[c.Encounter]
	if en == nil || en.advance == nil {
		return fmt.Errorf("no advance for %q", c.Encounter)
	}
	a := en.advance
	if e.Kind == recovering {
		if a.planned = c.Attempt > 0; a.planned {
			a.attempt, a.pool, a.account, a.at = c.Attempt, c.Pool, c.Account, e.Time
		}
		return nil
	}
	day, err := ledger.ParseDay(c.Day)
	if err != nil {
		return err
	}
	kind := "written-off"
	if e.Kind == recovered {
		kind = "recovered"
		a.planned, a.Asked, a.Insurer = false, true, c.Pool+c.Account
	}
	a.Fund += c.Fund
	a.Hospital += c.Hospital
	d := ledger.Draft{Key: bookKey(kind, st.hospital, en.id+":"+digest(e.Key)), Kind: "hospital." + kind, Time: e.Time, Day: day}
	sum := c.Pool + c.Account + c.Fund + c.Hospital
	for _, p := range []ledger.Posting{{Account: poolAccount(st.hospital), Debit: c.Pool}, {Account: insuredAccount(st.hospital), Debit: c.Account},
		{Account: fundLoss(st.hospital), Debit: c.Fund}, {Account: ownLoss(st.hospital), Debit: c.Hospital}, {Account: advanceAccount(st.hospital, en.id), Credit: sum}} {
		if p.Debit+p.Credit > 0 {
			d.Postings = append(d.Postings, p)
		}
	}
	if sum > 0 {
		st.draft(d)
	}
	return nil
}
