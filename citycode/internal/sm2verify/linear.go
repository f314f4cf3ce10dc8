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
		var y [maxRoots]element
		group := list[:min(len(y), len(list))]
		list = list[len(group):]
		for i := range group {
			l := &group[i]
			l.sum.x.setWords((*[4]uint64)(&l.v))
			y[i].rightHandSide(&l.sum.x)
		}
		exist := roots(y[:len(group)])
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

// A combination adds up many products of points and scalars. It may be used
// again; it is not safe for concurrent use.
//
// The scalars are cut into windows, and in each window the points with the same
// digit go into one bucket. With d = 1, 2, 3 ... for the digits, the sum of d times
// bucket d is the sum of 2^i times all buckets whose d has bit i, and those sums
// are made of others: of the buckets whose d have the same lower half of bits, and
// of those with the same upper half. So all that is left when the forest has done
// its work is one point for each bit of the scalars.
type combination struct {
	forest  *forest // its first points are those of the terms, then the sums of buckets
	weights []byte
	scalars []scalar // of the terms, raised
	digits  []int16  // of all terms in one window
	buckets []ref    // window after window
	kept    int      // points of the forest that stay
	width   int
}

const (
	combined   = 1024 // signatures at most
	maxWindow  = 8    // bits
	maxTerms2  = 2 * combined
	maxBuckets = 256 / maxWindow << (maxWindow - 1)
	forestRefs = 4 * maxTerms2 // points that are added together
	forestSize = maxTerms2 + maxBuckets + forestRefs
)

func newCombination(f *forest) *combination {
	return &combination{
		forest: f, weights: make([]byte, combined*weightBytes), scalars: make([]scalar, 0, maxTerms2),
		digits: make([]int16, maxTerms2), buckets: make([]ref, 0, maxBuckets),
	}
}

// bytes returns how much memory the combination takes, without the forest.
func (c *combination) bytes() int {
	const scalarBytes, digitBytes, refBytes = 32, 2, 4
	return cap(c.weights) + cap(c.scalars)*scalarBytes + cap(c.digits)*digitBytes + cap(c.buckets)*refBytes
}

// window returns the width at which n signatures cost least: fewer windows, of
// which each takes an addition for every term, against fewer buckets, of which each
// takes two.
func window(n int) int {
	switch {
	case n < 48:
		return 4
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
	c.begin(len(list))
	for i := range list {
		l := &list[i]
		z := weight(weights[weightBytes*i:])
		m := z.montgomery()
		product := m.times(&l.t)
		c.add(&l.item.Key.point, &product, 0)
		product = m.times(&l.s)
		base = base.addModulo(&product)
	}
	for i := range list {
		z := weight(weights[weightBytes*i:])
		c.add(&list[i].sum, &z, ^uint64(0))
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

// begin drops all terms, and makes ready for those of n signatures.
func (c *combination) begin(n int) {
	c.width = window(n)
	c.forest.clear(0)
	c.scalars = c.scalars[:0]
}

// add adds the term k·p, or -k·p if flip is all ones. k is below n.
//
// Digits are between -2^(width-1) and 2^(width-1). Adding 2^(width-1) to each but
// the highest makes all of them positive: then they are the bits as they stand in
// what raise leaves, and none waits for the carry of another.
func (c *combination) add(p *affine, k *scalar, flip uint64) {
	f := c.forest
	f.points = append(f.points, *p)
	if orderHalf.less(k) { // so that the highest window has no carry
		rest, _ := order.minus(k)
		k, flip = &rest, ^flip
	}
	f.points[len(f.points)-1].y.negateIf(flip)
	c.scalars = append(c.scalars, *k)
}

// raise adds 2^(width-1) to each digit of scalars but the highest.
func raise(scalars []scalar, width, digits int) {
	var half scalar
	for i := range digits - 1 {
		position := width*(i+1) - 1
		half[position/64] |= 1 << (position % 64)
	}
	for i := range scalars {
		scalars[i], _ = scalars[i].plus(&half)
	}
}

// sum returns the sum of all terms, of which the first n have scalars of full
// length and the others scalars of a weight's.
func (c *combination) sum(n int) (sum projective) {
	f, width := c.forest, c.width
	long, short := rowsOf(width), (8*weightBytes+width)/width // windows; those of a weight with its carry
	raise(c.scalars[:n], width, long)
	raise(c.scalars[n:], width, short)
	half := 1 << (width - 1)
	c.kept, c.buckets = len(c.scalars), c.buckets[:0]
	first := c.kept + long*half
	f.clear(first)
	for w := range long {
		m := n
		if w < short {
			m = len(c.scalars)
		}
		if len(f.refs)+m > cap(f.refs) {
			c.keep(first)
		}
		c.cut(0, n, w, w == long-1)
		c.cut(n, m, w, w == short-1)
		c.scatter(m)
	}
	c.keep(first)
	c.split()
	for i := len(f.trees) - 1; i >= 0; i-- {
		sum.double()
		if r := f.root(f.trees[i]); r != nothing {
			p := f.at(r)
			sum.addAffine(&p)
		}
	}
	return sum
}

// cut sets the digits in window w of the terms from from to to.
func (c *combination) cut(from, to, w int, highest bool) {
	raised := 1 << (c.width - 1)
	if highest {
		raised = 0
	}
	scalars, digits := c.scalars[from:to], c.digits[from:to]
	limb, shift, mask := w*c.width/64, w*c.width%64, 1<<c.width-1
	if shift+c.width > 64 { // two limbs have a part each
		for i := range scalars {
			digits[i] = int16(scalars[i].bits(w*c.width, c.width) - raised)
		}
		return
	}
	for i := range scalars {
		digits[i] = int16(int(scalars[i][limb&3]>>shift)&mask - raised)
	}
}

// scatter makes a tree for each absolute value of a digit but 0, of the first n
// terms.
func (c *combination) scatter(n int) {
	f, digits := c.forest, c.digits[:n]
	var counts, ends [256]uint32
	for _, d := range digits {
		counts[absolute(d)]++
	}
	at := uint32(len(f.refs))
	for d := range 1<<(c.width-1) + 1 {
		ends[d] = at // where the next point of a tree goes
		at += counts[d]
		if d != 0 {
			f.trees = append(f.trees, span{ends[d], at})
		}
	}
	f.refs = f.refs[:at]
	refs := f.refs
	for i, d := range digits {
		to := &ends[absolute(d)]
		refs[*to] = ref(i<<1) | ref(d>>15&1)
		*to++
	}
}

func absolute(digit int16) uint8 { return uint8((digit ^ digit>>15) - digit>>15) }

// keep adds up the trees in the forest, and keeps their sums as buckets. Sums are
// from first on.
func (c *combination) keep(first int) {
	f := c.forest
	f.sum()
	for _, tree := range f.trees {
		r := f.root(tree)
		if r != nothing && int(r>>1) >= first {
			f.points[c.kept] = f.points[r>>1]
			r = ref(c.kept)<<1 | r&1
			c.kept++
		}
		c.buckets = append(c.buckets, r)
	}
	f.clear(first)
}

// split makes a tree for each bit of the scalars, window after window, and adds
// them up.
func (c *combination) split() {
	f, most := c.forest, 1<<(c.width-1)
	low := c.width / 2 // bits of the lower half
	lower, upper := 1<<low-1, most>>low
	for rest := c.buckets; len(rest) > 0; rest = rest[most:] {
		for d := 1; d <= lower; d++ {
			f.plant(rest[d-1:most], 1<<low)
		}
		for d := 1; d <= upper; d++ {
			f.plant(rest[d<<low-1:min((d+1)<<low-1, most)], 1)
		}
	}
	f.sum()
	c.buckets = c.buckets[:0]
	for _, tree := range f.trees {
		c.buckets = append(c.buckets, f.root(tree))
	}
	f.clear(len(f.points))
	for rest := c.buckets; len(rest) > 0; rest = rest[lower+upper:] {
		for bit := range low {
			f.plantBit(rest[:lower], bit)
		}
		for bit := range c.width - low {
			f.plantBit(rest[lower:lower+upper], bit)
		}
	}
	f.sum()
}

// plant makes a tree of each step-th of a list, from the first on.
func (f *forest) plant(list []ref, step int) {
	from := len(f.refs)
	for i := 0; i < len(list); i += step {
		if list[i] != nothing {
			f.refs = append(f.refs, list[i])
		}
	}
	f.close(from)
}

// plantBit makes a tree of those of a list, counted from 1, whose number has a bit.
func (f *forest) plantBit(list []ref, bit int) {
	from := len(f.refs)
	for i, r := range list {
		if (i+1)>>bit&1 != 0 && r != nothing {
			f.refs = append(f.refs, r)
		}
	}
	f.close(from)
}
