package voucher

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/ledger"
)

// The actions.
const (
	Claim  = "claim"
	Redeem = "redeem"
)

// The reasons, besides those of the code standard.
const (
	CampaignUnknown = "campaign-unknown"
	NotStarted      = "claims-not-started"
	ClaimsOver      = "claims-over"
	NotEligible     = "not-eligible"
	BudgetSpent     = "budget-spent"
	AlreadyClaimed  = "already-claimed"

	NoVoucher       = "no-voucher"
	MerchantUnknown = "merchant-not-in-campaign"
	SpendTooLow     = "spend-too-low"
	VoucherExpired  = "voucher-expired"
	AlreadyRedeemed = "already-redeemed"
	ClawedBack      = "clawed-back"
	ReturnedTooMuch = "returned-too-often"
)

// A Config is what a city's vouchers are made of.
type Config struct {
	Campaigns []Campaign
	Ledger    *ledger.Ledger
	Store     Store // nil: memory
}

// A Scenario is the vouchers of a city.
type Scenario struct {
	campaigns map[string]*Campaign
	ledger    *ledger.Ledger
	store     Store
}

var (
	_ scenarios.Scenario = (*Scenario)(nil)
	_ scenarios.Reverser = (*Scenario)(nil)
	_ scenarios.Settler  = (*Scenario)(nil)
)

// New returns the scenario. An error names the campaign and the field.
func New(cfg Config) (*Scenario, error) {
	if cfg.Ledger == nil {
		return nil, errors.New("voucher: no ledger")
	}
	if cfg.Store == nil {
		cfg.Store = NewMemory()
	}
	s := &Scenario{make(map[string]*Campaign), cfg.Ledger, cfg.Store}
	for i, c := range cfg.Campaigns {
		if err := c.check(); err != nil {
			return nil, fmt.Errorf("voucher: campaigns[%d].%w", i, err)
		}
		if s.campaigns[c.ID] != nil {
			return nil, fmt.Errorf("voucher: campaigns[%d].id: %q stands twice", i, c.ID)
		}
		c.Merchants = slices.Clone(c.Merchants)
		slices.Sort(c.Merchants)
		s.campaigns[c.ID] = &c
	}
	return s, nil
}

// ID returns "voucher".
func (s *Scenario) ID() scenarios.ID { return "voucher" }

// Describe returns what claims and redemptions declare.
func (s *Scenario) Describe() scenarios.Description {
	return scenarios.Description{Purpose: scenarios.Text{Zh: "领取和使用消费券", En: "to claim and spend vouchers"}, Group: scenarios.Commercial,
		Audience: citycode.Payment, Actions: []string{Claim, Redeem}, Identity: scenarios.Pseudonym, Claims: scenarios.BenefitClass}
}

// Accepts reports whether p stands for a person at a till: the profile transit,
// here with the scene payment, the universal or a fused code, a card, or a code in the
// hands of a guardian.
func (s *Scenario) Accepts(p citycode.Profile) bool {
	switch p.ID {
	case citycode.ProfileTransit, citycode.ProfileUniversal, citycode.ProfileFused, citycode.ProfileCard, citycode.ProfileDelegated:
		return true
	}
	return false
}

type claimParams struct {
	Campaign string `json:"campaign"`
}

type redeemParams struct {
	Campaign string `json:"campaign"`
	Merchant string `json:"merchant"`
	Spend    int64  `json:"spend"` // fen
}

// MaxSpend bounds the price of a purchase, in fen.
const MaxSpend = 10_000_000_000

// Handle decides about a claim or a redemption.
func (s *Scenario) Handle(ctx context.Context, v *scenarios.Visit) (*scenarios.Decision, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var campaign string
	var act func(*Campaign) (*scenarios.Decision, error)
	switch v.Action {
	case Claim:
		var p claimParams
		if err := scenarios.ReadParams(v.Params, &p); err != nil {
			return nil, err
		}
		campaign, act = p.Campaign, func(c *Campaign) (*scenarios.Decision, error) { return s.claim(ctx, v, c) }
	case Redeem:
		var p redeemParams
		if err := scenarios.ReadParams(v.Params, &p); err != nil {
			return nil, err
		}
		if p.Spend < 0 || p.Spend > MaxSpend {
			return nil, &scenarios.RequestError{Path: "params.spend", Err: fmt.Errorf("not 0 to %d fen", int64(MaxSpend))}
		}
		campaign, act = p.Campaign, func(c *Campaign) (*scenarios.Decision, error) { return s.redeem(ctx, v, c, p) }
	default:
		return nil, scenarios.UnknownAction(v.Action, Claim, Redeem)
	}
	if !v.Online {
		return scenarios.Refused(citycode.OnlineRequired.String(), scenarios.ReasonText(citycode.OnlineRequired)), nil
	}
	c := s.campaigns[campaign]
	if c == nil {
		return refuse(CampaignUnknown), nil
	}
	return act(c)
}

// A Claimed is the outcome of a claim.
type Claimed struct {
	Campaign string    `json:"campaign"`
	Value    int64     `json:"value"`    // fen
	MinSpend int64     `json:"minSpend"` // fen
	Expires  time.Time `json:"expires"`
}

func (s *Scenario) claim(ctx context.Context, v *scenarios.Visit, c *Campaign) (*scenarios.Decision, error) {
	switch {
	case v.Time.Before(c.From):
		return refuse(NotStarted), nil
	case !v.Time.Before(c.Until):
		return refuse(ClaimsOver), nil
	}
	if c.Rule != nil {
		switch why, err := c.Rule.Eligible(ctx, &v.Citizen, v.Time); {
		case err != nil:
			return nil, fmt.Errorf("eligibility: %w", err)
		case why != nil:
			return scenarios.Refused(NotEligible, *why), nil
		}
	}
	visit := digest(v.Key)
	g, err := s.store.Grant(ctx, Grant{c.ID, digest(v.Citizen.Person().String()), visit, time.Unix(v.Time.Unix(), 0).UTC()}, c.Vouchers())
	switch {
	case errors.Is(err, ErrSpent):
		return refuse(BudgetSpent), nil
	case err != nil:
		return nil, fmt.Errorf("grant: %w", err)
	case g.Visit != visit:
		return refuse(AlreadyClaimed), nil
	}
	if err := s.post(ctx, grantDraft(c, g)); err != nil {
		return nil, fmt.Errorf("book the grant: %w", err)
	}
	return scenarios.Allowed(scenarios.Text{
		Zh: fmt.Sprintf("领取成功：%s元消费券", yuan(c.Value)), En: fmt.Sprintf("You have a voucher of %s yuan", yuan(c.Value))},
		Claimed{c.ID, c.Value, c.MinSpend, c.Expires.UTC()})
}

// A Redemption is the outcome of a redemption.
type Redemption struct {
	Campaign string `json:"campaign"`
	Merchant string `json:"merchant"`
	Discount int64  `json:"discount"` // fen that the voucher pays
	Pay      int64  `json:"pay"`      // fen that the person pays at the till
}

func (s *Scenario) redeem(ctx context.Context, v *scenarios.Visit, c *Campaign, p redeemParams) (*scenarios.Decision, error) {
	g, err := s.store.Find(ctx, c.ID, digest(v.Citizen.Person().String()))
	if errors.Is(err, ErrNoGrant) {
		return refuse(NoVoucher), nil
	} else if err != nil {
		return nil, fmt.Errorf("find voucher: %w", err)
	}
	visit := digest(v.Key)
	// Every turn but the last finds a new end, so there are few.
	for {
		l, err := s.life(ctx, g)
		if err != nil {
			return nil, err
		}
		// Asked before everything else: a till that lost the answer asks again,
		// and by then the voucher may have expired.
		if done := l.by("visit", visit); done != nil && done.Kind() == kindRedeem {
			return redeemed(c, done)
		}
		if l.end != nil {
			return refuse(endReasons[l.end.Kind()]), nil
		}
		switch _, takes := slices.BinarySearch(c.Merchants, p.Merchant); {
		case l.n == maxEnds:
			return refuse(ReturnedTooMuch), nil
		case !takes:
			return refuse(MerchantUnknown), nil
		case !v.Time.Before(c.Expires):
			return refuse(VoucherExpired), nil
		case p.Spend < c.MinSpend:
			return refuse(SpendTooLow), nil
		}
		if err := s.store.Note(ctx, visit, c.ID, g.Person); err != nil {
			return nil, fmt.Errorf("note the visit: %w", err)
		}
		end := endDraft(c, g, l.n, kindRedeem, v.Time, payable(p.Merchant),
			map[string]string{"visit": visit, "merchant": p.Merchant, "spend": strconv.FormatInt(p.Spend, 10)})
		// The grant before it, if a fault kept it from being booked.
		err = s.post(ctx, grantDraft(c, g), end)
		switch {
		case err == nil:
			t, err := ledger.NewTransaction(end)
			if err != nil {
				return nil, err
			}
			return redeemed(c, t)
		case !errors.Is(err, ledger.KeyConflict):
			return nil, fmt.Errorf("book the redemption: %w", err)
		}
		// Another till, or the expiry, was quicker: see what it did.
		if next, err := s.life(ctx, g); err != nil {
			return nil, err
		} else if next.n == l.n && next.end == nil {
			return nil, errors.New("voucher: the ledger refuses an end and does not have it")
		}
	}
}

var endReasons = map[string]string{kindRedeem: AlreadyRedeemed, kindExpire: VoucherExpired, kindClawback: ClawedBack}

// redeemed is the decision about a redemption, from its transaction alone.
func redeemed(c *Campaign, t *ledger.Transaction) (*scenarios.Decision, error) {
	spend, err := strconv.ParseInt(t.Attribute("spend"), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("redemption %s: %w", t.ID(), err)
	}
	r := Redemption{c.ID, t.Attribute("merchant"), c.Value, spend - c.Value}
	return scenarios.Allowed(scenarios.Text{
		Zh: fmt.Sprintf("已抵扣%s元，还需支付%s元", yuan(r.Discount), yuan(r.Pay)),
		En: fmt.Sprintf("The voucher pays %s yuan; %s yuan are left to pay", yuan(r.Discount), yuan(r.Pay))}, r)
}

// yuan writes fen, which is not negative, as yuan.
func yuan(fen int64) string { return fmt.Sprintf("%d.%02d", fen/100, fen%100) }

func refuse(reason string) *scenarios.Decision { return scenarios.Refused(reason, texts[reason]) }

var texts = map[string]scenarios.Text{
	CampaignUnknown:  {Zh: "没有这个活动，请在市民码应用中查看当前活动", En: "There is no such campaign; see the current ones in your citizen code app"},
	NotStarted:       {Zh: "活动尚未开始，请到时再来", En: "This campaign has not begun; please come back when it has"},
	ClaimsOver:       {Zh: "领取时间已过，请关注下一期活动", En: "The time for claims is over; please look out for the next campaign"},
	BudgetSpent:      {Zh: "消费券已领完，请关注下一期活动", En: "All vouchers are given; please look out for the next campaign"},
	AlreadyClaimed:   {Zh: "您已领取过本期消费券，请在有效期内使用", En: "You have a voucher of this campaign already; spend it before it expires"},
	NoVoucher:        {Zh: "您没有本活动的消费券，请先领取或直接支付", En: "You have no voucher of this campaign; claim one, or pay without"},
	MerchantUnknown:  {Zh: "本商户未参加此活动，请到参加活动的商户使用", En: "This merchant is not in the campaign; spend it at one that is"},
	SpendTooLow:      {Zh: "未达到使用门槛，请凑单或直接支付", En: "The purchase is too small for this voucher; add to it, or pay without"},
	VoucherExpired:   {Zh: "消费券已过期，请直接支付", En: "This voucher has expired; please pay without it"},
	AlreadyRedeemed:  {Zh: "消费券已使用，请直接支付", En: "This voucher has been spent; please pay without it"},
	ClawedBack:       {Zh: "消费券已被收回，如有疑问请到服务窗口", En: "This voucher has been taken back; ask at the service desk if you think that is wrong"},
	VisitUnknown:     {Zh: "没有这次领取或核销的记录，请核对小票", En: "There is no such claim or redemption; please check the receipt"},
	AlreadyReversed:  {Zh: "这次核销已撤销过", En: "This redemption has been taken back already"},
	RequestUsed:      {Zh: "这个撤销单号已用于另一笔，请换一个", En: "This order's name was used for another visit; choose a new one"},
	AlreadyRecovered: {Zh: "该券金额已由另一张撤销单追回", En: "Another order has already made the person owe this voucher"},
	ReturnedTooMuch:  {Zh: "此券退回次数过多，请到服务窗口处理", En: "This voucher was returned too often; please go to the service desk"},
}
