package hcert

import (
	"encoding/binary"
	"unicode/utf8"
)

// The major types of RFC 8949, 3.1.
const (
	unsigned = iota
	negative
	byteString
	textString
	array
	mapping
	tag
	simple
)

// maxDepth bounds how deep items may be nested.
const maxDepth = 16

// A cbor takes items from the front of a byte string, as far as COSE and CWT
// need them: of definite length, well-formed (RFC 8949, 5.3.1), text in UTF-8.
// After the first that is not, it gives zeros and bad is set: a caller reads what
// it wants and asks once. It copies nothing.
type cbor struct {
	rest []byte
	bad  bool
}

func (c *cbor) fail() {
	c.bad = true
	c.rest = nil
}

func (c *cbor) take(n uint64) []byte {
	if n > uint64(len(c.rest)) {
		c.fail()
		return nil
	}
	b := c.rest[:n]
	c.rest = c.rest[n:]
	return b
}

// head takes the head of an item: its major type and argument. A simple value or
// float has its bits as argument.
func (c *cbor) head() (major byte, argument uint64) {
	first := c.take(1)
	if c.bad {
		return 0, 0
	}
	major, info := first[0]>>5, first[0]&31
	switch {
	case info < 24:
		return major, uint64(info)
	case info > 27: // reserved, or of indefinite length
		c.fail()
		return 0, 0
	}
	b := c.take(1 << (info - 24))
	if c.bad {
		return 0, 0
	}
	argument = binary.BigEndian.Uint64(append(make([]byte, 8-len(b), 8), b...))
	if major == simple && info == 24 && argument < 32 { // RFC 8949, 3.3
		c.fail()
		return 0, 0
	}
	return major, argument
}

// expect takes the head of an item of this type.
func (c *cbor) expect(want byte) uint64 {
	major, n := c.head()
	if major != want {
		c.fail()
		return 0
	}
	return n
}

func (c *cbor) bytes() []byte { return c.take(c.expect(byteString)) }

func (c *cbor) text() string {
	b := c.take(c.expect(textString))
	if !utf8.Valid(b) {
		c.fail()
		return ""
	}
	return string(b)
}

// integer takes an integer of 63 bits.
func (c *cbor) integer() int64 {
	major, n := c.head()
	if major > negative || n > 1<<63-1 {
		c.fail()
		return 0
	}
	if major == negative {
		return -1 - int64(n)
	}
	return int64(n)
}

// item takes any item and returns its bytes.
func (c *cbor) item() []byte {
	before := c.rest
	c.skip(0)
	if c.bad {
		return nil
	}
	return before[:len(before)-len(c.rest)]
}

// skip takes an item that lies depth levels deep.
func (c *cbor) skip(depth int) {
	if depth > maxDepth {
		c.fail()
		return
	}
	major, n := c.head()
	switch major {
	case byteString:
		c.take(n)
	case textString:
		if !utf8.Valid(c.take(n)) {
			c.fail()
		}
	case array, mapping:
		// Every item takes a byte, so a count beyond what is left is a lie; it
		// ends at the first item that is not there.
		if n > uint64(len(c.rest)) {
			c.fail()
		}
		if major == mapping {
			n *= 2
		}
		for ; n > 0 && !c.bad; n-- {
			c.skip(depth + 1)
		}
	case tag:
		c.skip(depth + 1)
	}
}

// eachInteger calls f for every integer key of a map, with the value to take or
// leave; keys that are text are passed over. A key that stands twice is a fault:
// two readers would see two certificates.
func (c *cbor) eachInteger(f func(key int64, value *cbor)) {
	seen := make(map[int64]bool)
	n := c.expect(mapping)
	for ; n > 0 && !c.bad; n-- {
		key := cbor{rest: c.item()}
		value := cbor{rest: c.item()}
		if c.bad {
			return
		}
		if key.rest[0]>>5 == textString {
			continue
		}
		k := key.integer()
		if key.bad || seen[k] {
			c.fail()
			return
		}
		seen[k] = true
		f(k, &value)
		if value.bad {
			c.fail()
		}
	}
}
