package tlv

import "encoding/binary"

// Limits.
const (
	MaxDepth   = 8     // levels of objects in objects
	MaxSize    = 65535 // bytes of one Parse, and of one length
	MaxTagSize = 3     // bytes
)

// A Tag is a tag as it is written: 84, 5F20, 9F0C. Its first byte holds class and kind, each byte but the last has its
// high bit set from the second on. 9F01..9F1E, which need no second byte by ISO/IEC 8825-1 and which EMV uses, are tags.
type Tag uint32

// Constructed reports whether the value of a tag is made of objects.
func (t Tag) Constructed() bool {
	for t > 0xFF {
		t >>= 8
	}
	return t&0x20 != 0
}

func (t Tag) valid() bool {
	n, ok := readTag(t.append(nil))
	return ok && n == len(t.append(nil))
}

func (t Tag) append(b []byte) []byte {
	switch {
	case t > 0xFFFFFF:
		b = append(b, byte(t>>24))
		fallthrough
	case t > 0xFFFF:
		b = append(b, byte(t>>16))
		fallthrough
	case t > 0xFF:
		b = append(b, byte(t>>8))
	}
	return append(b, byte(t))
}

// readTag returns how many bytes the tag at the front of b has. With ok false it is not a tag, or n is 0 and b ends
// inside of one.
func readTag(b []byte) (n int, ok bool) {
	if len(b) == 0 {
		return 0, false
	}
	if b[0] == 0x00 || b[0] == 0xFF { // filler, never a tag (ISO/IEC 7816-4 §6.3)
		return 1, false
	}
	if b[0]&0x1F != 0x1F {
		return 1, true
	}
	for n = 1; n < MaxTagSize; n++ {
		if n == len(b) {
			return 0, false
		}
		if n == 1 && b[1] == 0x80 { // a number that begins with zeros
			return 1, false
		}
		if b[n]&0x80 == 0 {
			return n + 1, true
		}
	}
	return 1, false
}

// An Object is one data object. A constructed tag has Objects and no Value, a primitive one a Value and no Objects.
type Object struct {
	Tag     Tag
	Value   []byte
	Objects Objects
}

// Objects is a sequence of data objects.
type Objects []Object

// Find goes down by the tags, at each level to the first object with that tag. It returns false if one is missing.
func (os Objects) Find(path ...Tag) (Object, bool) {
	for i, tag := range path {
		found := false
		for _, o := range os {
			if o.Tag != tag {
				continue
			}
			if i == len(path)-1 {
				return o, true
			}
			os, found = o.Objects, true
			break
		}
		if !found {
			return Object{}, false
		}
	}
	return Object{}, false
}

// A Rule is how much Parse forgives.
type Rule bool

// The rules.
const (
	Strict  Rule = false
	Lenient Rule = true
)

// Parse reads a sequence of objects. The values are parts of b, not copies.
func Parse(b []byte, rule Rule) (Objects, error) {
	if len(b) > MaxSize {
		return nil, &Error{Reason: ReasonSize}
	}
	return parse(b, 0, 1, rule)
}

// parse reads b, which begins at offset, on a level.
func parse(b []byte, offset, level int, rule Rule) (Objects, error) {
	var os Objects
	for at := 0; at < len(b); {
		if rule == Lenient && (b[at] == 0x00 || b[at] == 0xFF) {
			at++
			continue
		}
		if level > MaxDepth {
			return nil, &Error{ReasonDepth, offset + at}
		}
		var o Object
		n, ok := readTag(b[at:])
		if !ok {
			if n == 0 {
				return nil, &Error{ReasonShort, offset + at}
			}
			return nil, &Error{ReasonTag, offset + at}
		}
		for range n {
			o.Tag = o.Tag<<8 | Tag(b[at])
			at++
		}
		length, n, reason := readLength(b[at:], rule)
		if reason != "" {
			return nil, &Error{reason, offset + at}
		}
		at += n
		if length > len(b)-at {
			return nil, &Error{ReasonShort, offset + at}
		}
		value := b[at : at+length : at+length]
		if o.Tag.Constructed() {
			var err error
			if o.Objects, err = parse(value, offset+at, level+1, rule); err != nil {
				return nil, err
			}
		} else {
			o.Value = value
		}
		os = append(os, o)
		at += length
	}
	return os, nil
}

// readLength reads a length of n bytes in the definite form.
func readLength(b []byte, rule Rule) (length, n int, reason Reason) {
	if len(b) == 0 {
		return 0, 0, ReasonShort
	}
	if b[0] < 0x80 {
		return int(b[0]), 1, ""
	}
	n = int(b[0] & 0x7F)
	if n == 0 || n > 4 { // ISO/IEC 7816-4 §6.3 has no indefinite form, and no more than four bytes
		return 0, 0, ReasonLength
	}
	if n > len(b)-1 {
		return 0, 0, ReasonShort
	}
	var wide [4]byte
	copy(wide[4-n:], b[1:1+n])
	value := binary.BigEndian.Uint32(wide[:])
	if rule == Strict && n != lengthBytes(value) {
		return 0, 0, ReasonLength
	}
	if value > MaxSize {
		return 0, 0, ReasonSize
	}
	return int(value), 1 + n, ""
}

// lengthBytes is how many bytes follow the first one of the shortest length.
func lengthBytes(length uint32) int {
	switch {
	case length < 0x80:
		return 0
	case length < 0x100:
		return 1
	case length < 0x10000:
		return 2
	case length < 0x1000000:
		return 3
	}
	return 4
}

// Bytes writes the objects in their only strict form. The error is an *Error.
func (os Objects) Bytes() ([]byte, error) {
	b, err := os.append(nil, 1)
	if err == nil && len(b) > MaxSize {
		err = &Error{Reason: ReasonSize}
	}
	if err != nil {
		return nil, err
	}
	return b, nil
}

func (os Objects) append(b []byte, level int) ([]byte, error) {
	for _, o := range os {
		switch {
		case level > MaxDepth:
			return nil, &Error{Reason: ReasonDepth}
		case !o.Tag.valid():
			return nil, &Error{Reason: ReasonTag}
		case o.Tag.Constructed() && len(o.Value) > 0, !o.Tag.Constructed() && len(o.Objects) > 0:
			return nil, &Error{Reason: ReasonStructure}
		}
		value := o.Value
		if o.Tag.Constructed() {
			var err error
			if value, err = o.Objects.append(nil, level+1); err != nil {
				return nil, err
			}
		}
		if len(value) > MaxSize {
			return nil, &Error{Reason: ReasonSize}
		}
		b = o.Tag.append(b)
		n := lengthBytes(uint32(len(value)))
		if n > 0 {
			b = append(b, 0x80|byte(n))
		}
		if n == 2 {
			b = append(b, byte(len(value)>>8))
		}
		b = append(b, byte(len(value)))
		b = append(b, value...)
	}
	return b, nil
}
