package store

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/citizencode/citizencode/citycode"
)

const (
	challengesName    = "challenges.json"
	maxChallengesFile = 1 << 20
	// challengeMemory is how long a challenge is remembered: longer than any
	// code that answers it can be accepted.
	challengeMemory = 5 * time.Minute
	maxChallenges   = 4096
)

// Challenges are what a terminal has drawn and not forgotten yet, in its state
// directory: when, and whether an answer was accepted. They are for terminals
// whose question and answer are two processes. Open Challenges hold the lock of
// their file; Close them.
type Challenges struct {
	path string
	lock *lock
	list []drawnChallenge
}

type drawnChallenge struct {
	Value string `json:"value"` // hex
	Drawn int64  `json:"drawn"` // seconds since 1970 UTC
	Used  bool   `json:"used"`
}

// OpenChallenges opens the challenges in a state directory, which is made where
// it is missing.
func OpenChallenges(ctx context.Context, state string) (*Challenges, error) {
	if err := os.MkdirAll(state, 0o700); err != nil {
		return nil, err
	}
	c := &Challenges{path: filepath.Join(state, challengesName)}
	var err error
	if c.lock, err = lockFile(ctx, c.path); err != nil {
		return nil, err
	}
	b, err := ReadFile(c.path, maxChallengesFile)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err == nil {
		if err = parseJSON(b, &c.list); err != nil {
			err = &DamagedError{c.path, err}
		}
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Close lets others use the file.
func (c *Challenges) Close() { c.lock.unlock() }

// Draw draws a challenge at a time and keeps it.
func (c *Challenges) Draw(cfg citycode.ChallengeConfig) (*citycode.Challenge, error) {
	drawn, err := citycode.NewChallenge(cfg)
	if err != nil {
		return nil, err
	}
	c.list = slices.DeleteFunc(c.list, func(d drawnChallenge) bool {
		return d.Drawn < cfg.Now.Add(-challengeMemory).Unix()
	})
	if len(c.list) == maxChallenges {
		return nil, fmt.Errorf("%s: %d challenges were drawn in the last %s", c.path, maxChallenges, challengeMemory)
	}
	c.list = append(c.list, drawnChallenge{hex.EncodeToString(drawn.Bytes()), cfg.Now.Unix(), false})
	return drawn, c.save()
}

// Find returns the challenge with a value, as a verifier takes it.
func (c *Challenges) Find(value []byte) (*citycode.Challenge, error) {
	for _, d := range c.list {
		if d.Value == hex.EncodeToString(value) {
			return citycode.RestoreChallenge(value, time.Unix(d.Drawn, 0), d.Used), nil
		}
	}
	return nil, fmt.Errorf("%s: challenge %x was not drawn here, or is forgotten", c.path, value)
}

// Use remembers that an answer to a challenge was accepted. It is on disk
// before it returns, and only then may a gate open.
func (c *Challenges) Use(value []byte) error {
	for i := range c.list {
		if c.list[i].Value == hex.EncodeToString(value) {
			c.list[i].Used = true
		}
	}
	return c.save()
}

func (c *Challenges) save() error { return writeJSON(c.path, c.list, Secret) }
