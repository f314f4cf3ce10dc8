package terminal

import (
	"context"

	"github.com/citizencode/citizencode/card/app"
)

// An Identity is what a card showed: nothing in it has been verified. The bytes of the token are Credential ‖
// request.Dynamic(Counter) ‖ Signature.
type Identity struct {
	Credential []byte
	Request    app.AuthenticateRequest
	app.AuthenticateAnswer
}

// Token returns the bytes of the token, for a verifier.
func (i *Identity) Token() []byte {
	b := append([]byte(nil), i.Credential...)
	b = append(b, i.Request.Dynamic(i.Counter)...)
	return append(b, i.Signature[:]...)
}

// Identify reads the credential and lets the card sign a token for the request.
func (s *Session) Identify(ctx context.Context, r app.AuthenticateRequest) (*Identity, error) {
	credential, err := s.ReadCredential(ctx)
	if err != nil {
		return nil, err
	}
	answer, err := s.Authenticate(ctx, r)
	if err != nil {
		return nil, err
	}
	return &Identity{credential, r, answer}, nil
}

// ReadCredential reads the credential of the card.
func (s *Session) ReadCredential(ctx context.Context) ([]byte, error) {
	b, err := s.send(ctx, "READ BINARY", app.ReadBinary(app.SFICredential, 0, maxShortNe))
	if err != nil {
		return nil, err
	}
	if len(b) == 0 || len(b) > app.MaxCredential {
		return nil, fail("READ BINARY", BadAnswer, "a credential of %d bytes", len(b))
	}
	return b, nil
}

// maxShortNe asks for all there is, in the short form.
const maxShortNe = 256

// Authenticate lets the card sign a token. A card signs one between two SELECTs.
func (s *Session) Authenticate(ctx context.Context, r app.AuthenticateRequest) (a app.AuthenticateAnswer, err error) {
	b, err := s.send(ctx, "INTERNAL AUTHENTICATE", app.InternalAuthenticate(r))
	if err != nil {
		return a, err
	}
	if a, err = app.ParseAuthenticateAnswer(b); err != nil {
		return a, fail("INTERNAL AUTHENTICATE", BadAnswer, "%w", err)
	}
	return a, nil
}
