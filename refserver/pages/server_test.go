package pages

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/refserver/city"
)

// A house is a server whose city's clock stands still until it is moved.
type house struct {
	*Server
	clock *city.Clock
	logs  bytes.Buffer
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{clock: city.NewClock(time.Date(2026, 11, 23, 9, 0, 0, 0, city.Zone))}
	c, err := city.New(city.Config{Clock: h.clock})
	require.NoError(t, err)
	h.Server, err = New(Config{City: c, Log: slog.New(slog.NewTextHandler(&h.logs, nil))})
	require.NoError(t, err)
	h.patience = time.Minute // a busy computer is slower, not different
	return h
}

func (h *house) ask(method, path string, body io.Reader, header ...string) *http.Response {
	r := httptest.NewRequest(method, path, body)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// problemIn checks that an answer is a problem in both languages, in one line
// and without a trace of the program.
func problemIn(t *testing.T, r *http.Response, status int, reason string) problem {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	require.Equal(t, status, r.StatusCode, "%s", body)
	assert.Equal(t, "application/problem+json", r.Header.Get("Content-Type"))
	var p problem
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(&p))
	assert.Equal(t, reason, p.Reason)
	assert.Equal(t, status, p.Status)
	assert.NotEmpty(t, p.Title)
	assert.NotEmpty(t, p.Message.Zh)
	assert.NotEmpty(t, p.Message.En)
	assert.NotContains(t, string(body), ".go")
	assert.NotContains(t, string(body), "goroutine")
	return p
}

func TestPage(t *testing.T) {
	h := newHouse(t)
	r := h.ask("GET", "/", nil)
	require.Equal(t, http.StatusOK, r.StatusCode)
	assert.Equal(t, "text/html; charset=utf-8", r.Header.Get("Content-Type"))
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	page := string(body)
	for _, k := range city.Kinds() {
		assert.Contains(t, page, `value="`+k.ID+`"`)
	}
	for _, g := range h.city.Gates() {
		assert.Contains(t, page, `value="`+g.ID+`"`)
		assert.Contains(t, page, g.Name.Zh)
	}
	assert.Equal(t, 4, strings.Count(page, `data-network="online"`))
	assert.Equal(t, 2, strings.Count(page, `data-network="none"`))
	assert.Contains(t, page, `data-refresh="20"`)
	// What the policy forbids would not run: nothing of it is there.
	for _, inline := range []string{"<style", " style=", " onclick=", " onload=", "javascript:", "http://", "https://"} {
		assert.NotContains(t, page, inline)
	}
	assert.Equal(t, 1, strings.Count(page, "<script"))
}

func TestHeaders(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{"/", "/static/page.js", "/code.svg", "/nowhere"} {
		got := h.ask("GET", path, nil).Header
		assert.Contains(t, got.Get("Content-Security-Policy"), "default-src 'none'; script-src 'self'", path)
		assert.NotContains(t, got.Get("Content-Security-Policy"), "unsafe", path)
		assert.Equal(t, "nosniff", got.Get("X-Content-Type-Options"), path)
		assert.Equal(t, "no-referrer", got.Get("Referrer-Policy"), path)
		assert.NotEmpty(t, got.Get("Cache-Control"), path)
	}
	assert.Equal(t, "no-store", h.ask("GET", "/code.svg", nil).Header.Get("Cache-Control"))
}

func TestStatic(t *testing.T) {
	h := newHouse(t)
	for name, kind := range map[string]string{"page.css": "text/css; charset=utf-8", "page.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml"} {
		r := h.ask("GET", "/static/"+name, nil)
		require.Equal(t, http.StatusOK, r.StatusCode, name)
		assert.Equal(t, kind, r.Header.Get("Content-Type"))
		again := h.ask("GET", "/static/"+name, nil, "If-None-Match", r.Header.Get("ETag"))
		assert.Equal(t, http.StatusNotModified, again.StatusCode, name)
		assert.Equal(t, http.StatusOK, h.ask("HEAD", "/static/"+name, nil).StatusCode, name)
	}
	for _, name := range []string{"page.html", "nothing.css", "..%2fserver.go", ""} {
		problemIn(t, h.ask("GET", "/static/"+name, nil), http.StatusNotFound, "not-found")
	}
}

func TestCode(t *testing.T) {
	h := newHouse(t)
	seen := make(map[string]bool)
	for _, path := range []string{"/code.svg", "/code.svg?profile=transit", "/code.svg?profile=medical", "/code.svg?profile=parking", "/code.svg?profile=universal"} {
		r := h.ask("GET", path, nil)
		require.Equal(t, http.StatusOK, r.StatusCode, path)
		assert.Equal(t, "image/svg+xml", r.Header.Get("Content-Type"))
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		assert.True(t, strings.HasPrefix(string(body), "<svg "), path)
		assert.False(t, seen[string(body)], "every request makes a new code")
		seen[string(body)] = true
	}
	problemIn(t, h.ask("GET", "/code.svg?profile=passport", nil), http.StatusBadRequest, "unknown-profile")
}

func TestUnknown(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{"/nowhere", "/code.png", "/static", "/verify/x"} {
		problemIn(t, h.ask("GET", path, nil), http.StatusNotFound, "not-found")
	}
	for _, c := range []struct{ method, path, allow string }{
		{"POST", "/", "GET, HEAD"}, {"PUT", "/code.svg", "GET, HEAD"}, {"DELETE", "/static/page.js", "GET, HEAD"},
		{"GET", "/verify", "POST"}, {"GET", "/network", "POST"}, {"TRACE", "/verify", "POST"},
	} {
		r := h.ask(c.method, c.path, nil)
		problemIn(t, r, http.StatusMethodNotAllowed, "method")
		assert.Equal(t, c.allow, r.Header.Get("Allow"), c.path)
	}
}

// Another site's page may not use the gates through the visitor's browser.
func TestCrossOrigin(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{"/verify", "/network"} {
		problemIn(t, h.ask("POST", path, nil, "Sec-Fetch-Site", "cross-site"), http.StatusForbidden, "cross-origin")
		problemIn(t, h.ask("POST", path, nil, "Origin", "https://evil.example"), http.StatusForbidden, "cross-origin")
	}
	assert.Equal(t, http.StatusOK, h.ask("GET", "/", nil, "Sec-Fetch-Site", "cross-site").StatusCode, "a link to the page works")
}

// A fault is one line in the log and says nothing to the visitor.
func TestFault(t *testing.T) {
	h := newHouse(t)
	h.mux.HandleFunc("GET /broken", func(http.ResponseWriter, *http.Request) { panic("a secret of the program") })
	p := problemIn(t, h.ask("GET", "/broken", nil), http.StatusInternalServerError, "fault")
	assert.NotContains(t, p.Message.En+p.Title, "secret")
	assert.Equal(t, 1, strings.Count(h.logs.String(), "\n"))
	assert.Contains(t, h.logs.String(), "a secret of the program")
}
