package tokenstatuslist

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/json"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
)

// inflate reads the value of a lst member as a relying party does.
func inflate(t testing.TB, lst string) []byte {
	t.Helper()
	compressed, err := base64.RawURLEncoding.Strict().DecodeString(lst)
	require.NoError(t, err)
	z, err := zlib.NewReader(bytes.NewReader(compressed))
	require.NoError(t, err)
	array, err := io.ReadAll(z)
	require.NoError(t, err)
	return array
}

// statusOf reads one entry of a byte array, bit by bit (draft §4.1).
func statusOf(array []byte, bits, index int) (v byte) {
	for i := range bits {
		at := index*bits + i
		if array[at/8]&(1<<(at%8)) != 0 {
			v |= 1 << i
		}
	}
	return v
}

// The examples of the draft for two bits: §4.1, 12 entries, and appendix C.2,
// 2^20 entries. Some have the value 3, which no list of ours has.
var drafts = []struct {
	lst    string
	size   int
	states map[int]byte
}{
	{"eNo76fITAAPfAgc", 12, map[int]byte{0: 1, 1: 2, 3: 3, 5: 1, 7: 1, 8: 1, 9: 2, 10: 3, 11: 3}},
	{runs("eNrt2zENACEQAEEuoaBABP5VIO01fCjIHTMStt9ovGVI", 6, "BAbiEB", 41, "EB5WwI", 106, "ID0ugQ", 17, "QG12Sg", 27, "OCSIQE", 23, "D8ExI", 41, "wJEuAQ", 23, "MB9SwI",
		19, "CoYUo", 14, "EBqH81gAQw"),
		1 << 20, map[int]byte{0: 1, 1993: 2, 25460: 1, 159495: 3, 495669: 1, 554353: 1, 645645: 2, 723232: 1, 854545: 1, 934534: 2, 1000345: 3}},
}

// runs joins texts with runs of the letter A between them, which are no pleasure
// to count.
func runs(parts ...any) (text string) {
	for _, p := range parts {
		if n, ok := p.(int); ok {
			p = strings.Repeat("A", n)
		}
		text += p.(string)
	}
	return text
}

// TestDraftExamples: what we compress is, inflated, what the draft prints.
func TestDraftExamples(t *testing.T) {
	for _, d := range drafts {
		want := inflate(t, d.lst)
		require.Len(t, want, d.size/4)
		for i := range d.size {
			if d.states[i] != statusOf(want, 2, i) {
				t.Fatalf("the test's own reader: entry %d is %d", i, statusOf(want, 2, i))
			}
		}
		got, err := compress(d.size, func(i uint32) byte { return d.states[int(i)] })
		require.NoError(t, err)
		text, err := got.MarshalText()
		require.NoError(t, err)
		assert.Equal(t, want, inflate(t, string(text)))
		assert.LessOrEqual(t, len(text), len(d.lst)+8, "as well compressed, within a few bytes")
	}
}

// list opens a list of a test city with these states.
func list(t testing.TB, size int, states map[uint32]citycode.Status) *citycode.StatusList {
	t.Helper()
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	r, err := citycode.NewStatusRegister(c.Issuer.ID(), 0, size)
	require.NoError(t, err)
	for i, s := range states {
		require.NoError(t, r.Set(i, s))
	}
	c.Register[c.Issuer.ID()] = r
	l, err := citycode.OpenStatusList(c.StatusMessage(c.Issuer.ID()), c.Trust(nil), citycode.Version{})
	require.NoError(t, err)
	return l
}

const uri = "https://example.org/status/210100/1/0"

// TestEveryEntry: a relying party that reads only the JSON finds the state of
// every credential, at sizes that do and do not fill a byte, a block and neither.
func TestEveryEntry(t *testing.T) {
	random := rand.New(rand.NewPCG(2026, 11))
	for _, size := range []int{0, 1, 2, 3, 4, 5, 100, 4 * 4096, 4*4096 + 1, 50_003} {
		states := make(map[uint32]citycode.Status)
		for range size / 7 {
			states[random.Uint32N(uint32(size))] = []citycode.Status{citycode.StatusRevoked, citycode.StatusSuspended}[random.IntN(2)]
		}
		if size > 0 {
			states[uint32(size-1)] = citycode.StatusSuspended
		}
		l := list(t, size, states)
		claims, err := New(l, Options{URI: uri})
		require.NoError(t, err)
		text, err := json.Marshal(claims)
		require.NoError(t, err)
		var read struct {
			StatusList struct {
				Bits int
				Lst  string
			} `json:"status_list"`
		}
		require.NoError(t, json.Unmarshal(text, &read))
		array := inflate(t, read.StatusList.Lst)
		require.Len(t, array, (size*read.StatusList.Bits+7)/8)
		for i := range size {
			require.Equal(t, byte(states[uint32(i)]), statusOf(array, read.StatusList.Bits, i), "entry %d of %d", i, size)
		}
		for i := size; i < 4*len(array); i++ {
			require.Zero(t, statusOf(array, 2, i), "what fills the last byte")
		}
	}
}

// TestClaims: the members of the claims set, and no others.
func TestClaims(t *testing.T) {
	l := list(t, 12, nil)
	members := func(o Options) map[string]any {
		claims, err := New(l, o)
		require.NoError(t, err)
		text, err := json.Marshal(claims)
		require.NoError(t, err)
		var m map[string]any
		require.NoError(t, json.Unmarshal(text, &m))
		return m
	}
	start := float64(citycodetest.Start.Unix())
	m := members(Options{URI: uri, TTL: 12 * time.Hour})
	require.NotEmpty(t, m["status_list"].(map[string]any)["lst"])
	delete(m["status_list"].(map[string]any), "lst")
	assert.Equal(t, map[string]any{"sub": uri, "iat": start, "exp": start + 7*24*3600, "ttl": 43200.0, "status_list": map[string]any{"bits": 2.0}}, m)
	assert.NotContains(t, members(Options{URI: uri}), "ttl", "a ttl is positive or is not there")
}

// TestExpiresWithItsSigner: no form of a list outlives the key that signed it.
func TestExpiresWithItsSigner(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	c.Draft.Entries[2].VerifyUntil = citycodetest.Start.Add(time.Hour)
	l, err := citycode.OpenStatusList(c.StatusMessage(c.Issuer.ID()), c.Trust(nil), citycode.Version{})
	require.NoError(t, err)
	claims, err := New(l, Options{URI: uri})
	require.NoError(t, err)
	assert.Equal(t, citycodetest.Start.Add(time.Hour).Unix(), claims.Expires)
}

func TestRefuses(t *testing.T) {
	l := list(t, 12, nil)
	_, err := New(nil, Options{URI: uri})
	assert.ErrorContains(t, err, "no status list")
	for _, bad := range []string{"", "status/1", "/status/1", "https://example.org/status#1", "https://exa mple.org", "\x00", strings.Repeat(":", 1000)} {
		_, err := New(l, Options{URI: bad})
		assert.ErrorContains(t, err, "URI", "%.20q", bad)
		assert.Less(t, len(err.Error()), 500)
	}
	for _, ttl := range []time.Duration{-time.Second, time.Millisecond, MaxTTL + time.Second, 1<<63 - 1} {
		_, err := New(l, Options{URI: uri, TTL: ttl})
		assert.ErrorContains(t, err, "ttl", "%s", ttl)
	}
}

// TestMemory: the largest list, in states that cannot be compressed, costs its
// compressed bytes and the growing of the buffer that holds them.
func TestMemory(t *testing.T) {
	random := rand.New(rand.NewPCG(2026, 11))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	b, err := compress(citycode.MaxStatusEntries, func(uint32) byte { return byte(random.Uint32N(4)) })
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	assert.Less(t, len(b), 4<<20+4096)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(24<<20))
}
