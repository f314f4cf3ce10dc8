package engine_test

import (
	"encoding/asn1"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode/engine"
)

// A statement is what voices are asked about: that r, s is a signature of
// message by the holder of public, under the identifier id. Without an id,
// message is the digest e.
type statement struct {
	public  []byte // in any form
	id      string
	message []byte
	r, s    *big.Int
}

// fits reports whether the signature can be written as 64 bytes.
func (q statement) fits() bool { return q.r.BitLen() <= 256 && q.s.BitLen() <= 256 }

// der returns the signature as a SEQUENCE of two INTEGERs (GB/T 35276-2017,
// 7.3), of any size.
func (q statement) der(t *testing.T) []byte {
	t.Helper()
	der, err := asn1.Marshal(struct{ R, S *big.Int }{q.r, q.s})
	require.NoError(t, err)
	return der
}

// Voices that differ from the right verdict on a kind of statement, each with
// its reason. A difference that a voice no longer shows fails the test, so that
// the list stays true.
const (
	oneSpelling  = "an engine takes one spelling of a key, the compressed one (Engine.Prepare)"
	hybridPoint  = "OpenSSL reads the hybrid form 06/07 of GB/T 32918.1-2016, 4.2.9"
	infinityKey  = "OpenSSL's pkeyutl reads 00, infinity, as a key and does not check it; of a message it refuses, since ZA has no coordinates to take"
	noLowerBound = "sm-crypto-v2 does not check r >= 1 (GB/T 32918.2-2016, 7.1, B1); e must be chosen freely to make use of it"
	zeroInfinity = "sm-crypto-v2 takes infinity for x = 0; e and the key must be chosen freely to make use of it"
	equalPoints  = "tjfoc's addition of equal points is wrong (package tjfoc, Limits)"
)

// A kind of statement, made out of a signed one.
type kind struct {
	name   string
	valid  bool
	change func(d *draw, q *statement)
	differ map[int]string // by the index of the voice
}

// A draw is what a statement is made of.
type draw struct {
	t      *testing.T
	random *rand.ChaCha8
	scalar []byte
	public point
	own    voice // the default one
}

func newDraw(t *testing.T, random *rand.ChaCha8, own voice) *draw {
	scalar := randomScalar(random).FillBytes(make([]byte, 32))
	signer, err := engine.NewSigner(scalar)
	require.NoError(t, err)
	return &draw{t, random, scalar, publicPoint(t, signer), own}
}

// signed returns a message that the signer has signed, under the default
// identifier or another one.
func (d *draw) signed(signer voice) statement {
	q := statement{public: d.public.compressed(), id: engine.DefaultID, message: randomMessage(d.random)}
	if d.random.Uint64()%4 == 0 {
		q.id = strings.Repeat("TEST", 1+int(d.random.Uint64()%20))
	}
	q.take(signer.sign(d.t, d.scalar, q.id, q.message))
	return q
}

func (q *statement) take(signature [engine.SignatureSize]byte) {
	q.r, q.s = new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
}

// fit states r and s, whatever they are, with the digest that goes with them:
// e = r - x(s·G + t·P).
func (d *draw) fit(q *statement, r, s *big.Int) {
	t := mod(new(big.Int).Add(r, s), curveN)
	// Two products and one sum, as a verifier would: for points of two curves
	// the order matters.
	sum := curveG.multiply(s).add(d.public.multiply(t))
	digest := digestOf(mod(sub(r, sum.x), curveN))
	q.id, q.message, q.r, q.s = "", digest[:], r, s
}

// small returns a number of 1..2^bits.
func (d *draw) small(bits uint) *big.Int {
	v := randomScalar(d.random)
	return v.Rsh(v, 256-bits).Add(v, big.NewInt(1))
}

func uncompressed(prefix byte, x, y *big.Int) []byte {
	b := make([]byte, engine.RawPointSize)
	b[0] = prefix
	x.FillBytes(b[1:33])
	y.FillBytes(b[33:])
	return b
}

// scalars makes a kind that changes nothing but r and s.
func scalars(name string, change func(d *draw, r, s *big.Int)) kind {
	return kind{name: name, change: func(d *draw, q *statement) { change(d, q.r, q.s) }}
}

// shortHalf makes a kind whose half of the signature begins with a zero byte.
func shortHalf(name string, half int) kind {
	return kind{name: name, valid: true, change: func(d *draw, q *statement) {
		for {
			// Long enough to have such a signature: the nonce follows from it.
			q.message = make([]byte, 8)
			d.random.Read(q.message)
			if signature := d.own.sign(d.t, d.scalar, q.id, q.message); signature[half] == 0 {
				q.take(signature)
				return
			}
		}
	}}
}

// fitting makes a kind of a free choice of r and s, valid with a digest to match.
func fitting(name string, choose func(d *draw) (r, s *big.Int)) kind {
	return kind{name: name, valid: true, change: func(d *draw, q *statement) {
		r, s := choose(d)
		d.fit(q, r, s)
	}}
}

func kinds() []kind {
	one, zero := big.NewInt(1), new(big.Int)
	last, top := sub(curveN, one), sub(new(big.Int).Lsh(one, 256), one)
	list := []kind{
		shortHalf("r with a leading zero byte", 0),
		shortHalf("s with a leading zero byte", 32),
		scalars("r + n", func(d *draw, r, s *big.Int) { r.Add(r, curveN) }),
		scalars("s + n", func(d *draw, r, s *big.Int) { s.Add(s, curveN) }),
		scalars("-r", func(d *draw, r, s *big.Int) { r.Sub(curveN, r) }),
		scalars("-s", func(d *draw, r, s *big.Int) { s.Sub(curveN, s) }),
		scalars("r + s = n", func(d *draw, r, s *big.Int) { s.Sub(curveN, r) }),
		scalars("r and s swapped", func(d *draw, r, s *big.Int) { *r, *s = *s, *r }),
		scalars("r + 1, s - 1", func(d *draw, r, s *big.Int) { r.Add(r, one); s.Sub(s, one) }),
		scalars("a bit of r", func(d *draw, r, s *big.Int) { flip(r, d.random) }),
		scalars("a bit of s", func(d *draw, r, s *big.Int) { flip(s, d.random) }),

		{name: "a bit of the message", change: func(d *draw, q *statement) {
			q.message[d.random.Uint64()%uint64(len(q.message))] ^= 1 << (d.random.Uint64() % 8)
		}},
		{name: "a byte behind the message", change: func(d *draw, q *statement) { q.message = append(q.message, 0) }},
		{name: "another message", change: func(d *draw, q *statement) { q.message = randomMessage(d.random) }},
		{name: "another identifier", change: func(d *draw, q *statement) { q.id += "1" }},
		{name: "ZA of another key", change: func(d *draw, q *statement) {
			other, err := engine.Default().Prepare(curveG.multiply(randomScalar(d.random)).compressed())
			require.NoError(d.t, err)
			signer, err := engine.NewSigner(d.scalar)
			require.NoError(d.t, err)
			signature, err := engine.SignDigest(nil, signer, digestUnder(engine.Default(), other, q.id, q.message))
			require.NoError(d.t, err)
			q.take(signature)
		}},
		{name: "no ZA", change: func(d *draw, q *statement) {
			signer, err := engine.NewSigner(d.scalar)
			require.NoError(d.t, err)
			h := engine.Default().NewSM3()
			h.Write(q.message)
			signature, err := engine.SignDigest(nil, signer, [engine.DigestSize]byte(h.Sum(nil)))
			require.NoError(d.t, err)
			q.take(signature)
		}},
		{name: "signed by another key", change: func(d *draw, q *statement) {
			q.take(d.own.sign(d.t, randomScalar(d.random).FillBytes(make([]byte, 32)), q.id, q.message))
		}},

		{name: "the negative of the key", change: func(d *draw, q *statement) { q.public = d.public.negate().compressed() }},
		{name: "a key without a prefix", change: func(d *draw, q *statement) { q.public = q.public[1:] }},
		{name: "a key and a byte", change: func(d *draw, q *statement) { q.public = append(q.public, 0) }},
		// Half of all x have no root, and the usual power gives one all the same:
		// a point of another curve. What fits it is valid for whoever takes it.
		{name: "an x that no point has, and what fits it", change: func(d *draw, q *statement) {
			x := new(big.Int).Set(d.public.x)
			for exists := true; exists; _, exists = pointAt(x) {
				x.Add(x, one)
			}
			exponent := new(big.Int).Add(curveP, one)
			d.public = point{x, new(big.Int).Exp(rightHandSide(x), exponent.Rsh(exponent, 2), curveP)}
			d.fit(q, randomScalar(d.random), randomScalar(d.random))
			q.public = d.public.compressed()
		}},
		{name: "the key uncompressed", valid: true, differ: map[int]string{ofDefault: oneSpelling, ofTjfoc: oneSpelling},
			change: func(d *draw, q *statement) { q.public = uncompressed(4, d.public.x, d.public.y) }},
		{name: "the key in the hybrid form", differ: map[int]string{ofOpenSSL: hybridPoint},
			change: func(d *draw, q *statement) {
				q.public = uncompressed(6+byte(d.public.y.Bit(0)), d.public.x, d.public.y)
			}},
		// Whoever adds points without asking whether they are on the curve
		// accepts this one: the formulas do not know b.
		{name: "a key of another curve, and what fits it", change: func(d *draw, q *statement) {
			d.public.y = new(big.Int).Add(d.public.y, one)
			q.public = uncompressed(4, d.public.x, d.public.y)
			d.fit(q, randomScalar(d.random), randomScalar(d.random))
		}},
		{name: "infinity as the key", change: func(d *draw, q *statement) { q.public = []byte{0} }},
		// With no key at all R is s·G.
		{name: "infinity as the key, and what fits it", differ: map[int]string{ofOpenSSL: infinityKey}, change: func(d *draw, q *statement) {
			q.public = []byte{0}
			d.public = point{}
			d.fit(q, randomScalar(d.random), randomScalar(d.random))
		}},
		{name: "(0, 0) as the key, and what fits it", change: func(d *draw, q *statement) {
			q.public = uncompressed(4, zero, zero)
			d.public = point{}
			d.fit(q, randomScalar(d.random), randomScalar(d.random))
		}},
		{name: "x + p as the key, and what fits it", change: func(d *draw, q *statement) {
			for exists := false; !exists; {
				d.public, exists = pointAt(d.small(200))
			}
			d.fit(q, randomScalar(d.random), randomScalar(d.random))
			q.public = d.public.compressed()
			new(big.Int).Add(d.public.x, curveP).FillBytes(q.public[1:])
		}},

		fitting("a small r", func(d *draw) (r, s *big.Int) { return d.small(64), randomScalar(d.random) }),
		fitting("a small s", func(d *draw) (r, s *big.Int) { return randomScalar(d.random), d.small(64) }),
		fitting("r = 1", func(d *draw) (r, s *big.Int) { return one, randomScalar(d.random) }),
		fitting("s = 1", func(d *draw) (r, s *big.Int) { return randomScalar(d.random), one }),
		fitting("r = n-1", func(d *draw) (r, s *big.Int) { return last, randomScalar(d.random) }),
		fitting("s = n-1", func(d *draw) (r, s *big.Int) { return randomScalar(d.random), last }),
		{name: "the twin r + n of a small r", change: func(d *draw, q *statement) {
			d.fit(q, d.small(200), randomScalar(d.random))
			q.r = new(big.Int).Add(q.r, curveN)
		}},
		{name: "the twin s + n of a small s", change: func(d *draw, q *statement) {
			d.fit(q, randomScalar(d.random), d.small(200))
			q.s = new(big.Int).Add(q.s, curveN)
		}},
		{name: "r = 0, and what fits it", differ: map[int]string{ofSMCrypto: noLowerBound},
			change: func(d *draw, q *statement) { d.fit(q, zero, randomScalar(d.random)) }},
		{name: "s = 0, and what fits it", change: func(d *draw, q *statement) { d.fit(q, randomScalar(d.random), zero) }},
		// t = 0 leaves the key out.
		{name: "r + s = n, and what fits it", change: func(d *draw, q *statement) {
			s := randomScalar(d.random)
			d.fit(q, sub(curveN, s), s)
		}},
		{name: "x(R) = 0", valid: true, change: func(d *draw, q *statement) {
			sum, _ := pointAt(zero)
			d.aim(q, randomScalar(d.random), randomScalar(d.random), sum)
		}},
		{name: "x(R) above n", valid: true, change: func(d *draw, q *statement) {
			sum, exists := pointAt(new(big.Int).Add(curveN, big.NewInt(4)))
			require.True(d.t, exists)
			d.aim(q, randomScalar(d.random), randomScalar(d.random), sum)
		}},
		{name: "R infinite, e = r", differ: map[int]string{ofSMCrypto: zeroInfinity}, change: func(d *draw, q *statement) {
			s, t := randomScalar(d.random), randomScalar(d.random)
			d.public = curveG.multiply(s).negate().multiply(new(big.Int).ModInverse(t, curveN))
			r := mod(sub(t, s), curveN)
			q.public, q.id, q.message, q.r, q.s = d.public.compressed(), "", r.FillBytes(make([]byte, engine.DigestSize)), r, s
		}},
		{name: "s·G = t·P", valid: true, differ: map[int]string{ofTjfoc: equalPoints}, change: func(d *draw, q *statement) {
			s, t := randomScalar(d.random), randomScalar(d.random)
			d.aim(q, s, t, curveG.multiply(mod(new(big.Int).Lsh(s, 1), curveN)))
		}},
	}
	for _, b := range []struct {
		name  string
		bound *big.Int
	}{{"0", zero}, {"n", curveN}, {"n+1", new(big.Int).Add(curveN, one)}, {"2^256-1", top}} {
		list = append(list,
			scalars("r = "+b.name, func(d *draw, r, s *big.Int) { r.Set(b.bound) }),
			scalars("s = "+b.name, func(d *draw, r, s *big.Int) { s.Set(b.bound) }))
	}
	return list
}

// aim states a signature under a key that brings R to sum.
func (d *draw) aim(q *statement, s, t *big.Int, sum point) {
	public, digest, signature := fromSum(s, t, sum)
	q.public, q.id, q.message = public.compressed(), "", digest[:]
	q.take(signature)
}
