package main

import (
	"encoding/binary"
	"errors"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
)

// What is known of a signature.
const (
	unverified  = "unverified"
	holds       = "verifies"
	doesNotHold = "does not verify"
	noKey       = "no key for it is listed"
	notKnown    = "follows from the issuer's key"
	notAccepted = "does not verify, or is not accepted"
)

// A signature is one link of the chain: which bytes it covers, under which tag
// (SPEC §1.2), and whose it is.
type signature struct {
	Name   string `json:"name"`
	Tag    string `json:"tag"`
	Covers int    `json:"covers"` // the tag and bytes 0 to covers-1
	Offset int    `json:"offset"`
	Length int    `json:"length"`
	Key    string `json:"key,omitempty"` // the listed key under which it verifies, or the holder's own
	Result string `json:"result"`
}

// signatures lists the signatures that a map has reached.
func signatures(m *byteMap) []signature {
	list := []signature{}
	for _, f := range m.fields {
		s := signature{Name: f.Name, Covers: f.Offset, Offset: f.Offset, Length: f.Length, Result: unverified}
		switch {
		case f.Name == "issuerSignature" && m.mode == citycode.Static:
			s.Tag = "CC1/stat"
		case f.Name == "issuerSignature":
			s.Tag = "CC1/cred"
		case f.Name == "holderSignature":
			s.Tag = "CC1/tokn"
			if key := m.find("holderKey"); key != nil {
				s.Key = citycode.PublicKey(key).String()
			}
		default:
			continue
		}
		list = append(list, s)
	}
	return list
}

// verify checks the signature over b: the issuer's under the keys that the
// trust list has for it, the holder's under the key in the credential, which
// is worth something only if the issuer's holds too.
func (s *signature) verify(b []byte, entries []citycode.TrustEntry) {
	if s.Name == "holderSignature" {
		key, err := citycode.ParsePublicKey(s.Key)
		switch {
		case err != nil: // an implicit key follows from the issuer's
			s.Result = notKnown
		case s.holdsUnder(key, b):
			s.Result = holds
		default:
			s.Result = doesNotHold
		}
		return
	}
	s.Result = noKey
	issuer := citycode.KeyID(binary.BigEndian.Uint32(b[3:]))
	for _, e := range entries {
		if e.ID != issuer || e.Use != citycode.KeyUse(b[1]&3) {
			continue
		}
		s.Result = doesNotHold
		if s.holdsUnder(e.Key, b) {
			s.Result, s.Key = holds, e.Key.String()
			return
		}
	}
}

// verifyImplicit says whether the one signature of an implicit token holds, by
// the verdict of a verifier: it looks at the signature before it looks at times
// and states (SPEC §5), and no list but the trust list is asked before.
func (i *inspection) verifyImplicit(b []byte, trust *citycode.TrustList, profiles []citycode.Profile) {
	token, err := citycode.ParseToken(b)
	if err != nil || citycode.KeyMode(b[1]&3) != citycode.Implicit {
		return
	}
	v, err := citycode.NewVerifier(citycode.VerifierConfig{Trust: trust, Profiles: profiles, Now: trust.IssuedAt, InsecureNoReplayGuard: true})
	if err != nil {
		return
	}
	s := &i.Signatures[0]
	_, err = v.Verify(token, citycode.Check{})
	var refused *citycode.VerifyError
	switch errors.As(err, &refused); {
	case err != nil && refused.Reason < citycode.BadIssuerSignature:
		s.Result = noKey
	case err != nil && refused.Reason == citycode.BadSignature:
		s.Result = doesNotHold
	default:
		s.Result, i.Verified = holds, true
	}
}

// holdsUnder computes e = SM3(ZA ‖ tag ‖ bytes) and verifies.
func (s *signature) holdsUnder(key citycode.PublicKey, b []byte) bool {
	e := engine.Default()
	k, err := e.Prepare(key[:])
	if err != nil {
		return false
	}
	za := engine.ZA(e, k)
	h := e.NewSM3()
	h.Write(za[:])
	h.Write([]byte(s.Tag))
	h.Write(b[:s.Covers])
	return k.Verify([engine.DigestSize]byte(h.Sum(nil)), [engine.SignatureSize]byte(b[s.Offset:s.Offset+s.Length]))
}
