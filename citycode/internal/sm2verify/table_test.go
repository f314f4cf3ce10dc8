package sm2verify

import (
	"fmt"
	"math/big"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// widths are all that a table can be made with, within reason. Wide keys and G
// use the last one, other keys Narrow.
var widths = []int{4, 5, 6, 7, Narrow, 9, Wide}

// A product is one way to multiply a point.
type product struct {
	name string
	of   func(k *scalar) judged
}

func products(t *testing.T, p judged) []product {
	affine := p.affine()
	list := []product{{"naf", func(k *scalar) judged { product := affine.multiply(k); return product.judged() }}}
	for _, width := range widths {
		table := newTable(&affine, width)
		require.True(t, table.check(&affine), "width %d", width)
		list = append(list, product{fmt.Sprint("table of width ", width), func(k *scalar) judged {
			product := table.multiply(k)
			return product.judged()
		}})
	}
	return list
}

// All products with small numbers and their negatives: the judge needs one
// addition for each.
func TestMultiplySmall(t *testing.T) {
	withEach(func(name string) { testMultiplySmall(t) })
}

func testMultiplySmall(t *testing.T) {
	p := judgedBase.times(randomScalar(seeded(30)))
	list := products(t, p)
	want := nowhere
	for i := range int64(cases(600)) {
		for _, m := range list {
			k := scalar(limbs(big.NewInt(i)))
			requirePoint(t, want, m.of(&k))
			if i > 0 {
				k = scalar(limbs(new(big.Int).Sub(curve.N, big.NewInt(i))))
				requirePoint(t, want.negated(), m.of(&k))
			}
		}
		want = want.plus(p)
	}
}

// Scalars at which a recoding carries or wraps. The form of naf, whose digits
// TestNAF adds up, judges the tables, and the judge judges some of all.
func TestMultiplyBoundaries(t *testing.T) {
	withEach(func(name string) { testMultiplyBoundaries(t, name) })
}

func testMultiplyBoundaries(t *testing.T, name string) {
	random := seeded(31)
	p := judgedBase.times(randomScalar(random))
	affine := p.affine()
	for _, width := range []int{4, 7, Narrow, Wide} {
		table := newTable(&affine, width)
		list := boundaries(width)
		for i, v := range list {
			if (testing.Short() || name != "go" && !*long) && i%5 != 0 {
				continue
			}
			k := scalar(limbs(v))
			product := affine.multiply(&k)
			want, got := product.projective(), table.multiply(&k)
			require.False(t, got.isInfinity(), "%x, width %d", v, width)
			require.True(t, got.equal(&want), "%x, width %d", v, width)
			if i%397 == 0 {
				requirePoint(t, p.times(v), got.judged())
			}
		}
	}
	for range cases(20) {
		v := randomScalar(random)
		want := p.times(v)
		k := scalar(limbs(v))
		product, tabled := affine.multiply(&k), baseTable().multiply(&k)
		requirePoint(t, want, product.judged())
		requirePoint(t, judgedBase.times(v), tabled.judged())
	}
}

// Sums side by side are what each is alone: of many points and few, of none, and
// of some that meet on the way.
func TestSumEach(t *testing.T) {
	withEach(func(name string) { testSumEach(t) })
}

func testSumEach(t *testing.T) {
	random := seeded(34)
	for _, n := range []int{0, 1, 2, lanes - 1, lanes, lanes + 1, 2*lanes + 3} {
		list := make([]picks, n)
		want := make([]judged, n)
		for i := range list {
			var sum big.Int
			for range 2 { // so that the same point is there twice where k is small
				k := big.NewInt(random.Int64N(4))
				if random.IntN(4) != 0 {
					k = randomScalar(random)
				}
				if random.IntN(2) == 0 && k.Sign() != 0 {
					k.Sub(curve.N, k)
				}
				s := scalar(limbs(k))
				baseTable().pick(&list[i], &s)
				sum.Add(&sum, k)
			}
			want[i] = judgedBase.times(&sum)
		}
		sums := make([]projective, n)
		sumEach(sums, list)
		for i := range sums {
			requirePoint(t, want[i], sums[i].judged())
			alone := list[i].sum()
			requirePoint(t, want[i], alone.judged())
		}
	}
}

// Every entry is what it should be, one addition by the judge each.
func TestTableEntries(t *testing.T) {
	for _, width := range []int{3, Narrow, Wide} {
		if testing.Short() && width == Wide {
			continue
		}
		start := judgedBase.times(randomScalar(seeded(32)))
		affine := start.affine()
		table := newTable(&affine, width)
		length := 1 << (width - 1)
		require.Len(t, table.points, rowsOf(width)*length)
		for i := range rowsOf(width) {
			want := start
			for j := range length {
				got := table.points[i*length+j]
				w := want.affine()
				require.True(t, w.x.equal(&got.x) && w.y.equal(&got.y), "row %d, %d, width %d", i, j+1, width)
				want = want.plus(start)
			}
			// want is now 2^(width-1)+1 times the first.
			for range width {
				start = start.plus(start)
			}
		}
	}
}

// A bit that is wrong anywhere in a table is noticed when the table is made.
func TestTableCheck(t *testing.T) {
	withEach(func(name string) { testTableCheck(t) })
}

func testTableCheck(t *testing.T) {
	random := seeded(33)
	p := judgedBase.times(randomScalar(random)).affine()
	table := newTable(&p, Narrow)
	require.True(t, table.check(&p))
	for range cases(200) {
		at := &table.points[random.IntN(len(table.points))]
		coordinate := &at.x
		if random.IntN(2) == 0 {
			coordinate = &at.y
		}
		limb, bit := &coordinate[random.IntN(4)], uint64(1)<<random.IntN(64)
		*limb ^= bit
		assert.False(t, table.check(&p))
		*limb ^= bit
	}
	assert.True(t, table.check(&p))
	// The table of another point is sound in itself, and is not that of p.
	other := newTable(&base, Narrow)
	assert.True(t, other.check(&base))
	kept, err := newKey(&p).withTable(other)
	assert.ErrorIs(t, err, ErrSelfTest)
	assert.Nil(t, kept)
}

func TestTableBytes(t *testing.T) {
	key := judgedBase.times(big.NewInt(7)).key(t)
	assert.Zero(t, key.TableBytes())
	for width, size := range map[int]int{Narrow: 256 << 10, Wide: 832 << 10} {
		kept, err := key.WithTable(width)
		require.NoError(t, err)
		assert.Equal(t, size, kept.TableBytes())
		assert.LessOrEqual(t, rowsOf(width)+rowsOf(baseWidth), maxTerms)
	}
}
