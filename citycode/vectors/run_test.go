package vectors_test

import (
	"bytes"
	"encoding/json"
	"runtime/debug"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/engine/tjfoc"
)

// eachEngine runs a test on both engines, of independent origin: what one says, both must say.
func eachEngine(t *testing.T, test func(t *testing.T, e thinned)) {
	for _, e := range []thinned{{Engine: engine.Default()}, {Engine: tjfoc.New(), thin: raceEnabled()}} {
		t.Run(e.Name(), func(t *testing.T) {
			t.Parallel()
			test(t, e)
		})
	}
}

// A thinned engine may be spared most vectors: the race detector makes the arithmetic of the second engine
// twenty times slower, and arithmetic has nothing to race with. Without the detector every vector runs on both.
type thinned struct {
	engine.Engine
	thin bool
}

// run runs the n-th vector, or not.
func (e thinned) run(t *testing.T, n int, id string, test func(t *testing.T)) {
	if !e.thin || n%40 == 0 {
		t.Run(id, test)
	}
}

func raceEnabled() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// requireOutcome compares an error with what a vector says.
func requireOutcome(t *testing.T, err error, result, reason string, number int, section string) {
	t.Helper()
	if result == "valid" {
		require.NoError(t, err)
		return
	}
	var refused *citycode.VerifyError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, reason, refused.Reason.String(), "%v", err)
	require.Equal(t, number, int(refused.Reason))
	require.Equal(t, section, refused.Section)
}

func TestTokenParse(t *testing.T) {
	type group struct {
		Comment string
		Tests   []struct {
			common
			Token  data
			Fields []struct {
				Name           string
				Offset, Length int
				Value          data
			}
		}
	}
	for _, g := range groups[group](t, "token_parse") {
		for _, test := range g.Tests {
			t.Run(test.ID, func(t *testing.T) {
				token, err := citycode.ParseToken(test.Token)
				requireOutcome(t, err, test.Result, test.Reason, test.Number, test.Section)
				if err != nil {
					return
				}
				require.Equal(t, []byte(test.Token), token.Bytes())
				fields := token.Fields()
				require.Len(t, fields, len(test.Fields))
				for i, f := range test.Fields {
					require.Equal(t, citycode.Field{Name: f.Name, Offset: f.Offset, Length: f.Length}, fields[i])
					require.Equal(t, test.Token[f.Offset:f.Offset+f.Length], f.Value)
				}
			})
		}
	}
}

func TestTokenVerify(t *testing.T) {
	all := groups[tokenGroup](t, "token_verify")
	eachEngine(t, func(t *testing.T, e thinned) {
		worlds := &worlds{engine: e.Engine, opened: map[string]*openWorld{}}
		for _, g := range all {
			for i, test := range g.Tests {
				e.run(t, i, test.ID, func(t *testing.T) { worlds.run(t, g, test) })
			}
		}
	})
}

// run plays one test: what the terminal saw before, then the code itself.
func (w *worlds) run(t *testing.T, g tokenGroup, test tokenTest) {
	world := w.open(t, merge(t, g.World, test.World))
	s := newStage(t, w.engine, world, merge(t, g.Terminal, test.Terminal), test.Before)
	for _, step := range test.Before {
		_, err := s.scan(t, step.Token, step.Prefix, step.Terminal)
		requireOutcome(t, err, step.Result, step.Reason, step.Number, step.Section)
	}
	verified, err := s.scan(t, test.Token, test.Prefix, nil)
	requireOutcome(t, err, test.Result, test.Reason, test.Number, test.Section)
	if err != nil {
		return
	}
	want := test.Verdict
	require.NotNil(t, want)
	assert.Equal(t, want.Profile, int(verified.Profile().ID))
	assert.Equal(t, want.Issuer, verified.Issuer().String())
	assert.Equal(t, citycode.Serial{Issuer: verified.Issuer(), List: uint8(want.List), Index: uint32(want.Index)}, verified.Serial())
	assert.Equal(t, []byte(want.Subject), verified.Subject())
	assert.Equal(t, want.Benefit, int(verified.Benefit()))
	assert.Equal(t, want.Audience, int(verified.Audience()))
	assert.Equal(t, want.StatusKnown, verified.StatusKnown())
	assert.Equal(t, want.OneWay, verified.OneWay())
	assert.Equal(t, want.Repeated, verified.Repeated())
	assert.Equal(t, []byte(test.Token), verified.Bytes())
	delegation, delegated := verified.Delegation()
	assert.Equal(t, want.Profile == int(citycode.ProfileDelegated), delegated)
	if delegated {
		assert.Equal(t, []byte(test.Layers.Claims.Source), delegation.Bytes())
	}
	if !want.Repeated { // a repeated verdict keeps the time of the first one
		assert.Equal(t, s.now(), verified.At())
	}
}

// worlds opens each world once: opening a list costs more signatures than a token.
type worlds struct {
	engine engine.Engine
	mu     sync.Mutex
	opened map[string]*openWorld
}

type openWorld struct {
	trust    *citycode.TrustList
	foreign  []*citycode.TrustList
	snapshot *citycode.Snapshot
	status   []*citycode.StatusList
	profiles []citycode.Profile
}

func (w *worlds) open(t *testing.T, raw json.RawMessage) *openWorld {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if o := w.opened[string(raw)]; o != nil {
		return o
	}
	var j world
	unmarshal(t, raw, &j)
	trust, err := citycode.OpenTrustList(j.TrustList, citycode.TrustConfig{City: j.City, Epoch: j.Epoch, Roots: publicKeys(j.Roots), Threshold: j.Threshold, Engine: w.engine})
	require.NoError(t, err)
	o := &openWorld{trust: trust}
	o.addStatus(t, trust, j.StatusLists)
	for _, f := range j.Foreign {
		grant, ok := trust.Grant(f.City)
		require.True(t, ok)
		list, err := citycode.OpenTrustList(f.TrustList, grant.TrustConfig(citycode.Version{}, w.engine))
		require.NoError(t, err)
		o.foreign = append(o.foreign, list)
		o.addStatus(t, list, f.StatusLists)
	}
	if j.Snapshot != nil {
		o.snapshot, err = citycode.OpenSnapshot(j.Snapshot, trust, citycode.Version{})
		require.NoError(t, err)
	}
	for _, p := range j.Profiles {
		o.profiles = append(o.profiles, profileOf(t, p))
	}
	w.opened[string(raw)] = o
	return o
}

func (o *openWorld) addStatus(t *testing.T, trust *citycode.TrustList, lists []data) {
	t.Helper()
	for _, msg := range lists {
		list, err := citycode.OpenStatusList(msg, trust, citycode.Version{})
		require.NoError(t, err)
		o.status = append(o.status, list)
	}
}

func publicKeys(list []data) (keys []citycode.PublicKey) {
	for _, b := range list {
		keys = append(keys, citycode.PublicKey(b))
	}
	return keys
}

// profileOf builds a profile from its words, and checks that they come to the definition beside them.
func profileOf(t *testing.T, j profile) citycode.Profile {
	t.Helper()
	word := func(words []string, w string) int {
		i := slices.Index(words, w)
		require.GreaterOrEqual(t, i, 0, w)
		return i
	}
	seconds := func(n int) time.Duration { return time.Duration(n) * time.Second }
	p := citycode.Profile{
		ID: citycode.ProfileID(j.ID), Name: j.Name, City: j.City,
		Kind:        citycode.SubjectKind(word([]string{"", "person", "organisation", "thing", "place", "matter"}, j.Kind)),
		Mode:        citycode.KeyMode(word([]string{"static", "explicit", "implicit", "certified-multiple"}, j.Mode)),
		Source:      citycode.Source(word([]string{"none", "medical", "social-security", "transit"}, j.Source)),
		SubjectSize: j.SubjectSize, SealSize: j.SealSize, SourceSize: j.SourceSize, PrefixSize: j.PrefixSize,
		Challenge: citycode.ChallengeRule(word([]string{"none", "optional", "required"}, j.Challenge)),
		Assurance: citycode.Assurance(word([]string{"none", "software", "tee", "secure-element", "card"}, j.Assurance)),
		MaxAge:    seconds(j.MaxAge), MaxLifetime: seconds(j.MaxLifetime), StatusAge: seconds(j.StatusAge),
		StatusUnknownPasses: j.StatusUnknownPasses, AnyAudience: j.AnyAudience, OnlineScenes: citycode.Scenes(j.OnlineScenes),
	}
	require.Equal(t, []byte(j.Definition), p.Definition(), j.Name)
	require.Equal(t, []byte(j.SM3), digestOf(engine.Default(), p.Definition()), j.Name)
	return p
}

func digestOf(e engine.Engine, parts ...[]byte) []byte {
	h := e.NewSM3()
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// A stage is a terminal that lives through one test.
type stage struct {
	terminal  json.RawMessage
	verifier  *citycode.Verifier
	challenge *citycode.Challenge
	unix      int64
	elapsed   time.Duration // of a clock that only runs forward
}

func newStage(t *testing.T, e engine.Engine, w *openWorld, raw json.RawMessage, before []scan) *stage {
	t.Helper()
	var j terminal
	unmarshal(t, raw, &j)
	s := &stage{terminal: raw, unix: j.Clock.Unix}
	if len(before) > 0 && before[0].Terminal != nil {
		var first terminal
		unmarshal(t, merge(t, raw, before[0].Terminal), &first)
		s.unix = first.Clock.Unix
	}
	guard := citycode.ReplayConfig{Boot: s.now(), Elapsed: func() time.Duration { return s.elapsed }}
	if j.Replay.Floor != nil {
		require.Empty(t, j.Replay.Accepted)
		// The guard of the library gets a floor by losing its journal: start + phone skew (SPEC §5.12).
		guard.Boot = time.Unix(j.Replay.Floor.Unix-int64(j.PhoneSkew), 0)
	} else {
		guard.Journal = func(yield func(citycode.Accepted) bool) {
			for _, a := range j.Replay.Accepted {
				issuer, err := citycode.ParseKeyID(a.Issuer)
				require.NoError(t, err)
				serial := citycode.Serial{Issuer: issuer, List: uint8(a.List), Index: uint32(a.Index)}
				if !yield(citycode.Accepted{Serial: serial, Time: a.Time, Counter: uint32(a.Counter), Until: a.Until}) {
					return
				}
			}
		}
	}
	replay, err := citycode.NewReplayGuard(guard)
	require.NoError(t, err)
	s.elapsed = s.now().Sub(guard.Boot)
	cfg := citycode.VerifierConfig{Trust: w.trust, Foreign: w.foreign, Snapshot: w.snapshot, Status: w.status, Replay: replay, Profiles: w.profiles, Now: s.now,
		PhoneSkew: time.Duration(j.PhoneSkew) * time.Second, TerminalSkew: time.Duration(j.TerminalSkew) * time.Second}
	if j.TimeFloor != nil {
		cfg.TimeFloor = time.Unix(j.TimeFloor.Unix, 0)
	}
	s.verifier, err = citycode.NewVerifier(cfg)
	require.NoError(t, err)
	if c := j.Challenge; c != nil {
		s.challenge, err = citycode.NewChallenge(citycode.ChallengeConfig{Terminal: c.Terminal, Short: len(c.Value) == 8,
			Now: time.Unix(c.DrawnAt.Unix, 0), Rand: bytes.NewReader(c.Random), Engine: e})
		require.NoError(t, err)
		require.Equal(t, []byte(c.Value), s.challenge.Bytes())
	}
	return s
}

func (s *stage) now() time.Time { return time.Unix(s.unix, 0).UTC() }

// scan shows a code to the terminal, with the changes of one scan.
func (s *stage) scan(t *testing.T, token data, prefix string, change json.RawMessage) (*citycode.Verified, error) {
	t.Helper()
	var j terminal
	unmarshal(t, merge(t, s.terminal, change), &j)
	require.Equal(t, j.Clock.Time, time.Unix(j.Clock.Unix, 0).UTC().Format(time.RFC3339))
	if j.Clock.Unix > s.unix {
		s.elapsed += time.Duration(j.Clock.Unix-s.unix) * time.Second
	}
	s.unix = j.Clock.Unix
	parsed, err := citycode.ParseToken(token)
	if err != nil {
		return nil, err
	}
	return s.verifier.Verify(parsed, citycode.Check{Audience: citycode.Scenes(j.Audience), Challenge: s.challenge, Online: j.Online, Prefix: prefix, Lane: j.Lane})
}
