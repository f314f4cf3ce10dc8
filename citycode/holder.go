package citycode

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/internal/pubkey"
)

// A HolderSigner is a holder's key: a phone's or a card's. It is handed the
// whole message and hashes it by itself; it never signs a digest that somebody
// else computed (SPEC §4.1).
type HolderSigner interface {
	// PublicKey returns the key that the credential must name.
	PublicKey() PublicKey

	// SignToken gives a token its counter and signature. static is the
	// credential; dynamic is time, counter, audience and challenge
	// (SPEC §2.9) with the counter zero. The key puts its own next counter
	// there, signs CC1/tokn ‖ static ‖ dynamic, and returns
	// counter 4 ‖ r 32 ‖ s 32. A counter is never used twice, also when the
	// power fails.
	SignToken(static, dynamic []byte) ([]byte, error)
}

// A Counter is where a phone's key keeps how many tokens it has signed.
type Counter interface {
	// Next returns a value greater than every one before, beginning with 1,
	// and has made it durable before it returns.
	Next() (uint32, error)
}

// A SoftwareKey is a HolderSigner whose key is a [crypto.Signer], as in a
// phone's key store. Common phone key stores have no SM2, so unless proven
// otherwise its assurance is software (SPEC §3.3).
type SoftwareKey struct {
	key     *signKey
	counter Counter
}

var (
	_ HolderSigner = (*SoftwareKey)(nil)
	_ Prover       = (*SoftwareKey)(nil)
)

// NewSoftwareKey returns the key with its counter.
func NewSoftwareKey(signer crypto.Signer, counter Counter) (*SoftwareKey, error) {
	if signer == nil || counter == nil {
		return nil, errors.New("citycode: a software key needs a signer and a counter")
	}
	key, err := newSignKey(signer, rand.Reader)
	if err != nil {
		return nil, err
	}
	return &SoftwareKey{key, counter}, nil
}

// PublicKey returns the public half.
func (k *SoftwareKey) PublicKey() PublicKey { return k.key.Public }

// SignToken implements SPEC §4.1.
func (k *SoftwareKey) SignToken(static, dynamic []byte) ([]byte, error) {
	if len(dynamic) < dynamicHead {
		return nil, errShort
	}
	n, err := k.counter.Next()
	if err != nil {
		return nil, fmt.Errorf("citycode: counter: %w", err)
	}
	signed := append([]byte(nil), dynamic...)
	binary.BigEndian.PutUint32(signed[4:], n)
	sig, err := k.key.sign(tagToken, static, signed)
	if err != nil {
		return nil, err
	}
	return append(binary.BigEndian.AppendUint32(nil, n), sig...), nil
}

// ProvePossession implements SPEC §4.2.
func (k *SoftwareKey) ProvePossession(issuer KeyID, nonce [PossessionNonceSize]byte) (*Possession, error) {
	return k.key.provePossession(purposeHolder, issuer, nonce)
}

// A Holder shows codes: a credential and the key that it names (亮码).
type Holder struct {
	cred *Credential
	key  HolderSigner
	own  *pubkey.Key
}

// NewHolder joins a credential with its key. It fails for a credential without
// a holder key and for a key that the credential does not name.
func NewHolder(cred *Credential, key HolderSigner) (*Holder, error) {
	if cred == nil || key == nil {
		return nil, errors.New("citycode: a holder needs a credential and a key")
	}
	if cred.mode != Explicit && cred.mode != Implicit {
		return nil, fmt.Errorf("citycode: a %s credential has no holder key", cred.mode)
	}
	own, err := pubkey.NewSuite(nil).Prepare(key.PublicKey())
	if err != nil {
		return nil, err
	}
	// Which key an implicit credential gives was checked when it was completed.
	if cred.mode == Explicit && PublicKey(cred.key.of(cred.raw)) != own.Public {
		return nil, errors.New("citycode: the key is not the one that the credential names")
	}
	return &Holder{cred, key, own}, nil
}

// A Presentation is one showing of a code.
type Presentation struct {
	Time      time.Time // of the phone; for a card, of the terminal
	Audience  Scenes    // the one group that the citizen chose; 0 only in a profile with any audience
	Challenge []byte    // 0, 8 or 16 bytes that the terminal drew
	Prefix    string    // a partner's code that goes in front of the text, where the profile has one
}

// Present signs one token (SPEC §2.9). It lives for seconds.
func (h *Holder) Present(p Presentation) (*Token, error) {
	now, err := seconds("time", p.Time)
	if err != nil {
		return nil, err
	}
	if p.Audience&^scenesOf(h.cred.raw) != 0 || p.Audience != 0 && !p.Audience.single() {
		return nil, fmt.Errorf("citycode: present: audience %s is not one group of %s", p.Audience, scenesOf(h.cred.raw))
	}
	if !validChallengeSize(len(p.Challenge)) {
		return nil, fmt.Errorf("citycode: present: challenge of %d bytes", len(p.Challenge))
	}
	// Without the text in front, the field would be whatever a terminal asks
	// for: the binding to somebody else's.
	if want := FusedProfile().PrefixSize; profileOf(h.cred.raw) == ProfileFused && len(p.Prefix) != want {
		return nil, fmt.Errorf("citycode: present: a partner's code of %d characters, not %d", len(p.Prefix), want)
	}
	if p.Prefix != "" {
		p.Challenge = bindPrefix(engine.Default(), p.Challenge, p.Prefix)
	}
	dynamic := binary.BigEndian.AppendUint32(nil, now)
	dynamic = append(dynamic, 0, 0, 0, 0) // the key's counter
	dynamic = binary.BigEndian.AppendUint16(dynamic, uint16(p.Audience))
	dynamic = append(dynamic, byte(len(p.Challenge)))
	dynamic = append(dynamic, p.Challenge...)
	// On copies: what was signed is compared below with what was asked.
	answer, err := h.key.SignToken(bytes.Clone(h.cred.raw), bytes.Clone(dynamic))
	if err != nil {
		return nil, err
	}
	if len(answer) != 4+engine.SignatureSize {
		return nil, fmt.Errorf("citycode: present: the key answered %d bytes", len(answer))
	}
	copy(dynamic[4:], answer[:4])
	// A key that signed something else must be found here, not at the gate.
	if !h.own.Verify(answer[4:], tagToken, h.cred.raw, dynamic) {
		return nil, errors.New("citycode: present: the key signed something else")
	}
	token := append(append([]byte(nil), h.cred.raw...), dynamic...)
	return ParseToken(append(token, answer[4:]...))
}
