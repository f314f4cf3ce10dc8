package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/refserver/store"
)

type challengeCmd struct {
	Terminal string `required:"" help:"What names the terminal." placeholder:"NAME"`
	State    string `required:"" help:"State directory of the terminal, where the challenge is kept until it is used. Made where missing." placeholder:"DIR"`
	Short    bool   `help:"8 bytes, for a lane where phone and terminal read each other's pictures, instead of 16."`
	JSON     bool   `name:"json" help:"Print the challenge and its time as JSON."`
	moment
}

// Help is what --help prints below the usage.
func (challengeCmd) Help() string {
	return `A code that answers a challenge was made for this terminal and now (SPEC 5.11); a card answers a challenge or nothing. verify takes each one once, while it is young: 2 seconds for a card, a minute for a phone.

Example:

    c=$(citycode challenge --terminal 'gate 1' --state gate)
    citycode show --wallet zhang --challenge $c --png code.png
    citycode verify --dir shenyang/public --state gate --challenge $c code.png`
}

type drawnChallenge struct {
	Challenge string    `json:"challenge"` // hex
	Drawn     time.Time `json:"drawn"`
}

// Run draws one.
func (c *challengeCmd) Run(ctx context.Context, std *stdio) error {
	kept, err := store.OpenChallenges(ctx, c.State)
	if err != nil {
		return err
	}
	defer kept.Close()
	now := c.now()
	drawn, err := kept.Draw(citycode.ChallengeConfig{Terminal: []byte(c.Terminal), Short: c.Short, Now: now})
	if err != nil {
		return err
	}
	value := hex.EncodeToString(drawn.Bytes())
	if c.JSON {
		return json.NewEncoder(std.Out).Encode(drawnChallenge{value, now})
	}
	_, err = fmt.Fprintln(std.Out, value)
	return err
}
