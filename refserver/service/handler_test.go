package service_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/refserver/service"
	"github.com/citizencode/citizencode/refserver/service/servicetest"
	"github.com/citizencode/citizencode/scenarios"
)

func contextWithTimeout(t testing.TB, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), d)
}

func TestProblems(t *testing.T) {
	_, s, d := open(t)
	d.order = func(_ context.Context, _, what string) (string, error) {
		switch what {
		case "gold":
			return "", errSoldOut
		case "fault":
			return "", fmt.Errorf("disk 3 at /secret/path")
		case "slow":
			return "", context.DeadlineExceeded
		}
		return what, nil
	}
	code := `"code":"hello"`
	for _, c := range []struct {
		name, method, path, media, key, body string

		status       int
		reason, says string
	}{
		{"nothing here", "GET", "/", "", "", "", 404, "not-found", ""},
		{"nothing there", "POST", "/v2/orders", "application/json", "k", "{}", 404, "not-found", ""},
		{"two slashes", "GET", "//v1/health", "", "", "", 404, "not-found", ""},
		{"up", "GET", "/v1/../v1/health", "", "", "", 404, "not-found", ""},
		{"no desk", "POST", "/v1/slips", "application/json", "k", "{}", 404, "not-found", ""},
		{"method", "DELETE", "/v1/orders", "", "", "", 405, "method-not-allowed", ""},
		{"method of a visit", "GET", front, "", "", "", 405, "method-not-allowed", ""},
		{"no media type", "POST", front, "", "", "{}", 415, "media-type", ""},
		{"a form", "POST", front, "application/x-www-form-urlencoded", "", "a=b", 415, "media-type", ""},
		{"too large", "POST", front, "application/json", "", `{"code":"` + strings.Repeat("7", service.MaxBody) + `"}`, 413, "too-large", ""},
		{"no JSON", "POST", front, "application/json", "", "{", 400, "bad-request", "body"},
		{"no object", "POST", front, "application/json", "", "[]", 400, "bad-request", "body"},
		{"empty", "POST", front, "application/json", "", "", 400, "bad-request", "body"},
		{"unknown name", "POST", front, "application/json", "", `{"kode":"1"}`, 400, "bad-request", "kode"},
		{"name twice", "POST", front, "application/json", "", `{"code":"1","code":"2"}`, 400, "bad-request", "code"},
		{"wrong type", "POST", front, "application/json", "", `{"code":1}`, 400, "bad-request", "code"},
		{"neither", "POST", front, "application/json", "", `{"action":"open"}`, 400, "bad-request", "code"},
		{"both", "POST", front, "application/json", "k", `{"code":"1","slip":"2","action":"open"}`, 400, "bad-request", "slip"},
		{"slip without key", "POST", front, "application/json", "", `{"slip":"123456789012","action":"open"}`, 400, "idempotency-key-missing", "Idempotency-Key"},
		{"terminal", "POST", "/v1/terminals/cellar/visits", "application/json", "", `{` + code + `,"action":"open"}`, 404, "unknown-terminal", ""},
		{"no key", "POST", "/v1/orders", "application/json", "", `{}`, 400, "idempotency-key-missing", "Idempotency-Key"},
		{"bad key", "POST", "/v1/orders", "application/json", "a b", `{}`, 400, "idempotency-key-malformed", "Idempotency-Key"},
		{"long key", "POST", "/v1/orders", "application/json", strings.Repeat("k", 65), `{}`, 400, "idempotency-key-malformed", "Idempotency-Key"},
		{"bad key of a visit", "POST", front, "application/json", "ä", `{` + code + `,"action":"open"}`, 400, "idempotency-key-malformed", "Idempotency-Key"},
		{"query", "GET", "/v1/orders/7?sort=up", "", "", "", 400, "bad-request", "query.sort"},
		{"query of a POST", "POST", "/v1/orders?x=1", "application/json", "k", "{}", 400, "bad-request", "query.x"},
		{"query twice", "GET", "/v1/orders/7?copies=1&copies=2", "", "", "", 400, "bad-request", "query.copies"},
		{"query no number", "GET", "/v1/orders/7?copies=x", "", "", "", 400, "bad-request", "query.copies"},
		{"day", "GET", "/v1/settlements/yesterday", "", "", "", 400, "bad-request", "day"},
		{"reversal", "POST", "/v1/reversals", "application/json", "k", `{"key":"v","by":"x"}`, 400, "bad-request", "why"},
		{"of the application", "POST", "/v1/orders", "application/json", "gold", `{"what":"gold"}`, 409, "sold-out", ""},
		{"fault", "POST", "/v1/orders", "application/json", "fault", `{"what":"fault"}`, 500, "fault", ""},
		{"slow", "POST", "/v1/orders", "application/json", "slow", `{"what":"slow"}`, 503, "timed-out", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))
			r.Header.Set("Content-Type", c.media)
			if c.key != "" {
				r.Header.Set("Idempotency-Key", c.key)
			}
			got := servicetest.Do(s, r)
			p := got.Problem(t)
			assert.Equal(t, fmt.Sprint(c.status, c.reason, c.says), fmt.Sprint(p.Status, p.Reason, p.Path), got.Body)
			assert.NotContains(t, got.Body, "secret")
			if c.status == http.StatusMethodNotAllowed {
				assert.Equal(t, "POST", got.Header.Get("Allow"))
			}
			if c.status == http.StatusServiceUnavailable {
				assert.Equal(t, "1", got.Header.Get("Retry-After"))
			}
		})
	}
}

// What a terminal's program got wrong is told with its place, and uses no code up.
func TestWrongParams(t *testing.T) {
	w, s, _ := open(t)
	code := w.Citizen("a", citycode.ProfileTransit, citycode.Transit, nil).Show(citycode.Transit)
	p := servicetest.Post(s, front, "", servicetest.Visit(t, code, "close", "")).Problem(t)
	assert.Equal(t, "action", p.Path)
	assert.True(t, decision(t, servicetest.Post(s, front, "", servicetest.Visit(t, code, "open", ""))).Allow)
	w.Clock.Advance(3 * time.Second)
	code = w.Citizen("b", citycode.ProfileTransit, citycode.Transit, nil).Show(citycode.Transit)
	p = servicetest.Post(s, front, "", servicetest.Visit(t, code, "open", `{"wide":true,"high":1}`)).Problem(t)
	assert.Equal(t, fmt.Sprint(400, "params.high"), fmt.Sprint(p.Status, p.Path))
}

func TestIdempotency(t *testing.T) {
	w, s, d := open(t)
	order := func(key, body string) servicetest.Reply { return servicetest.Post(s, "/v1/orders", key, body) }
	first := order("k1", `{"what":"tea"}`)
	require.Equal(t, `{"number":1,"what":"tea"}`+"\n", first.Body)
	assert.Equal(t, first.Body, order("k1", `{"what":"tea"}`).Body)
	assert.Equal(t, first.Body, order(`"k1"`, `{"what":"tea"}`).Body, "as a structured field")
	assert.Equal(t, "idempotency-key-conflict", order("k1", `{"what":"coffee"}`).Problem(t).Reason)
	assert.Equal(t, "idempotency-key-conflict", order("k1", `{"what": "tea"}`).Problem(t).Reason, "bytes, not meaning")
	assert.Equal(t, "idempotency-key-conflict", servicetest.Post(s, "/v1/reversals", "k1", `{"key":"v","by":"b","why":"w"}`).Problem(t).Reason)
	assert.Contains(t, order("k2", `{"what":"tea"}`).Body, `"number":2`)

	// A refusal is kept, a fault is not.
	d.order = func(context.Context, string, string) (string, error) { return "", errSoldOut }
	sold := order("k3", `{"what":"gold"}`)
	require.Equal(t, http.StatusConflict, sold.Status)
	d.order = func(context.Context, string, string) (string, error) { return "", fmt.Errorf("fault") }
	require.Equal(t, http.StatusInternalServerError, order("k4", `{"what":"gold"}`).Status)
	d.order = nil
	assert.Equal(t, sold, order("k3", `{"what":"gold"}`))
	assert.Equal(t, `{"number":5,"what":"gold"}`+"\n", order("k4", `{"what":"gold"}`).Body)
	// What was asked wrongly was not done, and may be put right.
	require.Equal(t, http.StatusBadRequest, order("k5", `{"which":"tea"}`).Status)
	require.Equal(t, http.StatusBadRequest, servicetest.Post(s, "/v1/reversals", "k5", `{"key":"v","by":"b"}`).Status)
	assert.Equal(t, http.StatusOK, servicetest.Post(s, "/v1/reversals", "k5", `{"key":"v","by":"b","why":"w"}`).Status)

	// A visit is kept too where it has a key: the answer and not the repeat.
	visit := servicetest.Visit(t, w.Citizen("a", citycode.ProfileTransit, citycode.Transit, nil).Show(citycode.Transit), "open", "")
	opened := servicetest.Post(s, front, "v1", visit)
	require.True(t, decision(t, opened).Allow)
	assert.Equal(t, opened.Body, servicetest.Post(s, front, "v1", visit).Body)

	// All of that is there after a restart.
	require.NoError(t, s.Close())
	s = w.Open(d.application())
	assert.Equal(t, first.Body, order("k1", `{"what":"tea"}`).Body)
	assert.Equal(t, opened.Body, servicetest.Post(s, front, "v1", visit).Body)
	assert.Equal(t, "idempotency-key-conflict", order("k3", `{"what":"tea"}`).Problem(t).Reason)
	assert.Equal(t, int64(5), d.orders.Load())

	// Until it is too old, or too many have come.
	w.Clock.Advance(service.AnswerLife + time.Second)
	assert.Contains(t, order("k1", `{"what":"coffee"}`).Body, `"number":6`)
	s.SetAnswers(service.AnswerLife, 3, time.Second)
	for i := range 3 {
		order(fmt.Sprint("m", i), `{"what":"tea"}`)
	}
	assert.Contains(t, order("m0", `{"what":"tea"}`).Body, `"number":7`)
	assert.Contains(t, order("k1", `{"what":"coffee"}`).Body, `"number":10`)
}

// Of many that come at once with one key, one is done.
func TestConcurrentKey(t *testing.T) {
	_, s, d := open(t)
	begun, release := make(chan struct{}, 20), make(chan struct{})
	d.order = func(_ context.Context, _, what string) (string, error) {
		begun <- struct{}{}
		<-release
		return what, nil
	}
	bodies := make(chan string, 10)
	for range cap(bodies) {
		go func() { bodies <- servicetest.Post(s, "/v1/orders", "k", `{"what":"tea"}`).Body }()
	}
	<-begun
	assert.Equal(t, "idempotency-key-conflict", servicetest.Post(s, "/v1/orders", "k", `{"what":"coffee"}`).Problem(t).Reason)
	close(release)
	for range cap(bodies) {
		assert.Equal(t, `{"number":1,"what":"tea"}`+"\n", <-bodies)
	}

	// Who waits too long is told to come again.
	release = make(chan struct{})
	go func() { bodies <- servicetest.Post(s, "/v1/orders", "l", `{"what":"tea"}`).Body }()
	<-begun
	s.SetAnswers(service.AnswerLife, service.MaxAnswers, time.Millisecond)
	got := servicetest.Post(s, "/v1/orders", "l", `{"what":"tea"}`)
	assert.Equal(t, "idempotency-key-in-progress", got.Problem(t).Reason)
	assert.Equal(t, "1", got.Header.Get("Retry-After"))
	close(release)
	assert.Contains(t, <-bodies, `"number":2`)
}

// What has begun is finished although nobody listens any more.
func TestClientGone(t *testing.T) {
	_, s, d := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	d.order = func(ctx context.Context, _, what string) (string, error) {
		cancel()
		return what, ctx.Err()
	}
	servicetest.Do(s, servicetest.Request("/v1/orders", "k", `{"what":"tea"}`).WithContext(ctx))
	assert.Equal(t, `{"number":1,"what":"tea"}`+"\n", servicetest.Post(s, "/v1/orders", "k", `{"what":"tea"}`).Body)
}

func TestOverloaded(t *testing.T) {
	_, s, d := open(t)
	begun, release := make(chan struct{}), make(chan struct{})
	d.order = func(_ context.Context, _, what string) (string, error) {
		begun <- struct{}{}
		<-release
		return what, nil
	}
	var all sync.WaitGroup
	for i := range service.MaxRequests {
		all.Go(func() { servicetest.Post(s, "/v1/orders", fmt.Sprint(i), `{"what":"tea"}`) })
		<-begun
	}
	got := servicetest.Get(s, "/v1/health")
	assert.Equal(t, "overloaded", got.Problem(t).Reason)
	assert.Equal(t, "1", got.Header.Get("Retry-After"))
	close(release)
	all.Wait()
	assert.Equal(t, http.StatusOK, servicetest.Get(s, "/v1/health").Status)
}

func TestCrossOrigin(t *testing.T) {
	_, s, _ := open(t)
	r := servicetest.Request("/v1/orders", "k", `{"what":"tea"}`)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	assert.Equal(t, "cross-origin", servicetest.Do(s, r).Problem(t).Reason)
}

// A panic is one problem and one line, and says nothing of what was asked.
func TestPanic(t *testing.T) {
	w, d := servicetest.New(t), new(door)
	var log bytes.Buffer
	w.Options.Log = slog.New(slog.NewTextHandler(&log, nil))
	s := w.Open(d.application())
	d.order = func(_ context.Context, _, what string) (string, error) { panic("cannot make " + what) }
	d.handle = func(_ context.Context, v *scenarios.Visit) (*scenarios.Decision, error) {
		panic(v.Citizen.Person().String())
	}
	a := w.Citizen("a", citycode.ProfileTransit, citycode.Transit, nil)
	assert.Equal(t, "fault", servicetest.Post(s, "/v1/orders", "k", `{"what":"gold"}`).Problem(t).Reason)
	assert.Equal(t, "fault", servicetest.Post(s, front, "", servicetest.Visit(t, a.Show(citycode.Transit), "open", "")).Problem(t).Reason)
	assert.NotContains(t, log.String(), "gold")
	assert.NotContains(t, log.String(), hex.EncodeToString(a.Claims.Subject))
	assert.Contains(t, log.String(), "fault=string")
	assert.Contains(t, log.String(), "service_test.TestPanic")
	d.order, d.handle = nil, nil
	assert.Contains(t, servicetest.Post(s, "/v1/orders", "k", `{"what":"gold"}`).Body, `"gold"`, "the same is done again")
	w.Clock.Advance(3 * time.Second)
	assert.True(t, decision(t, servicetest.Post(s, front, "", servicetest.Visit(t, a.Show(citycode.Transit), "open", ""))).Allow, "the lane is free again")
}

// Nothing that says who somebody is comes into the log, whatever is asked.
func TestLogSaysNothingOfPersons(t *testing.T) {
	w, d := servicetest.New(t), new(door)
	var log bytes.Buffer
	w.Options.Log, w.Options.DeskToken = slog.New(slog.NewTextHandler(&log, nil)), "token-of-the-desk-1"
	s := w.Open(d.application())
	a := w.Citizen("a", citycode.ProfileTransit, citycode.Transit, nil)
	subject := hex.EncodeToString(a.Claims.Subject)
	text := servicetest.Text(t, a.Show(citycode.Transit))
	r := servicetest.Request("/v1/slips", "k1", `{"person":"210100-`+subject+`","seconds":60}`)
	r.Header.Set("Authorization", "Bearer "+w.Options.DeskToken)
	slip := servicetest.Do(s, r)
	require.Equal(t, http.StatusOK, slip.Status, slip.Body)
	number, _, _ := strings.Cut(strings.TrimPrefix(slip.Body, `{"number":"`), `"`)
	for i, body := range []string{
		`{"code":"` + text + `","action":"open"}`, `{"code":"` + text + `","action":"open","params":{"wide":"` + subject + `"}}`,
		`{"code":"` + text + `","action":"` + subject + `"}`, `{"slip":"` + number + `","action":"open"}`, `{"code":"` + subject + `","action":"open"}`,
		`{"` + subject + `":1}`,
	} {
		servicetest.Post(s, front, fmt.Sprint("v", i), body)
	}
	servicetest.Get(s, "/v1/orders/"+subject)
	servicetest.Get(s, "/v1/orders/7?copies="+subject)
	servicetest.Get(s, "/"+subject)
	lines := log.String()
	assert.GreaterOrEqual(t, strings.Count(lines, "\n"), 10)
	for what, secret := range map[string]string{"subject": subject, "code": text, "slip": number, "token": w.Options.DeskToken, "serial": "#0:"} {
		assert.NotContains(t, lines, secret, what)
	}
	assert.Contains(t, lines, "route=/v1/terminals/{terminal}/visits status=200 reason=ok")
	assert.Contains(t, lines, "route=/v1/orders/{number} status=400 reason=bad-request")
}
