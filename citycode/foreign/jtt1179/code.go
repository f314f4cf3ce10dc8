package jtt1179

import (
	"encoding/binary"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
)

// Limits and fixed values of the layout (../SPEC.md §3.1).
const (
	Version   = 0x81 // of codes that carry the issuer's certificate
	MinCode   = 332  // bytes
	MaxCode   = 364  // bytes
	MaxCustom = 32   // bytes of the issuer's own field
	MaxCap    = 1<<24 - 1

	signatureTag = 0x15
)

// Where the fields stand. Behind atCustom they move by the length of the
// issuer's own field.
const (
	atLength      = 1
	atCertificate = 3
	atPayment     = 120
	atCard        = 136
	atIssuer      = 146
	atPlatform    = 150
	atType        = 154
	atCap         = 155
	atUserKey     = 158
	atExpires     = 191
	atValidity    = 195
	atCustomSize  = 197
	atCustom      = 198

	taggedSize  = 1 + engine.SignatureSize
	dynamicSize = 4 + taggedSize
)

// An Account is an account number. It prints as its length, so that no log
// names a person by accident; string(a) is the number.
type Account string

// String returns no part of the number.
func (a Account) String() string { return "account" }

// GoString returns no part of the number.
func (a Account) GoString() string { return a.String() }

// An Authorisation is what an issuer lets a phone show, for days: fields 4 to 14.
type Authorisation struct {
	PaymentAccount Account // 16 characters of ASCII 0x20..0x7E
	CardAccount    Account // 20 digits; what lists and intervals go by
	Issuer         string  // 8 digits
	Platform       [4]byte
	AccountType    byte  // any value: a national wallet issues 0
	Cap            int64 // per use, fen, 0..MaxCap
	UserKey        citycode.PublicKey
	Expires        time.Time     // of the authorisation, whole seconds, UTC
	Validity       time.Duration // of each display, whole seconds, up to 65535
	Custom         []byte        // the issuer's own, 0..MaxCustom bytes
}

// A code is one code, cut. Nothing in it is verified.
type code struct {
	b      []byte
	custom int // bytes of the issuer's own field
}

// cut checks everything that can be checked without a key or a clock, in the
// order of ../SPEC.md §3.3, and does not copy b.
func cut(b []byte) (code, *Error) {
	var c code
	switch {
	case len(b) == 0 || b[0] < 0x80:
		return c, refuse(Malformed, "not a code of this layout")
	case b[0] != Version:
		return c, refuse(UnsupportedVersion, "version %#02x", b[0])
	case len(b) < MinCode || len(b) > MaxCode:
		return c, refuse(Malformed, "%d bytes", len(b))
	case int(binary.BigEndian.Uint16(b[atLength:])) != len(b)-3:
		return c, refuse(Malformed, "data length %d of %d bytes", binary.BigEndian.Uint16(b[atLength:]), len(b))
	}
	if err := checkCertificate(b[atCertificate:atPayment]); err != nil {
		return c, err
	}
	c = code{b, len(b) - MinCode}
	for _, ch := range b[atPayment:atCard] {
		if ch < 0x20 || ch > 0x7e {
			return c, refuse(Malformed, "payment account: a character that is not printable ASCII")
		}
	}
	switch {
	case !isBCD(b[atCard:atIssuer]):
		return c, refuse(Malformed, "card account: not digits")
	case !isBCD(b[atIssuer:atPlatform]):
		return c, refuse(Malformed, "issuer: not digits")
	case b[atUserKey] != 2 && b[atUserKey] != 3:
		return c, refuse(Malformed, "user key: not compressed")
	case int(b[atCustomSize]) != c.custom:
		return c, refuse(Malformed, "own field of %d bytes where %d are left", b[atCustomSize], c.custom)
	case b[atCustom+c.custom] != signatureTag:
		return c, refuse(UnsupportedSignature, "issuer's signature of format %#02x", b[atCustom+c.custom])
	case b[len(b)-taggedSize] != signatureTag:
		return c, refuse(UnsupportedSignature, "user's signature of format %#02x", b[len(b)-taggedSize])
	}
	return c, nil
}

func (c code) certificate() Certificate { return Certificate(c.b[atCertificate:atPayment]) }

// authorised is what the issuer signed: fields 3 to 14, the certificate among
// them.
func (c code) authorised() []byte { return c.b[atCertificate : atCustom+c.custom] }

func (c code) issuerSignature() []byte {
	return c.b[atCustom+c.custom+1:][:engine.SignatureSize]
}

// shown is what the phone signed: everything before.
func (c code) shown() []byte { return c.b[:len(c.b)-taggedSize] }

func (c code) userSignature() []byte { return c.b[len(c.b)-engine.SignatureSize:] }

func (c code) userKey() []byte { return c.b[atUserKey:atExpires] }

func (c code) issuer() []byte { return c.b[atIssuer:atPlatform] }

func (c code) capFen() int64 {
	return int64(c.b[atCap])<<16 | int64(c.b[atCap+1])<<8 | int64(c.b[atCap+2])
}

// Times are unsigned 32-bit seconds of 1970 UTC, compared as 64-bit ones.

func (c code) expires() int64  { return int64(binary.BigEndian.Uint32(c.b[atExpires:])) }
func (c code) validity() int64 { return int64(binary.BigEndian.Uint16(c.b[atValidity:])) }

func (c code) generated() int64 {
	return int64(binary.BigEndian.Uint32(c.b[len(c.b)-dynamicSize:]))
}
