package citycode_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
)

// noon is the time of most scans, in seconds since 1970: hours after the city
// signed its lists, and hours after the citizen got his credential.
var noon = citycodetest.Start.Unix() + 12*3600

const hour, dayLong = 3600, 24 * 3600 // seconds

func at(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }

// A stage is the city in which scans happen. It keeps the lists that it has
// signed and opened: many scans share one.
type stage struct {
	*citycodetest.City
	t        testing.TB
	trusts   map[string]*citycode.TrustList
	statuses map[string]*citycode.StatusList
	scans    int
}

func newStage(t testing.TB) *stage {
	t.Helper()
	return &stage{City: citycodetest.NewCity(t, citycodetest.Shenyang), t: t, trusts: make(map[string]*citycode.TrustList), statuses: make(map[string]*citycode.StatusList)}
}

// A scan is everything that enters one verdict, each value free to be wrong by
// itself: the code, what happened to it on the way, the lists, the terminal.
type scan struct {
	stage *stage

	code     stranger
	onTheWay []func([]byte) []byte

	profile citycode.Profile // as the city pins it
	entries []citycode.TrustEntry
	expires int64 // of the trust list

	noStatus                    bool
	state                       citycode.Status
	statusSize                  int
	statusIssued, statusExpires int64

	now                     int64
	known                   []citycode.Profile // nil: profile
	floor                   time.Time
	phoneSkew, terminalSkew time.Duration
	check                   citycode.Check
	asked                   bool  // the terminal draws a challenge
	drawn                   int64 // when
	used                    bool
	short                   bool
	answer                  answer
	guard                   *citycode.ReplayGuard
	guardless               bool
	replayed, restarted     bool
}

// An answer is what the code says to the terminal's challenge.
type answer int

const (
	rightAnswer answer = iota
	noAnswer
	otherAnswer
	ownAnswer // what the code has set itself
)

// onlineTransit is the ride code with one thing more: its scene needs the
// online service, so that every step of SPEC §5 can fail.
func onlineTransit() citycode.Profile {
	p := citycode.TransitProfile()
	p.OnlineScenes = citycode.Transit
	return p
}

// scan returns one in which all is well: a ride code that answers a challenge.
func (s *stage) scan() *scan {
	p := onlineTransit()
	entry := s.Draft.Entries[0]
	entry.Profiles = []citycode.TrustProfile{citycode.PinProfile(p)}
	return &scan{
		stage: s,
		code: stranger{version: 0x11, mode: 0x10 | modeExplicit, profile: 0x03, issuer: uint32(s.Issuer.ID()),
			issuedAt: uint32(noon - 8*hour), notAfter: uint32(noon + 16*hour), index: 4711, scenes: 1, subject: []byte("pseudony"),
			issuerKey: citycodetest.Key("210100 issuer"), holder: citycodetest.Key("210100 citizen"),
			time: uint32(noon - 2), counter: 7, audience: 1},
		profile: p,
		entries: append([]citycode.TrustEntry{entry}, s.Draft.Entries[1:]...),
		expires: noon + 30*dayLong,

		statusSize: 10_000, statusIssued: noon - hour, statusExpires: noon + 7*dayLong,

		now:   noon,
		check: citycode.Check{Audience: citycode.Transit, Online: true},
		asked: true, drawn: noon - 3,
	}
}

// entry is the trust list's line about the issuer's key.
func (s *scan) entry() *citycode.TrustEntry { return &s.entries[0] }

// trust signs and opens the trust list.
func (s *scan) trust(e engine.Engine) *citycode.TrustList {
	s.stage.t.Helper()
	d := s.stage.Draft
	d.Entries, d.Expires = s.entries, at(s.expires)
	key := fmt.Sprint(e.Name(), d.Expires, d.IssuedAt, d.Entries)
	if s.stage.trusts[key] == nil {
		body, err := d.Body()
		require.NoError(s.stage.t, err)
		cfg := s.stage.TrustConfig()
		cfg.Engine = e
		s.stage.trusts[key], err = citycode.OpenTrustList(s.stage.SignTrust(body, 0, 1), cfg)
		require.NoError(s.stage.t, err)
	}
	return s.stage.trusts[key]
}

// status signs and opens the status list, if there is to be one.
func (s *scan) status(e engine.Engine, trust *citycode.TrustList) []*citycode.StatusList {
	s.stage.t.Helper()
	if s.noStatus {
		return nil
	}
	index := s.code.index
	key := fmt.Sprint(e.Name(), s.code.issuer, s.code.list, index, s.state, s.statusSize, s.statusIssued, s.statusExpires)
	if s.stage.statuses[key] == nil {
		r, err := citycode.NewStatusRegister(citycode.KeyID(s.code.issuer), s.code.list, s.statusSize)
		require.NoError(s.stage.t, err)
		if int(index) < s.statusSize {
			require.NoError(s.stage.t, r.Set(index, s.state))
		}
		msg, err := r.Sign(citycode.StatusHeader{Signer: s.stage.ID(citycodetest.StatusIndex), Version: citycode.Version{Epoch: 1, Counter: 1},
			IssuedAt: at(s.statusIssued), Expires: at(s.statusExpires)}, citycodetest.Key("210100 status"))
		require.NoError(s.stage.t, err)
		s.stage.statuses[key], err = citycode.OpenStatusList(msg, trust, citycode.Version{})
		require.NoError(s.stage.t, err)
	}
	return []*citycode.StatusList{s.stage.statuses[key]}
}

// accepted is what a guard would remember of the code.
func (s *scan) accepted() citycode.Accepted {
	return citycode.Accepted{Serial: citycode.Serial{Issuer: citycode.KeyID(s.code.issuer), List: s.code.list, Index: s.code.index},
		Time: int64(s.code.time), Counter: s.code.counter, Until: s.now + hour}
}

func (s *scan) replayGuard() *citycode.ReplayGuard {
	s.stage.t.Helper()
	if s.guardless || s.guard != nil {
		return s.guard
	}
	cfg := citycode.ReplayConfig{Boot: at(s.now + 10), Elapsed: func() time.Duration { return 0 }}
	switch {
	case s.replayed:
		cfg.Journal = slices.Values([]citycode.Accepted{s.accepted()})
	case !s.restarted:
		cfg.Journal = slices.Values([]citycode.Accepted(nil))
	}
	g, err := citycode.NewReplayGuard(cfg)
	require.NoError(s.stage.t, err)
	return g
}

// verifier is the terminal's. In a short run the first engine stands in for the
// second in all but one of sixty-one: under the race detector that one takes a
// tenth of a second to open its lists.
func (s *scan) verifier(e engine.Engine) *citycode.Verifier {
	s.stage.t.Helper()
	if s.stage.scans++; testing.Short() && slow(e) && s.stage.scans%61 != 0 {
		e = engine.Default()
	}
	trust := s.trust(e)
	cfg := citycode.VerifierConfig{Trust: trust, Status: s.status(e, trust), Replay: s.replayGuard(), InsecureNoReplayGuard: s.guardless,
		Profiles: s.known, Now: func() time.Time { return at(s.now) }, TimeFloor: s.floor, PhoneSkew: s.phoneSkew, TerminalSkew: s.terminalSkew}
	if cfg.Profiles == nil {
		cfg.Profiles = []citycode.Profile{s.profile}
	}
	v, err := citycode.NewVerifier(cfg)
	require.NoError(s.stage.t, err)
	return v
}

// challenge is what the terminal asks, nil if it asks nothing.
func (s *scan) challenge() *citycode.Challenge {
	s.stage.t.Helper()
	if !s.asked {
		return nil
	}
	c, err := citycode.NewChallenge(citycode.ChallengeConfig{Terminal: []byte("gate 7"), Short: s.short, Now: at(s.drawn), Rand: bytes.NewReader(make([]byte, 16))})
	require.NoError(s.stage.t, err)
	if s.used {
		c.Use()
	}
	return c
}

// bytes is what the camera reads.
func (s *scan) bytes() []byte {
	s.stage.t.Helper()
	code := s.code
	if c := s.challenge(); c != nil && s.answer == rightAnswer {
		code.challenge = c.Bytes()
	} else if s.answer == otherAnswer {
		code.challenge = bytes.Repeat([]byte{0xc0}, 16)
	}
	b := code.token(s.stage.t)
	for _, change := range s.onTheWay {
		b = change(b)
	}
	return b
}

// run scans the code once. A refusal has its reason; 0 is acceptance.
func (s *scan) run(e engine.Engine) (*citycode.Verified, citycode.Reason) {
	s.stage.t.Helper()
	check := s.check
	check.Challenge = s.challenge()
	token, err := citycode.ParseToken(s.bytes())
	if err != nil {
		return nil, reasonOf(s.stage.t, err)
	}
	return verdict(s.stage.t, s.verifier(e), token, check)
}

// verdict asks a verifier. There is either a Verified or a reason.
func verdict(t testing.TB, v *citycode.Verifier, token *citycode.Token, check citycode.Check) (*citycode.Verified, citycode.Reason) {
	t.Helper()
	verified, err := v.Verify(token, check)
	if err != nil {
		require.Nil(t, verified)
		return nil, reasonOf(t, err)
	}
	require.NotNil(t, verified)
	return verified, 0
}

// reasonOf returns the reason of a refusal and checks what belongs to it.
func reasonOf(t testing.TB, err error) citycode.Reason {
	t.Helper()
	var refused *citycode.VerifyError
	require.True(t, errors.As(err, &refused), "%v is not a refusal", err)
	require.Contains(t, citycode.Reasons(), refused.Reason)
	require.Equal(t, fmt.Sprintf("5.%d", refused.Reason/10), refused.Section)
	require.Contains(t, err.Error(), "citycode: "+refused.Reason.String())
	require.ErrorIs(t, err, &citycode.VerifyError{Reason: refused.Reason})
	return refused.Reason
}

// reads parses bytes that are a token.
func reads(t testing.TB, b []byte) *citycode.Token {
	t.Helper()
	token, err := citycode.ParseToken(b)
	require.NoError(t, err)
	return token
}

// flip returns b with one bit flipped, the first bit of a byte being the highest.
func flip(b []byte, bit int) []byte {
	c := bytes.Clone(b)
	c[bit/8] ^= 0x80 >> (bit % 8)
	return c
}

// put16 and put32 write a field of a token on its way.
func put16(offset int, v uint16) func([]byte) []byte {
	return func(b []byte) []byte { binary.BigEndian.PutUint16(b[offset:], v); return b }
}

func put32(offset int, v uint32) func([]byte) []byte {
	return func(b []byte) []byte { binary.BigEndian.PutUint32(b[offset:], v); return b }
}

func putByte(offset int, v byte) func([]byte) []byte {
	return func(b []byte) []byte { b[offset] = v; return b }
}

// place returns a scan of a printed code in which all is well. Its issuedAt is
// noon, its notAfter a year later.
func (s *stage) place() *scan {
	p := citycode.PlaceProfile()
	return &scan{
		stage: s,
		code: stranger{version: 0x11, mode: 0x10 | modeStatic, profile: 0x82, issuer: uint32(s.Printer.ID()),
			issuedAt: uint32(noon), notAfter: uint32(noon + 365*dayLong), index: 42, subject: []byte("the gate"),
			issuerKey: citycodetest.Key("210100 printer")},
		profile:       p,
		entries:       slices.Clone(s.Draft.Entries),
		expires:       noon + 30*dayLong,
		statusSize:    10_000,
		statusIssued:  noon - hour,
		statusExpires: noon + 7*dayLong,
		now:           noon,
		answer:        noAnswer,
	}
}
