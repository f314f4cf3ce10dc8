package voucher

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/ledger"
)

// The reasons of Reverse, besides those of redemptions.
const (
	VisitUnknown     = "visit-unknown"
	AlreadyReversed  = "already-reversed"
	RequestUsed      = "request-used"
	AlreadyRecovered = "already-recovered"
)

// Reverse takes a visit back. A redemption that is taken back, as when the
// goods are returned, opens the voucher again, and the merchant is not paid for
// it. A claim that is taken back is a clawback (追回): an open voucher ends, and
// for one that was spent the person owes its value.
func (s *Scenario) Reverse(ctx context.Context, r scenarios.Reversal) (*scenarios.Decision, error) {
	if r.Request == "" {
		return nil, &scenarios.RequestError{Path: "request", Err: errors.New("an order without a name")}
	}
	visit := digest(r.Key)
	campaign, person, err := s.store.Noted(ctx, visit)
	if errors.Is(err, ErrNoVisit) || err == nil && s.campaigns[campaign] == nil {
		return refuse(VisitUnknown), nil
	} else if err != nil {
		return nil, fmt.Errorf("find visit: %w", err)
	}
	c := s.campaigns[campaign]
	g, err := s.store.Find(ctx, campaign, person)
	if err != nil {
		return nil, fmt.Errorf("find voucher: %w", err)
	}
	l, err := s.life(ctx, g)
	if err != nil {
		return nil, err
	}
	if g.Visit == visit {
		return s.clawback(ctx, c, g, l, r)
	}
	if end := l.by("visit", visit); end != nil {
		return s.takeBack(ctx, c, end, r)
	}
	return refuse(VisitUnknown), nil // the visit was noted, and then refused or failed
}

// A Reversed is the outcome of a reversal.
type Reversed struct {
	Campaign string `json:"campaign"`
	Fen      int64  `json:"fen"`
	Owed     bool   `json:"owed,omitempty"` // by the person: the voucher was spent
}

// takeBack reverses a redemption.
func (s *Scenario) takeBack(ctx context.Context, c *Campaign, end *ledger.Transaction, r scenarios.Reversal) (*scenarios.Decision, error) {
	key := "voucher.reverse:" + digest(r.Request)
	old, err := s.ledger.Find(ctx, key)
	switch {
	case err == nil && old.Transaction.Corrects() != end.Key():
		return refuse(RequestUsed), nil
	case err == nil:
		return reversedRedemption(c)
	case !errors.Is(err, ledger.ErrNotFound):
		return nil, fmt.Errorf("find reversal: %w", err)
	}
	err = s.post(ctx, ledger.Draft{Key: key, Kind: kindRedeem + ".reversal", Time: r.Time, Day: ledger.DayOf(r.Time), Reverses: end.Key(),
		Postings: ledger.Mirror(end.Postings()), Attributes: orderedBy(r)})
	switch {
	case errors.Is(err, ledger.AlreadyCorrected):
		return refuse(AlreadyReversed), nil
	case err != nil:
		return nil, fmt.Errorf("book the reversal: %w", err)
	}
	return reversedRedemption(c)
}

func reversedRedemption(c *Campaign) (*scenarios.Decision, error) {
	return scenarios.Allowed(scenarios.Text{Zh: "已撤销核销，消费券可再次使用", En: "The redemption is taken back; the voucher can be spent again"},
		Reversed{Campaign: c.ID, Fen: c.Value})
}

// orderedBy are the references of a reversal for the books.
func orderedBy(r scenarios.Reversal) map[string]string {
	attributes := map[string]string{"request": digest(r.Request)}
	for name, text := range map[string]string{"by": r.By, "why": r.Why} {
		if text = oneLine(text); text != "" {
			attributes[name] = text
		}
	}
	return attributes
}

// oneLine makes of what somebody typed what an attribute takes.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if len(s) > ledger.MaxAttributeValue {
		s = strings.ToValidUTF8(s[:ledger.MaxAttributeValue], "")
	}
	return s
}

// clawback takes a grant back.
func (s *Scenario) clawback(ctx context.Context, c *Campaign, g Grant, l life, r scenarios.Reversal) (*scenarios.Decision, error) {
	request := digest(r.Request)
	if done := l.by("request", request); done != nil {
		return clawedBack(c, false)
	}
	var drafts []ledger.Draft
	owed := l.end != nil && l.end.Kind() == kindRedeem
	switch {
	case l.end == nil && l.n == maxEnds:
		return refuse(ReturnedTooMuch), nil
	case l.end == nil:
		drafts = []ledger.Draft{grantDraft(c, g), endDraft(c, g, l.n, kindClawback, r.Time, expense(c.ID), orderedBy(r))}
	case !owed:
		return refuse(endReasons[l.end.Kind()]), nil
	default:
		drafts = []ledger.Draft{{Key: kindRecover + ":" + g.Campaign + ":" + g.Person, Kind: kindRecover, Time: r.Time, Day: ledger.DayOf(r.Time),
			Postings: []ledger.Posting{{Account: ledger.MustAccount(ledger.Asset, "receivable", g.Person), Debit: c.Value},
				{Account: expense(c.ID), Credit: c.Value}}, Attributes: orderedBy(r)}}
		if old, err := s.ledger.Find(ctx, drafts[0].Key); err == nil {
			if old.Transaction.Attribute("request") != request {
				return refuse(AlreadyRecovered), nil
			}
			return clawedBack(c, true)
		} else if !errors.Is(err, ledger.ErrNotFound) {
			return nil, fmt.Errorf("find recovery: %w", err)
		}
	}
	if err := s.post(ctx, drafts...); err != nil {
		// Among them a till that was quicker: the order may be given again, and
		// then finds a voucher that was spent.
		return nil, fmt.Errorf("book the clawback: %w", err)
	}
	return clawedBack(c, owed)
}

func clawedBack(c *Campaign, owed bool) (*scenarios.Decision, error) {
	text := scenarios.Text{Zh: "已收回消费券", En: "The voucher is taken back"}
	if owed {
		text = scenarios.Text{Zh: "消费券已使用，其金额由领取人退还", En: "The voucher was spent; the person owes its value"}
	}
	return scenarios.Allowed(text, Reversed{c.ID, c.Value, owed})
}

// Reconcile books the grants of a campaign that a fault kept from the ledger.
// It may run at any time and as often as one likes.
func (s *Scenario) Reconcile(ctx context.Context, campaign string) error {
	return s.eachGrant(ctx, campaign, func(c *Campaign, g Grant) ([]ledger.Draft, error) {
		return []ledger.Draft{grantDraft(c, g)}, nil
	})
}

// ErrNotExpired is returned for a campaign whose vouchers are still good.
var ErrNotExpired = errors.New("voucher: the vouchers have not expired")

// Expire ends the vouchers of a campaign that were not spent, once they have
// expired at a time. It may run again after a fault.
func (s *Scenario) Expire(ctx context.Context, campaign string, at time.Time) error {
	return s.eachGrant(ctx, campaign, func(c *Campaign, g Grant) ([]ledger.Draft, error) {
		if at.Before(c.Expires) {
			return nil, ErrNotExpired
		}
		l, err := s.life(ctx, g)
		if err != nil || l.end != nil || l.n == maxEnds {
			return nil, err
		}
		return []ledger.Draft{grantDraft(c, g), endDraft(c, g, l.n, kindExpire, c.Expires, expense(c.ID), nil)}, nil
	})
}

// ErrUnknownCampaign is returned for an id that is not in the configuration.
var ErrUnknownCampaign = errors.New("voucher: unknown campaign")

// eachGrant books what drafts says for each grant, many in one commit.
func (s *Scenario) eachGrant(ctx context.Context, campaign string, drafts func(*Campaign, Grant) ([]ledger.Draft, error)) error {
	c := s.campaigns[campaign]
	if c == nil {
		return ErrUnknownCampaign
	}
	for after := ""; ; {
		page, err := s.store.Grants(ctx, campaign, after)
		if err != nil {
			return fmt.Errorf("read grants: %w", err)
		}
		var batch []ledger.Draft
		for _, g := range page {
			list, err := drafts(c, g)
			if err != nil {
				return err
			}
			batch = append(batch, list...)
			after = g.Person
		}
		if err := s.postEach(ctx, batch); err != nil {
			return err
		}
		if len(page) < MaxPage {
			return nil
		}
	}
}

// postEach books drafts, each by itself. One whose key is taken by another is
// left: a till was quicker.
func (s *Scenario) postEach(ctx context.Context, drafts []ledger.Draft) error {
	for len(drafts) > 0 {
		n := min(len(drafts), ledger.MaxBatch)
		verdicts, err := s.ledger.PostEachLate(ctx, drafts[:n])
		if err != nil {
			return fmt.Errorf("book: %w", err)
		}
		for _, v := range verdicts {
			if v.Refused != nil && v.Refused.Reason != ledger.KeyConflict {
				return fmt.Errorf("book: %w", v.Refused)
			}
		}
		drafts = drafts[n:]
	}
	return nil
}
