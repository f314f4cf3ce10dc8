package terminal

import (
	"context"
	"errors"
	"fmt"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/apdu"
)

// A Reason says in one stable word why a card was not served.
type Reason string

// The reasons.
const (
	// CardLost: the card left the field, or the reader did.
	CardLost Reason = "card-lost"
	// Stalled: the card did not answer in time.
	Stalled Reason = "stalled"
	// TooMuch: the card answered more than it was asked for, or without end.
	TooMuch Reason = "answered-too-much"
	// BadAnswer: the answer is none that a card gives.
	BadAnswer Reason = "bad-answer"
	// NotOurs: the card has no application of this name.
	NotOurs Reason = "no-citizen-application"
	// Refused: the card answered with a status word; Failure.Status has it.
	Refused Reason = "refused-by-card"
	// OtherCard: another card than the one that the session began with.
	OtherCard Reason = "other-card"
	// WrongMAC: what should prove that the card has paid, or that it is a card, does not.
	WrongMAC Reason = "wrong-mac"
	// WrongAlgorithm: the card's keys are of an algorithm that this terminal does not take.
	WrongAlgorithm Reason = "algorithm-not-taken"
	// Contradiction: what the card says of its balance or its counters cannot be.
	Contradiction Reason = "card-contradicts-itself"
	// TooLittle: there is not enough money on the card.
	TooLittle Reason = "insufficient-balance"
	// OverLimit: the amount, or the balance behind it, is beyond a limit of this terminal.
	OverLimit Reason = "over-limit"
	// ModuleFault: the security module did not do what it was asked for.
	ModuleFault Reason = "module-fault"
	// JournalFault: the journal could not be written.
	JournalFault Reason = "journal-fault"
	// HostFault: the host of loads did not answer, or refused.
	HostFault Reason = "host-fault"
)

// An Outcome is what a failure means for the person's money.
type Outcome byte

// The outcomes.
const (
	NothingMoved Outcome = iota // no order was sent, or the card says that it did not follow
	Unknown                     // an order may have been followed; it is in the journal
)

// String returns the outcome's word.
func (o Outcome) String() string {
	if o == Unknown {
		return "unknown"
	}
	return "nothing-moved"
}

// A Failure is why a card was not served. Nobody is let through with one.
type Failure struct {
	Reason  Reason
	Outcome Outcome
	Step    string      // the command or the place, as in "DEBIT"
	Status  apdu.Status // of Refused
	Err     error       // the cause; never with data of the card
}

// Error returns one line.
func (f *Failure) Error() string {
	line := "terminal: " + f.Step + ": " + string(f.Reason)
	if f.Outcome == Unknown {
		line += ", and whether money moved is not known"
	}
	if f.Err != nil {
		line += ": " + f.Err.Error()
	}
	return line
}

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Err }

// Is lets errors.Is find a failure by its Reason.
func (f *Failure) Is(target error) bool {
	want, ok := target.(Reason)
	return ok && f.Reason == want
}

// Error returns the word, so that a Reason is an error to compare with.
func (r Reason) Error() string { return string(r) }

func fail(step string, reason Reason, format string, args ...any) *Failure {
	return &Failure{Reason: reason, Step: step, Err: fmt.Errorf(format, args...)}
}

// failureOf names what went wrong on the way to the card.
func failureOf(step string, err error) *Failure {
	f := &Failure{Reason: BadAnswer, Step: step, Err: err}
	var status *apdu.StatusError
	var broken *apdu.Error
	switch {
	case errors.As(err, &status):
		f.Reason, f.Status = Refused, status.Status
	case errors.Is(err, card.ErrCardLost):
		f.Reason = CardLost
	case errors.Is(err, card.ErrAnswerTooLong):
		f.Reason = TooMuch
	case errors.As(err, &broken):
		if broken.Reason == apdu.ReasonRounds {
			f.Reason = TooMuch
		}
	case errors.Is(err, context.DeadlineExceeded):
		f.Reason = Stalled
	default:
		// A reader that failed, or a caller who stopped waiting: either way nobody hears the card any more.
		f.Reason = CardLost
	}
	return f
}
