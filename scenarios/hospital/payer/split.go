// Package payer says who pays for a treatment, and how much: first the pool of
// the insurance (统筹), then the patient's own insurance account (医保个人账户),
// then his credit line, and what is left he pays himself. Amounts are int64 fen.
//
// A treatment of 200.00 yuan of which the pool bears 120.00, with 50.00 in the
// account and 20.00 of credit left:
//
//	pool 120.00   account 50.00   credit 20.00   self 10.00
//
// The order never changes, so that nobody lends while he has money of his own.
package payer

import (
	"errors"
	"fmt"
)

// Waterfall names the order of the payers; it is recorded with every split.
const Waterfall = "pool,account,credit,self"

// MaxFen bounds one treatment: a hundred million yuan.
const MaxFen = 10_000_000_000

// Sources are what each payer would give at most, in fen. Self has no limit.
type Sources struct {
	Pool    int64 // by the insurer's reply for this treatment; at most its price
	Account int64 // balance of the personal account
	Credit  int64 // left of the credit line
}

// Parts are what each payer bears, in fen.
type Parts struct {
	Pool    int64 `json:"pool"`
	Account int64 `json:"account"`
	Credit  int64 `json:"credit"`
	Self    int64 `json:"self"`
}

// Total returns the sum of the parts.
func (p Parts) Total() int64 { return p.Pool + p.Account + p.Credit + p.Self }

// Insured returns what the insurer pays, from pool and account.
func (p Parts) Insured() int64 { return p.Pool + p.Account }

// Add returns the parts of two treatments together.
func (p Parts) Add(q Parts) Parts {
	return Parts{p.Pool + q.Pool, p.Account + q.Account, p.Credit + q.Credit, p.Self + q.Self}
}

// ErrReply means that an insurer said what cannot be: a negative amount, or a
// pool that bears more than the price. Nothing is computed from it.
var ErrReply = errors.New("payer: the insurer's reply is impossible")

// Split divides a price among the payers in the order of Waterfall: each is
// used to its limit before the next one bears a fen. A credit line below zero
// is one that is used up.
func Split(fen int64, s Sources) (Parts, error) {
	switch {
	case fen < 0 || fen > MaxFen:
		return Parts{}, fmt.Errorf("payer: a price of %d fen is not 0 to %d", fen, int64(MaxFen))
	case s.Pool < 0 || s.Pool > fen || s.Account < 0:
		return Parts{}, ErrReply
	}
	p := Parts{Pool: s.Pool}
	rest := fen - p.Pool
	p.Account = min(rest, s.Account)
	rest -= p.Account
	p.Credit = min(rest, max(s.Credit, 0))
	p.Self = rest - p.Credit
	return p, nil
}
