// Package cardkey joins package card, which knows no token, to package citycode, which knows no card: a card in the
// field is a holder's key, so that a gate verifies card and phone by one path.
//
//	key, err := cardkey.Open(ctx, session)
//	holder, err := citycode.NewHolder(key.Credential(), key)
//	token, err := holder.Present(...)
//
// A [Gate] does the same the way a gate does it: it draws the challenge itself and believes nothing but the verifier.
package cardkey

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/terminal"
	"github.com/citizencode/citizencode/citycode"
)

// A Key is the identity key of a card in the field. It lives as long as the session and signs one token; Session.Again
// lets it sign another. It is for one goroutine.
type Key struct {
	ctx        context.Context // a HolderSigner is told none
	session    *terminal.Session
	credential *citycode.Credential
	public     citycode.PublicKey
}

var _ citycode.HolderSigner = (*Key)(nil)

// Open reads the credential of the card. ctx bounds what the key does later too.
func Open(ctx context.Context, s *terminal.Session) (*Key, error) {
	raw, err := s.ReadCredential(ctx)
	if err != nil {
		return nil, err
	}
	c, err := citycode.ParseCredential(raw)
	if err != nil {
		return nil, fmt.Errorf("cardkey: credential: %w", err)
	}
	k := &Key{ctx: ctx, session: s, credential: c}
	for _, f := range c.Fields() {
		if f.Name == "holderKey" && f.Length == len(k.public) {
			copy(k.public[:], raw[f.Offset:])
			return k, nil
		}
	}
	return nil, errors.New("cardkey: the credential names no key")
}

// Credential returns the credential on the card. It has not been verified.
func (k *Key) Credential() *citycode.Credential { return k.credential }

// PublicKey implements [citycode.HolderSigner]. It is what the credential names: a card that has another key signs
// nothing that verifies.
func (k *Key) PublicKey() citycode.PublicKey { return k.public }

var errDynamic = errors.New("cardkey: a card signs a challenge of 16 bytes and nothing else")

// SignToken implements [citycode.HolderSigner]. The card is sent time, audience and challenge; it takes the credential
// and the counter from its own memory. So a dynamic part that a card cannot have made is refused before it is asked.
func (k *Key) SignToken(static, dynamic []byte) ([]byte, error) {
	if len(dynamic) != app.DynamicSize || dynamic[10] != app.ChallengeSize || binary.BigEndian.Uint32(dynamic[4:]) != 0 {
		return nil, errDynamic
	}
	if string(static) != string(k.credential.Bytes()) {
		return nil, errors.New("cardkey: it is another credential than the card's")
	}
	answer, err := k.session.Authenticate(k.ctx, app.AuthenticateRequest{Time: binary.BigEndian.Uint32(dynamic),
		Audience: binary.BigEndian.Uint16(dynamic[8:]), Challenge: [app.ChallengeSize]byte(dynamic[11:])})
	if err != nil {
		return nil, err
	}
	return answer.Bytes(), nil
}
