package jtt1179

import (
	"crypto"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
)

// An Issuer (发卡机构) authorises the keys of phones.
type Issuer struct {
	certificate Certificate
	key         crypto.Signer
}

// NewIssuer returns an issuer with its certificate. It fails unless the key is
// the one that is certified.
func NewIssuer(certificate Certificate, key crypto.Signer) (*Issuer, error) {
	if err := checkCertificate(certificate[:]); err != nil {
		return nil, err
	}
	if key == nil {
		return nil, errors.New("jtt1179: issuer: no key")
	}
	public, err := citycode.PublicKeyOf(key)
	if err != nil {
		return nil, fmt.Errorf("jtt1179: issuer: %w", err)
	}
	if string(public[:]) != string(certificate.key()) {
		return nil, errors.New("jtt1179: issuer: the certificate is of another key")
	}
	return &Issuer{certificate, key}, nil
}

// Authorise returns fields 1 to 15: what a phone keeps, and puts in front of
// each display. rand is as in [engine.SignDigest].
func (i *Issuer) Authorise(rand io.Reader, a Authorisation) ([]byte, error) {
	fail := func(format string, args ...any) ([]byte, error) {
		return nil, fmt.Errorf("jtt1179: authorise: "+format, args...)
	}
	seconds, validity := a.Expires.Unix(), int64(a.Validity/time.Second)
	switch {
	case len(a.PaymentAccount) != atCard-atPayment:
		return fail("payment account of %d characters", len(a.PaymentAccount))
	case a.Cap < 0 || a.Cap > MaxCap:
		return fail("cap of %d fen", a.Cap)
	case seconds < 0 || seconds > math.MaxUint32 || a.Expires.Nanosecond() != 0:
		return fail("expiry is not whole seconds of 1970 to 2106")
	case validity < 0 || validity > math.MaxUint16 || a.Validity%time.Second != 0:
		return fail("validity of %s", a.Validity)
	case len(a.Custom) > MaxCustom:
		return fail("own field of %d bytes", len(a.Custom))
	}
	if _, err := engine.Default().Prepare(a.UserKey[:]); err != nil {
		return fail("user key: %w", err)
	}
	n := len(a.Custom)
	b := make([]byte, MinCode+n)
	b[0] = Version
	binary.BigEndian.PutUint16(b[atLength:], uint16(len(b)-3))
	copy(b[atCertificate:], i.certificate[:])
	copy(b[atPayment:], a.PaymentAccount)
	if err := putBCD(b[atCard:atIssuer], string(a.CardAccount)); err != nil {
		return fail("card account: %w", err)
	}
	if err := putBCD(b[atIssuer:atPlatform], a.Issuer); err != nil {
		return fail("issuer: %w", err)
	}
	copy(b[atPlatform:], a.Platform[:])
	b[atType] = a.AccountType
	b[atCap], b[atCap+1], b[atCap+2] = byte(a.Cap>>16), byte(a.Cap>>8), byte(a.Cap)
	copy(b[atUserKey:], a.UserKey[:])
	binary.BigEndian.PutUint32(b[atExpires:], uint32(seconds))
	binary.BigEndian.PutUint16(b[atValidity:], uint16(validity))
	b[atCustomSize] = byte(n)
	copy(b[atCustom:], a.Custom)
	b[atCustom+n], b[len(b)-taggedSize] = signatureTag, signatureTag
	// What a terminal could not cut must not be signed.
	c, refused := cut(b)
	if refused != nil {
		return fail("%w", refused)
	}
	signature, err := sign(rand, i.key, c.authorised())
	if err != nil {
		return fail("%w", err)
	}
	copy(c.issuerSignature(), signature[:])
	return b[:len(b)-dynamicSize], nil
}

// Show returns the code of one display: what [Issuer.Authorise] returned, the
// time, and the phone's signature. rand is as in [engine.SignDigest].
func Show(rand io.Reader, authorised []byte, user crypto.Signer, at time.Time) ([]byte, error) {
	seconds := at.Unix()
	if seconds < 0 || seconds > math.MaxUint32 {
		return nil, errors.New("jtt1179: show: a time outside 1970 to 2106")
	}
	b := append([]byte(nil), authorised...)
	b = binary.BigEndian.AppendUint32(b, uint32(seconds))
	b = append(b, signatureTag)
	b = append(b, make([]byte, engine.SignatureSize)...)
	c, refused := cut(b)
	if refused != nil {
		return nil, fmt.Errorf("jtt1179: show: %w", refused)
	}
	if user == nil {
		return nil, errors.New("jtt1179: show: no key")
	}
	if public, err := citycode.PublicKeyOf(user); err != nil || string(public[:]) != string(c.userKey()) {
		return nil, errors.New("jtt1179: show: another key is authorised")
	}
	signature, err := sign(rand, user, c.shown())
	if err != nil {
		return nil, fmt.Errorf("jtt1179: show: %w", err)
	}
	copy(c.userSignature(), signature[:])
	return b, nil
}
