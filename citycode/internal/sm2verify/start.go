package sm2verify

import "sync"

// start chooses, once in a process, between assembly and Go. setBytes calls it,
// because no number comes in on another way; before that, all arithmetic is Go.
var start = sync.OnceFunc(choose)

// Build says with what this process computes, for a table of measurements.
func Build() string {
	start()
	switch {
	case useADX && useIFMA:
		return "ADX, AVX512-IFMA"
	case useIFMA:
		return "AVX512-IFMA"
	case useADX:
		return "ADX"
	}
	return "Go"
}

// specialLimbs returns a source of limbs, the same each time: three of four are
// those where carries begin and end, which random limbs miss for years
// (emmansun/gmsm#560).
func specialLimbs() func() uint64 {
	special := [...]uint64{0, 1, 2, 1<<32 - 1, 1 << 32, 1<<32 - 2, 1<<63 - 1, 1 << 63, 1<<64 - 1, 1<<64 - 1<<32, 0xfffffffeffffffff, 0xffffffff00000001}
	state := uint64(0)
	return func() uint64 {
		// SplitMix64 of Steele, Lea and Flood.
		state += 0x9e3779b97f4a7c15
		z := state
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		z ^= z >> 31
		if i := z >> 60; i < uint64(len(special)) {
			return special[i]
		}
		return z * 0xff51afd7ed558ccd
	}
}
