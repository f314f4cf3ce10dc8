package sm3lanes

import (
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/emmansun/gmsm/sm3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	tjfoc "github.com/tjfoc/gmsm/sm3"
)

// requireSums holds Sum against two implementations of other people's.
func requireSums(t *testing.T, name string, messages [][]byte) {
	t.Helper()
	const left = 0x5a // in sums that are nobody's
	sums := make([][Size]byte, len(messages)+1)
	sums[len(messages)][0] = left
	Sum(sums, messages)
	for i, m := range messages {
		require.Equal(t, sm3.Sum(m), sums[i], "%s: message %d of %d, %d bytes", name, i, len(messages), len(m))
		require.Equal(t, tjfoc.Sm3Sum(m), sums[i][:], "%s: message %d of %d, %d bytes", name, i, len(messages), len(m))
	}
	require.Equal(t, [Size]byte{left}, sums[len(messages)], name)
}

func randomBytes(random *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return b
}

// GB/T 32905-2016, Annex A, in every lane.
func TestExamples(t *testing.T) {
	want := map[string]string{
		"abc":                      "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
		strings.Repeat("abcd", 16): "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732",
	}
	withEach(func(name string) {
		for message, sum := range want {
			for lane := range Lanes {
				messages := make([][]byte, Lanes)
				messages[lane] = []byte(message)
				var sums [Lanes][Size]byte
				Sum(sums[:], messages)
				assert.Equal(t, sum, hex.EncodeToString(sums[lane][:]), "%s, lane %d", name, lane)
			}
		}
	})
}

// Every length around the first block boundaries: sixteen messages of one length,
// then of lengths side by side.
func TestLengths(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 1))
	const most = 300
	withEach(func(name string) {
		var messages [][]byte
		for n := range most + 1 {
			same := make([][]byte, Lanes)
			for lane := range same {
				same[lane] = randomBytes(random, n)
			}
			requireSums(t, name, same)
			messages = append(messages, same[n%Lanes])
		}
		requireSums(t, name, messages)
	})
}

// Any number of messages, of any lengths, which may share memory.
func TestMixed(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 2))
	memory := randomBytes(random, 5000)
	withEach(func(name string) {
		for n := range 3 * Lanes {
			messages := make([][]byte, n)
			for i := range messages {
				if length := random.IntN(300); random.IntN(8) != 0 {
					at := random.IntN(len(memory) - length)
					messages[i] = memory[at : at+length]
				} else if random.IntN(4) == 0 {
					messages[i] = memory
				}
			}
			requireSums(t, name, messages)
		}
	})
}

// A routine that is wrong about one bit of one lane is not taken.
func TestCheck(t *testing.T) {
	assert.True(t, check(blockGo, splitMix(), 3))
	for lane := range Lanes {
		assert.False(t, check(func(s *state, from *[Lanes]*[BlockSize]byte, active uint16) {
			blockGo(s, from, active)
			s[lane%len(s)][lane] ^= 1 << (2 * lane)
		}, splitMix(), 3), lane)
	}
	assert.False(t, check(func(s *state, from *[Lanes]*[BlockSize]byte, active uint16) {
		blockGo(s, from, 0xffff)
	}, splitMix(), 3), "lanes that are not asked for")
}

func TestAllocates(t *testing.T) {
	messages := make([][]byte, 40)
	for i := range messages {
		messages[i] = make([]byte, 5*i)
	}
	sums := make([][Size]byte, len(messages))
	withEach(func(name string) {
		assert.Zero(t, testing.AllocsPerRun(20, func() { Sum(sums, messages) }), name)
	})
}

func TestConcurrently(t *testing.T) {
	withEach(func(name string) {
		var group sync.WaitGroup
		for i := range 4 {
			group.Go(func() {
				random := rand.New(rand.NewPCG(3, uint64(i)))
				for range 20 {
					messages := make([][]byte, random.IntN(40))
					sums := make([][Size]byte, len(messages))
					for i := range messages {
						messages[i] = randomBytes(random, random.IntN(200))
					}
					Sum(sums, messages)
					for i, m := range messages {
						assert.Equal(t, sm3.Sum(m), sums[i], name)
					}
				}
			})
		}
		group.Wait()
	})
}

// FuzzSum cuts memory into messages where a byte of cuts says.
func FuzzSum(f *testing.F) {
	f.Add([]byte("abc"), []byte{3})
	f.Add([]byte(strings.Repeat("abcd", 64)), []byte{64, 0, 55, 56, 1})
	f.Add(make([]byte, 1000), []byte{119, 120, 127, 128, 63, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
	f.Fuzz(func(t *testing.T, memory, cuts []byte) {
		if len(memory) > 4096 || len(cuts) > 64 {
			return
		}
		var messages [][]byte
		for _, n := range cuts {
			n := min(int(n), len(memory))
			messages = append(messages, memory[:n])
			memory = memory[n:]
		}
		messages = append(messages, memory)
		withEach(func(name string) { requireSums(t, name, messages) })
	})
}

func BenchmarkSum(b *testing.B) {
	messages := make([][]byte, Lanes)
	for i := range messages {
		messages[i] = make([]byte, 200)
	}
	var sums [Lanes][Size]byte
	b.SetBytes(Lanes * 200)
	for b.Loop() {
		Sum(sums[:], messages)
	}
}
