package sm2verify

import (
	"math/big"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// meeting returns points among which any two are likely to be equal, opposite,
// or one the double of the other.
func meeting() []judged {
	p := judgedBase.times(randomScalar(seeded(80)))
	list := []judged{p, judgedBase}
	for len(list) < 6 {
		list = append(list, p.plus(list[len(list)-1]))
	}
	for _, q := range list[:6:6] {
		list = append(list, q.negated())
	}
	return list
}

// TestForest adds up trees of all small lengths, with points that meet, their
// opposites and infinity among them, and some of them in two forms.
func TestForest(t *testing.T) {
	random := seeded(81)
	points := meeting()
	f := newForest(2000, 900)
	withEach(func(name string) {
		for range cases(20) {
			f.clear(0)
			var want []judged
			for len(f.refs) < 880 {
				from, sum := len(f.refs), nowhere
				for range random.IntN(20) {
					if random.IntN(12) == 0 {
						f.refs = append(f.refs, nothing)
						continue
					}
					p := points[random.IntN(len(points))]
					f.points = append(f.points, p.affine())
					r := ref(len(f.points)-1) << 1
					if random.IntN(3) == 0 {
						r, p = r|1, p.negated()
					}
					f.refs = append(f.refs, r)
					sum = sum.plus(p)
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

// TestCombination holds sums of products against the judge, at every window
// width, with scalars at which a recoding carries.
func TestCombination(t *testing.T) {
	random := seeded(82)
	points := meeting()
	for _, n := range []int{1, 40, 60, 100, 200, 520} {
		c := newCombination(newForest(forestSize, forestRefs))
		c.begin(n)
		list := boundaries(window(n))
		want, base := nowhere, new(big.Int)
		for i := range 2 * n {
			p := points[random.IntN(len(points))]
			if i > 8 { // the judge is slow: the rest adds up to a known multiple of G
				p = judgedBase
			}
			k := list[random.IntN(len(list))]
			if i >= n {
				k = new(big.Int).Rsh(anyScalar(random), 128)
				if i%7 == 0 {
					k = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 128), big.NewInt(int64(1+i%3)))
				}
			}
			v := scalar(limbs(k))
			flip := uint64(0)
			if i%3 == 0 {
				flip, k = ^flip, new(big.Int).Neg(k)
			}
			a := p.affine()
			c.add(&a, &v, flip)
			if i > 8 {
				base.Add(base, k)
			} else {
				want = want.plus(p.times(k))
			}
		}
		want = want.plus(judgedBase.times(base))
		got := c.sum(n)
		requirePoint(t, want, got.judged())
	}
}

func TestProjectiveAdditions(t *testing.T) {
	random := seeded(83)
	points := append(meeting(), nowhere)
	for _, p := range points {
		j := scaled(p, random)
		twice := j.projective()
		twice.double()
		requirePoint(t, p.plus(p), twice.judged())
		for _, q := range points {
			k := scaled(q, random)
			sum, other := j.projective(), k.projective()
			sum.add(&other)
			requirePoint(t, p.plus(q), sum.judged())
		}
	}
}

func TestScalarProduct(t *testing.T) {
	random := seeded(84)
	list := append(boundaries(8), new(big.Int), big.NewInt(1))
	for range cases(3000) {
		list = append(list, modulo(anyScalar(random)))
	}
	for i, v := range list {
		w := list[(i*11+5)%len(list)]
		k, l := scalar(limbs(v)), scalar(limbs(w))
		m := k.montgomery()
		product := m.times(&l)
		want := modulo(new(big.Int).Mul(v, w))
		require.Zero(t, want.Cmp(number((*[4]uint64)(&product))), "%x · %x = %x", v, w, product)
	}
}

// Roots of many numbers at once are the roots one by one.
func TestRoots(t *testing.T) {
	random := seeded(85)
	exist := 0
	withEach(func(name string) {
		for range cases(100) {
			x := make([]element, random.IntN(maxRoots+1))
			for i := range x {
				x[i] = element(special(random))
			}
			got := slices.Clone(x)
			found := roots(got)
			for i := range x {
				var want element
				require.Equal(t, want.root(&x[i]), found[i], name)
				if found[i] {
					require.True(t, want.equal(&got[i]), name)
					exist++
				}
			}
		}
	})
	require.NotZero(t, exist)
}
