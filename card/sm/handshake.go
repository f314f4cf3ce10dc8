package sm

import (
	"crypto/subtle"

	"github.com/citizencode/citizencode/card/key"
)

// ProofSize is how many bytes prove the key, in either direction.
const ProofSize = 8

// A Handshake is what both sides drew: the card for GET CHALLENGE, the terminal for EXTERNAL AUTHENTICATE (SPEC §6.2).
type Handshake struct {
	CardChallenge, TerminalChallenge [ChallengeSize]byte
}

// The labels that keep the four uses of one key apart, one block each.
const (
	labelTerminal   = "CC1/sm terminal "
	labelCard       = "CC1/sm card     "
	labelEncryption = "CC1/sm encrypt  "
	labelMAC        = "CC1/sm mac      "
)

// derive is the MAC of label ‖ card's challenge ‖ terminal's challenge: always 48 bytes, so that a CBC-MAC is a
// pseudo-random function of it. Raw encryption of a challenge, which other cards use as the proof, would let a false
// card ask a SAM for the session keys of a true one.
func (h Handshake) derive(k key.Key, label string) []byte {
	if k.Algorithm() != key.SM4 {
		panic("sm: a handshake has a key of SM4")
	}
	message := append([]byte(label), h.CardChallenge[:]...)
	return key.MAC(k.Block(), nil, append(message, h.TerminalChallenge[:]...))
}

// TerminalProof shows the card that the terminal has k, which is a key of SM4; any other makes it panic.
func (h Handshake) TerminalProof(k key.Key) [ProofSize]byte {
	return [ProofSize]byte(h.derive(k, labelTerminal))
}

// CardProof shows the terminal that the card has k.
func (h Handshake) CardProof(k key.Key) [ProofSize]byte {
	return [ProofSize]byte(h.derive(k, labelCard))
}

// Equal compares two proofs in constant time.
func Equal(a, b [ProofSize]byte) bool { return subtle.ConstantTimeCompare(a[:], b[:]) == 1 }

// Terminal begins the terminal's side of the session, after CardProof was found right.
func (h Handshake) Terminal(k key.Key) *TerminalSession { return &TerminalSession{h.session(k)} }

// Card begins the card's side of the session, after TerminalProof was found right.
func (h Handshake) Card(k key.Key) *CardSession { return &CardSession{h.session(k)} }

func (h Handshake) session(k key.Key) session {
	return session{encryption: derived(h.derive(k, labelEncryption)), mac: derived(h.derive(k, labelMAC)), live: true}
}

func derived(b []byte) key.Key {
	k, err := key.New(key.SM4, b)
	if err != nil {
		panic(err) // a MAC has the 16 bytes of a key
	}
	return k
}
