package emergency

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/eventlog"
)

var ctx = context.Background()

func sealKey(t testing.TB, id uint16, secret string) *citycode.SealKey {
	t.Helper()
	k, err := citycode.NewSealKey(citycode.SealKeyConfig{ID: id, Key: citycodetest.Scalar(secret)[:16], Rand: citycodetest.Random("nonces")})
	require.NoError(t, err)
	return k
}

func reader(t testing.TB, store eventlog.Store, keys ...*citycode.SealKey) *Reader {
	t.Helper()
	u, err := citycode.NewUnsealer(keys...)
	require.NoError(t, err)
	r, err := NewReader(ctx, "ambulance-7", u, store)
	require.NoError(t, err)
	return r
}

// card returns what a verifier without a network makes of the emergency card
// of somebody, shown to its terminal.
func card(t testing.TB, r Record) *citycode.Verified {
	t.Helper()
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	profile := Profile(citycodetest.Shenyang, 0xF6)
	profiles := append(citycode.Profiles(), profile)
	c.Draft.Entries[0].Profiles = append(c.Draft.Entries[0].Profiles, citycode.PinProfile(profile))
	var err error
	c.Issuer, err = citycode.NewIssuer(citycode.IssuerConfig{ID: c.Issuer.ID(), Key: citycodetest.Key("210100 issuer"), Profiles: profiles,
		Sealer: sealKey(t, 120, "ambulances")})
	require.NoError(t, err)
	identity, err := r.Encode()
	require.NoError(t, err)
	holder := c.Citizen("li", profile.ID, citycode.Medical, func(claims *citycode.Claims) { claims.Identity = identity })
	trust := c.Trust(nil)
	v, err := citycode.NewVerifier(citycode.VerifierConfig{Trust: trust, Status: c.Status(trust), Replay: c.Guard(), Profiles: profiles, Now: c.Clock.Now})
	require.NoError(t, err)
	challenge, err := citycode.NewChallenge(citycode.ChallengeConfig{Terminal: []byte("ambulance-7"), Now: c.Clock.Now(), Rand: citycodetest.Random("challenge")})
	require.NoError(t, err)
	verified, err := v.Verify(holder.Answer(citycode.Medical, challenge.Bytes()), citycode.Check{Audience: citycode.Medical, Challenge: challenge})
	require.NoError(t, err)
	return verified
}

var li = Record{Blood: "AB-", Allergies: []string{"青霉素", "latex"}, Contacts: []Contact{{"spouse", "+8613900000000"}, {"brother", "13900000001"}}}

var accident = Access{Staff: "paramedic-3", Reason: "unconscious, road accident", At: citycodetest.Start.Add(time.Minute)}

// told is a citizen's telephone.
type told struct {
	notices []Notice
	fail    error
}

func (n *told) Notify(_ context.Context, notice Notice) error {
	if n.fail != nil {
		return n.fail
	}
	n.notices = append(n.notices, notice)
	return nil
}

// TestRow26EmergencyCard: the reader of an ambulance opens the card with no
// network, an ordinary gate cannot, and the citizen is told afterwards, once.
func TestRow26EmergencyCard(t *testing.T) {
	v := card(t, li)
	assert.Equal(t, citycode.AssuranceCard, v.Profile().Assurance)
	// A gate has no key, and another service has another.
	_, err := v.Unseal(nil)
	require.ErrorIs(t, err, citycode.ErrCannotUnseal)
	police := reader(t, eventlog.NewMemory(), sealKey(t, 120, "police"))
	_, err = police.Open(ctx, v, accident)
	require.ErrorIs(t, err, citycode.ErrCannotUnseal)

	store := eventlog.NewMemory()
	ambulance := reader(t, store, sealKey(t, 120, "ambulances"))
	for _, missing := range []Access{{Reason: "why"}, {Staff: "who"}, {Staff: " ", Reason: "\n"}} {
		_, err = ambulance.Open(ctx, v, missing)
		_, ok := errors.AsType[*scenarios.RequestError](err)
		assert.True(t, ok, "no glass is broken without a name and a reason")
	}
	for range 2 {
		got, err := ambulance.Open(ctx, v, accident)
		require.NoError(t, err)
		assert.Equal(t, li, *got)
	}
	ambulance = reader(t, store) // the journal is still there after a restart
	entries, err := ambulance.Entries(ctx, 0)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	assert.Equal(t, "paramedic-3", entries[0].Staff)
	assert.True(t, entries[0].Opened)

	// Later, with a network: the first answer is lost, and all is uploaded again.
	phone, log := &told{fail: errors.New("switched off")}, eventlog.NewMemory()
	audit, err := NewAudit(ctx, log, phone)
	require.NoError(t, err)
	require.Error(t, audit.Receive(ctx, entries))
	audit, err = NewAudit(ctx, log, phone)
	require.NoError(t, err)
	phone.fail = nil
	for range 3 {
		require.NoError(t, audit.Receive(ctx, entries))
		require.NoError(t, audit.NotifyAll(ctx))
	}
	require.Len(t, phone.notices, 1)
	assert.Contains(t, phone.notices[0].Text.Zh, accident.Reason)
	forged := entries[0]
	forged.Staff = "somebody else"
	require.ErrorIs(t, audit.Receive(ctx, []Entry{forged}), ErrChanged)

	// Who tried and could not is audited too.
	tried, err := police.Entries(ctx, 0)
	require.NoError(t, err)
	require.Len(t, tried, 1)
	assert.False(t, tried[0].Opened)
	tried[0].Key += " police"
	require.NoError(t, audit.Receive(ctx, tried))
	assert.Contains(t, phone.notices[1].Text.En, "could not")
	mine, err := audit.Entries(ctx, entries[0].Person)
	require.NoError(t, err)
	assert.Len(t, mine, 2)
	nobody, err := audit.Entries(ctx, "210100-00")
	require.NoError(t, err)
	assert.Empty(t, nobody)
}

// broken is a journal whose disk is full.
type broken struct{ eventlog.Store }

func (broken) Append(context.Context, string, int64, []eventlog.Event) error {
	return errors.New("disk full")
}

// Nothing is shown that is not written down.
func TestNoJournalNoRecord(t *testing.T) {
	r := reader(t, broken{eventlog.NewMemory()}, sealKey(t, 120, "ambulances"))
	got, err := r.Open(ctx, card(t, li), accident)
	require.ErrorContains(t, err, "disk full")
	assert.Nil(t, got)
}

func TestRecord(t *testing.T) {
	for path, r := range map[string]Record{
		"emergency.b":      {Blood: "C+"},
		"emergency.a":      {Allergies: make([]string, MaxAllergies+1)},
		"emergency.a[1]":   {Allergies: []string{"latex", " "}},
		"emergency.c":      {Contacts: make([]Contact, MaxContacts+1)},
		"emergency.c[0].p": {Contacts: []Contact{{"spouse", "call me"}}},
		"emergency":        {Allergies: []string{strings.Repeat("x", MaxRecord)}},
	} {
		_, err := r.Encode()
		var wrong *scenarios.RequestError
		require.ErrorAs(t, err, &wrong, path)
		assert.Equal(t, path, wrong.Path)
	}
	for _, bad := range []string{"", "[]", `{"b":"A+","b":"B+"}`, `{"name":"x"}`, `{"b":"A+"}{}`, `{"b":"Z"}`} {
		_, err := Decode([]byte(bad))
		assert.Error(t, err, bad)
	}
	require.NoError(t, Profile(citycodetest.Shenyang, 0xF6).Validate())
}

// FuzzDecode: what is accepted is encoded to what is accepted again.
func FuzzDecode(f *testing.F) {
	seed, err := li.Encode()
	require.NoError(f, err)
	f.Add(seed)
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"b":"O+","c":[{"r":"","p":"120"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Decode(b)
		if err != nil {
			return
		}
		again, err := r.Encode()
		if err != nil {
			return // accepted with spaces between, or as escapes, and longer without
		}
		got, err := Decode(again)
		require.NoError(t, err)
		twice, err := got.Encode()
		require.NoError(t, err)
		require.Equal(t, again, twice)
	})
}
