package foreign

import (
	"errors"
	"fmt"
	"maps"
)

// Reasons of a [Refusal] that are not a handler's.
const (
	ReasonUnknown   = "unknown-code"       // nobody's, as far as is known
	ReasonNotServed = "not-served"         // somebody's, and not taken here
	ReasonScanner   = "changed-by-scanner" // it did not arrive as it was shown
	ReasonFault     = "handler-fault"      // a handler failed, which says nothing about the code
)

// A Refusal says about a code what it is, why it is not taken, and what to do.
// It quotes nothing of the code.
type Refusal struct {
	Kind   Kind
	Reason string // one stable word
	Next   Text
	Err    error // what a handler found; may be nil
}

// Error names kind and reason first.
func (r *Refusal) Error() string {
	s := fmt.Sprintf("foreign: %s: %s", r.Kind, r.Reason)
	if r.Err != nil {
		s += ": " + r.Err.Error()
	}
	return s
}

// Unwrap returns what a handler found.
func (r *Refusal) Unwrap() error { return r.Err }

// A Verdict is an error of a handler that says why a code is not good.
// [jtt1179.Error] and [hcert.Error] are.
type Verdict interface {
	error
	Word() string // one stable word
	Next() Text
}

// Refused returns the refusal of a code about which a handler returned err,
// which is a [Verdict] or a fault.
func Refused(k Kind, err error) *Refusal {
	if v, ok := errors.AsType[Verdict](err); ok {
		return &Refusal{k, v.Word(), v.Next(), err}
	}
	return &Refusal{k, ReasonFault, Text{"暂时无法查验此码，请到人工窗口", "This code cannot be checked at the moment; please go to the staffed desk"}, err}
}

// A Router knows which kinds a place serves. H is what serves one, in whatever
// form suits the place: a verifier, a func with a context.
type Router[H any] struct {
	recogniser *Recogniser
	handlers   map[Kind]H
}

// NewRouter returns a router. The citizen code is one of the kinds: a place that
// takes it has a handler for it.
func NewRouter[H any](r *Recogniser, handlers map[Kind]H) (*Router[H], error) {
	if r == nil {
		return nil, errors.New("foreign: a router needs a recogniser")
	}
	for k := range handlers {
		if k == Unknown || k >= kinds {
			return nil, fmt.Errorf("foreign: nothing can serve %s", k)
		}
	}
	return &Router[H]{r, maps.Clone(handlers)}, nil
}

// Route returns what serves a code, or a *Refusal. A handler is given nothing
// but codes of its own kind that arrived intact.
func (r *Router[H]) Route(scanned []byte) (handler H, code Code, err error) {
	code = r.recogniser.Recognise(scanned)
	refuse := func(reason string, next Text) (H, Code, error) {
		return *new(H), code, &Refusal{Kind: code.Kind, Reason: reason, Next: next}
	}
	handler, served := r.handlers[code.Kind]
	switch {
	case code.Kind == Unknown:
		return refuse(ReasonUnknown, code.Next())
	case !served:
		// By its name, also where a scanner has changed it: another lane would
		// not take it either.
		return refuse(ReasonNotServed, code.Kind.Next())
	case code.Fault != Intact:
		return refuse(ReasonScanner, code.Next())
	}
	return handler, code, nil
}
