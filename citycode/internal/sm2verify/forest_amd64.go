//go:build !purego

package sm2verify

import "math/bits"

// fewPairs is how many pairs of a round are not worth lanes.
const fewPairs = 2 * lanes

// forestLanes is what a forest needs to add its pairs in lanes.
type forestLanes struct {
	steps []laneStep // of each group of eight pairs
	equal []uint8    // bit i: pair i of the group has points with equal x
}

// A laneStep is what is divided by for eight pairs, and the product of all before.
type laneStep struct{ divisor, before laneElement }

func newForestLanes(pairs int) forestLanes {
	groups := groupsOf(pairs)
	return forestLanes{steps: make([]laneStep, groups), equal: make([]uint8, groups)}
}

// groupsOf returns how many groups of eight hold n pairs. It is even.
func groupsOf(n int) int { return (n + 2*lanes - 1) / (2 * lanes) * 2 }

func (l *forestLanes) bytes() int {
	const stepBytes = 2 * 5 * lanes * 8
	return len(l.steps) * (stepBytes + 1)
}

// pairsUp sets a step for each group of eight pairs, and multiplies products by
// all divisors, x2 - x1; groups take turns. Where the two x are the same words it
// sets the bit of the pair in equal, and 1 for the divisor.
//
//go:noescape
func pairsUp(points *affine, pairs *pair, equal *uint8, steps *laneStep, products *[2]laneElement, groups int)

// pairsDown sets the sums of all pairs, eight for a group, where products are
// 2^518 divided by what pairsUp left. Of pairs with equal x the sum is of no use.
//
//go:noescape
func pairsDown(points *affine, pairs *pair, steps *laneStep, products *[2]laneElement, sums *affine, groups int)

// squareLanes squares sixteen numbers n times. n is at least 1.
//
//go:noescape
func squareLanes(z *[2]laneElement, n int)

// mulLanes sets z = x·y.
//
//go:noescape
func mulLanes(z, x, y *[2]laneElement)

// addInLanes sets the sums of all pairs of the round, points[first:], and chooses
// those for Go whose points have equal x. It reports false, and has done nothing of
// use, if there are such points whose x are written in two ways.
func (f *forest) addInLanes(first int) bool {
	n := len(f.pairs)
	groups := groupsOf(n)
	pairs := f.pairs[:groups*lanes]
	clear(pairs[n:])
	points := f.points[:first+len(pairs)]
	unit := laneElement{{1, 1, 1, 1, 1, 1, 1, 1}} // any number: it drops out again
	products := [2]laneElement{unit, unit}
	pairsUp(&points[0], &pairs[0], &f.equal[0], &f.steps[0], &products, groups)
	if !invertLanes(&products) {
		return false
	}
	pairsDown(&points[0], &pairs[0], &f.steps[0], &products, &points[first], groups)
	for group, equal := range f.equal[:groups] {
		for ; equal != 0; equal &= equal - 1 {
			if k := group*lanes + bits.TrailingZeros8(equal); k < n {
				f.choose(first, k)
			}
		}
	}
	return true
}

// invertLanes sets each plain number to 2^518 divided by it. It reports false if
// one of them is 0 modulo p.
func invertLanes(products *[2]laneElement) bool {
	var numbers, before [2 * lanes]element
	product := one
	for i := range numbers {
		numbers[i] = products[i/lanes].element(i % lanes)
		before[i] = product
		product.mul(&product, &numbers[i])
	}
	if product.isZero() {
		return false
	}
	product.invert(&product)
	for range 6 { // 2^512 divided by the number is what an inverse is here
		product.add(&product, &product)
	}
	for i := len(numbers) - 1; i >= 0; i-- {
		before[i].mul(&before[i], &product)
		product.mul(&product, &numbers[i])
		products[i/lanes].set(i%lanes, &before[i])
	}
	return true
}

// checkForest reports whether sums of pairs and powers in lanes are what their
// twins in Go find, on numbers from limb. Those need be no points of the curve: the
// formulas are those of a chord. useADX and useIFMA are false.
func checkForest(limb func() uint64, times int) bool {
	const points, pairs = 40, 5*lanes + 3 // groups of both turns, and one that is not full
	f := newForest(points+pairs, 2*pairs)
	for range times {
		f.clear(0)
		for len(f.points) < points {
			p := affine{element{limb(), limb(), limb(), limb()}, element{limb(), limb(), limb(), limb()}}
			if !p.y.isZero() { // no point of the curve has that, and it has no tangent
				f.points = append(f.points, p)
			}
		}
		f.pairs = f.pairs[:pairs]
		twoForms := false
		for k := range f.pairs {
			f.pairs[k] = pair{ref(limb() % (2 * points)), ref(limb() % (2 * points))}
			p, q := &f.points[f.pairs[k].left>>1].x, &f.points[f.pairs[k].right>>1].x
			twoForms = twoForms || *p != *q && p.equal(q)
		}
		f.points = f.points[:points+pairs]
		f.chooseAll(points)
		f.addChosen(points)
		want := [pairs]affine(f.points[points:])
		if ok := f.addInLanes(points); ok == twoForms {
			return false
		} else if !ok {
			continue
		}
		f.addChosen(points)
		for k, sum := range f.points[points:] {
			if !sum.x.equal(&want[k].x) || !sum.y.equal(&want[k].y) {
				return false
			}
		}
		var numbers, powers [maxRoots]element
		for i := range numbers {
			numbers[i] = element{limb(), limb(), limb(), limb()}
		}
		powers = numbers
		rootPowerInLanes(&powers)
		for i := range powers {
			if i%len(quad{}) == 0 {
				(*quad)(numbers[i:]).rootPower()
			}
			if !powers[i].equal(&numbers[i]) {
				return false
			}
		}
	}
	return true
}

// rootPowerInLanes sets each number to its power (p+1)/4, as [quad.rootPower] does.
//
// In lanes a product is divided by 2^260, not by 2^256. So the numbers are
// multiplied by 2^4 before, and by 2^-4 at the end.
func rootPowerInLanes(z *[maxRoots]element) {
	var powers [2][2]laneElement
	var last [2]laneElement
	for i, x := range z {
		for range 4 {
			x.add(&x, &x)
		}
		powers[0][i/lanes].set(i%lanes, &x)
		last[i/lanes].set(i%lanes, &one) // 2^256, which is 2^-4 where 1 is 2^260
	}
	for _, step := range rootChain {
		factor := powers[step.times]
		to := &powers[step.to]
		*to = powers[step.from]
		squareLanes(to, step.squares)
		mulLanes(to, to, &factor)
	}
	squareLanes(&powers[1], rootSquares)
	mulLanes(&powers[1], &powers[1], &last)
	for i := range z {
		z[i] = powers[1][i/lanes].element(i % lanes)
	}
}
