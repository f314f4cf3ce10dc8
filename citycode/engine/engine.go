// Package engine is the seam between the citizen code and an implementation of
// SM2, SM3 and SM4.
//
// citycode verifies through an [Engine]: [Engine.Prepare] turns a public key
// into a [Key] once, and [Key.Verify] then answers for a digest and a
// signature. Everything here that verifies handles public data only and may
// take variable time. Signing goes through [SignDigest] and any
// [crypto.Signer]: a file, an HSM, a card; it never reaches an Engine, so no
// verification shortcut can touch a private key.
//
// Further abilities of an engine ([Keeper], [Combiner]) are optional interfaces
// that a caller finds by assertion.
//
// [Default] verifies by this module's own code. [GMSM], on github.com/emmansun/gmsm,
// and package engine/tjfoc are engines of independent origin; tests run all
// three and they must agree.
package engine

import (
	"crypto/cipher"
	"errors"
	"hash"
)

// Sizes in bytes.
const (
	DigestSize    = 32 // SM3
	SignatureSize = 64 // r‖s, 32 bytes each
	PointSize     = 33 // 02 or 03‖x
	RawPointSize  = 65 // 04‖x‖y
)

// An Engine implements the verifying side of the suite. Implementations are
// safe for concurrent use.
type Engine interface {
	// Name names the implementation and its version, for reports.
	Name() string

	// Prepare checks a public key and readies it for verification. point is
	// the compressed form of GB/T 32918.1-2016, 4.2.9: 02 or 03, then x. It
	// returns ErrPoint when x is not below p, when there is no such point on
	// the curve, or when any other prefix or length is used.
	Prepare(point []byte) (Key, error)

	// NewSM3 returns a new GB/T 32905-2016 hash.
	NewSM3() hash.Hash

	// NewSM4 returns the GB/T 32907-2016 block cipher under a 16-byte key.
	NewSM4(key []byte) (cipher.Block, error)
}

// A Key is a public key that has been checked to be a point of the curve.
type Key interface {
	// Bytes returns 04‖x‖y.
	Bytes() [RawPointSize]byte

	// Verify reports whether signature, r‖s, is valid for digest, which is
	// e = SM3(ZA‖M) of GB/T 32918.2-2016, 7.1. It rejects r or s outside
	// 1..n-1.
	Verify(digest [DigestSize]byte, signature [SignatureSize]byte) bool
}

// A Keeper is an engine that can spend time and memory once on a key that
// verifies many signatures, as an issuer's does.
type Keeper interface {
	// Keep returns the key in a form that verifies faster. It costs about as
	// much as ten to twenty verifications. It returns an error if a check of
	// what it computed fails.
	Keep(key Key) (Key, error)
}

// A Tabled is a key that may hold a table.
type Tabled interface {
	// TableBytes returns how much memory the table takes; 0 if there is none.
	TableBytes() int
}

// ErrPoint means that bytes are not a valid compressed public key.
var ErrPoint = errors.New("engine: not a compressed SM2 public key")

// DefaultID is the distinguishing identifier of GM/T 0009-2012, clause 10,
// under which every signature of the citizen code is made.
const DefaultID = "1234567812345678"

// The curve of GB/T 32918.5-2017, Annex A: a, b and G, as ZA takes them.
const curveParameters = "" +
	"\xff\xff\xff\xfe\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xfc" +
	"\x28\xe9\xfa\x9e\x9d\x9f\x5e\x34\x4d\x5a\x9e\x4b\xcf\x65\x09\xa7\xf3\x97\x89\xf5\x15\xab\x8f\x92\xdd\xbc\xbd\x41\x4d\x94\x0e\x93" +
	"\x32\xc4\xae\x2c\x1f\x19\x81\x19\x5f\x99\x04\x46\x6a\x39\xc9\x94\x8f\xe3\x0b\xbf\xf2\x66\x0b\xe1\x71\x5a\x45\x89\x33\x4c\x74\xc7" +
	"\xbc\x37\x36\xa2\xf4\xf6\x77\x9c\x59\xbd\xce\xe3\x6b\x69\x21\x53\xd0\xa9\x87\x7c\xc6\x2a\x47\x40\x02\xdf\x32\xe5\x21\x39\xf0\xa0"

// CurveParameters returns a ‖ b ‖ xG ‖ yG, 32 bytes each, of GB/T 32918.5-2017.
func CurveParameters() []byte { return AppendCurve(nil) }

// AppendCurve appends [CurveParameters] to b.
func AppendCurve(b []byte) []byte { return append(b, curveParameters...) }

// order is n, the order of G.
const order = "\xff\xff\xff\xfe\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x72\x03\xdf\x6b\x21\xc6\x05\x2b\x53\xbb\xf4\x09\x39\xd5\x41\x23"

// ZA returns Z_A of GB/T 32918.2-2016, 5.5, for key under [DefaultID].
func ZA(e Engine, key Key) [DigestSize]byte {
	// One write from one buffer, which also takes the result: a gate does this
	// for every holder.
	b := AppendZA(make([]byte, 0, len(zaFront)+RawPointSize-1), key)
	h := e.NewSM3()
	h.Write(b)
	return [DigestSize]byte(h.Sum(b[:0]))
}

// AppendZA appends to b what [ZA] is the SM3 of.
func AppendZA(b []byte, key Key) []byte {
	point := key.Bytes()
	return append(append(b, zaFront...), point[1:]...)
}

// zaFront is what Z_A begins with under every key: the length of the identifier
// in bits, the identifier, and the curve.
const zaFront = "\x00\x80" + DefaultID + curveParameters

// ValidScalars reports whether both halves of r‖s lie in 1..n-1
// (GB/T 32918.2-2016, 7.1, B1 and B2). Engines call it before they hand a
// signature to a library: what a library does with r+n or zero is then never
// the question.
func ValidScalars(signature [SignatureSize]byte) bool {
	return validScalar(signature[:32]) && validScalar(signature[32:])
}

func validScalar(b []byte) bool {
	const zero = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	return string(b) != zero && string(b) < order
}
