package matrix

import "math"

// masks is the number of mask patterns: ISO/IEC 18004, table 10.
const masks = 8

// masked reports whether a mask changes the module in a row and a column.
func masked(mask, row, column int) bool {
	product := row * column
	switch mask {
	case 0:
		return (row+column)%2 == 0
	case 1:
		return row%2 == 0
	case 2:
		return column%3 == 0
	case 3:
		return (row+column)%3 == 0
	case 4:
		return (row/2+column/3)%2 == 0
	case 5:
		return product%2+product%3 == 0
	case 6:
		return (product%2+product%3)%2 == 0
	}
	return ((row+column)%2+product%3)%2 == 0
}

// period is the distance after which every mask repeats, down and across.
const period = 12

// maskLines are the lines of each mask, rows as lines first and then columns as lines.
var maskLines = func() (lines [2][masks][period][wordCount]uint64) {
	for mask := range masks {
		for row := range period {
			for column := range period {
				if masked(mask, row, column) {
					repeat(&lines[0][mask][row], column)
					repeat(&lines[1][mask][column], row)
				}
			}
		}
	}
	return lines
}()

// repeat sets a bit and every one a whole number of periods after it.
func repeat(line *[wordCount]uint64, i int) {
	for ; i < 64*wordCount; i += period {
		line[i>>6] |= 1 << (i & 63)
	}
}

// apply sets dst to base with a mask over the free modules.
func apply(dst, base, free *plane, lines *[period][wordCount]uint64, size int) {
	for k := range words(size) {
		to, from, where := dst[k][before:before+size], base[k][before:before+size], free[k][before:before+size]
		line := 0
		for y := range to {
			to[y] = from[y] ^ lines[line][k]&where[y]
			if line++; line == period {
				line = 0
			}
		}
	}
}

// best returns the mask under which the unmasked symbol in e.rows and e.columns has the lowest score; of two with
// the same score the first.
func (e *Encoder) best(version int, level Level) int {
	size := sizeOf(version)
	best, lowest := 0, math.MaxInt
	for mask := range masks {
		info := formatInformation(level, mask)
		apply(&e.rowsMasked, &e.rows, &e.layout.free, &maskLines[0][mask], size)
		putFormat(&e.rowsMasked, size, info, true)
		apply(&e.columnsMasked, &e.columns, &e.layout.free, &maskLines[1][mask], size)
		putFormat(&e.columnsMasked, size, info, false)
		if score := penalty(&e.rowsMasked, &e.columnsMasked, size, lowest); score < lowest {
			best, lowest = mask, score
		}
	}
	return best
}
