package qr

import (
	"testing"

	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/qr/internal/matrix"
)

// The table is checked against the one of the foreign reader, which sums blocks.
func TestDataCodewords(t *testing.T) {
	for level, foreign := range map[Level]decoder.ErrorCorrectionLevel{
		L: decoder.ErrorCorrectionLevel_L, M: decoder.ErrorCorrectionLevel_M,
		Q: decoder.ErrorCorrectionLevel_Q, H: decoder.ErrorCorrectionLevel_H,
	} {
		for number := 1; number <= 40; number++ {
			version, err := decoder.Version_GetVersionForNumber(number)
			require.NoError(t, err)
			n := 0
			for _, b := range version.GetECBlocksForLevel(foreign).GetECBlocks() {
				n += b.GetCount() * b.GetDataCodewords()
			}
			require.Equal(t, n, dataCodewords[level][number-1], "%d-%s", number, level)
			require.Equal(t, n, matrix.DataCodewords(number, matrix.Level(level-L)))
		}
	}
}

// dataCodewords is the number of data codewords of version 1 to 40 at each level: ISO/IEC 18004, table 7.
// Within a level it grows with the version, so it tells the version of what a reader has corrected.
var dataCodewords = map[Level][40]int{
	L: {
		19, 34, 55, 80, 108, 136, 156, 194, 232, 274, 324, 370, 428, 461, 523, 589, 647, 721, 795, 861,
		932, 1006, 1094, 1174, 1276, 1370, 1468, 1531, 1631, 1735, 1843, 1955, 2071, 2191, 2306, 2434, 2566, 2702, 2812, 2956,
	},
	M: {
		16, 28, 44, 64, 86, 108, 124, 154, 182, 216, 254, 290, 334, 365, 415, 453, 507, 563, 627, 669,
		714, 782, 860, 914, 1000, 1062, 1128, 1193, 1267, 1373, 1455, 1541, 1631, 1725, 1812, 1914, 1992, 2102, 2216, 2334,
	},
	Q: {
		13, 22, 34, 48, 62, 76, 88, 110, 132, 154, 180, 206, 244, 261, 295, 325, 367, 397, 445, 485,
		512, 568, 614, 664, 718, 754, 808, 871, 911, 985, 1033, 1115, 1171, 1231, 1286, 1354, 1426, 1502, 1582, 1666,
	},
	H: {
		9, 16, 26, 36, 46, 60, 66, 86, 100, 122, 140, 158, 180, 197, 223, 253, 283, 313, 341, 385,
		406, 442, 464, 514, 538, 596, 628, 661, 701, 745, 793, 845, 901, 961, 986, 1054, 1096, 1142, 1222, 1276,
	},
}
