package matrix

import "errors"

// BestMask lets the score choose the mask, as ISO/IEC 18004, 7.8 wants.
const BestMask = -1

// Request says how a text is to be drawn. There is no useful zero value: level L without a raise, under mask 0.
type Request struct {
	Level   Level
	Raise   bool // take a higher level where the version has room for it
	Version int  // 1 to 40, or 0 for the smallest that holds the text
	Mask    int  // 0 to 7, or BestMask
}

// ErrTooLong is returned for a text that the version asked for, or any version, does not hold at its level.
var ErrTooLong = errors.New("text too long")

// ErrEmpty is returned for a text without characters.
var ErrEmpty = errors.New("no text")

// maxText is the number of digits that the largest symbol holds, the most of any characters.
const maxText = 7089

// An Encoder draws symbols. It keeps its memory, and what it knows of the last version and level, between
// texts: a code that changes every few seconds costs no allocation. The zero value is ready. It is not
// for two goroutines at once.
type Encoder struct {
	planner planner
	checker reedSolomon
	layout  layout
	data    [maxCodewords]byte
	stream  [maxCodewords + 16]byte // the codewords in their order in the symbol; zeros behind them

	rows, columns             plane // unmasked
	rowsMasked, columnsMasked plane
}

// Encode draws a text of any bytes into m. On an error m is unchanged.
func (e *Encoder) Encode(m *Matrix, text []byte, r Request) error {
	if len(text) == 0 {
		return ErrEmpty
	}
	// Planning takes time with the length, whether or not it fits in the end.
	if len(text) > maxText {
		return ErrTooLong
	}
	version, used, ok := e.version(text, r)
	if !ok {
		return ErrTooLong
	}
	level := r.Level
	for r.Raise && level < H && used <= 8*DataCodewords(version, level+1) {
		level++
	}
	data := e.data[:DataCodewords(version, level)]
	e.planner.write(data, text, classOf(version))
	n := codewords(version)
	e.checker.interleave(e.stream[:n], data, version, level)
	clear(e.stream[n : n+16])
	if e.layout.version != version {
		// A larger symbol before this one has left modules beyond its edge, where the score wants light.
		e.rows, e.rowsMasked, e.columnsMasked = plane{}, plane{}, plane{}
		e.layout.prepare(version)
	}
	e.layout.place(&e.columns, e.stream[:n+16])
	size := sizeOf(version)
	e.rows.turn(&e.columns, size)
	mask := r.Mask
	if mask == BestMask {
		mask = e.best(version, level)
	}
	*m = Matrix{Version: version, Level: level, Mask: mask}
	apply(&m.rows, &e.rows, &e.layout.free, &maskLines[0][mask], size)
	putFormat(&m.rows, size, formatInformation(level, mask), true)
	return nil
}

// version returns the version for a text and the bits that its content takes, which the planner then holds
// the segments of.
func (e *Encoder) version(text []byte, r Request) (version, used int, ok bool) {
	if r.Version != 0 {
		used = e.planner.plan(text, classOf(r.Version))
		return r.Version, used, used <= 8*DataCodewords(r.Version, r.Level)
	}
	version = 1
	for class, last := range lastOf {
		used = e.planner.plan(text, class)
		for ; version <= last; version++ {
			if used <= 8*DataCodewords(version, r.Level) {
				return version, used, true
			}
		}
	}
	return 0, 0, false
}
