// Package partner is how an organisation whose own code already exists works
// together with the citizen code (SPEC §9.1), in the terms of DB4201/T 655-2022:
//
//   - fuse (融合): one picture that is both. The partner's code stands in front of
//     our text and our token binds it. That is package qr (EncodePrefixed,
//     DecodePrefixed) and citycode (Presentation.Prefix, Check.Prefix); it needs
//     nothing of this package but the example Fuse.
//   - bind (绑定): our code alone. A [Desk] verifies it and asks the partner's
//     [Directory] which of its accounts the subject is bound to; [Bindings] is one
//     in memory. Unbinding makes this partner refuse and nobody else.
//   - switch (切换): the wallet shows the partner's own code until a contract ends.
//     That is the register of scenarios/agreement.
//
// Nothing here changes what a code is or what a verifier says about it.
package partner

import (
	"fmt"

	"github.com/citizencode/citizencode/citycode"
)

// A Reason says in one stable word why a partner refuses what a verifier has
// accepted.
type Reason string

// The reasons of a partner. They are no verdicts about the code.
const (
	NotBound     Reason = "not-bound"           // the partner knows no account of this subject
	Suspended    Reason = "binding-suspended"   // until further notice
	Unavailable  Reason = "partner-unavailable" // it could not be asked, which is neither of the above
	AlreadyBound Reason = "already-bound"
	NotProven    Reason = "not-proven" // the code does not prove that its subject stands here
	Full         Reason = "full"
)

// An Error is a refusal by a partner. It names no subject and no account.
type Error struct {
	Partner string
	Reason  Reason
	Err     error // the cause, where there is one
}

// Error returns one line.
func (e *Error) Error() string {
	line := fmt.Sprintf("partner %s: %s", e.Partner, e.Reason)
	if e.Err != nil {
		line += ": " + e.Err.Error()
	}
	return line
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// A Subject is of whom a code speaks, as a partner files it. A pseudonym means
// something only within its city and profile (SPEC §2.7), so they belong to it:
// another city's 8 bytes may be equal by chance or by intent.
type Subject struct {
	City    int // GB/T 2260
	Profile citycode.ProfileID
	Handle  string // the bytes of the subject
}

// SubjectOf returns the subject of an accepted code.
func SubjectOf(citizen *citycode.Verified) Subject {
	return Subject{citizen.Issuer().City(), citizen.Profile().ID, string(citizen.Subject())}
}
