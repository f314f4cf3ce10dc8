// Package servicetest opens a server over a test city: its lists in a
// directory, its clock, and requests without a network.
package servicetest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/qr"
	"github.com/citizencode/citizencode/refserver/service"
	"github.com/citizencode/citizencode/refserver/store"
)

// A World is a city that publishes its lists into a directory, and the data
// directory of one server.
type World struct {
	*citycodetest.City
	Options service.Options
	version uint32
}

// New returns a world whose lists are published.
func New(tb testing.TB) *World {
	tb.Helper()
	w := &World{City: citycodetest.NewCity(tb, citycodetest.Shenyang)}
	dir := tb.TempDir()
	w.Options = service.Options{Lists: filepath.Join(dir, "public"), Data: filepath.Join(dir, "data"), Now: w.Clock.Now, Elapsed: w.Clock.Elapsed}
	require.NoError(tb, os.Mkdir(w.Options.Lists, 0o755))
	trust := w.TrustConfig()
	roots := &store.Roots{City: w.Code, Epoch: 1, Threshold: trust.Threshold, Keys: trust.Roots}
	require.NoError(tb, roots.Write(w.path(store.RootsName)))
	w.Publish()
	return w
}

func (w *World) path(name string) string { return filepath.Join(w.Options.Lists, name) }

// Publish writes the city's lists as they are now.
func (w *World) Publish() {
	w.TB.Helper()
	w.version++
	w.Draft.Version, w.Draft.IssuedAt = citycode.Version{Epoch: 1, Counter: w.version}, w.Clock.Now()
	require.NoError(w.TB, store.WriteFile(w.path(store.TrustName), w.TrustMessage(), store.Public))
	w.PublishStatus()
}

// PublishStatus writes the status lists alone.
func (w *World) PublishStatus() {
	w.TB.Helper()
	for _, issuer := range []citycode.KeyID{w.Issuer.ID(), w.Printer.ID(), w.Implicit.ID()} {
		require.NoError(w.TB, store.WriteFile(w.path(store.StatusName(issuer, 0)), w.StatusMessage(issuer), store.Public))
	}
}

// Open opens a server. It is closed when the test ends, if not before.
func (w *World) Open(app service.Application) *service.Server {
	w.TB.Helper()
	s, err := service.Open(w.TB.Context(), app, w.Options)
	require.NoError(w.TB, err)
	w.TB.Cleanup(func() { s.Close() })
	return s
}

// Text returns what a scanner reads.
func Text(tb testing.TB, token *citycode.Token) string {
	tb.Helper()
	text, err := qr.EncodeDecimal(token.Bytes())
	require.NoError(tb, err)
	return text
}

// Visit returns the body of a visit by code. params may be empty.
func Visit(tb testing.TB, token *citycode.Token, action, params string) string {
	tb.Helper()
	body := map[string]any{"code": Text(tb, token), "action": action}
	if params != "" {
		body["params"] = json.RawMessage(params)
	}
	b, err := json.Marshal(body)
	require.NoError(tb, err)
	return string(b)
}

// A Reply is the answer to a request.
type Reply struct {
	Status int
	Header http.Header
	Body   string
}

// Get asks with GET.
func Get(h http.Handler, path string) Reply {
	return Do(h, httptest.NewRequest(http.MethodGet, path, nil))
}

// Post asks with POST under an Idempotency-Key, which may be empty.
func Post(h http.Handler, path, key, body string) Reply {
	return Do(h, Request(path, key, body))
}

// Request returns the request of Post.
func Request(path, key, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	return r
}

// Do asks.
func Do(h http.Handler, r *http.Request) Reply {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return Reply{w.Code, w.Header(), w.Body.String()}
}

// Into decodes an answer that must have the status 200.
func (r Reply) Into(tb testing.TB, v any) {
	tb.Helper()
	require.Equal(tb, http.StatusOK, r.Status, r.Body)
	require.NoError(tb, json.Unmarshal([]byte(r.Body), v))
}

// Problem decodes an answer that must be a problem.
func (r Reply) Problem(tb testing.TB) service.Problem {
	tb.Helper()
	require.Equal(tb, "application/problem+json", r.Header.Get("Content-Type"), r.Body)
	var p service.Problem
	require.NoError(tb, json.Unmarshal([]byte(r.Body), &p))
	require.Equal(tb, r.Status, p.Status)
	require.Equal(tb, http.StatusText(p.Status), p.Title)
	require.Equal(tb, "about:blank", p.Type)
	return p
}
