package sm

import "github.com/citizencode/citizencode/card/apdu"

// A Reason says in one stable word why this package refused something.
type Reason string

// The reasons.
const (
	ReasonClass     Reason = "wrong-class"      // the class byte does not announce this mode, or already announces one
	ReasonTooLong   Reason = "too-long"         // the secured command or answer would not fit
	ReasonMissing   Reason = "data-missing"     // no MAC, or no cryptogram where one must be
	ReasonMalformed Reason = "malformed"        // data objects, lengths or padding are not exactly what Wrap writes
	ReasonChallenge Reason = "no-challenge"     // none was drawn, or it was used
	ReasonMAC       Reason = "wrong-mac"        // forged, replayed, reordered, or for another key
	ReasonOrder     Reason = "out-of-order"     // a command before the last one was answered, or an answer to none
	ReasonEnded     Reason = "session-ended"    // after the first refusal nothing more is taken
	ReasonKey       Reason = "unsuitable-key"   // secure messaging is SM4 only, and MAC and encryption have a key each
	ReasonAnswer    Reason = "unsecured-answer" // the card answered without secure messaging
)

// Error is a refusal. errors.As finds the status word that a card answers with in it.
type Error struct {
	Reason Reason
	Status apdu.Status
}

// Error returns one line.
func (e *Error) Error() string { return "sm: " + string(e.Reason) }

// Unwrap returns the status word.
func (e *Error) Unwrap() error { return e.Status }

var statuses = map[Reason]apdu.Status{
	ReasonClass:     apdu.SecurityNotSupported,
	ReasonTooLong:   apdu.WrongLength,
	ReasonMissing:   apdu.SecurityDataMissing,
	ReasonMalformed: apdu.SecurityDataWrong,
	ReasonChallenge: apdu.ReferenceDataInvalid,
	ReasonMAC:       apdu.SecurityDataWrong,
	ReasonOrder:     apdu.ConditionsNotSatisfied,
	ReasonEnded:     apdu.ConditionsNotSatisfied,
	ReasonKey:       apdu.ConditionsNotSatisfied,
	ReasonAnswer:    apdu.SecurityDataMissing,
}

func refuse(r Reason) error { return &Error{r, statuses[r]} }
