//go:build !amd64 || purego

package sm3lanes

const useAVX512 = false

func choose() {}

func blockAVX512(s *state, from *[Lanes]*[BlockSize]byte, active uint16) { panic("unreachable") }
