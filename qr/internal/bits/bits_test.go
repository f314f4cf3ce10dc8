package bits

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/makiuchi-d/gozxing/qrcode/encoder"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/qr/internal/matrix"
)

// drawn returns the modules of a text, and the text cut to what fits.
func drawn(t testing.TB, text []byte, version int, level matrix.Level, mask int) (*Modules, []byte) {
	t.Helper()
	var e matrix.Encoder
	var m matrix.Matrix
	for e.Encode(&m, text, matrix.Request{Level: level, Version: version, Mask: mask}) != nil {
		text = text[:len(text)*9/10]
	}
	out := &Modules{Size: m.Size(), V: make([]int16, m.Size()*m.Size())}
	for i := range out.V {
		out.V[i] = -100
		if m.At(i%m.Size(), i/m.Size()) {
			out.V[i] = 100
		}
	}
	return out, text
}

func random(r *rand.Rand, n int) []byte {
	text := make([]byte, n)
	for i := range text {
		text[i] = byte(r.Uint32())
	}
	return text
}

// What another library encodes is read: every version and level.
func TestReadsGozxing(t *testing.T) {
	levels := [4]decoder.ErrorCorrectionLevel{decoder.ErrorCorrectionLevel_L, decoder.ErrorCorrectionLevel_M, decoder.ErrorCorrectionLevel_Q, decoder.ErrorCorrectionLevel_H}
	var d Decoder
	for version := 1; version <= matrix.MaxVersion; version++ {
		level := matrix.Level(version % 4)
		text := fmt.Sprint(10000*version + int(level))
		code, err := encoder.Encoder_encodeWithoutHint(text, levels[level])
		require.NoError(t, err)
		m := &Modules{Size: code.GetMatrix().GetWidth()}
		for _, row := range code.GetMatrix().GetArray() {
			for _, v := range row {
				m.V = append(m.V, 200*int16(v)-100)
			}
		}
		s, ok := d.Decode(m)
		require.True(t, ok)
		assert.Equal(t, text, string(s.Content))
		assert.Equal(t, level, s.Level)
		assert.Equal(t, code.GetMaskPattern(), s.Mask)
	}
}

func TestDecode(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var d Decoder
	for version := 1; version <= matrix.MaxVersion; version++ {
		level, mask := matrix.Level(r.IntN(4)), r.IntN(8)
		m, text := drawn(t, random(r, 3000), version, level, mask)
		s, ok := d.Decode(m)
		require.True(t, ok)
		require.Equal(t, text, s.Content)
		require.Equal(t, []any{version, level, mask, false, 0, 0}, []any{s.Version, s.Level, s.Mask, s.Mirrored, s.Corrected, s.Erased})
		if version >= 7 {
			require.Equal(t, version, Version(m))
		}
		// The same in a mirror.
		mirrored := &Modules{Size: m.Size, V: make([]int16, len(m.V))}
		for i := range m.V {
			mirrored.V[i] = m.V[i%m.Size*m.Size+i/m.Size]
		}
		s, ok = d.Decode(mirrored)
		require.True(t, ok)
		require.Equal(t, text, s.Content)
		require.True(t, s.Mirrored)
	}
}

// Modules that are wrong and unsure are corrected twice as far as modules that are wrong and sure.
func TestErasures(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	var d Decoder
	read := map[int16]int{}
	for range 40 {
		for _, sure := range []int16{100, 3} {
			m, text := drawn(t, []byte("a text with some room behind it"), 5, matrix.Q, 2) // 2 blocks of 33 and 2 of 34, 18 for correction
			// The lower right quarter, which holds no format information.
			for y := 19; y < m.Size; y++ {
				for x := 19; x < m.Size; x++ {
					m.V[y*m.Size+x] = sure * int16(1-2*r.IntN(2))
				}
			}
			if s, ok := d.Decode(m); ok {
				require.Equal(t, text, s.Content)
				require.Positive(t, s.Corrected)
				read[sure]++
			}
		}
	}
	assert.Less(t, read[100], 20)
	assert.Greater(t, read[3], 35)
}

// Content that has used up all error correction is believed only if it is filled up as it should be, or the caller
// knows it.
func TestAccept(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	refused, accepted := 0, 0
	for range 60 {
		m, text := drawn(t, random(r, 11), 1, matrix.Q, 1) // full: no filling
		for i, unsure := range r.Perm(26) {                // codewords
			if i < 11 {
				spoil(m, unsure)
			}
		}
		var d Decoder
		_, ok := d.Decode(m)
		if !ok {
			refused++
		}
		d.Accept = func(content []byte) bool { return string(content) == string(text) }
		if s, ok := d.Decode(m); ok {
			require.Equal(t, text, s.Content)
			accepted++
		}
	}
	assert.Equal(t, 60, refused)
	assert.Greater(t, accepted, 50)
}

// spoil makes the modules of a codeword of version 1 wrong and unsure.
func spoil(m *Modules, codeword int) {
	var p matrix.Pattern
	p.Prepare(1)
	at := 0
	up := true
	for right := m.Size - 1; right > 0; right -= 2 {
		if right == 6 {
			right--
		}
		for n := range m.Size {
			y := n
			if up {
				y = m.Size - 1 - n
			}
			for x := right; x >= right-1; x-- {
				if p.Free(x, y) {
					if at/8 == codeword {
						m.V[y*m.Size+x] /= -50
					}
					at++
				}
			}
		}
		up = !up
	}
}

// Chance does not invent codes: of random modules none is read.
func TestNoise(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	var d Decoder
	for i := range 600 {
		size := matrix.SizeOf(1 + i%3)
		m := &Modules{Size: size, V: make([]int16, size*size)}
		for j := range m.V {
			m.V[j] = int16(r.IntN(200) - 100)
		}
		_, ok := d.Decode(m)
		require.False(t, ok)
	}
	for _, size := range []int{0, 20, 22, 181} {
		_, ok := d.Decode(&Modules{Size: size, V: make([]int16, size*size)})
		require.False(t, ok)
	}
}

// Version information is read with three of its bits wrong.
func TestVersion(t *testing.T) {
	m, _ := drawn(t, []byte("x"), 21, matrix.L, 0)
	for _, i := range []int{0, 7, 13} {
		m.V[i/3*m.Size+m.Size-11+i%3] *= -1
		m.V[(m.Size-11+i%3)*m.Size+i/3] *= -1
	}
	assert.Equal(t, 21, Version(m))
}

// FuzzModules: any modules of any size end, and what is read has no more bytes than its version holds.
func FuzzModules(f *testing.F) {
	m, _ := drawn(f, []byte("HELLO 123"), 1, matrix.M, 3)
	seed := make([]byte, len(m.V))
	for i, v := range m.V {
		seed[i] = byte(v)
	}
	f.Add(uint8(1), seed)
	f.Add(uint8(40), []byte{1, 2, 3, 0xFF})
	f.Fuzz(func(t *testing.T, version uint8, pixels []byte) {
		version = 1 + version%40
		if len(pixels) == 0 {
			return
		}
		m := &Modules{Size: matrix.SizeOf(int(version))}
		for i := range m.Size * m.Size {
			m.V = append(m.V, int16(int8(pixels[i%len(pixels)])))
		}
		var d Decoder
		d.Accept = func([]byte) bool { return true }
		if s, ok := d.Decode(m); ok && len(s.Content) > 7089 {
			t.Fatalf("%d bytes", len(s.Content))
		}
		Version(m)
	})
}
