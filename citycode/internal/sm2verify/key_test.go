package sm2verify

import (
	"math/big"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// forms returns one key without a table and with each.
func forms(t testing.TB, p judged) []*Key {
	t.Helper()
	key := p.key(t)
	list := []*Key{key}
	for _, width := range []int{Narrow, Wide} {
		kept, err := key.WithTable(width)
		require.NoError(t, err)
		require.Equal(t, key.Bytes(), kept.Bytes())
		list = append(list, kept)
	}
	return list
}

func bytes32(v *big.Int) (b [32]byte) {
	v.FillBytes(b[:])
	return b
}

func signatureOf(r, s *big.Int) (b [64]byte) {
	r.FillBytes(b[:32])
	s.FillBytes(b[32:])
	return b
}

// requireVerdict asks all forms of a key, with each backend.
func requireVerdict(t testing.TB, want bool, keys []*Key, e, r, s *big.Int) {
	t.Helper()
	digest, signature := bytes32(e), signatureOf(r, s)
	withEach(func(name string) {
		for _, key := range keys {
			if key.Verify(&digest, &signature) != want {
				t.Fatalf("%s, key %x, table of %d bytes, e %x, r %x, s %x: not %v", name, key.Bytes(), key.TableBytes(), e, r, s, want)
			}
		}
	})
}

// TestVerifyCollisions takes keys k·G with k from one structured list, and s and
// t from another, so that sums meet table entries, their opposites and each
// other in the middle of the walk. Since k is known, the judge needs one product.
func TestVerifyCollisions(t *testing.T) {
	one := big.NewInt(1)
	half := new(big.Int).Rsh(curve.N, 1)
	scalars := []*big.Int{
		one, big.NewInt(2), big.NewInt(3), big.NewInt(128), big.NewInt(129), big.NewInt(512), big.NewInt(513),
		new(big.Int).Lsh(one, 8), new(big.Int).Lsh(one, 10), new(big.Int).Lsh(one, 80), new(big.Int).Lsh(one, 248), new(big.Int).Lsh(one, 250),
		half, new(big.Int).Add(half, one),
		integer("8080808080808080808080808080808080808080808080808080808080808080"),
		integer("0101010101010101010101010101010101010101010101010101010101010101"),
		integer("8020080200802008020080200802008020080200802008020080200802008020"),
	}
	for _, v := range scalars[:6:6] {
		scalars = append(scalars, new(big.Int).Sub(curve.N, v))
	}
	random := seeded(40)
	pick := func() *big.Int { return scalars[random.IntN(len(scalars))] }
	verdicts := map[bool]int{}
	for i, k := range scalars {
		if testing.Short() && i%5 != 0 {
			continue
		}
		keys := forms(t, judgedBase.times(k))
		for range 30 {
			s, multiplier := pick(), pick()
			switch random.IntN(4) {
			case 0: // s·G = t·P
				s = modulo(new(big.Int).Mul(multiplier, k))
			case 1: // s·G = -t·P
				s = modulo(new(big.Int).Neg(new(big.Int).Mul(multiplier, k)))
			case 2:
				s = randomScalar(random)
			}
			r := modulo(new(big.Int).Sub(multiplier, s))
			sum := judgedBase.times(new(big.Int).Add(s, new(big.Int).Mul(multiplier, k)))
			e := modulo(new(big.Int).Sub(r, sum.x))
			want := sum.accepts(e, r, s)
			verdicts[want]++
			requireVerdict(t, want, keys, e, r, s)
			requireVerdict(t, false, keys, new(big.Int).Xor(e, big.NewInt(4)), r, s)
		}
	}
	assert.NotZero(t, verdicts[true])
	assert.NotZero(t, verdicts[false])
}

// TestVerifyChosenSum makes keys for which the sum R has a given x. For x in
// n..p-1, r - e mod n is x - n; where x is small, no x+p may be taken for it. e
// and e+n are one number, since a digest is any 32 bytes.
func TestVerifyChosenSum(t *testing.T) {
	random := seeded(41)
	found := map[string]int{}
	for name, from := range map[string]*big.Int{"0": new(big.Int), "n": new(big.Int).Sub(curve.N, big.NewInt(8)), "p": new(big.Int).Sub(curve.P, big.NewInt(12))} {
		for d := range int64(12) {
			x := new(big.Int).Add(from, big.NewInt(d))
			y := rootOf(x)
			if y == nil {
				continue
			}
			found[name]++
			s, r := randomScalar(random), big.NewInt(1)
			if d%2 == 0 {
				r = randomScalar(random)
			}
			sum := judged{x, y}
			p := sum.plus(judgedBase.times(s).negated()).times(new(big.Int).ModInverse(new(big.Int).Add(r, s), curve.N))
			keys := forms(t, p)
			e := modulo(new(big.Int).Sub(r, x))
			require.True(t, sum.accepts(e, r, s))
			requireVerdict(t, true, keys, e, r, s)
			if other := new(big.Int).Add(e, curve.N); other.Cmp(radix) < 0 {
				found["e+n"]++
				requireVerdict(t, true, keys, other, r, s)
			}
			requireVerdict(t, false, keys, modulo(new(big.Int).Add(e, curve.P)), r, s)
			requireVerdict(t, false, keys, modulo(new(big.Int).Sub(e, curve.P)), r, s)
		}
	}
	for _, name := range []string{"0", "n", "p", "e+n"} {
		assert.NotZero(t, found[name], name)
	}
}

// r and s outside 1..n-1, among them the second spellings r+n and s+n, and a t
// that takes the key out of the equation.
func TestVerifyRange(t *testing.T) {
	one := big.NewInt(1)
	outside := []*big.Int{new(big.Int), curve.N, new(big.Int).Add(curve.N, one), curve.P, new(big.Int).Sub(radix, one)}
	random := seeded(44)
	k := big.NewInt(44)
	keys := forms(t, judgedBase.times(k))
	fit := func(r, s *big.Int) *big.Int { // e for which all else would hold
		log := new(big.Int).Add(r, s)
		return modulo(new(big.Int).Sub(r, judgedBase.times(log.Mul(log, k).Add(log, s)).x))
	}
	good := randomScalar(random)
	requireVerdict(t, true, keys, fit(good, one), good, one)
	requireVerdict(t, true, keys, fit(one, good), one, good)
	for _, bad := range outside {
		requireVerdict(t, false, keys, fit(good, bad), good, bad)
		requireVerdict(t, false, keys, fit(bad, good), bad, good)
	}
	for i := range int64(5) {
		small := big.NewInt(1 + i)
		twin := new(big.Int).Add(small, curve.N)
		for _, pair := range [][4]*big.Int{{small, good, twin, good}, {good, small, good, twin}} {
			e := fit(pair[0], pair[1])
			requireVerdict(t, true, keys, e, pair[0], pair[1])
			requireVerdict(t, false, keys, e, pair[2], pair[3])
		}
		opposite := new(big.Int).Sub(curve.N, small)
		requireVerdict(t, false, keys, fit(small, opposite), small, opposite)
	}
}

// TestVerifyCarry is the valid signature that gmsm up to v0.44.0 refused on
// processors with ADX (emmansun/gmsm#560).
func TestVerifyCarry(t *testing.T) {
	p := judged{
		integer("ef4de57af00ae424c00c4caadff7193f804a19dd73a7e2954db9d0d15ab4cbba"),
		integer("67728c3f4572878b7a674735da9fde1682fe2d9e0799c4a5cde57e3d473039a2"),
	}
	r := integer("be0ea64e1ec06f0d247093f3ccbbadcfb6260224272f86ddb78326e7cd6c7560")
	s := integer("e9f6ab2fcc48a2cef94838e66b5c7e21fd8e4de25990dd98ca5243f4966f2853")
	requireVerdict(t, true, forms(t, p), new(big.Int), r, s)
	requireVerdict(t, false, forms(t, p), big.NewInt(1), r, s)
}

func TestNewKey(t *testing.T) {
	random := seeded(42)
	good := 0
	try := func(x *big.Int, prefix byte) {
		b := append([]byte{prefix}, x.FillBytes(make([]byte, 32))...)
		key, err := NewKey(b)
		y := rootOf(x)
		if y == nil || x.Cmp(curve.P) >= 0 || prefix&^1 != 2 {
			require.ErrorIs(t, err, ErrPoint, "%x", b)
			require.Nil(t, key)
			return
		}
		require.NoError(t, err, "%x", b)
		if byte(y.Bit(0)) != prefix&1 {
			y.Sub(curve.P, y)
		}
		raw := key.Bytes()
		require.Equal(t, append(append([]byte{4}, b[1:]...), y.FillBytes(make([]byte, 32))...), raw[:])
		good++
	}
	for range cases(300) {
		try(anyScalar(random), byte(2+random.IntN(2)))
		try(anyScalar(random), byte(random.Uint32()))
	}
	for d := range int64(20) {
		try(big.NewInt(d), 2)
		try(new(big.Int).Add(curve.P, big.NewInt(d)), 3)
		try(new(big.Int).Sub(curve.P, big.NewInt(d+1)), 3)
	}
	assert.NotZero(t, good)
	for n := range 33 {
		_, err := NewKey(judgedBase.compressed()[:n])
		require.ErrorIs(t, err, ErrPoint)
	}
}

func TestCombine(t *testing.T) {
	random := seeded(43)
	w, p := judgedBase.times(randomScalar(random)), judgedBase.times(randomScalar(random))
	ratio := func(k int64) (judged, *big.Int) { // p and m with [m]p = k·w
		m := randomScalar(random)
		return w.times(new(big.Int).Mul(big.NewInt(k), new(big.Int).ModInverse(m, curve.N))), m
	}
	equal, m1 := ratio(1)
	opposite, m2 := ratio(-1)
	for _, c := range []struct {
		p judged
		m *big.Int
	}{
		{p, new(big.Int)}, {p, big.NewInt(1)}, {p, curve.N}, {p, new(big.Int).Sub(radix, big.NewInt(1))}, {p, randomScalar(random)},
		{equal, m1}, {opposite, m2},
	} {
		want := w.plus(c.p.times(c.m))
		m := bytes32(c.m)
		for _, key := range forms(t, c.p) {
			withEach(func(name string) {
				sum, err := Combine(w.key(t), key, &m)
				if want.infinite() {
					require.ErrorIs(t, err, ErrPoint, name)
					return
				}
				require.NoError(t, err, name)
				require.Equal(t, want.key(t).Bytes(), sum.Bytes(), name)
			})
		}
	}
}

// aSignature returns a key with a valid signature.
func aSignature(k int64) (p judged, e, r, s *big.Int) {
	random := seeded(byte(k))
	p = judgedBase.times(big.NewInt(k))
	s, r = randomScalar(random), randomScalar(random)
	multiplier := new(big.Int).Add(r, s)
	sum := judgedBase.times(new(big.Int).Add(s, multiplier.Mul(multiplier, big.NewInt(k))))
	return p, modulo(new(big.Int).Sub(r, sum.x)), r, s
}

func TestVerifyAllocates(t *testing.T) {
	p, e, r, s := aSignature(50)
	digest, signature := bytes32(e), signatureOf(r, s)
	compressed := p.compressed()
	for _, key := range forms(t, p) {
		require.True(t, key.Verify(&digest, &signature))
		assert.Zero(t, testing.AllocsPerRun(20, func() { key.Verify(&digest, &signature) }), "table of %d bytes", key.TableBytes())
	}
	key := new(Key)
	assert.Zero(t, testing.AllocsPerRun(20, func() { require.NoError(t, key.Set(compressed)) }))
	assert.Equal(t, p.key(t), key)
}

// Goroutines share keys and the table of G.
func TestVerifyConcurrently(t *testing.T) {
	p, e, r, s := aSignature(51)
	digest, signature := bytes32(e), signatureOf(r, s)
	keys := forms(t, p)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for j := range 20 {
				bad := signature
				bad[j] ^= 1
				key := keys[(i+j)%len(keys)]
				assert.True(t, key.Verify(&digest, &signature))
				assert.False(t, key.Verify(&digest, &bad))
			}
		})
	}
	group.Wait()
}
