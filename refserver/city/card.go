package city

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/cos"
	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/nvm"
	"github.com/citizencode/citizencode/card/perso"
	"github.com/citizencode/citizencode/card/terminal"
	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/refserver/cardkey"
	"github.com/citizencode/citizencode/refserver/slot"
	"github.com/citizencode/citizencode/scenarios"
)

// A Card is the citizen code on an emulated card. It has one credential, so it is for one purpose group, as a pass is.
type Card struct {
	*cos.Card
	claims citycode.Claims
	issuer citycode.KeyID
}

func (c *Card) serial() citycode.Serial {
	return citycode.Serial{Issuer: c.issuer, List: c.claims.List, Index: c.claims.Index}
}

const (
	cardKeySet = 1
	cardLimit  = 100_000 // fen that a purse holds
)

// newMasters draws the master keys of a city's cards.
func newMasters() (*perso.Masters, error) {
	m := new(perso.Masters)
	for id := range m {
		k, err := key.New(key.SM4, random(key.Size))
		if err != nil {
			return nil, err
		}
		m[id] = k
	}
	return m, nil
}

// card personalises a blank card: it makes its own key, the authority certifies it, and its other keys follow from the
// city's masters.
func (a *authority) card(ctx context.Context, clock *Clock, masters *perso.Masters, number uint32, want application) (*Card, error) {
	issuer := want.issuer
	c := &Card{issuer: issuer.ID(), claims: citycode.Claims{Profile: citycode.ProfileCard, Scenes: want.scenes, Benefit: want.benefit}}
	var err error
	if c.claims.IssuedAt, c.claims.NotAfter, err = slot.Validity(citycode.CardProfile(), clock.Now().In(Zone), want.days); err != nil {
		return nil, err
	}
	record := &perso.Record{Serial: app.Serial{0: 0x99}, Benefit: want.benefit}
	binary.BigEndian.PutUint32(record.Serial[4:], number)
	transport, err := masters.CardKey(app.KeyTransport, record.Serial)
	if err != nil {
		return nil, err
	}
	mem := nvm.New(cos.Pages)
	if err := cos.Format(mem, transport); err != nil {
		return nil, err
	}
	if c.Card, err = cos.New(mem, cos.Config{}); err != nil {
		return nil, err
	}
	_, err = perso.Personalise(ctx, perso.Config{AID: app.TestAID, Profile: byte(citycode.ProfileCard), KeySet: cardKeySet, IssuerKey: uint32(c.issuer),
		MaxBalance: cardLimit, Keys: masters, Issue: func(_ context.Context, applicant *perso.Applicant) ([]byte, error) {
			prover := cardkey.Applicant{Public: citycode.PublicKey(applicant.Public), Prove: applicant.Prove}
			if c.claims.Possession, err = prover.ProvePossession(c.issuer, nonce()); err != nil {
				return nil, err
			}
			if err := a.claim(c.issuer, want.citizen.Zh, &c.claims); err != nil {
				return nil, err
			}
			credential, err := issuer.Issue(c.claims)
			if err != nil {
				return nil, err
			}
			return credential.Bytes(), nil
		}}, c.Card, record)
	return c, err
}

// Tap decides about a card in the gate's field: the card answers a challenge of this gate, and what it says goes the way
// of every code. Where the gate lets it in and there is a fare, in fen, the purse pays it: without proof of that nobody
// passes. An error is a fault.
func (g *Gate) Tap(ctx context.Context, reader *terminal.Terminal, t card.Transport, fare int64) (*scenarios.Decision, error) {
	g.mu.Lock()
	decides := g.terminal
	g.mu.Unlock()
	session, err := reader.Open(ctx, t)
	if err != nil {
		return notServed(err)
	}
	asks := cardkey.Gate{Terminal: []byte(g.Name.En), Audience: g.scenario.Describe().Audience, Now: g.now}
	q, err := asks.Ask(ctx, session)
	if err != nil {
		return notServed(err)
	}
	decision, err := decides.Decide(ctx, scenarios.Request{Code: q.Token, Challenge: q.Challenge, Action: g.action, Params: g.params})
	if err != nil || !decision.Allow || fare == 0 {
		return decision, err
	}
	if _, err := session.Purchase(ctx, fare); err != nil {
		return notServed(err)
	}
	return decision, nil
}

// notServed is the decision about a card that could not be read or did not pay; another error is a fault.
func notServed(err error) (*scenarios.Decision, error) {
	var f *terminal.Failure
	if !errors.As(err, &f) {
		return nil, err
	}
	switch f.Reason {
	case terminal.ModuleFault, terminal.JournalFault, terminal.HostFault:
		return nil, fmt.Errorf("city: %w", err)
	}
	return &scenarios.Decision{Reason: string(f.Reason), Message: text("请再刷一次", "Tap again")}, nil
}
