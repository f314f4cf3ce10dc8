package service_test

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/refserver/service"
	"github.com/citizencode/citizencode/refserver/service/servicetest"
	"github.com/citizencode/citizencode/refserver/store"
	"github.com/citizencode/citizencode/scenarios"
)

const front, back = "/v1/terminals/front/visits", "/v1/terminals/back/visits"

func decision(t testing.TB, r servicetest.Reply) scenarios.Decision {
	t.Helper()
	var d scenarios.Decision
	r.Into(t, &d)
	return d
}

func TestVisit(t *testing.T) {
	w, s, _ := open(t)
	a := w.Citizen("a", citycode.ProfileTransit, citycode.Transit, func(c *citycode.Claims) { c.Benefit = 3 })
	code := servicetest.Visit(t, a.Show(citycode.Transit), "open", `{"wide":true}`)
	first := servicetest.Post(s, front, "", code)
	assert.Equal(t, `{"allow":true,"reason":"ok","message":{"zh":"请进","en":"Come in"},"outcome":{"benefit":3,"wide":true}}`+"\n", first.Body)
	assert.Equal(t, "application/json", first.Header.Get("Content-Type"))
	assert.Equal(t, "no-store", first.Header.Get("Cache-Control"))
	assert.True(t, decision(t, servicetest.Post(s, front, "", code)).Repeated, "the camera sees it again")
	assert.Equal(t, "replayed", decision(t, servicetest.Post(s, back, "", code)).Reason, "a screenshot at the other terminal")
	w.Clock.Advance(time.Second)
	assert.Equal(t, "wrong-audience", decision(t, servicetest.Post(s, front, "",
		servicetest.Visit(t, w.Citizen("b", citycode.ProfileTransit, citycode.Parking, nil).Show(citycode.Parking), "open", ""))).Reason)
	for _, text := range []string{"hello", "77", "https://example.com/", `\u0000`} {
		assert.Equal(t, "malformed", decision(t, servicetest.Post(s, front, "", `{"code":"`+text+`","action":"open"}`)).Reason, text)
	}
	pay := decision(t, servicetest.Post(s, front, "", `{"code":"281234567890123456","action":"open"}`))
	assert.Contains(t, pay.Message.Zh, "付款码", "somebody else's code is named")

	// A partner's code in front of the text of a profile that has one: the
	// scenario does not take that profile, and the code was found and verified.
	w.Clock.Advance(time.Second)
	const partner = "6901234567890123456789012345"
	fused := w.Citizen("f", citycode.ProfileFused, citycode.Transit|citycode.Medical, nil)
	token, err := fused.Present(citycode.Presentation{Time: w.Clock.Now(), Audience: citycode.Transit, Prefix: partner})
	require.NoError(t, err)
	assert.Equal(t, "profile-not-served", decision(t, servicetest.Post(s, front, "", `{"code":"`+partner+servicetest.Text(t, token)+`","action":"open"}`)).Reason)

	var m struct {
		Decisions []struct {
			Terminal, Reason string
			Repeated         bool
			Count            int
		}
		Scenario []scenarios.Metric
	}
	servicetest.Get(s, "/v1/metrics").Into(t, &m)
	assert.Equal(t, "[{back replayed false 1} {front malformed false 5} {front ok false 1} {front ok true 1} {front profile-not-served false 1} {front wrong-audience false 1}]", fmt.Sprint(m.Decisions))
	assert.Equal(t, "open", m.Scenario[0].Name)
}

// What was accepted before a stop is refused after the start.
func TestReplayAfterRestart(t *testing.T) {
	w, s, d := open(t)
	a := w.Citizen("a", citycode.ProfileTransit, citycode.Transit, nil)
	code := servicetest.Visit(t, a.Show(citycode.Transit), "open", "")
	require.True(t, decision(t, servicetest.Post(s, front, "", code)).Allow)
	require.NoError(t, s.Close())
	s = w.Open(d.application())
	for _, at := range []string{front, back} {
		assert.Equal(t, "replayed", decision(t, servicetest.Post(s, at, "", code)).Reason)
	}
	w.Clock.Advance(2 * time.Second)
	assert.True(t, decision(t, servicetest.Post(s, back, "", servicetest.Visit(t, a.Show(citycode.Transit), "open", ""))).Allow)
}

// A journal does not grow for ever, and a start knows what a shortened one held.
func TestJournalIsBegunAnew(t *testing.T) {
	w, d := servicetest.New(t), new(door)
	w.Options.SetMaxJournal(1000)
	s := w.Open(d.application())
	a := w.Citizen("a", citycode.ProfileTransit, citycode.Transit, nil)
	var last string
	for range 100 {
		w.Clock.Advance(10 * time.Second)
		last = servicetest.Visit(t, a.Show(citycode.Transit), "open", "")
		require.True(t, decision(t, servicetest.Post(s, front, "", last)).Allow)
	}
	info, err := os.Stat(filepath.Join(w.Options.Data, "journals", "front.journal"))
	require.NoError(t, err)
	assert.Less(t, info.Size(), int64(2500))
	require.NoError(t, s.Close())
	s = w.Open(d.application())
	assert.Equal(t, "replayed", decision(t, servicetest.Post(s, front, "", last)).Reason)
}

func TestListsChange(t *testing.T) {
	w, s, _ := open(t)
	a := w.Citizen("a", citycode.ProfileTransit, citycode.Transit, nil)
	show := func() string {
		w.Clock.Advance(3 * time.Second)
		return decision(t, servicetest.Post(s, front, "", servicetest.Visit(t, a.Show(citycode.Transit), "open", ""))).Reason
	}
	var h struct {
		OK       bool
		Refused  int `json:"listsRefused"`
		Problems []string
		Lists    []struct {
			List, Version string
			AgeSeconds    int64
		}
		Journals []struct {
			Terminal string
			Bytes    int64
		}
	}
	require.Equal(t, "ok", show())
	require.NoError(t, s.Reload(t.Context()), "nothing has changed")
	require.NoError(t, w.Register[w.Issuer.ID()].Set(a.Claims.Index, citycode.StatusRevoked))
	w.Publish()
	assert.Equal(t, "ok", show(), "nobody has looked yet")
	require.NoError(t, s.Reload(t.Context()))
	assert.Equal(t, "revoked", show())
	w.Clock.Advance(time.Minute)
	servicetest.Get(s, "/v1/health").Into(t, &h)
	assert.True(t, h.OK)
	assert.Zero(t, h.Refused)
	assert.Equal(t, "trust", h.Lists[0].List)
	assert.Equal(t, int64(66), h.Lists[0].AgeSeconds)
	assert.Equal(t, "front", h.Journals[0].Terminal)
	assert.Greater(t, h.Journals[0].Bytes, h.Journals[1].Bytes)

	// What is damaged on the way is not taken; the last good lists stay.
	require.NoError(t, store.WriteFile(filepath.Join(w.Options.Lists, store.TrustName), []byte("nonsense"), store.Public))
	require.NoError(t, s.Reload(t.Context()))
	assert.Equal(t, "revoked", show())
	servicetest.Get(s, "/v1/health").Into(t, &h)
	assert.True(t, h.OK)
	assert.Equal(t, 1, h.Refused)
	require.NoError(t, os.RemoveAll(w.Options.Lists))
	require.NoError(t, s.Reload(t.Context()))
	assert.Equal(t, "revoked", show())

	// Lists that have run out, and a clock that is behind what was signed.
	w.Clock.Advance(400 * 24 * time.Hour)
	got := servicetest.Get(s, "/v1/health")
	assert.Equal(t, http.StatusServiceUnavailable, got.Status)
	assert.Contains(t, got.Body, `"problems":["trust-stale"]`)
	w.Clock.Set(w.Clock.Now().Add(-500 * 24 * time.Hour))
	assert.Contains(t, servicetest.Get(s, "/v1/health").Body, `"problems":["terminal-clock-wrong"]`)
}

func TestDescription(t *testing.T) {
	_, s, _ := open(t)
	assert.JSONEq(t, `{"id":"door","purpose":{"zh":"进门","en":"to come in"},"group":{"zh":"公共","en":"public services"},"audience":"transit","actions":["open"],
		"carriers":["phone","card","paper"],"identity":"pseudonym","claims":["benefit-class"],"offline":{"unlimited":false,"uses":3,"fen":0,"spacingSeconds":1},
		"terminals":["front","back"]}`, servicetest.Get(s, "/v1/description").Body)
	assert.JSONEq(t, `{"day":"2026-11-22","closed":false,"lines":[{"party":"door","count":2,"fen":200}]}`, servicetest.Get(s, "/v1/settlements/2026-11-22").Body)
	assert.JSONEq(t, `{"debit":0,"credit":0,"net":0}`, servicetest.Get(s, "/v1/ledger/totals").Body)
	assert.JSONEq(t, `{"number":"7","copies":1}`, servicetest.Get(s, "/v1/orders/7").Body)
	assert.JSONEq(t, `{"number":"7","copies":3}`, servicetest.Get(s, "/v1/orders/7?copies=3").Body)
	var d scenarios.Decision
	servicetest.Post(s, "/v1/reversals", "r-1", `{"key":"visit 1","by":"staff-7","why":"wrong door"}`).Into(t, &d)
	assert.JSONEq(t, `{"Key":"visit 1","Request":"r-1","By":"staff-7","Why":"wrong door","Time":"2026-11-22T00:00:00Z"}`, string(d.Outcome))
}

// Two servers on one directory would each take the same code.
func TestOneServerForADirectory(t *testing.T) {
	w, _, d := open(t)
	ctx, cancel := contextWithTimeout(t, time.Second)
	defer cancel()
	_, err := service.Open(ctx, d.application(), w.Options)
	assert.ErrorContains(t, err, "another process works on it")
}

func TestOpenRefuses(t *testing.T) {
	w, d := servicetest.New(t), new(door)
	app := d.application()
	for _, names := range [][]string{nil, {"a", "a"}, {"../a"}, {"A"}, {""}, {"a-"}, make([]string, service.MaxTerminals+1)} {
		app.Terminals = names
		_, err := service.Open(t.Context(), app, w.Options)
		assert.ErrorContains(t, err, "config.terminals", "%q", names)
	}
	empty := w.Options
	empty.Lists = t.TempDir()
	empty.Data = t.TempDir()
	_, err := service.Open(t.Context(), d.application(), empty)
	assert.ErrorContains(t, err, "roots.json")
	_, err = service.Open(t.Context(), d.application(), service.Options{Lists: w.Options.Lists})
	assert.Error(t, err)
	var c struct {
		Bays int `json:"bays"`
	}
	assert.ErrorContains(t, service.ReadConfig([]byte(`{"bays":1,"bay":2}`), &c), "config.bay: unknown")
	w.Open(d.application()) // what was refused holds no lock
}

// A card answers the challenge that this terminal drew last, in time, once.
func TestCard(t *testing.T) {
	w, s, _ := open(t)
	card := w.Citizen("c", citycode.ProfileCard, citycode.Transit, nil)
	ask := func(at string) string {
		var a struct{ Challenge string }
		servicetest.Post(s, strings.Replace(at, "/visits", "/challenges", 1), "", `{}`).Into(t, &a)
		require.Len(t, a.Challenge, 32)
		return a.Challenge
	}
	show := func(at, challenge, named string) string {
		b, err := hex.DecodeString(challenge)
		require.NoError(t, err)
		body := fmt.Sprintf(`{"code":%q,"action":"open","challenge":%q}`, servicetest.Text(t, card.Answer(citycode.Transit, b)), named)
		return decision(t, servicetest.Post(s, at, "", body)).Reason
	}
	first := ask(front)
	assert.Equal(t, "ok", show(front, first, first))
	w.Clock.Advance(time.Second)
	assert.Equal(t, "challenge-reused", show(front, first, first))

	other := ask(back)
	assert.Equal(t, "challenge-mismatch", show(front, other, other), "drawn for another terminal")
	late := ask(front)
	assert.Equal(t, "challenge-mismatch", show(front, late, ""), "the terminal does not say that it asked")
	newer := ask(front)
	assert.Equal(t, "challenge-mismatch", show(front, late, late), "a later one was drawn")
	assert.Equal(t, "challenge-mismatch", show(front, late, newer))
	w.Clock.Advance(3 * time.Second)
	assert.Equal(t, "challenge-expired", show(front, newer, newer))
	assert.Equal(t, http.StatusNotFound, servicetest.Post(s, "/v1/terminals/side/challenges", "", `{}`).Status)
}
