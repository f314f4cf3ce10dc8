package epurse

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// The kinds of findings.
const (
	// WrongTAC: the certificate of a claim does not verify. It is not booked.
	WrongTAC = "wrong-tac"
	// ClaimConflict: a terminal sent two orders under one number. The first
	// that was heard stands.
	ClaimConflict = "claim-conflict"
	// SameSequence: two proven claims under one number of a card: a terminal
	// names a wrong number, or there are two cards. Both are booked.
	SameSequence = "same-sequence"
	// SequenceGap: a card has used numbers that nobody has claimed: a terminal
	// holds claims back, or lost its journal.
	SequenceGap = "sequence-gap"
	// NumberGap: a terminal has used numbers that it has not sent.
	NumberGap = "number-gap"
	// Undecided: it is not known whether the money moved, and nothing is booked yet.
	Undecided = "undecided"
	// Ambiguous: the card has gone on, and which of several orders of different
	// amounts it followed is not known. A person decides.
	Ambiguous = "ambiguous"
	// NotServed: money moved for nothing, and is booked to the holder.
	NotServed = "not-served"
	// NotGranted: a card proves a load that nobody granted.
	NotGranted = "not-granted"
	// CounterGap: a card has given answers of its identity that nobody has
	// reported: it was asked elsewhere, or a terminal holds reports back.
	CounterGap = "counter-gap"
	// CounterTwice: two places report one counter of a card.
	CounterTwice = "counter-twice"
)

// A Finding is something for a person to look into. It says what was seen, and
// changes nothing by itself.
type Finding struct {
	Kind   string  `json:"kind"`
	Of     string  `json:"of"` // card, terminal or credential
	Detail string  `json:"detail,omitempty"`
	Claims []Claim `json:"claims,omitempty"` // that show it
}

func compareFindings(a, b Finding) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Of, b.Of), cmp.Compare(a.Detail, b.Detail))
}

// Findings returns what is wrong or not decided now, in the order of kind, card
// and place.
func (o *Office) Findings(ctx context.Context) ([]Finding, error) {
	deadline := o.cfg.Now().Add(-o.cfg.Wait)
	var list []Finding
	err := o.stream.View(ctx, func() error {
		list = slices.Clone(o.books.refused)
		for serial, c := range o.books.cards {
			list = append(list, c.judge(serial, deadline).findings...)
		}
		for terminal, numbers := range o.books.numbers {
			for _, hole := range numbers.holes(1) {
				list = append(list, Finding{Kind: NumberGap, Of: terminal, Detail: hole.String()})
			}
		}
		for serial, answers := range o.books.answers {
			list = append(list, answers.judge(serial)...)
		}
		return nil
	})
	slices.SortFunc(list, compareFindings)
	return list, err
}

// A span is what is missing in a row of numbers, both ends included.
type span struct{ from, to uint32 }

func (s span) String() string {
	if s.from == s.to {
		return fmt.Sprint(s.from)
	}
	return fmt.Sprintf("%d to %d", s.from, s.to)
}

// A row is numbers that were seen, as spans in order that do not touch: short,
// however many numbers there are, as long as few are missing.
type row []span

// add puts a number into the row and reports whether it is new.
func (r *row) add(n uint32) bool {
	list := *r
	i, _ := slices.BinarySearchFunc(list, n, func(s span, n uint32) int { return cmp.Compare(s.to, n) })
	if i < len(list) && list[i].from <= n {
		return false
	}
	left := i > 0 && list[i-1].to+1 == n
	right := i < len(list) && list[i].from == n+1
	switch {
	case left && right:
		list[i-1].to = list[i].to
		list = slices.Delete(list, i, i+1)
	case left:
		list[i-1].to = n
	case right:
		list[i].from = n
	default:
		list = slices.Insert(list, i, span{n, n})
	}
	*r = list
	return true
}

// holes returns what is missing from first up to the last number.
func (r row) holes(first uint32) (list []span) {
	for _, s := range r {
		if s.from > first {
			list = append(list, span{first, s.from - 1})
		}
		first = s.to + 1
	}
	return list
}
