//go:build !purego

package sm2verify

import (
	"math/big"
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A backend is one choice that choose could have made. What a processor cannot
// run is not tested on it.
type backend struct {
	name      string
	adx, ifma bool
}

func backends() []backend {
	list := []backend{{"go", false, false}}
	if hasADX() {
		list = append(list, backend{"adx", true, false})
	}
	if hasIFMA() {
		list = append(list, backend{"ifma", hasADX(), true})
	}
	return list
}

// withEach runs f with each backend in turn.
func withEach(f func(name string)) {
	start() // or f might, and would undo the choice
	adx, ifma := useADX, useIFMA
	defer func() { useADX, useIFMA = adx, ifma }()
	for _, b := range backends() {
		useADX, useIFMA = b.adx, b.ifma
		f(b.name)
	}
}

// The assembly is taken where the processor has what it needs: the checks at
// the start pass, so that the rest of the tests test something.
func TestChoose(t *testing.T) {
	adx, ifma := useADX, useIFMA
	defer func() { useADX, useIFMA = adx, ifma }()
	choose()
	list := backends()
	best := list[len(list)-1]
	assert.Equal(t, best, backend{best.name, useADX, useIFMA})
	t.Logf("%s is the best of %d backends here", best.name, len(list))
}

// The routines and their twins in Go, more often and on other numbers than at
// every start.
func TestAssembly(t *testing.T) {
	start()
	adx, ifma := useADX, useIFMA
	defer func() { useADX, useIFMA = adx, ifma }()
	useADX, useIFMA = false, false
	for _, b := range backends() {
		random := seeded(70)
		limb := func() uint64 { return specialLimb(random) }
		if b.ifma {
			assert.True(t, checkLanes(limb, cases(400)))
			assert.True(t, checkChain(limb, cases(400)))
			assert.True(t, checkForest(limb, cases(400)))
		} else if b.adx {
			assert.True(t, checkADX(limb, cases(50_000)))
		}
	}
}

// A doubling triples x² - z⁴, and some carries are rare there: out of the lowest
// limb when what is above 2^256 comes back, and once more above 2^256 then. x is
// chosen for them.
func TestTriple(t *testing.T) {
	if !hasADX() {
		t.Skip("this processor has no ADX: the routines of field_amd64.s cannot run")
	}
	random := seeded(72)
	adx, ifma := useADX, useIFMA
	defer func() { useADX, useIFMA = adx, ifma }()
	useADX, useIFMA = false, false
	done := 0
	for range cases(2000) {
		p := jacobian{y: element(special(random)), z: one}
		square := element(special(random))
		square[0] = [...]uint64{0x5555555555555555, 0xaaaaaaaaaaaaaaaa}[random.IntN(2)]
		if random.IntN(2) == 0 { // three times this is less than 2^256 - p below 2·2^256
			u := special(random)
			if random.IntN(2) == 0 {
				u[0] = 2
			}
			u[3] %= d3
			v := new(big.Int).Lsh(radix, 1)
			v.Sub(v, number(&u))
			square = element(limbs(v.Div(v, big.NewInt(3))))
		}
		square.add(&square, &one)
		if !p.x.root(&square) {
			continue
		}
		done++
		q := p
		p.double()
		doubleADX(&q)
		require.True(t, p.x.equal(&q.x) && p.y.equal(&q.y) && p.z.equal(&q.z))
	}
	require.NotZero(t, done)
}

// An addition begins with q.x·zz - p.x. Here q.x is 0 and p.x above p, so that p
// has to be added twice, and once more a borrow may run through all limbs.
func TestSubtractTwice(t *testing.T) {
	if !hasADX() {
		t.Skip("this processor has no ADX: the routines of field_amd64.s cannot run")
	}
	random := seeded(73)
	adx, ifma := useADX, useIFMA
	defer func() { useADX, useIFMA = adx, ifma }()
	useADX, useIFMA = false, false
	for range cases(2000) {
		low := special(random) // 2^256 - low is below 2^256 - p
		low[1], low[2], low[3] = low[1]&0xffffffff, low[2]&-uint64(random.IntN(2)), low[3]|^uint64(d1)
		above := new(big.Int).Sub(new(big.Int).Add(radix, curve.P), number(&low))
		if above.Cmp(radix) >= 0 {
			continue
		}
		p := projective{limbs(above), special(random), special(random), special(random)}
		q := affine{y: special(random)}
		if p.isInfinity() {
			continue
		}
		sum := p
		p.addAffine(&q)
		if addAffineADX(&sum, &q) {
			require.True(t, p.same(&sum))
		}
	}
}

// A doubling takes 2xy² from m², m = 3/2·(x² - z⁴). What that borrows can be more
// than is left of the lower limbs, so that p has to be added once more: with m² = 0
// and xy² small, which multiplication gives as a number above p, and where y is 1,
// x just below 2^255 and m² small.
func TestSubtractTwiceAndTwice(t *testing.T) {
	if !hasADX() {
		t.Skip("this processor has no ADX: the routines of field_amd64.s cannot run")
	}
	random := seeded(75)
	adx, ifma := useADX, useIFMA
	defer func() { useADX, useIFMA = adx, ifma }()
	useADX, useIFMA = false, false
	var three element
	three.add(&one, &one)
	three.add(&three, &one)
	counts := [2]int{}
	for range cases(4000) {
		low := special(random) // below (2^256-p)/2
		low[1], low[2], low[3] = low[1]&0x7fffffff, low[2]&-uint64(random.IntN(2)), 0
		kind := random.IntN(2)
		var p jacobian
		var fourth, m element
		if kind == 0 {
			p.y = element(special(random))
			p.x.square(&p.y)
			p.x.invert(&p.x)
			p.x.mul(&p.x, (*element)(&low))
			fourth = p.x
		} else {
			p.y = one
			p.x = element(limbs(new(big.Int).Sub(new(big.Int).Rsh(radix, 1), number(&low))))
			if !m.root(&element{low[0]}) {
				continue
			}
			m.add(&m, &m)
			fourth.invert(&three)
			fourth.mul(&fourth, &m)
			m.square(&p.x)
			fourth.sub(&m, &fourth)
			if !fourth.root(&fourth) {
				continue
			}
		}
		if !p.z.root(&fourth) {
			continue
		}
		counts[kind]++
		q := p
		p.double()
		doubleADX(&q)
		require.True(t, p.x.equal(&q.x) && p.y.equal(&q.y) && p.z.equal(&q.z))
	}
	require.NotZero(t, counts[0])
	require.NotZero(t, counts[1])
}

// Lanes whose numbers are as large as the comments in lanes_amd64.s allow, to
// which points are added whose limbs are as large as limbs can be.
func TestLanesAtBounds(t *testing.T) {
	if !hasIFMA() {
		t.Skip("this processor has no AVX512-IFMA: the lanes cannot run")
	}
	random := seeded(71)
	limb := func() uint64 { return specialLimb(random) }
	ones := element{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}
	for range cases(400) {
		var l lanePoints
		var want [lanes]twin
		for lane := range lanes {
			large(&l.x, lane, 101, random)
			large(&l.y, lane, 279, random)
			large(&l.zz, lane, 129, random)
			large(&l.zzz, lane, 119, random)
			want[lane].projective = l.point(lane)
		}
		list := picks{n: 3 * lanes}
		for i := range list.n {
			q := &affine{element{limb(), limb(), limb(), limb()}, ones}
			if i%3 == 0 {
				q.x = ones
				q.y[i/3%4] -= uint64(random.IntN(1 << 16))
			}
			list.points[i] = q
			sum := *q
			if random.IntN(2) == 0 {
				list.negative[i/lanes] |= 1 << (i % lanes)
				sum.y.negateIf(^uint64(0))
			}
			want[i%lanes].addAffine(&sum)
		}
		joinGo(&want)
		got, ok := list.sumOnto(&l, true)
		require.True(t, ok)
		require.True(t, want[0].is(got))
	}
}

// Pairs whose sums are a little more than 2^256 - p, so that one fold leaves 2^256
// or more, and pairs whose coordinates are as large as words can be.
func TestPairsAtBounds(t *testing.T) {
	if !hasIFMA() {
		t.Skip("this processor has no AVX512-IFMA: the lanes cannot run")
	}
	random := seeded(74)
	adx, ifma := useADX, useIFMA
	defer func() { useADX, useIFMA = adx, ifma }()
	useADX, useIFMA = false, false
	small := func() element { // from 2^256 - p to four times as much, as a rule
		return element{specialLimb(random), random.Uint64(), uint64(random.IntN(2)) * specialLimb(random), (1 + random.Uint64N(4)) << 32}
	}
	ones := element{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}
	const pairs = 4 * lanes
	f := newForest(3*pairs, 2*pairs)
	over := 0
	for range cases(400) {
		f.clear(0)
		f.pairs = f.pairs[:0]
		for range pairs {
			var p, q affine
			slope, x := element(special(random)), small()
			p.x = special(random)
			if random.IntN(8) == 0 {
				p.x = ones
			}
			q.x.square(&slope) // x = slope² - p.x - q.x
			q.x.sub(&q.x, &p.x)
			q.x.sub(&q.x, &x)
			p.y.sub(&p.x, &x) // y = slope·(p.x - x) - p.y
			p.y.mul(&p.y, &slope)
			if y := small(); random.IntN(2) == 0 {
				p.y.sub(&p.y, &y)
			} else {
				p.y = ones
			}
			q.y.sub(&q.x, &p.x)
			q.y.mul(&q.y, &slope)
			q.y.add(&q.y, &p.y)
			left, right := ref(len(f.points))<<1, ref(len(f.points)+1)<<1
			if random.IntN(2) == 0 {
				p.y.negateIf(^uint64(0))
				left++
			}
			if random.IntN(2) == 0 {
				q.y.negateIf(^uint64(0))
				right++
			}
			f.points = append(f.points, p, q)
			f.pairs = append(f.pairs, pair{left, right})
		}
		first := len(f.points)
		f.points = f.points[:first+pairs]
		f.chooseAll(first)
		f.addChosen(first)
		want := [pairs]affine(f.points[first:])
		require.True(t, f.addInLanes(first))
		f.addChosen(first)
		for k := range want {
			got := &f.points[first+k]
			require.True(t, got.x.equal(&want[k].x) && got.y.equal(&want[k].y), "%x + %x = %x, not %x", f.at(f.pairs[k].left), f.at(f.pairs[k].right), *got, want[k])
			if got.x[3]>>35 == 0 {
				over++
			}
		}
	}
	require.NotZero(t, over)
}

// The same point in the two forms that a small x has, and its opposite: a pair of
// them has no slope, though the words of x differ.
func TestForestTwoForms(t *testing.T) {
	random := seeded(75)
	var p affine
	for p.x[0] = 5; !p.setY(0); p.x[0]++ {
	}
	other := p
	for i, carry := 0, uint64(0); i < len(p.x); i++ {
		other.x[i], carry = bits.Add64(p.x[i], prime[i], carry)
	}
	require.True(t, p.x.equal(&other.x))
	require.NotEqual(t, p.x, other.x)
	q := judgedBase.affine()
	f := newForest(1000, 400)
	withEach(func(name string) {
		for range cases(10) {
			f.clear(0)
			f.points = append(f.points, p, other, q)
			var want []judged
			for len(f.refs) < 300 {
				from, sum := len(f.refs), nowhere
				for range 1 + random.IntN(6) {
					r := ref(random.IntN(6))
					f.refs = append(f.refs, r)
					a := f.at(r)
					sum = sum.plus(a.judged())
				}
				f.close(from)
				want = append(want, sum)
			}
			f.sum()
			for i, tree := range f.trees {
				r := f.root(tree)
				require.Equal(t, want[i].infinite(), r == nothing, name)
				if r != nothing {
					got := f.at(r)
					requirePoint(t, want[i], got.judged())
				}
			}
		}
	})
}

// large sets the number of a lane to one that is at most percent·p/100, and often
// not far below.
func large(e *laneElement, lane int, percent int64, random *rand.Rand) {
	v := new(big.Int).Div(new(big.Int).Mul(curve.P, big.NewInt(percent)), big.NewInt(100))
	switch random.IntN(4) {
	case 0:
		v.Mul(v, big.NewInt(random.Int64N(1<<32))).Rsh(v, 32)
	case 1:
		v.Sub(v, new(big.Int).SetUint64(specialLimb(random)))
	}
	for i := range e {
		e[i][lane] = new(big.Int).And(v, big.NewInt(1<<52-1)).Uint64()
		v.Rsh(v, 52)
	}
}
