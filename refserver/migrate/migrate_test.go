package migrate_test

import (
	"bytes"
	"errors"
	"io"
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
	for text, want := range map[string]string{"": "no names", "subject\n": "no column key", "subject,key,key\n": "key stands twice", "subject,key,name\n": "no column is called",
		strings.Repeat("x", 10_000): "no names"} {
		_, err := migrate.NewReader(strings.NewReader(text), citycode.MedicalProfile())
		assert.ErrorContains(t, err, want)
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
		report, err := migrate.Survey(r, scenes, scenes, []migrate.Place{migrate.Abroad(other.Trust(nil), trust.City())}, nil)
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
