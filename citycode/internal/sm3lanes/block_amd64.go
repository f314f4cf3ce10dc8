//go:build !purego

package sm3lanes

import "golang.org/x/sys/cpu"

// useAVX512 says that blocks go through the routine in block_amd64.s. Only choose
// writes it, and tests.
var useAVX512 bool

// byteOrder turns round the bytes of each of four words.
var byteOrder = [16]byte{3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12}

// choose takes the assembly if this processor and its operating system can run it
// and it agrees with Go on this processor.
func choose() { useAVX512 = hasAVX512() && check(blockAVX512, splitMix(), 10) }

func hasAVX512() bool { return cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW }

// blockAVX512 is blockGo on AVX-512 vectors.
//
//go:noescape
func blockAVX512(s *state, from *[Lanes]*[BlockSize]byte, active uint16)
