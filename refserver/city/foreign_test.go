package city

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/foreign"
	"github.com/citizencode/citizencode/qr"
	"github.com/citizencode/citizencode/scenarios"
)

// A foreign code at a gate is named and refused with the next step, and leaves
// no trace: not in the guard, not in the journal, not in the verifier's tables;
// the next citizen passes.
func TestForeignAtTheGate(t *testing.T) {
	c, err := New(Config{})
	require.NoError(t, err)
	p := &cast{City: c}
	p.national, err = newNational(c.clock)
	require.NoError(t, err)
	pass, err := c.home.issue(c.clock, application{citizen: person("甲", "A"), profile: citycode.ProfileTransit, scenes: citycode.Transit})
	require.NoError(t, err)
	gate := c.bus
	scan := func(draw picture) (reason, message string, allow bool) {
		file, err := draw()
		require.NoError(t, err)
		d, err := gate.Scan(context.Background(), file, qr.ReadOptions{})
		require.NoError(t, err)
		return d.Reason, d.Message.En, d.Allow
	}
	state := func() []any {
		v, err := gate.verifier()
		require.NoError(t, err)
		guard, _ := gate.station.remembered()
		return []any{guard.Len(), len(gate.station.journal), v.TableBytes(), v.TimeFloor()}
	}
	_, _, allow := scan(code(pass, citycode.Transit))
	require.True(t, allow)
	before := state()
	assert.Equal(t, 1, before[0])
	for kind, draw := range map[foreign.Kind]picture{
		foreign.RideJTT1179:     p.nationalRide,
		foreign.RideTencent:     plain("TX" + strings.Repeat("00", 60)),
		foreign.PayAlipay:       plain("281234567890123456"),
		foreign.PayWeChat:       plain("131234567890123456"),
		foreign.Medical:         plain("TEST0000000000000000000000AB"),
		foreign.HCert:           plain("HC1:6BFOXN%TSMAHN-H"),
		foreign.SmartHealthCard: plain("shc:/567629095243206034602924374044603122295953265460346029254077280433602870286471674522280928613331456437653141590640220306450459085643550341424541364037063665417137241236380304375622046737407532323925433443326057360106453155531707742452727663113070"),
		foreign.WebLink:         plain("https://example.org/poster"),
	} {
		reason, message, allow := scan(draw)
		assert.False(t, allow, kind)
		assert.Equal(t, string(qr.ReasonNotCitizenCode), reason, kind)
		assert.Equal(t, kind.Next().En, message, kind)
	}
	_, message, _ := scan(plain("nobody knows this"))
	assert.Equal(t, textOf[qr.ReasonNotCitizenCode].En, message)
	assert.Equal(t, before, state())
	c.clock.Advance(10e9)
	_, _, allow = scan(code(pass, citycode.Transit))
	assert.True(t, allow)
}

// A gate that takes ride codes of both kinds keeps them apart: a ride code leaves
// no trace in what judges citizen codes, and says nothing of its account.
func TestTwoKindsAtOneGate(t *testing.T) {
	c, err := New(Config{})
	require.NoError(t, err)
	n, err := newNational(c.clock)
	require.NoError(t, err)
	gate := c.bus
	gate.others, err = n.takes(gate.now)
	require.NoError(t, err)
	pass, err := c.home.issue(c.clock, application{citizen: person("甲", "A"), profile: citycode.ProfileTransit, scenes: citycode.Transit})
	require.NoError(t, err)
	scan := func(draw picture) *scenarios.Decision {
		file, err := draw()
		require.NoError(t, err)
		d, err := gate.Scan(context.Background(), file, qr.ReadOptions{})
		require.NoError(t, err)
		assert.NotContains(t, string(d.Outcome)+d.Message.En+d.Reason, "9999", "an account in the decision")
		return d
	}
	state := func() []any {
		v, err := gate.verifier()
		require.NoError(t, err)
		guard, _ := gate.station.remembered()
		return []any{guard.Len(), len(gate.station.journal), v.TableBytes(), v.TimeFloor()}
	}
	before := state()
	c.clock.Advance(time.Minute) // the lane takes no code of before it began
	var shown screenshot
	ride := shown.of(n.ride("99990000000000000001", 0))
	d := scan(ride)
	require.True(t, d.Allow, d.Reason)
	assert.JSONEq(t, `{"kind":"ride-jtt1179"}`, string(d.Outcome))
	d = scan(shown.again)
	assert.True(t, d.Allow && d.Repeated, "held before the camera: it opens once")
	c.clock.Advance(3 * time.Second)
	d = scan(shown.again)
	assert.Equal(t, "replayed", d.Reason)
	assert.JSONEq(t, `{"kind":"ride-jtt1179"}`, string(d.Outcome))
	d = scan(n.ride("99990000000000000002", 25*time.Hour))
	assert.Equal(t, "authorisation-expired", d.Reason)
	assert.Contains(t, d.Message.En, "open it again online")
	d = scan(plain("281234567890123456"))
	assert.Equal(t, string(qr.ReasonNotCitizenCode), d.Reason)
	assert.Equal(t, foreign.PayAlipay.Next().En, d.Message.En, "what is taken by neither is named")
	other, err := newNational(c.clock)
	require.NoError(t, err)
	assert.Equal(t, "bad-certificate", scan(other.ride("99990000000000000001", 0)).Reason)
	assert.Equal(t, before, state())

	assert.True(t, scan(code(pass, citycode.Transit)).Allow)
	after := state()
	assert.Equal(t, 1, after[0])
	assert.Equal(t, 1, after[1])
}
