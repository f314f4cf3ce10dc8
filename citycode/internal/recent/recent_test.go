package recent

import (
	"encoding/binary"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func name(i int) []byte { return binary.BigEndian.AppendUint64(nil, uint64(i)) }

// visit does what a user of a store does, and reports whether k was held.
func visit(s *Store[int], i int) bool {
	v, ok := s.Get(name(i))
	if ok && v != i {
		panic("another one's value")
	}
	if !ok && s.Want(name(i)) {
		s.Put(name(i), i)
	}
	return ok
}

func TestStoreAfter(t *testing.T) {
	for _, after := range []int{1, 2, 8} {
		s := New[int](16, after)
		for i := range after {
			require.False(t, visit(s, 7), "visit %d", i)
		}
		assert.True(t, visit(s, 7))
		assert.Equal(t, 1, s.Len())
		s.Clear()
		assert.Zero(t, s.Len())
		assert.False(t, visit(s, 7))
	}
}

// TestStoreDoor: who comes often enough gets in, whoever comes in turn with him.
func TestStoreDoor(t *testing.T) {
	for range 50 { // seeds
		s := New[int](ways, 8)
		for range 8 {
			for i := range ways {
				require.False(t, visit(s, i))
			}
		}
		assert.Equal(t, ways, s.Len())
	}
}

// TestStoreFlood: who comes again stays, whatever comes once beside him.
func TestStoreFlood(t *testing.T) {
	var s *Store[int]
	held := 0
	for try := 0; held <= 15; try++ { // by the seed, a few may share places
		require.Less(t, try, 100)
		s = New[int](64, 2)
		for range 4 {
			for i := range 20 {
				visit(s, i)
			}
		}
		held = s.Len()
	}
	for i := range 100_000 {
		require.False(t, visit(s, 1000+i))
	}
	assert.Equal(t, held, s.Len())
	hits := 0
	for i := range 20 {
		if visit(s, i) {
			hits++
		}
	}
	assert.Equal(t, held, hits)
}

// TestStoreBound: it never holds more than it may, and who no longer comes makes
// room for who does.
func TestStoreBound(t *testing.T) {
	s := New[int](64, 2)
	require.Equal(t, 64, s.Cap())
	for round := range 40 {
		for range 20 {
			for i := range 50 {
				visit(s, 100*round+i)
			}
		}
		require.LessOrEqual(t, s.Len(), s.Cap())
	}
	late := 0
	for i := range 50 {
		if visit(s, 3900+i) {
			late++
		}
	}
	assert.Greater(t, late, 25)
	for size, most := range map[int]int{0: 1, 1: 1, 5: 5, ways: ways, ways + 1: ways + 2, 4096: 4096} {
		assert.Equal(t, most, New[int](size, 1).Cap())
	}
}

// TestStoreSettles: where more come again and again than there are places, values
// are not made anew for each in turn. Making one may cost as much as many visits.
func TestStoreSettles(t *testing.T) {
	s := New[int](16, 8)
	made := 0
	for range 2000 {
		for i := range 100 {
			if _, ok := s.Get(name(i)); !ok && s.Want(name(i)) {
				made++
				s.Put(name(i), i)
			}
		}
	}
	t.Logf("%d made in 200,000 visits", made)
	assert.Less(t, made, 2000)
}

// A thing that is put twice, by two who found it missing, stands once.
func TestStorePutTwice(t *testing.T) {
	s := New[int](4, 1)
	s.Put(name(1), 1)
	s.Put(name(1), 1)
	assert.Equal(t, 1, s.Len())
	for i := range 8 {
		s.Put(name(i), i)
	}
	assert.Equal(t, 4, s.Len())
}

func TestStoreAllocates(t *testing.T) {
	s := New[int](64, 2)
	known := name(3)
	visit(s, 3)
	visit(s, 3)
	assert.Zero(t, testing.AllocsPerRun(100, func() { s.Get(known) }))
	other := name(4)
	assert.Zero(t, testing.AllocsPerRun(100, func() { s.Want(other) }))
}

func TestStoreConcurrently(t *testing.T) {
	s := New[int](16, 2)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for i := range 2000 {
				visit(s, i%40)
			}
		})
	}
	group.Wait()
	assert.LessOrEqual(t, s.Len(), s.Cap())
}
