package sm2verify

// A forest adds up many lists of points at once, pair by pair, in affine
// coordinates: the slope of each pair needs a division, and all pairs of a round
// share one inversion, so that an addition takes 6 multiplications where
// addAffine takes 10. It may be used again; it is not safe for concurrent use.
//
// A point that is no point of the curve, the zero value, stands for infinity.
type forest struct {
	points  []affine
	trees   []span
	divisor []element // of each pair of a round
	before  []element // the product of those before it in its chain, then the inverse
	kinds   []pairKind
}

// A span is a list of points, points[from:to]. Its sum comes to stand at from.
type span struct{ from, to int }

type pairKind uint8

const (
	chordPair   pairKind = iota
	tangentPair          // a point and itself
	trivialPair          // at least one is infinity, or the sum is
)

// newForest returns a forest for at most that many points.
func newForest(points int) *forest {
	return &forest{
		points: make([]affine, 0, points), trees: make([]span, 0, points),
		divisor: make([]element, points/2), before: make([]element, points/2), kinds: make([]pairKind, points/2),
	}
}

// bytes returns how much memory the forest takes.
func (f *forest) bytes() int {
	const elementBytes, spanBytes = 32, 16
	return cap(f.points)*pointBytes + cap(f.trees)*spanBytes + cap(f.divisor)*(2*elementBytes+1)
}

func (f *forest) clear() { f.points, f.trees = f.points[:0], f.trees[:0] }

// close makes a tree of the points from from on.
func (f *forest) close(from int) { f.trees = append(f.trees, span{from, len(f.points)}) }

// sum adds up every tree. It is right for all points: whoever chooses keys can
// have equal or opposite points meet anywhere.
func (f *forest) sum() {
	for stride := 1; ; stride *= 2 {
		n := 0
		// Two products grow side by side, or each multiplication would wait for
		// the one before.
		products := [2]element{one, one}
		for _, tree := range f.trees {
			for i := tree.from; i+stride < tree.to; i += 2 * stride {
				product := &products[n%2]
				f.kinds[n] = f.divisor[n].divide(&f.points[i], &f.points[i+stride])
				f.before[n] = *product
				product.mul(product, &f.divisor[n])
				n++
			}
		}
		if n == 0 {
			return
		}
		var inverse element
		inverse.mul(&products[0], &products[1])
		inverse.invert(&inverse)
		products[0].mul(&products[0], &inverse)
		products[1].mul(&products[1], &inverse)
		products[0], products[1] = products[1], products[0]
		for i := n - 1; i >= 0; i-- {
			product := &products[i%2]
			f.before[i].mul(&f.before[i], product)
			product.mul(product, &f.divisor[i])
		}
		n = 0
		for _, tree := range f.trees {
			for i := tree.from; i+stride < tree.to; i += 2 * stride {
				f.points[i].join(&f.points[i+stride], f.kinds[n], &f.before[n])
				n++
			}
		}
	}
}

// divide sets z to what the slope of p and q is divided by, which is never 0.
func (z *element) divide(p, q *affine) pairKind {
	z.sub(&q.x, &p.x)
	switch {
	case p.isInfinity() || q.isInfinity():
	case !z.isZero():
		return chordPair
	case p.y.equal(&q.y):
		z.add(&p.y, &p.y)
		return tangentPair
	}
	*z = one
	return trivialPair
}

// join sets p to p + q. inverse is that of what divide gave.
func (p *affine) join(q *affine, kind pairKind, inverse *element) {
	var slope element
	switch kind {
	case chordPair:
		slope.sub(&q.y, &p.y)
	case tangentPair: // 3x²-3
		var s element
		s.square(&p.x)
		s.sub(&s, &one)
		slope.add(&s, &s)
		slope.add(&slope, &s)
	default:
		switch {
		case p.isInfinity():
			*p = *q
		case !q.isInfinity():
			*p = affine{} // opposite points
		}
		return
	}
	slope.mul(&slope, inverse)
	p.chord(p, q, &slope)
}

// isInfinity tells the zero value: no point of the curve has y = 0, as its order
// is odd.
func (p *affine) isInfinity() bool { return p.y[0]|p.y[1]|p.y[2]|p.y[3] == 0 }
