// Package wire reads the big-endian byte formats of the signed lists.
package wire

import "encoding/binary"

// A Reader takes values from the front of a byte string. After the first value
// that is not there it gives zeros and [Reader.OK] is false: a parser reads a
// whole record and asks once.
type Reader struct {
	rest  []byte
	short bool
}

// NewReader returns a Reader of b. It does not copy b.
func NewReader(b []byte) *Reader { return &Reader{rest: b} }

// Bytes takes n bytes. They alias what the Reader reads.
func (r *Reader) Bytes(n int) []byte {
	if n < 0 || n > len(r.rest) {
		r.short = true
		r.rest = nil
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

// Copy fills dst.
func (r *Reader) Copy(dst []byte) { copy(dst, r.Bytes(len(dst))) }

// Uint8 takes one byte.
func (r *Reader) Uint8() uint8 {
	if b := r.Bytes(1); b != nil {
		return b[0]
	}
	return 0
}

// Uint16 takes two bytes.
func (r *Reader) Uint16() uint16 {
	if b := r.Bytes(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

// Uint32 takes four bytes.
func (r *Reader) Uint32() uint32 {
	if b := r.Bytes(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

// OK reports whether everything asked for was there.
func (r *Reader) OK() bool { return !r.short }

// Len returns how many bytes are left.
func (r *Reader) Len() int { return len(r.rest) }
