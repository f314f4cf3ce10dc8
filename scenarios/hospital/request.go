package hospital

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/ledger"
)

// Bounds of requests, in bytes.
const (
	MaxKey  = 512
	MaxText = 200 // of a reason or note
	maxID   = 64
)

// asked names a request: the digest of its key, and what it asks, mostly a
// digest too. The same key with another content is another request and is
// refused.
type asked struct{ key, content string }

// newAsk returns the name of a request. space keeps the keys of visits and of
// requests apart.
func newAsk(space, key string, at time.Time, request any) (asked, error) {
	switch {
	case key == "" || len(key) > MaxKey:
		return asked{}, wrong("key", "not 1 to %d bytes", MaxKey)
	case !inEra(at):
		return asked{}, wrong("at", "not a time of our era")
	}
	content, ok := request.(string) // short, and without anything personal
	if !ok {
		b, err := json.Marshal(request)
		if err != nil {
			return asked{}, err
		}
		content = digest(string(b))
	}
	return asked{digest(space + "\x00" + key), content}, nil
}

// digest returns 32 hexadecimal digits of SM3.
func digest(s string) string { return ledger.TransactionID(s) }

// answered returns the decision of a request that was answered before, or a
// refusal if its key stands for another one.
func (st *state) answered(ask asked) *scenarios.Decision {
	a, known := st.answers[ask.key]
	switch {
	case !known:
		return nil
	case a.content != ask.content:
		return refuse(RequestUsed)
	}
	return a.decision()
}

// do answers a request once: decide looks at the state and returns the change,
// or a refusal.
func (s *Scenario) do(ctx context.Context, key string, at time.Time, request any, kind string,
	decide func(*state) (change any, d *scenarios.Decision, err error)) (*scenarios.Decision, error) {
	ask, err := newAsk("request", key, at, request)
	if err != nil {
		return nil, err
	}
	return s.answer(ctx, ask, at, kind, decide)
}

func (s *Scenario) answer(ctx context.Context, ask asked, at time.Time, kind string,
	decide func(*state) (change any, d *scenarios.Decision, err error)) (d *scenarios.Decision, err error) {
	err = s.stream.Change(ctx, func() ([]eventlog.Event, error) {
		if d = s.state.answered(ask); d != nil {
			return nil, nil
		}
		var change any
		if change, d, err = decide(s.state); err != nil || !d.Allow {
			return nil, err
		}
		e, err := answering(kind+":"+ask.key, kind, at, change, ask, d)
		s.state.made = made{e.Data, answer{ask.content, d.Message, d.Outcome}, ask.key, change}
		return []eventlog.Event{e}, err
	})
	return s.done(ctx, d, err)
}

// done ends a request: what follows from the events stands in the ledger before
// anybody is answered.
func (s *Scenario) done(ctx context.Context, d *scenarios.Decision, err error) (*scenarios.Decision, error) {
	if errors.Is(err, eventlog.ErrKeyTaken) {
		return refuse(RequestUsed), nil
	}
	if err != nil {
		return nil, err
	}
	if err := s.post(ctx); err != nil {
		return nil, err
	}
	if s.lender != nil {
		// The lender hears of it now or from Resume; the patient does not wait.
		_ = s.tellLender(ctx)
	}
	return d, nil
}

// inEra reports whether a time can be an event's and on a day of the ledger.
func inEra(t time.Time) bool { return t.Year() >= 2000 && t.Year() < 9000 }

// isID reports whether s can be an id of FHIR R4.
func isID(s string) bool {
	return isPrintable(s, maxID) && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(".-", r))
	})
}

func isPatient(s string) bool { return isPrintable(s, maxID) }

func isPrintable(s string, most int) bool {
	return s != "" && len(s) <= most && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// oneLine makes one line of what somebody typed.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if len(s) > MaxText {
		s = strings.ToValidUTF8(s[:MaxText], "")
	}
	return strings.TrimSpace(s)
}
