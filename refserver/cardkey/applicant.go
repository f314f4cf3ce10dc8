package cardkey

import "github.com/citizencode/citizencode/citycode"

// An Applicant is the key of a card that is being personalised: it proves itself to the issuer of its credential, which
// it can only before it is activated.
type Applicant struct {
	Public citycode.PublicKey // as the card made it
	// Prove lets the card sign a proof of possession (PROVE POSSESSION, card SPEC §7) for an issuer and a nonce.
	Prove func(issuer uint32, nonce [citycode.PossessionNonceSize]byte) (signature [64]byte, err error)
}

var _ citycode.Prover = (*Applicant)(nil)

// ProvePossession implements [citycode.Prover].
func (a *Applicant) ProvePossession(issuer citycode.KeyID, nonce [citycode.PossessionNonceSize]byte) (*citycode.Possession, error) {
	signature, err := a.Prove(uint32(issuer), nonce)
	if err != nil {
		return nil, err
	}
	return &citycode.Possession{Issuer: issuer, Nonce: nonce, Key: a.Public, Signature: signature}, nil
}
