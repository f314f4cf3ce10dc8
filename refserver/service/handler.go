package service

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/citizencode/citizencode/scenarios"
)

// note is what the log says of a request besides its route.
type note struct{ reason string }

// route puts up every route.
func (s *Server) route() {
	s.mux, s.allowed = http.NewServeMux(), make(map[string][]string)
	s.handle(Post("/v1/terminals/{terminal}/visits", s.visit).Named(), nil)
	s.handle(Post("/v1/terminals/{terminal}/challenges", s.challenge).Named(), nil)
	if reverser, ok := s.office.Scenario.(scenarios.Reverser); ok {
		s.handle(Post("/v1/reversals", s.reverse(reverser)), nil)
	}
	if settler, ok := s.office.Scenario.(scenarios.Settler); ok {
		s.handle(Get("/v1/settlements/{day}", nil, func(ctx context.Context, c *Call) (*scenarios.Settlement, error) {
			if _, err := time.Parse(time.DateOnly, c.Path("day")); err != nil {
				return nil, badRequest("day", "it is no day such as 2026-11-22")
			}
			return settler.Settle(ctx, c.Path("day"))
		}), nil)
	}
	if s.options.DeskToken != "" {
		s.handle(Post("/v1/slips", s.issueSlip), s.atDesk)
	}
	s.handle(Get("/v1/ledger/totals", nil, s.totals), nil)
	s.handle(Get("/v1/description", nil, s.describe), nil)
	s.handle(Get("/v1/health", nil, s.health), nil)
	s.handle(Get("/v1/metrics", nil, s.metrics), nil)
	for _, r := range s.office.Routes {
		s.handle(r, nil)
	}
	for path, methods := range s.allowed {
		s.mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Allow", strings.Join(methods, ", "))
			p := NewProblem(http.StatusMethodNotAllowed, MethodNot, "this address does not take such a request")
			p.answer().write(w, 0)
		})
	}
	s.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { notFound().answer().write(w, 0) })
}

// handle puts up one route. may, where it is not nil, says who comes through.
func (s *Server) handle(r Route, may func(*http.Request) error) {
	s.allowed[r.path] = append(s.allowed[r.path], r.method)
	s.mux.HandleFunc(r.method+" "+r.path, func(w http.ResponseWriter, req *http.Request) {
		start, n := time.Now(), new(note)
		a, retry := s.serve(r, may, w, req, n)
		a.write(w, retry)
		// The route and not the path: a path may have a pseudonym in it.
		s.log.Info("request", "method", r.method, "route", r.path, "status", a.Status, "reason", n.reason, "ms", time.Since(start).Milliseconds())
	})
}

// serve answers one request. It never panics.
func (s *Server) serve(r Route, may func(*http.Request) error, w http.ResponseWriter, req *http.Request, n *note) (a *answer, retry int) {
	refuse := func(err error) (*answer, int) {
		p := s.problemOf(err)
		n.reason = p.Reason
		if p.Status >= http.StatusInternalServerError {
			s.log.Error("request failed", "route", r.path, "reason", p.Reason, "error", fmt.Sprintf("%.300s", err.Error()))
		}
		return p.answer(), p.retry
	}
	defer func() {
		if fault := recover(); fault != nil {
			// What it says may come from the request: its type and place do not.
			s.log.Error("request panicked", "route", r.path, "fault", fmt.Sprintf("%T", fault), "at", panicked())
			a, retry = refuse(errPanicked)
		}
	}()
	if may != nil {
		if err := may(req); err != nil {
			w.Header().Set("WWW-Authenticate", "Bearer")
			return refuse(err)
		}
	}
	body, err := r.check(w, req)
	if err != nil {
		return refuse(err)
	}
	call := &Call{http: req, note: n}
	if r.method == http.MethodPost {
		if call.Key, err = keyOf(req); err != nil {
			return refuse(err)
		}
		if call.Key == "" && !r.keyOptional {
			return refuse(keyMissing())
		}
	}
	do, err := r.prepare(call, body)
	if err != nil {
		return refuse(err)
	}
	// What has begun is finished although nobody listens any more: the answer
	// is kept for who asks again.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(req.Context()), requestTime)
	defer cancel()
	defer context.AfterFunc(s.stopping, cancel)()
	if call.Key == "" {
		call.Time = s.options.Now().UTC().Truncate(time.Second)
		a, err = r.run(ctx, call, do)
	} else {
		a, err = s.answers.once(ctx, call.Key, fingerprint(req, body), func(at time.Time) (*answer, error) {
			call.Time = at
			a, err := r.run(ctx, call, do)
			if err == nil {
				return a, nil
			}
			// A refusal is an answer too, and the same when it is asked again.
			if p := s.problemOf(err); p.Status < http.StatusInternalServerError && p.Status != http.StatusBadRequest {
				n.reason = p.Reason
				return p.answer(), nil
			}
			return nil, err
		})
	}
	if err != nil {
		return refuse(err)
	}
	return a, 0
}

var errPanicked = errors.New("service: a panic")

// panicked returns the function and line that panicked, for a deferred call.
func panicked() string {
	var pcs [16]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	for {
		f, more := frames.Next()
		if !strings.HasPrefix(f.Function, "runtime.") {
			return fmt.Sprintf("%s:%d", f.Function, f.Line)
		}
		if !more {
			return "unknown"
		}
	}
}

// problemOf asks the application first what its errors mean.
func (s *Server) problemOf(err error) *Problem {
	if s.office.Problem != nil {
		if p := s.office.Problem(err); p != nil {
			return p
		}
	}
	return ProblemOf(err)
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store") // answers are about persons
	h.Set("X-Content-Type-Options", "nosniff")
	s.working.Add(1)
	defer s.working.Done()
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	default:
		p := NewProblem(http.StatusServiceUnavailable, Overloaded, "too many requests at a time").after(1)
		p.answer().write(w, p.retry)
		return
	}
	// A page of somebody else, in a browser inside the operator's network.
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		NewProblem(http.StatusForbidden, CrossOrigin, "the request came from another site").answer().write(w, 0)
		return
	}
	// The mux would redirect a path with // or .. in it; nothing stands there.
	if strings.Contains(r.URL.Path, "//") || slices.Contains(strings.Split(r.URL.Path, "/"), "..") {
		notFound().answer().write(w, 0)
		return
	}
	s.mux.ServeHTTP(w, r)
}
