package migrate_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/refserver/migrate"
)

const generator = "0232c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7" // of SM2, as any key

func TestHeader(t *testing.T) {
	for text, want := range map[string]string{"": "no names", "subject\n": "no column key", "subject,key,key\n": "key stands twice", "subject,key,name\n": "column 3 is not one of", "0000000000000001," + generator: "column 1 is not one of",
		strings.Repeat("x", 10_000): "no names"} {
		_, err := migrate.NewReader(strings.NewReader(text), citycode.MedicalProfile())
		assert.ErrorContains(t, err, want)
		assert.NotContains(t, err.Error(), "0000", "nothing of a row is quoted")
	}
	for _, p := range []citycode.Profile{citycode.PlaceProfile(), citycode.DelegatedProfile(), citycode.ImplicitTransitProfile()} {
		_, err := migrate.NewReader(strings.NewReader("subject,key\n"), p)
		assert.Error(t, err, p.Name)
	}
	r, err := migrate.NewReader(strings.NewReader("\ufeffkey,subject\r\n"+generator+",0000000000000001\r\n"), citycode.MedicalProfile())
	require.NoError(t, err)
	row, err := r.Next()
	require.NoError(t, err)
	assert.Equal(t, generator, row.Key.String())
	assert.Equal(t, 2, row.Line)
	_, err = r.Next()
	assert.Equal(t, io.EOF, err)
}

// What another city takes is what its list says, and not more.
func TestAbroad(t *testing.T) {
	home := citycodetest.NewCity(t, citycodetest.Shenyang)
	trust := home.Trust(nil)
	cfg := home.TrustConfig()
	grant := citycode.Grant{City: home.Code, Epoch: 1, Threshold: cfg.Threshold, Roots: slices.Clone(cfg.Roots), Scenes: citycode.Transit,
		Profiles: []citycode.TrustProfile{citycode.PinProfile(citycode.TransitProfile())}}
	slices.SortFunc(grant.Roots, func(a, b citycode.PublicKey) int { return bytes.Compare(a[:], b[:]) })
	base := "subject,key\n0000000000000001," + generator + "\n"
	verdict := func(g *citycode.Grant, profile citycode.Profile, scenes citycode.Scenes) string {
		other := citycodetest.NewCity(t, 210200)
		if g != nil {
			other.Draft.Grants = []citycode.Grant{*g}
		}
		r, err := migrate.NewReader(strings.NewReader(base), profile)
		require.NoError(t, err)
		report, err := r.Survey(t.Context(), scenes, scenes, []migrate.Place{migrate.Abroad(other.Trust(nil), trust.City())}, func() {})
		require.NoError(t, err)
		for v := range report.Places[0].Verdicts {
			return v
		}
		return ""
	}
	assert.Equal(t, migrate.Taken, verdict(&grant, citycode.TransitProfile(), citycode.Transit))
	assert.Equal(t, migrate.OtherScenes, verdict(&grant, citycode.TransitProfile(), citycode.Parking))
	assert.Equal(t, migrate.OtherProfile, verdict(&grant, citycode.MedicalProfile(), citycode.Medical))
	changed := citycode.TransitProfile()
	changed.MaxAge *= 2
	assert.Equal(t, migrate.OtherProfile, verdict(&grant, changed, citycode.Transit), "the same id is not the same profile")
	assert.Equal(t, migrate.NotAgreed, verdict(nil, citycode.TransitProfile(), citycode.Transit))
}

// endless is a line that does not end.
type endless struct{ left int64 }

func (e *endless) Read(b []byte) (int, error) {
	if e.left -= int64(len(b)); e.left < 0 {
		return 0, io.EOF
	}
	for i := range b {
		b[i] = 'x'
	}
	return len(b), nil
}

// A line of 64 MiB is left out and not kept.
func TestLongLine(t *testing.T) {
	const size = 64 << 20
	good := "\n0000000000000001," + generator + "\n"
	r, err := migrate.NewReader(io.MultiReader(strings.NewReader("subject,key\n"), &endless{size}, strings.NewReader(good)), citycode.MedicalProfile())
	require.NoError(t, err)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = r.Next()
	runtime.ReadMemStats(&after)
	assert.Equal(t, &migrate.RowError{Line: 2, Reason: migrate.TooLong}, err)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(64<<10))
	row, err := r.Next()
	require.NoError(t, err)
	assert.Equal(t, 3, row.Line)
	assert.Greater(t, r.Read(), int64(size-migrate.MaxLine*2))
}

// One byte of the seal is the identity's length: what the issuer would refuse is
// left out here already.
func TestIdentity(t *testing.T) {
	p := citycode.MedicalProfile()
	p.ID, p.SealSize = 0xf2, 40
	for n, want := range map[int]bool{0: true, 39: true, 40: false} {
		r, err := migrate.NewReader(strings.NewReader("subject,key,identity\n0000000000000001,"+generator+","+strings.Repeat("x", n)+"\n"), p)
		require.NoError(t, err)
		_, err = r.Next()
		assert.Equal(t, want, err == nil, n)
	}
}

// Reading ends when nobody waits for it any more.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	base := "subject,key\n0000000000000001," + generator + "\n0000000000000002," + generator + "\n"
	r, err := migrate.NewReader(strings.NewReader(base), citycode.MedicalProfile())
	require.NoError(t, err)
	rows := 0
	_, err = r.Survey(ctx, citycode.Medical, citycode.Medical, nil, func() { rows++; cancel() })
	assert.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, 1, rows)
}

// Whatever the file is, reading ends, and a good row is one of the profile.
func FuzzReader(f *testing.F) {
	f.Add("subject,key\n0000000000000001," + generator + "\n")
	f.Add("subject,key,scenes,benefit,identity,nonce,proof\n0000000000000001," + generator + ",transit|medical,3,,00112233445566778899aabbccddeeff,\n\n,,\n")
	f.Add("\ufeffkey,subject\r\n\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := migrate.NewReader(strings.NewReader(text), citycode.MedicalProfile())
		if err != nil {
			return
		}
		seen := make(map[string]bool)
		for n := 0; ; n++ {
			row, err := r.Next()
			var left *migrate.RowError
			switch {
			case err == io.EOF:
				return
			case errors.As(err, &left):
			case err != nil:
				t.Fatal(err)
			case len(row.Subject) != 8 || seen[string(row.Subject)]:
				t.Fatalf("row %+v", row)
			default:
				seen[string(row.Subject)] = true
			}
			if n > len(text) {
				t.Fatal("more rows than bytes")
			}
		}
	})
}
