package citycode

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/citizencode/citizencode/citycode/engine"
)

// MaxSnapshotEntries bounds a snapshot (SPEC §6.7).
const MaxSnapshotEntries = 4096

const snapshotName = "snapshot"

// A Snapshot says which lists belong together now (SPEC §6.7): version and SM3
// of each. It lives for hours, so that a terminal that is kept from newer lists
// finds out, and it keeps an attacker from mixing lists of two days.
type Snapshot struct {
	version  Version
	issuedAt int64
	expires  int64
	entries  []snapshotEntry
}

type snapshotEntry struct {
	kind    byte
	issuer  KeyID // 0 for the trust list
	list    uint8
	version Version
	digest  [engine.DigestSize]byte
}

func (a snapshotEntry) compare(b snapshotEntry) int {
	return bytes.Compare(a.name(), b.name())
}

func (a snapshotEntry) name() []byte {
	return append(binary.BigEndian.AppendUint32([]byte{a.kind}, uint32(a.issuer)), a.list)
}

// Version returns the version, to be kept and given to [OpenSnapshot].
func (s *Snapshot) Version() Version { return s.version }

// Expires returns the last moment at which the lists may be used.
func (s *Snapshot) Expires() time.Time { return timeOf(s.expires) }

// SignSnapshot signs a snapshot of a trust list and its status lists. The key
// is one that the trust list names for snapshots.
func SignSnapshot(h StatusHeader, key crypto.Signer, trust *TrustList, lists ...*StatusList) ([]byte, error) {
	sk, err := newSignKey(key, rand.Reader)
	if err != nil {
		return nil, err
	}
	issuedAt, err := seconds("issuedAt", h.IssuedAt)
	if err != nil {
		return nil, err
	}
	expires, err := seconds("expires", h.Expires)
	if err != nil {
		return nil, err
	}
	if trust == nil || h.Signer.City() != trust.city || len(lists) >= MaxSnapshotEntries {
		return nil, fmt.Errorf("citycode: snapshot: no trust list of %s, or more than %d lists", h.Signer, MaxSnapshotEntries)
	}
	entries := []snapshotEntry{trust.snapshotEntry()}
	for _, l := range lists {
		entries = append(entries, l.snapshotEntry())
	}
	slices.SortFunc(entries, snapshotEntry.compare)
	for i := 1; i < len(entries); i++ {
		if entries[i-1].compare(entries[i]) == 0 {
			return nil, fmt.Errorf("citycode: snapshot: status list %d of %s stands twice", entries[i].list, entries[i].issuer)
		}
	}
	b := []byte{WireVersion, kindSnapshot}
	b = binary.BigEndian.AppendUint32(b, uint32(h.Signer))
	b = appendVersion(b, h.Version)
	b = binary.BigEndian.AppendUint32(b, issuedAt)
	b = binary.BigEndian.AppendUint32(b, expires)
	b = binary.BigEndian.AppendUint16(b, uint16(len(entries)))
	for _, e := range entries {
		b = append(b, e.name()...)
		b = appendVersion(b, e.version)
		b = append(b, e.digest[:]...)
	}
	return sk.append(tagSnapshot, b)
}

func (l *TrustList) snapshotEntry() snapshotEntry {
	return snapshotEntry{kind: kindTrust, version: l.version, digest: l.digest}
}

func (l *StatusList) snapshotEntry() snapshotEntry {
	return snapshotEntry{kind: kindStatus, issuer: l.Issuer(), list: l.List(), version: l.Version(), digest: l.digest}
}

// OpenSnapshot implements SPEC §6.7. have is the highest version ever accepted.
// A refusal is a *ListError.
func OpenSnapshot(msg []byte, trust *TrustList, have Version) (*Snapshot, error) {
	fail := func(r ListReason, format string, args ...any) (*Snapshot, error) {
		return nil, listError(snapshotName, r, format, args...)
	}
	if trust == nil {
		return nil, errors.New("citycode: snapshot: no trust list")
	}
	r, err := openList(msg, snapshotName, kindSnapshot, MaxTrustMessage)
	if err != nil {
		return nil, err
	}
	signer := KeyID(r.Uint32())
	s := &Snapshot{version: readVersion(r), issuedAt: int64(r.Uint32()), expires: int64(r.Uint32())}
	n := int(r.Uint16())
	if n > MaxSnapshotEntries {
		return fail(ListMalformed, "%d lists, at most %d", n, MaxSnapshotEntries)
	}
	for ; n > 0 && r.OK(); n-- {
		e := snapshotEntry{kind: r.Uint8(), issuer: KeyID(r.Uint32()), list: r.Uint8(), version: readVersion(r)}
		r.Copy(e.digest[:])
		if e.kind != kindStatus && (e.kind != kindTrust || e.issuer != 0 || e.list != 0) {
			return fail(ListMalformed, "it names a list of kind 0x%02x", e.kind)
		}
		if k := len(s.entries); k > 0 && s.entries[k-1].compare(e) >= 0 {
			return fail(ListMalformed, "lists do not ascend")
		}
		s.entries = append(s.entries, e)
	}
	if !r.OK() || r.Len() != engine.SignatureSize {
		return fail(ListMalformed, "%w", errShort)
	}
	body, sig := msg[:len(msg)-engine.SignatureSize], r.Bytes(engine.SignatureSize)
	if signer.City() != trust.city {
		return fail(ListForeignCity, "it is signed by %s, not by city %06d", signer, trust.city)
	}
	verifyUntil, err := trust.checkListSignature(signer, UseSnapshot, s.issuedAt, snapshotName, tagSnapshot, body, sig)
	if err != nil {
		return nil, err
	}
	// Beyond its signer's time it vouches for nothing.
	s.expires = min(s.expires, verifyUntil)
	if s.version.Before(have) {
		return fail(ListRollback, "version %s is older than %s", s.version, have)
	}
	// A snapshot of another trust list was signed on another day.
	if !slices.Contains(s.entries, trust.snapshotEntry()) {
		return fail(ListWrongBase, "it does not name trust list %s", trust.version)
	}
	return s, nil
}

// names reports whether the list is one of the snapshot's.
func (s *Snapshot) names(l *StatusList) bool { return slices.Contains(s.entries, l.snapshotEntry()) }
