package apdu

// A Reason says in one stable word why this package refused something.
type Reason string

// The reasons.
const (
	ReasonShort      Reason = "too-short"       // fewer bytes than a header or a status word
	ReasonLength     Reason = "wrong-length"    // Lc, Le and the number of bytes disagree, or Ne is out of range
	ReasonTooLong    Reason = "too-long"        // more data than an extended command can hold
	ReasonStatusWord Reason = "bad-status"      // a status word outside 6xxx and 9xxx (ISO/IEC 7816-3 §12.1.4)
	ReasonRounds     Reason = "too-many-rounds" // the card wants more exchanges than Options.MaxRounds
	ReasonNoProgress Reason = "no-progress"     // the card promises data with 61xx and gives none
	ReasonAnswer     Reason = "answer-too-long" // the card gave more than was asked for, or more than Options.MaxAnswer
	ReasonLe         Reason = "le-refused"      // the card refused with 6Cxx the very length that it had named
)

// Error is the refusal of bytes, or of a conversation, that no card may produce. A status word that a card may
// produce is a *StatusError.
type Error struct {
	Reason Reason
	Detail string // what exactly, in numbers; never data
	Err    error  // the cause, where there is one
}

// Error returns one line. It never quotes data: that may be a key or a person.
func (e *Error) Error() string {
	line := "apdu: " + string(e.Reason)
	if e.Detail != "" {
		line += ": " + e.Detail
	}
	return line
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
