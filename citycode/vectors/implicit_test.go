package vectors

import (
	"encoding/binary"
	"math/big"
	"slices"

	"github.com/citizencode/citizencode/citycode/engine"
)

// An issuance says how an implicit code was issued (../SPEC.md §4.5). With only the names it is done as the
// standard says.
type issuance struct {
	issuer    string                                      // name of the TEST key behind Ppub
	requester string                                      // name of the TEST key behind U
	w         string                                      // label of the issuer's w
	lambda    func(w, ppub point, static []byte) *big.Int // in place of SM3(xW ‖ yW ‖ HA) mod n
}

// A point is an affine point of the curve.
type point struct{ x, y *big.Int }

func (k *testKey) point() point { return point{k.x, k.y} }

func (p point) plus(o point) point {
	x, y := curve.Add(p.x, p.y, o.x, o.y)
	return point{x, y}
}

func (p point) minus(o point) point { return p.plus(point{o.x, new(big.Int).Sub(curveP, o.y)}) }

func (p point) times(k *big.Int) point {
	x, y := curve.ScalarMult(p.x, p.y, be32(k))
	return point{x, y}
}

func (p point) bytes() []byte { return append(be32(p.x), be32(p.y)...) }

func (p point) compressed() hexBytes { return compressed(p.x, p.y) }

func generator() point { return point{curve.Params().Gx, curve.Params().Gy} }

// identityHash returns HA over an identity.
func identityHash(id []byte, ppub point) []byte {
	p := curve.Params()
	a := new(big.Int).Sub(p.P, big.NewInt(3))
	return sm3(binary.BigEndian.AppendUint16(nil, uint16(8*len(id))), id, be32(a), be32(p.B), be32(p.Gx), be32(p.Gy), ppub.bytes())
}

func identityOf(static []byte) []byte { return append([]byte("CC1/impl"), static...) }

func number(digest []byte) *big.Int { return mod(new(big.Int).SetBytes(digest)) }

// lambdaOf is what a verifier computes.
func lambdaOf(w, ppub point, static []byte) *big.Int {
	return number(sm3(w.bytes(), identityHash(identityOf(static), ppub)))
}

// reconstructionPoint returns W = [w]G + U.
func (i *issuance) reconstructionPoint() point {
	return generator().times(nonceOf(i.w)).plus(key(i.requester).point())
}

// share returns t = w + lambda·ms.
func (i *issuance) share(static []byte) *big.Int {
	lambda := lambdaOf
	if i.lambda != nil {
		lambda = i.lambda
	}
	master := key(i.issuer)
	t := new(big.Int).Mul(lambda(i.reconstructionPoint(), master.point(), static), master.d)
	return mod(t.Add(t, nonceOf(i.w)))
}

// key returns the holder's key of a static part: d = t + d'.
func (i *issuance) key(static []byte) *testKey {
	return keyOf(mod(new(big.Int).Add(i.share(static), key(i.requester).d)))
}

// keyOf returns a key that has no name.
func keyOf(d *big.Int) *testKey {
	signer, err := engine.NewSigner(be32(d))
	must(err)
	p := generator().times(d)
	return &testKey{signer: signer, d: d, x: p.x, y: p.y}
}

// implicitLayers stand in place of the issuer's signature.
type implicitLayers struct {
	Requester           hexBytes `json:"requester"`
	ReconstructionPoint hexBytes `json:"reconstructionPoint"`
	Identity            hexBytes `json:"identity"`
	HA                  hexBytes `json:"ha"`
	Lambda              hexBytes `json:"lambda"`
	Share               hexBytes `json:"share"`
	HolderScalar        hexBytes `json:"holderScalar"`
	HolderPublicKey     hexBytes `json:"holderPublicKey"`
}

func (i *issuance) layers(static []byte) *implicitLayers {
	w, master, holder := i.reconstructionPoint(), key(i.issuer), i.key(static)
	lambda := lambdaOf(w, master.point(), static)
	if pa := w.plus(master.point().times(lambda)); pa.x.Cmp(holder.x) != 0 || pa.y.Cmp(holder.y) != 0 {
		panic("generator: W + [lambda]P is not [d]G")
	}
	id := identityOf(static)
	return &implicitLayers{key(i.requester).public(), w.compressed(), id, identityHash(id, master.point()), be32(lambda), be32(i.share(static)),
		be32(holder.d), holder.public()}
}

// moved turns a signature of a key into one over the same digest under [c](P+G) - G: what binds a signature
// to its key is ZA alone.
func moved(sig []byte, c *big.Int) []byte {
	r, s := split(sig)
	s.Add(s, r).Mul(s, new(big.Int).ModInverse(c, curveN)).Sub(s, r)
	return rs(r, mod(s))
}

// implicitRide is the ride code of a citizen whose key follows from W.
func implicitRide() draft {
	d := ride()
	d.mode, d.profile, d.issuer, d.index = 0x12, 0x13, id(shenyang, 5), 4715
	d.issuerSign, d.holderSign = signing{key: implicitIssuerKey}, signing{tag: "CC1/tokn"}
	d.subject = filler("implicit subject", 8)
	d.implicitly = &issuance{issuer: implicitIssuerKey, requester: personA, w: "w of Test Person A"}
	d.holderKey = d.implicitly.reconstructionPoint().compressed()
	return d
}

const implicitIssuerKey = "210100 implicit issuer"

// issuedAs lets the issuer give another answer: another w, requester or master key.
func (d *draft) issuedAs(i issuance) {
	d.implicitly = &i
	d.issuerSign.key = i.issuer
	d.holderKey = i.reconstructionPoint().compressed()
}

// signedAlready keeps the holder's signature of the draft as it stands.
func (d *draft) signedAlready() {
	b := append(slices.Clone(d.credential()), d.dynamic()...)
	d.holderSign.give = d.holder().sign(b).signature
}
