package png

import (
	"bytes"
	"container/heap"
	"hash/adler32"
	"image"
	"image/color"
	stdpng "image/png"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func seeded(t testing.TB, seed uint64) *rand.Rand {
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, seed))
}

// picture returns a picture of span modules, some rows the same, each up to wide pixels.
func picture(r *rand.Rand, span, wide int) Picture {
	p := Picture{Edges: make([]int, span+1), Palette: [2]color.NRGBA{{1, 2, 3, 255}, {250, 251, 252, 255}}}
	if r.IntN(3) == 0 {
		p.Palette[r.IntN(2)].A = byte(r.Uint32())
	}
	even := r.IntN(2) == 0
	for i := range span {
		p.Edges[i+1] = p.Edges[i] + wide
		if !even {
			p.Edges[i+1] = p.Edges[i] + 1 + r.IntN(wide)
		}
	}
	stride, dark := (span+7)/8, r.Float64()
	for y := range span {
		row := make([]byte, stride)
		if y > 0 && r.IntN(4) == 0 {
			copy(row, p.Rows[(y-1)*stride:])
		} else {
			for x := range span {
				if r.Float64() < dark {
					row[x/8] |= 0x80 >> (x % 8)
				}
			}
		}
		p.Rows = append(p.Rows, row...)
	}
	return p
}

// TestPicture: the standard library reads every pixel as it was meant.
func TestPicture(t *testing.T) {
	t.Parallel()
	r := seeded(t, 1)
	rounds := 120
	if testing.Short() {
		rounds = 10
	}
	for i := range rounds {
		p := picture(r, 9+r.IntN(193), 1+r.IntN(8))
		check(t, p, i)
	}
	check(t, picture(r, 9, 1), "the smallest")
	rows := []byte{0x55, 0x80, 0xAA, 0, 0x54, 0, 0xA8, 0x80, 0x55, 0, 0xAA, 0x80, 0x50, 0, 0xA1, 0, 0x44, 0x80}
	check(t, Picture{Rows: rows, Edges: []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}}, "nothing repeats")
	if !testing.Short() {
		wide := picture(r, 21, 1)
		for i := range wide.Edges {
			wide.Edges[i] = 250 * i
		}
		check(t, wide, "lines beyond the room on the stack")
	}
}

func check(t *testing.T, p Picture, what any) {
	t.Helper()
	file := p.Append([]byte("before"))
	require.Equal(t, "before", string(file[:6]))
	reader := bytes.NewReader(file[6:])
	img, err := stdpng.Decode(reader)
	require.NoError(t, err, what)
	require.Zero(t, reader.Len(), "nothing behind the file")
	got := img.(*image.Paletted)
	span := len(p.Edges) - 1
	require.Equal(t, image.Rect(0, 0, p.Edges[span], p.Edges[span]), got.Rect)
	for i, c := range p.Palette {
		require.Equal(t, c, color.NRGBAModel.Convert(got.Palette[i]), "colour %d", i)
	}
	for y := range span {
		for x := range span {
			want := p.Rows[y*((span+7)/8)+x/8] >> (7 - x%8) & 1
			for i := p.Edges[y]; i < p.Edges[y+1]; i++ {
				for j := p.Edges[x]; j < p.Edges[x+1]; j++ {
					if got.Pix[i*got.Stride+j] != want {
						t.Fatalf("%v: pixel %d, %d", what, j, i)
					}
				}
			}
		}
	}
}

// fewest returns the bits of a Huffman code for these counts, by the textbook.
type counts []int

func (c counts) Len() int           { return len(c) }
func (c counts) Less(i, j int) bool { return c[i] < c[j] }
func (c counts) Swap(i, j int)      { c[i], c[j] = c[j], c[i] }
func (c *counts) Push(v any)        { *c = append(*c, v.(int)) }
func (c *counts) Pop() any {
	last := (*c)[len(*c)-1]
	*c = (*c)[:len(*c)-1]
	return last
}

func fewest(in []uint32) int {
	var c counts
	for _, n := range in {
		if n > 0 {
			c = append(c, int(n))
		}
	}
	heap.Init(&c)
	bits := 0
	for len(c) > 1 {
		joined := heap.Pop(&c).(int) + heap.Pop(&c).(int)
		bits += joined
		heap.Push(&c, joined)
	}
	return bits
}

func TestAssign(t *testing.T) {
	r := seeded(t, 2)
	for range 500 {
		in := make([]uint32, 2+r.IntN(literals-1))
		for i := range in {
			in[i] = uint32(r.IntN(1<<r.IntN(12))) * uint32(r.IntN(2))
		}
		in[0], in[1] = 1, 1
		codes := make([]code, len(in))
		assign(codes, in, maxCode)
		bits := complete(t, codes, in, maxCode)
		require.Equal(t, fewest(in), bits)
	}
	// Counts as the Fibonacci numbers make the deepest tree.
	for _, limit := range []int{7, maxCode} {
		in := []uint32{1, 1}
		for len(in) < 19 {
			in = append(in, in[len(in)-1]+in[len(in)-2])
		}
		codes := make([]code, len(in))
		assign(codes, in, limit)
		complete(t, codes, in, limit)
	}
}

// complete fails unless exactly the symbols that occur have a code, and the codes use up all bits. It returns
// what the symbols take.
func complete(t *testing.T, codes []code, in []uint32, limit int) (bits int) {
	t.Helper()
	room := 0
	for i, c := range codes {
		require.Equal(t, in[i] > 0, c.n > 0)
		require.LessOrEqual(t, int(c.n), limit)
		if c.n > 0 {
			room += 1 << (maxCode - c.n)
		}
		bits += int(in[i]) * int(c.n)
	}
	require.Equal(t, 1<<maxCode, room)
	return bits
}

func TestAdler(t *testing.T) {
	r := seeded(t, 3)
	for range 200 {
		sum := adler{a: 1}
		var all []byte
		for range 1 + r.IntN(5) {
			line := make([]byte, 1+r.IntN(700))
			for i := range line {
				line[i] = byte(r.Uint32()) | byte(r.IntN(2))*255
			}
			times := 1 + r.IntN(200)
			sum.line(line, times)
			all = append(all, bytes.Repeat(line, times)...)
		}
		require.Equal(t, adler32.Checksum(all), sum.value())
	}
}

func TestAppendAllocatesNothing(t *testing.T) {
	p := picture(seeded(t, 4), 65, 8)
	room := p.Append(nil)
	assert.Zero(t, testing.AllocsPerRun(10, func() { room = p.Append(room[:0]) }))
}

// The symbols of lengths and distances against the table of RFC 1951, 3.2.5, at both ends of each range.
func TestSymbols(t *testing.T) {
	next := 3
	for i, extra := range []uint{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5} {
		for n := next; n < next+1<<extra && n < maxMatch; n++ {
			symbol, bits, value := lengthSymbol(n)
			require.Equal(t, [3]int{257 + i, int(extra), n - next}, [3]int{symbol, int(bits), value}, "length %d", n)
		}
		next += 1 << extra
	}
	symbol, bits, _ := lengthSymbol(maxMatch)
	assert.Equal(t, [2]int{285, 0}, [2]int{symbol, int(bits)})
	next = 1
	for i := range distances {
		extra := max(0, i/2-1)
		for n := next; n < next+1<<extra; n++ {
			symbol, bits, value := distanceSymbol(n)
			require.Equal(t, [3]int{i, extra, n - next}, [3]int{symbol, int(bits), value}, "distance %d", n)
		}
		next += 1 << extra
	}
	assert.Equal(t, 32769, next)
}

// FuzzPicture composes a picture from bytes.
func FuzzPicture(f *testing.F) {
	f.Add([]byte("\x02\x08\xff\x00\xaa"), uint8(21))
	f.Add(bytes.Repeat([]byte{0x5A, 0xFF}, 400), uint8(60))
	f.Fuzz(func(t *testing.T, data []byte, span uint8) {
		n := max(int(span)%128, 9)
		stride := (n + 7) / 8
		p := Picture{Edges: make([]int, n+1), Rows: make([]byte, n*stride)}
		copy(p.Rows, data)
		for y := range n { // bits behind the last module are zero
			p.Rows[(y+1)*stride-1] &= 0xFF << (8*stride - n)
		}
		for i := range n {
			p.Edges[i+1] = p.Edges[i] + 1
			if len(data) > 0 {
				p.Edges[i+1] += int(data[i%len(data)] % 5)
			}
		}
		check(t, p, "composed")
	})
}
