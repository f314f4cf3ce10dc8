package sm2verify

import "io"

// Signatures under many keys are verified together, if it is known which of two
// points R each of them means: with random weights z, and for all of them at once,
//
//	sum(z·s)·G + sum((z·t)·P) - sum(z·R) = infinity
//
// If one signature is wrong this holds with probability 2^-128 at most, whoever
// made them, as the weights are drawn when they are all known. Weights that the
// maker of two signatures could foresee, or none, would let their errors cancel.
const weightBytes = 16

// A lifted is an equation whose point R is known, if the hint was right.
type lifted struct {
	equation
	item *Item
	sum  affine // R
}

// lift sets the points at x = v whose y have the parity of the hint, and removes
// from list what has none, as where x is v+n.
func lift(list []lifted) []lifted {
	kept := list[:0]
	for len(list) > 0 {
		var y quad
		group := list[:min(len(y), len(list))]
		list = list[len(group):]
		for i := range group {
			l := &group[i]
			l.sum.x.setWords((*[4]uint64)(&l.v))
			y[i].rightHandSide(&l.sum.x)
		}
		exist := y.roots()
		for i := range group {
			if l := &group[i]; exist[i] {
				l.sum.y = y[i]
				l.sum.setOdd(byte(l.item.Hint & 1))
				kept = append(kept, *l)
			} else {
				l.item.Valid = l.item.Key.satisfies(&l.equation)
			}
		}
	}
	return kept
}

// A term is a point with what is left of its scalar when windows are cut from
// the lowest bit up.
type term struct {
	point *affine
	rest  scalar
	flip  uint64 // all ones: minus
	carry int
}

// newTerm returns k·p, or -k·p. k is below n.
func newTerm(p *affine, k *scalar, flip uint64) term {
	rest := *k
	if orderHalf.less(k) { // so that the highest window has no carry
		rest, _ = order.minus(k)
		flip = ^flip
	}
	return term{point: p, rest: rest, flip: flip}
}

// next cuts the next window: a digit between -2^(width-1) and 2^(width-1).
func (t *term) next(width int) int {
	d := t.rest.bits(0, width) + t.carry
	t.rest.shift(width)
	t.carry = (1<<(width-1) - d) >> 63 & 1
	return d - t.carry<<width
}

// A combination adds up many products of points and scalars. It may be used
// again; it is not safe for concurrent use.
type combination struct {
	forest  *forest
	weights []byte
	terms   []term
	digits  []int16 // of all terms in one window
	sums    []projective
	starts  []int // trees of a window begin here
}

const (
	combined    = 1024 // signatures at most
	maxWindow   = 8    // bits
	maxTerms2   = 2 * combined
	forestTerms = 4 * maxTerms2 // points that are added together
)

func newCombination(f *forest) *combination {
	return &combination{
		forest: f, weights: make([]byte, combined*weightBytes), terms: make([]term, 0, maxTerms2),
		digits: make([]int16, maxTerms2), sums: make([]projective, 0, rowsOf(minWindow)), starts: make([]int, 0, rowsOf(minWindow)),
	}
}

const minWindow = 4

// window returns the width at which n signatures cost least: as many additions
// as there are windows against as many as there are buckets.
func window(n int) int {
	switch {
	case n < 48:
		return minWindow
	case n < 96:
		return 5
	case n < 192:
		return 6
	case n < 512:
		return 7
	default:
		return maxWindow
	}
}

// holds reports whether the equation of all signatures holds, at most combined
// of them. Without random weights it would prove nothing, so then it never does.
func (c *combination) holds(list []lifted, random io.Reader) bool {
	weights := c.weights[:weightBytes*len(list)]
	if _, err := io.ReadFull(random, weights); err != nil {
		return false
	}
	var base scalar
	c.terms = c.terms[:0]
	for i := range list {
		l := &list[i]
		z := weight(weights[weightBytes*i:])
		m := z.montgomery()
		product := m.times(&l.t)
		c.terms = append(c.terms, newTerm(&l.item.Key.point, &product, 0))
		product = m.times(&l.s)
		base = base.addModulo(&product)
	}
	for i := range list {
		z := weight(weights[weightBytes*i:])
		c.terms = append(c.terms, newTerm(&list[i].sum, &z, ^uint64(0)))
	}
	sum := baseTable().multiply(&base)
	rest := c.sum(len(list))
	sum.add(&rest)
	return sum.isInfinity()
}

func weight(b []byte) scalar {
	var wide [32]byte
	copy(wide[32-weightBytes:], b[:weightBytes])
	return words(&wide)
}

// sum returns the sum of all terms, of which the first n have scalars of full
// length and the others scalars of a weight's.
func (c *combination) sum(n int) (sum projective) {
	width := window(n)
	short := (8*weightBytes + width) / width // windows of a weight, with its carry
	c.sums, c.starts = c.sums[:0], c.starts[:0]
	c.forest.clear()
	for w := range rowsOf(width) {
		terms := c.terms
		if w >= short {
			terms = terms[:n]
		}
		if len(c.forest.points)+len(terms) > cap(c.forest.points) {
			c.finish(width)
		}
		c.scatter(terms, width)
	}
	c.finish(width)
	for i := len(c.sums) - 1; i >= 0; i-- {
		for range width {
			sum.double()
		}
		sum.add(&c.sums[i])
	}
	return sum
}

// scatter puts the points of the next window into the forest, one tree for each
// absolute value of a digit.
func (c *combination) scatter(terms []term, width int) {
	var counts [1<<(maxWindow-1) + 1]int
	digits := c.digits[:len(terms)]
	for i := range terms {
		d := terms[i].next(width)
		digits[i] = int16(d)
		counts[max(d, -d)]++
	}
	f := c.forest
	c.starts = append(c.starts, len(f.trees))
	at := len(f.points)
	var ends [1<<(maxWindow-1) + 1]int // where the next point of a tree goes
	for d := 1; d <= 1<<(width-1); d++ {
		ends[d] = at
		f.trees = append(f.trees, span{at, at + counts[d]})
		at += counts[d]
	}
	f.points = f.points[:at]
	for i := range terms {
		d := int(digits[i])
		if d == 0 {
			continue
		}
		to := &ends[max(d, -d)]
		p := &f.points[*to]
		*p = *terms[i].point
		p.y.negateIf(uint64(d>>63) ^ terms[i].flip)
		*to++
	}
}

// finish adds up the trees of all windows that are in the forest, and then the
// products of each: the sum of d times the tree of d.
func (c *combination) finish(width int) {
	f := c.forest
	f.sum()
	for _, start := range c.starts {
		var tail, sum projective // the trees of d and above; d times each
		for d := 1 << (width - 1); d > 0; d-- {
			tree := f.trees[start+d-1]
			if p := &f.points[:cap(f.points)][tree.from]; tree.to > tree.from && !p.isInfinity() {
				tail.addAffine(p)
			}
			sum.add(&tail)
		}
		c.sums = append(c.sums, sum)
	}
	f.clear()
	c.starts = c.starts[:0]
}
