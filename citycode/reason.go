package citycode

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Reason says why a token is refused. The numbers are those of SPEC §5: they
// stand in the order in which a verifier looks, leave room between the steps
// and never change their meaning. The zero Reason is none.
type Reason uint8

// The reasons of SPEC §5, in order.
const (
	Malformed          Reason = 10
	UnsupportedVersion Reason = 20
	UnsupportedSuite   Reason = 21
	UnsupportedProfile Reason = 22
	TerminalClockWrong Reason = 30
	TrustStale         Reason = 31
	UnknownIssuer      Reason = 32
	IssuerNotAllowed   Reason = 40
	BadIssuerSignature Reason = 50
	BadHolderSignature Reason = 51
	BadSignature       Reason = 52
	IssuerKeyNotValid  Reason = 60
	LifetimeExceeded   Reason = 61
	NotYetValid        Reason = 70
	Expired            Reason = 71
	StatusUnknown      Reason = 80
	Suspended          Reason = 81
	Revoked            Reason = 82
	ClockAhead         Reason = 90
	CodeTooOld         Reason = 91
	WrongAudience      Reason = 100
	ChallengeMissing   Reason = 110
	ChallengeMismatch  Reason = 111
	ChallengeExpired   Reason = 112
	ChallengeReused    Reason = 113
	SourceMismatch     Reason = 114
	Replayed           Reason = 120
	ReplayUnknown      Reason = 121
	OverOfflineLimit   Reason = 130
	OnlineRequired     Reason = 140
)

var reasonNames = map[Reason]string{
	Malformed:          "malformed",
	UnsupportedVersion: "unsupported-version",
	UnsupportedSuite:   "unsupported-suite",
	UnsupportedProfile: "unsupported-profile",
	TerminalClockWrong: "terminal-clock-wrong",
	TrustStale:         "trust-stale",
	UnknownIssuer:      "unknown-issuer",
	IssuerNotAllowed:   "issuer-not-allowed",
	BadIssuerSignature: "bad-issuer-signature",
	BadHolderSignature: "bad-holder-signature",
	BadSignature:       "bad-signature",
	IssuerKeyNotValid:  "issuer-key-not-valid",
	LifetimeExceeded:   "lifetime-exceeded",
	NotYetValid:        "not-yet-valid",
	Expired:            "expired",
	StatusUnknown:      "status-unknown",
	Suspended:          "suspended",
	Revoked:            "revoked",
	ClockAhead:         "clock-ahead",
	CodeTooOld:         "code-too-old",
	WrongAudience:      "wrong-audience",
	ChallengeMissing:   "challenge-missing",
	ChallengeMismatch:  "challenge-mismatch",
	ChallengeExpired:   "challenge-expired",
	ChallengeReused:    "challenge-reused",
	SourceMismatch:     "source-mismatch",
	Replayed:           "replayed",
	ReplayUnknown:      "replay-unknown",
	OverOfflineLimit:   "over-offline-limit",
	OnlineRequired:     "online-required",
}

// Reasons returns every reason of this version, in the order of SPEC §5.
func Reasons() []Reason { return slices.Sorted(maps.Keys(reasonNames)) }

// String returns the word of SPEC §5, as it stands in vectors and verdicts.
func (r Reason) String() string {
	if name, ok := reasonNames[r]; ok {
		return name
	}
	return fmt.Sprintf("reason-%d", uint8(r))
}

// section is the clause of SPEC.md that decides r: the step of §5 it belongs to.
func (r Reason) section() string {
	// The words of a flood of refusals are not made anew each time.
	const sections = "5.0 5.1 5.2 5.3 5.4 5.5 5.6 5.7 5.8 5.9 5.105.115.125.135.14"
	return strings.TrimSuffix(sections[r/10*4:r/10*4+4], " ")
}

// A VerifyError is the refusal of one token. Reason is the first check, in the
// order of SPEC §5, that failed; no later one was made.
type VerifyError struct {
	Reason  Reason
	Section string // clause of SPEC.md
	Issuer  KeyID  // who claims to have issued it; zero if it could not be read
	Err     error  // what was found; may be nil
}

// Error names the reason first: programs may rely on the word, not on the rest.
func (e *VerifyError) Error() string {
	s := "citycode: " + e.Reason.String()
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the detail.
func (e *VerifyError) Unwrap() error { return e.Err }

// Is lets errors.Is find a refusal by its reason.
func (e *VerifyError) Is(target error) bool {
	t, ok := target.(*VerifyError)
	return ok && t.Reason == e.Reason && t.Issuer == 0 && t.Err == nil
}

func refuse(r Reason, issuer KeyID, format string, args ...any) *VerifyError {
	e := &VerifyError{Reason: r, Section: r.section(), Issuer: issuer}
	if format != "" {
		e.Err = fmt.Errorf(format, args...)
	}
	return e
}
