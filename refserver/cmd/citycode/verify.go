package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/engine/tjfoc"
	"github.com/citizencode/citizencode/refserver/store"
)

type verifyCmd struct {
	Input    string   `arg:"" help:"PNG or JPEG picture, text, or bytes of a code; - is stdin." placeholder:"FILE"`
	Dir      string   `required:"" help:"Directory with roots.json, trust.list and status lists, or of a city." placeholder:"DIR"`
	Audience sceneSet `help:"Scene groups that this terminal serves. Default: all; a real gate names its own." placeholder:"NAMES"`
	Online   bool     `help:"The online service of the scene can be reached."`
	Journal  string   `help:"Journal of accepted codes; a code in it is refused as replayed. Made where missing." placeholder:"FILE"`
	State    string   `help:"Directory that keeps the highest list versions ever accepted; older lists are then refused. Made where missing." placeholder:"DIR"`
	Engine   string   `enum:"gmsm,tjfoc" default:"gmsm" help:"Implementation of SM2 and SM3: gmsm or tjfoc."`
	moment
}

// Help is what --help prints below the usage.
func (verifyCmd) Help() string {
	return `Prints one JSON verdict on one line. No network is used. Exit code 0: valid; 1: refused, with the one reason; 2: fault, as when a list is missing.

Without --journal nobody remembers which codes were used, and replayChecked is false.

Examples:

    citycode verify --dir shenyang/public --audience transit code.png
    zbarimg --quiet --raw code.png | citycode verify --dir shenyang/public -`
}

// Run gives the verdict.
func (c *verifyCmd) Run(ctx context.Context, std *stdio) error {
	// The code is read before anything is opened: nobody waits for the journal
	// while nobody writes into this pipe.
	code, unread := c.scan(ctx, std)
	if _, ok := refused(unread); unread != nil && !ok {
		return unread
	}
	lists, err := store.OpenLists(ctx, store.ListsConfig{Dir: store.PublicDir(c.Dir), State: c.State, Engine: engines[c.Engine]()})
	if err != nil {
		return err
	}
	if lists.First {
		fmt.Fprintf(std.Err, "citycode: note: %s is new: older lists could not have been told from these\n", c.State)
	}
	var journal *store.Journal
	if c.Journal != "" {
		if journal, err = store.OpenJournal(ctx, c.Journal); err != nil {
			return err
		}
		defer journal.Close()
		if journal.New {
			fmt.Fprintf(std.Err, "citycode: note: %s is new: what was accepted before is not known\n", c.Journal)
		}
	}
	verifier, err := c.verifier(lists, journal)
	if err != nil {
		return err
	}
	if unread != nil {
		return answer(std, nil, unread)
	}
	verified, err := c.decide(code, verifier, journal)
	return answer(std, verified, err)
}

// scan reads the input and recognises the code in it.
func (c *verifyCmd) scan(ctx context.Context, std *stdio) ([]byte, error) {
	input, err := readInput(ctx, c.Input, std.In)
	if err != nil {
		return nil, err
	}
	return recognise(input)
}

// decide goes the rest of the way of every code: parse, verify, remember.
func (c *verifyCmd) decide(code []byte, verifier *citycode.Verifier, journal *store.Journal) (*citycode.Verified, error) {
	token, err := citycode.ParseToken(code)
	if err != nil {
		return nil, err
	}
	audience := citycode.Scenes(c.Audience)
	if audience == 0 {
		audience = 0xffff
	}
	verified, err := verifier.Verify(token, citycode.Check{Audience: audience, Online: c.Online})
	if err != nil {
		return nil, err
	}
	// The verdict is worth something only if the next start knows of it.
	if verified.ReplayChecked() {
		if err := journal.Append(verified.Accepted()); err != nil {
			return nil, err
		}
	}
	return verified, nil
}

// answer prints the verdict; a fault has none.
func answer(std *stdio, verified *citycode.Verified, err error) error {
	if err == nil {
		return accepted(verified).print(std)
	}
	v, ok := refused(err)
	if !ok {
		return err
	}
	if err := v.print(std); err != nil {
		return err
	}
	return refusal("")
}

// engines are the implementations that --engine chooses from.
var engines = map[string]func() engine.Engine{"gmsm": engine.Default, "tjfoc": tjfoc.New}

func (c *verifyCmd) verifier(lists *store.Lists, journal *store.Journal) (*citycode.Verifier, error) {
	cfg := citycode.VerifierConfig{Trust: lists.Trust, Status: lists.Status, Now: c.now, TimeFloor: lists.Floor, InsecureNoReplayGuard: journal == nil}
	if journal != nil {
		var err error
		if cfg.Replay, err = guard(citycode.ReplayConfig{Boot: c.now()}, journal); err != nil {
			return nil, err
		}
	}
	return citycode.NewVerifier(cfg)
}

// guard returns a replay guard that knows what is in the journal.
func guard(cfg citycode.ReplayConfig, journal *store.Journal) (*citycode.ReplayGuard, error) {
	cfg.Journal = journal.Accepted()
	g, err := citycode.NewReplayGuard(cfg)
	return g, errors.Join(err, journal.Err())
}
