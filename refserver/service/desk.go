package service

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/citizencode/citizencode/refserver/store"
	"github.com/citizencode/citizencode/scenarios"
)

// Limits of the file with the desk's token, in bytes.
const (
	minToken     = 16
	maxTokenFile = 4 << 10
)

// ReadToken reads the one line of a file, the bearer token of the staffed desk.
func ReadToken(path string) (string, error) {
	b, err := store.ReadFile(path, maxTokenFile)
	if err != nil {
		return "", err
	}
	token := strings.TrimSpace(string(b))
	if len(token) < minToken || strings.ContainsAny(token, " \t\r\n") {
		return "", fmt.Errorf("%s: a token is one word of at least %d characters", path, minToken)
	}
	return token, nil
}

// slipRequest is what the desk says of the person in front of it.
type slipRequest struct {
	Person  string `json:"person"`  // as a scenario names it: 210100-0000006500c1712e
	Benefit uint8  `json:"benefit"` // 优待类别, 0: none
	Seconds int64  `json:"seconds"` // how long the slip lives
}

type slipAnswer struct {
	Number   string    `json:"number"`
	NotAfter time.Time `json:"notAfter"`
}

// issueSlip prints a slip for one visit.
func (s *Server) issueSlip(ctx context.Context, c *Call, q slipRequest) (slipAnswer, error) {
	who, ok := parsePerson(q.Person)
	switch {
	case !ok:
		return slipAnswer{}, badRequest("person", "it is no city and subject, such as 210100-0000006500c1712e")
	case q.Seconds < 1 || q.Seconds > int64(scenarios.MaxSlipLife/time.Second):
		return slipAnswer{}, badRequest("seconds", "a slip lives for up to a day")
	}
	slip, err := s.slips.Issue(ctx, s.office.Scenario.ID(), who, q.Benefit, time.Duration(q.Seconds)*time.Second)
	if err != nil {
		return slipAnswer{}, err
	}
	return slipAnswer{slip.Number, slip.NotAfter.UTC()}, nil
}

// parsePerson is the inverse of [scenarios.Person.String].
func parsePerson(text string) (scenarios.Person, bool) {
	city, subject, _ := strings.Cut(text, "-")
	code, err1 := strconv.Atoi(city)
	b, err2 := hex.DecodeString(subject)
	p := scenarios.Person{City: code, Subject: string(b)}
	return p, err1 == nil && err2 == nil && len(b) > 0 && p.String() == text
}

// atDesk lets through who has the desk's token.
func (s *Server) atDesk(r *http.Request) error {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	// Digests have one length: the time that it takes says nothing of the token.
	given, want := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(s.options.DeskToken))
	if subtle.ConstantTimeCompare(given[:], want[:]) != 1 {
		return NewProblem(http.StatusUnauthorized, Unauthorised, "the desk's token belongs here")
	}
	return nil
}
