package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/engine/tjfoc"
	"github.com/citizencode/citizencode/refserver/store"
)

type verifyCmd struct {
	Input     string   `arg:"" help:"PNG or JPEG picture, text, or bytes of a code; - is stdin." placeholder:"FILE"`
	Dir       string   `required:"" help:"Directory with roots.json, trust.list and status lists, or of a city." placeholder:"DIR"`
	Audience  sceneSet `help:"Scene groups that this terminal serves. Default: all; a real gate names its own." placeholder:"NAMES"`
	Online    bool     `help:"The online service of the scene can be reached."`
	Challenge hexBytes `help:"Challenge of this terminal that the code must answer, as citycode challenge printed it." placeholder:"HEX"`
	Prefix    string   `help:"Partner's code that was scanned with the code (SPEC 9.2). Default: what stands in front of its text." placeholder:"TEXT"`
	SealKey   string   `help:"File with the city's seal key, to read a sealed identity." placeholder:"FILE"`
	Journal   string   `help:"Journal of accepted codes; a code in it is refused as replayed. Made where missing." placeholder:"FILE"`
	State     string   `help:"Directory that keeps the last good set of lists, the highest versions ever accepted, and challenges. Made where missing." placeholder:"DIR"`
	Engine    string   `enum:"native,gmsm,tjfoc" default:"native" help:"Implementation of SM2 and SM3: native, gmsm or tjfoc."`
	passphrase
	moment
}

// Help is what --help prints below the usage.
func (verifyCmd) Help() string {
	return `Prints one JSON verdict on one line. No network is used. Exit code 0: valid; 1: refused, with the one reason; 2: fault, as when a list is missing.

Without --journal nobody remembers which codes were used, and replayChecked is false. With --state the lists in --dir are taken if they are good; if not, the last good ones stay in use, and a note says why.

Examples:

    citycode verify --dir shenyang/public --audience transit code.png
    citycode verify --dir shenyang/public --state gate --challenge 8f1d0c6a5b2e9f308f1d0c6a5b2e9f30 card.code
    citycode verify --dir shenyang/public --prefix 6901234567890123456789012345 code.png
    zbarimg --quiet --raw code.png | citycode verify --dir shenyang/public -`
}

// Run gives the verdict.
func (c *verifyCmd) Run(ctx context.Context, std *stdio) error {
	if len(c.Challenge) > 0 && c.State == "" {
		return errors.New("--challenge needs --state: there it is kept when it was drawn and whether it was used")
	}
	// The code is read before anything is opened: nobody waits for the journal
	// while nobody writes into this pipe.
	code, unread := c.scan(ctx, std)
	if _, ok := refused(unread); unread != nil && !ok {
		return unread
	}
	dir := store.PublicDir(c.Dir)
	lists, err := store.OpenLists(ctx, store.ListsConfig{Dir: dir, State: c.State, Engine: engines[c.Engine]()})
	var stale *store.StaleError
	if errors.As(err, &stale) {
		return c.answerStale(std, code, unread, stale)
	}
	if err != nil {
		return err
	}
	c.note(std, lists)
	profiles, err := store.ReadProfiles(dir)
	if err != nil {
		return err
	}
	unsealer, err := c.unsealer()
	if err != nil {
		return err
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
	verifier, err := c.verifier(lists, profiles, journal)
	if err != nil {
		return err
	}
	if unread != nil {
		return answer(std, nil, nil, unread)
	}
	verified, err := c.decide(ctx, code, verifier, journal)
	return answer(std, verified, unsealer, err)
}

// note says what a person should know about the lists.
func (c *verifyCmd) note(std *stdio, lists *store.Lists) {
	if lists.First && c.State != "" {
		fmt.Fprintf(std.Err, "citycode: note: %s is new: older lists could not have been told from these\n", c.State)
	}
	for _, err := range lists.Refused {
		fmt.Fprintf(std.Err, "citycode: note: not taken: %s\n", oneLine(err.Error()))
	}
}

// answerStale answers for a terminal that has lost its lists: what can be said
// without them comes first (SPEC §5).
func (c *verifyCmd) answerStale(std *stdio, code found, unread error, stale *store.StaleError) error {
	if unread == nil {
		if _, unread = citycode.ParseToken(code.token); unread == nil {
			unread = &citycode.VerifyError{Reason: citycode.TrustStale, Section: "5.3", Err: errors.New(oneLine(stale.Error()))}
		}
	}
	return answer(std, nil, nil, unread)
}

// scan reads the input and recognises the code in it.
func (c *verifyCmd) scan(ctx context.Context, std *stdio) (found, error) {
	input, err := readInput(ctx, c.Input, std.In)
	if err != nil {
		return found{}, err
	}
	return recognise(input, len(c.Prefix))
}

// decide goes the rest of the way of every code: parse, verify, remember.
func (c *verifyCmd) decide(ctx context.Context, code found, verifier *citycode.Verifier, journal *store.Journal) (*citycode.Verified, error) {
	token, err := citycode.ParseToken(code.token)
	if err != nil {
		return nil, err
	}
	check := citycode.Check{Audience: citycode.Scenes(c.Audience), Online: c.Online}
	if check.Audience == 0 {
		check.Audience = 0xffff
	}
	if len(c.Challenge) == 0 {
		verified, err := c.judge(verifier, token, code, check)
		return verified, cmp.Or(err, remember(verified, journal))
	}
	// Nobody else judges an answer to a challenge until it is remembered.
	challenges, err := store.OpenChallenges(ctx, c.State)
	if err != nil {
		return nil, err
	}
	defer challenges.Close()
	if check.Challenge, err = challenges.Find(c.Challenge); err != nil {
		return nil, err
	}
	verified, err := c.judge(verifier, token, code, check)
	if err != nil {
		return nil, err
	}
	if !verified.OneWay() {
		if err := challenges.Use(c.Challenge); err != nil {
			return nil, err
		}
	}
	return verified, remember(verified, journal)
}

// judge verifies a token. A partner's code that was scanned apart must be the one
// that stood in front of the text, where one did.
func (c *verifyCmd) judge(verifier *citycode.Verifier, token *citycode.Token, code found, check citycode.Check) (*citycode.Verified, error) {
	check.Prefix = cmp.Or(code.prefix, c.Prefix)
	verified, err := verifier.Verify(token, check)
	if err == nil && c.Prefix != "" && check.Prefix != c.Prefix && verified.Profile().PrefixSize > 0 {
		return nil, &citycode.VerifyError{Reason: citycode.SourceMismatch, Section: "5.11", Issuer: verified.Issuer(), Err: errors.New("another text stands in front of the code")}
	}
	return verified, err
}

// remember journals what was accepted: the verdict is worth something only if
// the next start knows of it.
func remember(verified *citycode.Verified, journal *store.Journal) error {
	if verified == nil || !verified.ReplayChecked() {
		return nil
	}
	return journal.Append(verified.Accepted())
}

// unsealer opens the seal key, where one is named.
func (c *verifyCmd) unsealer() (*citycode.Unsealer, error) {
	if c.SealKey == "" {
		return nil, nil
	}
	phrase, err := c.phrase()
	if err != nil {
		return nil, err
	}
	b, err := store.ReadSealKey(c.SealKey, phrase)
	if err != nil {
		return nil, err
	}
	key, err := citycode.NewSealKey(citycode.SealKeyConfig{ID: sealID, Key: b})
	if err != nil {
		return nil, err
	}
	return citycode.NewUnsealer(key)
}

// answer prints the verdict; a fault has none.
func answer(std *stdio, verified *citycode.Verified, unsealer *citycode.Unsealer, err error) error {
	if err == nil {
		return accepted(verified, unsealer).print(std)
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
var engines = map[string]func() engine.Engine{"native": engine.Default, "gmsm": engine.GMSM, "tjfoc": tjfoc.New}

func (c *verifyCmd) verifier(lists *store.Lists, profiles []citycode.Profile, journal *store.Journal) (*citycode.Verifier, error) {
	cfg := lists.Config()
	cfg.Profiles, cfg.Now, cfg.InsecureNoReplayGuard = profiles, c.now, journal == nil
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
