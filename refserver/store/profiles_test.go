package store

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
)

// ownProfiles are the standard ones under private ids, so that every word of
// the file has been written and read.
func ownProfiles() (list []citycode.Profile) {
	person, thing := citycode.ProfileID(0xF0), citycode.ProfileID(0xF8)
	for _, p := range citycode.Profiles() {
		p.City, p.Name = 210100, "own "+p.Name
		if p.Mode == citycode.Static {
			p.ID, thing = thing, thing+1
		} else {
			p.ID, person = person, person+1
		}
		list = append(list, p)
	}
	list[0].SealSize = 40
	return list
}

func TestProfiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	list, err := ReadProfiles(dir)
	require.NoError(t, err)
	require.Equal(t, citycode.Profiles(), list)
	path := filepath.Join(dir, ProfilesName)
	require.NoError(t, WriteProfiles(path, ownProfiles()))
	list, err = ReadProfiles(dir)
	require.NoError(t, err)
	require.Equal(t, append(citycode.Profiles(), ownProfiles()...), list)
	own, err := ReadOwnProfiles(path)
	require.NoError(t, err)
	require.Equal(t, ownProfiles(), own)
}

func TestProfilesDamaged(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), ProfilesName)
	require.NoError(t, WriteProfiles(path, ownProfiles()[:1]))
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	whole := string(b)
	for old, bad := range map[string]string{
		`"0xf0"`: `"0x01"`, `"own medical"`: `"medical"`, `210100`: `12`, `"person"`: `"animal"`, `"explicit"`: `"certified"`,
		`"source": "medical"`: `"source": ""`, `"subject": 8`: `"subject": 9`, `"optional"`: `"maybe"`, `"software"`: `"paper"`,
		`"maxAge": 60`: `"maxAge": 61`, `"maxLifetime": 604800`: `"maxLifetime": -1`, `"statusAge": 86400`: `"statusAge": 9999999999999`,
		`"seal": 40`: `"seal": -1`, `"prefix": 0`: `"prefix": 200`, `]`: `],`, `"anyAudience": false`: `"anyAudience": 0`, `transit|`: `ferry|`, `"id"`: `"number"`,
	} {
		require.Contains(t, whole, old)
		put(t, path, strings.Replace(whole, old, bad, 1))
		_, err := ReadOwnProfiles(path)
		require.ErrorContains(t, err, path+": ", "%s", bad)
	}
	put(t, path, strings.Replace(whole, "[", "["+strings.Trim(strings.TrimSpace(whole), "[]")+",", 1))
	_, err = ReadOwnProfiles(path)
	require.ErrorContains(t, err, "its name or id stands twice")
}

func FuzzProfiles(f *testing.F) {
	path := filepath.Join(f.TempDir(), ProfilesName)
	require.NoError(f, WriteProfiles(path, ownProfiles()))
	b, err := os.ReadFile(path)
	require.NoError(f, err)
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := parseProfiles(b)
		if err != nil {
			return
		}
		path := filepath.Join(t.TempDir(), ProfilesName)
		require.NoError(t, WriteProfiles(path, list))
		again, err := ReadOwnProfiles(path)
		require.NoError(t, err)
		require.Equal(t, list, again)
	})
}
