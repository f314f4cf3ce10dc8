package cardkey_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/cos"
	"github.com/citizencode/citizencode/card/cos/costest"
	"github.com/citizencode/citizencode/card/terminal"
	"github.com/citizencode/citizencode/card/timing"
	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/refserver/cardkey"
	"github.com/citizencode/citizencode/scenarios/epurse"
	"github.com/citizencode/citizencode/scenarios/ledger"
)

// newCard personalises a card with a credential of the city.
func newCard(t testing.TB, city *citycodetest.City, number uint32) (*cos.Card, *citycode.Credential) {
	var cred *citycode.Credential
	c := costest.New(t, costest.Options{Number: number, Credential: func(p *costest.Personaliser) []byte {
		applicant := &cardkey.Applicant{Public: citycode.PublicKey(p.Public), Prove: func(issuer uint32, nonce [16]byte) ([64]byte, error) {
			return p.ProvePossession(issuer, nonce), nil
		}}
		proof, err := applicant.ProvePossession(city.Issuer.ID(), [16]byte{3})
		require.NoError(t, err)
		now := city.Clock.Now()
		cred, err = city.Issuer.Issue(citycode.Claims{Profile: citycode.ProfileCard, IssuedAt: now, NotAfter: now.Add(24 * time.Hour), Index: 1000 + number,
			Scenes: citycode.Transit, Subject: []byte{0, 0, 0, 9, 0, 0, 0, byte(number)}, Possession: proof})
		require.NoError(t, err)
		return cred.Bytes()
	}})
	return c, cred
}

func open(t testing.TB, c card.Transport) *terminal.Session {
	g, err := terminal.New(terminal.Config{AID: app.TestAID})
	require.NoError(t, err)
	s, err := g.Open(context.Background(), c)
	require.NoError(t, err)
	return s
}

func newGate(city *citycodetest.City, name string) *cardkey.Gate {
	return &cardkey.Gate{Verifier: city.Verifier(nil), Terminal: []byte(name), Audience: citycode.Transit, Now: city.Clock.Now,
		Rand: rand.NewChaCha8([32]byte{byte(len(name)), name[0]})}
}

// TestOnePath: phone and card are holders, and the gate's verifier takes both.
func TestOnePath(t *testing.T) {
	city := citycodetest.NewCity(t, citycodetest.Shenyang)
	c, cred := newCard(t, city, 1)
	key, err := cardkey.Open(context.Background(), open(t, c))
	require.NoError(t, err)
	assert.Equal(t, cred.Bytes(), key.Credential().Bytes())
	byCard, err := citycode.NewHolder(key.Credential(), key)
	require.NoError(t, err)
	phone := city.Citizen("phone", citycode.ProfileTransit, citycode.Transit, nil)
	verifier := city.Verifier(nil)
	for _, h := range []*citycode.Holder{byCard, phone.Holder} {
		challenge, err := citycode.NewChallenge(citycode.ChallengeConfig{Terminal: []byte("bus 9"), Now: city.Clock.Now()})
		require.NoError(t, err)
		token, err := h.Present(citycode.Presentation{Time: city.Clock.Now(), Audience: citycode.Transit, Challenge: challenge.Bytes()})
		require.NoError(t, err)
		v, err := verifier.Verify(token, citycode.Check{Audience: citycode.Transit, Challenge: challenge})
		require.NoError(t, err)
		assert.EqualValues(t, 1, v.Counter())
	}
}

// TestGate: five APDUs are enough for a gate, and what it takes is within the budget by the model.
func TestGate(t *testing.T) {
	city := citycodetest.NewCity(t, citycodetest.Shenyang)
	c, cred := newCard(t, city, 1)
	gate := newGate(city, "bus 9")
	m := &timing.Meter{Transport: c}
	answer, err := gate.Identify(context.Background(), open(t, m))
	require.NoError(t, err)
	assert.Equal(t, citycode.ProfileCard, answer.Verified.Profile().ID)
	assert.False(t, answer.Verified.OneWay())
	assert.True(t, bytes.HasPrefix(answer.Token, cred.Bytes()))
	assert.Len(t, m.Exchanges, 3)
	assert.LessOrEqual(t, m.Bytes(), 450)
	assert.LessOrEqual(t, timing.Default.Of(m.Exchanges).Total(), 150*time.Millisecond)
	assert.LessOrEqual(t, timing.Model{Rate: timing.Rate106, Chip: timing.Slow}.Of(m.Exchanges).Total(), 300*time.Millisecond)

	assert.True(t, answer.Signed)
	assert.Equal(t, answer.Verified.Serial(), answer.Serial)

	// The next one is the next.
	city.Clock.Advance(time.Minute)
	answer, err = gate.Identify(context.Background(), open(t, c))
	require.NoError(t, err)
	assert.EqualValues(t, 2, answer.Counter)
}

// TestCounterGaps: what a card signed for a hostile terminal leaves a hole in the counters that gates report, refused
// answers among them.
func TestCounterGaps(t *testing.T) {
	ctx := context.Background()
	city := citycodetest.NewCity(t, citycodetest.Shenyang)
	c, _ := newCard(t, city, 1)
	office, err := epurse.Open(ctx, epurse.Config{Name: "purse", Ledger: ledger.New(ledger.NewMemory()), Verifier: noClaims{}, Now: city.Clock.Now})
	require.NoError(t, err)
	report := func(a *cardkey.Answer) {
		require.True(t, a.Signed)
		_, err := office.Upload(ctx, epurse.Batch{Terminal: "210100000007", Answers: []epurse.Answer{{Serial: a.Serial.String(), Counter: a.Counter,
			Place: "bus 9", Time: city.Clock.Now()}}})
		require.NoError(t, err)
	}
	gate, hospital := newGate(city, "bus 9"), newGate(city, "hospital 2")
	hospital.Audience = citycode.Medical
	first, err := gate.Identify(ctx, open(t, c))
	require.NoError(t, err)
	report(first)
	_, err = open(t, c).Identify(ctx, app.AuthenticateRequest{Audience: 1, Challenge: [16]byte{6, 6, 6}}) // the hostile one
	require.NoError(t, err)
	refused, err := hospital.Identify(ctx, open(t, c))
	wrong, ok := errors.AsType[*citycode.VerifyError](err)
	require.True(t, ok, "%v", err)
	assert.Equal(t, citycode.WrongAudience, wrong.Reason)
	report(refused)
	findings, err := office.Findings(ctx)
	require.NoError(t, err)
	assert.Equal(t, []epurse.Finding{{Kind: epurse.CounterGap, Of: first.Serial.String(), Detail: "2"}}, findings)
}

type noClaims struct{}

func (noClaims) CheckTAC(context.Context, epurse.Claim) (bool, error) { return false, nil }

// tamper changes what a terminal says to INTERNAL AUTHENTICATE.
type tamper struct {
	card.Transport
	change func(data []byte) []byte
}

func (m tamper) Transmit(command []byte) ([]byte, error) {
	c, err := apdu.Parse(command)
	if err == nil && c.INS == apdu.InsInternalAuthenticate {
		c.Data = m.change(c.Data)
		command, _ = c.Bytes()
	}
	return m.Transport.Transmit(command)
}

// TestCardRefuses: what a card does not sign, whoever asks.
func TestCardRefuses(t *testing.T) {
	city := citycodetest.NewCity(t, citycodetest.Shenyang)
	c, cred := newCard(t, city, 1)
	holder := func(session *terminal.Session) *citycode.Holder {
		key, err := cardkey.Open(context.Background(), session)
		require.NoError(t, err)
		h, err := citycode.NewHolder(key.Credential(), key)
		require.NoError(t, err)
		return h
	}
	for _, n := range []int{0, 8} {
		_, err := holder(open(t, c)).Present(citycode.Presentation{Time: city.Clock.Now(), Audience: citycode.Transit, Challenge: make([]byte, n)})
		assert.Error(t, err, "a challenge of %d bytes", n)
	}
	for _, n := range []int{0, 8, 15, 17, 32} {
		forged := tamper{c, func(d []byte) []byte { return append(d[:6:6], make([]byte, n)...) }}
		_, err := newGate(city, "bus 9").Identify(context.Background(), open(t, forged))
		assert.ErrorIs(t, err, apdu.WrongLength, "a challenge of %d bytes", n)
	}

	// One signature for each SELECT.
	s := open(t, c)
	h := holder(s)
	show := citycode.Presentation{Time: city.Clock.Now(), Audience: citycode.Transit, Challenge: make([]byte, 16)}
	_, err := h.Present(show)
	require.NoError(t, err)
	_, err = h.Present(show)
	assert.ErrorIs(t, err, apdu.ConditionsNotSatisfied)
	require.NoError(t, s.Again(context.Background()))
	_, err = h.Present(show)
	assert.NoError(t, err)

	// Another credential than its own, and a counter of the terminal's choice.
	require.NoError(t, s.Again(context.Background()))
	key, err := cardkey.Open(context.Background(), s)
	require.NoError(t, err)
	dynamic := app.AuthenticateRequest{Audience: 1}.Dynamic(0)
	_, err = key.SignToken(append([]byte{0}, cred.Bytes()[1:]...), dynamic)
	assert.Error(t, err)
	_, err = key.SignToken(cred.Bytes(), app.AuthenticateRequest{Audience: 1}.Dynamic(7))
	assert.Error(t, err)
	_, err = key.SignToken(cred.Bytes(), dynamic)
	assert.NoError(t, err)
}

// TestPreSigning: a hostile terminal that has the card in its field gets signatures over challenges of its own choice.
// None of them opens a gate: not with the challenge left out, one of another gate, one that is old, one that was used.
func TestPreSigning(t *testing.T) {
	city := citycodetest.NewCity(t, citycodetest.Shenyang)
	c, cred := newCard(t, city, 1)
	verifier := city.Verifier(nil)
	draw := func(name string) *citycode.Challenge {
		challenge, err := citycode.NewChallenge(citycode.ChallengeConfig{Terminal: []byte(name), Now: city.Clock.Now()})
		require.NoError(t, err)
		return challenge
	}
	sign := func(challenge []byte) *terminal.Identity {
		identity, err := open(t, c).Identify(context.Background(), app.AuthenticateRequest{Time: uint32(city.Clock.Now().Unix()),
			Audience: uint16(citycode.Transit), Challenge: [16]byte(challenge)})
		require.NoError(t, err)
		return identity
	}
	verify := func(raw []byte, challenge *citycode.Challenge) citycode.Reason {
		token, err := citycode.ParseToken(raw)
		if err == nil {
			_, err = verifier.Verify(token, citycode.Check{Audience: citycode.Transit, Challenge: challenge})
		}
		if err == nil {
			return 0
		}
		refused, ok := errors.AsType[*citycode.VerifyError](err)
		require.True(t, ok, "%v", err)
		return refused.Reason
	}

	foreign := sign(draw("the attacker's box").Bytes())
	assert.Equal(t, citycode.ChallengeMismatch, verify(foreign.Token(), draw("bus 9")))
	assert.Equal(t, citycode.ChallengeMismatch, verify(foreign.Token(), nil), "a gate that drew none takes none")

	// The same signature with the challenge cut off is another message.
	cut := append(append([]byte(nil), cred.Bytes()...), foreign.Request.Dynamic(foreign.Counter)[:10]...)
	cut = append(append(cut, 0), foreign.Signature[:]...)
	assert.Equal(t, citycode.BadHolderSignature, verify(cut, draw("bus 9")))
	assert.Equal(t, citycode.BadHolderSignature, verify(cut, nil))

	late := draw("bus 9")
	old := sign(late.Bytes())
	city.Clock.Advance(3 * time.Second)
	assert.Equal(t, citycode.ChallengeExpired, verify(old.Token(), late))

	good := draw("bus 9")
	first, second := sign(good.Bytes()), sign(good.Bytes())
	assert.Zero(t, verify(first.Token(), good))
	assert.Equal(t, citycode.ChallengeReused, verify(second.Token(), good))
	assert.Equal(t, citycode.ChallengeReused, verify(first.Token(), good))

	// And every one of these answers has left a hole in the counters that a gate has seen.
	assert.EqualValues(t, 3, first.Counter)
	assert.EqualValues(t, 4, second.Counter)
}

// TestGateRefuses: a card whose key is not the credential's, and one that says anything, are refused by the verifier and
// not by luck.
func TestGateRefuses(t *testing.T) {
	city := citycodetest.NewCity(t, citycodetest.Shenyang)
	first, _ := newCard(t, city, 1)
	second, _ := newCard(t, city, 2)
	// The credential of the first and the signature of the second: a copy of what anybody can read.
	mixed := transportFunc(func(command []byte) ([]byte, error) {
		a, err := first.Transmit(command)
		b, err2 := second.Transmit(command)
		if command[1] == apdu.InsInternalAuthenticate {
			return b, err2
		}
		return a, err
	})
	answer, err := newGate(city, "bus 9").Identify(context.Background(), open(t, mixed))
	refused, ok := errors.AsType[*citycode.VerifyError](err)
	require.True(t, ok, "%v", err)
	assert.Equal(t, citycode.BadHolderSignature, refused.Reason)
	assert.Nil(t, answer.Verified)
	assert.False(t, answer.Signed, "anyone can compose it")
	assert.Zero(t, answer.Serial)

	garbage := transportFunc(func(command []byte) ([]byte, error) {
		if command[1] == apdu.InsReadBinary {
			return append(bytes.Repeat([]byte{0x11}, 128), 0x90, 0), nil
		}
		return first.Transmit(command)
	})
	_, err = newGate(city, "bus 9").Identify(context.Background(), open(t, garbage))
	assert.Error(t, err)
	_, err = cardkey.Open(context.Background(), open(t, garbage))
	assert.Error(t, err)
	_, err = (&cardkey.Gate{}).Identify(context.Background(), open(t, first))
	assert.Error(t, err)
}

type transportFunc func([]byte) ([]byte, error)

func (f transportFunc) Transmit(command []byte) ([]byte, error) { return f(command) }
