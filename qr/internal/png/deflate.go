package png

import (
	"encoding/binary"
	"math/bits"
)

const (
	maxMatch = 258

	endOfBlock = 256
	literals   = 286 // symbols for bytes, the end, and lengths of matches
	distances  = 30
	maxCode    = 15 // bits

	// A run of one byte is worth a match from this length on: a common byte takes one or two bits, a match about ten.
	minRun = 8
)

// A deflater writes lines as one block of RFC 1951 with codes of its own. Every line is given twice: until
// begin it counts symbols, after it writes them.
type deflater struct {
	dst     []byte
	writing bool
	sum     adler

	literalCount, distanceCount [literals]uint32
	literalCode, distanceCode   [literals]code

	bits uint64 // not yet written, the first in the lowest
	n    uint   // of them
}

// line takes a line of bytes that comes times in a row.
func (d *deflater) line(line []byte, times int) {
	if !d.writing {
		d.sum.line(line, times)
	}
	d.once(line)
	d.match((times-1)*len(line), len(line))
}

// once takes the bytes of a line.
func (d *deflater) once(line []byte) {
	for i := 0; i < len(line); {
		v := line[i]
		run := i + 1
		for run < len(line) && line[run] == v {
			run++
		}
		n := run - i
		d.literal(int(v))
		if n > minRun {
			d.match(n-1, 1)
		} else {
			for range n - 1 {
				d.literal(int(v))
			}
		}
		i = run
	}
}

// literal takes a symbol that no bits follow.
func (d *deflater) literal(symbol int) {
	if !d.writing {
		d.literalCount[symbol]++
		return
	}
	c := d.literalCode[symbol]
	d.put(uint64(c.bits), uint(c.n))
}

// match takes n bytes that are those from distance back. Fewer than three cannot be a match of their own, so
// the one before leaves some; n is zero, or at least three.
func (d *deflater) match(n, distance int) {
	for n > 0 {
		take := min(n, maxMatch)
		if rest := n - take; rest > 0 && rest < 3 {
			take -= 3
		}
		n -= take
		length, extra, value := lengthSymbol(take)
		back, backExtra, backValue := distanceSymbol(distance)
		d.literal(length)
		if !d.writing {
			d.distanceCount[back]++
			continue
		}
		d.put(uint64(value), extra)
		c := d.distanceCode[back]
		d.put(uint64(c.bits)|uint64(backValue)<<c.n, uint(c.n)+backExtra)
	}
}

// lengthSymbol returns the symbol of a length of 3 to 258 and the bits behind it: RFC 1951, 3.2.5. From 11 on,
// each four symbols have one bit more; 258 has a symbol of its own.
func lengthSymbol(n int) (symbol int, extra uint, value int) {
	switch v := n - 3; {
	case n == maxMatch:
		return 285, 0, 0
	case v < 8:
		return 257 + v, 0, 0
	default:
		extra = uint(bits.Len(uint(v)) - 3)
		return 257 + 4*int(extra) + v>>extra, extra, v & (1<<extra - 1)
	}
}

// distanceSymbol does the same for a distance of 1 to 32768: from 5 on, each two symbols have one bit more.
func distanceSymbol(n int) (symbol int, extra uint, value int) {
	v := n - 1
	if v < 4 {
		return v, 0, 0
	}
	extra = uint(bits.Len(uint(v)) - 2)
	return 2*int(extra) + v>>extra, extra, v & (1<<extra - 1)
}

// put writes the low n bits of v, the lowest first, n at most 32.
func (d *deflater) put(v uint64, n uint) {
	d.bits |= v << d.n
	if d.n += n; d.n >= 32 {
		d.dst = binary.LittleEndian.AppendUint32(d.dst, uint32(d.bits))
		d.bits >>= 32
		d.n -= 32
	}
}

// begin ends the counting: it chooses the codes and writes them as the head of the block (3.2.7).
func (d *deflater) begin() {
	d.literalCount[endOfBlock]++
	// Two distances at least: readers differ on whether a code of one symbol is complete.
	d.distanceCount[0]++
	d.distanceCount[1]++
	d.writing = true
	assign(d.literalCode[:], d.literalCount[:], maxCode)
	assign(d.distanceCode[:distances], d.distanceCount[:distances], maxCode)
	literalsUsed, distancesUsed := used(d.literalCode[:]), used(d.distanceCode[:distances])

	// The lengths of both codes follow each other as one list, zeros in runs.
	var lengths [literals + distances]uint8
	for i, c := range d.literalCode[:literalsUsed] {
		lengths[i] = c.n
	}
	for i, c := range d.distanceCode[:distancesUsed] {
		lengths[literalsUsed+i] = c.n
	}
	list := lengths[:literalsUsed+distancesUsed]
	var count [19]uint32
	eachLength(list, func(symbol, extra uint, value int) { count[symbol]++ })
	var codes [19]code
	assign(codes[:], count[:], 7)
	order := [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
	sent := 19
	for sent > 4 && codes[order[sent-1]].n == 0 {
		sent--
	}
	d.put(1|2<<1, 3) // the last block, codes of its own
	d.put(uint64(literalsUsed-257), 5)
	d.put(uint64(distancesUsed-1), 5)
	d.put(uint64(sent-4), 4)
	for _, symbol := range order[:sent] {
		d.put(uint64(codes[symbol].n), 3)
	}
	eachLength(list, func(symbol, extra uint, value int) {
		d.put(uint64(codes[symbol].bits), uint(codes[symbol].n))
		d.put(uint64(value), extra)
	})
}

// eachLength says a list of code lengths in the symbols of 3.2.7: 17 and 18 are runs of zeros.
func eachLength(list []uint8, say func(symbol, extra uint, value int)) {
	for i := 0; i < len(list); {
		zeros := 0
		for i+zeros < len(list) && list[i+zeros] == 0 && zeros < 138 {
			zeros++
		}
		switch {
		case zeros >= 11:
			say(18, 7, zeros-11)
		case zeros >= 3:
			say(17, 3, zeros-3)
		default:
			zeros = 1
			say(uint(list[i]), 0, 0)
		}
		i += zeros
	}
}

// end ends the block and returns everything written.
func (d *deflater) end() []byte {
	d.literal(endOfBlock)
	for ; d.n > 0; d.n -= min(d.n, 8) {
		d.dst = append(d.dst, byte(d.bits))
		d.bits >>= 8
	}
	return d.dst
}
