package vectors

import (
	"crypto"
	"crypto/ecdsa"
	"encoding/binary"
	"fmt"
	"math/big"
	"sort"

	"github.com/emmansun/gmsm/sm2"

	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
)

// This half of the package, the generator, is written from ../SPEC.md and not from citycode: it has its own
// layout, ZA, list format and Rice code, so that the vectors do not only repeat what the code does.

// The curve of GB/T 32918.5-2017.
var (
	curve  = sm2.P256()
	curveP = curve.Params().P
	curveN = curve.Params().N
	one    = big.NewInt(1)
)

// A testKey is a TEST key: its scalar follows from a published sentence.
type testKey struct {
	name   string
	signer crypto.Signer
	d      *big.Int
	x, y   *big.Int
}

var (
	keys     = map[string]*testKey{}
	keysUsed = map[string]bool{} // in the group that is being built, for its privateKeys
)

// key returns the TEST key of a name.
func key(name string) *testKey {
	keysUsed[name] = true
	if k := keys[name]; k != nil {
		return k
	}
	k := &testKey{name: name, signer: citycodetest.Key(name), d: new(big.Int).SetBytes(citycodetest.Scalar(name))}
	public := k.signer.Public().(*ecdsa.PublicKey)
	k.x, k.y = public.X, public.Y
	keys[name] = k
	return k
}

// public returns 02 or 03, then x.
func (k *testKey) public() hexBytes { return compressed(k.x, k.y) }

func compressed(x, y *big.Int) hexBytes { return append(hexBytes{2 + byte(y.Bit(0))}, be32(x)...) }

func be32(v *big.Int) []byte { return v.FillBytes(make([]byte, 32)) }

// identity is the default identifier of GM/T 0009-2012.
const identity = "1234567812345678"

// za returns ZA of GB/T 32918.2-2016, 5.5. entl is the length of the identifier in bits.
func (k *testKey) za(id string) []byte { return k.zaWith(uint16(8*len(id)), id) }

func (k *testKey) zaWith(entl uint16, id string) []byte {
	p := curve.Params()
	a := new(big.Int).Sub(p.P, big.NewInt(3))
	return sm3(binary.BigEndian.AppendUint16(nil, entl), []byte(id), be32(a), be32(p.B), be32(p.Gx), be32(p.Gy), be32(k.x), be32(k.y))
}

func sm3(parts ...[]byte) []byte {
	h := engine.Default().NewSM3()
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// sign returns r‖s over a digest. It is deterministic.
func (k *testKey) sign(digest []byte) []byte {
	sig, err := engine.SignDigest(nil, k.signer, [engine.DigestSize]byte(digest))
	must(err)
	return sig[:]
}

// signWith signs with a nonce of the caller's (GB/T 32918.2-2016, 6.1).
func (k *testKey) signWith(nonce *big.Int, digest []byte) []byte {
	x, _ := curve.ScalarBaseMult(be32(nonce))
	r := x.Add(x, new(big.Int).SetBytes(digest))
	r.Mod(r, curveN)
	s := new(big.Int).Sub(nonce, new(big.Int).Mul(r, k.d))
	s.Mul(s, new(big.Int).ModInverse(new(big.Int).Add(k.d, one), curveN)).Mod(s, curveN)
	return rs(r, s)
}

// nonceOf derives a nonce from a label.
func nonceOf(label string) *big.Int {
	v := new(big.Int).SetBytes(sm3([]byte("CITIZEN CODE TEST NONCE, KNOWN TO EVERYBODY: " + label)))
	return v.Mod(v, new(big.Int).Sub(curveN, one)).Add(v, one)
}

func rs(r, s *big.Int) []byte { return append(be32(r), be32(s)...) }

func split(sig []byte) (r, s *big.Int) {
	return new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])
}

// der returns the ASN.1 form of a signature, as other systems would put it on the wire.
func der(sig []byte) []byte {
	integer := func(v *big.Int) []byte {
		b := v.Bytes()
		if b[0]&0x80 != 0 {
			b = append([]byte{0}, b...)
		}
		return append([]byte{2, byte(len(b))}, b...)
	}
	r, s := split(sig)
	body := append(integer(r), integer(s)...)
	return append([]byte{0x30, byte(len(body))}, body...)
}

// pointAt returns the compressed point with the given x, and false if there is none.
func pointAt(x *big.Int) (hexBytes, bool) {
	g := new(big.Int).Mul(x, x)
	g.Sub(g, big.NewInt(3)).Mul(g, x).Add(g, curve.Params().B).Mod(g, curveP)
	y := new(big.Int).ModSqrt(g, curveP)
	if y == nil {
		return append(hexBytes{2}, be32(x)...), false
	}
	return compressed(x, y), true
}

// offCurve returns 33 bytes that look like a key and belong to no point.
func offCurve() hexBytes {
	for x := big.NewInt(0x0c17); ; x.Add(x, one) {
		if b, exists := pointAt(x); !exists {
			return b
		}
	}
}

// beyondField returns x+p for the smallest x of the curve: a second spelling of a point.
func beyondField() hexBytes {
	for x := big.NewInt(1); ; x.Add(x, one) {
		if b, exists := pointAt(x); exists {
			return append(hexBytes{b[0]}, be32(x.Add(x, curveP))...)
		}
	}
}

// A privateKey lets a reader sign what we signed.
type privateKey struct {
	Name     string   `json:"name"`
	Sentence string   `json:"sentence"`
	Scalar   hexBytes `json:"scalar"`
	Public   hexBytes `json:"public"`
}

// takeKeys returns the keys used since the last call, by name.
func takeKeys() []privateKey {
	list := []privateKey{}
	for name := range keysUsed {
		k := keys[name]
		list = append(list, privateKey{name, citycodetest.KeySentence + name, be32(k.d), k.public()})
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	clear(keysUsed)
	return list
}

func must(err error) {
	if err != nil {
		panic(fmt.Sprintf("generator: %v", err))
	}
}
