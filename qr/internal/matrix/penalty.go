package matrix

import "math/bits"

// The weights of ISO/IEC 18004, 7.8.3.1.
const (
	weightRun     = 3  // N1: five modules of one colour in a line, and 1 for each one more
	weightBlock   = 3  // N2: two by two of one colour
	weightFinder  = 40 // N3: dark and light in 1:1:3:1:1 with four light modules before or behind
	weightBalance = 10 // N4: each full 5 % that the dark modules are off one half
)

// penalty returns the score of a symbol: lower reads better. What lies outside the symbol is light, so that
// N3 sees the quiet zone; a pattern with light on both sides counts once. Once the score is no longer below
// enough it stops counting and returns what it has, which is enough or more.
func penalty(rows, columns *plane, size, enough int) int {
	score := 0
	for k := range words(size) {
		valid := lowBits(size - 64*k)
		score += linesPenalty(&rows[k], size, valid)
		score += linesPenalty(&columns[k], size, valid)
		if score >= enough {
			return score
		}
	}
	total := size * size
	score += weightBalance * (abs(2*rows.count(size)-total) * 10 / total)
	if score >= enough {
		return score
	}
	return score + weightBlock*blocks(rows, size)
}

// linesPenalty returns N1 and N3 along the 64 lines that the bits of a strip are, all at once: a line runs
// through the words, so to look along it is to look at other words, and no bit is ever shifted.
func linesPenalty(s *strip, size int, valid uint64) int {
	runs, starts, finders := 0, 0, 0
	var last uint64
	for y := range size - 4 {
		w := (*[15]uint64)(s[y:]) // w[4] is module y of each line
		all, any := w[4]&w[5]&w[6]&w[7]&w[8], w[4]|w[5]|w[6]|w[7]|w[8]
		five := (all | ^any) & valid
		// A run of n modules has n-4 places where five of a kind begin, and scores n-2.
		runs += bits.OnesCount64(five)
		starts += bits.OnesCount64(five &^ last)
		last = five
		finder := w[4] &^ w[5] & w[6] & w[7] & w[8] &^ w[9] & w[10]
		light := ^(w[0] | w[1] | w[2] | w[3]) | ^(w[11] | w[12] | w[13] | w[14])
		finders += bits.OnesCount64(finder & light)
	}
	return runs + (weightRun-1)*starts + weightFinder*finders
}

// blocks counts the places where two by two modules are of one colour.
func blocks(rows *plane, size int) int {
	count := 0
	for k := range words(size) {
		valid := lowBits(size - 1 - 64*k) // the last column has none to its right
		here := rows[k][before : before+size]
		right := here // of the next word only the lowest bit matters, and past the last word it is not valid
		if k+1 < wordCount {
			right = rows[k+1][before : before+size]
		}
		var above, same uint64 // same: the row above, where a module equals the one to its right
		for y, w := range here {
			next := ^(w ^ (w>>1 | right[y]<<63))
			if y > 0 {
				count += bits.OnesCount64(next & same & ^(w ^ above) & valid)
			}
			above, same = w, next
		}
	}
	return count
}
