package citycode

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/citizencode/citizencode/citycode/engine"
)

// CardChallengeAge is how long a challenge to a card lives (SPEC §5.11). A
// phone that scans and answers a picture has as long as its codes live.
const CardChallengeAge = 2 * time.Second

// A Challenge is a number that one terminal drew for one token. A code that
// carries it was made for this terminal and now: it binds to the gate, which a
// one-way scan cannot.
type Challenge struct {
	value []byte
	drawn time.Time
	used  atomic.Bool
}

// A ChallengeConfig says who draws a challenge.
type ChallengeConfig struct {
	Terminal []byte    // what names the terminal; required
	Short    bool      // 8 bytes, for a lane that shows and reads pictures, instead of 16
	Now      time.Time // required
	Rand     io.Reader // nil: crypto/rand
	Engine   engine.Engine
}

// NewChallenge implements SPEC §5.11: the first 16 or 8 bytes of
// SM3(terminal ‖ 16 random bytes).
func NewChallenge(cfg ChallengeConfig) (*Challenge, error) {
	if len(cfg.Terminal) == 0 || cfg.Now.IsZero() {
		return nil, errors.New("citycode: challenge: no terminal or no time")
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	if cfg.Engine == nil {
		cfg.Engine = engine.Default()
	}
	var random [16]byte
	if _, err := io.ReadFull(cfg.Rand, random[:]); err != nil {
		return nil, fmt.Errorf("citycode: challenge: %w", err)
	}
	h := cfg.Engine.NewSM3()
	h.Write(cfg.Terminal)
	h.Write(random[:])
	n := longChallenge
	if cfg.Short {
		n = shortChallenge
	}
	return &Challenge{value: h.Sum(nil)[:n], drawn: cfg.Now}, nil
}

// RestoreChallenge returns a challenge that another process of the same terminal
// drew, and whether an answer to it was accepted before. A value of another
// size than those of SPEC §2.9 is answered by no token.
func RestoreChallenge(value []byte, drawn time.Time, used bool) *Challenge {
	c := &Challenge{value: append([]byte(nil), value...), drawn: drawn}
	c.used.Store(used)
	return c
}

// Bytes returns what the holder's device is told.
func (c *Challenge) Bytes() []byte { return append([]byte(nil), c.value...) }

// bindPrefix implements SPEC §9.2: what the challenge field holds when a
// partner's code stands in front of the text. That code may change every
// minute, so it is bound by the holder now and never by the issuer.
func bindPrefix(e engine.Engine, challenge []byte, prefix string) []byte {
	h := e.NewSM3()
	h.Write(challenge)
	io.WriteString(h, prefix)
	return h.Sum(nil)[:shortChallenge]
}
