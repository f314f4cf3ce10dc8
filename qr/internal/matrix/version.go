package matrix

// A Level is the error correction of a symbol, in rising order.
type Level uint8

const (
	L Level = iota
	M
	Q
	H
)

// formatBits are the two bits that stand for a level in the format information: ISO/IEC 18004, table 12.
var formatBits = [4]int{L: 1, M: 0, Q: 3, H: 2}

// checkCodewords is the number of error correction codewords in a block of versions 1 to 40, and blockCount the
// number of blocks: ISO/IEC 18004, table 9. Everything else about a version follows from these.
var checkCodewords = [4][MaxVersion]uint8{
	L: {
		7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28,
		28, 28, 30, 30, 26, 28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
	},
	M: {
		10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26,
		26, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28,
	},
	Q: {
		13, 22, 18, 26, 18, 24, 18, 22, 20, 24, 28, 26, 24, 20, 30, 24, 28, 28, 26, 30,
		28, 30, 30, 30, 30, 28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
	},
	H: {
		17, 28, 22, 16, 22, 28, 26, 26, 24, 28, 24, 28, 22, 24, 24, 30, 28, 28, 26, 28,
		30, 24, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
	},
}

var blockCount = [4][MaxVersion]uint8{
	L: {
		1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8,
		8, 9, 9, 10, 12, 12, 12, 13, 14, 15, 16, 17, 18, 19, 19, 20, 21, 22, 24, 25,
	},
	M: {
		1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16,
		17, 17, 18, 20, 21, 23, 25, 26, 28, 29, 31, 33, 35, 37, 38, 40, 43, 45, 47, 49,
	},
	Q: {
		1, 1, 2, 2, 4, 4, 6, 6, 8, 8, 8, 10, 12, 16, 12, 17, 16, 18, 21, 20,
		23, 23, 25, 27, 29, 34, 34, 35, 38, 40, 43, 45, 48, 51, 53, 56, 59, 62, 65, 68,
	},
	H: {
		1, 1, 2, 4, 4, 4, 5, 6, 8, 8, 11, 11, 16, 16, 18, 16, 19, 21, 25, 25,
		25, 34, 30, 32, 35, 37, 40, 42, 45, 48, 51, 54, 57, 60, 63, 66, 70, 74, 77, 81,
	},
}

// maxCodewords is the number of codewords of version 40.
const maxCodewords = 3706

// DataCodewords returns the number of data codewords of a version, 1 to 40, at a level.
func DataCodewords(version int, level Level) int {
	return codewords(version) - int(checkCodewords[level][version-1])*int(blockCount[level][version-1])
}

// codewords returns the number of codewords of a version: the modules that no function pattern takes, in bytes.
func codewords(version int) int {
	modules := (16*version+128)*version + 64
	if version >= 2 {
		a := version/7 + 2 // alignment patterns along one side, counting the three corners that have none
		modules -= (25*a-10)*a - 55
	}
	if version >= 7 {
		modules -= 36 // version information
	}
	return modules / 8
}

func sizeOf(version int) int { return 4*version + 17 }

// alignment appends the coordinates of the centres of alignment patterns, for both axes: ISO/IEC 18004, annex E.
// The last is 7 from the edge, the distance between them is even and the same, only the first, at 6, takes
// what is left.
func alignment(dst []int, version int) []int {
	if version == 1 {
		return dst
	}
	count := version/7 + 2
	step := (8*version + 3*count + 5) / (4*count - 4) * 2
	for i := range count - 1 {
		dst = append(dst, sizeOf(version)-7-step*i)
	}
	return append(dst, 6)
}
