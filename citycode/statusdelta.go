package citycode

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/citizencode/citizencode/citycode/engine"
)

// MaxDeltaMessage bounds a status delta in bytes (SPEC §7.6). A larger change
// is published as a list.
const MaxDeltaMessage = 1 << 20

const statusDeltaName = "status delta"

// Apply implements SPEC §7.6: it verifies a delta under a trust list and
// returns the list that it makes of l. l itself is unchanged, so that a
// verifier holds the old list or the new one and never a half. A refusal is a
// *ListError.
func (l *StatusList) Apply(msg []byte, trust *TrustList) (*StatusList, error) {
	fail := func(r ListReason, format string, args ...any) (*StatusList, error) {
		return nil, listError(statusDeltaName, r, format, args...)
	}
	if trust == nil {
		return nil, errors.New("citycode: status delta: no trust list")
	}
	r, err := openList(msg, statusDeltaName, kindDelta, MaxDeltaMessage)
	if err != nil {
		return nil, err
	}
	m, err := readStatusHead(r, statusDeltaName)
	if err != nil {
		return nil, err
	}
	var base, result [engine.DigestSize]byte
	r.Copy(base[:])
	r.Copy(result[:])
	count := r.Uint32()
	if !r.OK() || r.Len() < engine.SignatureSize {
		return fail(ListMalformed, "%w", errShort)
	}
	gaps := r.Bytes(r.Len() - engine.SignatureSize)
	m.body, m.sig = msg[:len(msg)-engine.SignatureSize], r.Bytes(engine.SignatureSize)
	if m.list.issuer != l.issuer || m.list.list != l.list {
		return fail(ListForeignCity, "it is about list %d of %s, not %d of %s", m.list.list, m.list.issuer, l.list, l.issuer)
	}
	// Under another city's trust list that city would say who is revoked here.
	if l.issuer.City() != trust.city || m.signer.City() != trust.city {
		return fail(ListForeignCity, "it is about %s and signed by %s, not by city %06d", l.issuer, m.signer, trust.city)
	}
	if err := m.checkSignature(trust, statusDeltaName, tagDelta); err != nil {
		return nil, err
	}
	if !l.version.Before(m.list.version) {
		return fail(ListRollback, "version %s is not newer than %s", m.list.version, l.version)
	}
	// A delta that was made for another state would mix two of them.
	if base != l.digest {
		return fail(ListWrongBase, "it was made for another list than version %s", l.version)
	}
	if m.list.size < l.size || int(count) > m.list.size {
		return fail(ListMalformed, "%d changes of %d entries that were %d", count, m.list.size, l.size)
	}
	next := m.list
	next.states = newStatusBits(next.size)
	copy(next.states, l.states)
	idle := false
	err = readChanges(gaps, uint32(next.size), count, 2, func(i uint32, v uint64) {
		old := next.states.at(i)
		// A change that changes nothing would be a second form of the same
		// delta; one that lifts a revocation breaks "for good".
		if v > uint64(StatusSuspended) || Status(v) == old || old == StatusRevoked {
			idle = true
		}
		next.states.set(i, Status(v))
	})
	if err == nil && idle {
		err = errGaps
	}
	if err != nil {
		return fail(ListMalformed, "%w", err)
	}
	body := next.body(m.signer)
	if next.digest = trust.suite.sum(body); next.digest != result {
		return fail(ListMalformed, "its changes do not make the list that it names")
	}
	return &next, nil
}

// SignDelta returns the message that makes the list signed last, from, into
// the states of the register (SPEC §7.6).
func (r *StatusRegister) SignDelta(from *StatusList, h StatusHeader, key crypto.Signer) ([]byte, error) {
	return r.signDelta(from, h, key, rand.Reader)
}

func (r *StatusRegister) signDelta(from *StatusList, h StatusHeader, key crypto.Signer, random io.Reader) ([]byte, error) {
	if from.issuer != r.issuer || from.list != r.list || from.size > r.size || !from.version.Before(h.Version) {
		return nil, fmt.Errorf("citycode: status delta: list %d of %s is not an earlier state of the register", from.list, from.issuer)
	}
	next, err := r.at(h)
	if err != nil {
		return nil, err
	}
	sk, err := newSignKey(key, random)
	if err != nil {
		return nil, err
	}
	before := newStatusBits(r.size)
	copy(before, from.states)
	lifted := false
	count, gaps := encodeChanges(r.size, 2, func(i uint32) (uint64, bool) {
		now, was := r.states.at(i), before.at(i)
		lifted = lifted || was == StatusRevoked && now != was
		return uint64(now), now != was
	})
	if lifted {
		return nil, fmt.Errorf("citycode: status delta: the register is not a later state of list %d of %s: a revocation is for good", from.list, from.issuer)
	}
	result := sk.suite.sum(next.body(h.Signer))
	b := next.head(h.Signer, kindDelta)
	b = append(b, from.digest[:]...)
	b = append(b, result[:]...)
	b = binary.BigEndian.AppendUint32(b, count)
	b = append(b, gaps...)
	if len(b)+engine.SignatureSize > MaxDeltaMessage {
		return nil, fmt.Errorf("citycode: status delta: more than %d bytes: sign the list instead", MaxDeltaMessage)
	}
	sig, err := sk.sign(tagDelta, b)
	if err != nil {
		return nil, err
	}
	return append(b, sig...), nil
}

// head returns the fields that a list and a delta begin with (SPEC §7.3).
func (l *StatusList) head(signer KeyID, kind byte) []byte {
	b := []byte{WireVersion, kind}
	b = binary.BigEndian.AppendUint32(b, uint32(signer))
	b = binary.BigEndian.AppendUint32(b, uint32(l.issuer))
	b = append(b, l.list)
	b = appendVersion(b, l.version)
	b = binary.BigEndian.AppendUint32(b, uint32(l.issuedAt))
	b = binary.BigEndian.AppendUint32(b, uint32(l.expires))
	return binary.BigEndian.AppendUint32(b, uint32(l.size))
}

// body returns everything of a list message before its signature. It is what
// digests of lists are taken over, so that a list that was reached by a delta
// has the digest of the same list sent whole.
func (l *StatusList) body(signer KeyID) []byte {
	changes, gaps := encodeChanges(l.size, 1, func(i uint32) (uint64, bool) {
		s := l.states.at(i)
		return uint64(s - StatusRevoked), s != StatusValid
	})
	b := binary.BigEndian.AppendUint32(l.head(signer, kindStatus), changes)
	return append(b, gaps...)
}

// Register returns a register that begins with the states of a list.
func (l *StatusList) Register() *StatusRegister {
	return &StatusRegister{l.issuer, l.list, l.size, bytes.Clone(l.states)}
}
