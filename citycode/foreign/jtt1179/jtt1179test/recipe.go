// Package jtt1179test makes ride codes in the layout of JT/T 1179-2018, good and
// broken, for tests: field by field, by the table of ../SPEC.md §3.1 and by
// nothing of package jtt1179, so that each checks the other.
//
// Every key is a TEST key of citycodetest, known to everybody, and every account
// is made up and says so.
package jtt1179test

import (
	"crypto"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
)

// Names of the keys of the chain.
const (
	CA     = "jtt1179 TEST CA"
	Issuer = "jtt1179 TEST issuer"
	User   = "jtt1179 TEST phone"
)

// CAIndex is the index of the CA's key.
const CAIndex = 0xfe

// Noon is when the code of [New] is generated: 2026-11-22 12:00:00 in China.
const Noon = 1795320000

// A Recipe is a code before it is put together: every field as its bytes, and
// the names of the keys that sign. A field that is nil is computed.
type Recipe struct {
	Version []byte
	Length  []byte // nil: as it has to be

	// The certificate.
	Head, Service, CAIndex, Format, Subject, Month, Serial []byte
	Algorithms, KeyLength, IssuerKey                       []byte
	CA                                                     string // signs
	CASignature                                            []byte // nil: signed

	Payment, Card, Issuer, Platform, Type, Cap, UserKey, Expires, Validity []byte
	CustomLength                                                           []byte // nil: as it has to be
	Custom                                                                 []byte
	SignedBy                                                               string // the issuer's key
	IssuerTag, IssuerSignature                                             []byte // nil: signed

	Generated              []byte
	ShownBy                string // the phone's key
	UserTag, UserSignature []byte // nil: signed

	// Digest is what is signed; nil: SM3(ZA ‖ message).
	Digest func(name string, message []byte) [engine.DigestSize]byte
}

// New returns the recipe of a good code of 332 bytes.
func New() *Recipe {
	return &Recipe{
		Version: []byte{0x81},
		Head:    []byte{0x24}, Service: Hex("01010000"), CAIndex: []byte{CAIndex}, Format: []byte{0x12}, Subject: Hex("99990001"), Month: Hex("1230"), Serial: Hex("000001"),
		Algorithms: Hex("040400"), KeyLength: []byte{33}, IssuerKey: Point(Issuer), CA: CA,
		Payment: []byte("TEST-ACCOUNT-001"), Card: Hex("99990000000000000001"), Issuer: Hex("99990001"), Platform: Hex("00000001"), Type: []byte{1},
		Cap: Hex("0007d0"), UserKey: Point(User), Expires: Uint32(Noon + 7*86400), Validity: Hex("0258"), SignedBy: Issuer,
		IssuerTag: []byte{0x15}, Generated: Uint32(Noon), ShownBy: User, UserTag: []byte{0x15},
	}
}

// Bytes returns the code.
func (r *Recipe) Bytes() []byte {
	certified := slices.Concat(r.Format, r.Subject, r.Month, r.Serial, r.Algorithms, r.KeyLength, r.IssuerKey)
	caSignature := r.CASignature
	if caSignature == nil {
		caSignature = r.sign(r.CA, certified)
	}
	customLength := r.CustomLength
	if customLength == nil {
		customLength = []byte{byte(len(r.Custom))}
	}
	authorised := slices.Concat(r.Head, r.Service, r.CAIndex, certified, caSignature,
		r.Payment, r.Card, r.Issuer, r.Platform, r.Type, r.Cap, r.UserKey, r.Expires, r.Validity, customLength, r.Custom)
	issuerSignature := r.IssuerSignature
	if issuerSignature == nil {
		issuerSignature = r.sign(r.SignedBy, authorised)
	}
	behind := slices.Concat(authorised, r.IssuerTag, issuerSignature, r.Generated)
	length := r.Length
	if length == nil {
		length = binary.BigEndian.AppendUint16(nil, uint16(len(behind)+len(r.UserTag)+engine.SignatureSize))
	}
	shown := slices.Concat(r.Version, length, behind)
	userSignature := r.UserSignature
	if userSignature == nil {
		userSignature = r.sign(r.ShownBy, shown)
	}
	return slices.Concat(shown, r.UserTag, userSignature)
}

func (r *Recipe) sign(name string, message []byte) []byte {
	digest := r.Digest
	if digest == nil {
		digest = Digest
	}
	s := must(engine.SignDigest(nil, key(name), digest(name, message)))
	return s[:]
}

// Digest returns SM3(ZA ‖ message) for the key of that name.
func Digest(name string, message []byte) [engine.DigestSize]byte {
	e := engine.GMSM() // not the engine that verifies
	za := engine.ZA(e, must(e.Prepare(Point(name))))
	return SM3(za[:], message)
}

// SM3 returns the digest of the parts.
func SM3(parts ...[]byte) (d [engine.DigestSize]byte) {
	h := engine.GMSM().NewSM3()
	for _, p := range parts {
		h.Write(p)
	}
	h.Sum(d[:0])
	return d
}

// Point returns the compressed public key of that name.
func Point(name string) []byte {
	p := must(engine.Point(key(name).Public()))
	return p[:]
}

// RootKey returns the 144-byte record of the key of that name. Its signature is
// over the 75 bytes from the RID to the key: a choice of ours, for what a real
// one covers is not known.
func RootKey(name string, index byte, month string) []byte {
	p := must(engine.GMSM().Prepare(Point(name))).Bytes()
	b := slices.Concat([]byte{0x21}, Hex("01010000 a000000632"), []byte{index}, Hex(month), Hex("040040"), p[1:])
	s := must(engine.SignDigest(nil, key(name), Digest(name, b[5:])))
	return append(b, s[:]...)
}

func key(name string) crypto.Signer { return citycodetest.Key(name) }

// Hex decodes digits, in which spaces are allowed.
func Hex(digits string) []byte {
	return must(hex.DecodeString(strings.ReplaceAll(digits, " ", "")))
}

// Uint32 returns big-endian bytes.
func Uint32(n int64) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err) // of a test's own making
	}
	return v
}
