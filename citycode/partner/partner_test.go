package partner

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
)

const scenes = citycode.Medical | citycode.Parking | citycode.Transit

// verified has a terminal of the city accept a code that answers its challenge.
func verified(t testing.TB, c *citycodetest.City, p *citycodetest.Citizen, audience citycode.Scenes) *citycode.Verified {
	t.Helper()
	challenge, err := citycode.NewChallenge(citycode.ChallengeConfig{Terminal: []byte("desk 1"), Now: c.Clock.Now()})
	require.NoError(t, err)
	v, err := c.Verifier(nil).Verify(p.Answer(audience, challenge.Bytes()), citycode.Check{Audience: audience | scenes, Online: true, Challenge: challenge})
	require.NoError(t, err)
	return v
}

func reasonOf(t testing.TB, err error) Reason {
	t.Helper()
	var refused *Error
	require.ErrorAs(t, err, &refused)
	return refused.Reason
}

// TestUnbinding: one code for three places; the medical insurance unbinds the
// citizen, and only its desk refuses.
func TestUnbinding(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	citizen := c.Citizen("Han Meimei", citycode.ProfileUniversal, scenes, nil)
	insurance := NewBindings("insurance")
	medical, err := NewDesk("insurance", c.Verifier(nil), insurance)
	require.NoError(t, err)
	parking, bus := c.Verifier(nil), c.Verifier(nil)
	ctx := context.Background()
	// scan shows one picture to all three.
	scan := func() (admitted, parked, rode error) {
		c.Clock.Advance(time.Second)
		token := citizen.Show(0)
		guest, admitted := medical.Admit(ctx, token, citycode.Check{Audience: citycode.Medical, Online: true})
		if admitted == nil {
			assert.Equal(t, "account 7", guest.Account)
			assert.Equal(t, citizen.Claims.Subject, guest.Citizen.Subject())
		} else {
			assert.Nil(t, guest)
		}
		_, parked = parking.Verify(token, citycode.Check{Audience: citycode.Parking})
		_, rode = bus.Verify(token, citycode.Check{Audience: citycode.Transit})
		return admitted, parked, rode
	}
	subject := SubjectOf(verified(t, c, citizen, 0))
	for _, step := range []struct {
		name string
		do   func() error
		want Reason
	}{
		{"before", func() error { return nil }, NotBound},
		{"bound", func() error { return insurance.Bind(verified(t, c, citizen, 0), "account 7") }, ""},
		{"suspended", func() error { return insurance.Suspend(subject) }, Suspended},
		{"resumed", func() error { return insurance.Resume(subject) }, ""},
		{"unbound", func() error { return insurance.Unbind(subject) }, NotBound},
		{"bound again", func() error { return insurance.Bind(verified(t, c, citizen, 0), "account 7") }, ""},
	} {
		require.NoError(t, step.do(), step.name)
		admitted, parked, rode := scan()
		if step.want == "" {
			assert.NoError(t, admitted, step.name)
		} else {
			assert.Equal(t, step.want, reasonOf(t, admitted), step.name)
		}
		assert.NoError(t, parked, step.name)
		assert.NoError(t, rode, step.name)
	}
	// Revocation is the city's and ends it for all three.
	require.NoError(t, c.Register[c.Issuer.ID()].Set(citizen.Claims.Index, citycode.StatusRevoked))
	medical, err = NewDesk("insurance", c.Verifier(nil), insurance)
	require.NoError(t, err)
	parking, bus = c.Verifier(nil), c.Verifier(nil)
	admitted, parked, rode := scan()
	for _, err := range []error{admitted, parked, rode} {
		assert.ErrorIs(t, err, &citycode.VerifyError{Reason: citycode.Revoked})
	}
}

// A directory that counts who asks and answers as it is told.
type directory struct {
	asked []Subject
	err   error
}

func (d *directory) Account(ctx context.Context, s Subject) (string, error) {
	d.asked = append(d.asked, s)
	return "account", errors.Join(ctx.Err(), d.err)
}

// TestDeskAsksNothingUnverified: what the verifier refuses, the directory never
// hears of; and what the directory cannot say is not said about the citizen.
func TestDeskAsksNothingUnverified(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	citizen := c.Citizen("Han Meimei", citycode.ProfileUniversal, scenes, nil)
	d := new(directory)
	desk, err := NewDesk("insurance", c.Verifier(nil), d)
	require.NoError(t, err)
	check := citycode.Check{Audience: citycode.Parking}
	forged := append([]byte(nil), citizen.Show(0).Bytes()...)
	forged[30] ^= 1 // the handle
	token, err := citycode.ParseToken(forged)
	require.NoError(t, err)
	_, err = desk.Admit(context.Background(), token, check)
	assert.ErrorIs(t, err, &citycode.VerifyError{Reason: citycode.BadIssuerSignature})
	_, err = desk.Admit(context.Background(), citizen.Show(citycode.Transit), check)
	assert.ErrorIs(t, err, &citycode.VerifyError{Reason: citycode.WrongAudience})
	assert.Empty(t, d.asked)

	_, err = desk.Admit(context.Background(), citizen.Show(0), check)
	require.NoError(t, err)
	assert.Equal(t, []Subject{{citycodetest.Shenyang, citycode.ProfileUniversal, string(citizen.Claims.Subject)}}, d.asked)

	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = desk.Admit(cancelled, citizen.Show(0), check)
	assert.Equal(t, Unavailable, reasonOf(t, err))
	assert.ErrorIs(t, err, context.Canceled)
	for _, down := range []error{errors.New("connection refused"), &Error{Partner: "insurance", Reason: Full}, fmt.Errorf("deep: %w", &Error{Reason: Unavailable})} {
		d.err = down
		_, err = desk.Admit(context.Background(), citizen.Show(0), check)
		assert.Equal(t, Unavailable, reasonOf(t, err), "%v", down)
	}
	d.err = fmt.Errorf("account 7: %w", &Error{Partner: "db", Reason: Suspended})
	_, err = desk.Admit(context.Background(), citizen.Show(0), check)
	assert.Equal(t, "partner insurance: binding-suspended", err.Error(), "no account in a refusal")

	for _, bad := range []func() (*Desk, error){
		func() (*Desk, error) { return NewDesk("", c.Verifier(nil), d) },
		func() (*Desk, error) { return NewDesk("insurance", nil, d) },
		func() (*Desk, error) { return NewDesk("insurance", c.Verifier(nil), nil) },
	} {
		_, err := bad()
		assert.Error(t, err)
	}
}

// TestBindProves: whoever only has a picture of a code, or shows it for somebody
// else, binds nothing to his account.
func TestBindProves(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	citizen := c.Citizen("Han Meimei", citycode.ProfileUniversal, scenes, nil)
	b := NewBindings("insurance")
	gate := c.Verifier(nil)
	picture, err := gate.Verify(citizen.Show(0), citycode.Check{Audience: citycode.Parking})
	require.NoError(t, err)
	assert.Equal(t, NotProven, reasonOf(t, b.Bind(picture, "thief")))
	place, err := gate.Verify(c.Place(nil), citycode.Check{})
	require.NoError(t, err)
	assert.Equal(t, NotProven, reasonOf(t, b.Bind(place, "account")))
	child := c.Citizen("child", citycode.ProfileDelegated, citycode.Parking, func(k *citycode.Claims) {
		k.SourceSegment = citycode.Delegation{Guardian: [8]byte{1}, Relation: citycode.ForChild}.Bytes()
	})
	assert.Equal(t, NotProven, reasonOf(t, b.Bind(verified(t, c, child, citycode.Parking), "account")))

	challenge, err := citycode.NewChallenge(citycode.ChallengeConfig{Terminal: []byte("desk 1"), Now: c.Clock.Now()})
	require.NoError(t, err)
	token, check := citizen.Answer(0, challenge.Bytes()), citycode.Check{Audience: citycode.Parking, Challenge: challenge, Lane: "1"}
	_, err = gate.Verify(token, check)
	require.NoError(t, err)
	again, err := gate.Verify(token, check)
	require.NoError(t, err)
	require.True(t, again.Repeated())
	assert.Equal(t, NotProven, reasonOf(t, b.Bind(again, "account")))

	assert.Error(t, b.Bind(nil, "account"))
	good := verified(t, c, citizen, 0)
	assert.Error(t, b.Bind(good, ""))
	require.NoError(t, b.Bind(good, "account"))
	assert.Equal(t, AlreadyBound, reasonOf(t, b.Bind(good, "another account")), "not by overwriting")
	account, err := b.Account(context.Background(), SubjectOf(good))
	require.NoError(t, err)
	assert.Equal(t, "account", account)

	b.max = 1
	other := c.Citizen("Li Lei", citycode.ProfileUniversal, scenes, nil)
	assert.Equal(t, Full, reasonOf(t, b.Bind(verified(t, c, other, 0), "account 2")))
	for _, f := range []func(Subject) error{b.Suspend, b.Resume, b.Unbind} {
		assert.Equal(t, NotBound, reasonOf(t, f(SubjectOf(verified(t, c, other, 0)))))
	}
}

// TestSubjectIsOfItsCity: equal bytes of another city, or of another profile of
// the same one, are somebody else.
func TestSubjectIsOfItsCity(t *testing.T) {
	bytes := func(k *citycode.Claims) { k.Subject = []byte("pseudony") }
	seen := make(map[Subject]string)
	for _, code := range []int{citycodetest.Shenyang, 210200} {
		c := citycodetest.NewCity(t, code)
		for _, p := range []citycode.Profile{citycode.UniversalProfile(), citycode.TransitProfile()} {
			group := citycode.Transit
			if p.AnyAudience {
				group = scenes
			}
			s := SubjectOf(verified(t, c, c.Citizen("a", p.ID, group, bytes), citycode.Transit))
			name := fmt.Sprint(code, p.Name)
			assert.Empty(t, seen[s], name)
			seen[s] = name
		}
	}
	assert.Len(t, seen, 4)
}

// TestBindingsTogether: of many that bind one subject at once, one does.
func TestBindingsTogether(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	v := verified(t, c, c.Citizen("a", citycode.ProfileUniversal, scenes, nil), 0)
	b := NewBindings("insurance")
	var wg sync.WaitGroup
	errs := make([]error, 16)
	for i := range errs {
		wg.Go(func() {
			errs[i] = b.Bind(v, fmt.Sprint("account ", i))
			b.Account(context.Background(), SubjectOf(v))
		})
	}
	wg.Wait()
	won := 0
	for i, err := range errs {
		if err == nil {
			won++
			account, err := b.Account(context.Background(), SubjectOf(v))
			require.NoError(t, err)
			assert.Equal(t, fmt.Sprint("account ", i), account)
		}
	}
	assert.Equal(t, 1, won)
}
