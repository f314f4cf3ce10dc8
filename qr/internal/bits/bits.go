// Package bits reads the modules of a symbol: format and version information, codewords, error correction, segments.
// It sees no picture. Modules come with how sure they are, and what is unsure is corrected as an erasure.
package bits

import (
	mathbits "math/bits"

	"github.com/citizencode/citizencode/qr/internal/matrix"
	"github.com/citizencode/citizencode/qr/internal/rs"
)

// Modules are the modules of a symbol as a picture shows them, row by row: above zero dark, below zero light, and the
// farther from zero the surer.
type Modules struct {
	Size int
	V    []int16 // Size*Size
}

// At returns a module; turned changes over columns and rows, as a mirror does.
func (m *Modules) At(x, y int, turned bool) int16 {
	if turned {
		x, y = y, x
	}
	return m.V[y*m.Size+x]
}

const maxCodewords = 3706 // of version 40

// A Symbol is what was read. Its slices are the decoder's and hold until the next call.
type Symbol struct {
	Version   int
	Level     matrix.Level
	Mask      int
	Mirrored  bool
	Corrected int // codewords that were wrong
	Erased    int // codewords that were taken as unknown
	Content   []byte
	Segments  []Segment
	Fault     Fault
}

// A Decoder keeps its memory between symbols. The zero value is ready. It is not for two goroutines at once.
type Decoder struct {
	// Accept is the last arbiter of content that error correction alone does not prove, because it was used up. Nil
	// means that such content is refused.
	Accept func(content []byte) bool

	pattern  matrix.Pattern
	stream   [maxCodewords]byte
	sure     [maxCodewords]uint16
	data     [maxCodewords]byte
	content  []byte
	segments []Segment

	block  [255]byte
	tried  [255]byte
	best   [255]byte
	unsure [255]uint16
	order  [255]int
}

const formats = 2 // readings of the format information that are tried

// Version reads the version information and returns the version, or 0 where neither of its two copies is within three
// errors of one. Only symbols from version 7 on have it.
func Version(m *Modules) int {
	best, errors := 0, 4
	for copy := range 2 {
		got := 0
		for i := range 18 {
			if m.At(m.Size-11+i%3, i/3, copy == 1) > 0 {
				got |= 1 << i
			}
		}
		for v := 7; v <= matrix.MaxVersion; v++ {
			if d := mathbits.OnesCount(uint(got ^ matrix.VersionInformation(v))); d < errors {
				best, errors = v, d
			}
		}
	}
	return best
}

// A format is a candidate for level and mask.
type format struct {
	level    matrix.Level
	mask     int
	mirrored bool
	score    int
}

// formatsOf returns the likeliest readings of the format information, upright and mirrored, best first.
func formatsOf(m *Modules) (best [formats]format) {
	for i := range best {
		best[i].score = -1 << 30
	}
	for _, mirrored := range [2]bool{false, true} {
		var v [15]int
		for i := range v {
			x1, y1, x2, y2 := matrix.FormatPlaces(i, m.Size)
			// Clipped: one bright spot must not outweigh the other fourteen bits.
			v[i] = clip(m.At(x1, y1, mirrored)) + clip(m.At(x2, y2, mirrored))
		}
		for level := matrix.L; level <= matrix.H; level++ {
			for mask := range 8 {
				info, score := matrix.FormatInformation(level, mask), 0
				for i := range v {
					if info>>i&1 != 0 {
						score += v[i]
					} else {
						score -= v[i]
					}
				}
				f := format{level, mask, mirrored, score}
				for i := range best {
					if f.score > best[i].score {
						f, best[i] = best[i], f
					}
				}
			}
		}
	}
	return best
}

func clip(v int16) int { return int(max(-clipAt, min(clipAt, v))) }

const clipAt = 160

// Decode reads a symbol. It returns false where the modules are none.
func (d *Decoder) Decode(m *Modules) (Symbol, bool) {
	version := (m.Size - 17) / 4
	if version < 1 || version > matrix.MaxVersion || m.Size != matrix.SizeOf(version) || len(m.V) < m.Size*m.Size {
		return Symbol{}, false
	}
	d.pattern.Prepare(version)
	for _, f := range formatsOf(m) {
		if s, ok := d.decodeAs(m, version, f); ok {
			return s, true
		}
	}
	return Symbol{}, false
}

func (d *Decoder) decodeAs(m *Modules, version int, f format) (Symbol, bool) {
	d.read(m, version, f)
	s := Symbol{Version: version, Level: f.level, Mask: f.mask, Mirrored: f.mirrored}
	data, doubts, ok := d.correct(&s)
	if !ok {
		return Symbol{}, false
	}
	var filling int
	d.content, d.segments, filling, s.Fault = Content(d.content[:0], d.segments[:0], data, version)
	if s.Fault == Broken {
		return Symbol{}, false
	}
	// Where error correction has nothing left to prove itself with, the filling must be right or the caller must know
	// the content; otherwise chance would now and then invent a code.
	if doubts > 0 && (doubts > 1 || filling < proof) && (d.Accept == nil || !d.Accept(d.content)) {
		return Symbol{}, false
	}
	s.Content, s.Segments = d.content, d.segments
	return s, true
}

// read takes the codewords from the modules: ISO/IEC 18004, 7.7.3, in strips of two columns from the right.
func (d *Decoder) read(m *Modules, version int, f format) {
	total, at := 8*matrix.Codewords(version), 0
	clear(d.stream[:total/8])
	for i := range d.sure[:total/8] {
		d.sure[i] = 1<<15 - 1
	}
	up := true
	for right := m.Size - 1; right > 0; right -= 2 {
		if right == 6 {
			right = 5
		}
		for n := range m.Size {
			y := n
			if up {
				y = m.Size - 1 - n
			}
			for x := right; x >= right-1; x-- {
				if !d.pattern.Free(x, y) || at >= total {
					continue
				}
				v := m.At(x, y, f.mirrored)
				if (v > 0) != matrix.Masked(f.mask, x, y) {
					d.stream[at>>3] |= 0x80 >> (at & 7)
				}
				d.sure[at>>3] = min(d.sure[at>>3], uint16(max(v, -v)))
				at++
			}
		}
		up = !up
	}
}

// guard is how many error correction codewords are left to detect a misread in the smallest symbols: table 9, p.
func guard(version int, level matrix.Level) int {
	switch {
	case version == 1:
		return [4]int{3, 2, 1, 1}[level]
	case version == 2 && level == matrix.L:
		return 2
	case version == 3 && level == matrix.L:
		return 1
	}
	return 0
}

// proof is how many bits of filling speak for content that has used up its error correction.
const proof = 12

// correct repairs all blocks and returns the data codewords, and how many blocks used up their error correction.
func (d *Decoder) correct(s *Symbol) (data []byte, doubts int, ok bool) {
	count, checks := matrix.Blocks(s.Version, s.Level)
	total := matrix.DataCodewords(s.Version, s.Level)
	short, longer := total/count, count-total%count // the blocks from longer on have one data codeword more
	at := 0
	for i := range count {
		n := short
		if i >= longer {
			n++
		}
		block, sure := d.block[:n+checks], d.unsure[:n+checks]
		for j := range n {
			from := j*count + i
			if j == short {
				from = short*count + i - longer
			}
			block[j], sure[j] = d.stream[from], d.sure[from]
		}
		for j := range checks {
			block[n+j], sure[n+j] = d.stream[total+j*count+i], d.sure[total+j*count+i]
		}
		changed, errors, erased := d.repair(block, sure, checks, guard(s.Version, s.Level))
		if changed < 0 {
			return nil, 0, false
		}
		s.Corrected += changed
		s.Erased += erased
		if erased > 0 && 2*errors+erased > checks-spare {
			doubts++
		}
		at += copy(d.data[at:], block[:n])
	}
	return d.data[:at], doubts, true
}

// spare is how many error correction codewords a block corrected with erasures must have left to be believed.
const spare = 3

// repair corrects a block, at first with errors only and then with more and more of the least sure codewords erased. It
// returns how many codewords it changed, how many of these were not erased, and how many were; changed is -1 where
// nothing helps.
func (d *Decoder) repair(block []byte, sure []uint16, checks, guard int) (changed, errors, erased int) {
	errors, ok := rs.Correct(block, checks, nil)
	if ok && 2*errors <= checks-guard {
		return errors, errors, 0
	}
	if ok { // what it wrote is not believed
		return -1, 0, 0
	}
	order := d.order[:0]
	most := checks - guard - 1
	for i, v := range sure { // the least sure first; only as many as can be erased
		at := len(order)
		for at > 0 && sure[order[at-1]] > v {
			at--
		}
		if at == most {
			continue
		}
		if len(order) < most {
			order = append(order, 0)
		}
		copy(order[at+1:], order[at:])
		order[at] = i
	}
	tried, best := d.tried[:len(block)], d.best[:len(block)]
	changed = -1
	for _, n := range [...]int{most / 5, most * 2 / 5, most * 3 / 5, most * 4 / 5, checks - guard - spare, most} {
		n = max(0, min(n, len(order)))
		copy(tried, block)
		e, ok := rs.Correct(tried, checks, order[:n])
		if !ok || 2*e+n > most || changed >= 0 && 2*e+n >= 2*errors+erased {
			continue
		}
		changed, errors, erased = 0, e, n
		for i := range tried {
			if tried[i] != block[i] {
				changed++
			}
		}
		copy(best, tried)
		if 2*e+n <= checks-spare {
			break
		}
	}
	if changed >= 0 {
		copy(block, best)
	}
	return changed, errors, erased
}
