package rs

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/makiuchi-d/gozxing/common/reedsolomon"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// valid returns a block that another library has computed the error correction codewords of.
func valid(t require.TestingT, r *rand.Rand, n, checks int) []byte {
	words := make([]int, n)
	for i := range n - checks {
		words[i] = r.IntN(256)
	}
	require.NoError(t, reedsolomon.NewReedSolomonEncoder(reedsolomon.GenericGF_QR_CODE_FIELD_256).Encode(words, checks))
	block := make([]byte, n)
	for i, w := range words {
		block[i] = byte(w)
	}
	return block
}

// Whatever errors and erasures there are, up to 2·errors + erasures = checks, the block comes back.
func TestCorrect(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checks := rapid.IntRange(1, MaxChecks).Draw(t, "checks")
		n := rapid.IntRange(checks+1, 255).Draw(t, "codewords")
		erased := rapid.IntRange(0, min(checks, n)).Draw(t, "erased")
		wrong := rapid.IntRange(0, min((checks-erased)/2, n-erased)).Draw(t, "wrong")
		seed := rapid.Uint64().Draw(t, "seed")
		r := rand.New(rand.NewPCG(seed, 1))
		want := valid(t, r, n, checks)
		got := bytes.Clone(want)
		places := r.Perm(n)
		for i, at := range places[:erased+wrong] {
			if i < erased {
				got[at] = byte(r.Uint32()) // perhaps by chance right
			} else {
				got[at] ^= byte(1 + r.IntN(255))
			}
		}
		errors, ok := Correct(got, checks, places[:erased])
		require.True(t, ok)
		require.Equal(t, want, got)
		if !bytes.Equal(want, got) {
			require.Equal(t, wrong, errors)
		}
	})
}

// Too many errors are refused, or lead to another valid block; the block is never left half corrected.
func TestTooManyErrors(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	refused := 0
	for range 400 {
		checks := 7 + r.IntN(24)
		block := valid(t, r, checks+20, checks)
		for _, at := range r.Perm(len(block))[:checks/2+1+r.IntN(checks/2)] {
			block[at] ^= byte(1 + r.IntN(255))
		}
		before := bytes.Clone(block)
		if _, ok := Correct(block, checks, nil); !ok {
			refused++
			require.Equal(t, before, block)
			continue
		}
		var s [MaxChecks]byte
		require.True(t, syndromes(&s, block, checks))
	}
	assert.Greater(t, refused, 380)
}

func TestRefuses(t *testing.T) {
	for _, c := range []struct {
		n, checks int
		erased    []int
	}{
		{0, 0, nil}, {10, 0, nil}, {10, 10, nil}, {256, 10, nil}, {255, 31, nil}, {20, 4, []int{1, 2, 3, 4, 5}},
		{20, 4, []int{-1}}, {20, 4, []int{20}},
	} {
		block := make([]byte, c.n)
		if c.n > 0 {
			block[0] = 1
		}
		_, ok := Correct(block, c.checks, c.erased)
		assert.False(t, ok, "%+v", c)
	}
}

// The reader allocates nothing for a frame, so this does not either.
func TestAllocatesNothing(t *testing.T) {
	want := valid(t, rand.New(rand.NewPCG(3, 3)), 100, 26)
	block := make([]byte, 100)
	assert.Zero(t, testing.AllocsPerRun(10, func() {
		copy(block, want)
		block[3], block[50], block[99] = 1, 2, 3
		Correct(block, 26, nil)
	}))
}

// FuzzCorrect: any block with any erasures ends, is a valid one if it is said to be, and otherwise is left alone.
func FuzzCorrect(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9}, uint8(4), []byte{0, 3})
	f.Add(make([]byte, 255), uint8(30), []byte{})
	f.Fuzz(func(t *testing.T, block []byte, checks uint8, places []byte) {
		var erased []int
		seen := map[byte]bool{}
		for _, p := range places {
			if !seen[p] {
				erased = append(erased, int(p))
			}
			seen[p] = true
		}
		before := bytes.Clone(block)
		if _, ok := Correct(block, int(checks), erased); !ok {
			if !bytes.Equal(before, block) {
				t.Fatal("half corrected")
			}
			return
		}
		var s [MaxChecks]byte
		if !syndromes(&s, block, int(checks)) {
			t.Fatal("not a valid block")
		}
	})
}
