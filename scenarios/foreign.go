package scenarios

import (
	"encoding/json"

	"github.com/citizencode/citizencode/citycode/foreign"
)

// NameForeign lets the refusal of what is no citizen code say whose code it is,
// and what to do with it, where that is known. shown is what a camera or a scanner
// read. The reason stays: to a program it is the same. A nil refusal stays nil.
func NameForeign(refused *Decision, shown []byte) *Decision {
	var known foreign.Recogniser
	code := known.Recognise(shown)
	if refused == nil || code.Kind == foreign.Unknown || code.Kind == foreign.CitizenCode && code.Fault == foreign.Intact {
		return refused
	}
	next := code.Next()
	refused.Message = Text{Zh: next.Zh, En: next.En}
	return refused
}

// ForeignCode is the outcome of a decision about a code of somebody else at a place
// that takes such codes. It says whose code it was, and nothing of what was in it.
type ForeignCode struct {
	Kind string `json:"kind"` // a word of citycode/foreign/SPEC.md §2
}

// RefusedForeign is the decision about such a code that is not good. Its reason is
// a word of the code's own rules, not of the code standard: the outcome is a
// ForeignCode.
func RefusedForeign(r *foreign.Refusal) *Decision {
	d := Refused(r.Reason, Text{Zh: r.Next.Zh, En: r.Next.En})
	d.Outcome, _ = json.Marshal(ForeignCode{r.Kind.String()}) // a string always marshals
	return d
}
