package citycode_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
)

var grandmother = citycode.Delegation{Guardian: [8]byte{1, 2, 3, 4, 5, 6, 7, 8}, Relation: citycode.ForElder, PerDay: 4, Cap: 1050}

// TestDelegationBytes: the 14 bytes of SPEC §4.7.
func TestDelegationBytes(t *testing.T) {
	assert.Equal(t, []byte{1, 2, 3, 4, 5, 6, 7, 8, 2, 4, 0, 0, 4, 26}, grandmother.Bytes())
	assert.Equal(t, bytes.Repeat([]byte{0xff}, 14), citycode.Delegation{Guardian: [8]byte(bytes.Repeat([]byte{0xff}, 8)), Relation: 255, PerDay: 255, Cap: 1<<32 - 1}.Bytes())
	assert.Equal(t, []citycode.Relation{1, 2, 3}, []citycode.Relation{citycode.ForChild, citycode.ForElder, citycode.ForWard})
}

// TestDelegation: an adult shows an elder's code with his own key.
func TestDelegation(t *testing.T) {
	c := newPrivateCity(t, citycodetest.Shenyang, nil)
	claims := c.claims("daughter", citycode.DelegatedProfile(), citycode.Medical)
	claims.SourceSegment = grandmother.Bytes()
	delegated := c.holder("daughter", claims)
	self := c.holder("grandmother", c.claims("grandmother", citycode.TransitProfile(), citycode.Transit))
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		v := c.verifier(e)
		verified, reason := verdict(t, v, c.show(delegated, citycode.Medical, nil), citycode.Check{Audience: citycode.Medical})
		require.Zero(t, reason)
		d, ok := verified.Delegation()
		assert.True(t, ok)
		assert.Equal(t, grandmother, d)
		assert.Equal(t, claims.Subject, verified.Subject(), "the subject is the elder")

		// The scope is the scene mask.
		_, reason = verdict(t, v, c.show(delegated, citycode.Medical, nil), atTheGate)
		assert.Equal(t, citycode.WrongAudience, reason)
		_, err := delegated.Present(citycode.Presentation{Time: c.Clock.Now(), Audience: citycode.Transit})
		assert.Error(t, err)

		verified, reason = verdict(t, v, c.show(self, citycode.Transit, nil), atTheGate)
		require.Zero(t, reason)
		d, ok = verified.Delegation()
		assert.False(t, ok)
		assert.Zero(t, d)
		c.Clock.Advance(1e9)
	})
	// The key is the adult's and nobody else's.
	cred, err := c.issuer.Issue(claims)
	require.NoError(t, err)
	_, err = citycode.NewHolder(cred, softwareKey(t, "grandmother", new(counter)))
	assert.Error(t, err)

	// What was given can be taken back, and nothing else goes with it.
	require.NoError(t, c.Register[c.Issuer.ID()].Set(claims.Index, citycode.StatusRevoked))
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		v := c.verifier(e)
		_, reason := verdict(t, v, c.show(delegated, citycode.Medical, nil), citycode.Check{Audience: citycode.Medical})
		assert.Equal(t, citycode.Revoked, reason)
		_, reason = verdict(t, v, c.show(self, citycode.Transit, nil), atTheGate)
		assert.Zero(t, reason)
	})
}

// TestDelegationRefuses: a relation that is none is neither issued nor, from
// somebody who issues it all the same, accepted.
func TestDelegationRefuses(t *testing.T) {
	c := newPrivateCity(t, citycodetest.Shenyang, nil)
	now := uint32(c.Clock.Now().Unix())
	var gates []*citycode.Verifier
	for _, e := range engines() {
		gates = append(gates, c.verifier(e))
	}
	for relation := range 256 {
		d := grandmother
		d.Relation = citycode.Relation(relation)
		good := 1 <= relation && relation <= 3
		claims := c.claims("daughter", citycode.DelegatedProfile(), citycode.Medical)
		claims.SourceSegment = d.Bytes()
		_, err := c.issuer.Issue(claims)
		assert.Equal(t, good, err == nil, relation)
		if relation%50 > 4 {
			continue
		}
		s := stranger{version: 0x11, mode: 0x19, profile: 7, issuer: uint32(c.Issuer.ID()), issuedAt: now, notAfter: now + 60, index: 9, scenes: 2, subject: make([]byte, 8),
			source: d.Bytes(), issuerKey: citycodetest.Key("210100 issuer"), holder: citycodetest.Key("daughter"), time: now, audience: 2}
		s.index += uint32(relation) // another serial each time: none was shown before
		for _, v := range gates {
			_, reason := verdict(t, v, reads(t, s.token(t)), citycode.Check{Audience: citycode.Medical})
			want := citycode.Malformed
			if good {
				want = 0
			}
			assert.Equal(t, want, reason, relation)
		}
	}
	for _, n := range []int{0, 13, 15} {
		claims := c.claims("daughter", citycode.DelegatedProfile(), citycode.Medical)
		claims.SourceSegment = bytes.Repeat([]byte{1}, n)
		_, err := c.issuer.Issue(claims)
		assert.ErrorContains(t, err, "source segment", n)
	}
}

// TestDelegationAnything: what was written is what is read.
func TestDelegationAnything(t *testing.T) {
	c := newPrivateCity(t, citycodetest.Shenyang, nil)
	v := c.verifier(engine.Default())
	rapid.Check(t, func(r *rapid.T) {
		d := citycode.Delegation{Guardian: [8]byte(rapid.SliceOfN(rapid.Byte(), 8, 8).Draw(r, "guardian")), Relation: citycode.Relation(rapid.IntRange(1, 3).Draw(r, "relation")),
			PerDay: rapid.Byte().Draw(r, "per day"), Cap: rapid.Uint32().Draw(r, "cap")}
		claims := c.claims("daughter", citycode.DelegatedProfile(), citycode.Medical)
		claims.SourceSegment = d.Bytes()
		verified, err := v.Verify(c.show(c.holder("daughter", claims), citycode.Medical, nil), citycode.Check{Audience: citycode.Medical})
		require.NoError(r, err)
		got, ok := verified.Delegation()
		require.True(r, ok)
		require.Equal(r, d, got)
	})
}

// TestDelegationSize: a terminal that means another size by the profile does not read a delegation out of it, and
// 14 bytes of another profile are none.
func TestDelegationSize(t *testing.T) {
	c := newPrivateCity(t, citycodetest.Shenyang, nil)
	longer := citycode.DelegatedProfile()
	longer.SourceSize++
	v, err := citycode.NewVerifier(citycode.VerifierConfig{Trust: c.Trust(nil), Replay: c.Guard(), Now: c.Clock.Now, Profiles: []citycode.Profile{longer}})
	require.NoError(t, err)
	now := uint32(c.Clock.Now().Unix())
	s := stranger{version: 0x11, mode: 0x19, profile: 7, issuer: uint32(c.Issuer.ID()), issuedAt: now, notAfter: now + 60, index: 9, scenes: 2, subject: make([]byte, 8),
		source: append(grandmother.Bytes(), 0), issuerKey: citycodetest.Key("210100 issuer"), holder: citycodetest.Key("daughter"), time: now, audience: 2}
	_, reason := verdict(t, v, reads(t, s.token(t)), citycode.Check{Audience: citycode.Medical})
	assert.Equal(t, citycode.Malformed, reason)

	same := citycode.DelegatedProfile()
	same.ID, same.City, same.Name = 0xF1, citycodetest.Shenyang, "source code"
	c = newPrivateCity(t, citycodetest.Shenyang, nil, same)
	claims := c.claims("daughter", same, citycode.Medical)
	claims.SourceSegment = grandmother.Bytes()
	verified, err := c.verifier(engine.Default()).Verify(c.show(c.holder("daughter", claims), citycode.Medical, nil), citycode.Check{Audience: citycode.Medical})
	require.NoError(t, err)
	_, delegated := verified.Delegation()
	assert.False(t, delegated)
}
