package jtt1179_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/engine/tjfoc"
	"github.com/citizencode/citizencode/citycode/foreign/jtt1179"
	"github.com/citizencode/citizencode/citycode/foreign/jtt1179/jtt1179test"
)

// issued makes the code of a recipe's fields through the package under test.
func issued(tb testing.TB, a jtt1179.Authorisation, at time.Time) []byte {
	month, err := jtt1179.MonthOf(time.Date(2030, 12, 1, 0, 0, 0, 0, jtt1179.China))
	require.NoError(tb, err)
	certificate, err := jtt1179.IssueCertificate(nil, citycodetest.Key(jtt1179test.CA), jtt1179.CertificateClaims{CAIndex: jtt1179test.CAIndex,
		Issuer: "99990001", Expires: month, Serial: [3]byte{0, 0, 1}, Key: citycode.PublicKey(jtt1179test.Point(jtt1179test.Issuer))})
	require.NoError(tb, err)
	issuer, err := jtt1179.NewIssuer(certificate, citycodetest.Key(jtt1179test.Issuer))
	require.NoError(tb, err)
	authorised, err := issuer.Authorise(nil, a)
	require.NoError(tb, err)
	code, err := jtt1179.Show(nil, authorised, citycodetest.Key(jtt1179test.User), at)
	require.NoError(tb, err)
	return code
}

func authorisation() jtt1179.Authorisation {
	return jtt1179.Authorisation{PaymentAccount: "TEST-ACCOUNT-001", CardAccount: "99990000000000000001", Issuer: "99990001", Platform: [4]byte{0, 0, 0, 1},
		AccountType: 1, Cap: 2000, UserKey: citycode.PublicKey(jtt1179test.Point(jtt1179test.User)),
		Expires: time.Unix(jtt1179test.Noon+7*86400, 0).UTC(), Validity: 600 * time.Second}
}

// The package writes what the table of SPEC.md §3.1 says, byte for byte, and
// what it reads back is what was written.
func TestLayout(t *testing.T) {
	v, _ := newVerifier(t, nil)
	for n := range jtt1179.MaxCustom + 1 {
		custom := bytes.Repeat([]byte{0xa5}, n)
		r := jtt1179test.New()
		r.Custom = custom
		a := authorisation()
		a.Custom = append([]byte(nil), custom...)
		code := issued(t, a, time.Unix(jtt1179test.Noon, 0))
		require.Equal(t, hex.EncodeToString(r.Bytes()), hex.EncodeToString(code))
		require.Len(t, code, 332+n)
		ride, err := v.Verify(code, jtt1179.Check{Amount: 2000})
		require.NoError(t, err)
		assert.Equal(t, a, ride.Authorisation)
		assert.Equal(t, int64(jtt1179test.Noon), ride.GeneratedAt.Unix())
		assert.Equal(t, [3]byte{0, 0, 1}, ride.CASerial)
	}
	issuers, _ := v.Certificates()
	assert.Equal(t, 1, issuers)
}

// Offsets of the table, said once more in numbers.
func TestOffsets(t *testing.T) {
	r := jtt1179test.New()
	r.Custom = []byte("CUSTOM")
	b := r.Bytes()
	for offset, want := range map[int][]byte{0: r.Version, 1: {0x01, 0x4f}, 3: r.Head, 4: r.Service, 8: r.CAIndex, 9: r.Format, 10: r.Subject, 14: r.Month, 16: r.Serial,
		19: r.Algorithms, 22: r.KeyLength, 23: r.IssuerKey, 120: r.Payment, 136: r.Card, 146: r.Issuer, 150: r.Platform, 154: r.Type, 155: r.Cap, 158: r.UserKey,
		191: r.Expires, 195: r.Validity, 197: {6}, 198: r.Custom, 204: {0x15}, 269: r.Generated, 273: {0x15}} {
		assert.Equal(t, want, b[offset:offset+len(want)], offset)
	}
	assert.Len(t, b, 338)
}

// No byte of a code can be changed: the first that differs is found, by the
// reason that its place and the order say.
func TestEveryByte(t *testing.T) {
	v, _ := newVerifier(t, nil)
	r := jtt1179test.New()
	r.Custom = []byte{1, 2, 3}
	b := r.Bytes()
	require.NoError(t, second(v.Verify(b, jtt1179.Check{})))
	for i := range b {
		for _, flip := range []byte{0x01, 0x80} {
			changed := slices.Clone(b)
			changed[i] ^= flip
			got := reasonOf(t, second(v.Verify(changed, jtt1179.Check{})))
			switch {
			case got == jtt1179.Malformed || got == jtt1179.UnsupportedVersion || got == jtt1179.UnsupportedCertificate || got == jtt1179.UnsupportedSignature || got == jtt1179.UnknownCA:
				assert.True(t, i <= 23 || i >= 120, i)
			case i < 120:
				assert.Equal(t, jtt1179.BadCertificate, got, i)
			case i < 266:
				assert.Equal(t, jtt1179.BadAuthorisation, got, i)
			default:
				assert.Equal(t, jtt1179.BadUserSignature, got, i)
			}
		}
	}
	for n := range len(b) {
		assert.NotZero(t, reasonOf(t, second(v.Verify(b[:n], jtt1179.Check{}))), n)
	}
	assertReason(t, jtt1179.Malformed, second(v.Verify(append(slices.Clone(b), 0), jtt1179.Check{})))
}

func second[T any](_ T, err error) error { return err }

// Engines of independent origin say the same.
func TestEngines(t *testing.T) {
	good := jtt1179test.New().Bytes()
	bad := slices.Clone(good)
	bad[300] ^= 4
	for _, e := range []engine.Engine{engine.Default(), engine.GMSM(), tjfoc.New()} {
		v, _ := newVerifier(t, func(cfg *jtt1179.Config) { cfg.Engine = e })
		assert.NoError(t, second(v.Verify(good, jtt1179.Check{})), e.Name())
		assertReason(t, jtt1179.BadUserSignature, second(v.Verify(bad, jtt1179.Check{})), e.Name())
	}
}

// Nothing is said about an account before the three signatures have held: a code
// with every fault of its kind and one bad signature is refused for that.
func TestOrder(t *testing.T) {
	everything := func() *jtt1179test.Recipe {
		r := jtt1179test.New()
		r.Subject, r.Month, r.Expires, r.Validity, r.Generated = jtt1179test.Hex("88880001"), jtt1179test.Hex("0125"), jtt1179test.Uint32(1), []byte{255, 255}, jtt1179test.Uint32(0)
		return r
	}
	denied := func(cfg *jtt1179.Config) { cfg.Denied = func(string, jtt1179.Account) bool { return true } }
	v, clock := newVerifier(t, denied)
	check := jtt1179.Check{Amount: 1 << 30}
	judge := func(r *jtt1179test.Recipe) error { return second(v.Verify(r.Bytes(), check)) }

	// Taking the faults away one by one shows the next.
	r := everything()
	r.CA, r.SignedBy, r.ShownBy = "attacker", "attacker", "attacker"
	assertReason(t, jtt1179.BadCertificate, judge(r))
	r.CA = jtt1179test.CA
	assertReason(t, jtt1179.BadAuthorisation, judge(r))
	r.SignedBy = jtt1179test.Issuer
	assertReason(t, jtt1179.BadUserSignature, judge(r))
	r.ShownBy = jtt1179test.User
	assertReason(t, jtt1179.WrongIssuer, judge(r))
	r.Subject = r.Issuer
	assertReason(t, jtt1179.CertificateExpired, judge(r))
	r.Month = jtt1179test.Hex("1230")
	assertReason(t, jtt1179.AuthorisationExpired, judge(r))
	r.Expires = jtt1179test.Uint32(jtt1179test.Noon + 86400)
	assertReason(t, jtt1179.ValidityTooLong, judge(r))
	r.Validity = []byte{2, 0x58}
	assertReason(t, jtt1179.CodeTooOld, judge(r))
	r.Generated = jtt1179test.Uint32(jtt1179test.Noon + 26)
	assertReason(t, jtt1179.GeneratedAhead, judge(r))
	r.Generated = jtt1179test.Uint32(jtt1179test.Noon)
	assertReason(t, jtt1179.AccountDenied, judge(r))
	v, clock = newVerifier(t, nil)
	assertReason(t, jtt1179.OverCap, judge(r))
	check.Amount = 0
	assertReason(t, 0, judge(r))

	// The CA key's own month comes before any signature, and an unknown CA before it.
	clock.unix = rootKey(t, jtt1179test.CA, 0).Expires.End().Unix() - 1
	assertReason(t, jtt1179.CertificateExpired, judge(r))
	clock.unix++
	r.CA = "attacker"
	assertReason(t, jtt1179.CAExpired, judge(r))
	r.CAIndex = []byte{0x17}
	assertReason(t, jtt1179.UnknownCA, judge(r))
}

// Certificates are remembered when a CA's signature has held for them, and for
// nothing else; what is remembered is not that they are valid.
func TestCertificates(t *testing.T) {
	e := newCountingEngine()
	v, clock := newVerifier(t, func(cfg *jtt1179.Config) { cfg.Engine = e })
	forged := jtt1179test.New()
	forged.CA = "attacker"
	for i := range 10 {
		forged.Serial = []byte{1, 0, byte(i)}
		assertReason(t, jtt1179.BadCertificate, second(v.Verify(forged.Bytes(), jtt1179.Check{})))
	}
	count := func() int { n, _ := v.Certificates(); return n }
	assert.Zero(t, count(), "forgeries are not remembered")

	good := jtt1179test.New()
	code := good.Bytes()
	first := *e.verified
	require.NoError(t, second(v.Verify(code, jtt1179.Check{})))
	assert.Equal(t, 3, *e.verified-first, "three signatures at first sight")
	assert.Equal(t, 1, count())
	first = *e.verified
	require.NoError(t, second(v.Verify(code, jtt1179.Check{})))
	assert.Equal(t, 2, *e.verified-first, "two for a known issuer")

	// A known certificate with another CA signature is another certificate.
	other := jtt1179test.New()
	other.CASignature = make([]byte, 64)
	assertReason(t, jtt1179.BadCertificate, second(v.Verify(other.Bytes(), jtt1179.Check{})))

	// Known or not, it expires.
	before := clock.unix
	clock.unix = time.Date(2031, 1, 1, 0, 0, 0, 0, jtt1179.China).Unix()
	assertReason(t, jtt1179.CertificateExpired, second(v.Verify(code, jtt1179.Check{})))
	clock.unix = before

	// A forger's authorisations do not earn a table; sixteen good ones do.
	stranger := jtt1179test.New()
	stranger.SignedBy = "attacker"
	for range 20 {
		assertReason(t, jtt1179.BadAuthorisation, second(v.Verify(stranger.Bytes(), jtt1179.Check{})))
	}
	assert.Zero(t, *e.kept)
	for range 20 {
		require.NoError(t, second(v.Verify(code, jtt1179.Check{})))
	}
	assert.Equal(t, 1, *e.kept)
	assertReason(t, jtt1179.BadAuthorisation, second(v.Verify(stranger.Bytes(), jtt1179.Check{})))

	// Many issuers take bounded memory, and the one of every day stays.
	for i := range jtt1179.MaxCertificates + 5 {
		good.Serial = []byte{2, 0, byte(i)}
		require.NoError(t, second(v.Verify(good.Bytes(), jtt1179.Check{})))
	}
	assert.Equal(t, jtt1179.MaxCertificates, count())
	first = *e.verified
	require.NoError(t, second(v.Verify(code, jtt1179.Check{})))
	assert.Equal(t, 2, *e.verified-first)
}

func TestTables(t *testing.T) {
	v, _ := newVerifier(t, nil)
	code := jtt1179test.New().Bytes()
	for range 17 {
		require.NoError(t, second(v.Verify(code, jtt1179.Check{})))
	}
	_, size := v.Certificates()
	assert.Equal(t, 256<<10, size/1024*1024)
}

func TestConfig(t *testing.T) {
	root := rootKey(t, jtt1179test.CA, 1)
	broken := root
	broken.Key[63] ^= 1
	for name, cfg := range map[string]jtt1179.Config{
		"no root key":              {},
		"two root keys with index": {Roots: []jtt1179.RootKey{root, root}},
		"root key":                 {Roots: []jtt1179.RootKey{broken}},
		"ahead":                    {Roots: []jtt1179.RootKey{root}, Ahead: time.Hour},
		"maximum validity":         {Roots: []jtt1179.RootKey{root}, MaxValidity: 1201 * time.Second},
		"ahead of 1ns":             {Roots: []jtt1179.RootKey{root}, Ahead: 1},
	} {
		_, err := jtt1179.NewVerifier(cfg)
		assert.ErrorContains(t, err, name)
	}
	v, _ := newVerifier(t, func(cfg *jtt1179.Config) { cfg.InsecureAnyIssuer = true })
	r := jtt1179test.New()
	r.Issuer = jtt1179test.Hex("99990002")
	assertReason(t, 0, second(v.Verify(r.Bytes(), jtt1179.Check{})))
	v, _ = newVerifier(t, func(cfg *jtt1179.Config) { cfg.MaxValidity = 60 * time.Second })
	assertReason(t, jtt1179.ValidityTooLong, second(v.Verify(jtt1179test.New().Bytes(), jtt1179.Check{})))
}

func TestIssueRefuses(t *testing.T) {
	month, err := jtt1179.MonthOf(time.Unix(jtt1179test.Noon, 0))
	require.NoError(t, err)
	assert.Equal(t, "11/26", month.String())
	assert.Equal(t, "2026-11-30T16:00:00Z", month.End().UTC().Format(time.RFC3339))
	_, err = jtt1179.MonthOf(time.Unix(0, 0))
	assert.Error(t, err)
	ca := citycodetest.Key(jtt1179test.CA)
	claims := jtt1179.CertificateClaims{Issuer: "99990001", Expires: month, Key: citycode.PublicKey(jtt1179test.Point(jtt1179test.Issuer))}
	certificate, err := jtt1179.IssueCertificate(nil, ca, claims)
	require.NoError(t, err)
	for name, change := range map[string]func(c *jtt1179.CertificateClaims){
		"7 digits":       func(c *jtt1179.CertificateClaims) { c.Issuer = "9999000" },
		"no digit":       func(c *jtt1179.CertificateClaims) { c.Issuer = "9999000A" },
		"no month":       func(c *jtt1179.CertificateClaims) { c.Expires = jtt1179.Month{} },
		"not compressed": func(c *jtt1179.CertificateClaims) { c.Key = citycode.PublicKey{} },
		"public key":     func(c *jtt1179.CertificateClaims) { c.Key = citycode.PublicKey{0: 2, 32: 3} },
	} {
		changed := claims
		change(&changed)
		_, err := jtt1179.IssueCertificate(nil, ca, changed)
		assert.ErrorContains(t, err, name)
	}
	_, err = jtt1179.NewIssuer(certificate, ca)
	assert.ErrorContains(t, err, "another key")
	issuer, err := jtt1179.NewIssuer(certificate, citycodetest.Key(jtt1179test.Issuer))
	require.NoError(t, err)
	for name, change := range map[string]func(a *jtt1179.Authorisation){
		"payment account of": func(a *jtt1179.Authorisation) { a.PaymentAccount = "short" },
		"payment account: a": func(a *jtt1179.Authorisation) { a.PaymentAccount = "TEST-ACCOUNT-00\x7f" },
		"card account":       func(a *jtt1179.Authorisation) { a.CardAccount = "1" },
		"issuer":             func(a *jtt1179.Authorisation) { a.Issuer = "999900O1" },
		"cap":                func(a *jtt1179.Authorisation) { a.Cap = jtt1179.MaxCap + 1 },
		"cap of -1":          func(a *jtt1179.Authorisation) { a.Cap = -1 },
		"expiry":             func(a *jtt1179.Authorisation) { a.Expires = time.Unix(1<<32, 0) },
		"validity":           func(a *jtt1179.Authorisation) { a.Validity = 65536 * time.Second },
		"own field":          func(a *jtt1179.Authorisation) { a.Custom = make([]byte, 33) },
		"user key":           func(a *jtt1179.Authorisation) { a.UserKey[0] = 4 },
	} {
		a := authorisation()
		change(&a)
		_, err := issuer.Authorise(nil, a)
		assert.ErrorContains(t, err, name)
	}
	authorised, err := issuer.Authorise(nil, authorisation())
	require.NoError(t, err)
	_, err = jtt1179.Show(nil, authorised, ca, time.Unix(jtt1179test.Noon, 0))
	assert.ErrorContains(t, err, "another key")
	_, err = jtt1179.Show(nil, authorised, nil, time.Unix(jtt1179test.Noon, 0))
	assert.Error(t, err)
	_, err = jtt1179.Show(nil, authorised[1:], ca, time.Unix(jtt1179test.Noon, 0))
	assert.Error(t, err)
}

// The clear payment account is in every code (SPEC.md §3.6); it is in no line
// that this package prints.
func TestNoAccountIsPrinted(t *testing.T) {
	v, clock := newVerifier(t, nil)
	code := jtt1179test.New().Bytes()
	ride, err := v.Verify(code, jtt1179.Check{})
	require.NoError(t, err)
	printed := fmt.Sprintf("%v %+v %#v %s %q", ride, ride, ride.Authorisation, ride.PaymentAccount, ride.CardAccount)
	clock.unix += 86400
	_, err = v.Verify(code, jtt1179.Check{})
	printed += fmt.Sprint(err)
	code[130] = 0
	_, err = v.Verify(code, jtt1179.Check{})
	printed += fmt.Sprint(err)
	assert.NotContains(t, printed, "TEST-ACCOUNT")
	assert.NotContains(t, printed, "0000000000001")
	assert.Contains(t, printed, "account")
}

func TestReasons(t *testing.T) {
	words := map[string]bool{}
	for _, r := range jtt1179.Reasons() {
		err := &jtt1179.Error{Reason: r}
		assert.False(t, words[r.String()], r)
		words[r.String()] = true
		assert.Regexp(t, `^[a-z]+(-[a-z]+)*$`, r.String())
		assert.Equal(t, r.String(), err.Word())
		assert.Equal(t, r == jtt1179.Debounced, err.Next().En == "" || err.Next().Zh == "", r)
		assert.ErrorIs(t, &jtt1179.Error{Reason: r, Err: assert.AnError}, &jtt1179.Error{Reason: r})
		assert.NotErrorIs(t, err, &jtt1179.Error{Reason: r + 1})
		assert.True(t, strings.HasPrefix(err.Error(), "jtt1179: "+r.String()))
	}
	assert.Len(t, words, 21)
}

// Months: an independent count of days.
func TestMonthProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(946656000, 4102444799-8*3600).Draw(t, "at"), 0)
		m, err := jtt1179.MonthOf(at)
		if err != nil {
			t.Fatal(err)
		}
		year, month, _ := at.UTC().Add(8 * time.Hour).Date()
		if want := fmt.Sprintf("%02d/%02d", month, year%100); m.String() != want {
			t.Fatal(m, want)
		}
		end := m.End()
		_, last, _ := end.Add(-time.Second).UTC().Add(8 * time.Hour).Date()
		_, next, _ := end.UTC().Add(8 * time.Hour).Date()
		if last != month || next == month || at.After(end) {
			t.Fatal(at, m, end)
		}
	})
}
