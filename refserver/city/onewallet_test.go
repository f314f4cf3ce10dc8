package city

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/partner"
	"github.com/citizencode/citizencode/qr"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/agreement"
)

// One citizen on one day works together with three partners in the three ways of
// citycode SPEC §9.1: the hospital reads two codes in one picture, the insurance's
// counter knows the account that the code is bound to, and a bus line under an old
// contract has the wallet switch until the contract ends. None of the three changes
// what the others say.
func TestRow1FuseBindSwitch(t *testing.T) {
	c, err := New(Config{})
	require.NoError(t, err)
	citizen := person("丁", "D")
	p := &cast{City: c, d: citizen}
	ctx := context.Background()

	// Fuse: the medical code in front.
	fused, err := c.home.issue(c.clock, application{citizen: citizen, profile: citycode.ProfileFused, scenes: citycode.Transit | citycode.Medical, days: 1})
	require.NoError(t, err)
	c.patients.register(fused.claims.Subject, insuredB)
	scan := func(g *Gate, draw picture) *scenarios.Decision {
		file, err := draw()
		require.NoError(t, err)
		d, err := g.Scan(ctx, file, qr.ReadOptions{Timeout: time.Minute})
		require.NoError(t, err)
		return d
	}
	require.NoError(t, c.desk.SetOnline(true))
	fuse := func() string {
		c.clock.Advance(5 * time.Second)
		return scan(c.desk, p.fusedCode(fused, p.medicalCode(insuredB))).Reason
	}

	// Bind: our code alone, and the partner's account behind it.
	plainCode, err := c.home.issue(c.clock, application{citizen: citizen, profile: citycode.ProfileMedical, scenes: citycode.Medical})
	require.NoError(t, err)
	verifier, err := c.desk.verifier()
	require.NoError(t, err)
	accounts := partner.NewBindings("insurance")
	counter, err := partner.NewDesk("insurance", verifier, accounts)
	require.NoError(t, err)
	online := citycode.Check{Audience: citycode.Medical, Online: true}
	bind := func() string {
		c.clock.Advance(5 * time.Second)
		token, err := plainCode.Show(citycode.Medical)
		require.NoError(t, err)
		guest, err := counter.Admit(ctx, token, online)
		var refused *partner.Error
		if errors.As(err, &refused) {
			return string(refused.Reason)
		}
		require.NoError(t, err)
		return guest.Account
	}

	// Switch: the wallet shows the line's own code while the contract holds.
	steps, err := p.contract()
	require.NoError(t, err)
	line := steps[0].Gate
	riding, err := c.home.issue(c.clock, application{citizen: citizen, profile: citycode.ProfileTransit, scenes: citycode.Transit, days: 7})
	require.NoError(t, err)
	ride := func() *scenarios.Decision {
		c.clock.Advance(5 * time.Second)
		return scan(line, code(riding, citycode.Transit))
	}

	assert.Equal(t, "ok", fuse())
	assert.Equal(t, string(partner.NotBound), bind(), "nobody is bound unasked")
	challenge, err := citycode.NewChallenge(citycode.ChallengeConfig{Terminal: []byte("insurance, counter 1"), Now: c.clock.Now()})
	require.NoError(t, err)
	answer, err := plainCode.answer(citycode.Medical, challenge.Bytes())
	require.NoError(t, err)
	here, err := verifier.Verify(answer, citycode.Check{Audience: citycode.Medical, Online: true, Challenge: challenge})
	require.NoError(t, err)
	require.NoError(t, accounts.Bind(here, "account 7"))
	assert.Equal(t, "account 7", bind())
	d := ride()
	assert.Equal(t, agreement.SwitchCode, d.Reason)
	var notice agreement.Notice
	require.NoError(t, json.Unmarshal(d.Outcome, &notice))
	assert.Equal(t, agreement.OperatorCode, notice.Switch.Scheme)

	// The insurance ends the binding: its own counter refuses, and nothing else.
	require.NoError(t, accounts.Unbind(partner.SubjectOf(here)))
	assert.Equal(t, string(partner.NotBound), bind())
	assert.Equal(t, "ok", fuse())
	assert.True(t, scan(c.bus, p.fusedCode(fused, p.medicalCode(insuredB))).Allow)

	// Midnight, the contract is over.
	c.clock.Advance(notice.Until.Sub(c.clock.Now()))
	require.NoError(t, p.publish())
	require.NoError(t, line.SetOnline(true))
	assert.True(t, ride().Allow)
}

// One picture at a bus and at a hospital desk: without a network the bus opens and
// the desk asks for one; with it, both serve. What was accepted is journalled where
// it was.
func TestRow3OnePictureOnlineAndOffline(t *testing.T) {
	c, err := New(Config{})
	require.NoError(t, err)
	p := &cast{City: c}
	pass, err := c.home.issue(c.clock, application{citizen: person("丁", "D"), profile: citycode.ProfileFused, scenes: citycode.Transit | citycode.Medical})
	require.NoError(t, err)
	c.patients.register(pass.claims.Subject, insuredB)
	shown, err := p.fusedCode(pass, p.medicalCode(insuredB))()
	require.NoError(t, err)
	scan := func(g *Gate, online bool) string {
		require.NoError(t, g.SetOnline(online))
		d, err := g.Scan(context.Background(), shown, qr.ReadOptions{Timeout: time.Minute})
		require.NoError(t, err)
		assert.Equal(t, d.Allow, d.Reason == "ok")
		return d.Reason
	}
	assert.Equal(t, "ok", scan(c.bus, false))
	assert.Equal(t, citycode.OnlineRequired.String(), scan(c.desk, false))
	assert.Zero(t, c.centre.Decodes(), "without a network nobody was asked")
	assert.Empty(t, c.desk.station.journal, "the refusal has not used the code up")
	assert.Equal(t, "ok", scan(c.desk, true))
	assert.Equal(t, "ok", scan(c.metro1, true))
	assert.Equal(t, 1, c.centre.Decodes())
	for _, g := range []*Gate{c.bus, c.desk, c.metro1} {
		require.Len(t, g.station.journal, 1, g.Name.En)
		assert.Equal(t, pass.serial(), g.station.journal[0].Serial)
	}
}
