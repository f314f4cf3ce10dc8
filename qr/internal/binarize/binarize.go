// Package binarize divides a picture into dark and light with a threshold for each neighbourhood.
package binarize

import (
	"encoding/binary"

	"github.com/citizencode/citizencode/qr/internal/luma"
)

// Bits is a picture of one bit a pixel. Bit x%64 of word x/64 of a row is pixel x; set is dark. Bits beyond the width
// are clear.
type Bits struct {
	W, H  int
	words int // to a row
	data  []uint64
}

// Row returns the words of a row.
func (b *Bits) Row(y int) []uint64 { return b.data[y*b.words : (y+1)*b.words] }

// At reports whether a pixel inside the picture is dark.
func (b *Bits) At(x, y int) bool { return b.data[y*b.words+x>>6]>>(x&63)&1 != 0 }

func (b *Bits) reset(w, h int) {
	b.W, b.H, b.words = w, h, (w+63)/64
	if n := b.words * h; cap(b.data) < n {
		b.data = make([]uint64, n)
	} else {
		b.data = b.data[:n]
	}
}

// Options say how the threshold is found. The zero value is of no use.
type Options struct {
	// Reach is how many blocks of 8 pixels to each side a neighbourhood has: 2 means 40×40 pixels.
	Reach int
	// Contrast is the difference between the darkest and the lightest pixel below which a neighbourhood counts as
	// one surface, and takes the threshold of its neighbours.
	Contrast int
}

const side = 8 // of a block, pixels

// A Binarizer keeps its memory between pictures.
type Binarizer struct {
	across, down int // blocks
	sum          []int32
	low, high    []byte
	lowRow       []byte // minimum and maximum across, for one reach
	highRow      []byte
	total        []int32 // summed area of sum, one more row and column than there are blocks
	threshold    []byte
	noise        int     // between the darkest and the lightest pixel of a quiet block
	columns      []int32 // sums down, for Fine
}

// Measure takes what every threshold of a picture is made from: the sum, the least and the greatest of each block.
func (z *Binarizer) Measure(m *luma.Image) {
	z.across, z.down = (m.W+side-1)/side, (m.H+side-1)/side
	n := z.across * z.down
	if cap(z.sum) < n {
		z.sum, z.low, z.high = make([]int32, n), make([]byte, n), make([]byte, n)
		z.lowRow, z.highRow, z.threshold = make([]byte, n), make([]byte, n), make([]byte, n)
	}
	z.sum, z.low, z.high = z.sum[:n], z.low[:n], z.high[:n]
	z.lowRow, z.highRow, z.threshold = z.lowRow[:n], z.highRow[:n], z.threshold[:n]
	for by := range z.down {
		y0 := min(by*side, max(m.H-side, 0)) // the last blocks overlap the ones before them
		rows := min(side, m.H)
		for bx := range z.across {
			x0 := min(bx*side, max(m.W-side, 0))
			at := by*z.across + bx
			if m.W < side {
				z.sum[at], z.low[at], z.high[at] = measureAny(m, x0, y0, m.W, rows)
				continue
			}
			z.sum[at], z.low[at], z.high[at] = measure(m.Pix[y0*m.Stride+x0:], m.Stride, rows)
		}
	}
	z.estimate()
	// Summed area, for the mean of any neighbourhood in four look-ups.
	if cap(z.total) < (z.across+1)*(z.down+1) {
		z.total = make([]int32, (z.across+1)*(z.down+1))
	}
	z.total = z.total[:(z.across+1)*(z.down+1)]
	clear(z.total[:z.across+1])
	for by := range z.down {
		row := z.total[(by+1)*(z.across+1):]
		above := z.total[by*(z.across+1):]
		row[0] = 0
		run := int32(0)
		for bx := range z.across {
			run += z.sum[by*z.across+bx] >> 6 // the mean of a block, so that 25 million pixels do not overflow
			row[bx+1] = above[bx+1] + run
		}
	}
}

// estimate takes the noise of the picture from the quarter of its blocks with the least range.
func (z *Binarizer) estimate() {
	var histogram [256]int
	for i := range z.low {
		histogram[z.high[i]-z.low[i]]++
	}
	left := len(z.low) / 4
	for z.noise = 0; z.noise < 255; z.noise++ {
		if left -= histogram[z.noise]; left < 0 {
			break
		}
	}
}

// mostNoise is what noise is taken for at most: a code that fills the picture has no quiet block.
const mostNoise = 24

// Fine writes a picture into b with a threshold for each pixel, the mean of the square of reach pixels to each side
// less a little for noise. It brings out modules that run into each other out of focus, and takes several times as long
// as Divide. The picture is the one measured last, or one made from it by blurring.
func (z *Binarizer) Fine(b *Bits, m *luma.Image, reach, bias int) {
	b.reset(m.W, m.H)
	if cap(z.columns) < m.W {
		z.columns = make([]int32, m.W)
	}
	columns := z.columns[:m.W]
	clear(columns)
	for y := range min(reach, m.H) {
		for x, v := range m.Row(y) {
			columns[x] += int32(v)
		}
	}
	for y := range m.H {
		if y+reach < m.H {
			for x, v := range m.Row(y + reach) {
				columns[x] += int32(v)
			}
		}
		if y-reach-1 >= 0 {
			for x, v := range m.Row(y - reach - 1) {
				columns[x] -= int32(v)
			}
		}
		rows := int32(min(y+reach, m.H-1) - max(y-reach, 0) + 1)
		sum, across := int32(0), int32(0)
		for x := range min(reach, m.W) {
			sum += columns[x]
			across++
		}
		row, out := m.Row(y), b.Row(y)
		clear(out)
		for x, v := range row {
			if x+reach < m.W {
				sum += columns[x+reach]
				across++
			}
			if x-reach-1 >= 0 {
				sum -= columns[x-reach-1]
				across--
			}
			if (int32(v)+int32(bias))*across*rows < sum {
				out[x>>6] |= 1 << (x & 63)
			}
		}
	}
}

func measureAny(m *luma.Image, x0, y0, w, h int) (sum int32, low, high byte) {
	low = 255
	for y := range h {
		for _, v := range m.Row(y0 + y)[x0 : x0+w] {
			sum += int32(v)
			low, high = min(low, v), max(high, v)
		}
	}
	return sum * side * side / int32(w*h), low, high
}

const (
	highBits = 0x8080808080808080
	ones     = 0x0101010101010101
	evens    = 0x00FF00FF00FF00FF
)

// less has the high bit set of every byte of x that is below that of y.
func less(x, y uint64) uint64 {
	d := (x | highBits) - (y &^ highBits)
	return (^x&y | ^(x^y)&^d) & highBits
}

// measure takes one block of 8 pixels by up to 8 rows, 8 pixels at a time. Every other row is enough.
func measure(pix []byte, stride, rows int) (sum int32, low, high byte) {
	first := binary.LittleEndian.Uint64(pix)
	lows, highs, sums := first, first, first&evens+first>>8&evens
	count := int32(1)
	for y := 2; y < rows; y += 2 {
		v := binary.LittleEndian.Uint64(pix[y*stride:])
		sums += v&evens + v>>8&evens
		m := (less(v, lows) >> 7) * 255
		lows = lows&^m | v&m
		m = (less(highs, v) >> 7) * 255
		highs = highs&^m | v&m
		count++
	}
	sum = int32(sums&0xFFFF+sums>>16&0xFFFF+sums>>32&0xFFFF+sums>>48) * side / count
	// The least and the greatest of eight bytes, by halves.
	for shift := 32; shift >= 8; shift >>= 1 {
		other := lows >> shift
		m := (less(other, lows) >> 7) * 255
		lows = lows&^m | other&m
		other = highs >> shift
		m = (less(highs, other) >> 7) * 255
		highs = highs&^m | other&m
	}
	return sum, byte(lows), byte(highs)
}

// Divide writes the picture that was measured last into b.
func (z *Binarizer) Divide(b *Bits, m *luma.Image, o Options) {
	z.thresholds(o)
	b.reset(m.W, m.H)
	for y := range m.H {
		row, out := m.Row(y), b.Row(y)
		limits := z.threshold[min(y/side, z.down-1)*z.across:]
		x := 0
		for k := range out {
			var word uint64
			for part := 0; part < 64 && x+8 <= m.W; part += 8 {
				v := binary.LittleEndian.Uint64(row[x:])
				t := uint64(limits[x/side]) * ones
				word |= (less(v, t) >> 7 * 0x0102040810204080 >> 56) << part
				x += 8
			}
			for ; x < m.W && x < 64*(k+1); x++ {
				if row[x] < limits[x/side] {
					word |= 1 << (x & 63)
				}
			}
			out[k] = word
		}
	}
}

// thresholds finds the threshold of each block.
func (z *Binarizer) thresholds(o Options) {
	r := o.Reach
	o.Contrast = max(o.Contrast, 2*min(z.noise, mostNoise))
	for by := range z.down {
		low, high := z.low[by*z.across:(by+1)*z.across], z.high[by*z.across:(by+1)*z.across]
		for bx := range z.across {
			l, h := byte(255), byte(0)
			for i := max(bx-r, 0); i <= min(bx+r, z.across-1); i++ {
				l, h = min(l, low[i]), max(h, high[i])
			}
			z.lowRow[by*z.across+bx], z.highRow[by*z.across+bx] = l, h
		}
	}
	wide := z.across + 1
	for by := range z.down {
		y0, y1 := max(by-r, 0), min(by+r, z.down-1)
		for bx := range z.across {
			at := by*z.across + bx
			l, h := byte(255), byte(0)
			for j := y0; j <= y1; j++ {
				l, h = min(l, z.lowRow[j*z.across+bx]), max(h, z.highRow[j*z.across+bx])
			}
			x0, x1 := max(bx-r, 0), min(bx+r, z.across-1)
			count := int32((x1 - x0 + 1) * (y1 - y0 + 1))
			mean := (z.total[(y1+1)*wide+x1+1] - z.total[y0*wide+x1+1] - z.total[(y1+1)*wide+x0] + z.total[y0*wide+x0]) / count
			switch {
			case int(h)-int(l) >= o.Contrast:
				z.threshold[at] = byte(mean)
			case bx > 0 && by > 0:
				z.threshold[at] = byte((int(z.threshold[at-1]) + int(z.threshold[at-z.across])) / 2)
			case bx > 0:
				z.threshold[at] = z.threshold[at-1]
			case by > 0:
				z.threshold[at] = z.threshold[at-z.across]
			default:
				z.threshold[at] = byte(max(int(mean)-o.Contrast/2-1, 0)) // one surface is light
			}
			// A surface between the thresholds of its neighbours would come out in spots: leave it on its side.
			if int(h)-int(l) < o.Contrast {
				if t := z.threshold[at]; int(t) > int(l) && int(t) <= int(h) {
					z.threshold[at] = l
				}
			}
		}
	}
}
