package partner_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/refserver/partner"
	"github.com/citizencode/citizencode/scenarios/hospital/ecquery"
)

var desk = ecquery.Place{Organisation: "H210100-01", Operator: "op-17", OperatorName: "测试挂号员", Office: "A01", OfficeName: "内科"}

// medical is a centre behind HTTP on loopback and a desk that asks it.
type medical struct {
	*partner.Centre
	client *ecquery.Client
	now    time.Time
	asked  atomic.Int32 // requests on the wire; one that the client gave up may still be counting
	waits  int
}

func newMedical(t testing.TB, change func(*ecquery.Config)) *medical {
	m := &medical{now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
	m.Centre = partner.NewCentre(func() time.Time { return m.now }, []partner.Insured{
		{Index: "EC-TEST-0001", Name: "测试丙", IDNumber: "TEST00000000000001"}, {Index: "EC-TEST-0002", Name: "测试丁", IDNumber: "TEST00000000000002"},
	}, map[string][]ecquery.Business{desk.Organisation: {ecquery.Registration, ecquery.Settlement}})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.asked.Add(1)
		assert.NotContains(t, r.URL.String(), "?", "nothing of a code in the address")
		m.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	cfg := ecquery.Config{URL: server.URL + "/localcfc/api/hsecfc/localQrCodeQuery", Place: desk, HTTP: server.Client(),
		Timeout: 200 * time.Millisecond, Wait: func(context.Context, int) error { m.waits++; return nil }}
	if change != nil {
		change(&cfg)
	}
	var err error
	m.client, err = ecquery.NewClient(cfg)
	require.NoError(t, err)
	return m
}

func (m *medical) code(t testing.TB, index string) ecquery.Code {
	text, err := m.Show(index)
	require.NoError(t, err)
	code, err := ecquery.ParseCode(text, m.client.Size())
	require.NoError(t, err)
	return code
}

func reason(t testing.TB, err error) ecquery.Reason {
	t.Helper()
	var refused *ecquery.Error
	require.ErrorAs(t, err, &refused)
	assert.NotEmpty(t, refused.Reason.Text().Zh, refused.Reason)
	assert.NotEmpty(t, refused.Reason.Text().En, refused.Reason)
	return refused.Reason
}

func TestDecode(t *testing.T) {
	ctx, m := t.Context(), newMedical(t, nil)
	code := m.code(t, "EC-TEST-0001")
	a, err := m.client.Decode(ctx, code, ecquery.Registration, "visit-1")
	require.NoError(t, err)
	assert.Equal(t, "EC-TEST-0001", a.Index())
	who, err := a.Identity(desk, ecquery.Registration)
	require.NoError(t, err)
	assert.Equal(t, "测试丙", who.Name)
	token, err := a.Token(desk, ecquery.Registration)
	require.NoError(t, err)
	require.NotEmpty(t, token)

	// For nothing else and nowhere else.
	other := desk
	other.Office = "B02"
	_, err = a.Token(other, ecquery.Registration)
	assert.Equal(t, ecquery.WrongPurpose, reason(t, err))
	_, err = a.Token(desk, ecquery.Settlement)
	assert.Equal(t, ecquery.WrongPurpose, reason(t, err))
	_, err = a.Identity(desk, ecquery.Settlement)
	assert.Equal(t, ecquery.WrongPurpose, reason(t, err))

	// Asked again under its number: the same. Under another: used.
	again, err := m.client.Decode(ctx, code, ecquery.Registration, "visit-1")
	require.NoError(t, err)
	same, err := again.Token(desk, ecquery.Registration)
	require.NoError(t, err)
	assert.Equal(t, token, same)
	_, err = m.client.Decode(ctx, code, ecquery.Registration, "visit-2")
	assert.Equal(t, ecquery.Used, reason(t, err))
	assert.Equal(t, 1, m.Decodes())

	_, err = m.client.Decode(ctx, m.code(t, "EC-TEST-0001"), ecquery.DrugPurchase, "visit-3")
	assert.Equal(t, ecquery.NotAuthorised, reason(t, err), "a hospital sells no drugs")
	late := m.code(t, "EC-TEST-0002")
	m.now = m.now.Add(partner.CodeLife)
	_, err = m.client.Decode(ctx, late, ecquery.Registration, "visit-4")
	assert.Equal(t, ecquery.Expired, reason(t, err))
	never, err := ecquery.ParseCode("AAAABBBBCCCCDDDDEEEEFFFFGGGG", m.client.Size())
	require.NoError(t, err)
	_, err = m.client.Decode(ctx, never, ecquery.Registration, "visit-5")
	assert.Equal(t, ecquery.Unknown, reason(t, err))
	assert.Zero(t, m.waits, "a refusal is not asked for again")
}

// What a centre does wrong: the reason that it ends in when it does it always,
// and whether it ends well when it does it once.
func TestMisbehaviour(t *testing.T) {
	for _, row := range []struct {
		fault CentreFault
		name  string
		want  ecquery.Reason
		heals bool
	}{
		{partner.Stalled, "stalled", ecquery.Unavailable, true},
		{partner.Failed, "failed", ecquery.Unavailable, true},
		{partner.Busy, "busy", ecquery.Unavailable, true},
		{partner.Lost, "lost", ecquery.Unavailable, true},
		{partner.Cut, "cut", ecquery.Unavailable, true},
		{partner.NotJSON, "no JSON", ecquery.BadAnswer, true},
		{partner.TooLong, "too long", ecquery.BadAnswer, true},
		{partner.Twice, "twice", ecquery.BadAnswer, true},
		{partner.UnknownResultCode, "unknown result", ecquery.BadAnswer, true},
		{partner.Redirected, "redirected", ecquery.BadAnswer, true},
		{partner.Replayed, "replayed", ecquery.WrongAnswer, false},
		{partner.ForOtherPlace, "other organisation", ecquery.WrongAnswer, false},
		{partner.ForOtherBusiness, "other business", ecquery.WrongAnswer, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			ctx, m := t.Context(), newMedical(t, nil)
			_, err := m.client.Decode(ctx, m.code(t, "EC-TEST-0002"), ecquery.Registration, "before")
			require.NoError(t, err)
			m.Misbehave(row.fault)
			a, err := m.client.Decode(ctx, m.code(t, "EC-TEST-0001"), ecquery.Registration, "once")
			if row.heals {
				require.NoError(t, err)
				assert.Equal(t, "EC-TEST-0001", a.Index())
				assert.Equal(t, 2, m.Decodes(), "the code was decoded once")
			} else {
				assert.Equal(t, row.want, reason(t, err))
			}
			m.asked.Store(0)
			m.Misbehave(row.fault, row.fault, row.fault)
			_, err = m.client.Decode(ctx, m.code(t, "EC-TEST-0001"), ecquery.Registration, "always")
			assert.Equal(t, row.want, reason(t, err))
			assert.LessOrEqual(t, int(m.asked.Load()), ecquery.DefaultTries)
		})
	}
}

type CentreFault = partner.CentreFault

// The code, its token and the person are in nothing that can be printed.
func TestNothingPrinted(t *testing.T) {
	m := newMedical(t, nil)
	text, err := m.Show("EC-TEST-0001")
	require.NoError(t, err)
	code, err := ecquery.ParseCode(text, m.client.Size())
	require.NoError(t, err)
	a, err := m.client.Decode(t.Context(), code, ecquery.Registration, "v")
	require.NoError(t, err)
	token, err := a.Token(desk, ecquery.Registration)
	require.NoError(t, err)
	for _, form := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		out := fmt.Sprintf(form+form+form, code, a, struct{ C ecquery.Code }{code})
		for _, secret := range []string{text, token, "测试丙", "TEST00000000000001"} {
			assert.NotContains(t, out, secret, form)
		}
	}
	// A transport's error may quote the request.
	m = newMedical(t, func(c *ecquery.Config) {
		c.HTTP = &http.Client{Transport: quoting{}}
	})
	_, err = m.client.Decode(t.Context(), code, ecquery.Registration, "v")
	assert.Equal(t, ecquery.Unavailable, reason(t, err))
	assert.NotContains(t, err.Error(), text)
}

type quoting struct{}

func (quoting) RoundTrip(r *http.Request) (*http.Response, error) {
	b := make([]byte, 4096)
	n, _ := r.Body.Read(b)
	return nil, fmt.Errorf("could not send %s", b[:n])
}

func TestDecodeEnds(t *testing.T) {
	m := newMedical(t, nil)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := m.client.Decode(gone, m.code(t, "EC-TEST-0001"), ecquery.Registration, "v")
	assert.ErrorIs(t, err, context.Canceled)
	for _, bad := range []string{"", "a b", "ü", string(make([]byte, 65))} {
		_, err = m.client.Decode(t.Context(), m.code(t, "EC-TEST-0001"), ecquery.Registration, bad)
		assert.Error(t, err, bad)
	}
	_, err = m.client.Decode(t.Context(), m.code(t, "EC-TEST-0001"), "99999", "v")
	assert.Error(t, err)
	assert.Zero(t, m.asked.Load())
}

// A centre that does not say back what it was asked is taken only on request.
func TestNoEcho(t *testing.T) {
	for insecure, want := range map[bool]ecquery.Reason{true: "", false: ecquery.WrongAnswer} {
		m := newMedical(t, func(c *ecquery.Config) { c.InsecureNoEcho = insecure })
		m.Misbehave(partner.ForOtherPlace)
		_, err := m.client.Decode(t.Context(), m.code(t, "EC-TEST-0001"), ecquery.Registration, "v")
		if want == "" {
			require.NoError(t, err)
		} else {
			assert.Equal(t, want, reason(t, err))
		}
	}
}
