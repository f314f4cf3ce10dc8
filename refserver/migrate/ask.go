package migrate

import (
	"crypto/subtle"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
)

// SecretSize is the size in bytes of the secret of an [Asker].
const SecretSize = 32

// An Asker draws the number that each key of a base has to sign. It keeps no
// table of them: a number follows from the authority's secret and from all that
// it is drawn for, so nobody else can make one, and a proof made for one row
// serves no other.
type Asker struct {
	secret  [SecretSize]byte
	issuer  citycode.KeyID
	profile citycode.ProfileID
}

// NewAsker returns the asker of an issuer for one profile.
func NewAsker(secret [SecretSize]byte, issuer citycode.KeyID, profile citycode.ProfileID) *Asker {
	return &Asker{secret, issuer, profile}
}

// Nonce returns the number for a row.
func (a *Asker) Nonce(r *Row) (n [citycode.PossessionNonceSize]byte) {
	h := engine.Default().NewSM3()
	h.Write(a.secret[:])
	h.Write([]byte("CC1 migration nonce"))
	h.Write([]byte{byte(a.issuer >> 24), byte(a.issuer >> 16), byte(a.issuer >> 8), byte(a.issuer), byte(a.profile), byte(len(r.Subject))})
	h.Write(r.Subject)
	h.Write(r.Key[:])
	copy(n[:], h.Sum(nil))
	return n
}

// Possession returns the proof of a row, to be verified by the issuer; nil if
// there is none. A number that the authority never drew is refused: whoever could
// choose it might have had it signed for something else.
func (a *Asker) Possession(r *Row) (*citycode.Possession, error) {
	if r.Proof == nil {
		return nil, &RowError{r.Line, NoProof}
	}
	nonce := a.Nonce(r)
	if subtle.ConstantTimeCompare(nonce[:], r.Nonce[:]) != 1 {
		return nil, &RowError{r.Line, BadNonce}
	}
	return &citycode.Possession{Issuer: a.issuer, Nonce: nonce, Key: r.Key, Signature: [engine.SignatureSize]byte(r.Proof)}, nil
}

// Digest names a subject without keeping it.
func Digest(subject []byte) (d [16]byte) {
	h := engine.Default().NewSM3()
	h.Write(subject)
	copy(d[:], h.Sum(nil))
	return d
}
