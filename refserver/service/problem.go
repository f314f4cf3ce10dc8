package service

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/ledger"
)

// A Problem is the answer to a request that could not be met (RFC 9457): a
// fault of the request or of the server, never a decision about a person.
type Problem struct {
	Type   string `json:"type"` // about:blank: Reason says more than a type could
	Title  string `json:"title"`
	Status int    `json:"status"`
	Reason string `json:"reason"`           // one stable word
	Path   string `json:"path,omitempty"`   // of the field that is wrong, as in params.lot
	Detail string `json:"detail,omitempty"` // one sentence; it quotes names, never values

	retry int // seconds, 0: not said
}

// NewProblem returns a problem. Its title is that of the status.
func NewProblem(status int, reason, detail string) *Problem {
	return &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Reason: reason, Detail: detail}
}

// Error names the reason.
func (p *Problem) Error() string { return p.Reason + ": " + p.Detail }

// at says which field is wrong.
func (p *Problem) at(path string) *Problem {
	p.Path = path
	return p
}

// after says when to ask again.
func (p *Problem) after(seconds int) *Problem {
	p.retry = seconds
	return p
}

// The reasons of problems that every server has.
const (
	BadRequest      = "bad-request"
	NotFound        = "not-found"
	MethodNot       = "method-not-allowed"
	MediaType       = "media-type"
	TooLarge        = "too-large"
	KeyMissing      = "idempotency-key-missing"
	KeyMalformed    = "idempotency-key-malformed"
	KeyConflict     = "idempotency-key-conflict"
	KeyInProgress   = "idempotency-key-in-progress"
	CrossOrigin     = "cross-origin"
	Unauthorised    = "unauthorised"
	Overloaded      = "overloaded"
	TimedOut        = "timed-out"
	Fault           = "fault"
	Conflict        = "conflict"
	UnknownTerminal = "unknown-terminal"
)

func badRequest(path, detail string) *Problem {
	return NewProblem(http.StatusBadRequest, BadRequest, detail).at(path)
}

func notFound() *Problem { return NewProblem(http.StatusNotFound, NotFound, "there is nothing here") }

// ProblemOf returns what an error means to who asked. What went wrong inside
// is for the log: it becomes [Fault] and nothing more.
func ProblemOf(err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	if wrong, ok := errors.AsType[*scenarios.RequestError](err); ok {
		return badRequest(strings.TrimPrefix(wrong.Path, bodyRoot+"."), wrong.Err.Error())
	}
	if wrong, ok := errors.AsType[*ledger.DraftError](err); ok {
		return badRequest(wrong.Path, wrong.Err.Error())
	}
	if refused, ok := errors.AsType[*ledger.RefusedError](err); ok {
		return NewProblem(http.StatusConflict, string(refused.Reason), "the books do not take this")
	}
	switch {
	case errors.Is(err, ledger.ErrNotFound):
		return notFound()
	case errors.Is(err, eventlog.ErrKeyTaken):
		return NewProblem(http.StatusConflict, Conflict, "something else has happened under this key")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		// Whether it happened is not known: the same request again tells.
		return NewProblem(http.StatusServiceUnavailable, TimedOut, "it took too long; ask again with the same key").after(1)
	}
	return NewProblem(http.StatusInternalServerError, Fault, "something failed here; ask again with the same key")
}

// An answer is what goes back: a status and one JSON value.
type answer struct {
	Status int
	Body   []byte
}

func (p *Problem) answer() *answer {
	b, err := json.Marshal(p)
	if err != nil { // texts and numbers only: cannot happen
		b = []byte(`{}`)
	}
	return &answer{p.Status, append(b, '\n')}
}

// write sends an answer. What is not a success is a problem.
func (a *answer) write(w http.ResponseWriter, retry int) {
	media := "application/json"
	if a.Status >= http.StatusBadRequest {
		media = "application/problem+json"
	}
	if retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(retry))
	}
	w.Header().Set("Content-Type", media)
	w.Header().Set("Content-Length", strconv.Itoa(len(a.Body)))
	w.WriteHeader(a.Status)
	w.Write(a.Body)
}
