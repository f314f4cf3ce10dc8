package service

import (
	"context"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/citizencode/citizencode/scenarios"
)

// Limits of requests and answers, in bytes.
const (
	MaxBody   = 64 << 10 // where a route says nothing else
	MaxUpload = 4 << 20  // where one says so
	maxAnswer = 4 << 20
)

// bodyRoot begins the path of what is wrong in a body; it is not told to who asked.
const bodyRoot = "body"

// A Route is one operation over HTTP.
type Route struct {
	method, path string
	limit        int64    // of the body
	query        []string // names that may stand behind the question mark
	keyOptional  bool
	status       int
	prepare      func(c *Call, body []byte) (work, error)
}

// work is a request whose form is right; it is what changes something.
type work func(ctx context.Context) (any, error)

// A Call is one request of a route.
type Call struct {
	// Key is the Idempotency-Key. An operation hands it down as the name of the
	// request, so that one that was cut short and is asked again happens once.
	Key string
	// Time is when the request was made for the first time, in whole seconds.
	Time time.Time
	http *http.Request
	note *note
}

// Name makes the Idempotency-Key the key of a request that has a field for it. A
// body that holds another one is refused.
func (c *Call) Name(key *string) error {
	if *key != "" && *key != c.Key {
		return badRequest("key", "it is not the Idempotency-Key; leave it out")
	}
	*key = c.Key
	return nil
}

// Path returns what stands at a {name} of the route's path.
func (c *Call) Path(name string) string { return c.http.PathValue(name) }

// Query returns a parameter behind the question mark, empty if there is none.
func (c *Call) Query(name string) string { return c.http.URL.Query().Get(name) }

// QueryInt returns a number behind the question mark, or what is said where
// there is none.
func (c *Call) QueryInt(name string, otherwise int64) (int64, error) {
	text := c.Query(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, badRequest("query."+name, "it is no number")
	}
	return n, nil
}

// QueryTime returns a time behind the question mark, in RFC 3339, or what is
// said where there is none.
func (c *Call) QueryTime(name string, otherwise time.Time) (time.Time, error) {
	text := c.Query(name)
	if text == "" {
		return otherwise, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, badRequest("query."+name, "it is no time such as 2026-11-22T08:00:00Z")
	}
	return at, nil
}

// Get returns the route of an operation that reads. query lists the parameters
// that it takes; others are refused.
func Get[A any](path string, query []string, do func(ctx context.Context, c *Call) (A, error)) Route {
	return Route{method: http.MethodGet, path: path, query: query, status: http.StatusOK, prepare: func(c *Call, _ []byte) (work, error) {
		return func(ctx context.Context) (any, error) { return do(ctx, c) }, nil
	}}
}

// Post returns the route of an operation that changes something. Its body is a
// strict JSON object that is read into a Q.
func Post[Q, A any](path string, do func(ctx context.Context, c *Call, q Q) (A, error)) Route {
	return Route{method: http.MethodPost, path: path, limit: MaxBody, status: http.StatusOK, prepare: func(c *Call, body []byte) (work, error) {
		var q Q
		if err := scenarios.ReadStrict(bodyRoot, body, len(body), &q); err != nil {
			return nil, err
		}
		return func(ctx context.Context) (any, error) { return do(ctx, c, q) }, nil
	}}
}

// Upload returns the route with room for a large body.
func (r Route) Upload() Route {
	r.limit = MaxUpload
	return r
}

// Named returns the route as one whose requests name themselves in the body: the
// Idempotency-Key may be left out.
func (r Route) Named() Route {
	r.keyOptional = true
	return r
}

// check looks at the form of a request and reads its body.
func (r Route) check(w http.ResponseWriter, req *http.Request) ([]byte, error) {
	for name, values := range req.URL.Query() {
		if !slices.Contains(r.query, name) {
			return nil, badRequest("query."+shortened(name), "unknown parameter")
		}
		if len(values) > 1 {
			return nil, badRequest("query."+name, "it stands twice")
		}
	}
	if r.method != http.MethodPost {
		return nil, nil
	}
	media, _, err := mime.ParseMediaType(req.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		w.Header().Set("Accept-Post", "application/json")
		return nil, NewProblem(http.StatusUnsupportedMediaType, MediaType, "the body is to be application/json")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, r.limit))
	if err != nil {
		if _, large := err.(*http.MaxBytesError); large {
			return nil, NewProblem(http.StatusRequestEntityTooLarge, TooLarge, "the body is longer than "+strconv.FormatInt(r.limit, 10)+" bytes")
		}
		return nil, badRequest("", "the body ended early")
	}
	return body, nil
}

// run does the work and encodes what comes of it.
func (r Route) run(ctx context.Context, c *Call, do work) (*answer, error) {
	value, err := do(ctx)
	if err != nil {
		return nil, err
	}
	if d, ok := value.(*scenarios.Decision); ok {
		c.note.reason = d.Reason
	}
	if v := reflect.ValueOf(value); v.Kind() == reflect.Slice && v.IsNil() {
		value = []struct{}{} // an empty list is a list
	}
	b, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	status := r.status
	if s, ok := value.(interface{ HTTPStatus() int }); ok {
		status = s.HTTPStatus()
	}
	return &answer{status, append(b, '\n')}, nil
}

// shortened keeps what a stranger sent from filling an answer or a log line.
func shortened(name string) string {
	const limit = 40
	if len(name) > limit {
		name = strings.ToValidUTF8(name[:limit], "") + "…"
	}
	return name
}
