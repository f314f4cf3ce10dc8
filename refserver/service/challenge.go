package service

import (
	"context"
	"encoding/hex"
	"net/http"

	"github.com/citizencode/citizencode/citycode"
)

// challengeRequest asks for the number that what is shown next is to answer.
type challengeRequest struct {
	Short bool `json:"short"` // 8 bytes, for a lane that shows and reads pictures; a card takes 16
}

type challengeAnswer struct {
	Challenge string `json:"challenge"` // hexadecimal
}

// challenge draws a terminal's next challenge. Only the last one counts: a lane
// asks one card at a time.
func (s *Server) challenge(_ context.Context, c *Call, q challengeRequest) (challengeAnswer, error) {
	t := s.terminals[c.Path("terminal")]
	if t == nil {
		return challengeAnswer{}, NewProblem(http.StatusNotFound, UnknownTerminal, "the configuration names no such terminal")
	}
	drawn, err := citycode.NewChallenge(citycode.ChallengeConfig{Terminal: []byte(t.name), Short: q.Short, Now: s.options.Now()})
	if err != nil {
		return challengeAnswer{}, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.asked = drawn
	return challengeAnswer{hex.EncodeToString(drawn.Bytes())}, nil
}

// answered returns the challenge that a visit names, nil if it is not the one
// that this terminal drew last.
func (t *terminal) answered(text string) *citycode.Challenge {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.asked == nil || text != hex.EncodeToString(t.asked.Bytes()) {
		return nil
	}
	return t.asked
}
