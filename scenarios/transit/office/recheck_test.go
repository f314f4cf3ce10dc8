package office_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/transit"
	"github.com/citizencode/citizencode/scenarios/transit/office"
	"github.com/citizencode/citizencode/scenarios/transit/tap"
)

// sets are the lists that gates have used, by name.
type sets map[string]citycode.VerifierConfig

// verifier implements [office.Judge].
func (s sets) verifier(_ context.Context, lists string) (*citycode.Verifier, error) {
	cfg, known := s[lists]
	if !known {
		return nil, fmt.Errorf("%s: %w", lists, fs.ErrNotExist)
	}
	cfg.Now = func() time.Time { panic("a verdict by the clock of today") }
	return citycode.NewVerifier(cfg)
}

// A town's gate that records codes, and what each code was shown with.
type recording struct {
	*citycodetest.City
	t      testing.TB
	lane   *scenarios.Terminal
	queue  *tap.Memory
	sets   sets
	people int
	asked  map[string]citycode.Check // by key of the visit: what only the gate knows
}

func newRecording(t testing.TB, name string) *recording {
	t.Helper()
	r := &recording{City: citycodetest.NewCity(t, citycodetest.Shenyang), t: t, queue: tap.NewMemory(), sets: make(sets), asked: make(map[string]citycode.Check)}
	r.sets["first"] = r.lists()
	cfg := r.sets["first"]
	cfg.Now, cfg.Replay, cfg.InsecureNoReplayGuard, cfg.Hints = r.Clock.Now, r.Guard(), false, true
	verifier, err := citycode.NewVerifier(cfg)
	require.NoError(t, err)
	r.lane, err = scenarios.NewTerminal(scenarios.TerminalConfig{Name: name, Scenario: transit.New(transit.Config{Queue: r.queue}), Verifier: verifier, Lists: "first",
		Now: r.Clock.Now, Online: func() bool { return true }})
	require.NoError(t, err)
	return r
}

// lists are the city's lists as they are now.
func (r *recording) lists() citycode.VerifierConfig {
	trust := r.Trust(nil)
	return citycode.VerifierConfig{Trust: trust, Status: r.Status(trust), InsecureNoReplayGuard: true}
}

// rider is a person with a code of a profile.
func (r *recording) rider(profile citycode.ProfileID) *citycodetest.Citizen {
	r.people++
	scenes := citycode.Transit
	if profile == citycode.ProfileFused {
		scenes |= citycode.Medical
	}
	return r.Citizen(fmt.Sprint("rider ", r.people), profile, scenes, func(c *citycode.Claims) { c.Subject = []byte(fmt.Sprintf("rider%03d", r.people)) })
}

// board lets a rider in and returns what the gate has recorded.
func (r *recording) board(who *citycodetest.Citizen) tap.Tap {
	r.t.Helper()
	r.Clock.Advance(4 * time.Second)
	q := scenarios.Request{Action: transit.Board, Params: json.RawMessage(`{"line":"A"}`)}
	p := citycode.Presentation{Time: r.Clock.Now(), Audience: citycode.Transit}
	switch who.Claims.Profile {
	case citycode.ProfileCard:
		var err error
		q.Challenge, err = citycode.NewChallenge(citycode.ChallengeConfig{Terminal: []byte("gate"), Now: r.Clock.Now()})
		require.NoError(r.t, err)
		p.Challenge = q.Challenge.Bytes()
	case citycode.ProfileFused:
		q.Prefix = "6901234567890123456789012345"
		p.Prefix = q.Prefix
	}
	token, err := who.Present(p)
	require.NoError(r.t, err)
	q.Code = token.Bytes()
	d, err := r.lane.Decide(r.t.Context(), q)
	require.NoError(r.t, err)
	require.True(r.t, d.Allow, d.Reason)
	waiting := r.queue.Waiting(tap.MaxQueue)
	t := waiting[len(waiting)-1]
	r.asked[t.Key] = citycode.Check{Audience: citycode.Transit, Online: true, Prefix: q.Prefix}
	if q.Challenge != nil {
		c := r.asked[t.Key]
		c.Challenge = citycode.RestoreChallenge(p.Challenge, t.Time, false)
		r.asked[t.Key] = c
	}
	return t
}

// alone is the verdict of a verifier that scans the code by itself, at the time of
// the tap: the oracle.
func (r *recording) alone(t tap.Tap) string {
	r.t.Helper()
	b, err := base64.StdEncoding.DecodeString(t.Evidence.Code)
	require.NoError(r.t, err)
	cfg := r.sets[t.Evidence.Lists]
	cfg.Now = func() time.Time { return t.Time }
	v, err := citycode.NewVerifier(cfg)
	require.NoError(r.t, err)
	token, err := citycode.ParseToken(b)
	if err == nil {
		check := r.asked[t.Key]
		if check.Challenge != nil {
			check.Challenge = citycode.RestoreChallenge(check.Challenge.Bytes(), t.Time, false)
		}
		_, err = v.Verify(token, check)
	}
	var refused *citycode.VerifyError
	if err == nil {
		return office.CodeGood
	}
	require.ErrorAs(r.t, err, &refused)
	return refused.Reason.String()
}

// flip flips a bit of the code in a record, by its byte from the end.
func flip(t tap.Tap, fromEnd int) tap.Tap {
	b, _ := base64.StdEncoding.DecodeString(t.Evidence.Code)
	b[len(b)-fromEnd] ^= 4
	t.Evidence.Code = base64.StdEncoding.EncodeToString(b)
	return t
}

// mixed is a day of a gate with every kind of record, and what must be said of
// each.
func (r *recording) mixed() (taps []tap.Tap, want []string) {
	add := func(t tap.Tap, verdict string) {
		t.Sequence = uint64(len(taps) + 1)
		taps, want = append(taps, t), append(want, verdict)
	}
	for _, profile := range []citycode.ProfileID{citycode.ProfileTransit, citycode.ProfileUniversal, citycode.ProfileCard, citycode.ProfileFused} {
		good := r.board(r.rider(profile))
		require.NotZero(r.t, good.Evidence.Hint)
		add(good, "ok")
		add(flip(r.board(r.rider(profile)), 1), "bad-holder-signature")
		for _, hint := range []uint8{0, good.Evidence.Hint ^ 1, 77, 255} {
			t := r.board(r.rider(profile))
			t.Evidence.Hint = hint
			add(t, "ok")
			forged := flip(r.board(r.rider(profile)), 1)
			forged.Evidence.Hint = hint
			add(forged, "bad-holder-signature")
		}
		later := r.board(r.rider(profile))
		later.Time = later.Time.Add(92 * time.Second)
		add(later, "code-too-old")
		later = r.board(r.rider(profile))
		later.Time = later.Time.Add(8 * 24 * time.Hour)
		if profile != citycode.ProfileCard { // that lives for years
			add(later, "expired")
		}
	}
	add(flip(r.board(r.rider(citycode.ProfileTransit)), 64+1+10+3), "bad-issuer-signature")

	// The same card with the lists of before and after it was lost.
	lost := r.rider(citycode.ProfileCard)
	before, after := r.board(lost), r.board(lost)
	require.NoError(r.t, r.Register[r.Issuer.ID()].Set(lost.Claims.Index, citycode.StatusRevoked))
	r.sets["second"] = r.lists()
	after.Evidence.Lists = "second"
	add(before, "ok")
	add(after, "revoked")
	good := r.board(r.rider(citycode.ProfileTransit))
	good.Evidence.Lists = "second"
	add(good, "ok")
	return taps, want
}

// TestVerdicts: whatever is recorded, and in whatever company, a code has the
// verdict that a verifier has of it alone, at the time of the tap and by the
// lists of the gate.
func TestVerdicts(t *testing.T) {
	r := newRecording(t, "gate A")
	taps, want := r.mixed()
	for i := range taps {
		require.Equal(t, want[i], r.alone(taps[i]), i)
	}
	judge := office.Judge(r.sets.verifier)
	got, err := judge.Verdicts(t.Context(), taps)
	require.NoError(t, err)
	assert.Equal(t, want, got)
	for i := range taps {
		got, err := judge.Verdicts(t.Context(), taps[i:i+1])
		require.NoError(t, err)
		assert.Equal(t, want[i:i+1], got, i)
	}
	// A code that must be asked about online: whether the gate was is in its record.
	online := citycode.TransitProfile()
	online.OnlineScenes = citycode.Transit
	pinned := r.Draft.Entries[0].Profiles
	for i := range pinned {
		if pinned[i].ID == online.ID {
			pinned[i] = citycode.PinProfile(online)
		}
	}
	cfg := r.lists()
	cfg.Profiles = []citycode.Profile{online}
	r.sets["online"] = cfg
	with := r.board(r.rider(citycode.ProfileTransit))
	with.Evidence.Lists = "online"
	without := with
	without.Online = false
	got, err = judge.Verdicts(t.Context(), []tap.Tap{with, without})
	require.NoError(t, err)
	assert.Equal(t, []string{"ok", "online-required"}, got)

	// Forged records about good codes, and what cannot be judged.
	good, other := r.board(r.rider(citycode.ProfileTransit)), r.board(r.rider(citycode.ProfileTransit))
	for name, c := range map[string]struct {
		spoil func(*tap.Tap)
		want  string
	}{
		"as it was":               {func(t *tap.Tap) {}, "ok"},
		"the code of another":     {func(t *tap.Tap) { t.Evidence = other.Evidence }, office.OtherCode},
		"another's ride":          {func(t *tap.Tap) { t.Person = other.Person }, office.OtherCode},
		"another showing":         {func(t *tap.Tap) { t.Showing = other.Showing }, office.OtherCode},
		"another credential":      {func(t *tap.Tap) { t.Serial = other.Serial }, office.OtherCode},
		"one code twice":          {func(t *tap.Tap) { t.Key += " again" }, office.OtherCode},
		"another gate":            {func(t *tap.Tap) { t.Gate = "gate B" }, office.OtherCode},
		"a benefit":               {func(t *tap.Tap) { t.Benefit = 3 }, office.OtherCode},
		"a newer credential":      {func(t *tap.Tap) { t.Issued = t.Issued.Add(time.Second) }, office.OtherCode},
		"another carrier":         {func(t *tap.Tap) { t.Carrier = "card" }, office.OtherCode},
		"paper":                   {func(t *tap.Tap) { t.Carrier, t.Serial = "paper", "" }, office.OtherCode},
		"no code":                 {func(t *tap.Tap) { t.Evidence = tap.Evidence{} }, office.Unchecked},
		"no lists":                {func(t *tap.Tap) { t.Evidence.Lists = "" }, office.Unchecked},
		"lists that nobody keeps": {func(t *tap.Tap) { t.Evidence.Lists = "third" }, office.Unchecked},
		"no Base64":               {func(t *tap.Tap) { t.Evidence.Code = "#" }, "malformed"},
		"cut short":               {func(t *tap.Tap) { t.Evidence.Code = t.Evidence.Code[:100] }, "malformed"},
		"no code of ours":         {func(t *tap.Tap) { t.Evidence.Code = "AAAA" }, "malformed"},
		"a printed code": {func(t *tap.Tap) {
			v, err := r.Verifier(nil).Verify(r.Place(nil), citycode.Check{})
			require.NoError(r.t, err)
			who := scenarios.CitizenOf(v, scenarios.Description{Identity: scenarios.Pseudonym})
			t.Serial, t.Showing, t.Key, t.Person, t.Issued = who.Serial().String(), who.Showing(), who.Showing()+"@"+t.Gate, who.Person().String(), who.IssuedAt()
			t.Evidence = tap.EvidenceOf(string(v.Bytes()), 0, "first")
		}, office.OtherCode},
	} {
		spoilt := good
		c.spoil(&spoilt)
		got, err := judge.Verdicts(t.Context(), []tap.Tap{other, spoilt, good})
		require.NoError(t, err)
		assert.Equal(t, []string{"ok", c.want, "ok"}, got, name)
	}
	failing := office.Judge(func(context.Context, string) (*citycode.Verifier, error) { return nil, context.DeadlineExceeded })
	_, err = failing.Verdicts(t.Context(), taps)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
}

// recheck runs Recheck of a desk.
func recheck(d *desk) *office.Rechecked {
	d.t.Helper()
	got, err := d.Recheck(d.t.Context())
	require.NoError(d.t, err)
	return got
}

// refusedCodes returns what Findings says of codes, by key.
func refusedCodes(d *desk) map[string]string {
	d.t.Helper()
	found, err := d.Findings(d.t.Context(), office.FindingsRequest{Month: "2026-11"})
	require.NoError(d.t, err)
	list := make(map[string]string)
	for _, f := range found {
		if f.Kind == office.RefusedCode {
			require.Len(d.t, f.Taps, 1)
			assert.Zero(d.t, f.Taps[0].Evidence, "nobody is given a code")
			list[f.Taps[0].Key] = f.Detail
		}
	}
	return list
}

// TestRecheck: of a mixed day the forged taps are found and named and cost
// nobody anything, the others settle, and a restart changes nothing.
func TestRecheck(t *testing.T) {
	r := newRecording(t, "gate A")
	taps, want := r.mixed()
	d := open(t, func(c *office.Config) { c.Judge = r.sets.verifier })
	_, err := d.Upload(t.Context(), tap.Batch{Gate: "gate A", Taps: taps})
	require.NoError(t, err)
	paper := d.newTap(1, tap.Board, "A", at(22, "09:00"))
	paper.Serial, paper.Carrier = "", "paper"
	d.send(paper, d.newTap(2, tap.Board, "A", at(22, "09:00")), d.newTap(3, tap.Board, "B", at(22, "09:00")))

	named := make(map[string]string)
	for i := range taps {
		if want[i] != "ok" {
			named[taps[i].Key] = want[i]
		}
	}
	got := recheck(d)
	assert.Equal(t, &office.Rechecked{Taps: len(taps) + 3, Refused: len(named), Unchecked: map[string]int{"gate A": 2, "gate B": 1}}, got)
	assert.Equal(t, named, refusedCodes(d))
	assert.Equal(t, &office.Rechecked{Unchecked: map[string]int{}}, recheck(d), "all were looked at")
	d.reopen()
	assert.Equal(t, named, refusedCodes(d))
	assert.Zero(t, recheck(d).Taps)

	b := d.book(30)
	assert.EqualValues(t, 100*(len(taps)-len(named)+2)+200, b.Fen)
	assert.Zero(t, b.Refused, "Recheck had run before")
	d.zero(22)

	// What comes late is looked at before it is booked.
	d.now = d.now.Add(time.Minute)
	good, forged := r.board(r.rider(citycode.ProfileTransit)), flip(r.board(r.rider(citycode.ProfileTransit)), 1)
	d.send(good, forged)
	b = d.book(30)
	assert.EqualValues(t, 100, b.Fen)
	assert.Equal(t, 1, b.Refused)
	assert.Equal(t, "bad-holder-signature", refusedCodes(d)[forged.Key])
	d.zero(22)
}

// TestRecheckAfterBooking: a city that begins to check finds what was booked
// unchecked, and posts it back.
func TestRecheckAfterBooking(t *testing.T) {
	r := newRecording(t, "gate A")
	good, forged := r.board(r.rider(citycode.ProfileTransit)), flip(r.board(r.rider(citycode.ProfileTransit)), 1)
	d := open(t, nil)
	d.send(good, forged)
	assert.EqualValues(t, 200, d.book(30).Fen)
	assert.Zero(t, recheck(d).Taps, "nobody judges")
	d.cfg.Judge = r.sets.verifier
	d.reopen()
	b := d.book(30)
	assert.EqualValues(t, -100, b.Fen)
	assert.Equal(t, 1, b.Refused)
	d.zero(22)
}

// TestRecheckTwo: two processes work on one store, and only one of them judges. What
// one has looked at the other does not look at again, and what the other has
// booked it posts back.
func TestRecheckTwo(t *testing.T) {
	r := newRecording(t, "gate A")
	a := open(t, nil)
	a.send(r.board(r.rider(citycode.ProfileTransit)), flip(r.board(r.rider(citycode.ProfileTransit)), 1))
	assert.EqualValues(t, 200, a.book(30).Fen)
	b, first := *a, true
	b.cfg.Judge = r.sets.verifier
	b.reopen()
	c := *a
	c.cfg.Judge = func(ctx context.Context, lists string) (*citycode.Verifier, error) {
		if first {
			first = false
			assert.Equal(t, 1, recheck(&b).Refused)
		}
		return r.sets.verifier(ctx, lists)
	}
	c.reopen()
	assert.Zero(t, recheck(&c).Taps)
	assert.Len(t, refusedCodes(&c), 1)
	assert.EqualValues(t, -100, a.book(30).Fen)
	a.zero(22)
}

// watched is an event store that says what was read.
type watched struct {
	eventlog.Store
	month string // stream
	read  int    // events of it
}

func (w *watched) Read(ctx context.Context, stream string, after int64, limit int) ([]eventlog.Event, error) {
	page, err := w.Store.Read(ctx, stream, after, limit)
	if strings.HasPrefix(stream, "transit/town/") {
		w.month = stream
		w.read += len(page)
	}
	return page, err
}

// TestRecheckReadsOnce: what has no taps in it, as the fares of a large city, is
// not read at every run.
func TestRecheckReadsOnce(t *testing.T) {
	r := newRecording(t, "gate A")
	w := &watched{Store: eventlog.NewMemory()}
	d := open(t, func(c *office.Config) { c.Judge, c.Events = r.sets.verifier, w })
	d.send(r.board(r.rider(citycode.ProfileTransit)))
	assert.Equal(t, 1, recheck(d).Taps)
	for batch := range 2 {
		var events []eventlog.Event
		for i := range 600 {
			events = append(events, eventlog.Event{Key: fmt.Sprint(batch, " ", i), Kind: "fares", Time: d.now, Data: json.RawMessage(`{"fares":[]}`)})
		}
		require.NoError(t, w.Append(t.Context(), w.month, int64(2+600*batch), events))
	}
	recheck(d)
	w.read = 0
	for range 10 {
		recheck(d)
	}
	assert.Less(t, w.read, 50)
}

// TestRecheckStanding: what counts is the record that stands. One that has been
// replaced is not refused, and one that replaces it is looked at anew.
func TestRecheckStanding(t *testing.T) {
	r := newRecording(t, "gate A")
	good := r.board(r.rider(citycode.ProfileTransit))
	forged := flip(good, 1)
	forged.Vehicle = "Z" // after good in the order of bytes: an empty one is left out
	good.Vehicle = "Y"
	for _, between := range []bool{false, true} {
		d := open(t, func(c *office.Config) { c.Judge = r.sets.verifier })
		d.send(forged)
		if between {
			assert.Equal(t, 1, recheck(d).Refused)
		}
		d.send(good)
		assert.Zero(t, recheck(d).Refused)
		assert.Empty(t, refusedCodes(d))
		assert.EqualValues(t, 100, d.book(30).Fen)
	}
}

// TestRecheckMany: more taps than are held at a time, and a fault in between: the
// next run goes on where it ended.
func TestRecheckMany(t *testing.T) {
	r := newRecording(t, "gate A")
	var shown []tap.Tap
	for range 6 {
		shown = append(shown, r.board(r.rider(citycode.ProfileTransit)))
	}
	fail, asked := 0, 0
	d := open(t, func(c *office.Config) {
		c.Judge = func(ctx context.Context, lists string) (*citycode.Verifier, error) {
			if asked++; asked == fail {
				return nil, context.DeadlineExceeded
			}
			return r.sets.verifier(ctx, lists)
		}
	})
	const gates = 1000
	var forged string
	for i := range gates { // the same pictures at every gate of the city
		b := tap.Batch{Gate: fmt.Sprint("gate ", i)}
		for k, t := range shown {
			t.Gate, t.Sequence = b.Gate, uint64(k+1)
			if t.Key = t.Showing + "@" + t.Gate; i == gates-7 && k == 0 {
				t, forged = flip(t, 1), t.Key
			}
			b.Taps = append(b.Taps, t)
		}
		_, err := d.Upload(t.Context(), b)
		require.NoError(t, err)
	}
	fail = 2
	_, err := d.Recheck(t.Context())
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	rest := recheck(d)
	assert.Equal(t, 1, rest.Refused)
	assert.Less(t, rest.Taps, gates*len(shown), "the first part is not done again")
	assert.Greater(t, asked, 3, "in parts")
	assert.Equal(t, map[string]string{forged: "bad-holder-signature"}, refusedCodes(d))
}
