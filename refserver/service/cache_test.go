package service_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/refserver/service/servicetest"
)

// TestCache: a citizen's third visit costs one verification, at whichever
// terminal; a new status list leaves that as it is and revokes at once; a trust
// list without his issuer's key leaves nothing.
func TestCache(t *testing.T) {
	w, d := servicetest.New(t), new(door)
	e := citycodetest.NewCountingEngine()
	w.Options.Engine = e
	s := w.Open(d.application())
	a, b := w.Citizen("a", citycode.ProfileTransit, citycode.Transit, nil), w.Citizen("b", citycode.ProfileTransit, citycode.Transit, nil)
	visit := func(at string, token *citycode.Token) (reason string, cost int32) {
		w.Clock.Advance(3 * time.Second)
		before := e.Verified.Load()
		reason = decision(t, servicetest.Post(s, at, "", servicetest.Visit(t, token, "open", ""))).Reason
		return reason, e.Verified.Load() - before
	}
	remembered := func() int {
		var h struct {
			Cache struct{ Credentials, Bytes, MostBytes int }
		}
		servicetest.Get(s, "/v1/health").Into(t, &h)
		assert.Positive(t, h.Cache.Bytes)
		assert.Less(t, h.Cache.Bytes, h.Cache.MostBytes)
		assert.Less(t, h.Cache.MostBytes, 6<<20)
		return h.Cache.Credentials
	}
	assert.Zero(t, remembered())
	for i, at := range []string{front, back, front, back} {
		for _, who := range []*citycode.Token{a.Show(citycode.Transit), b.Show(citycode.Transit)} {
			reason, cost := visit(at, who)
			assert.Equal(t, "ok", reason)
			assert.EqualValues(t, []int{2, 2, 1, 1}[i], cost, "time %d", i)
		}
	}
	assert.Equal(t, 2, remembered())

	require.NoError(t, w.Register[w.Issuer.ID()].Set(a.Claims.Index, citycode.StatusRevoked))
	w.PublishStatus()
	require.NoError(t, s.Reload(t.Context()))
	reason, cost := visit(front, a.Show(citycode.Transit))
	assert.Equal(t, "revoked", reason)
	assert.EqualValues(t, 1, cost, "and who is revoked is still known")
	reason, cost = visit(front, b.Show(citycode.Transit))
	assert.Equal(t, "ok", reason)
	assert.EqualValues(t, 1, cost)

	w.Draft.Entries = slices.DeleteFunc(w.Draft.Entries, func(e citycode.TrustEntry) bool { return e.ID == w.Issuer.ID() })
	w.Publish()
	require.NoError(t, s.Reload(t.Context()))
	assert.Zero(t, remembered())
	reason, _ = visit(front, b.Show(citycode.Transit))
	assert.Equal(t, "unknown-issuer", reason)
}
