package engine_test

import (
	"bytes"
	"errors"
	"io"
	"math/big"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode/engine"
)

// raw returns 04‖x‖y.
func (p point) raw() (b [engine.RawPointSize]byte) {
	b[0] = 4
	p.x.FillBytes(b[1:33])
	p.y.FillBytes(b[33:])
	return b
}

func TestReduceScalar(t *testing.T) {
	random := seeded(0x60)
	all := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1))
	values := []*big.Int{new(big.Int), big.NewInt(1), sub(curveN, big.NewInt(1)), curveN, new(big.Int).Add(curveN, big.NewInt(1)), all, sub(all, big.NewInt(1))}
	for range 2000 {
		var b [32]byte
		random.Read(b[:])
		values = append(values, new(big.Int).SetBytes(b[:]))
	}
	// Random numbers lie below n but for one of 2^32: those above need a hand.
	for range 200 {
		var b [32]byte
		random.Read(b[4:])
		copy(b[:], "\xff\xff\xff\xff")
		values = append(values, new(big.Int).SetBytes(b[:]))
	}
	for _, v := range values {
		require.Equal(t, digestOf(mod(v, curveN)), engine.ReduceScalar(digestOf(v)), "%x", v)
	}
}

func TestCompress(t *testing.T) {
	random := seeded(0x61)
	for range 50 {
		p := curveG.multiply(randomScalar(random))
		for _, e := range engines() {
			key, err := e.Prepare(p.compressed())
			require.NoError(t, err)
			got := engine.Compress(key)
			require.Equal(t, p.compressed(), got[:])
		}
	}
}

// TestCombine: W + [k]P of each engine is that of the affine formulas, also
// where an addition formula has an exception: equal points, opposite ones,
// infinity, and k at or above n. An issuer can provoke each of them.
func TestCombine(t *testing.T) {
	t.Parallel()
	type sum struct {
		name string
		w, p point
		k    *big.Int
	}
	random := seeded(0x62)
	one, all := big.NewInt(1), new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1))
	var sums []sum
	for range 8 {
		w, p, k := curveG.multiply(randomScalar(random)), curveG.multiply(randomScalar(random)), randomScalar(random)
		kp := p.multiply(k)
		sums = append(sums, sum{"random", w, p, k},
			sum{"w = -[k]p", kp.negate(), p, k}, sum{"w = [k]p", kp, p, k},
			sum{"w = -[k-1]p, the sum is p", p.multiply(sub(k, one)).negate(), p, k}, sum{"w = p", p, p, k}, sum{"w = -p", p.negate(), p, k})
	}
	w, p := curveG.multiply(randomScalar(random)), curveG.multiply(randomScalar(random))
	for _, k := range []*big.Int{new(big.Int), one, big.NewInt(2), sub(curveN, big.NewInt(2)), sub(curveN, one), curveN, new(big.Int).Add(curveN, one), all} {
		sums = append(sums, sum{"edge", w, p, k}, sum{"edge, w = p", p, p, k}, sum{"edge, w = -p", p.negate(), p, k}, sum{"edge, p = G", w, curveG, k}, sum{"edge, all G", curveG, curveG, k})
	}
	// The point with x = 0 is not infinity, though a library may write that as (0, 0).
	zero, exists := pointAt(new(big.Int))
	require.True(t, exists)
	sums = append(sums, sum{"x(w) = 0", zero, p, sub(curveN, one)}, sum{"x(p) = 0", w, zero, one}, sum{"w = p, x = 0", zero, zero, one}, sum{"w = -p, x = 0", zero.negate(), zero, one},
		sum{"sum has x = 0", zero.add(p.negate()), p, one})
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		combiner, ok := e.(engine.Combiner)
		require.True(t, ok)
		infinite := 0
		for _, s := range sums {
			a, err := e.Prepare(s.w.compressed())
			require.NoError(t, err)
			b, err := e.Prepare(s.p.compressed())
			require.NoError(t, err)
			want := combine(one, s.w, mod(s.k, curveN), s.p)
			got, err := combiner.Combine(a, b, digestOf(s.k))
			if want.infinite() {
				require.ErrorIs(t, err, engine.ErrPoint, s.name)
				require.Nil(t, got, s.name)
				infinite++
				continue
			}
			require.NoError(t, err, s.name)
			require.Equal(t, want.raw(), got.Bytes(), "%s: k %x", s.name, s.k)
		}
		assert.Greater(t, infinite, 8)
	})
}

// TestCombinedKeyVerifies: what comes out is a key like one that was prepared.
func TestCombinedKeyVerifies(t *testing.T) {
	t.Parallel()
	random := seeded(0x63)
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		for range 4 {
			w, p, k := randomScalar(random), randomScalar(random), randomScalar(random)
			d := mod(new(big.Int).Add(w, mul(k, p)), curveN)
			signer, err := engine.NewSigner(d.FillBytes(make([]byte, 32)))
			require.NoError(t, err)
			digest := digestOf(randomScalar(random))
			signature, err := engine.SignDigest(nil, signer, digest)
			require.NoError(t, err)
			a, err := e.Prepare(curveG.multiply(w).compressed())
			require.NoError(t, err)
			b, err := e.Prepare(curveG.multiply(p).compressed())
			require.NoError(t, err)
			key, err := e.(engine.Combiner).Combine(a, b, digestOf(k))
			require.NoError(t, err)
			assert.True(t, key.Verify(digest, signature))
			digest[0] ^= 1
			assert.False(t, key.Verify(digest, signature))
		}
	})
}

// An implicitCase is one run of Issue with what a test sees of it.
type implicitCase struct {
	asked  [][engine.PointSize]byte // every W that lambda was asked for
	lambda []*big.Int               // what it answered
	w      [engine.PointSize]byte
	t      engine.ImplicitShare
}

func issueImplicit(t *testing.T, key *engine.ImplicitKey, random io.Reader, u point, lambdas ...*big.Int) implicitCase {
	t.Helper()
	var c implicitCase
	prepared, err := engine.Default().Prepare(u.compressed())
	require.NoError(t, err)
	c.w, c.t, err = key.Issue(random, prepared, func(w [engine.PointSize]byte) ([32]byte, error) {
		l := lambdas[min(len(c.asked), len(lambdas)-1)]
		c.asked, c.lambda = append(c.asked, w), append(c.lambda, l)
		return digestOf(l), nil
	})
	require.NoError(t, err)
	return c
}

// TestImplicitKeyIssue: W = [w]G + U and t = w + lambda·ms mod n, over math/big,
// and the whole answer follows from the random source.
func TestImplicitKeyIssue(t *testing.T) {
	t.Parallel()
	random := seeded(0x64)
	for i := range 10 {
		ms, own, lambda := randomScalar(random), randomScalar(random), randomScalar(random)
		if i == 0 {
			lambda = sub(curveN, big.NewInt(1))
		}
		key, err := engine.NewImplicitKey(ms.FillBytes(make([]byte, 32)))
		require.NoError(t, err)
		public := key.Point()
		require.Equal(t, curveG.multiply(ms).compressed(), public[:])
		u := curveG.multiply(own)

		c := issueImplicit(t, key, seeded(byte(i)), u, lambda)
		require.Len(t, c.asked, 1)
		assert.Equal(t, c.w, c.asked[0], "lambda is asked for the W that is sent")
		w := mod(sub(new(big.Int).SetBytes(c.t[:]), mul(lambda, ms)), curveN)
		assert.Equal(t, curveG.multiply(w).add(u).compressed(), c.w[:])

		// The requester's side: d = t + d' and [d]G = W + [lambda]P.
		signer, err := c.t.Complete(own.FillBytes(make([]byte, 32)))
		require.NoError(t, err)
		d := mod(new(big.Int).Add(new(big.Int).SetBytes(c.t[:]), own), curveN)
		assert.Equal(t, curveG.multiply(d), publicPoint(t, signer))
		assert.Equal(t, curveG.multiply(w).add(u).add(curveG.multiply(ms).multiply(lambda)), publicPoint(t, signer))

		assert.Equal(t, c, issueImplicit(t, key, seeded(byte(i)), u, lambda), "the same source gives the same answer")
		other := issueImplicit(t, key, seeded(byte(i+100)), u, lambda)
		assert.NotEqual(t, c.w, other.w)
		assert.NotEqual(t, c.t, other.t)

		// Why one w must not serve two answers: their difference is ms.
		l2 := mod(new(big.Int).Add(lambda, big.NewInt(5)), curveN)
		twice := issueImplicit(t, key, seeded(byte(i)), u, l2)
		difference := mod(sub(new(big.Int).SetBytes(twice.t[:]), new(big.Int).SetBytes(c.t[:])), curveN)
		assert.Equal(t, ms, mod(mul(difference, new(big.Int).ModInverse(mod(sub(l2, lambda), curveN), curveN)), curveN))
	}
}

// TestImplicitKeyIssueAgain: lambda = 0 and W = infinity are drawn again, with a
// new w each time, and not for ever.
func TestImplicitKeyIssueAgain(t *testing.T) {
	t.Parallel()
	random := seeded(0x65)
	ms, own, lambda := randomScalar(random), randomScalar(random), randomScalar(random)
	key, err := engine.NewImplicitKey(ms.FillBytes(make([]byte, 32)))
	require.NoError(t, err)
	u := curveG.multiply(own)

	c := issueImplicit(t, key, seeded(1), u, new(big.Int), lambda)
	require.Len(t, c.asked, 2)
	assert.NotEqual(t, c.asked[0], c.asked[1])
	assert.Equal(t, c.asked[1], c.w)
	w := mod(sub(new(big.Int).SetBytes(c.t[:]), mul(lambda, ms)), curveN)
	assert.Equal(t, curveG.multiply(w).add(u).compressed(), c.w[:])

	// A requester who knew w could choose U so that W vanishes.
	first := issueImplicit(t, key, seeded(2), u, lambda)
	w = mod(sub(new(big.Int).SetBytes(first.t[:]), mul(lambda, ms)), curveN)
	u = curveG.multiply(w).negate()
	c = issueImplicit(t, key, seeded(2), u, lambda)
	require.Len(t, c.asked, 1, "infinity is never asked about")
	second := mod(sub(new(big.Int).SetBytes(c.t[:]), mul(lambda, ms)), curveN)
	assert.NotEqual(t, w, second)
	assert.Equal(t, curveG.multiply(second).add(u).compressed(), c.w[:])

	prepared, err := engine.Default().Prepare(u.compressed())
	require.NoError(t, err)
	broken := errors.New("no lambda")
	for name, f := range map[string]func(asked *int) ([32]byte, error){
		"always zero":  func(*int) ([32]byte, error) { return [32]byte{}, nil },
		"not reduced":  func(*int) ([32]byte, error) { return digestOf(curveN), nil },
		"all ones":     func(*int) ([32]byte, error) { return [32]byte(bytes.Repeat([]byte{0xff}, 32)), nil },
		"it fails":     func(*int) ([32]byte, error) { return [32]byte{}, broken },
		"fails, later": func(n *int) ([32]byte, error) { return [32]byte{}, map[bool]error{true: broken}[*n > 1] },
	} {
		asked := 0
		_, share, err := key.Issue(seeded(3), prepared, func([engine.PointSize]byte) ([32]byte, error) { asked++; return f(&asked) })
		assert.Error(t, err, name)
		assert.Zero(t, share, name)
		assert.LessOrEqual(t, asked, 8, name)
	}
	_, share, err := key.Issue(bytes.NewReader(nil), prepared, func([engine.PointSize]byte) ([32]byte, error) { return digestOf(lambda), nil })
	assert.Error(t, err, "no random numbers")
	assert.Zero(t, share)
}

func TestImplicitRefuses(t *testing.T) {
	t.Parallel()
	last := sub(curveN, big.NewInt(1))
	scalar := func(v *big.Int) []byte { return v.FillBytes(make([]byte, 32)) }
	for name, b := range map[string][]byte{"nothing": nil, "0": scalar(new(big.Int)), "n-1": scalar(last), "n": scalar(curveN),
		"31 bytes": bytes.Repeat([]byte{1}, 31), "33 bytes": append([]byte{0}, scalar(big.NewInt(7))...)} {
		key, err := engine.NewImplicitKey(b)
		assert.Error(t, err, name)
		assert.Nil(t, key, name)
	}
	share := func(v *big.Int) engine.ImplicitShare { return engine.ImplicitShare(scalar(v)) }
	random := seeded(0x66)
	for name, c := range map[string]struct {
		t   engine.ImplicitShare
		own []byte
	}{
		"d = 0":        {share(sub(curveN, big.NewInt(9))), scalar(big.NewInt(9))},
		"d = n-1":      {share(sub(curveN, big.NewInt(9))), scalar(big.NewInt(8))},
		"t = n":        {share(curveN), scalar(randomScalar(random))},
		"d' = n":       {share(randomScalar(random)), scalar(curveN)},
		"no d'":        {share(randomScalar(random)), nil},
		"d' too long":  {share(randomScalar(random)), append([]byte{1}, scalar(big.NewInt(9))...)},
		"both zero":    {share(new(big.Int)), scalar(new(big.Int))},
		"d wraps to 0": {share(last), scalar(big.NewInt(1))},
	} {
		_, err := c.t.Complete(c.own)
		assert.Error(t, err, name)
	}
	for range 20 {
		a, b := randomScalar(random), randomScalar(random)
		key, err := share(a).Complete(scalar(b))
		require.NoError(t, err)
		require.Equal(t, curveG.multiply(mod(new(big.Int).Add(a, b), curveN)), publicPoint(t, key))
	}
}
