package matrix

// A Pattern says which modules of a version are function patterns, and how they look. Only a reader needs it: an
// encoder draws them. The zero value is for no version.
type Pattern struct {
	layout layout
}

// Prepare makes p the pattern of a version, 1 to 40.
func (p *Pattern) Prepare(version int) {
	if p.layout.version != version {
		p.layout.prepare(version)
	}
}

// Free reports whether the module in column x and row y holds a bit of a codeword.
func (p *Pattern) Free(x, y int) bool { return p.layout.free.at(x, y) }

// Dark reports whether a module that is not free is dark. The format information is left out: it is light here.
func (p *Pattern) Dark(x, y int) bool { return p.layout.dark.at(x, y) }

// SizeOf returns the modules on a side of a version.
func SizeOf(version int) int { return sizeOf(version) }

// Masked reports whether a mask, 0 to 7, changes the free module in column x and row y.
func Masked(mask, x, y int) bool { return maskLines[0][mask][y%period][x>>6]>>(x&63)&1 != 0 }

// Codewords returns the number of codewords of a version, data and error correction.
func Codewords(version int) int { return codewords(version) }

// Blocks returns how many blocks the codewords of a version are divided into at a level, and how many of each block
// are error correction.
func Blocks(version int, level Level) (count, checks int) {
	return int(blockCount[level][version-1]), int(checkCodewords[level][version-1])
}

// Alignment appends the coordinates of the centres of alignment patterns, for both axes, in falling order.
func Alignment(dst []int, version int) []int { return alignment(dst, version) }

// FormatInformation returns the 15 bits for a level and a mask: ISO/IEC 18004, 7.9.
func FormatInformation(level Level, mask int) int { return formatInformation(level, mask) }

// FormatPlaces returns where bit i of the format information is, both times, as columns and rows.
func FormatPlaces(i, size int) (x1, y1, x2, y2 int) {
	first, second := formatPlaces(i, size)
	return 8, first, second, 8
}

// VersionInformation returns the 18 bits for a version from 7 on: ISO/IEC 18004, 7.10. Bit i is at column
// size-11+i%3 and row i/3, and the other way round.
func VersionInformation(version int) int { return versionInformation(version) }
