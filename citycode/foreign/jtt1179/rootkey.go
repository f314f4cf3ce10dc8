package jtt1179

import (
	"errors"
	"fmt"

	"github.com/citizencode/citizencode/citycode/engine"
)

// RootKeySize is the length of the record of a CA's key in bytes.
const RootKeySize = 144

// Where the fields of the record stand (../SPEC.md §3.4).
const (
	rootHead      = 0x21
	rid           = "\xa0\x00\x00\x06\x32"
	atRootRID     = 5
	atRootIndex   = 10
	atRootMonth   = 11
	atRootKind    = 13 // algorithm, parameter, length of the key
	atRootKey     = 16
	atRootSig     = 80
	rootKeyLength = 64
)

// A RootKey is the record of a CA's public key (中心CA公钥).
//
// What its signature covers is not known, so nobody verifies it here: a record
// is as authentic as the way on which it came.
type RootKey struct {
	Index     byte
	Expires   Month
	Parameter byte // 0x00 or 0x11
	Key       [rootKeyLength]byte
	Signature [engine.SignatureSize]byte
}

// ParseRootKey accepts exactly what [RootKey.Bytes] returns. It fails for a key
// that is no point of the curve.
func ParseRootKey(b []byte) (*RootKey, error) {
	if len(b) != RootKeySize {
		return nil, fmt.Errorf("jtt1179: root key: %d bytes, want %d", len(b), RootKeySize)
	}
	k := &RootKey{Index: b[atRootIndex], Expires: Month(b[atRootMonth:]), Parameter: b[atRootKind+1]}
	copy(k.Key[:], b[atRootKey:])
	copy(k.Signature[:], b[atRootSig:])
	if string(k.bytes()) != string(b) {
		return nil, errors.New("jtt1179: root key: a head, service, RID, algorithm or length of another record")
	}
	if err := k.validate(); err != nil {
		return nil, err
	}
	return k, nil
}

func (k *RootKey) validate() error {
	if !k.Expires.valid() {
		return errors.New("jtt1179: root key: no month")
	}
	if k.Parameter != 0x00 && k.Parameter != 0x11 {
		return fmt.Errorf("jtt1179: root key: parameter %#02x", k.Parameter)
	}
	_, err := k.prepare(engine.Default())
	return err
}

// Bytes returns the record. It fails for one that [ParseRootKey] would refuse.
func (k *RootKey) Bytes() ([]byte, error) {
	if err := k.validate(); err != nil {
		return nil, err
	}
	return k.bytes(), nil
}

func (k *RootKey) bytes() []byte {
	b := make([]byte, 0, RootKeySize)
	b = append(b, rootHead)
	b = append(b, service...)
	b = append(b, rid...)
	b = append(b, k.Index)
	b = append(b, k.Expires[:]...)
	b = append(b, algorithmSM2, k.Parameter, rootKeyLength)
	b = append(b, k.Key[:]...)
	return append(b, k.Signature[:]...)
}

// prepare returns the key for verification.
func (k *RootKey) prepare(e engine.Engine) (engine.Key, error) {
	point := append([]byte{2 + k.Key[rootKeyLength-1]&1}, k.Key[:rootKeyLength/2]...)
	key, err := e.Prepare(point)
	if err != nil {
		return nil, fmt.Errorf("jtt1179: root key: %w", err)
	}
	if raw := key.Bytes(); string(raw[1:]) != string(k.Key[:]) {
		return nil, fmt.Errorf("jtt1179: root key: %w", engine.ErrPoint)
	}
	return key, nil
}
