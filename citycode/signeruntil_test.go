package citycode_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
)

// TestStatusSignerVerifyUntil: a key that was retired and then stolen can date a
// list back into its own time and number it above every honest one. What it
// signed counts until its verifyUntil, however long the list says it lives.
func TestStatusSignerVerifyUntil(t *testing.T) {
	s := newStage(t)
	s.Draft.Entries[2].VerifyUntil = at(noon)
	s.Clock.Set(at(noon - hour))
	citizen := s.Citizen("Han Meimei", citycode.ProfileTransit, citycode.Transit, nil)
	place := s.Place(func(c *citycode.Claims) { c.NotAfter = c.IssuedAt.Add(30 * 24 * time.Hour) })
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		s.Clock.Set(at(noon - hour))
		trust := s.Trust(e)
		lists := s.Status(trust)
		require.Equal(t, at(noon), lists[0].Expires(), "and not in seven days")
		register := lists[0].Register()
		require.NoError(t, register.Set(9000, citycode.StatusRevoked))
		delta, err := register.SignDelta(lists[0], citycode.StatusHeader{Signer: s.ID(citycodetest.StatusIndex), Version: citycode.Version{Epoch: 1, Counter: 1000},
			IssuedAt: s.Clock.Now(), Expires: at(noon + 7*dayLong)}, citycodetest.Key("210100 status"))
		require.NoError(t, err)
		changed, err := lists[0].Apply(delta, trust)
		require.NoError(t, err)
		for name, status := range map[string][]*citycode.StatusList{"list": lists, "delta": {changed, lists[1]}} {
			for _, r := range []struct {
				now   int64
				want  citycode.Reason
				known bool
			}{{noon, 0, true}, {noon + 1, citycode.StatusUnknown, false}} {
				s.Clock.Set(at(r.now))
				v, err := citycode.NewVerifier(citycode.VerifierConfig{Trust: trust, Status: status, InsecureNoReplayGuard: true, Now: s.Clock.Now})
				require.NoError(t, err)
				_, reason := verdict(t, v, citizen.Show(citycode.Transit), citycode.Check{Audience: citycode.Transit})
				assert.Equal(t, r.want.String(), reason.String(), name)
				// A place passes unasked, and is marked.
				printed, reason := verdict(t, v, place, citycode.Check{})
				require.Zero(t, reason, name)
				assert.Equal(t, r.known, printed.StatusKnown(), name)
			}
		}
	})
}

// TestStatusSignerVerifyUntilOfItsKey: of two keys under one id the one that
// verified says until when.
func TestStatusSignerVerifyUntilOfItsKey(t *testing.T) {
	s := newStage(t)
	s.Clock.Set(at(noon - hour))
	s.prove("210100 next status", s.ID(citycodetest.StatusIndex))
	next := s.Draft.Entries[2]
	next.Key = citycode.PublicKey(compressed(t, citycodetest.Key("210100 next status")))
	s.Draft.Entries[2].VerifyUntil = at(noon)
	s.Draft.Entries = append(s.Draft.Entries, next)
	trust := s.Trust(nil)
	citizen := s.Citizen("Han Meimei", citycode.ProfileTransit, citycode.Transit, nil)
	for name, want := range map[string]citycode.Reason{"210100 status": citycode.StatusUnknown, "210100 next status": 0} {
		msg, err := s.Register[s.Issuer.ID()].Sign(citycode.StatusHeader{Signer: s.ID(citycodetest.StatusIndex), Version: citycode.Version{Epoch: 1, Counter: 1},
			IssuedAt: at(noon - hour), Expires: at(noon + dayLong)}, citycodetest.Key(name))
		require.NoError(t, err)
		list, err := citycode.OpenStatusList(msg, trust, citycode.Version{})
		require.NoError(t, err)
		s.Clock.Set(at(noon + 1))
		v, err := citycode.NewVerifier(citycode.VerifierConfig{Trust: trust, Status: []*citycode.StatusList{list}, InsecureNoReplayGuard: true, Now: s.Clock.Now})
		require.NoError(t, err)
		_, reason := verdict(t, v, citizen.Show(citycode.Transit), citycode.Check{Audience: citycode.Transit})
		assert.Equal(t, want.String(), reason.String(), name)
	}
}

// TestSnapshotSignerVerifyUntil: likewise, a snapshot vouches for nothing beyond
// the time of the key that signed it.
func TestSnapshotSignerVerifyUntil(t *testing.T) {
	s := newSnapshotStage(t)
	s.Draft.Entries[4].VerifyUntil = at(noon + hour)
	trust := s.Trust(nil)
	lists := s.Status(trust)
	snap, reason := openSnapshot(t, s.snapshotMessage(1, trust, lists...), trust, citycode.Version{})
	require.Zero(t, reason)
	assert.Equal(t, at(noon+hour), snap.Expires(), "not in four hours")
	citizen := s.Citizen("Han Meimei", citycode.ProfileTransit, citycode.Transit, nil)
	v, err := citycode.NewVerifier(citycode.VerifierConfig{Trust: trust, Status: lists, Snapshot: snap, InsecureNoReplayGuard: true, Now: s.Clock.Now})
	require.NoError(t, err)
	for now, want := range map[int64]citycode.Reason{noon + hour: 0, noon + hour + 1: citycode.TrustStale} {
		s.Clock.Set(at(now))
		_, reason := verdict(t, v, citizen.Show(citycode.Transit), citycode.Check{Audience: citycode.Transit})
		assert.Equal(t, want.String(), reason.String())
	}
}
