package tlv

// MaxDOL is the most bytes that one DOL may ask for: the data of a short command.
const MaxDOL = 255

// A Want is one entry of a DOL: a tag, and how many bytes of it, 1 to 255.
type Want struct {
	Tag    Tag
	Length int
}

// A DOL is a data object list (数据对象列表): which values, in which lengths, a card wants one after another, without
// tags.
type DOL []Want

// ParseDOL reads a list of tags with a length of one byte each.
func ParseDOL(b []byte) (DOL, error) {
	if len(b) > MaxSize {
		return nil, &Error{Reason: ReasonSize}
	}
	var d DOL
	total := 0
	for at := 0; at < len(b); {
		n, ok := readTag(b[at:])
		if !ok {
			if n == 0 {
				return nil, &Error{ReasonShort, at}
			}
			return nil, &Error{ReasonTag, at}
		}
		var w Want
		for range n {
			w.Tag = w.Tag<<8 | Tag(b[at])
			at++
		}
		if at == len(b) {
			return nil, &Error{ReasonShort, at}
		}
		w.Length = int(b[at])
		if w.Length == 0 {
			return nil, &Error{ReasonLength, at}
		}
		if total += w.Length; total > MaxDOL {
			return nil, &Error{ReasonSize, at}
		}
		d = append(d, w)
		at++
	}
	return d, nil
}

// Bytes writes the list as ParseDOL reads it.
func (d DOL) Bytes() ([]byte, error) {
	var b []byte
	total := 0
	for _, w := range d {
		if !w.Tag.valid() {
			return nil, &Error{Reason: ReasonTag}
		}
		if w.Length < 1 || w.Length > MaxDOL {
			return nil, &Error{Reason: ReasonLength}
		}
		if total += w.Length; total > MaxDOL {
			return nil, &Error{Reason: ReasonSize}
		}
		b = append(w.Tag.append(b), byte(w.Length))
	}
	return b, nil
}

// Size returns how many bytes the list asks for.
func (d DOL) Size() int {
	n := 0
	for _, w := range d {
		n += w.Length
	}
	return n
}

// A Value is what a terminal has for a tag. A number (formats n and b of EMV Book 3 §4.3) is cut and filled on the
// left, everything else on the right.
type Value struct {
	Bytes  []byte
	Number bool
}

// Build writes the values that the list asks for (EMV Book 3 §5.4): cut or filled with zeros to the length wanted,
// zeros for what the terminal does not have and for constructed tags.
func (d DOL) Build(values map[Tag]Value) []byte {
	b := make([]byte, 0, d.Size())
	for _, w := range d {
		field := make([]byte, w.Length)
		if v := values[w.Tag]; !w.Tag.Constructed() {
			switch have := len(v.Bytes); {
			case !v.Number:
				copy(field, v.Bytes)
			case have >= w.Length:
				copy(field, v.Bytes[have-w.Length:])
			default:
				copy(field[w.Length-have:], v.Bytes)
			}
		}
		b = append(b, field...)
	}
	return b
}

// Split takes what Build wrote apart, one part for each entry. The parts are not copies.
func (d DOL) Split(data []byte) ([][]byte, error) {
	if len(data) != d.Size() {
		return nil, &Error{Reason: ReasonDOL, Offset: len(data)}
	}
	parts := make([][]byte, 0, len(d))
	for _, w := range d {
		parts = append(parts, data[:w.Length:w.Length])
		data = data[w.Length:]
	}
	return parts, nil
}
