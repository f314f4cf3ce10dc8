//go:build !purego

package sm2verify

// useIFMA says that sums of points go through the routines in lanes_amd64.s.
// Only choose writes it, and tests.
var useIFMA bool

// A laneElement is a number modulo p for each lane of an AVX-512 vector: limb i,
// of 52 bits, of lane j is at [i][j]. It is in Montgomery form with R = 2^260.
type laneElement [5][lanes]uint64

// lanePoints is a projective for each lane.
type lanePoints struct{ x, y, zz, zzz laneElement }

// laneMultiples are numbers in limbs of 52 bits, or a little more.
var laneMultiples = [...][5]uint64{
	{0x10, 0xffffffff0000, 0x0, 0x0, 0x100000},                                                     // R
	{0x1ffffffffffffe, 0x1fe00000001ffe, 0x1ffffffffffffe, 0x1ffffffffffffe, 0x1fffffffdfffe},      // 2p
	{0x2ffffffffffffd, 0x2fd00000002ffd, 0x2ffffffffffffd, 0x2ffffffffffffd, 0x2fffffffcfffd},      // 3p
	{0x4ffffffffffffb, 0x4fb00000004ffb, 0x4ffffffffffffb, 0x4ffffffffffffb, 0x4fffffffafffb},      // 5p
	{0x10fffffffffffef, 0x10ef00000010fef, 0x10fffffffffffef, 0x10fffffffffffef, 0x10ffffffeeffef}, // 17p
}

// lanePartners says for each of three rounds which lane each lane looks at, and
// in a mask which lanes add what they see.
var lanePartners = [3]struct {
	partner [lanes]uint64
	adds    uint64
}{
	{[lanes]uint64{4, 5, 6, 7, 0, 1, 2, 3}, 0x0f},
	{[lanes]uint64{2, 3, 0, 1, 6, 7, 4, 5}, 0x33},
	{[lanes]uint64{1, 0, 3, 2, 5, 4, 7, 6}, 0x55},
}

// element returns the number of a lane.
func (e *laneElement) element(lane int) element {
	return element52(e[0][lane], e[1][lane], e[2][lane], e[3][lane], e[4][lane])
}

// set sets the number of a lane to x as it stands.
func (e *laneElement) set(lane int, x *element) {
	for i, limb := range x.limbs52() {
		e[i][lane] = limb
	}
}

// limbs52 returns the five limbs of 52 bits of x.
func (x *element) limbs52() [5]uint64 {
	const mask = 1<<52 - 1
	return [5]uint64{x[0] & mask, (x[0]>>52 | x[1]<<12) & mask, (x[1]>>40 | x[2]<<24) & mask, (x[2]>>28 | x[3]<<36) & mask, x[3] >> 16}
}

// element52 returns the number of five limbs of 52 bits.
func element52(l0, l1, l2, l3, l4 uint64) element {
	x := element{l0 | l1<<52, l1>>12 | l2<<40, l2>>24 | l3<<28, l3>>36 | l4<<16}
	over := l4 >> 48 // times 2^256, of which each is d0, d1, 0, d3
	x.add(&x, &element{over, over<<32 - over, 0, over << 32})
	return x
}

// point returns the point of a lane. The factor 2^4 between the two Montgomery
// forms is 4² in x and zz, so that 4³ has to be in y and zzz.
func (l *lanePoints) point(lane int) (p projective) {
	p = projective{l.x.element(lane), l.y.element(lane), l.zz.element(lane), l.zzz.element(lane)}
	for range 2 {
		p.y.add(&p.y, &p.y)
		p.zzz.add(&p.zzz, &p.zzz)
	}
	return p
}

// copyLane sets the point of a lane to that in another.
func (l *lanePoints) copyLane(m *lanePoints, lane int) {
	for i := range l.x {
		l.x[i][lane], l.y[i][lane], l.zz[i][lane], l.zzz[i][lane] = m.x[i][lane], m.y[i][lane], m.zz[i][lane], m.zzz[i][lane]
	}
}

// sumLanes adds up points in each lane: of round i that at [i][lane], if its bit
// in active[i] is set, or the opposite if its bit in negative[i] is set too. If
// onto is set, it adds them to sum; else all are active in the first round. Where
// two sums with equal x meet, zz becomes 0 modulo p and stays so. If join is set, each lane j is in the end the sum of
// the lanes whose numbers have all bits of j: lane 0 of all.
//
//go:noescape
func sumLanes(sum *lanePoints, points *[lanes]*affine, active, negative *uint8, rounds int, onto, join bool)

// sumIFMA returns the sum of at least one point for each lane. It reports false
// if the sum is infinity, or two sums on the way had equal x.
func (p *picks) sumIFMA() (sum projective, ok bool) {
	var l lanePoints
	return p.sumOnto(&l, false)
}

// sumOnto is sumIFMA, and adds the points in all lanes of l if onto is set.
func (p *picks) sumOnto(l *lanePoints, onto bool) (sum projective, ok bool) {
	var active [maxRounds]uint8
	rounds := p.n / lanes
	for i := range rounds {
		active[i] = 0xff
	}
	if rest := p.n % lanes; rest != 0 {
		active[rounds] = 1<<rest - 1
		rounds++
	}
	sumLanes(l, (*[lanes]*affine)(p.points[:]), &active[0], &p.negative[0], rounds, onto, true)
	sum = l.point(0)
	return sum, !sum.isInfinity()
}

// sumEachIFMA sets at most eight sums, each by a lane. It reports false, and sums
// are of no use, if there is a sum of nothing. Of those that are infinity, or in
// which two sums on the way had equal x, sum knows more.
func sumEachIFMA(sums []projective, list []picks) bool {
	var points [maxTerms][lanes]*affine
	var active, negative [maxTerms]uint8
	rounds := 0
	for lane := range lanes {
		p := &list[min(lane, len(list)-1)] // a lane without a sum repeats the last
		if p.n == 0 {
			return false
		}
		for i := range p.n {
			points[i][lane] = p.points[i]
			active[i] |= 1 << lane
			negative[i] |= p.negative[i/lanes] >> (i % lanes) & 1 << lane
		}
		rounds = max(rounds, p.n)
	}
	var l lanePoints
	sumLanes(&l, &points[0], &active[0], &negative[0], rounds, false, false)
	for lane := range sums {
		if sums[lane] = l.point(lane); sums[lane].isInfinity() {
			sums[lane] = list[lane].sum()
		}
	}
	return true
}

// checkLanes reports whether sumLanes computes what its twin in Go does, on
// numbers from limb. It needs no points of the curve: the formulas are those of
// a chord. useIFMA is false.
func checkLanes(limb func() uint64, times int) bool {
	var space [lanes * maxRounds]affine
	for range times {
		var p picks
		var active [maxRounds]uint8
		for i := range space {
			space[i] = affine{element{limb(), limb(), limb(), limb()}, element{limb(), limb(), limb(), limb()}}
			p.points[i] = &space[i]
			bit := uint8(1) << (i % lanes)
			if i < lanes || limb()&7 != 0 {
				active[i/lanes] |= bit
			}
			if limb()&1 != 0 {
				p.negative[i/lanes] |= bit
			}
		}
		var want [lanes]twin
		for i := range space {
			if bit := uint8(1) << (i % lanes); active[i/lanes]&bit != 0 {
				q := space[i]
				q.y.negateIf(-uint64(p.negative[i/lanes] >> (i % lanes) & 1))
				want[i%lanes].addAffine(&q)
			}
		}
		for _, join := range []bool{false, true} {
			var got lanePoints
			sumLanes(&got, (*[lanes]*affine)(p.points[:]), &active[0], &p.negative[0], maxRounds, false, join)
			if join {
				joinGo(&want)
			}
			if !got.equal(&want) {
				return false
			}
		}
	}
	return true
}

// A twin is what Go says that a lane's sum is. blind says that two sums with equal
// x met in it, or infinity was added: of which the lane has to make infinity.
type twin struct {
	projective
	blind bool
}

func (t *twin) addAffine(q *affine) {
	other := projective{q.x, q.y, one, one}
	t.meet(&other)
	t.projective.addAffine(q)
}

func (t *twin) add(q *twin) {
	t.blind = t.blind || q.blind || q.isInfinity()
	t.meet(&q.projective)
	t.projective.add(&q.projective)
}

func (t *twin) meet(q *projective) {
	if t.isInfinity() || q.isInfinity() {
		return
	}
	var l, r element
	l.mul(&t.x, &q.zz)
	r.mul(&q.x, &t.zz)
	t.blind = t.blind || l.equal(&r)
}

// is reports whether the point of a lane is what it has to be.
func (t *twin) is(got projective) bool {
	if t.blind || t.isInfinity() {
		return got.isInfinity()
	}
	return !got.isInfinity() && got.equal(&t.projective)
}

// joinGo is what the end of sumLanes and sumChain does to eight sums.
func joinGo(sums *[lanes]twin) {
	for bit := lanes / 2; bit > 0; bit /= 2 {
		for j := range sums {
			if j&bit == 0 {
				sums[j].add(&sums[j|bit])
			}
		}
	}
}

// equal reports whether the points of all lanes are those in want.
func (l *lanePoints) equal(want *[lanes]twin) bool {
	for j := range want {
		if !want[j].is(l.point(j)) {
			return false
		}
	}
	return true
}
