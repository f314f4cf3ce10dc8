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
	Verifier *citycode.Verifier // required to identify
	Terminal []byte             // names the terminal in its challenges; required
	Audience citycode.Scenes    // the one group that the gate serves; required
	Online   bool               // see [citycode.Check]
	Lane     string             // see [citycode.Check]
	Now      func() time.Time   // nil: time.Now; the clock of the Verifier
	Rand     io.Reader          // nil: crypto/rand
}

// An Answer is what a card said to one challenge.
type Answer struct {
	Token    []byte
	Counter  uint32
	Verified *citycode.Verified // nil where the code was refused
	// Signed says that the signatures verified, also where the code was refused for something else. Then the counter
	// is one that this card has used, and a back office that is told of all of them finds those that the card gave to
	// somebody else. Of an answer that nobody signed nothing may be reported: anyone could compose one.
	Signed bool
	// Serial is that of the credential, where Signed.
	Serial citycode.Serial
}

// A Question is what a gate asked a card, and what the card said: to be verified with the challenge.
type Question struct {
	Token     []byte
	Counter   uint32
	Challenge *citycode.Challenge
}

// Ask draws a challenge and lets the card answer it. Nothing of the answer has been verified. The error is a
// *terminal.Failure.
//
// The card is asked for this gate and for now. What it signed for another terminal, before or behind, has another
// challenge, and a challenge is used once: see [citycode.Check].
func (g *Gate) Ask(ctx context.Context, s *terminal.Session) (*Question, error) {
	if g.Audience == 0 {
		return nil, errors.New("cardkey: a gate needs an audience")
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
	return &Question{identity.Token(), signed.Counter, challenge}, nil
}

// Identify asks, and verifies the answer as it would that of a phone. The error is a *terminal.Failure before the card
// has answered, and a *citycode.VerifyError behind it, then with the answer.
func (g *Gate) Identify(ctx context.Context, s *terminal.Session) (*Answer, error) {
	if g.Verifier == nil {
		return nil, errors.New("cardkey: a gate needs a verifier")
	}
	q, err := g.Ask(ctx, s)
	if err != nil {
		return nil, err
	}
	answer := &Answer{Token: q.Token, Counter: q.Counter}
	token, err := citycode.ParseToken(q.Token)
	if err != nil {
		return answer, fmt.Errorf("cardkey: %w", err)
	}
	answer.Verified, err = g.Verifier.Verify(token, citycode.Check{Audience: g.Audience, Challenge: q.Challenge, Online: g.Online, Lane: g.Lane})
	refused, _ := errors.AsType[*citycode.VerifyError](err)
	if answer.Signed = err == nil || refused != nil && refused.Reason >= citycode.IssuerKeyNotValid; answer.Signed {
		answer.Serial = serialOf(token)
	}
	return answer, err
}

// serialOf reads the serial of a token whose signatures verified (citycode SPEC §2.5).
func serialOf(t *citycode.Token) (s citycode.Serial) {
	s.Issuer = t.Issuer()
	for _, f := range t.Fields() {
		b := t.Bytes()[f.Offset:][:f.Length]
		switch f.Name {
		case "statusList":
			s.List = b[0]
		case "statusIndex":
			s.Index = uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2])
		}
	}
	return s
}
