package citycode_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/citycode"
)

func TestKeyID(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		city := rapid.IntRange(citycode.MinCity, citycode.MaxCity).Draw(t, "city")
		index := rapid.IntRange(0, citycode.MaxIndex).Draw(t, "index")
		id, err := citycode.NewKeyID(city, index)
		if err != nil || id.City() != city || id.Index() != index || uint32(id) != uint32(city)*4096+uint32(index) {
			t.Fatalf("%d/%d is %d: %v", city, index, id, err)
		}
		back, err := citycode.ParseKeyID(id.String())
		if err != nil || back != id {
			t.Fatalf("%s is read as %s: %v", id, back, err)
		}
	})
	assert.Equal(t, "210100/1", citycode.KeyID(0x334b4001).String())
	assert.Equal(t, "000000/0", citycode.KeyID(0).String())
	for _, c := range [][2]int{{99999, 0}, {1000000, 0}, {0, 0}, {-1, 0}, {1 << 20, 0}, {210100, -1}, {210100, 4096}, {210100, 1 << 32}} {
		_, err := citycode.NewKeyID(c[0], c[1])
		assert.Error(t, err, "%v", c)
	}
	for _, s := range []string{"", "/", "210100", "210100/", "/1", "210100/01", "210100/+1", "210100/-1", "210100/4096", " 210100/1", "210100/1 ", "0210100/1", "99999/1",
		"1000000/1", "210100/1/1", "210100\\1", "210100/1\n", "２10100/1", "210100/0x1", "2101e0/1", "210100/99999999999999999999"} {
		_, err := citycode.ParseKeyID(s)
		require.Error(t, err, "%q", s)
	}
}

func TestSerial(t *testing.T) {
	for _, s := range []citycode.Serial{{}, {Issuer: 210100<<12 | 1, Index: 4711}, {Issuer: 999999<<12 | 4095, List: 255, Index: 1<<24 - 1}} {
		back, err := citycode.ParseSerial(s.String())
		if s.Issuer == 0 {
			assert.Error(t, err, "a serial of no city")
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, s, back)
	}
	for _, text := range []string{"", "#", ":", "210100/1", "210100/1#0", "210100/1#:1", "210100/1#0:", "210100/1#256:0", "210100/1#0:16777216", "210100/1#00:1", "210100/1#0:01",
		"210100/1#-1:0", "210100/1#0:+1", " 210100/1#0:1", "210100/1#0:1 ", "210100/1#0:1#0:1", "210100/1:0#1", "0/1#0:1"} {
		s, err := citycode.ParseSerial(text)
		assert.Error(t, err, "%q", text)
		assert.Zero(t, s)
	}
}

func TestPublicKey(t *testing.T) {
	_, err := citycode.PublicKeyOf(otherCurve(t))
	assert.Error(t, err)
	key, err := citycode.PublicKeyOf(root(0))
	require.NoError(t, err)
	back, err := citycode.ParsePublicKey(key.String())
	require.NoError(t, err)
	assert.Equal(t, key, back)
	text := key.String()
	for _, s := range []string{"", text[:64], text + "00", "04" + text[2:], "00" + text[2:], text[:65] + "g", " " + text[1:], strings.Repeat("0", 66)} {
		key, err := citycode.ParsePublicKey(s)
		assert.Error(t, err, "%q", s)
		assert.Zero(t, key)
	}
}
