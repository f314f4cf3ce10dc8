package matrix

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestEncoderForgets: what an encoder drew before leaves no trace.
func TestEncoderForgets(t *testing.T) {
	r := seeded(t, 6)
	var used Encoder
	var m Matrix
	for range 60 {
		version, level := 1+r.IntN(MaxVersion), Level(r.IntN(4))
		text := textFor(r, mode(r.IntN(int(modeCount))), version, level)
		request := Request{Level: level, Raise: r.IntN(2) == 0, Mask: BestMask}
		require.NoError(t, used.Encode(&m, text, request))
		var fresh Matrix
		require.NoError(t, new(Encoder).Encode(&fresh, text, request))
		require.True(t, fresh == m, "version %d", version)
	}
}

func TestEncodeRefuses(t *testing.T) {
	var e Encoder
	var m Matrix
	require.NoError(t, e.Encode(&m, []byte("kept"), Request{Mask: BestMask}))
	kept := m
	for _, c := range []struct {
		text string
		r    Request
		want error
	}{
		{"", Request{}, ErrEmpty},
		{strings.Repeat("8", 7090), Request{}, ErrTooLong},
		{strings.Repeat("8", 3058), Request{Level: H}, ErrTooLong},
		{strings.Repeat("A", 4297), Request{}, ErrTooLong},
		{strings.Repeat("a", 2954), Request{}, ErrTooLong},
		{strings.Repeat("8", 42), Request{Version: 1}, ErrTooLong},
		{strings.Repeat("a", 1<<20), Request{}, ErrTooLong},
	} {
		assert.ErrorIs(t, e.Encode(&m, []byte(c.text), c.r), c.want, "%d characters", len(c.text))
		assert.True(t, kept == m)
	}
	assert.LessOrEqual(t, cap(e.planner.from), maxText, "a longer text is not looked at")
}

// TestRaise: the level rises as far as the version allows, and the version stays.
func TestRaise(t *testing.T) {
	var e Encoder
	for n := 1; n < 300; n++ {
		text := []byte(strings.Repeat("8", n))
		var plain, raised Matrix
		require.NoError(t, e.Encode(&plain, text, Request{Level: M, Mask: BestMask}))
		require.NoError(t, e.Encode(&raised, text, Request{Level: M, Raise: true, Mask: BestMask}))
		require.Equal(t, M, plain.Level)
		require.Equal(t, plain.Version, raised.Version)
		require.GreaterOrEqual(t, raised.Level, M)
		used := segmentBits(numeric, n, classOf(raised.Version))
		require.LessOrEqual(t, used, 8*DataCodewords(raised.Version, raised.Level))
		if raised.Level < H {
			require.Greater(t, used, 8*DataCodewords(raised.Version, raised.Level+1))
		}
	}
}

func TestEncodeAllocatesNothing(t *testing.T) {
	var e Encoder
	var m Matrix
	for _, s := range []string{strings.Repeat("8", 495), strings.Repeat("A1", 150), "https://example.org/" + strings.Repeat("7", 240)} {
		text := []byte(s)
		assert.Zero(t, testing.AllocsPerRun(10, func() {
			if err := e.Encode(&m, text, Request{Level: M, Raise: true, Mask: BestMask}); err != nil {
				t.Fatal(err)
			}
		}))
	}
}

func TestMatrixOutside(t *testing.T) {
	var none Matrix
	assert.Zero(t, none.Size())
	assert.False(t, none.At(0, 0))
	assert.Empty(t, none.AppendRows(nil, 0))
	var m Matrix
	require.NoError(t, new(Encoder).Encode(&m, []byte("1"), Request{}))
	for _, p := range [][2]int{{-1, 0}, {0, -1}, {21, 0}, {0, 21}, {1 << 40, 0}, {0, -1 << 40}} {
		assert.False(t, m.At(p[0], p[1]))
	}
	for quiet := range 13 {
		span := 21 + 2*quiet
		stride := (span + 7) / 8
		rows := m.AppendRows(nil, quiet)
		require.Len(t, rows, span*stride)
		for y := range span {
			for x := range 8 * stride {
				require.Equal(t, m.At(x-quiet, y-quiet), rows[y*stride+x/8]>>(7-x%8)&1 != 0)
			}
		}
	}
}
