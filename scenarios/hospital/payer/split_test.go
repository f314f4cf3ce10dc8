package payer

import (
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		fen  int64
		from Sources
		want Parts
	}{
		{20000, Sources{12000, 5000, 2000}, Parts{12000, 5000, 2000, 1000}},
		{20000, Sources{12000, 9000, 2000}, Parts{12000, 8000, 0, 0}},
		{20000, Sources{20000, 9000, 2000}, Parts{20000, 0, 0, 0}},
		{20000, Sources{0, 0, 30000}, Parts{0, 0, 20000, 0}},
		{20000, Sources{}, Parts{0, 0, 0, 20000}},
		{20000, Sources{0, 1, -1}, Parts{0, 1, 0, 19999}},
		{0, Sources{0, 5, 5}, Parts{}},
	} {
		got, err := Split(c.fen, c.from)
		require.NoError(t, err)
		assert.Equal(t, c.want, got)
	}
	for _, impossible := range []Sources{{Pool: 101}, {Pool: -1}, {Account: -1}} {
		_, err := Split(100, impossible)
		assert.ErrorIs(t, err, ErrReply)
	}
	for _, fen := range []int64{-1, MaxFen + 1, math.MinInt64, math.MaxInt64} {
		_, err := Split(fen, Sources{})
		assert.Error(t, err)
	}
	assert.Equal(t, "pool,account,credit,self", Waterfall)
}

// Cases of the property test: a million with CITIZENCODE_LONG=1.
func cases() int {
	if os.Getenv("CITIZENCODE_LONG") != "" {
		return 1_000_000
	}
	return 100_000
}

// TestSplitOracle pours fen by fen: each payer in turn gives one as long as he
// has one. It must be what Split computes.
func TestSplitOracle(t *testing.T) {
	r := rand.New(rand.NewPCG(22, 1))
	for range cases() {
		fen := r.Int64N(60)
		s := Sources{Pool: r.Int64N(fen + 1), Account: r.Int64N(40), Credit: r.Int64N(50) - 10}
		purses, want := []int64{s.Pool, s.Account, s.Credit, math.MaxInt64}, make([]int64, 4)
		for range fen {
			for i := range purses {
				if purses[i] > 0 {
					purses[i]--
					want[i]++
					break
				}
			}
		}
		got, err := Split(fen, s)
		if err != nil || got != (Parts{want[0], want[1], want[2], want[3]}) {
			t.Fatalf("%d of %+v: %+v, %v; by hand %v", fen, s, got, err, want)
		}
	}
}
