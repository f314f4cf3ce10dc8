package png

import (
	"math/bits"
	"slices"
)

// A code is the bits of one symbol, the first in the lowest bit; n is 0 for a symbol that does not occur.
type code struct {
	bits uint16
	n    uint8
}

// assign chooses a prefix code with the fewest bits for these counts, none longer than limit: Huffman's, with
// the canonical bits of RFC 1951, 3.2.2. At least two counts are not zero.
func assign(codes []code, counts []uint32, limit int) {
	type node struct {
		count  uint32
		parent int16
		symbol int16
	}
	var room [2 * literals]node
	nodes := room[:0]
	for symbol, count := range counts {
		if count > 0 {
			nodes = append(nodes, node{count: count, symbol: int16(symbol)})
		}
	}
	slices.SortFunc(nodes, func(a, b node) int {
		if a.count != b.count {
			return int(int64(a.count) - int64(b.count))
		}
		return int(a.symbol) - int(b.symbol)
	})
	leaves := len(nodes)
	var lengths [2 * literals]uint8
	for {
		// The two rarest trees become one, until one is left. Leaves are sorted, and joined trees come out in
		// order by themselves.
		nodes = nodes[:leaves]
		for leaf, joined := 0, leaves; len(nodes) < 2*leaves-1; {
			at := int16(len(nodes))
			var count uint32
			for range 2 {
				if joined == int(at) || leaf < leaves && nodes[leaf].count <= nodes[joined].count {
					count += nodes[leaf].count
					nodes[leaf].parent = at
					leaf++
				} else {
					count += nodes[joined].count
					nodes[joined].parent = at
					joined++
				}
			}
			nodes = append(nodes, node{count: count})
		}
		longest := 0
		lengths[len(nodes)-1] = 0
		for i := len(nodes) - 2; i >= 0; i-- {
			lengths[i] = lengths[nodes[i].parent] + 1
			longest = max(longest, int(lengths[i]))
		}
		if longest <= limit {
			break
		}
		// Flatter counts give a flatter tree. They stay in order.
		for i := range nodes[:leaves] {
			nodes[i].count = nodes[i].count/2 + 1
		}
	}
	var byLength [maxCode + 2]uint16
	for i := range nodes[:leaves] {
		codes[nodes[i].symbol].n = lengths[i]
		byLength[lengths[i]+1]++
	}
	for n := 1; n < len(byLength); n++ { // the first code of each length
		byLength[n] = (byLength[n] + byLength[n-1]) << 1
	}
	for i := range codes {
		if n := codes[i].n; n > 0 {
			codes[i].bits = bits.Reverse16(byLength[n]) >> (16 - n)
			byLength[n]++
		}
	}
}

// used returns the number of symbols up to the last one that has a code.
func used(codes []code) int {
	n := len(codes)
	for n > 0 && codes[n-1].n == 0 {
		n--
	}
	return n
}
