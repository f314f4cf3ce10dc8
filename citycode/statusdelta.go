package citycode

import (
	"bytes"
	"crypto"
	"crypto/rand"
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
	m, err := parseStatus(msg, statusDeltaName, kindDelta)
	if err != nil {
		return nil, err
	}
	next := &StatusList{head: m.Head}
	if next.Issuer() != l.Issuer() || next.List() != l.List() {
		return fail(ListForeignCity, "it is about list %d of %s, not %d of %s", next.List(), next.Issuer(), l.List(), l.Issuer())
	}
	if err := next.checkSigner(m, trust, statusDeltaName, tagDelta); err != nil {
		return nil, err
	}
	if !l.Version().Before(next.Version()) {
		return fail(ListRollback, "version %s is not newer than %s", next.Version(), l.Version())
	}
	// A delta that was made for another state would mix two of them.
	if m.Base != l.digest {
		return fail(ListWrongBase, "it was made for another list than version %s", l.Version())
	}
	if next.states, err = m.Apply(l.states, l.head.Entries); err != nil {
		return fail(ListMalformed, "%w", err)
	}
	if next.digest = trust.suite.Sum(next.body()); next.digest != m.Result {
		return fail(ListMalformed, "its changes do not make the list that it names")
	}
	return next, nil
}

// SignDelta returns the message that makes the list signed last, from, into
// the states of the register (SPEC §7.6).
func (r *StatusRegister) SignDelta(from *StatusList, h StatusHeader, key crypto.Signer) ([]byte, error) {
	return r.signDelta(from, h, key, rand.Reader)
}

func (r *StatusRegister) signDelta(from *StatusList, h StatusHeader, key crypto.Signer, random io.Reader) ([]byte, error) {
	if from.Issuer() != r.issuer || from.List() != r.list || from.Len() > r.size || !from.Version().Before(h.Version) {
		return nil, fmt.Errorf("citycode: status delta: list %d of %s is not an earlier state of the register", from.List(), from.Issuer())
	}
	next, err := r.at(h)
	if err != nil {
		return nil, err
	}
	sk, err := newSignKey(key, random)
	if err != nil {
		return nil, err
	}
	b, ok := next.head.AppendDelta([]byte{WireVersion, kindDelta}, from.states.Grown(r.size), r.states, from.digest, sk.suite.Sum(next.body()))
	if !ok {
		return nil, fmt.Errorf("citycode: status delta: the register is not a later state of list %d of %s: a revocation is for good", from.List(), from.Issuer())
	}
	if len(b)+engine.SignatureSize > MaxDeltaMessage {
		return nil, fmt.Errorf("citycode: status delta: more than %d bytes: sign the list instead", MaxDeltaMessage)
	}
	return sk.append(tagDelta, b)
}

// Register returns a register that begins with the states of a list.
func (l *StatusList) Register() *StatusRegister {
	return &StatusRegister{l.Issuer(), l.List(), l.Len(), bytes.Clone(l.states)}
}
