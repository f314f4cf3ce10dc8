package citycode_test

import (
	"bytes"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
)

// allocated returns how many bytes were ever allocated. A difference is that of
// one call as long as no test runs beside it.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// TestBoundsOfHostileLists: a hundred bytes can announce four megabytes. Only
// the city's own key makes a terminal allocate them.
func TestBoundsOfHostileLists(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	trust := c.Trust(nil)
	somebody := citycodetest.Key("somebody")
	status := func(change func(l *strangerStatus)) []byte {
		l := strangersStatus()
		l.key, l.size, l.changes, l.gaps = somebody, 1<<24, 1<<24, bytes.Repeat([]byte{0xff}, 8)
		change(&l)
		return l.message(t)
	}
	list := func(change func(l *strangerTrust)) []byte {
		l := strangersTrust(t)
		change(&l)
		return l.message(t)
	}
	count := uint16(0xffff)
	for name, open := range map[string]func() error{
		"2^24 states": func() error {
			_, err := citycode.OpenStatusList(status(func(l *strangerStatus) {}), trust, citycode.Version{})
			return err
		},
		"2^24 states, none changed": func() error {
			_, err := citycode.OpenStatusList(status(func(l *strangerStatus) { l.changes, l.gaps = 0, nil }), trust, citycode.Version{})
			return err
		},
		"2^32-1 states": func() error {
			_, err := citycode.OpenStatusList(status(func(l *strangerStatus) { l.size, l.changes = 1<<32-1, 1<<32-1 }), trust, citycode.Version{})
			return err
		},
		"65535 entries": func() error {
			_, err := citycode.OpenTrustList(list(func(l *strangerTrust) { l.count, l.entries = &count, l.entries[:1] }), c.TrustConfig())
			return err
		},
		"255 signatures": func() error {
			msg := list(func(l *strangerTrust) { l.entries, l.roots = nil, nil })
			msg[len(msg)-1] = 255
			_, err := citycode.OpenTrustList(msg, c.TrustConfig())
			return err
		},
		"255 profiles": func() error {
			l := strangersTrust(t)
			body := l.body()
			body = body[:26+56]
			body[len(body)-1] = 255
			_, err := citycode.OpenTrustList(body, c.TrustConfig())
			return err
		},
	} {
		open() // what is allocated once is not the list's
		before := allocated()
		err := open()
		took := allocated() - before
		require.Error(t, err, name)
		assert.Less(t, took, uint64(64<<10), "%s: %v", name, err)
	}

	// Long messages are refused by their length.
	huge := make([]byte, 64<<20)
	copy(huge, []byte{0x11, 'T'})
	before := allocated()
	_, err := citycode.OpenTrustList(huge, c.TrustConfig())
	require.Error(t, err)
	huge[1] = 'S'
	_, err = citycode.OpenStatusList(huge, trust, citycode.Version{})
	require.Error(t, err)
	_, err = citycode.ParseToken(huge)
	require.Error(t, err)
	_, err = citycode.ParseCredential(huge)
	require.Error(t, err)
	assert.Less(t, allocated()-before, uint64(64<<10))
}

// TestBoundsOfUnsignedTrustLists: a full-size list that nobody signed costs
// memory of its own order, and no curve arithmetic for its entries.
func TestBoundsOfUnsignedTrustLists(t *testing.T) {
	l := strangersTrust(t)
	l.entries = manyEntries(l.entries[0], citycode.MaxTrustEntries)
	l.roots = nil
	msg := l.message(t)
	cfg := citycodetest.NewCity(t, citycodetest.Shenyang).TrustConfig()
	before := allocated()
	_, err := citycode.OpenTrustList(msg, cfg)
	assert.Equal(t, citycode.ListBadSignature, listReason(t, trustList, err))
	assert.Less(t, allocated()-before, uint64(10*len(msg)))
}

// TestBoundsOfChanges: whatever the counts say, reading states takes time for
// the bytes that are there.
func TestBoundsOfChanges(t *testing.T) {
	for _, b := range [][]byte{nil, {0}, {0xff}, bytes.Repeat([]byte{0xff}, 1000), make([]byte, 1000)} {
		for _, size := range []uint32{0, 1, 1 << 24, 1<<32 - 1} {
			for _, changes := range []uint32{0, 1, 2, 1 << 24, 1<<32 - 1} {
				calls := 0
				err := citycode.ReadChanges(b, size, changes, func(uint32, citycode.Status) { calls++ })
				require.LessOrEqual(t, 2*calls, 8*len(b))
				if changes > 0 && len(b) == 0 {
					require.Error(t, err)
				}
			}
		}
	}
}

// TestBoundsOfVerify: a verdict about any bytes takes little memory. A flood of
// good ones takes no more than one at a time.
func TestBoundsOfVerify(t *testing.T) {
	stage := newStage(t)
	s := stage.scan()
	s.guardless, s.asked, s.answer = true, false, noAnswer
	v := s.verifier(engines()[0])
	token := reads(t, s.bytes())
	allocs := testing.AllocsPerRun(50, func() { v.Verify(token, s.check) })
	t.Logf("%.0f allocations a verdict", allocs)
	assert.LessOrEqual(t, allocs, 60.0)
	before := allocated()
	for range 100 {
		v.Verify(token, s.check)
	}
	assert.Less(t, (allocated()-before)/100, uint64(16<<10))

	// A guard's memory is that of its bound, whatever comes.
	g := newGuard(t, citycode.ReplayConfig{Boot: at(noon), Journal: emptyJournal, MaxEntries: 1000})
	var m0, m1 runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m0)
	for i := range 20_000 {
		g.Present(acceptance(i, noon+int64(i/100), 1), noon+int64(i/100))
	}
	runtime.GC()
	runtime.ReadMemStats(&m1)
	assert.LessOrEqual(t, g.Len(), 1000)
	assert.Less(t, int64(m1.HeapAlloc)-int64(m0.HeapAlloc), int64(1<<20))
	runtime.KeepAlive(g)
}
