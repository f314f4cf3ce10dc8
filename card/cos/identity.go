package cos

import (
	"encoding/asn1"
	"math"
	"math/big"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm3"

	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/nvm"
	"github.com/citizencode/citizencode/card/sm"
)

// The tags of the two messages that the card's key signs (citycode/SPEC.md §1.2). It signs nothing else: whoever could
// hand in a digest would have any message signed.
const (
	tagToken      = "CC1/tokn"
	tagPossession = "CC1/popp"
)

// purposeHolder says that a proof of possession is for a credential (citycode/SPEC.md §4.2).
const purposeHolder = 2

// A signer is the card's SM2 key and what follows from it.
type signer struct {
	key    *sm2.PrivateKey
	public [app.CompressedPointSize]byte
	za     []byte // GB/T 32918.2-2016, 5.5, with the default id
}

func newSigner(scalar []byte) (*signer, error) {
	k, err := sm2.NewPrivateKey(scalar)
	if err != nil {
		return nil, err
	}
	s := &signer{key: k}
	s.public[0] = 2 + byte(k.Y.Bit(0))
	k.X.FillBytes(s.public[1:])
	s.za, err = sm2.CalculateZA(&k.PublicKey, nil)
	return s, err
}

// sign hashes ZA ‖ the parts and signs it.
func (c *Card) sign(parts ...[]byte) (signature [app.SignatureSize]byte, err error) {
	h := sm3.New()
	h.Write(c.signer.za)
	for _, p := range parts {
		h.Write(p)
	}
	der, err := c.signer.key.Sign(c.random, h.Sum(nil), nil)
	if err != nil {
		return signature, err
	}
	var rs struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &rs); err != nil {
		return signature, err
	}
	rs.R.FillBytes(signature[:32])
	rs.S.FillBytes(signature[32:])
	return signature, nil
}

// identity loads the SM2 key; false if there is none.
func (c *Card) identity() (bool, error) {
	if c.signer != nil {
		return true, nil
	}
	p, ok, err := firm(c.mem, pageIdentity)
	if err != nil || !ok {
		return false, err
	}
	if c.signer, err = newSigner(p[:32]); err != nil {
		return false, apdu.MemoryFailure
	}
	return true, nil
}

// internalAuthenticate answers INTERNAL AUTHENTICATE (内部鉴别): the card makes its side of a token.
func (c *Card) internalAuthenticate(q *request) ([]byte, error) {
	if q.P1 != 0 || q.P2 != 0 {
		return nil, apdu.WrongP1P2
	}
	m, err := app.ParseAuthenticateRequest(q.Data)
	switch {
	case err != nil:
		return nil, apdu.WrongLength
	case c.ram.signed:
		// One token for each SELECT: a terminal that wants many for later has to take the card through many.
		return nil, apdu.ConditionsNotSatisfied
	case c.st.signed == math.MaxUint32:
		return nil, apdu.CounterEnd
	}
	static, err := c.content(app.SFICredential)
	if err != nil {
		return nil, err
	}
	if ok, err := c.identity(); err != nil || !ok {
		return nil, orElse(err, apdu.ReferenceDataNotFound)
	}
	c.ram.signed = true
	// Before the signature exists, so that no counter is ever under two of them.
	next := c.st
	next.signed++
	if err := c.commit(next); err != nil {
		return nil, err
	}
	signature, err := c.sign([]byte(tagToken), static, m.Dynamic(next.signed))
	if err != nil {
		return nil, err
	}
	return app.AuthenticateAnswer{Counter: next.signed, Signature: signature}.Bytes(), nil
}

// generate answers GENERATE ASYMMETRIC KEY PAIR: P1 80 makes the card's SM2 key, which it has once in its life, 81 reads
// its public half again, for a personaliser that lost the first answer. 33 bytes go out.
func (c *Card) generate(next state, q *request, _ sm.Keys) ([]byte, error) {
	if q.P1 != app.P1Generate && q.P1 != app.P1ReadPublicKey {
		return nil, apdu.WrongP1P2
	}
	if err := noData(q, q.P1, 0); err != nil {
		return nil, err
	}
	switch there, err := c.identity(); {
	case err != nil:
		return nil, err
	case there == (q.P1 == app.P1Generate):
		return nil, apdu.ConditionsNotSatisfied
	case !there:
		if err := c.newIdentity(); err != nil {
			return nil, err
		}
	}
	return append([]byte(nil), c.signer.public[:]...), c.commit(next)
}

// newIdentity draws the SM2 key and writes it.
func (c *Card) newIdentity() error {
	for range maxScalars {
		scalar, err := c.draw(32)
		if err != nil {
			return err
		}
		s, err := newSigner(scalar)
		if err != nil {
			continue // 0, or n-1 and above: one draw in 2^32
		}
		var p nvm.Page
		copy(p[:], scalar)
		seal(&p)
		if err := c.mem.Write(pageIdentity, p); err != nil {
			return err
		}
		c.signer = s
		return nil
	}
	return errRandom
}

// maxScalars bounds how often a key is drawn: a source that gives no scalar so often is broken.
const maxScalars = 8

// provePossession signs the proof that an issuer wants before it writes the card's key into a credential: issuer 4 ‖
// nonce 16 come in, r ‖ s goes out.
func (c *Card) provePossession(next state, q *request, _ sm.Keys) ([]byte, error) {
	switch {
	case q.P1 != 0 || q.P2 != 0:
		return nil, apdu.WrongP1P2
	case len(q.Data) != app.PossessionRequestSize:
		return nil, apdu.WrongLength
	}
	if ok, err := c.identity(); err != nil || !ok {
		return nil, orElse(err, apdu.ReferenceDataNotFound)
	}
	signature, err := c.sign([]byte(tagPossession), []byte{purposeHolder}, q.Data, c.signer.public[:])
	if err != nil {
		return nil, err
	}
	return signature[:], c.commit(next)
}

// orElse returns err, or status if there is none.
func orElse(err error, status apdu.Status) error {
	if err != nil {
		return err
	}
	return status
}
