package sm2verify

// A forest adds up many lists of points at once, pair by pair, in affine
// coordinates: the slope of each pair needs a division, and all pairs of a round
// share one inversion, so that an addition takes 6 multiplications where
// addAffine takes 10. It may be used again; it is not safe for concurrent use.
type forest struct {
	points  []affine // what the trees are made of, then the sums of pairs
	refs    []ref
	trees   []span // of refs
	pairs   []pair // of a round
	chosen  []uint32
	divisor []element // of each chosen pair
	before  []element // the product of those before it in its chain, then the inverse
	kinds   []pairKind
	vanish  bool // a sum of the round is infinity
	forestLanes
}

// A ref is a point of the forest by its place, times 2; with 1 more, its opposite.
type ref uint32

const nothing ref = 1<<32 - 1 // infinity

// A span is a list, refs[from:to]. When its tree is added up, there is at most one
// left, and none or nothing stands for infinity.
type span struct{ from, to uint32 }

type pair struct{ left, right ref }

type pairKind uint8

const (
	chordPair    pairKind = iota
	tangentPair           // a point and itself
	oppositePair          // whose sum is infinity
)

// chosenPairs share an inversion in Go. In lanes all pairs of a round do.
const chosenPairs = 2048

// newForest returns a forest for at most that many points, sums included, and
// trees of at most refs points together.
func newForest(points, refs int) *forest {
	return &forest{
		points: make([]affine, 0, points+2*lanes), refs: make([]ref, 0, refs), trees: make([]span, 0, refs),
		pairs: make([]pair, 0, refs/2+2*lanes), chosen: make([]uint32, 0, chosenPairs),
		divisor: make([]element, chosenPairs), before: make([]element, chosenPairs), kinds: make([]pairKind, chosenPairs),
		forestLanes: newForestLanes(refs / 2),
	}
}

// bytes returns how much memory the forest takes.
func (f *forest) bytes() int {
	const refBytes, spanBytes, pairBytes, chosenBytes = 4, 8, 8, 2*32 + 4 + 1
	return cap(f.points)*pointBytes + cap(f.refs)*refBytes + cap(f.trees)*spanBytes + cap(f.pairs)*pairBytes + chosenPairs*chosenBytes + f.forestLanes.bytes()
}

// clear drops the trees, and the points from first on.
func (f *forest) clear(first int) {
	f.points, f.refs, f.trees = f.points[:first], f.refs[:0], f.trees[:0]
}

// close makes a tree of the refs from from on.
func (f *forest) close(from int) {
	f.trees = append(f.trees, span{uint32(from), uint32(len(f.refs))})
}

// at returns the point of a ref, which is not nothing.
func (f *forest) at(r ref) affine {
	p := f.points[r>>1]
	p.y.negateIf(-uint64(r & 1))
	return p
}

// look returns where the point of a ref is, in space if it is an opposite.
func (f *forest) look(r ref, space *affine) *affine {
	if r&1 == 0 {
		return &f.points[r>>1]
	}
	return f.copyTo(space, r)
}

func (f *forest) copyTo(space *affine, r ref) *affine {
	*space = f.at(r)
	return space
}

// root returns the sum of a tree that is added up.
func (f *forest) root(tree span) ref {
	if tree.from == tree.to {
		return nothing
	}
	return f.refs[tree.from]
}

// sum adds up every tree. It is right for all points: whoever chooses keys can
// have equal or opposite points meet anywhere.
func (f *forest) sum() {
	for f.pairUp() {
		first := len(f.points)
		f.points = f.points[:first+len(f.pairs)]
		if !useIFMA || len(f.pairs) < fewPairs || !f.addInLanes(first) {
			f.chooseAll(first)
		}
		f.addChosen(first)
		if f.vanish {
			f.forget(first)
		}
	}
}

// pairUp puts the sums of pairs in the place of the pairs, and makes a list of
// those that have to be computed. It reports false if all trees are added up.
func (f *forest) pairUp() (more bool) {
	pairs, k := f.pairs[:cap(f.pairs)], 0
	first := len(f.points)
	for t := range f.trees {
		tree := &f.trees[t]
		list := f.refs[tree.from:tree.to]
		if len(list) < 2 {
			continue
		}
		more = true
		n := len(list) / 2
		for i := range n {
			p, q := list[2*i], list[2*i+1]
			switch {
			case p == nothing:
				list[i] = q
			case q == nothing:
				list[i] = p
			default:
				pairs[k] = pair{p, q}
				list[i] = ref(first+k) << 1
				k++
			}
		}
		list[n] = list[len(list)-1] // of use if it has no partner
		tree.to = tree.from + uint32(n+len(list)%2)
	}
	f.pairs = pairs[:k]
	return more
}

// choose has pair k of the round added in Go. Sums go to points[first:].
func (f *forest) choose(first, k int) {
	if len(f.chosen) == cap(f.chosen) {
		f.addChosen(first)
	}
	f.chosen = append(f.chosen, uint32(k))
}

// chooseAll has all pairs of the round added in Go.
func (f *forest) chooseAll(first int) {
	for k := range f.pairs {
		f.choose(first, k)
	}
}

// addChosen adds the chosen pairs, whatever their points are.
func (f *forest) addChosen(first int) {
	if len(f.chosen) == 0 {
		return
	}
	// Two products grow side by side, or each multiplication would wait for
	// the one before.
	products := [2]element{one, one}
	var space [2]affine
	for n, k := range f.chosen {
		p, q := f.look(f.pairs[k].left, &space[0]), f.look(f.pairs[k].right, &space[1])
		product := &products[n%2]
		f.kinds[n] = f.divisor[n].divide(p, q)
		f.vanish = f.vanish || f.kinds[n] == oppositePair
		f.before[n] = *product
		product.mul(product, &f.divisor[n])
	}
	var inverse element
	inverse.mul(&products[0], &products[1])
	inverse.invert(&inverse)
	products[0].mul(&products[0], &inverse)
	products[1].mul(&products[1], &inverse)
	products[0], products[1] = products[1], products[0]
	for n := len(f.chosen) - 1; n >= 0; n-- {
		product := &products[n%2]
		f.before[n].mul(&f.before[n], product)
		product.mul(product, &f.divisor[n])
	}
	for n, k := range f.chosen {
		p, q := f.look(f.pairs[k].left, &space[0]), f.look(f.pairs[k].right, &space[1])
		f.points[first+int(k)].join(p, q, f.kinds[n], &f.before[n])
	}
	f.chosen = f.chosen[:0]
}

// forget puts nothing in the place of sums that are infinity: no point of the
// curve has y = 0, as its order is odd.
func (f *forest) forget(first int) {
	for _, tree := range f.trees {
		for i, r := range f.refs[tree.from:tree.to] {
			if r != nothing && int(r>>1) >= first && f.points[r>>1] == (affine{}) {
				f.refs[int(tree.from)+i] = nothing
			}
		}
	}
	f.vanish = false
}

// divide sets z to what the slope of p and q is divided by, which is never 0.
func (z *element) divide(p, q *affine) pairKind {
	z.sub(&q.x, &p.x)
	switch {
	case !z.isZero():
		return chordPair
	case p.y.equal(&q.y):
		z.add(&p.y, &p.y)
		return tangentPair
	}
	*z = one
	return oppositePair
}

// join sets r to p + q, to the zero value if that is infinity. inverse is that of
// what divide gave.
func (r *affine) join(p, q *affine, kind pairKind, inverse *element) {
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
		*r = affine{}
		return
	}
	slope.mul(&slope, inverse)
	r.chord(p, q, &slope)
}
