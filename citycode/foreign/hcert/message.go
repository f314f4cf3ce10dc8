package hcert

import (
	"encoding/binary"
	"slices"
)

// Numbers of COSE (RFC 9052, 9053), CWT (RFC 8392) and hcert.
const (
	tagSign1     = 18
	tagCWT       = 61
	headerAlg    = 1
	headerCrit   = 2
	headerKID    = 4
	algES256     = -7
	claimIssuer  = 1
	claimExpires = 4
	claimIssued  = 6
	claimHCert   = -260
	hcertVersion = 1

	signatureSize = 64
	maxClaimTime  = 1<<40 - 1 // seconds: year 36812, so that no sum wraps
)

// A message is a COSE_Sign1, cut. Nothing in it is verified.
type message struct {
	algorithm int64
	critical  bool
	kid       []byte
	protected []byte
	payload   []byte
	signature []byte

	issuer          string
	expires, issued int64
	hcert           []byte
}

// cut reads a COSE_Sign1 with a CWT in it.
func cut(b []byte) (*message, *Error) {
	m := new(message)
	c := &cbor{rest: b}
	for _, t := range []uint64{tagCWT, tagSign1} { // both may be left out
		if len(c.rest) > 0 && c.rest[0]>>5 == tag {
			ahead := *c
			if _, n := ahead.head(); n == t {
				*c = ahead
			}
		}
	}
	if c.expect(array) != 4 {
		c.fail()
	}
	m.protected = c.bytes()
	unprotected := &cbor{rest: c.item()}
	m.payload = c.bytes()
	m.signature = c.bytes()
	if c.bad || len(c.rest) > 0 {
		return nil, refuse(Malformed, "no COSE_Sign1")
	}
	// What is signed counts; of the rest only the key id is looked at, which
	// chooses among keys and proves nothing.
	unprotected.eachInteger(func(key int64, value *cbor) {
		if key == headerKID {
			m.kid = value.bytes()
		}
	})
	header := &cbor{rest: m.protected}
	if len(m.protected) > 0 {
		header.eachInteger(func(key int64, value *cbor) {
			switch key {
			case headerAlg:
				if major := value.rest[0] >> 5; major == textString {
					return // an algorithm with a name is none of ours
				}
				m.algorithm = value.integer()
			case headerCrit:
				m.critical = true
			case headerKID:
				m.kid = value.bytes()
			}
		})
	}
	if unprotected.bad || header.bad || len(header.rest) > 0 {
		return nil, refuse(Malformed, "headers")
	}
	if !m.cutClaims() {
		return nil, refuse(Malformed, "claims")
	}
	return m, nil
}

func (m *message) cutClaims() bool {
	c := &cbor{rest: m.payload}
	var issued, expires, hcert bool
	c.eachInteger(func(key int64, value *cbor) {
		switch key {
		case claimIssuer:
			m.issuer = value.text()
		case claimExpires:
			m.expires, expires = value.integer(), true
		case claimIssued:
			m.issued, issued = value.integer(), true
		case claimHCert:
			value.eachInteger(func(key int64, value *cbor) {
				if key == hcertVersion {
					m.hcert, hcert = value.item(), true
				}
			})
		}
	})
	inRange := m.issued >= 0 && m.issued <= maxClaimTime && m.expires >= 0 && m.expires <= maxClaimTime
	return !c.bad && len(c.rest) == 0 && issued && expires && hcert && inRange
}

// signed returns the Sig_structure of RFC 9052, 4.4.
func (m *message) signed() []byte {
	return slices.Concat([]byte("\x84\x6aSignature1"), byteStringHead(len(m.protected)), m.protected, []byte{byteString << 5},
		byteStringHead(len(m.payload)), m.payload)
}

// byteStringHead returns the head of a byte string of n bytes, at most
// MaxInflated of them.
func byteStringHead(n int) []byte {
	const major = byteString << 5
	switch {
	case n < 24:
		return []byte{major | byte(n)}
	case n < 1<<8:
		return []byte{major | 24, byte(n)}
	}
	return binary.BigEndian.AppendUint16([]byte{major | 25}, uint16(n))
}
