package sm2verify

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// scaled returns p in Jacobian coordinates with another z each time.
func scaled(p judged, random *rand.Rand) jacobian {
	if p.infinite() {
		return jacobian{}
	}
	z := elementOf(randomScalar(random))
	var j jacobian
	var zz element
	a := p.affine()
	zz.square(&z)
	j.x.mul(&a.x, &zz)
	zz.mul(&zz, &z)
	j.y.mul(&a.y, &zz)
	j.z = z
	return j
}

func requirePoint(t *testing.T, want, got judged) {
	t.Helper()
	require.Zero(t, want.x.Cmp(got.x), "x is %x, not %x", got.x, want.x)
	require.Zero(t, want.y.Cmp(got.y), "y is %x, not %x", got.y, want.y)
}

// Every pair of a list with all relations that two points can have: other,
// equal, opposite, one of them twice the other, infinity.
func TestPointAdditions(t *testing.T) {
	withEach(func(name string) { testPointAdditions(t) })
}

func testPointAdditions(t *testing.T) {
	random := seeded(20)
	points := []judged{nowhere}
	for _, p := range []judged{judgedBase, judgedBase.times(randomScalar(random))} {
		two := p.plus(p)
		points = append(points, p, p.negated(), two, two.negated(), two.plus(p))
	}
	zeroX := judged{new(big.Int), new(big.Int).ModSqrt(curve.B, curve.P)}
	points = append(points, zeroX, zeroX.negated())
	for _, p := range points {
		j := scaled(p, random)
		requirePoint(t, p, j.judged())
		twice := j
		twice.double()
		requirePoint(t, p.plus(p), twice.judged())
		for _, q := range points {
			if q.infinite() {
				continue
			}
			want := p.plus(q)
			a := q.affine()
			sum := j.projective()
			sum.addAffine(&a)
			requirePoint(t, want, sum.judged())
			assert.Equal(t, want.infinite(), sum.isInfinity())
			if !want.infinite() {
				affine := sum.affine()
				requirePoint(t, want, affine.judged())
				assert.True(t, affine.onCurve())
				v := scalar(limbs(want.x))
				assert.True(t, sum.hasX(&v))
				v[0] ^= 1
				assert.False(t, sum.hasX(&v))
			}
			scaledQ := scaled(q, random)
			sum, general := j.projective(), scaledQ.projective()
			sum.add(&general)
			requirePoint(t, want, sum.judged())
			c := newCached(&scaledQ)
			plus, minus := j, j
			plus.add(&c, false)
			requirePoint(t, want, plus.judged())
			minus.add(&c, true)
			requirePoint(t, p.plus(q.negated()), minus.judged())

			if p.infinite() {
				general.add(&projective{})
				requirePoint(t, q, general.judged())
			} else {
				l, r := j.projective(), scaledQ.projective()
				assert.Equal(t, p.x.Cmp(q.x) == 0 && p.y.Cmp(q.y) == 0, l.equal(&r))
			}
		}
	}
}

// What was infinity on the way is infinity no more.
func TestPointInfinityPasses(t *testing.T) {
	p := judgedBase.affine()
	opposite := judgedBase.negated().affine()
	var sum projective
	for _, step := range []*affine{&p, &opposite, &p, &p, &opposite, &opposite, &opposite} {
		sum.addAffine(step)
	}
	requirePoint(t, judgedBase.negated(), sum.judged())
	var j jacobian
	j.double()
	assert.True(t, j.isInfinity())
}
