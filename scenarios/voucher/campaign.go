package voucher

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/citizencode/citizencode/scenarios"
)

// Bounds of a campaign.
const (
	MaxValue     = 10_000_000         // fen of one voucher
	MaxBudget    = 10_000_000_000_000 // fen
	MaxMerchants = 100_000
	maxWord      = 40
)

// A Campaign (活动) gives vouchers of one value to people, one each, until its
// budget is spent.
type Campaign struct {
	ID        string // a word, as in "spring-2026"
	Name      scenarios.Text
	Budget    int64 // fen
	Value     int64 // of a voucher, fen
	MinSpend  int64 // of a purchase that it is good for, fen; at least Value
	From      time.Time
	Until     time.Time // of claims, exclusive
	Expires   time.Time // of the vouchers, exclusive; not before Until
	Merchants []string  // words: who takes it
	Rule      Rule      // who may claim; nil: everybody
}

// Vouchers returns how many vouchers the budget pays for.
func (c *Campaign) Vouchers() int64 { return c.Budget / c.Value }

// A Rule says who may claim (资格). Implementations are safe for concurrent use.
type Rule interface {
	// Eligible returns nil for a person who may claim; otherwise a Text that
	// says why not and what the person can do. An error is a fault.
	Eligible(ctx context.Context, c *scenarios.Citizen, at time.Time) (*scenarios.Text, error)
}

// Benefits is the rule for some benefit classes (优待类别).
type Benefits []uint8

// Eligible looks at the class in the credential.
func (b Benefits) Eligible(_ context.Context, c *scenarios.Citizen, _ time.Time) (*scenarios.Text, error) {
	if slices.Contains(b, c.Benefit()) {
		return nil, nil
	}
	return &scenarios.Text{
		Zh: "本活动仅限优待人群；如您符合条件，请先在窗口办理优待资格", En: "This campaign is for holders of a benefit; if you have a right to it, register it at a desk first"}, nil
}

var wordForm = regexp.MustCompile(`^[a-z0-9]+([._-][a-z0-9]+)*$`)

func isWord(s string) bool { return len(s) <= maxWord && wordForm.MatchString(s) }

// check returns what is wrong with a campaign.
func (c *Campaign) check() error {
	switch {
	case !isWord(c.ID):
		return fmt.Errorf("id: not a word of up to %d of a-z, 0-9 and, inside, . _ -", maxWord)
	case c.Name.Zh == "" || c.Name.En == "":
		return errors.New("name: not in both languages")
	case c.Value <= 0 || c.Value > MaxValue:
		return fmt.Errorf("value: not 1 to %d fen", MaxValue)
	case c.Budget < c.Value || c.Budget > MaxBudget:
		return fmt.Errorf("budget: not from one voucher to %d fen", int64(MaxBudget))
	case c.MinSpend < c.Value:
		return errors.New("minSpend: below the value, so that change would have to be given")
	case c.From.IsZero() || !c.Until.After(c.From) || c.Expires.Before(c.Until):
		return errors.New("times: not from, until and expires in this order")
	case len(c.Merchants) == 0 || len(c.Merchants) > MaxMerchants:
		return fmt.Errorf("merchants: not 1 to %d", MaxMerchants)
	}
	for i, m := range c.Merchants {
		if !isWord(m) {
			return fmt.Errorf("merchants[%d]: not a word of up to %d of a-z, 0-9 and, inside, . _ -", i, maxWord)
		}
	}
	return nil
}
