package foreign_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/foreign"
	"github.com/citizencode/citizencode/citycode/foreign/hcert"
	"github.com/citizencode/citizencode/citycode/foreign/jtt1179"
	"github.com/citizencode/citizencode/citycode/foreign/jtt1179/jtt1179test"
	"github.com/citizencode/citizencode/qr"
)

type handler = func(code []byte) error

// TestRouter: a gate that serves two kinds says of every other what it is and
// what to do.
func TestRouter(t *testing.T) {
	calls := map[foreign.Kind]int{}
	count := func(k foreign.Kind) handler {
		return func([]byte) error { calls[k]++; return nil }
	}
	router, err := foreign.NewRouter(newRecogniser(t, rules), map[foreign.Kind]handler{
		foreign.CitizenCode: count(foreign.CitizenCode), foreign.RideJTT1179: count(foreign.RideJTT1179)})
	require.NoError(t, err)
	served := map[foreign.Kind]int{}
	for _, s := range samples(t) {
		handle, code, err := router.Route([]byte(s.shown))
		assert.Equal(t, s.kind, code.Kind, s.what)
		var refusal *foreign.Refusal
		switch takes := s.kind == foreign.CitizenCode || s.kind == foreign.RideJTT1179; {
		case takes && s.fault == foreign.Intact:
			require.NoError(t, err, s.what)
			require.NoError(t, handle(code.Bytes()))
			served[s.kind]++
			continue
		case takes:
			require.ErrorAs(t, err, &refusal, s.what)
			assert.Equal(t, foreign.ReasonScanner, refusal.Reason, s.what)
			assert.Contains(t, refusal.Next.En, "scanner", s.what)
		case s.kind == foreign.Unknown:
			require.ErrorAs(t, err, &refusal, s.what)
			assert.Equal(t, foreign.ReasonUnknown, refusal.Reason, s.what)
		default:
			require.ErrorAs(t, err, &refusal, s.what)
			assert.Equal(t, foreign.ReasonNotServed, refusal.Reason, s.what)
			assert.Equal(t, s.kind.Next(), refusal.Next, s.what)
		}
		assert.Nil(t, handle)
		assert.Equal(t, s.kind, refusal.Kind)
		assert.Equal(t, "foreign: "+s.kind.String()+": "+refusal.Reason, refusal.Error(), "nothing of the code is quoted")
	}
	assert.Equal(t, served, calls)
	assert.Len(t, calls, 2)
}

func TestNewRouter(t *testing.T) {
	_, err := foreign.NewRouter[handler](nil, nil)
	assert.Error(t, err)
	for _, k := range []foreign.Kind{foreign.Unknown, 99} {
		_, err = foreign.NewRouter(newRecogniser(t, rules), map[foreign.Kind]handler{k: nil})
		assert.ErrorContains(t, err, "nothing can serve")
	}
}

// What a handler finds keeps its word and its next step; what it does not say in
// that way is a fault and no verdict.
func TestRefused(t *testing.T) {
	for _, v := range []foreign.Verdict{&jtt1179.Error{Reason: jtt1179.AuthorisationExpired}, &hcert.Error{Reason: hcert.Expired}} {
		r := foreign.Refused(foreign.RideJTT1179, fmt.Errorf("lane 7: %w", v))
		assert.Equal(t, v.Word(), r.Reason)
		assert.Equal(t, v.Next(), r.Next)
		assert.ErrorIs(t, r, v)
	}
	r := foreign.Refused(foreign.Medical, errors.New("connection refused"))
	assert.Equal(t, foreign.ReasonFault, r.Reason)
	assert.Contains(t, r.Next.En, "staffed desk")
	assert.Equal(t, "foreign: medical: handler-fault: connection refused", r.Error())
}

// TestNothingReachesTheVerifier: whatever kind a foreign code is, good, broken
// or expired, no Token comes of it, so a verifier's guard, tables and status
// lists cannot have seen it; also where a gate forgets to ask a recogniser.
func TestNothingReachesTheVerifier(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	guard, trust := c.Guard(), c.Trust(nil)
	verifier, err := citycode.NewVerifier(citycode.VerifierConfig{Trust: trust, Status: c.Status(trust), Replay: guard, Now: c.Clock.Now})
	require.NoError(t, err)
	a := c.Citizen("Test Person A", citycode.ProfileTransit, citycode.Transit, nil)
	scan := func(b []byte) error {
		parsed, err := citycode.ParseToken(b)
		if err != nil {
			return err
		}
		_, err = verifier.Verify(parsed, citycode.Check{Audience: citycode.Transit, Lane: "lane"})
		return err
	}
	require.NoError(t, scan(a.Show(citycode.Transit).Bytes()))
	before := []int{guard.Len(), verifier.TableBytes()}
	floor := verifier.TimeFloor()
	foreigners := samples(t)
	expired := jtt1179test.New()
	expired.Expires = jtt1179test.Uint32(1)
	foreigners = append(foreigners, sample{"an expired ride code", string(expired.Bytes()), foreign.RideJTT1179, foreign.Intact})
	tried := 0
	for _, s := range foreigners {
		if s.kind == foreign.CitizenCode && s.fault == foreign.Intact {
			continue
		}
		var refused *citycode.VerifyError
		require.ErrorAs(t, scan([]byte(s.shown)), &refused, s.what)
		assert.Equal(t, citycode.Malformed, refused.Reason, s.what)
		assert.Zero(t, refused.Issuer, s.what)
		_, err := qr.DecodeText(qr.TrimScan(s.shown))
		assert.Error(t, err, s.what)
		tried++
	}
	assert.Greater(t, tried, 40)
	assert.Equal(t, before, []int{guard.Len(), verifier.TableBytes()})
	assert.Equal(t, floor, verifier.TimeFloor())
	c.Clock.Advance(10 * time.Second)
	assert.NoError(t, scan(a.Show(citycode.Transit).Bytes()), "and the next citizen passes")
}
