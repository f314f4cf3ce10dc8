// Package credit is the reckoning of treat first, pay later (先诊疗后付费): what a
// patient owes for a visit on a day, and what a repayment pays. Amounts are
// int64 fen, days are days of the city.
//
// # Rules
//
// A visit is free of interest for 56 days from its own day, whenever its
// charges are booked: due = day of the visit + 56. Day 56 is free; from day 57
// on, every day that has begun costs principal × rate, on the principal at the
// beginning of the day.
//
// Interest is simple. It is kept in millionths of a fen, exactly, and is owed in
// whole fen, rounded down; what was rounded off stays and counts on.
//
// A repayment pays interest before principal, as article 561 of the Civil Code
// (民法典) has it for a debtor who says nothing else, and the visit that was due
// first before later ones (article 560).
//
// A refund is reckoned anew (重新计息): the account becomes what it would be if
// the refunded amount had never been lent. What the patient has then paid too
// much is a surplus that belongs to him.
package credit

import (
	"fmt"

	"github.com/citizencode/citizencode/scenarios/ledger"
)

// Bounds. They keep every product within 64 bits: 1e9 fen × 1000 × 2.9e6 days.
const (
	FreeDays   = 56
	MaxFree    = 3660
	MaxRate    = 1000          // 0.1 % a day
	MaxLent    = 1_000_000_000 // of one visit: ten million yuan
	MaxEntries = 2000          // of one visit
)

const micro = 1_000_000

// Terms are what a credit costs. The zero value is 56 days free, and no
// interest after them.
type Terms struct {
	// FreeDays is how many days after the visit are free; 0 means FreeDays.
	FreeDays int `json:"freeDays,omitempty"`
	// Rate is the interest of one day in millionths of the principal: 200 is
	// 0.02 % a day (万分之二).
	Rate int64 `json:"rate,omitempty"`
}

// Validate reports whether the terms are within their bounds.
func (t Terms) Validate() error {
	if t.FreeDays < 0 || t.FreeDays > MaxFree {
		return fmt.Errorf("credit: freeDays: not 0 to %d", MaxFree)
	}
	if t.Rate < 0 || t.Rate > MaxRate {
		return fmt.Errorf("credit: rate: not 0 to %d millionths a day", MaxRate)
	}
	return nil
}

// Due returns the last day that is free for a visit.
func (t Terms) Due(visit ledger.Day) ledger.Day {
	free := t.FreeDays
	if free == 0 {
		free = FreeDays
	}
	return visit.Add(free)
}
