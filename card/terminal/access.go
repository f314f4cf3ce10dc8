package terminal

import (
	"context"
	"errors"

	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/sam"
	"github.com/citizencode/citizencode/card/sm"
)

// An Access is a secure session with the card: both have shown that they have the key, and what is said is encrypted and
// under a MAC. Any command beside it, or a wrong message, ends it.
type Access struct {
	session *Session
	secure  *sm.TerminalSession
}

var accessKeys = map[sam.Usage]app.KeyID{sam.GateAccess: app.KeyGate, sam.HospitalAccess: app.KeyHospital}

// Access proves the terminal to the card (GET CHALLENGE, EXTERNAL AUTHENTICATE) by a module, with the key of that usage.
func (s *Session) Access(ctx context.Context, module sam.Authenticator, usage sam.Usage) (*Access, error) {
	const step = "EXTERNAL AUTHENTICATE"
	id, ok := accessKeys[usage]
	if !ok {
		return nil, fail(step, ModuleFault, "%w", sam.ErrUsage)
	}
	drawn, err := s.send(ctx, "GET CHALLENGE", app.GetChallenge())
	if err != nil {
		return nil, err
	}
	if len(drawn) != sm.ChallengeSize {
		return nil, fail("GET CHALLENGE", BadAnswer, "%d bytes", len(drawn))
	}
	ref := sam.Ref{Usage: usage, Version: s.fci.KeySet, Algorithm: key.SM4}
	h, proof, err := module.Authenticate(ctx, s.factor(), ref, [sm.ChallengeSize]byte(drawn))
	if err != nil {
		return nil, fail(step, ModuleFault, "%w", err)
	}
	answer, err := s.send(ctx, step, app.ExternalAuthenticate(id, h.TerminalChallenge, proof))
	if err != nil {
		return nil, err
	}
	if len(answer) != sm.ProofSize {
		return nil, fail(step, BadAnswer, "%d bytes", len(answer))
	}
	secure, err := module.Session(ctx, s.factor(), ref, h, [sm.ProofSize]byte(answer))
	switch {
	case errors.Is(err, sam.ErrWrongMAC):
		return nil, fail(step, WrongMAC, "%w", err)
	case err != nil:
		return nil, fail(step, ModuleFault, "%w", err)
	}
	return &Access{s, secure}, nil
}

// ReadFile reads a transparent file, as that of the person at a hospital.
func (a *Access) ReadFile(ctx context.Context, sfi app.SFI) ([]byte, error) {
	const step = "READ BINARY, secured"
	f, ok := app.FindFile(sfi)
	if !ok || f.Structure != app.Transparent {
		return nil, fail(step, Refused, "no file %d", sfi)
	}
	r, err := a.secure.Send(ctx, a.session.client, app.ReadBinary(sfi, 0, maxShortNe))
	if err != nil {
		var wrong *sm.Error
		if errors.As(err, &wrong) {
			return nil, fail(step, WrongMAC, "%w", err)
		}
		return nil, failureOf(step, err)
	}
	return r.Data, nil
}
