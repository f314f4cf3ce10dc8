package citycode_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash"
	"io"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
)

// The stranger's implicit mode, from SPEC §4.5 and math/big.

var orderN = new(big.Int).SetBytes(curveOrder)

func number(b []byte) *big.Int { return new(big.Int).SetBytes(b) }

// scalar returns v mod n in 32 bytes.
func scalar(v *big.Int) []byte {
	return new(big.Int).Mod(v, orderN).FillBytes(make([]byte, 32))
}

func timesN(a, b *big.Int) *big.Int { return new(big.Int).Mod(new(big.Int).Mul(a, b), orderN) }

// onG returns [k]G.
func onG(t testing.TB, k *big.Int) []byte {
	t.Helper()
	key, err := engine.NewSigner(scalar(k))
	require.NoError(t, err)
	return compressed(t, key)
}

// combined returns w + [k]p.
func combined(t testing.TB, w, p []byte, k *big.Int) []byte {
	t.Helper()
	a, err := engine.Default().Prepare(w)
	require.NoError(t, err)
	b, err := engine.Default().Prepare(p)
	require.NoError(t, err)
	sum, err := engine.Default().(engine.Combiner).Combine(a, b, [32]byte(scalar(k)))
	require.NoError(t, err)
	c := engine.Compress(sum)
	return c[:]
}

func coordinates(t testing.TB, p []byte) []byte {
	t.Helper()
	key, err := engine.Default().Prepare(p)
	require.NoError(t, err)
	raw := key.Bytes()
	return raw[1:]
}

// An identityRule says what of a static part lambda is made of. There is one
// that is right; the others are what an implementer may take for it.
type identityRule int

const (
	wInIdentity     identityRule = iota // SPEC §4.5
	wBesideIdentity                     // ID ends before W; W is still hashed beside HA
	wNowhere                            // neither ID nor lambda names W
	noTag                               // ID without CC1/impl
	noIssuerKey                         // HA without P
)

// lambdaOf is that of SPEC §4.5, or of one who read it wrongly.
func lambdaOf(t testing.TB, rule identityRule, static, issuer []byte) *big.Int {
	t.Helper()
	w := static[len(static)-33:]
	id := append([]byte("CC1/impl"), static...)
	switch rule {
	case wBesideIdentity, wNowhere:
		id = id[:len(id)-33]
	case noTag:
		id = id[8:]
	}
	h := engine.Default().NewSM3()
	h.Write(binary.BigEndian.AppendUint16(nil, uint16(8*len(id))))
	for _, b := range [][]byte{id, curveA, curveB, curveG} {
		h.Write(b)
	}
	if rule != noIssuerKey {
		h.Write(coordinates(t, issuer))
	}
	ha := h.Sum(nil)
	h = engine.Default().NewSM3()
	if rule != wNowhere {
		h.Write(coordinates(t, w))
	}
	h.Write(ha)
	return new(big.Int).Mod(number(h.Sum(nil)), orderN)
}

// complete is both sides of an issue: it sets W and the holder's key.
func (s *stranger) complete(t testing.TB, master []byte, rule identityRule) {
	t.Helper()
	w, own := number(citycodetest.Scalar("the stranger's w")), number(citycodetest.Scalar("the stranger's own secret"))
	s.key = onG(t, new(big.Int).Add(w, own))
	lambda := lambdaOf(t, rule, s.unsigned(s.key), onG(t, number(master)))
	d := new(big.Int).Add(w, own)
	s.holder = deterministicKey(t, scalar(d.Add(d, timesN(lambda, number(master)))))
}

// deterministicKey draws no nonces: newRandomised does, and would do as well,
// but a red test must be red in the same bytes again.
func deterministicKey(t testing.TB, d []byte) *randomised {
	t.Helper()
	return newRandomised(t, d).(*randomised)
}

// An implicitScene is a terminal and one stranger's implicit ride code in which
// all is well.
type implicitScene struct {
	*citycodetest.City
	code   stranger
	master []byte
}

func newImplicitScene(t testing.TB) *implicitScene {
	t.Helper()
	s := &implicitScene{City: citycodetest.NewCity(t, citycodetest.Shenyang), master: citycodetest.Scalar("210100 implicit")}
	now := uint32(s.Clock.Now().Unix())
	s.code = stranger{version: 0x11, mode: 0x12, profile: 0x13, issuer: uint32(s.Implicit.ID()), issuedAt: now, notAfter: now + hour, index: 77, scenes: 1,
		subject: []byte("pseudony"), time: now, counter: 1, audience: 1}
	s.code.complete(t, s.master, wInIdentity)
	return s
}

var atTheGate = citycode.Check{Audience: citycode.Transit}

// requireReason asks a fresh terminal of each engine. A refusal leaves no trace.
func (s *implicitScene) requireReason(t testing.TB, want citycode.Reason, b []byte, name string) {
	t.Helper()
	for _, e := range engines() {
		trust := s.Trust(e)
		guard := s.Guard()
		v, err := citycode.NewVerifier(citycode.VerifierConfig{Trust: trust, Status: s.Status(trust), Replay: guard, Now: s.Clock.Now})
		require.NoError(t, err)
		_, got := verdict(t, v, reads(t, b), atTheGate)
		require.Equal(t, want.String(), got.String(), "%s, %s", name, e.Name())
		if want != 0 {
			require.Zero(t, guard.Len(), name)
		}
	}
}

func TestImplicit(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	a := c.ImplicitCitizen("a", nil)
	assert.Len(t, a.Cred.Bytes(), 64)
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		v := c.Verifier(e)
		for range 2 {
			token := a.Show(citycode.Transit)
			require.Len(t, token.Bytes(), 139)
			verified, err := v.Verify(token, atTheGate)
			require.NoError(t, err)
			assert.Equal(t, c.Implicit.ID(), verified.Issuer())
			assert.Equal(t, citycode.ProfileImplicit, verified.Profile().ID)
			assert.Equal(t, a.Claims.Subject, verified.Subject())
			_, reason := verdict(t, v, token, atTheGate)
			assert.Equal(t, citycode.Replayed, reason)
		}
		// A new city is the same city: nothing here is drawn by chance.
		again := citycodetest.NewCity(t, citycodetest.Shenyang).ImplicitCitizen("a", nil)
		assert.Equal(t, a.Cred.Bytes(), again.Cred.Bytes())
	})
}

// TestImplicitStranger: what SPEC §4.5 says is what the library does.
func TestImplicitStranger(t *testing.T) {
	s := newImplicitScene(t)
	token := s.code.token(t)
	require.Len(t, token, 139)
	s.requireReason(t, 0, token, "the stranger's own")

	// And the other way: the key of the library's credential is the SPEC's.
	a := s.ImplicitCitizen("a", nil)
	static := a.Cred.Bytes()
	master := onG(t, number(s.master))
	key := a.Key.PublicKey()
	assert.Equal(t, combined(t, static[len(static)-33:], master, lambdaOf(t, wInIdentity, static, master)), key[:])
}

// TestImplicitOtherLambdas: a key of whoever computes lambda otherwise, issuer
// and holder alike, opens nothing.
func TestImplicitOtherLambdas(t *testing.T) {
	s := newImplicitScene(t)
	for rule, name := range map[identityRule]string{wBesideIdentity: "W not in ID", wNowhere: "W nowhere", noTag: "ID without its tag", noIssuerKey: "HA without the issuer's key"} {
		code := s.code
		code.complete(t, s.master, rule)
		s.requireReason(t, citycode.BadSignature, code.token(t), name)
	}
}

// TestImplicitForgery: if lambda did not name W, anybody could choose his key d
// first and compute W = [d]G - [lambda]P for any words, without the issuer. The
// forgery is made and is good under that lambda; the verifier refuses it.
func TestImplicitForgery(t *testing.T) {
	s := newImplicitScene(t)
	master := onG(t, number(s.master))
	d := number(citycodetest.Scalar("the forger"))
	forge := func(rule identityRule) []byte {
		code := s.code
		code.subject, code.index = []byte("somebody"), 78
		placeholder := onG(t, big.NewInt(7))
		lambda := lambdaOf(t, rule, code.unsigned(placeholder), master)
		code.key = combined(t, onG(t, d), master, new(big.Int).Sub(orderN, lambda))
		code.holder = deterministicKey(t, scalar(d))
		return code.token(t)
	}
	forged := forge(wNowhere)
	static := forged[:64]
	// The toy verifier's key is the forger's: his signature is good there.
	assert.Equal(t, onG(t, d), combined(t, static[31:], master, lambdaOf(t, wNowhere, static, master)))
	assert.NotEqual(t, onG(t, d), combined(t, static[31:], master, lambdaOf(t, wInIdentity, static, master)))
	s.requireReason(t, citycode.BadSignature, forged, "W computed from a chosen key")
	s.requireReason(t, citycode.BadSignature, forge(wInIdentity), "W computed for the lambda of another W")

	// W chosen so that the issuer's key would cancel, or be the whole of PA.
	for name, k := range map[string]*big.Int{"W = -P": new(big.Int).Sub(orderN, big.NewInt(1)), "W = P": big.NewInt(1)} {
		code := s.code
		code.key = onG(t, timesN(k, number(s.master)))
		code.holder = deterministicKey(t, scalar(d))
		s.requireReason(t, citycode.BadSignature, code.token(t), name)
	}
}

// requireSignature replaces the signature of the scene's token.
func (s *implicitScene) withSignature(t testing.TB, sig []byte) []byte {
	t.Helper()
	b := s.code.token(t)
	return append(b[:len(b)-64:len(b)-64], sig...)
}

// digestUnder is e with the ZA of any point.
func digestUnder(t testing.TB, point []byte, message []byte) [32]byte {
	t.Helper()
	key, err := engine.Default().Prepare(point)
	require.NoError(t, err)
	za := engine.ZA(engine.Default(), key)
	h := engine.Default().NewSM3()
	h.Write(za[:])
	h.Write([]byte("CC1/tokn"))
	h.Write(message)
	return [32]byte(h.Sum(nil))
}

// TestImplicitZA: ZA is over the key that was reconstructed. Over anything else,
// (r, s) of P is (r, (s+r)/c - r) of c(P+G)-G for every c: a signature that
// somebody saw becomes one of a key that he can hold out as his own.
func TestImplicitZA(t *testing.T) {
	s := newImplicitScene(t)
	master := onG(t, number(s.master))
	own := compressed(t, s.code.holder)
	message := s.code.token(t)
	message = message[:len(message)-64]
	for name, point := range map[string][]byte{"the issuer's key": master, "W": s.code.key, "another key": onG(t, big.NewInt(99)), "its own": own} {
		sig, err := engine.SignDigest(nil, s.code.holder, digestUnder(t, point, message))
		require.NoError(t, err)
		want := citycode.BadSignature
		if bytes.Equal(point, own) {
			want = 0
		}
		s.requireReason(t, want, s.withSignature(t, sig[:]), "ZA of "+name)
	}

	c := big.NewInt(12345)
	moved := combined(t, onG(t, new(big.Int).Sub(c, big.NewInt(1))), own, c) // c(P+G)-G
	move := func(sig [64]byte) (out [64]byte) {
		r := number(sig[:32])
		sum := new(big.Int).Add(r, number(sig[32:]))
		copy(out[:], sig[:32])
		copy(out[32:], scalar(timesN(sum, new(big.Int).ModInverse(c, orderN)).Sub(timesN(sum, new(big.Int).ModInverse(c, orderN)), r)))
		return out
	}
	for _, e := range engines() {
		key, err := e.Prepare(moved)
		require.NoError(t, err)
		// Under a ZA that is not the key's the move works ...
		fixed := digestUnder(t, master, message)
		sig, err := engine.SignDigest(nil, s.code.holder, fixed)
		require.NoError(t, err)
		assert.True(t, key.Verify(fixed, move(sig)), e.Name())
		// ... and under its own it does not.
		sig, err = engine.SignDigest(nil, s.code.holder, digestUnder(t, own, message))
		require.NoError(t, err)
		assert.False(t, key.Verify(digestUnder(t, moved, message), move(sig)), e.Name())
		moved := move(sig)
		s.requireReason(t, citycode.BadSignature, s.withSignature(t, moved[:]), "moved")
	}
}

// TestImplicitGarbage: until the signature verifies nothing in a token is
// anybody's word. A W of chance beside a revoked citizen's serial says nothing
// about him, and leaves nothing behind.
func TestImplicitGarbage(t *testing.T) {
	s := newImplicitScene(t)
	revoked := s.ImplicitCitizen("revoked", nil)
	require.NoError(t, s.Register[s.Implicit.ID()].Set(revoked.Claims.Index, citycode.StatusRevoked))
	token := revoked.Show(citycode.Transit).Bytes()
	s.requireReason(t, citycode.Revoked, token, "his own code")
	for i := range 5 {
		garbage := bytes.Clone(token)
		copy(garbage[31:], onG(t, big.NewInt(int64(1000+i))))
		s.requireReason(t, citycode.BadSignature, garbage, "garbage W")
	}
	off := bytes.Clone(token)
	copy(off[31:], offCurve())
	s.requireReason(t, citycode.BadSignature, off, "W off the curve")
	big := bytes.Clone(token)
	copy(big[32:], curveP)
	s.requireReason(t, citycode.BadSignature, big, "x(W) = p")
	copy(big[32:], bytes.Repeat([]byte{0xff}, 32))
	s.requireReason(t, citycode.BadSignature, big, "x(W) of all ones")
	for _, prefix := range []byte{0, 1, 4, 6, 7} {
		b := bytes.Clone(token)
		b[31] = prefix
		_, err := citycode.ParseToken(b)
		assert.Equal(t, citycode.Malformed, reasonOf(t, err))
	}
	// Expired, from the future, for another audience: the same word.
	for name, change := range map[string]func([]byte) []byte{"expired": put32(11, 1), "issued tomorrow": put32(7, uint32(s.Clock.Now().Unix()+dayLong)), "an old code": put32(64, 0), "another index": put32(15, 9)} {
		s.requireReason(t, citycode.BadSignature, change(bytes.Clone(token)), name)
	}
}

// TestImplicitUses: a key has one use, and the mode byte chooses none.
func TestImplicitUses(t *testing.T) {
	s := newImplicitScene(t)
	entry := func(index int) *citycode.TrustEntry {
		for i := range s.Draft.Entries {
			if s.Draft.Entries[i].ID == s.ID(index) {
				return &s.Draft.Entries[i]
			}
		}
		t.Fatal("no entry")
		return nil
	}
	good := s.code.token(t)

	// The master key signs an explicit credential: it is an SM2 key like any.
	explicit := s.code
	explicit.mode, explicit.profile, explicit.key = 0x11, 3, nil
	explicit.issuerKey, explicit.holder = citycodetest.Key("210100 implicit"), citycodetest.Key("citizen")
	s.requireReason(t, citycode.IssuerNotAllowed, explicit.token(t), "explicit credential of an implicit key")
	entry(citycodetest.ImplicitIndex).Profiles = []citycode.TrustProfile{citycode.PinProfile(citycode.TransitProfile()), citycode.PinProfile(citycode.ImplicitTransitProfile())}
	s.requireReason(t, citycode.IssuerNotAllowed, explicit.token(t), "and its profile is listed")
	s.requireReason(t, 0, good, "as before")

	// An explicit key lists the implicit profile.
	foreign := s.code
	foreign.issuer = uint32(s.Issuer.ID())
	foreign.complete(t, citycodetest.Scalar("210100 issuer"), wInIdentity)
	s.requireReason(t, citycode.IssuerNotAllowed, foreign.token(t), "implicit code of an explicit key")
	e := entry(citycodetest.IssuerIndex)
	e.Profiles = append(e.Profiles, citycode.PinProfile(citycode.ImplicitTransitProfile()))
	s.requireReason(t, citycode.IssuerNotAllowed, foreign.token(t), "and its profile is listed")
	entry(citycodetest.ImplicitIndex).Use = citycode.UseExplicit
	s.requireReason(t, citycode.IssuerNotAllowed, good, "listed for explicit use")

	// Another mode in the same bytes cannot be cut; another profile under the
	// same mode is not that profile's.
	for mode := range byte(16) {
		for _, b := range [][]byte{good, explicit.token(t)} {
			if b[1] == 0x10|mode {
				continue
			}
			token, err := citycode.ParseToken(putByte(1, 0x10|mode)(bytes.Clone(b)))
			if err != nil {
				assert.Equal(t, citycode.Malformed, reasonOf(t, err))
				continue
			}
			s.requireReason(t, citycode.Malformed, token.Bytes(), "mode flipped")
		}
	}
	s.requireReason(t, citycode.Malformed, putByte(2, 3)(bytes.Clone(good)), "profile transit in implicit mode")
	s.requireReason(t, citycode.Malformed, putByte(2, 0x13)(explicit.token(t)), "profile transit-implicit in explicit mode")
}

// A faultyStore keeps answers and fails when it is told to.
type faultyStore struct {
	citycodetest.Answers
	load, save error
	saves      int
}

func (s *faultyStore) Load(r [engine.DigestSize]byte) ([]byte, error) {
	if s.load != nil {
		return nil, s.load
	}
	return s.Answers.Load(r)
}

func (s *faultyStore) Save(r [engine.DigestSize]byte, answer []byte) ([]byte, error) {
	if s.saves++; s.save != nil {
		return nil, s.save
	}
	return s.Answers.Save(r, answer)
}

// newImplicitIssuer has the city's key and a store of the test's.
func newImplicitIssuer(t testing.TB, store citycode.ImplicitStore, change func(*citycode.ImplicitIssuerConfig)) *citycode.ImplicitIssuer {
	t.Helper()
	master, err := engine.NewImplicitKey(citycodetest.Scalar("210100 implicit"))
	require.NoError(t, err)
	cfg := citycode.ImplicitIssuerConfig{ID: 210100<<12 | citycodetest.ImplicitIndex, Key: master, Answers: store, Rand: citycodetest.Random("w")}
	if change != nil {
		change(&cfg)
	}
	i, err := citycode.NewImplicitIssuer(cfg)
	require.NoError(t, err)
	return i
}

func implicitClaims(t testing.TB, name string) citycode.Claims {
	t.Helper()
	return citycode.Claims{Profile: citycode.ProfileImplicit, IssuedAt: at(noon), NotAfter: at(noon + dayLong), Index: 4711, Scenes: citycode.Transit, Subject: []byte("pseudony"),
		Possession: possession(t, name, 210100<<12|citycodetest.ImplicitIndex)}
}

// TestImplicitAnswers: one w for two requests gives the master key away, so an
// answer is durable before it is sent and never computed again.
func TestImplicitAnswers(t *testing.T) {
	store := &faultyStore{Answers: make(citycodetest.Answers)}
	issuer := newImplicitIssuer(t, store, nil)
	claims := implicitClaims(t, "citizen")
	first, err := issuer.Issue(claims)
	require.NoError(t, err)
	assert.Equal(t, 1, store.saves)

	// The answer was lost. The citizen proves his key anew, with a new nonce,
	// to an issuer that has been started again with another random source.
	key, err := citycode.NewSoftwareKey(citycodetest.Key("citizen"), new(counter))
	require.NoError(t, err)
	claims.Possession, err = key.ProvePossession(issuer.ID(), [16]byte{9})
	require.NoError(t, err)
	for _, i := range []*citycode.ImplicitIssuer{issuer, newImplicitIssuer(t, store, func(c *citycode.ImplicitIssuerConfig) { c.Rand = noRandom{} })} {
		again, err := i.Issue(claims)
		require.NoError(t, err)
		assert.Equal(t, first.Credential.Bytes(), again.Credential.Bytes())
		assert.Equal(t, first.Share, again.Share)
	}
	assert.Equal(t, 1, store.saves)

	// Anything else that is asked is another request with another W.
	seen := map[string]string{string(first.Credential.Bytes()[31:]): "the first"}
	for name, change := range map[string]func(*citycode.Claims){
		"index": func(k *citycode.Claims) { k.Index++ }, "list": func(k *citycode.Claims) { k.List++ }, "subject": func(k *citycode.Claims) { k.Subject = []byte("pseudonx") },
		"benefit": func(k *citycode.Claims) { k.Benefit++ }, "issuedAt": func(k *citycode.Claims) { k.IssuedAt = at(noon + 1) },
		"notAfter": func(k *citycode.Claims) { k.NotAfter = at(noon + 1) }, "U": func(k *citycode.Claims) { k.Possession = possession(t, "another citizen", issuer.ID()) },
	} {
		claims := implicitClaims(t, "citizen")
		change(&claims)
		other, err := issuer.Issue(claims)
		require.NoError(t, err, name)
		w := string(other.Credential.Bytes()[31:])
		assert.Empty(t, seen[w], name)
		seen[w] = name
	}

	// No answer leaves that was not stored; none is computed if the store
	// cannot say whether there is one.
	out := errors.New("disk full")
	for _, broken := range []*faultyStore{{save: out}, {load: out}} {
		broken.Answers = make(citycodetest.Answers)
		answer, err := newImplicitIssuer(t, broken, nil).Issue(implicitClaims(t, "citizen"))
		assert.ErrorIs(t, err, out)
		assert.Nil(t, answer)
		assert.Empty(t, broken.Answers)
		if broken.load != nil {
			assert.Zero(t, broken.saves)
		}
	}
	for name, kept := range map[string][]byte{"empty": {}, "short": make([]byte, 31), "no credential": make([]byte, 96)} {
		answer, err := newImplicitIssuer(t, keeps(kept), nil).Issue(implicitClaims(t, "citizen"))
		assert.Error(t, err, name)
		assert.Nil(t, answer, name)
	}
	_, err = newImplicitIssuer(t, make(citycodetest.Answers), func(c *citycode.ImplicitIssuerConfig) { c.Rand = noRandom{} }).Issue(implicitClaims(t, "citizen"))
	assert.ErrorIs(t, err, errNoRandom)
}

// keeps is a store with one answer to everything.
type keeps []byte

func (k keeps) Load([engine.DigestSize]byte) ([]byte, error) { return k, nil }
func (keeps) Save([engine.DigestSize]byte, []byte) ([]byte, error) {
	panic("an answer is stored again")
}

// A sharedStore lets another issuer answer between an issuer's Load and its Save.
type sharedStore struct {
	citycodetest.Answers
	between func()
}

func (s *sharedStore) Save(r [engine.DigestSize]byte, answer []byte) ([]byte, error) {
	if f := s.between; f != nil {
		s.between = nil
		f()
	}
	return s.Answers.Save(r, answer)
}

// TestImplicitAnswersOfTwoIssuers: two processes with one key and one store are
// asked the same at once. One answer leaves, and it is the one that was kept.
func TestImplicitAnswersOfTwoIssuers(t *testing.T) {
	store := &sharedStore{Answers: make(citycodetest.Answers)}
	issuer := func(name string) *citycode.ImplicitIssuer {
		return newImplicitIssuer(t, store, func(c *citycode.ImplicitIssuerConfig) { c.Rand = citycodetest.Random(name) })
	}
	one, two := issuer("one"), issuer("two")
	claims := implicitClaims(t, "citizen")
	var quick *citycode.ImplicitAnswer
	store.between = func() {
		var err error
		quick, err = two.Issue(claims)
		require.NoError(t, err)
	}
	slow, err := one.Issue(claims)
	require.NoError(t, err)
	require.NotNil(t, quick, "the second issuer was asked in between")
	assert.Equal(t, quick.Credential.Bytes(), slow.Credential.Bytes())
	assert.Equal(t, quick.Share, slow.Share)
	assert.Len(t, store.Answers, 1)
	// By itself the first would have drawn another w.
	alone, err := newImplicitIssuer(t, make(citycodetest.Answers), func(c *citycode.ImplicitIssuerConfig) { c.Rand = citycodetest.Random("one") }).Issue(claims)
	require.NoError(t, err)
	assert.NotEqual(t, quick.Credential.Bytes(), alone.Credential.Bytes())
}

type noRandom struct{}

var errNoRandom = errors.New("no random numbers")

func (noRandom) Read([]byte) (int, error) { return 0, errNoRandom }

var _ io.Reader = noRandom{}

// TestImplicitSealedAnswer: a seal draws a nonce, and the answer is found all
// the same.
func TestImplicitSealedAnswer(t *testing.T) {
	p := citycode.ImplicitTransitProfile()
	p.ID, p.City, p.SealSize = 0xf1, 210100, 48
	seal, err := citycode.NewSealKey(citycode.SealKeyConfig{ID: 1, Key: make([]byte, 16), Rand: citycodetest.Random("nonces")})
	require.NoError(t, err)
	issuer := newImplicitIssuer(t, make(citycodetest.Answers), func(c *citycode.ImplicitIssuerConfig) { c.Profiles, c.Sealer = []citycode.Profile{p}, seal })
	claims := implicitClaims(t, "citizen")
	claims.Profile, claims.Identity = 0xf1, []byte("somebody")
	a, err := issuer.Issue(claims)
	require.NoError(t, err)
	b, err := issuer.Issue(claims)
	require.NoError(t, err)
	assert.Equal(t, a.Credential.Bytes(), b.Credential.Bytes())
	assert.EqualValues(t, 1, seal.Used(), "an answer that is sent again makes no seal")
	assert.NotContains(t, string(a.Credential.Bytes()), "somebody")
	claims.Identity = []byte("somebody else")
	c, err := issuer.Issue(claims)
	require.NoError(t, err)
	assert.NotEqual(t, a.Credential.Bytes()[109:], c.Credential.Bytes()[109:])

	none := newImplicitIssuer(t, make(citycodetest.Answers), func(c *citycode.ImplicitIssuerConfig) { c.Profiles = []citycode.Profile{p} })
	_, err = none.Issue(claims)
	assert.ErrorContains(t, err, "no sealer")
}

// TestImplicitIssueRefuses: what an explicit issuer refuses, and what only here
// is wrong.
func TestImplicitIssueRefuses(t *testing.T) {
	issuer := newImplicitIssuer(t, make(citycodetest.Answers), nil)
	for _, r := range []struct {
		name, says string
		change     func(*citycode.Claims)
	}{
		{"an explicit profile", "not an implicit one", func(k *citycode.Claims) { k.Profile = citycode.ProfileTransit }},
		{"an unknown profile", "not an implicit one", func(k *citycode.Claims) { k.Profile = 0x14 }},
		{"no proof", "no proof of possession", func(k *citycode.Claims) { k.Possession = nil }},
		{"a proof for another issuer", "made for 210100/1", func(k *citycode.Claims) { k.Possession = possession(t, "citizen", 210100<<12|1) }},
		{"a proof that was made to be listed under this id", "does not verify", func(k *citycode.Claims) { k.Possession = provenToBeListed(t, "citizen", issuer.ID()) }},
		{"a proof with another nonce", "does not verify", func(k *citycode.Claims) { k.Possession.Nonce[0] ^= 1 }},
		{"somebody else's U", "does not verify", func(k *citycode.Claims) {
			k.Possession.Key = possession(t, "victim", issuer.ID()).Key
		}},
		{"U off the curve", "public key", func(k *citycode.Claims) { k.Possession.Key = citycode.PublicKey(offCurve()) }},
		{"U is the issuer's key", "issuer's own", func(k *citycode.Claims) { k.Possession = possession(t, "210100 implicit", issuer.ID()) }},
		{"two scenes", "more than one", func(k *citycode.Claims) { k.Scenes = 3 }},
		{"an identity", "no identity", func(k *citycode.Claims) { k.Identity = []byte{1} }},
		{"too long", "longer", func(k *citycode.Claims) { k.NotAfter = k.IssuedAt.Add(8 * 24 * time.Hour) }},
	} {
		claims := implicitClaims(t, "citizen")
		r.change(&claims)
		answer, err := issuer.Issue(claims)
		assert.ErrorContains(t, err, r.says, r.name)
		assert.Nil(t, answer, r.name)
	}
	key, err := engine.NewImplicitKey(citycodetest.Scalar("k"))
	require.NoError(t, err)
	for name, cfg := range map[string]citycode.ImplicitIssuerConfig{
		"no id": {Key: key, Answers: make(citycodetest.Answers)}, "no key": {ID: 210100 << 12, Answers: make(citycodetest.Answers)}, "no store": {ID: 210100 << 12, Key: key},
		"a key off the curve": {ID: 210100 << 12, Key: masterOffCurve{key}, Answers: make(citycodetest.Answers)},
		"a profile twice":     {ID: 210100 << 12, Key: key, Answers: make(citycodetest.Answers), Profiles: []citycode.Profile{citycode.ImplicitTransitProfile(), citycode.ImplicitTransitProfile()}},
	} {
		_, err := citycode.NewImplicitIssuer(cfg)
		assert.Error(t, err, name)
	}
}

type masterOffCurve struct{ citycode.ImplicitKey }

func (masterOffCurve) Point() [33]byte { return [33]byte(offCurve()) }

// TestImplicitComplete: a wrong share is found when it arrives and not at the
// first gate.
func TestImplicitComplete(t *testing.T) {
	issuer := newImplicitIssuer(t, make(citycodetest.Answers), nil)
	answer, err := issuer.Issue(implicitClaims(t, "citizen"))
	require.NoError(t, err)
	own := citycodetest.Scalar("citizen")
	key, err := answer.Complete(own, issuer.PublicKey())
	require.NoError(t, err)
	static := answer.Credential.Bytes()
	master := issuer.PublicKey()
	assert.Equal(t, combined(t, static[31:], master[:], lambdaOf(t, wInIdentity, static, master[:])), compressed(t, key))

	other := implicitClaims(t, "citizen")
	other.Index++
	second, err := issuer.Issue(other)
	require.NoError(t, err)
	wrong := *answer
	for name, complete := range map[string]func() error{
		"share with a bit flipped": func() error {
			wrong.Share[31] ^= 1
			_, err := wrong.Complete(own, master)
			return err
		},
		"share of another answer": func() error { wrong.Share = second.Share; _, err := wrong.Complete(own, master); return err },
		"share of zeros":          func() error { wrong.Share = engine.ImplicitShare{}; _, err := wrong.Complete(own, master); return err },
		"share of n":              func() error { copy(wrong.Share[:], curveOrder); _, err := wrong.Complete(own, master); return err },
		"another's secret":        func() error { _, err := answer.Complete(citycodetest.Scalar("victim"), master); return err },
		"no secret":               func() error { _, err := answer.Complete(nil, master); return err },
		"secret too short":        func() error { _, err := answer.Complete(own[1:], master); return err },
		"another issuer's key": func() error {
			_, err := answer.Complete(own, citycode.PublicKey(onG(t, big.NewInt(5))))
			return err
		},
		"issuer key off the curve": func() error { _, err := answer.Complete(own, citycode.PublicKey(offCurve())); return err },
		"no issuer key":            func() error { _, err := answer.Complete(own, citycode.PublicKey{}); return err },
		"a W off the curve": func() error {
			c, err := citycode.ParseCredential(append(slices.Clone(static[:31]), offCurve()...))
			require.NoError(t, err)
			_, err = (&citycode.ImplicitAnswer{Credential: c, Share: answer.Share}).Complete(own, master)
			return err
		},
		"another credential": func() error {
			_, err := (&citycode.ImplicitAnswer{Credential: second.Credential, Share: answer.Share}).Complete(own, master)
			return err
		},
	} {
		assert.Error(t, complete(), name)
	}
}

// An engine whose hash gives one number for everything, or whose sum of points is infinity.
type (
	hashesTo struct {
		engine.Engine
		engine.Combiner
		digest []byte
	}
	oneDigest struct {
		hash.Hash
		digest []byte
	}
	sumsToInfinity struct{ engine.Engine }
)

func (e hashesTo) NewSM3() hash.Hash    { return oneDigest{e.Engine.NewSM3(), e.digest} }
func (h oneDigest) Sum(b []byte) []byte { return append(b, h.digest...) }
func (sumsToInfinity) Combine(_, _ engine.Key, _ [32]byte) (engine.Key, error) {
	return nil, engine.ErrPoint
}

// TestImplicitDegenerate: lambda = 0, where W is the key and the issuer's drops out, and infinity are refused
// (SPEC §4.5). No W is known that leads there, so the engine does.
func TestImplicitDegenerate(t *testing.T) {
	answer, err := newImplicitIssuer(t, make(citycodetest.Answers), nil).Issue(implicitClaims(t, "citizen"))
	require.NoError(t, err)
	static := answer.Credential.Bytes()
	master := newImplicitIssuer(t, make(citycodetest.Answers), nil).PublicKey()
	sound := engine.Default()
	combiner := sound.(engine.Combiner)
	for name, r := range map[string]struct {
		engine engine.Engine
		want   error
	}{
		"sound":            {sound, nil},
		"lambda 1":         {hashesTo{sound, combiner, scalar(big.NewInt(1))}, nil},
		"lambda 0":         {hashesTo{sound, combiner, make([]byte, 32)}, engine.ErrPoint},
		"lambda n":         {hashesTo{sound, combiner, curveOrder}, engine.ErrPoint},
		"infinity":         {sumsToInfinity{sound}, engine.ErrPoint},
		"no sum of points": {struct{ engine.Engine }{sound}, citycode.ErrNoCombiner},
	} {
		_, err := citycode.Reconstruct(r.engine, master, static)
		assert.ErrorIs(t, err, r.want, name)
	}
}
