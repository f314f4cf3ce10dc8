package sm3lanes

import "sync"

// start chooses, once in a process, between assembly and Go.
var start = sync.OnceFunc(choose)

// Fast reports whether Sum is faster here than one message after the other.
func Fast() bool {
	start()
	return useAVX512
}

// splitMix returns a source of words, the same each time: SplitMix64 of Steele,
// Lea and Flood.
func splitMix() func() uint32 {
	state := uint64(0)
	return func() uint32 {
		state += 0x9e3779b97f4a7c15
		z := state
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		return uint32(z >> 32)
	}
}

// check reports whether a routine computes what blockGo does, on words from
// random: with all lanes, with a few, and with none.
func check(routine func(*state, *[Lanes]*[BlockSize]byte, uint16), random func() uint32, times int) bool {
	var space [Lanes][BlockSize]byte
	var from [Lanes]*[BlockSize]byte
	for i := range times {
		var got state
		for lane := range Lanes {
			for j := range space[lane] {
				space[lane][j] = byte(random())
			}
			from[lane] = &space[random()%Lanes]
			for j := range got {
				got[j][lane] = random()
			}
		}
		active := [...]uint16{0xffff, uint16(random()), 0}[i%3]
		want := got
		blockGo(&want, &from, active)
		if routine(&got, &from, active); got != want {
			return false
		}
	}
	return true
}
