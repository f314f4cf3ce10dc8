package sm3lanes

import (
	"encoding/binary"
	"math/bits"
)

// A state is V of GB/T 32905-2016, 5.3.1, for each lane: word i of lane j is at
// [i][j].
type state [8][Lanes]uint32

// initial is IV of GB/T 32905-2016, 4.1, in each lane.
var initial = func() (s state) {
	for i, v := range [...]uint32{0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e} {
		for lane := range Lanes {
			s[i][lane] = v
		}
	}
	return s
}()

// constants are Tj <<< j of GB/T 32905-2016, 4.2, for each round.
var constants = func() (t [64]uint32) {
	for j := range t {
		t[j] = 0x79cc4519
		if j >= 16 {
			t[j] = 0x7a879d8a
		}
		t[j] = bits.RotateLeft32(t[j], j)
	}
	return t
}()

// block compresses one block from each address into those lanes of s whose bits
// are set in active. The other addresses are read too.
func block(s *state, from *[Lanes]*[BlockSize]byte, active uint16) {
	if useAVX512 {
		blockAVX512(s, from, active)
	} else {
		blockGo(s, from, active)
	}
}

// blockGo is GB/T 32905-2016, 5.3.2 and 5.3.3, lane by lane.
func blockGo(s *state, from *[Lanes]*[BlockSize]byte, active uint16) {
	for lane := range Lanes {
		if active>>lane&1 == 0 {
			continue
		}
		var w [68]uint32
		for j := range 16 {
			w[j] = binary.BigEndian.Uint32(from[lane][4*j:])
		}
		for j := 16; j < len(w); j++ {
			x := w[j-16] ^ w[j-9] ^ bits.RotateLeft32(w[j-3], 15)
			w[j] = x ^ bits.RotateLeft32(x, 15) ^ bits.RotateLeft32(x, 23) ^ bits.RotateLeft32(w[j-13], 7) ^ w[j-6]
		}
		a, b, c, d, e, f, g, h := s[0][lane], s[1][lane], s[2][lane], s[3][lane], s[4][lane], s[5][lane], s[6][lane], s[7][lane]
		for j, t := range constants {
			ff, gg := a^b^c, e^f^g
			if j >= 16 {
				ff, gg = a&b|a&c|b&c, e&f|^e&g
			}
			ss1 := bits.RotateLeft32(bits.RotateLeft32(a, 12)+e+t, 7)
			ss2 := ss1 ^ bits.RotateLeft32(a, 12)
			tt1 := ff + d + ss2 + (w[j] ^ w[j+4])
			tt2 := gg + h + ss1 + w[j]
			a, b, c, d = tt1, a, bits.RotateLeft32(b, 9), c
			e, f, g, h = tt2^bits.RotateLeft32(tt2, 9)^bits.RotateLeft32(tt2, 17), e, bits.RotateLeft32(f, 19), g
		}
		for i, v := range [...]uint32{a, b, c, d, e, f, g, h} {
			s[i][lane] ^= v
		}
	}
}
