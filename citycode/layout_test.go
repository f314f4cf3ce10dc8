package citycode_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
)

// A mutation world is a terminal, a model of it, and tokens that it accepts.
type mutationWorld struct {
	*model
	trust    map[string]*citycode.TrustList // by engine
	profiles []citycode.Profile
	clock    *citycodetest.Clock
	names    []string // of the genuine tokens
}

// newMutationWorld has neighbours for every kind of wrong issuer: one bit away
// from the issuer's key id stand a key with the same rights, a static key, a
// key without the scene beside one with it, a status key and nothing.
func newMutationWorld(t testing.TB) *mutationWorld {
	t.Helper()
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	w := &mutationWorld{model: &model{profiles: make(map[profileID]profileRule), listed: make(map[uint32][]listing)},
		trust: make(map[string]*citycode.TrustList), clock: c.Clock}
	c.Clock.Set(at(noon))

	private := citycode.UniversalProfile()
	private.ID, private.Name, private.City, private.SubjectSize = 0xf0, "club", citycodetest.Shenyang, 64
	bench := citycode.PlaceProfile()
	bench.ID, bench.Name, bench.City, bench.SubjectSize = 0xf8, "bench", citycodetest.Shenyang, 16
	sealed := citycode.TransitProfile()
	sealed.ID, sealed.Name, sealed.City, sealed.SealSize = 0xf1, "sealed", citycodetest.Shenyang, 48
	w.profiles = append(citycode.Profiles(), private, sealed, bench)
	for _, p := range w.profiles {
		w.model.profiles[profileID{byte(p.ID), uint32(p.City)}] = profileRule{mode: p.ModeByte(), subject: p.SubjectSize, anyAudience: p.AnyAudience,
			seal: p.SealSize, source: p.SourceSize, prefix: p.PrefixSize > 0}
	}

	list := func(name string, index int, use citycode.KeyUse, scenes citycode.Scenes, profiles ...citycode.ProfileID) {
		signer := citycodetest.Key("210100 " + name)
		issuer, err := citycode.NewIssuer(citycode.IssuerConfig{ID: c.ID(index), Key: signer})
		require.NoError(t, err)
		proof, err := issuer.ProvePossession(c.ID(index), [16]byte{})
		require.NoError(t, err)
		c.Draft.Proofs = append(c.Draft.Proofs, proof)
		e := citycode.TrustEntry{ID: c.ID(index), Use: use, Key: issuer.PublicKey(), Scenes: scenes, IssueFrom: at(0), IssueUntil: at(1 << 32 >> 1), VerifyUntil: at(1<<32 - 1)}
		l := listing{status: use == citycode.UseStatus, keyMode: byte(use), scenes: uint16(scenes)}
		if use != citycode.UseStatus {
			e.MaxLifetime = 3650 * 24 * 3600e9
		}
		for _, id := range profiles {
			for _, p := range w.profiles {
				if p.ID == id {
					e.Profiles = append(e.Profiles, citycode.PinProfile(p))
				}
			}
			l.profiles = append(l.profiles, byte(id))
		}
		c.Draft.Entries = append(c.Draft.Entries, e)
		w.listed[uint32(c.ID(index))] = append(w.listed[uint32(c.ID(index))], l)
	}
	c.Draft.Entries, c.Draft.Proofs = nil, nil
	most := citycode.Transit | citycode.Medical | citycode.Parking
	list("issuer", 1, citycode.UseExplicit, most, 0x01, 0x03, 0x04, 0x06, 0x07, 0xf0, 0xf1)
	list("printer", 2, citycode.UseStatic, 0x0fff, 0x81, 0x82, 0xf8)
	list("status", 3, citycode.UseStatus, 0)
	list("same rights", 1^4, citycode.UseExplicit, most, 0x01, 0x03, 0x04, 0x06, 0x07, 0xf0, 0xf1)
	list("static key", 1^8, citycode.UseStatic, most, 0x81, 0x82)
	list("without the scene", 1^16, citycode.UseExplicit, citycode.Medical, 0x01, 0x03, 0x04)
	list("with the scene", 1^16, citycode.UseExplicit, most, 0x03)
	list("other profile", 1^32, citycode.UseExplicit, most, 0x01)
	list("implicit key", 1^64, citycode.UseImplicit, most, 0x03)
	list("implicit", 1^128, citycode.UseImplicit, most, 0x13)
	list("same rights, implicit", 1^128^4, citycode.UseImplicit, most, 0x13)
	body, err := c.Draft.Body()
	require.NoError(t, err)
	msg := c.SignTrust(body, 0, 2)
	for _, e := range engines() {
		cfg := c.TrustConfig()
		cfg.Engine = e
		w.trust[e.Name()], err = citycode.OpenTrustList(msg, cfg)
		require.NoError(t, err)
	}

	add := func(name string, s stranger) {
		s.version, s.issuedAt, s.notAfter = 0x11, uint32(noon-hour), uint32(noon+hour)
		if s.holder = citycodetest.Key("210100 citizen"); s.keyMode() == modeImplicit {
			s.complete(t, citycodetest.Scalar("210100 implicit"), wInIdentity)
		}
		s.time, s.counter = uint32(noon), 1
		w.names = append(w.names, name)
		w.genuine = append(w.genuine, s.token(t))
	}
	issuer, printer := citycodetest.Key("210100 issuer"), citycodetest.Key("210100 printer")
	add("transit", stranger{mode: 0x11, profile: 0x03, issuer: uint32(c.ID(1)), index: 1, scenes: 1, subject: bytes.Repeat([]byte{0x11}, 8), issuerKey: issuer, audience: 1})
	add("universal", stranger{mode: 0x11, profile: 0x04, issuer: uint32(c.ID(1)), index: 2, scenes: 5, subject: bytes.Repeat([]byte{0x22}, 8), issuerKey: issuer, challenge: make([]byte, 8)})
	add("private person", stranger{mode: 0x11, profile: 0xf0, issuer: uint32(c.ID(1)), index: 3, scenes: 5, subject: bytes.Repeat([]byte{0x33}, 64), issuerKey: issuer, audience: 4, challenge: make([]byte, 16)})
	add("place", stranger{mode: 0x10, profile: 0x82, issuer: uint32(c.ID(2)), index: 4, subject: bytes.Repeat([]byte{0x44}, 8), issuerKey: printer})
	add("private place", stranger{mode: 0x10, profile: 0xf8, issuer: uint32(c.ID(2)), index: 5, scenes: 4, subject: bytes.Repeat([]byte{0x55}, 16), issuerKey: printer})
	add("transit, implicit", stranger{mode: 0x12, profile: 0x13, issuer: uint32(c.ID(1 ^ 128)), index: 6, scenes: 1, subject: bytes.Repeat([]byte{0x66}, 8), audience: 1})
	add("delegated", stranger{mode: 0x19, profile: 0x07, issuer: uint32(c.ID(1)), index: 7, scenes: 2, subject: bytes.Repeat([]byte{0x77}, 8),
		source: append(bytes.Repeat([]byte{0x78}, 8), 2, 4, 0, 0, 1, 0), issuerKey: issuer, audience: 2})
	add("sealed", stranger{mode: 0x15, profile: 0xf1, issuer: uint32(c.ID(1)), index: 8, scenes: 1, subject: bytes.Repeat([]byte{0x88}, 8),
		seal: bytes.Repeat([]byte{0x89}, 2+12+48+16), issuerKey: issuer, audience: 1})
	add("fused", stranger{mode: 0x11, profile: 0x06, issuer: uint32(c.ID(1)), index: 9, scenes: 3, subject: bytes.Repeat([]byte{0x99}, 8), issuerKey: issuer, challenge: make([]byte, 8)})
	return w
}

// verifier has no status list, and so accepts only the places; everything else
// that is genuine reaches status-unknown, which is behind the signatures.
func (w *mutationWorld) verifier(t testing.TB, e engine.Engine) *citycode.Verifier {
	t.Helper()
	v, err := citycode.NewVerifier(citycode.VerifierConfig{Trust: w.trust[e.Name()], InsecureNoReplayGuard: true, Profiles: w.profiles, Now: w.clock.Now})
	require.NoError(t, err)
	return v
}

// decide says what the library says: a reason, or nothing for what is genuine.
func (w *mutationWorld) decide(t testing.TB, v *citycode.Verifier, b []byte) string {
	t.Helper()
	token, err := citycode.ParseToken(b)
	if err != nil {
		return reasonOf(t, err).String()
	}
	requireLayout(t, w.model, token, b)
	verified, reason := verdict(t, v, token, citycode.Check{Audience: citycode.Transit})
	switch {
	case verified != nil, reason == citycode.StatusUnknown:
		return ""
	default:
		return reason.String()
	}
}

// requireLayout compares where the library and the model cut a token.
func requireLayout(t testing.TB, m *model, token *citycode.Token, b []byte) {
	t.Helper()
	require.Equal(t, b, token.Bytes())
	c, reason := m.layout(b)
	require.Empty(t, reason, "%x", b)
	var want []citycode.Field
	for _, f := range c.fields {
		want = append(want, citycode.Field{Name: f.name, Offset: f.from, Length: f.to - f.from})
	}
	require.Equal(t, want, token.Fields(), "%x", b)
	end := 0
	for _, f := range token.Fields() {
		require.Equal(t, end, f.Offset, "%s: a byte without a name, or with two", f.Name)
		require.Positive(t, f.Length)
		end += f.Length
	}
	require.Len(t, b, end)
}

// signatureReason is what a bit under nothing but signatures gives.
func (w *mutationWorld) signatureReason(b []byte) string {
	if b[1]&3 == modeImplicit {
		return "bad-signature"
	}
	return "bad-issuer-signature"
}

func (w *mutationWorld) require(t testing.TB, v *citycode.Verifier, what string, b []byte) {
	t.Helper()
	require.Equal(t, w.refusal(b), w.decide(t, v, b), "%s: %x", what, b)
}

func TestLayoutGenuine(t *testing.T) {
	w := newMutationWorld(t)
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		v := w.verifier(t, e)
		for i, b := range w.genuine {
			if slow(e) && testing.Short() && i%2 == 0 {
				continue
			}
			assert.Empty(t, w.refusal(b), w.names[i])
			w.require(t, v, w.names[i], b)
		}
	})
	assert.Len(t, w.genuine[0], 203)
	assert.Len(t, w.genuine[3], 95)
}

// TestLayoutEveryBit: no bit of a token can be flipped, and the reason is the
// one that the order of SPEC §5 gives.
func TestLayoutEveryBit(t *testing.T) {
	t.Parallel()
	w := newMutationWorld(t)
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		v := w.verifier(t, e)
		for i, b := range w.genuine {
			reasons := make(map[string]int)
			for bit := range 8 * len(b) {
				if !every(e, bit, 9, 601) {
					continue
				}
				flipped := flip(b, bit)
				want := w.refusal(flipped)
				require.NotEmpty(t, want)
				require.Equal(t, want, w.decide(t, v, flipped), "%s, byte %d, bit %d", w.names[i], bit/8, 7-bit%8)
				reasons[want]++
			}
			t.Log(w.names[i], reasons)
			if slow(e) || testing.Short() {
				continue
			}
			// The neighbours of the issuer are not there for nothing.
			for _, r := range []string{"malformed", "unsupported-version", "unsupported-suite", "unsupported-profile", "unknown-issuer", "issuer-not-allowed", w.signatureReason(b)} {
				assert.NotZero(t, reasons[r], "%s: no bit gives %s", w.names[i], r)
			}
		}
	})
}

// TestLayoutEveryLength: cut anywhere, longer by one to three bytes, and with a
// byte put in or taken out at every place.
func TestLayoutEveryLength(t *testing.T) {
	t.Parallel()
	w := newMutationWorld(t)
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		v := w.verifier(t, e)
		for i, b := range w.genuine {
			for n := range b {
				if testing.Short() && n%5 != 0 {
					continue
				}
				require.Equal(t, "malformed", w.decide(t, v, b[:n]), "%s, cut at %d", w.names[i], n)
				w.require(t, v, w.names[i]+", cut", b[:n])
				w.require(t, v, w.names[i]+", front cut", b[n+1:])
				without := append(bytes.Clone(b[:n]), b[n+1:]...)
				w.require(t, v, w.names[i]+", byte taken out", without)
			}
			for _, tail := range [][]byte{{0}, {1}, {0xff}, {0, 0}, {2, 3}, {0xff, 0xff}, {0, 0, 0}, {0x11, 0x11, 0x03}, {0xff, 0xff, 0xff}} {
				longer := append(bytes.Clone(b), tail...)
				require.Equal(t, "malformed", w.decide(t, v, longer), "%s with %x", w.names[i], tail)
				w.require(t, v, w.names[i]+", longer", longer)
				for n := range b {
					if every(e, n, 3, 151) {
						w.require(t, v, w.names[i]+", byte put in", append(append(bytes.Clone(b[:n]), tail...), b[n:]...))
					}
				}
			}
		}
	})
}

// TestLayoutAnyMutation: what an attacker makes of tokens that he has seen.
func TestLayoutAnyMutation(t *testing.T) {
	t.Parallel()
	w := newMutationWorld(t)
	v := w.verifier(t, engine.Default())
	second := w.verifier(t, engines()[1])
	count := 0
	rapid.Check(t, func(r *rapid.T) {
		b := bytes.Clone(rapid.SampledFrom(w.genuine).Draw(r, "token"))
		for range rapid.IntRange(1, 4).Draw(r, "changes") {
			from := rapid.IntRange(0, len(b)).Draw(r, "from")
			to := rapid.IntRange(from, min(len(b), from+70)).Draw(r, "to")
			switch rapid.IntRange(0, 4).Draw(r, "change") {
			case 0: // other bytes
				for i := from; i < to; i++ {
					b[i] = rapid.Byte().Draw(r, "byte")
				}
			case 1: // taken out
				b = append(b[:from:from], b[to:]...)
			case 2: // put in
				b = append(append(b[:from:from], rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(r, "bytes")...), b[from:]...)
			case 3: // the same place of another token
				other := rapid.SampledFrom(w.genuine).Draw(r, "other")
				if to <= len(other) {
					copy(b[from:to], other[from:to])
				}
			case 4: // the rest of another token
				other := rapid.SampledFrom(w.genuine).Draw(r, "other")
				if from <= len(other) {
					b = append(b[:from:from], other[from:]...)
				}
			}
		}
		w.require(t, v, "mutated", b)
		if count++; count%10 == 0 && !testing.Short() {
			w.require(t, second, "mutated", b)
		}
	})
}

// TestLayoutSynthetic: the parser cuts tokens of every layout that SPEC §2 has,
// also of parts and profiles that are not there yet.
func TestLayoutSynthetic(t *testing.T) {
	w := newMutationWorld(t)
	key := append([]byte{2}, bytes.Repeat([]byte{0xaa}, 32)...)
	v := w.verifier(t, engine.Default())
	second := w.verifier(t, engines()[1])
	parsed, tooLong := 0, 0
	for mode := byte(0); mode < 16; mode++ {
		for _, size := range []int{8, 16, 32, 64} {
			for _, sealSize := range []int{30, 31, 255} {
				for _, sourceSize := range []int{0, 1, 255} {
					for _, challenge := range []int{0, 8, 16} {
						for i, profile := range []byte{0x7f, 0x80, 0x03, 0x82, 0xf0, 0xf7, 0xf8, 0xff} {
							if testing.Short() && (i+challenge/8)%8 != 0 {
								continue
							}
							s := stranger{version: 0x11, mode: 0x10 | mode, profile: profile, issuer: 210100<<12 | 1, scenes: 1, subject: make([]byte, size),
								seal: make([]byte, sealSize), source: make([]byte, sourceSize), key: key, multiple: key,
								audience: 1, challenge: make([]byte, challenge)}
							b := syntheticToken(&s)
							token, err := citycode.ParseToken(b)
							_, reason := w.layout(b)
							if reason != "" {
								require.Error(t, err)
								require.Equal(t, reason, reasonOf(t, err).String())
								if len(b) > citycode.MaxToken {
									tooLong++
								}
								continue
							}
							require.NoError(t, err, "%x", b)
							parsed++
							requireLayout(t, w.model, token, b)
							require.Equal(t, w.refusal(b), w.decide(t, v, b), "%x", b)
							if parsed%16 == 0 {
								w.require(t, second, "synthetic", b)
							}

							// Its credential is cut at the same places.
							c, _ := w.layout(b)
							cred, err := citycode.ParseCredential(b[:c.static])
							require.NoError(t, err)
							require.Equal(t, b[:c.static], cred.Bytes())
							var want []citycode.Field
							for _, f := range token.Fields() {
								if f.Offset < c.static {
									want = append(want, f)
								}
							}
							require.Equal(t, want, cred.Fields())
							_, err = cred.Static()
							require.Equal(t, mode&3 == modeStatic, err == nil)
							if mode&3 != modeStatic {
								_, err = citycode.ParseCredential(b)
								require.Equal(t, citycode.Malformed, reasonOf(t, err))
							}
						}
					}
				}
			}
		}
	}
	t.Logf("%d cut, %d too long", parsed, tooLong)
	assert.Greater(t, parsed, 500)
	assert.NotZero(t, tooLong)
}

// syntheticToken is the stranger's token with zeros for signatures.
func syntheticToken(s *stranger) []byte {
	b := s.unsigned(s.key)
	zeros := make([]byte, 64)
	if s.keyMode() != modeImplicit {
		b = append(b, zeros...)
	}
	if s.keyMode() == modeStatic {
		return b
	}
	b = append(b, zeros[:8]...)
	b = append(b, byte(s.audience>>8), byte(s.audience), byte(len(s.challenge)))
	return append(append(b, s.challenge...), zeros...)
}

// TestLayoutLongest: 512 bytes are a token, one more is none.
func TestLayoutLongest(t *testing.T) {
	m := new(model)
	s := stranger{version: 0x11, mode: 0x1d, profile: 0x80, issuer: 210100 << 12, subject: make([]byte, 64), seal: make([]byte, 31), source: make([]byte, 220),
		key: append([]byte{2}, make([]byte, 32)...)}
	b := syntheticToken(&s)
	s.source = append(s.source, 0)
	longer := syntheticToken(&s)
	require.Len(t, b, citycode.MaxToken)
	requireLayout(t, m, reads(t, b), b)
	_, err := citycode.ParseToken(longer)
	assert.Equal(t, citycode.Malformed, reasonOf(t, err))
}

// TestLayoutSizes: the sizes that SPEC §2.10 names.
func TestLayoutSizes(t *testing.T) {
	key := append([]byte{3}, make([]byte, 32)...)
	for mode, want := range map[byte]int{modeStatic: 95, modeImplicit: 139, modeExplicit: 203, modeMultiple: 236} {
		s := stranger{version: 0x11, mode: 0x10 | mode, profile: 0x80, issuer: 210100 << 12, subject: make([]byte, 8), key: key, multiple: key, audience: 1}
		token := reads(t, syntheticToken(&s))
		assert.Len(t, token.Bytes(), want, fmt.Sprint(mode))
	}
}
