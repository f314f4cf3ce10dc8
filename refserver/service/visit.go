package service

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/qr"
	"github.com/citizencode/citizencode/scenarios"
)

// visitRequest is what a terminal is shown.
type visitRequest struct {
	Code   string          `json:"code"` // text as a scanner gives it
	Slip   string          `json:"slip"` // number of a slip, instead of a code
	Action string          `json:"action"`
	Params json.RawMessage `json:"params"`
	// Challenge is the one that the code answers, as the terminal was given it.
	Challenge string `json:"challenge"`
}

// visit decides about what was shown at a terminal.
func (s *Server) visit(ctx context.Context, c *Call, q visitRequest) (*scenarios.Decision, error) {
	t := s.terminals[c.Path("terminal")]
	if t == nil {
		return nil, NewProblem(http.StatusNotFound, UnknownTerminal, "the configuration names no such terminal")
	}
	r := scenarios.Request{Slip: q.Slip, Action: q.Action, Params: q.Params}
	d, err := (*scenarios.Decision)(nil), error(nil)
	switch {
	case q.Code == "" && q.Slip == "":
		return nil, badRequest("code", "neither a code nor a slip")
	case q.Code != "" && q.Slip != "":
		return nil, badRequest("slip", "a slip beside a code")
	case q.Slip != "" && c.Key == "":
		// A slip opens once: who loses the answer could not ask again.
		return nil, keyMissing()
	case q.Code != "":
		r.Code, r.Prefix, err = s.decode(q.Code)
	}
	if err != nil {
		// Whatever somebody holds in front of a scanner is an answer, no fault.
		d = scenarios.NameForeign(scenarios.Refused(citycode.Malformed.String(), scenarios.ReasonText(citycode.Malformed)), []byte(qr.TrimScan(q.Code)))
	} else if r.Challenge = t.answered(q.Challenge); q.Challenge != "" && r.Challenge == nil {
		// It was drawn for another terminal, before a later one, or by nobody.
		d = scenarios.Refused(citycode.ChallengeMismatch.String(), scenarios.ReasonText(citycode.ChallengeMismatch))
	} else if d, err = t.Decide(ctx, r); err != nil {
		return nil, err
	}
	s.counts.decided(t.name, d)
	return d, nil
}

// decode returns the token in a text, and a partner's code in front of it.
func (s *Server) decode(text string) (token []byte, prefix string, err error) {
	text = qr.TrimScan(text)
	for _, size := range *s.prefixes.Load() {
		if prefix, token, err = qr.DecodePrefixed(text, size); err == nil {
			break
		}
	}
	return token, prefix, err
}

// maxCounted bounds how many kinds of decisions are counted.
const maxCounted = 10_000

// counts are how often each terminal decided what.
type counts struct {
	mu sync.Mutex
	by map[counted]int64
}

type counted struct {
	terminal, reason string
	repeated         bool
}

func (c *counts) decided(terminal string, d *scenarios.Decision) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := counted{terminal, d.Reason, d.Repeated}
	if _, known := c.by[k]; known || len(c.by) < maxCounted {
		c.by[k]++
	}
}

// maxLine bounds what an order says, in bytes.
const maxLine = 256

// reversalRequest takes a visit back. The Idempotency-Key names the order.
type reversalRequest struct {
	Key string `json:"key"` // of the visit
	By  string `json:"by"`  // as the operator names its staff
	Why string `json:"why"`
}

func (s *Server) reverse(reverser scenarios.Reverser) func(context.Context, *Call, reversalRequest) (*scenarios.Decision, error) {
	return func(ctx context.Context, c *Call, q reversalRequest) (*scenarios.Decision, error) {
		switch {
		case q.Key == "" || len(q.Key) > maxLine:
			return nil, badRequest("key", "it names no visit")
		case q.By == "" || len(q.By) > maxLine:
			return nil, badRequest("by", "somebody orders it")
		case q.Why == "" || len(q.Why) > maxLine:
			return nil, badRequest("why", "one line for the books")
		}
		return reverser.Reverse(ctx, scenarios.Reversal{Key: q.Key, Request: c.Key, By: q.By, Why: q.Why, Time: c.Time})
	}
}
