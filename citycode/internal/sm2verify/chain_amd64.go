//go:build !purego

package sm2verify

// A chainElement is four numbers: limb i, of 52 bits, of number j is at [i][j].
// They are in Montgomery form with R = 2^260.
type chainElement [5][4]uint64

// A chainPoint is 2y, z and x of a point in Jacobian coordinates.
type chainPoint chainElement

// chainStart is a point to be doubled, as the comment in chain_amd64.s has it: w,
// w, m, t; anything, z; and four times x.
type chainStart struct{ wmt, z, x chainElement }

// chainPlus is 2p, 2p, 3p, 0 in limbs of 52 bits or a little more.
var chainPlus = chainElement{
	{0x1ffffffffffffe, 0x1ffffffffffffe, 0x2ffffffffffffd},
	{0x1fe00000001ffe, 0x1fe00000001ffe, 0x2fd00000002ffd},
	{0x1ffffffffffffe, 0x1ffffffffffffe, 0x2ffffffffffffd},
	{0x1ffffffffffffe, 0x1ffffffffffffe, 0x2ffffffffffffd},
	{0x1fffffffdfffe, 0x1fffffffdfffe, 0x2fffffffcfffd},
}

// set sets number j to x.
func (e *chainElement) set(j int, x element) {
	for range 4 { // from R = 2^256
		x.add(&x, &x)
	}
	for i, limb := range x.limbs52() {
		e[i][j] = limb
	}
}

// jacobian returns the point. The factor 2^4 between the two Montgomery forms is
// in z, so that 2^8 has to be in x and 2^12 in y.
func (c *chainPoint) jacobian() jacobian {
	var v [3]element
	for j := range v {
		v[j] = element52(c[0][j], c[1][j], c[2][j], c[3][j], c[4][j])
	}
	p := jacobian{x: v[2], y: v[0], z: v[1]}
	for range 4 {
		p.x.add(&p.x, &p.x)
	}
	for range 7 {
		p.y.add(&p.y, &p.y)
	}
	return p
}

func newChainStart(p *affine) (s chainStart) {
	var w, m, t element
	w.add(&p.y, &p.y)
	m.square(&p.x)
	m.sub(&m, &one)
	t.add(&m, &m)
	m.add(&m, &t)
	t.add(&one, &one)
	t.add(&t, &one)
	t.sub(&element{}, &t)
	s.wmt.set(0, w)
	s.wmt.set(1, w)
	s.wmt.set(2, m)
	s.wmt.set(3, t)
	s.z.set(1, one)
	for j := range 4 {
		s.x.set(j, p.x)
	}
	return s
}

// doubleChain doubles n-1 times. It writes the points before which digits is not
// 0, from the first to digits[n-1], one after the other.
//
//go:noescape
func doubleChain(points *chainPoint, start *chainStart, digits *int8, n int)

// sumChain adds to each lane of sum its points, as sumLanes does, but by their
// numbers in points. Then it joins the lanes, and doubles lane 1 once, lane 2
// twice and lane 4 three times.
//
//go:noescape
func sumChain(sum *lanePoints, points *chainPoint, index *[lanes]uint32, active, negative *uint8, rounds int)

const maxChain = (nafDigits + nafWidth - 1) / nafWidth // digits that are not 0

// baseLanes is G in each lane. Only choose writes it.
var baseLanes lanePoints

func newLanePoints(p *affine) (l lanePoints) {
	var x, y, z chainElement
	x.set(0, p.x)
	y.set(0, p.y)
	z.set(0, one)
	for i := range x {
		for j := range lanes {
			l.x[i][j], l.y[i][j], l.zz[i][j], l.zzz[i][j] = x[i][0], y[i][0], z[i][0], z[i][0]
		}
	}
	return l
}

// combineIFMA returns s·G + t·p. It reports false if two sums on the way had
// equal x.
//
// Lane j adds up those 2^i·p where the non-adjacent form of t has the digit 2j+1,
// or their opposites where it has -(2j+1) (Yao). So no digit waits for a
// doubling: those are done before. Each lane begins with G, because it must begin
// with something; 64·G too much, since 1 + 3 + ... + 15 = 64. The sum of (2j+1)
// times lane j is then made of
//
//	all lanes + 2·(lanes 1 3 5 7) + 4·(lanes 2 3 6 7) + 8·(lanes 4 5 6 7)
//
// because 2j+1 = 1 + 2·(j&1) + 2·(j&2) + 2·(j&4), and those are what sumChain
// leaves in lanes 0, 1, 2 and 4. What G adds goes on top, and on four times G in
// the other lanes.
func (p *affine) combineIFMA(s, t *scalar) (sum projective, ok bool) {
	var (
		digits           [nafDigits]int8 // of which doubleChain only asks whether they are 0
		points           [maxChain]chainPoint
		index            [maxChain][lanes]uint32
		active, negative [maxChain]uint8
		count            [lanes]int
	)
	n, rounds, k := 0, 0, uint32(0)
	for i, d, carry := t.nafDigit(0, 0); d != 0; i, d, carry = t.nafDigit(i+nafWidth, carry) {
		digits[i] = 1
		sign := d >> 63
		lane := (d ^ sign - sign) / 2
		round := count[lane]
		count[lane]++
		index[round][lane] = k
		active[round] |= 1 << lane
		negative[round] |= uint8(sign&1) << lane
		rounds = max(rounds, round+1)
		n = i + 1
		k++
	}
	start := newChainStart(p)
	doubleChain(&points[0], &start, &digits[0], n)
	l := baseLanes
	sumChain(&l, &points[0], &index[0], &active[0], &negative[0], rounds)

	for _, lane := range [...]int{3, 5, 6, 7} { // G in place of what is not wanted
		l.copyLane(&baseLanes, lane)
	}
	var rest picks
	s68 := s.subModulo(&scalar{64 + 4})
	baseTable().pick(&rest, &s68)
	return rest.sumOnto(&l, true)
}

// checkChain reports whether doubleChain and sumChain compute what their twins
// in Go do, on numbers from limb. Those need be no points of the curve: a
// doubling does not depend on b. useADX and useIFMA are false.
func checkChain(limb func() uint64, times int) bool {
	var digits [maxChain]int8
	for i := range digits {
		digits[i] = 1
	}
	for range times {
		p := affine{element{limb(), limb(), limb(), limb()}, element{limb(), limb(), limb(), limb()}}
		start := newChainStart(&p)
		var points [maxChain]chainPoint
		doubleChain(&points[0], &start, &digits[0], len(digits))
		var twins [maxChain]projective
		multiple := jacobian{p.x, p.y, one}
		for i := range points {
			got := points[i].jacobian()
			q := got.projective()
			twins[i] = multiple.projective()
			if !q.equal(&twins[i]) {
				return false
			}
			multiple.double()
		}

		const rounds = 5
		var index [rounds][lanes]uint32
		var active, negative [rounds]uint8
		var want [lanes]twin
		for j := range want {
			want[j].addAffine(&base)
			for round := range rounds {
				index[round][j] = uint32(limb() % maxChain)
				if limb()%4 == 0 {
					continue
				}
				active[round] |= 1 << j
				q := twins[index[round][j]]
				if limb()%2 == 0 {
					negative[round] |= 1 << j
					q.y.sub(&element{}, &q.y)
				}
				want[j].add(&twin{projective: q})
			}
		}
		sums := baseLanes
		sumChain(&sums, &points[0], &index[0], &active[0], &negative[0], rounds)
		joinGo(&want)
		for i, lane := range []int{1, 2, 4} {
			for range i + 1 {
				want[lane].double()
			}
		}
		if !sums.equal(&want) {
			return false
		}
		onto := picks{n: 2*lanes + 3}
		for i := range onto.n {
			onto.points[i] = &affine{element{limb(), limb(), limb(), limb()}, element{limb(), limb(), limb(), limb()}}
			want[i%lanes].addAffine(onto.points[i])
		}
		joinGo(&want)
		if sum, _ := onto.sumOnto(&sums, true); !want[0].is(sum) {
			return false
		}
	}
	return true
}
