// Package sm3lanes computes the SM3 (GB/T 32905-2016) of many short messages at
// once. One SM3 is a chain in which every step waits for the one before, and leaves
// a processor idle most of the time; sixteen of them side by side, each in its own
// lane of a vector, take little longer than one.
//
// That needs AVX-512 F and BW on amd64 (Skylake-X, Zen 4 and later), and is used
// where the processor has them and, at the first use in a process, the routine in
// block_amd64.s has agreed with its twin in Go. Elsewhere, and under the build tag
// purego, [Sum] is right but not fast: who has another SM3 asks [Fast].
package sm3lanes

import "encoding/binary"

const (
	Lanes     = 16 // messages that are hashed at once
	Size      = 32 // of a sum, in bytes
	BlockSize = 64 // in bytes
)

// Sum sets the first sums to the SM3 of the messages, of which there are at most
// as many. It allocates nothing, and needs 3 KiB of stack whatever it is given.
func Sum(sums [][Size]byte, messages [][]byte) {
	start()
	for len(messages) > 0 {
		n := min(Lanes, len(messages))
		sumLanes(sums[:n], messages[:n])
		sums, messages = sums[n:], messages[n:]
	}
}

// sumLanes is Sum of at most as many messages as there are lanes.
func sumLanes(sums [][Size]byte, messages [][]byte) {
	var (
		s             = initial
		tails         [Lanes][2 * BlockSize]byte // what is left of a message, padded
		whole, blocks [Lanes]int                 // blocks before the tail, and in all
		from          [Lanes]*[BlockSize]byte
	)
	most := 0
	for lane, m := range messages {
		whole[lane] = len(m) / BlockSize
		n := copy(tails[lane][:], m[whole[lane]*BlockSize:])
		// GB/T 32905-2016, 5.2: one bit, zeros, and the length in 64 bits.
		tails[lane][n] = 0x80
		end := BlockSize
		if n+1+8 > BlockSize {
			end = 2 * BlockSize
		}
		binary.BigEndian.PutUint64(tails[lane][end-8:], 8*uint64(len(m)))
		blocks[lane] = whole[lane] + end/BlockSize
		most = max(most, blocks[lane])
	}
	for i := range most {
		active := uint16(0)
		for lane := range Lanes {
			switch {
			case i < whole[lane]:
				from[lane] = (*[BlockSize]byte)(messages[lane][i*BlockSize:])
				active |= 1 << lane
			case i < blocks[lane]:
				from[lane] = (*[BlockSize]byte)(tails[lane][(i-whole[lane])*BlockSize:])
				active |= 1 << lane
			default: // something that can be read
				from[lane] = (*[BlockSize]byte)(tails[lane][:])
			}
		}
		block(&s, &from, active)
	}
	for lane := range messages {
		for i := range s {
			binary.BigEndian.PutUint32(sums[lane][4*i:], s[i][lane])
		}
	}
}
