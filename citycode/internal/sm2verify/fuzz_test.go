package sm2verify

import (
	"math/big"
	"testing"
)

// FuzzVerify asks the judge, a key and one with a table that is small enough to
// make each time. The digest is made to fit the signature and then moved by a
// number, so that both verdicts occur.
func FuzzVerify(f *testing.F) {
	_, _, r, s := aSignature(60)
	for _, move := range [][]byte{nil, {1}, curve.N.Bytes()} {
		f.Add(big.NewInt(60).Bytes(), r.Bytes(), s.Bytes(), move)
		f.Add(new(big.Int).Sub(curve.N, big.NewInt(1)).Bytes(), s.Bytes(), r.Bytes(), move)
	}
	f.Add([]byte{1}, []byte{1}, []byte{1}, []byte{})
	f.Add([]byte{2}, []byte{1}, new(big.Int).Sub(curve.N, big.NewInt(1)).Bytes(), []byte{})
	baseTable() // not in one of the runs, or the fuzzer takes it for what an input did
	f.Fuzz(func(t *testing.T, k, r, s, move []byte) {
		if len(k) > 32 || len(r) > 32 || len(s) > 32 || len(move) > 32 {
			return
		}
		kn, rn, sn := new(big.Int).SetBytes(k), new(big.Int).SetBytes(r), new(big.Int).SetBytes(s)
		p := judgedBase.times(kn)
		if p.infinite() {
			return
		}
		logarithm := new(big.Int).Add(rn, sn)
		sum := judgedBase.times(logarithm.Mul(logarithm, kn).Add(logarithm, sn))
		e := modulo(new(big.Int).Sub(rn, sum.x))
		e.Add(e, new(big.Int).SetBytes(move)).Mod(e, radix)
		key := p.key(t)
		tabled := &Key{point: key.point, raw: key.raw, table: newTable(&key.point, 4)}
		requireVerdict(t, sum.accepts(e, rn, sn), []*Key{key, tabled}, e, rn, sn)
	})
}

// FuzzField holds products, squares, sums, differences and inverses against math/big.
func FuzzField(f *testing.F) {
	f.Add(curve.P.Bytes(), curve.N.Bytes())
	f.Add([]byte{1}, new(big.Int).Sub(radix, big.NewInt(1)).Bytes())
	inverse := new(big.Int).ModInverse(radix, curve.P)
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if len(a) > 32 || len(b) > 32 {
			return
		}
		v, w := new(big.Int).SetBytes(a), new(big.Int).SetBytes(b)
		x, y := element(limbs(v)), element(limbs(w))
		check := func(name string, got *element, want *big.Int) {
			g := number((*[4]uint64)(got))
			if g.Sub(g, want).Mod(g, curve.P).Sign() != 0 {
				t.Fatalf("%s of %x and %x: %x", name, v, w, got)
			}
		}
		var z element
		product, square := new(big.Int).Mul(v, w), new(big.Int).Mul(v, v)
		product.Mul(product, inverse)
		square.Mul(square, inverse)
		withEach(func(name string) {
			z.mul(&x, &y)
			check(name+", product", &z, product)
			z.square(&x)
			check(name+", square", &z, square)
		})
		z.add(&x, &y)
		check("sum", &z, new(big.Int).Add(v, w))
		z.sub(&x, &y)
		check("difference", &z, new(big.Int).Sub(v, w))
		z.invert(&x)
		inverse := new(big.Int)
		if !x.isZero() {
			inverse.ModInverse(v, curve.P)
			inverse.Mul(inverse, radix).Mul(inverse, radix)
		}
		check("inverse", &z, inverse)
	})
}

// FuzzNewKey holds decompression against math/big: there is a key if and only
// if x is below p and has a point, and the point is on the curve.
func FuzzNewKey(f *testing.F) {
	f.Add(judgedBase.compressed())
	f.Add(judgedBase.negated().compressed())
	f.Add(append([]byte{2}, curve.P.Bytes()...))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		key, err := NewKey(b)
		want := false
		if len(b) == 33 && b[0]&^1 == 2 {
			x := new(big.Int).SetBytes(b[1:])
			y := rootOf(x)
			want = x.Cmp(curve.P) < 0 && y != nil
		}
		if want != (err == nil) {
			t.Fatalf("%x: %v", b, err)
		}
		if err != nil {
			return
		}
		raw := key.Bytes()
		if !curve.IsOnCurve(new(big.Int).SetBytes(raw[1:33]), new(big.Int).SetBytes(raw[33:])) || raw[0] != 4 ||
			string(raw[1:33]) != string(b[1:]) || raw[64]&1 != b[0]&1 {
			t.Fatalf("%x became %x", b, raw)
		}
	})
}
