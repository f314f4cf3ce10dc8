// Package rice is the coding of the states of a status list and of a delta
// (SPEC §7.3): gaps in Rice code, each with a value of a few bits. It knows
// nothing of lists, keys or credentials.
package rice

import (
	"bytes"
	"errors"
	"math/bits"
)

// riceParameter returns k of SPEC §7.3: the number of low bits of a gap that
// are written as they are. It follows from the counts, so there is one coding.
func riceParameter(size, changes uint32) int {
	if changes == 0 {
		return 0
	}
	mean := uint64(size) * 69 / (uint64(changes) * 100) // mean gap times ln 2
	return max(0, bits.Len64(mean)-1)
}

// ErrGaps means that bytes are not what Write writes.
var ErrGaps = errors.New("its states do not fit its counts")

// Read implements the coding of SPEC §7.3: for every entry that has a
// value, ascending, the gap to the one before it in Rice code and the value in
// width bits. The time is linear in len(b), whatever the counts say.
func Read(b []byte, size, changes uint32, width int, set func(i uint32, value uint64)) error {
	k := riceParameter(size, changes)
	in := bitReader{b: b}
	next := uint64(0)
	for ; changes > 0; changes-- {
		for {
			bit, ok := in.bit()
			if !ok {
				return ErrGaps
			}
			if bit == 0 {
				break
			}
			next += 1 << k
			if next >= uint64(size) {
				return ErrGaps
			}
		}
		low, ok := in.bits(k)
		if !ok {
			return ErrGaps
		}
		next += low
		value, ok := in.bits(width)
		if !ok || next >= uint64(size) {
			return ErrGaps
		}
		set(uint32(next), value)
		next++
	}
	if !in.done() {
		return ErrGaps
	}
	return nil
}

type bitReader struct {
	b  []byte
	at int // in bits
}

func (r *bitReader) bit() (uint64, bool) {
	if r.at >= 8*len(r.b) {
		return 0, false
	}
	v := r.b[r.at/8] >> (7 - r.at%8) & 1
	r.at++
	return uint64(v), true
}

func (r *bitReader) bits(n int) (v uint64, ok bool) {
	for ; n > 0; n-- {
		bit, ok := r.bit()
		if !ok {
			return 0, false
		}
		v = v<<1 | bit
	}
	return v, true
}

// done reports whether only zero bits that fill the last byte are left: any
// other filling would be a second form of the same list.
func (r *bitReader) done() bool {
	if 8*len(r.b)-r.at >= 8 {
		return false
	}
	for r.at < 8*len(r.b) {
		if bit, _ := r.bit(); bit != 0 {
			return false
		}
	}
	return true
}

// Write is the inverse of Read: of tells the value of an entry,
// if it has one.
func Write(size, width int, of func(i uint32) (uint64, bool)) (changes uint32, gaps []byte) {
	for i := range size {
		if _, ok := of(uint32(i)); ok {
			changes++
		}
	}
	k := riceParameter(uint32(size), changes)
	var out bitWriter
	next := 0
	for i := range size {
		value, ok := of(uint32(i))
		if !ok {
			continue
		}
		gap := uint64(i - next)
		for q := gap >> k; q > 0; q-- {
			out.bit(1)
		}
		out.bit(0)
		out.bits(gap, k)
		out.bits(value, width)
		next = i + 1
	}
	return changes, out.finish()
}

type bitWriter struct {
	bytes.Buffer
	last byte
	n    int
}

func (w *bitWriter) bit(v uint64) {
	w.last = w.last<<1 | byte(v&1)
	if w.n++; w.n == 8 {
		w.WriteByte(w.last)
		w.last, w.n = 0, 0
	}
}

func (w *bitWriter) bits(v uint64, n int) {
	for n--; n >= 0; n-- {
		w.bit(v >> n)
	}
}

func (w *bitWriter) finish() []byte {
	for w.n != 0 {
		w.bit(0)
	}
	return w.Bytes()
}
