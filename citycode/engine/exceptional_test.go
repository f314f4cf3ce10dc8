package engine_test

import (
	"math/big"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/engine/tjfoc"
)

// Signatures that are made backwards, from s, t and the sum R, with a digest to
// match. No one can do so when the digest is SM3(ZA‖M), but an engine is
// defined on every digest.

// fromSum returns the key, digest and signature for which s·G + t·P = R.
func fromSum(s, t *big.Int, sum point) (point, [engine.DigestSize]byte, [engine.SignatureSize]byte) {
	inverse := new(big.Int).ModInverse(t, curveN)
	public := sum.add(curveG.multiply(s).negate()).multiply(inverse)
	r := mod(sub(t, s), curveN)
	e := mod(sub(r, sum.x), curveN)
	return public, digestOf(e), signatureOf(r, s)
}

// requireOnlyTjfocRejects is the documented exception: a valid signature that
// engine tjfoc rejects (its package comment, Limits).
func requireOnlyTjfocRejects(t *testing.T, public point, digest [engine.DigestSize]byte, signature [engine.SignatureSize]byte) {
	t.Helper()
	require.True(t, verifyAffine(public, digest, signature))
	for _, e := range engines() {
		key, err := e.Prepare(public.compressed())
		require.NoError(t, err)
		require.Equal(t, e.Name() != tjfoc.New().Name(), key.Verify(digest, signature), e.Name())
	}
}

// x(R) is an integer below p, and p > n: for n <= x(R) < p a verifier that
// compares without reducing x(R) rejects a valid signature.
func TestVerifyLargeX(t *testing.T) {
	t.Parallel()
	random := seeded(0x20)
	var sums []point
	for i := int64(0); len(sums) < 2; i++ {
		if p, exists := pointAt(new(big.Int).Add(curveN, big.NewInt(i))); exists {
			sums = append(sums, p, p.negate())
		}
	}
	assert.Equal(t, new(big.Int).Add(curveN, big.NewInt(4)), sums[0].x)
	if last, exists := pointAt(sub(curveP, big.NewInt(2))); exists {
		sums = append(sums, last)
	}
	for _, sum := range sums {
		public, digest, signature := fromSum(randomScalar(random), randomScalar(random), sum)
		requireVerdict(t, true, public, digest, signature)
		digest[31] ^= 1
		requireVerdict(t, false, public, digest, signature)
	}
}

// x(R) = 0 gives e = r, which libraries that write infinity as (0, 0) confuse
// with no point at all.
func TestVerifyZeroX(t *testing.T) {
	t.Parallel()
	random := seeded(0x21)
	sum, exists := pointAt(new(big.Int))
	require.True(t, exists)
	for _, sum := range []point{sum, sum.negate()} {
		public, digest, signature := fromSum(randomScalar(random), randomScalar(random), sum)
		require.Equal(t, digest[:], signature[:32])
		requireVerdict(t, true, public, digest, signature)
	}
}

// s·G = t·P: the sum is a doubling.
func TestVerifyEqualPoints(t *testing.T) {
	t.Parallel()
	random := seeded(0x22)
	for range 2 {
		s, multiplier := randomScalar(random), randomScalar(random)
		public, digest, signature := fromSum(s, multiplier, curveG.multiply(s).add(curveG.multiply(s)))
		requireOnlyTjfocRejects(t, public, digest, signature)
		// (0, 0) in place of the sum would verify e = r.
		requireVerdict(t, false, public, [engine.DigestSize]byte(signature[:32]), signature)
		digest[0] ^= 1
		requireVerdict(t, false, public, digest, signature)
	}
}

// s·G = -t·P: R is infinity, which has no x and verifies nothing.
func TestVerifyOppositePoints(t *testing.T) {
	t.Parallel()
	random := seeded(0x23)
	for range 2 {
		s, multiplier := randomScalar(random), randomScalar(random)
		ratio := mul(s, new(big.Int).ModInverse(multiplier, curveN))
		public := curveG.multiply(mod(ratio.Neg(ratio), curveN))
		r := mod(sub(multiplier, s), curveN)
		signature := signatureOf(r, s)
		x := curveG.multiply(s).x
		for _, e := range []*big.Int{r, new(big.Int), mod(sub(r, x), curveN), mod(sub(r, big.NewInt(1)), curveN)} {
			requireVerdict(t, false, public, digestOf(e), signature)
		}
	}
}

// t = n-6 makes tjfoc's t·P vanish.
func TestVerifyLastWindow(t *testing.T) {
	t.Parallel()
	random := seeded(0x24)
	multiplier := sub(curveN, big.NewInt(6))
	for range 2 {
		s := randomScalar(random)
		public, digest, signature := fromSum(s, multiplier, curveG.multiply(randomScalar(random)))
		requireOnlyTjfocRejects(t, public, digest, signature)
		// A forgery under every key, if t·P is taken as nothing.
		r := new(big.Int).SetBytes(signature[:32])
		forged := digestOf(mod(sub(r, curveG.multiply(s).x), curveN))
		requireVerdict(t, false, public, forged, signature)
		requireVerdict(t, false, exampleKey, forged, signature)
	}
	// Its neighbours are sound.
	for _, offset := range []int64{1, 2, 3, 4, 5, 7, 8, 10, 12, 14, 16} {
		public, digest, signature := fromSum(randomScalar(random), sub(curveN, big.NewInt(offset)), curveG)
		requireVerdict(t, true, public, digest, signature)
	}
}

// tjfoc's product is wrong for these x, which are sparse in limbs of 28 and 29
// bits.
func TestVerifySparseKeys(t *testing.T) {
	t.Parallel()
	random := seeded(0x26)
	for _, x := range []string{
		"00000000fffffffe000000000000000080000000000000000000000000000002",
		"00000000fffffffffffffffeffffffff7fffffffffffffff0000000100000000",
		"7fffffffffffffff7fffffffffffffffffffffffffffffffffffffff00000001",
	} {
		public, exists := pointAt(integer(x))
		require.True(t, exists)
		s, multiplier := randomScalar(random), randomScalar(random)
		r := mod(sub(multiplier, s), curveN)
		sum := combine(s, curveG, multiplier, public)
		requireOnlyTjfocRejects(t, public, digestOf(mod(sub(r, sum.x), curveN)), signatureOf(r, s))
		requireVerdict(t, false, public, digestOf(r), signatureOf(r, s))
	}
}

// Keys k·G and scalars whose windows are all alike or at their bounds: partial
// sums meet table entries inside the walk.
func TestVerifyStructuredScalars(t *testing.T) {
	t.Parallel()
	one := big.NewInt(1)
	half := new(big.Int).Rsh(curveN, 1)
	scalars := []*big.Int{
		one, big.NewInt(2), big.NewInt(3), big.NewInt(15), big.NewInt(16), big.NewInt(31), big.NewInt(32), big.NewInt(33),
		new(big.Int).Lsh(one, 64), new(big.Int).Lsh(one, 128), new(big.Int).Lsh(one, 255),
		sub(curveN, one), sub(curveN, big.NewInt(2)), sub(curveN, big.NewInt(6)), sub(curveN, big.NewInt(16)),
		half, new(big.Int).Add(half, one),
		integer("8888888888888888888888888888888888888888888888888888888888888888"),
		integer("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"),
		integer("1084210842108421084210842108421084210842108421084210842108421084"),
		integer("8040201008040201008040201008040201008040201008040201008040201008"),
	}
	random := seeded(0x25)
	pick := func() *big.Int { return scalars[random.Uint64()%uint64(len(scalars))] }
	for range rounds(100) {
		k, s, multiplier := pick(), pick(), pick()
		r := mod(sub(multiplier, s), curveN)
		if r.Sign() == 0 {
			continue
		}
		public := curveG.multiply(k)
		product := mod(mul(multiplier, k), curveN)
		signature := signatureOf(r, s)
		sum := curveG.multiply(mod(new(big.Int).Add(s, product), curveN))
		if sum.infinite() {
			requireVerdict(t, false, public, digestOf(r), signature)
			continue
		}
		digest := digestOf(mod(sub(r, sum.x), curveN))
		if product.Cmp(s) == 0 || multiplier.Cmp(sub(curveN, big.NewInt(6))) == 0 {
			requireOnlyTjfocRejects(t, public, digest, signature)
			continue
		}
		requireVerdict(t, true, public, digest, signature)
	}
}
