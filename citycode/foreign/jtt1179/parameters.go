package jtt1179

import (
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/citizencode/citizencode/citycode/internal/wire"
)

// Sizes of a parameter file in bytes.
const (
	// MaxRecords bounds a file: an index is one byte.
	MaxRecords = 256

	parameterHead   = 32
	parameterRecord = 160
	atDigest        = 12
)

// Parameters are a terminal's file of root keys, "4026" (../SPEC.md §3.5).
type Parameters struct {
	Version  uint32
	Reserved [4]byte
	Records  []Parameter
}

// A Parameter is one record of the file.
type Parameter struct {
	Medium      byte
	CodeVersion byte
	Root        RootKey
	Reserved    [14]byte
}

// ParseParameters accepts exactly what [Parameters.Bytes] returns.
//
// The file has a digest, SHA-1, and no signature: it finds a broken disk and no
// attacker. Who can write it can let anybody ride. Fetch it over a channel that
// authenticates the sender, or pin the records.
func ParseParameters(b []byte) (*Parameters, error) {
	if len(b) < parameterHead || len(b) > parameterHead+MaxRecords*parameterRecord {
		return nil, fmt.Errorf("jtt1179: parameter file: %d bytes", len(b))
	}
	r := wire.NewReader(b)
	p := &Parameters{Version: r.Uint32()}
	count := r.Uint32()
	r.Copy(p.Reserved[:])
	if digest := sha1.Sum(b[parameterHead:]); string(r.Bytes(sha1.Size)) != string(digest[:]) {
		return nil, errors.New("jtt1179: parameter file: the digest does not match")
	}
	if r.Len() != int(count)*parameterRecord {
		return nil, fmt.Errorf("jtt1179: parameter file: %d bytes of %d records", r.Len(), count)
	}
	p.Records = make([]Parameter, count)
	for i := range p.Records {
		record := &p.Records[i]
		record.Medium, record.CodeVersion = r.Uint8(), r.Uint8()
		root, err := ParseRootKey(r.Bytes(RootKeySize))
		if err != nil {
			return nil, fmt.Errorf("record %d: %w", i, err)
		}
		record.Root = *root
		r.Copy(record.Reserved[:])
	}
	return p, nil
}

// Bytes returns the file.
func (p *Parameters) Bytes() ([]byte, error) {
	if len(p.Records) > MaxRecords {
		return nil, fmt.Errorf("jtt1179: parameter file: %d records", len(p.Records))
	}
	b := make([]byte, parameterHead, parameterHead+len(p.Records)*parameterRecord)
	binary.BigEndian.PutUint32(b, p.Version)
	binary.BigEndian.PutUint32(b[4:], uint32(len(p.Records)))
	copy(b[8:], p.Reserved[:])
	for i := range p.Records {
		record := &p.Records[i]
		root, err := record.Root.Bytes()
		if err != nil {
			return nil, fmt.Errorf("record %d: %w", i, err)
		}
		b = append(b, record.Medium, record.CodeVersion)
		b = append(b, root...)
		b = append(b, record.Reserved[:]...)
	}
	digest := sha1.Sum(b[parameterHead:])
	copy(b[atDigest:], digest[:])
	return b, nil
}
