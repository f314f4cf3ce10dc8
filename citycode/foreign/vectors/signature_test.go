package vectors

import (
	"bytes"
	"math/big"
	"slices"

	"github.com/emmansun/gmsm/sm2"

	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/foreign/jtt1179/jtt1179test"
)

// offCurve is an x with no point: the first above a fixed number.
func offCurve() []byte {
	for x := byte(1); ; x++ {
		point := append([]byte{2}, bytes.Repeat([]byte{x}, 32)...)
		if _, err := engine.GMSM().Prepare(point); err != nil {
			return point
		}
	}
}

// withoutZA and emptyID are what implementations sign that have read the wrong
// paragraph.
func withoutZA(_ string, message []byte) [32]byte { return jtt1179test.SM3(message) }

func emptyID(name string, message []byte) [32]byte {
	p := engine.GMSM()
	key, err := p.Prepare(jtt1179test.Point(name))
	if err != nil {
		panic(err)
	}
	raw := key.Bytes()
	za := jtt1179test.SM3([]byte{0, 0}, engine.CurveParameters(), raw[1:])
	return jtt1179test.SM3(za[:], message)
}

// signedBy signs a message anew for one of the three signatures.
func signedBy(name string, message []byte, digest func(string, []byte) [32]byte) []byte {
	s, err := engine.SignDigest(nil, citycodetest.Key(name), digest(name, message))
	if err != nil {
		panic(err)
	}
	return s[:]
}

// again signs a display a second time, with another nonce: other bytes, as good
// as the first (GB/T 32918.2-2016, 6.1).
func again(b []byte) []byte {
	n := new(big.Int).Set(sm2.P256().Params().N)
	digest := jtt1179test.Digest(jtt1179test.User, b[:len(b)-65])
	k := big.NewInt(0x7e57) // TEST
	x, _ := sm2.P256().ScalarBaseMult(k.Bytes())
	d := new(big.Int).SetBytes(citycodetest.Scalar(jtt1179test.User))
	r := new(big.Int).SetBytes(digest[:])
	r.Add(r, x).Mod(r, n)
	s := new(big.Int).Mul(r, d)
	s.Sub(k, s)
	inverse := new(big.Int).ModInverse(new(big.Int).Add(d, big.NewInt(1)), n)
	s.Mul(s, inverse).Mod(s, n)
	b = slices.Clone(b)
	r.FillBytes(b[len(b)-64 : len(b)-32])
	s.FillBytes(b[len(b)-32:])
	return b
}
