package cardkey

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/terminal"
	"github.com/citizencode/citizencode/citycode"
)

// A Gate identifies who holds a card.
type Gate struct {
	Verifier *citycode.Verifier // required
	Terminal []byte             // names the terminal in its challenges; required
	Audience citycode.Scenes    // the one group that the gate serves; required
	Online   bool               // see [citycode.Check]
	Lane     string             // see [citycode.Check]
	Now      func() time.Time   // nil: time.Now; the clock of the Verifier
	Rand     io.Reader          // nil: crypto/rand
}

// An Answer is what a card said to one challenge. It counts whether it was accepted or not: a back office that knows
// all answers of a card finds those that it gave to somebody else.
type Answer struct {
	Token    []byte
	Counter  uint32
	Verified *citycode.Verified // nil where the code was refused
}

// Identify draws a challenge, lets the card answer it, and verifies the answer as it would that of a phone. The error
// is a *terminal.Failure before the card has answered, and a *citycode.VerifyError behind it, then with the answer.
//
// The card is asked for this gate and for now. What it signed for another terminal, before or behind, has another
// challenge, and a challenge is used once: see [citycode.Check].
func (g *Gate) Identify(ctx context.Context, s *terminal.Session) (*Answer, error) {
	if g.Verifier == nil || g.Audience == 0 {
		return nil, errors.New("cardkey: a gate needs a verifier and an audience")
	}
	now := g.Now
	if now == nil {
		now = time.Now
	}
	// The credential first: it needs no challenge, whose two seconds begin when it is drawn.
	credential, err := s.ReadCredential(ctx)
	if err != nil {
		return nil, err
	}
	drawn := now()
	challenge, err := citycode.NewChallenge(citycode.ChallengeConfig{Terminal: g.Terminal, Now: drawn, Rand: g.Rand})
	if err != nil {
		return nil, err
	}
	request := app.AuthenticateRequest{Time: uint32(drawn.Unix()), Audience: uint16(g.Audience), Challenge: [app.ChallengeSize]byte(challenge.Bytes())}
	signed, err := s.Authenticate(ctx, request)
	if err != nil {
		return nil, err
	}
	identity := terminal.Identity{Credential: credential, Request: request, AuthenticateAnswer: signed}
	answer := &Answer{Token: identity.Token(), Counter: signed.Counter}
	token, err := citycode.ParseToken(answer.Token)
	if err != nil {
		return answer, fmt.Errorf("cardkey: %w", err)
	}
	answer.Verified, err = g.Verifier.Verify(token, citycode.Check{Audience: g.Audience, Challenge: challenge, Online: g.Online, Lane: g.Lane})
	return answer, err
}
