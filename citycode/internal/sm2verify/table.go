package sm2verify

// A table holds multiples of a point, so that a product is a sum without a
// doubling: row i has j·2^(width·i)·P for j = 1..2^(width-1). It is read-only
// once it is made.
type table struct {
	width  int
	points []affine // row after row
	taken  scalar   // 2^(width-1) in each window but the highest (pick)
}

const pointBytes = 64 // of memory: a cache line

func rowsOf(width int) int { return (256 + width - 1) / width }

// newTable computes the table of p: about 6 multiplications for each point.
func newTable(p *affine, width int) *table {
	rows, length := rowsOf(width), 1<<(width-1)
	t := &table{width: width, points: make([]affine, rows*length)}
	for i := range rows - 1 {
		bit := width*i + width - 1
		t.taken[bit/64] |= 1 << (bit % 64)
	}
	t.fillFirst(p, rows, length)
	slopes := make([]element, rows*length/2)
	for k := 1; k < length; k *= 2 {
		t.lengthen(k, length, slopes[:rows*k])
	}
	return t
}

// lengthen doubles rows of k points by adding the last of them to each. All rows
// share one inversion. No two points that are added have the same x but the last
// and itself: j = ±k mod n would need j+k >= n. slopes is scratch space.
func (t *table) lengthen(k, length int, slopes []element) {
	for i := range slopes {
		row, j := t.points[i/k*length:], i%k
		if p, last := &row[j], &row[k-1]; p != last {
			slopes[i].sub(&last.x, &p.x)
		} else {
			slopes[i].add(&p.y, &p.y)
		}
	}
	invertAll(slopes)
	for i := range slopes {
		row, j := t.points[i/k*length:], i%k
		p, last := &row[j], &row[k-1]
		var rise element
		if p != last {
			rise.sub(&last.y, &p.y)
		} else { // 3x²-3
			var s element
			s.square(&p.x)
			s.sub(&s, &one)
			rise.add(&s, &s)
			rise.add(&rise, &s)
		}
		rise.mul(&rise, &slopes[i])
		row[k+j].chord(p, last, &rise)
	}
}

// fillFirst sets the first point of each row.
func (t *table) fillFirst(p *affine, rows, length int) {
	multiples := make([]jacobian, rows)
	inverses := make([]element, rows)
	multiple := jacobian{p.x, p.y, one}
	for i := range rows {
		multiples[i], inverses[i] = multiple, multiple.z
		for range t.width {
			multiple.double()
		}
	}
	invertAll(inverses)
	for i := range rows {
		first, z := &t.points[i*length], &inverses[i]
		var zz element
		zz.square(z)
		first.x.mul(&multiples[i].x, &zz)
		zz.mul(&zz, z)
		first.y.mul(&multiples[i].y, &zz)
	}
}

// chord sets r to p + q, where slope is that of the line through them.
func (r *affine) chord(p, q *affine, slope *element) {
	var x, y element
	x.square(slope)
	x.sub(&x, &p.x)
	x.sub(&x, &q.x)
	y.sub(&p.x, &x)
	y.mul(&y, slope)
	y.sub(&y, &p.y)
	*r = affine{x, y}
}

// invertAll inverts numbers, none of them 0, at 3 multiplications each and one
// inversion.
func invertAll(v []element) {
	before := make([]element, len(v)) // the product of all before it
	product := one
	for i := range v {
		before[i] = product
		product.mul(&product, &v[i])
	}
	product.invert(&product)
	for i := len(v) - 1; i >= 0; i-- {
		before[i].mul(&before[i], &product)
		product.mul(&product, &v[i])
		v[i] = before[i]
	}
}

// Sums of many points can be computed in lanes, side by side.
const (
	lanes     = 8
	maxRounds = maxTerms / lanes
)

// picks are points of tables, or their opposites, whose sum is wanted: of table
// entries no more is known than where they are.
type picks struct {
	n        int
	points   [maxTerms]*affine
	negative [maxRounds]uint8 // bit i%8 of byte i/8 stands for point i
}

// add adds q, which must not change before the sum is known.
func (p *picks) add(q *affine) {
	p.points[p.n] = q
	p.n++
}

// pick adds the points whose sum is k·P, at most one for each row. k is below n.
func (t *table) pick(p *picks, k *scalar) {
	// A row has the digit of its window, of width bits, less 2^(width-1), and what
	// that takes away is added to all windows before, so that no digit waits for
	// another. Only the highest has no room for it, and needs none: what is cut is
	// at most n/2.
	var flip int
	rest := *k
	if orderHalf.less(k) {
		rest, _ = order.minus(k)
		flip = 1
	}
	rest, _ = rest.plus(&t.taken)
	limbs := [...]uint64{rest[0], rest[1], rest[2], rest[3], 0}
	length, width, n, position := 1<<(t.width-1), uint(t.width), uint(p.n), uint(0)
	taken := length
	for row := t.points; len(row) > 0; row = row[length:] {
		if len(row) == length {
			taken = 0
		}
		at, shift := position/64&3, position%64
		position += width
		d := int((limbs[at]>>shift|limbs[at+1]<<1<<(63-shift))&(1<<(width%64)-1)) - taken
		if d == 0 {
			continue
		}
		sign := d >> 63
		p.points[n] = &row[(d^sign)-sign-1]
		p.negative[n/lanes] |= uint8((sign&1 ^ flip) << (n % lanes))
		n++
	}
	p.n = int(n)
}

// sum returns the sum of the points.
func (p *picks) sum() (sum projective) {
	if useIFMA && p.n >= lanes {
		if sum, ok := p.sumIFMA(); ok {
			return sum
		}
		// Infinity, or two sums that a blind spot of the formulas made 0.
	}
	var space [maxTerms]affine
	terms := p.terms(space[:0])
	for i := range terms {
		sum.addAffine(&terms[i])
	}
	return sum
}

// terms appends the points to a list. All look-ups are done before the first
// addition, so that a processor waits for several lines of a cold table at once.
func (p *picks) terms(list []affine) []affine {
	for i, q := range p.points[:p.n] {
		list = append(list, *q)
		list[len(list)-1].y.negateIf(-uint64(p.negative[i/lanes] >> (i % lanes) & 1))
	}
	return list
}

// sumEach sets each sum to that of the picks at its place.
func sumEach(sums []projective, list []picks) {
	for len(list) > 0 {
		n := min(lanes, len(list))
		if !useIFMA || n == 1 || !sumEachIFMA(sums[:n], list[:n]) {
			for i := range n {
				sums[i] = list[i].sum()
			}
		}
		sums, list = sums[n:], list[n:]
	}
}

// multiply returns k·P.
func (t *table) multiply(k *scalar) projective {
	var p picks
	t.pick(&p, k)
	return p.sum()
}

// check reports whether the table of p is sound: each point is on the curve,
// and a sum over all rows is what doubling and adding gives.
func (t *table) check(p *affine) bool {
	for i := range t.points {
		if !t.points[i].onCurve() {
			return false
		}
	}
	for _, k := range []scalar{
		{0x6969696969696969, 0x6969696969696969, 0x6969696969696969, 0x6969696969696969},
		{0xb7e151628aed2a6a, 0xbf7158809cf4f3c7, 0x62e7160f38b4da56, 0xa784d9045190cfef},
	} {
		product := p.multiply(&k)
		want, got := product.projective(), t.multiply(&k)
		if got.isInfinity() || !got.equal(&want) {
			return false
		}
	}
	return true
}

// negateIf negates x if mask is all ones, and leaves it if mask is 0: signs of
// digits are random, and a branch on them would be mispredicted half the time.
func (x *element) negateIf(mask uint64) {
	var n element
	n.sub(&element{}, x)
	for i := range x {
		x[i] ^= (x[i] ^ n[i]) & mask
	}
}
