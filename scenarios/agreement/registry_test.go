package agreement

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/scenarios"
)

// For the tests of the gate, which stand outside: a scenario of theirs imports
// this package.
var (
	CityRegistry = cityRegistry
	At           = at
)

func cityRegistry(t testing.TB) *Registry {
	data, err := os.ReadFile("testdata/city.json")
	require.NoError(t, err)
	r, err := Parse(data)
	require.NoError(t, err)
	return r
}

// at reads a time in China.
func at(t testing.TB, s string) time.Time {
	when, err := time.ParseInLocation(time.DateTime, s, time.FixedZone("", 8*3600))
	require.NoError(t, err)
	return when.UTC()
}

func TestProfile(t *testing.T) {
	r := cityRegistry(t)
	for _, c := range []struct {
		operator, place, at string
		agreement, show     string
		takes               bool // the citizen code
		until               string
	}{
		{"metro", "line-1", "2025-12-31 23:59:59", "", "", false, "2026-01-01 00:00:00"},
		{"metro", "line-1", "2026-01-01 00:00:00", "metro-2026", "metro-app", false, "2027-01-01 00:00:00"},
		{"metro", "line-2", "2026-12-31 23:59:59", "metro-2026", "metro-app", false, "2027-01-01 00:00:00"},
		{"metro", "line-2", "2027-01-01 00:00:00", "metro-2026", "", true, ""},
		{"metro", "line-9", "2027-01-01 00:00:00", "", "", false, ""},
		{"bus", "168", "2026-11-30 23:59:59", "bus-pilot", "", true, "2026-12-01 00:00:00"},
		{"bus", "168", "2026-12-01 00:00:00", "", "", false, "2026-12-15 00:00:00"},
		{"bus", "214", "2026-12-01 00:00:00", "", "", false, ""},
		{"bus", "168", "2026-12-15 00:00:00", "bus-2027", "", true, ""},
		{"bus", "line-1", "2027-01-01 00:00:00", "", "", false, ""}, // a place is one of its operator
		{"jie-parking", "north", "2026-11-22 08:00:00", "north-car-park", "", false, ""},
	} {
		p := r.Profile(c.operator, c.place, at(t, c.at))
		assert.Equal(t, c.agreement, p.Agreement, "%+v", c)
		assert.Equal(t, c.takes, p.Takes(CitizenCode), "%+v", c)
		assert.Equal(t, c.show == "", p.Switch == nil, "%+v", c)
		if p.Switch != nil {
			assert.Equal(t, c.show, p.Switch.Wallet)
			assert.True(t, p.Takes(p.Switch.Scheme))
		}
		var until time.Time
		if c.until != "" {
			until = at(t, c.until)
		}
		assert.True(t, until.Equal(p.Until), "%+v: %s", c, p.Until)
		assert.Equal(t, c.agreement != "", p.Takes(Cash), "%+v: the other schemes of a reader stay", c)
	}
}

// What is handed out is a copy.
func TestProfileIsACopy(t *testing.T) {
	r := cityRegistry(t)
	for _, when := range []string{"2026-06-01 12:00:00", "2027-06-01 12:00:00"} {
		p := r.Profile("metro", "line-1", at(t, when))
		before, err := json.Marshal(p)
		require.NoError(t, err)
		for i := range p.Accepts {
			p.Accepts[i] = "stone"
		}
		if p.Switch != nil {
			p.Switch.Wallet = "stone"
		}
		after, err := json.Marshal(r.Profile("metro", "line-1", at(t, when)))
		require.NoError(t, err)
		assert.JSONEq(t, string(before), string(after))
	}
}

func TestParseRefuses(t *testing.T) {
	sound := func() *AgreementSpec {
		return &AgreementSpec{ID: "a", Operator: "metro", Places: []string{"line-1"}, From: "2026-01-01", Accepts: []Scheme{CitizenCode, Cash},
			Exclusive: &ExclusiveSpec{Until: "2026-12-31", Accepts: []Scheme{OperatorCode, Cash},
				Switch: Switch{OperatorCode, "app", scenarios.Text{Zh: "码", En: "code"}}}}
	}
	_, err := New(Spec{[]AgreementSpec{*sound()}})
	require.NoError(t, err)
	for _, c := range []struct {
		spoil func(*AgreementSpec)
		path  string
		r     Reason
	}{
		{func(a *AgreementSpec) { a.ID = "" }, "id", OutOfRange},
		{func(a *AgreementSpec) { a.ID = strings.Repeat("a", 65) }, "id", OutOfRange},
		{func(a *AgreementSpec) { a.Operator = "沈阳地铁" }, "operator", OutOfRange},
		{func(a *AgreementSpec) { a.Places = nil }, "places", OutOfRange},
		{func(a *AgreementSpec) { a.Places = make([]string, MaxPlaces+1) }, "places", OutOfRange},
		{func(a *AgreementSpec) { a.Places = []string{"line-1", "Line 2"} }, "places[1]", OutOfRange},
		{func(a *AgreementSpec) { a.Places = []string{"line-1", "line-1"} }, "places[1]", Twice},
		{func(a *AgreementSpec) { a.From = "" }, "from", OutOfRange},
		{func(a *AgreementSpec) { a.From = "2026-02-29" }, "from", OutOfRange},
		{func(a *AgreementSpec) { a.From = "1999-12-31" }, "from", OutOfRange},
		{func(a *AgreementSpec) { a.Until = "31.12.2026" }, "until", OutOfRange},
		{func(a *AgreementSpec) { a.Until = "2025-12-31" }, "until", Contradiction},
		{func(a *AgreementSpec) { a.Until = "2026-12-31" }, "exclusive.until", Contradiction},
		{func(a *AgreementSpec) { a.Accepts = nil }, "accepts", OutOfRange},
		{func(a *AgreementSpec) { a.Accepts = []Scheme{CitizenCode, "shells"} }, "accepts[1]", UnknownScheme},
		{func(a *AgreementSpec) { a.Accepts = []Scheme{CitizenCode, Cash, CitizenCode} }, "accepts[2]", Twice},
		{func(a *AgreementSpec) { a.Accepts = []Scheme{Cash} }, "accepts", Contradiction},
		{func(a *AgreementSpec) { a.Fee.Fen = -1 }, "fee", OutOfRange},
		{func(a *AgreementSpec) { a.Fee.BasisPoints = MaxFeeBasisPoints + 1 }, "fee", OutOfRange},
		{func(a *AgreementSpec) { a.Exclusive.Until = "never" }, "exclusive.until", OutOfRange},
		{func(a *AgreementSpec) { a.Exclusive.Until = "2025-12-30" }, "exclusive.until", Contradiction},
		{func(a *AgreementSpec) { a.Exclusive.Accepts = nil }, "exclusive.accepts", OutOfRange},
		{func(a *AgreementSpec) { a.Exclusive.Accepts = append(a.Exclusive.Accepts, CitizenCode) }, "exclusive.accepts", Contradiction},
		{func(a *AgreementSpec) { a.Exclusive.Switch.Scheme = "shells" }, "exclusive.switch.scheme", UnknownScheme},
		{func(a *AgreementSpec) { a.Exclusive.Switch.Scheme = PaymentCode }, "exclusive.switch.scheme", Contradiction},
		{func(a *AgreementSpec) { a.Exclusive.Switch.Scheme = Cash }, "exclusive.switch.scheme", Contradiction},
		{func(a *AgreementSpec) { a.Exclusive.Switch.Wallet = "" }, "exclusive.switch.wallet", OutOfRange},
		{func(a *AgreementSpec) { a.Exclusive.Switch.Name.En = "" }, "exclusive.switch.name", OutOfRange},
		{func(a *AgreementSpec) { a.Exclusive.Switch.Name.Zh = strings.Repeat("码", 67) }, "exclusive.switch.name", OutOfRange},
	} {
		a := sound()
		c.spoil(a)
		_, err := New(Spec{[]AgreementSpec{*a}})
		requireWrong(t, err, "agreements[0]."+c.path, c.r)
	}
	_, err = New(Spec{make([]AgreementSpec, MaxAgreements+1)})
	requireWrong(t, err, "agreements", OutOfRange)
	_, err = New(Spec{[]AgreementSpec{*sound(), *sound()}})
	requireWrong(t, err, "agreements[1].id", Twice)
	for from, reason := range map[string]Reason{"2026-06-30": Overlap, "2026-07-01": ""} {
		first, second := sound(), sound()
		first.Exclusive, first.Until = nil, "2026-06-30"
		second.ID, second.From = "b", from
		_, err = New(Spec{[]AgreementSpec{*second, *first}})
		if reason == "" {
			assert.NoError(t, err)
			continue
		}
		requireWrong(t, err, "agreements[0].from", reason)
	}
}

func requireWrong(t *testing.T, err error, path string, r Reason) {
	t.Helper()
	wrong, ok := errors.AsType[*RegistryError](err)
	require.True(t, ok, "%v", err)
	assert.Equal(t, path, wrong.Path)
	assert.Equal(t, r, wrong.Reason, "%v", err)
}

func TestParseIsStrict(t *testing.T) {
	for data, path := range map[string]string{
		``:                                  "registry",
		`{"agreements":[],"agreements":[]}`: "registry.agreements",
		`{"agreements":[{"id":"a","exclusiv":{}}]}`: "registry.agreements[0].exclusiv",
		`{"agreements":[{"fee":{"fen":0.5}}]}`:      "registry.agreements[0].fee.fen",
	} {
		_, err := Parse([]byte(data))
		requireWrong(t, err, path, Malformed)
	}
	_, err := Parse(make([]byte, MaxRegistry+1))
	requireWrong(t, err, "registry", Malformed)
}

// The fee is zero unless one is written, and never more than exact arithmetic
// says.
func TestRow17FeesAreZero(t *testing.T) {
	r := cityRegistry(t)
	assert.Zero(t, r.Profile("metro", "line-1", at(t, "2027-01-01 12:00:00")).Fee)
	assert.Zero(t, Fee{}.Of(math.MaxInt64))
	parking := r.Profile("jie-parking", "north", at(t, "2026-11-22 12:00:00")).Fee
	assert.EqualValues(t, 3, parking.Of(1_000))
	rapid.Check(t, func(t *rapid.T) {
		f := Fee{rapid.Int64Range(0, MaxFeeFen).Draw(t, "fen"), rapid.Int64Range(0, MaxFeeBasisPoints).Draw(t, "basis points")}
		paid := rapid.Int64().Draw(t, "paid")
		want := new(big.Int)
		if paid > 0 {
			want.Mul(big.NewInt(paid), big.NewInt(f.BasisPoints)).Div(want, big.NewInt(10_000)).Add(want, big.NewInt(f.Fen))
		}
		require.Equal(t, want.String(), fmt.Sprint(f.Of(paid)))
	})
}

// A registry against one that knows days only and looks at each agreement.
func TestProfileAgainstAnOracle(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	date := func(n int) string { return start.AddDate(0, 0, n).Format(time.DateOnly) }
	rapid.Check(t, func(t *rapid.T) {
		var s Spec
		for i, day := 0, 0; i < rapid.IntRange(0, 5).Draw(t, "agreements"); i++ {
			day += rapid.IntRange(0, 3).Draw(t, "gap")
			a := AgreementSpec{ID: fmt.Sprintf("a%d", i), Operator: "o", Places: []string{"p"}, From: date(day), Accepts: []Scheme{CitizenCode, Cash}}
			length := rapid.IntRange(1, 6).Draw(t, "days")
			a.Until = date(day + length - 1)
			if length > 1 && rapid.Bool().Draw(t, "exclusive") {
				a.Exclusive = &ExclusiveSpec{Until: date(day + rapid.IntRange(0, length-2).Draw(t, "exclusive days")), Accepts: []Scheme{OperatorCode},
					Switch: Switch{OperatorCode, "app", scenarios.Text{Zh: "码", En: "code"}}}
			}
			day += length
			s.Agreements = append(s.Agreements, a)
		}
		shuffled := rapid.Permutation(s.Agreements).Draw(t, "order")
		r, err := New(Spec{shuffled})
		require.NoError(t, err)
		for n := -1; n < 40; n++ {
			var want []Scheme
			for _, a := range s.Agreements {
				if d := date(n); a.From <= d && d <= a.Until {
					want = a.Accepts
					if a.Exclusive != nil && d <= a.Exclusive.Until {
						want = a.Exclusive.Accepts
					}
				}
			}
			for _, second := range []int{0, 43_200, 86_399} {
				when := start.AddDate(0, 0, n).Add(time.Duration(second)*time.Second - 8*time.Hour)
				p := r.Profile("o", "p", when)
				require.True(t, slices.Equal(want, p.Accepts), "%s: %v, want %v", when, p.Accepts, want)
				require.Equal(t, p.Takes(OperatorCode), p.Switch != nil)
				require.True(t, p.Until.IsZero() || p.Until.After(when))
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	data, err := os.ReadFile("testdata/city.json")
	require.NoError(f, err)
	f.Add(data)
	for _, seed := range []string{`{}`, `{"agreements":null}`, `{"agreements":[{}]}`, `{"agreements":[{"exclusive":null}]}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Parse(data)
		if err != nil {
			wrong, ok := errors.AsType[*RegistryError](err)
			require.True(t, ok, "%v", err)
			require.NotEmpty(t, wrong.Path)
			require.NotContains(t, wrong.Error(), "\n")
			return
		}
		for at := range r.byPlace {
			for _, day := range []string{"2026-06-01 12:00:00", "2099-06-01 12:00:00"} {
				when, _ := time.Parse(time.DateTime, day)
				p := r.Profile(at.operator, at.name, when)
				require.False(t, p.Switch != nil && p.Takes(CitizenCode))
				require.Equal(t, p.Agreement != "", len(p.Accepts) > 0)
			}
		}
	})
}
