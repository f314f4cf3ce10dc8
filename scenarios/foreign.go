package scenarios

import "github.com/citizencode/citizencode/citycode/foreign"

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
