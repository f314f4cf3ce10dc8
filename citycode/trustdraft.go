package citycode

import (
	"crypto"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/citizencode/citizencode/citycode/internal/pubkey"
)

// A TrustDraft is a trust list before it is signed: what the operators of the
// root keys agree on (SPEC §6.3).
type TrustDraft struct {
	City     int
	Version  Version
	IssuedAt time.Time
	Expires  time.Time
	Entries  []TrustEntry // in any order
	Grants   []Grant      // in any order
	// Proofs hold a proof of possession for every key that Previous does not
	// have: without it a city could list, and be answerable for, a key that
	// somebody else uses.
	Proofs   []*Possession
	Previous *TrustList // nil for the first list
}

// Body returns the bytes that the root keys sign (SPEC §6.3).
func (d *TrustDraft) Body() ([]byte, error) {
	sorted := *d
	sorted.Entries = slices.SortedFunc(slices.Values(d.Entries), TrustEntry.compare)
	sorted.Grants = slices.SortedFunc(slices.Values(d.Grants), func(a, b Grant) int { return a.City - b.City })
	if err := sorted.check(); err != nil {
		return nil, err
	}
	if err := sorted.checkPossession(); err != nil {
		return nil, err
	}
	b := []byte{WireVersion, kindTrust}
	b = binary.BigEndian.AppendUint32(b, uint32(d.City))
	b = appendVersion(b, d.Version)
	var err error
	putTime := func(what string, t time.Time) {
		s, e := seconds(what, t)
		if err == nil {
			err = e
		}
		b = binary.BigEndian.AppendUint32(b, s)
	}
	putTime("issuedAt", d.IssuedAt)
	putTime("expires", d.Expires)
	b = binary.BigEndian.AppendUint16(b, uint16(len(sorted.Entries)))
	for _, e := range sorted.Entries {
		b = binary.BigEndian.AppendUint32(b, uint32(e.ID))
		b = append(b, byte(e.Use))
		b = append(b, e.Key[:]...)
		b = binary.BigEndian.AppendUint16(b, uint16(e.Scenes))
		putTime("issueFrom", e.IssueFrom)
		putTime("issueUntil", e.IssueUntil)
		putTime("verifyUntil", e.VerifyUntil)
		if e.MaxLifetime < 0 || e.MaxLifetime > maxLifetime {
			return nil, fmt.Errorf("citycode: key %s: lifetime %s is out of range", e.ID, e.MaxLifetime)
		}
		b = binary.BigEndian.AppendUint32(b, uint32(e.MaxLifetime/time.Second))
		b = appendPins(b, e.Profiles)
	}
	b = binary.BigEndian.AppendUint16(b, uint16(len(sorted.Grants)))
	for i := range sorted.Grants {
		b = sorted.Grants[i].append(b)
	}
	return b, err
}

func (d *TrustDraft) checkPossession() error {
	type standing struct {
		id  KeyID
		key PublicKey
	}
	proven := make(map[standing]bool)
	known := make(map[PublicKey]bool)
	if d.Previous != nil {
		for _, list := range d.Previous.entries {
			for _, e := range list {
				known[e.Key] = true
			}
		}
	}
	s := pubkey.NewSuite(nil)
	for _, p := range d.Proofs {
		if err := p.verify(s, purposeListed); err != nil {
			return err
		}
		// What a key has proven to one issuer it has not proven to another.
		proven[standing{p.Issuer, p.Key}] = true
	}
	for _, e := range d.Entries {
		if !known[e.Key] && !proven[standing{e.ID, e.Key}] {
			return fmt.Errorf("citycode: key %s comes without proof of possession", e.ID)
		}
	}
	return nil
}

// A RootSignature is what one root operator returns for a list body.
type RootSignature struct {
	Root PublicKey
	sig  []byte
}

// SignTrustList signs the body of a trust list with one root key. The keys may
// be used on different days in different rooms.
func SignTrustList(body []byte, root crypto.Signer) (*RootSignature, error) {
	return signRoot(body, root, tagTrust, rand.Reader)
}

// AssembleTrustList puts a body and its signatures together as the message
// that [OpenTrustList] reads (SPEC §6.3).
func AssembleTrustList(body []byte, sigs ...*RootSignature) ([]byte, error) {
	msg, err := assembleRootSignatures(body, MaxRoots, sigs)
	if err != nil {
		return nil, err
	}
	if _, _, _, err := parseTrustList(msg); err != nil {
		return nil, err
	}
	return msg, nil
}
