package matrix

// mode is a way to pack characters into bits: ISO/IEC 18004, 7.4. Kanji is left out: it is the bytes of one
// character set, and readers that return text would have to guess it.
type mode uint8

const (
	numeric mode = iota
	alphanumeric
	byteMode
	modeCount
)

// indicator is the mode's four bits in front of a segment, countBits the width of the count of characters
// behind them, which grows with the version: table 3.
var (
	indicator = [modeCount]uint64{numeric: 0b0001, alphanumeric: 0b0010, byteMode: 0b0100}
	countBits = [modeCount][3]int{numeric: {10, 12, 14}, alphanumeric: {9, 11, 13}, byteMode: {8, 16, 16}}
)

// classOf returns which of the three widths of counts a version has.
func classOf(version int) int {
	switch {
	case version < 10:
		return 0
	case version < 27:
		return 1
	}
	return 2
}

// lastOf is the largest version of a class.
var lastOf = [3]int{9, 26, MaxVersion}

// alphanumericValue gives the value of a character in alphanumeric mode, or 0xFF: table 5.
var alphanumericValue = func() (table [256]byte) {
	for i := range table {
		table[i] = 0xFF
	}
	for i, c := range []byte("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:") {
		table[c] = byte(i)
	}
	return table
}()

// holds reports whether a mode has the character.
func (m mode) holds(c byte) bool {
	switch m {
	case numeric:
		return c-'0' <= 9
	case alphanumeric:
		return alphanumericValue[c] != 0xFF
	}
	return true
}

// segmentBits returns the bits of one segment of n characters.
func segmentBits(m mode, n, class int) int {
	head := 4 + countBits[m][class]
	switch m {
	case numeric:
		return head + n/3*10 + n%3*3 + (n%3+1)/2
	case alphanumeric:
		return head + n/2*11 + n%2*6
	}
	return head + 8*n
}

// A segment is a run of characters that are packed in one mode.
type segment struct {
	mode mode
	n    int // characters
}

// A planner finds the segments with the fewest bits. It keeps its memory between texts.
type planner struct {
	segments []segment
	from     []uint8 // for each character, 2 bits a mode: the mode that the character before it was in
}

// plan sets p.segments to a division of the text, of at least one character, with the fewest bits for a class
// of versions, and returns the bits.
//
// It is the shortest path through three states, the mode of the character so far. Costs are sixths of a bit,
// so that a third of 10 bits and half of 11 are whole numbers; a segment that ends is rounded up to whole bits,
// which gives exactly 4 and 7 bits for one and two digits and 6 for one character. Rounding keeps the order of
// costs, so the cheaper way to be in a state stays the cheaper one.
func (p *planner) plan(text []byte, class int) int {
	p.segments = p.segments[:0]
	// Digits alone are the common text, and no division of digits is shorter than one segment.
	digits := true
	for _, c := range text {
		if !numeric.holds(c) {
			digits = false
			break
		}
	}
	if digits {
		p.segments = append(p.segments, segment{numeric, len(text)})
		return segmentBits(numeric, len(text), class)
	}

	const never = 1 << 30
	var head, cost [modeCount]int
	for m := range modeCount {
		head[m] = 6 * (4 + countBits[m][class])
		cost[m] = never
	}
	if cap(p.from) < len(text) {
		p.from = make([]uint8, len(text))
	}
	p.from = p.from[:len(text)]
	closed, closedIn := 0, mode(0) // the cheapest way to have ended a segment here, in sixths, and its mode
	for i, c := range text {
		var from uint8
		for m := range modeCount {
			if !m.holds(c) {
				cost[m] = never
				continue
			}
			came := m
			if start := closed + head[m]; start < cost[m] {
				cost[m], came = start, closedIn
			}
			cost[m] += [modeCount]int{20, 33, 48}[m]
			from |= uint8(came) << (2 * m)
		}
		p.from[i] = from
		closed = never
		for m := range modeCount {
			if whole := (cost[m] + 5) / 6 * 6; whole < closed {
				closed, closedIn = whole, m
			}
		}
	}

	// Walk back, then turn the segments round. A segment also ends where its mode began anew, which no
	// cheapest path does.
	end := closedIn
	for i := len(text) - 1; i >= 0; i-- {
		if n := len(p.segments); n > 0 && p.segments[n-1].mode == end {
			p.segments[n-1].n++
		} else {
			p.segments = append(p.segments, segment{end, 1})
		}
		end = mode(p.from[i] >> (2 * end) & 3)
	}
	for i, j := 0, len(p.segments)-1; i < j; i, j = i+1, j-1 {
		p.segments[i], p.segments[j] = p.segments[j], p.segments[i]
	}
	return closed / 6
}

// write packs the segments of a text into data, which is exactly the data codewords of a symbol and is
// known to hold them, and fills it up: terminator, zeros to a whole byte, pad codewords (7.4.9, 7.4.10).
func (p *planner) write(data, text []byte, class int) {
	w := bitWriter{data: data}
	for _, s := range p.segments {
		w.put(indicator[s.mode], 4)
		w.put(uint64(s.n), countBits[s.mode][class])
		part := text[:s.n]
		text = text[s.n:]
		switch s.mode {
		case numeric:
			for ; len(part) >= 3; part = part[3:] {
				w.put(uint64(part[0]-'0')*100+uint64(part[1]-'0')*10+uint64(part[2]-'0'), 10)
			}
			switch len(part) {
			case 1:
				w.put(uint64(part[0]-'0'), 4)
			case 2:
				w.put(uint64(part[0]-'0')*10+uint64(part[1]-'0'), 7)
			}
		case alphanumeric:
			for ; len(part) >= 2; part = part[2:] {
				w.put(uint64(alphanumericValue[part[0]])*45+uint64(alphanumericValue[part[1]]), 11)
			}
			if len(part) == 1 {
				w.put(uint64(alphanumericValue[part[0]]), 6)
			}
		default:
			for _, c := range part {
				w.put(uint64(c), 8)
			}
		}
	}
	w.fill()
}

// A bitWriter writes bits from the most significant one on.
type bitWriter struct {
	data []byte
	at   int    // whole bytes written
	bits uint64 // the last n bits are not yet written
	n    int    // below 8 between calls
}

// put writes the low n bits of v, n at most 16.
func (w *bitWriter) put(v uint64, n int) {
	w.bits = w.bits<<n | v
	for w.n += n; w.n >= 8; w.at++ {
		w.n -= 8
		w.data[w.at] = byte(w.bits >> w.n)
	}
}

func (w *bitWriter) fill() {
	// Up to four zeros end the content; where fewer are free, none are missed.
	free := 8*(len(w.data)-w.at) - w.n
	w.put(0, min(4, free))
	w.put(0, (8-w.n)%8)
	for pad := byte(0xEC); w.at < len(w.data); w.at++ {
		w.data[w.at] = pad
		pad ^= 0xEC ^ 0x11
	}
}
