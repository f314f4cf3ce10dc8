package citycode

import (
	"encoding/binary"
	"errors"

	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/internal/pubkey"
)

// PossessionNonceSize is the size of the nonce of a [Possession] in bytes.
const PossessionNonceSize = 16

// What a key is proven for (SPEC §4.2): what a holder signed to get a credential
// must not serve to list his key as one of the city's, nor the other way round.
const (
	purposeListed = 1
	purposeHolder = 2
)

// A Possession is a proof that somebody holds the private key of Key, made for
// one purpose, one issuer and one nonce of that issuer (SPEC §4.2). No key is
// written into a credential or a trust list without one: an issuer that
// certifies a key it was merely told binds one person's code to another person's
// key.
type Possession struct {
	Issuer    KeyID
	Nonce     [PossessionNonceSize]byte // drawn by the issuer for this one request
	Key       PublicKey
	Signature [engine.SignatureSize]byte
}

func (p *Possession) message(purpose byte) []byte {
	b := binary.BigEndian.AppendUint32([]byte{purpose}, uint32(p.Issuer))
	b = append(b, p.Nonce[:]...)
	return append(b, p.Key[:]...)
}

// ErrPossession is what [Issuer.Issue] returns for a proof by another key, or for
// another number: the one who asks is at fault, and not the issuer.
var ErrPossession = errors.New("citycode: proof of possession does not verify")

func (p *Possession) verify(s *pubkey.Suite, purpose byte) error {
	key, err := s.Prepare(p.Key)
	if err != nil {
		return err
	}
	if !key.Verify(p.Signature[:], tagPossession, p.message(purpose)) {
		return ErrPossession
	}
	return nil
}

// Prover is what a key can do besides signing tokens: prove to an issuer that
// it is there, so that he writes it into a credential. A phone's key and a card
// being personalised implement it.
type Prover interface {
	ProvePossession(issuer KeyID, nonce [PossessionNonceSize]byte) (*Possession, error)
}

func (k *signKey) provePossession(purpose byte, issuer KeyID, nonce [PossessionNonceSize]byte) (*Possession, error) {
	p := &Possession{Issuer: issuer, Nonce: nonce, Key: k.Public}
	sig, err := k.sign(tagPossession, p.message(purpose))
	if err != nil {
		return nil, err
	}
	p.Signature = [engine.SignatureSize]byte(sig)
	return p, nil
}
