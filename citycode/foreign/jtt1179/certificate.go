package jtt1179

import (
	"crypto"
	"errors"
	"fmt"
	"io"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
)

// CertificateSize is the length of an issuer's certificate in bytes.
const CertificateSize = 117

// Where the fields of a certificate stand, from its beginning.
const (
	certificateHead   = 0x24
	certificateFormat = 0x12
	algorithmSM2      = 0x04

	atService    = 1
	atCAIndex    = 5
	atSigned     = 6 // what the CA signs begins with the format
	atSubject    = 7
	atMonth      = 11
	atSerial     = 13
	atAlgorithms = 16 // signature, encryption, parameters, length of the key
	atIssuerKey  = 20
	atCASig      = 53
)

// service is the 服务标识 01010000, transit e-cash and debit-credit.
const service = "\x01\x01\x00\x00"

// sm2Key is what stands before the key of a certificate: SM2 twice, no
// parameters, 33 bytes.
const sm2Key = "\x04\x04\x00\x21"

// A Certificate is an issuer's, as it stands in a code (../SPEC.md §3.2).
// Nothing in it is verified but by a [Verifier].
type Certificate [CertificateSize]byte

func (c *Certificate) caIndex() byte  { return c[atCAIndex] }
func (c *Certificate) month() Month   { return Month(c[atMonth:]) }
func (c *Certificate) key() []byte    { return c[atIssuerKey:atCASig] }
func (c *Certificate) signed() []byte { return c[atSigned:atCASig] }

// checkCertificate is the part of cut that looks at the certificate.
func checkCertificate(b []byte) *Error {
	month := Month(b[atMonth:])
	switch {
	case b[0] != certificateHead:
		return refuse(Malformed, "certificate begins with %#02x", b[0])
	case string(b[atService:atCAIndex]) != service:
		return refuse(UnsupportedCertificate, "service %x", b[atService:atCAIndex])
	case b[atSigned] != certificateFormat:
		return refuse(UnsupportedCertificate, "format %#02x", b[atSigned])
	case !isBCD(b[atSubject:atMonth]):
		return refuse(Malformed, "certificate: issuer: not digits")
	case !month.valid():
		return refuse(Malformed, "certificate: no month")
	case string(b[atAlgorithms:atIssuerKey]) != sm2Key:
		return refuse(UnsupportedCertificate, "algorithms and key length %x", b[atAlgorithms:atIssuerKey])
	case b[atIssuerKey] != 2 && b[atIssuerKey] != 3:
		return refuse(Malformed, "certificate: key: not compressed")
	}
	return nil
}

// CertificateClaims are what a CA certifies.
type CertificateClaims struct {
	CAIndex byte   // of the CA's key, in terminals
	Issuer  string // 8 digits
	Expires Month
	Serial  [3]byte
	Key     citycode.PublicKey // the issuer's
}

// IssueCertificate signs a certificate with a CA's key. rand is as in
// [engine.SignDigest].
func IssueCertificate(rand io.Reader, ca crypto.Signer, c CertificateClaims) (Certificate, error) {
	var b Certificate
	fail := func(err error) (Certificate, error) {
		return Certificate{}, fmt.Errorf("jtt1179: certificate: %w", err)
	}
	b[0] = certificateHead
	copy(b[atService:], service)
	b[atCAIndex] = c.CAIndex
	b[atSigned] = certificateFormat
	if err := putBCD(b[atSubject:atMonth], c.Issuer); err != nil {
		return fail(fmt.Errorf("issuer: %w", err))
	}
	copy(b[atMonth:], c.Expires[:])
	copy(b[atSerial:], c.Serial[:])
	copy(b[atAlgorithms:], sm2Key)
	copy(b[atIssuerKey:], c.Key[:])
	if err := checkCertificate(b[:]); err != nil {
		return fail(err)
	}
	if _, err := engine.Default().Prepare(c.Key[:]); err != nil {
		return fail(err)
	}
	signature, err := sign(rand, ca, b.signed())
	if err != nil {
		return fail(err)
	}
	copy(b[atCASig:], signature[:])
	return b, nil
}

// sign signs e = SM3(ZA ‖ message) under the default identifier.
func sign(rand io.Reader, signer crypto.Signer, message []byte) (s [engine.SignatureSize]byte, err error) {
	if signer == nil {
		return s, errors.New("no key")
	}
	point, err := engine.Point(signer.Public())
	if err != nil {
		return s, err
	}
	e := engine.Default()
	key, err := e.Prepare(point[:])
	if err != nil {
		return s, err
	}
	return engine.SignDigest(rand, signer, digest(e, engine.ZA(e, key), message))
}

// digest returns SM3(za ‖ message).
func digest(e engine.Engine, za [engine.DigestSize]byte, message []byte) (d [engine.DigestSize]byte) {
	h := e.NewSM3()
	h.Write(za[:])
	h.Write(message)
	h.Sum(d[:0])
	return d
}
