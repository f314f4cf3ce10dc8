package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/perso"
	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/refserver/cardkey"
	"github.com/citizencode/citizencode/refserver/slot"
	"github.com/citizencode/citizencode/refserver/store"
)

// cardKeysName is the secret in a city's authority from which the keys of its cards follow.
const cardKeysName = "cards.pem"

// cardKeySet is the version of the keys on cards.
const cardKeySet = 1

type cardPersonalise struct {
	Dir        string   `required:"" help:"Directory of the city." placeholder:"DIR"`
	Out        string   `required:"" help:"Deck to make or to go on with; the journal stands beside it." placeholder:"FILE"`
	People     string   `arg:"" help:"CSV file of people." placeholder:"FILE"`
	Scenes     sceneSet `help:"The one scene group of the credentials." default:"transit" placeholder:"NAME"`
	Days       int      `help:"How many days they are valid. Default: as long as the profile allows." placeholder:"N"`
	MaxBalance uint32   `help:"Fen that a purse holds at most." default:"100000" placeholder:"FEN"`
	LoadPIN    bool     `name:"load-pin" help:"A load needs the PIN."`
	LogPIN     bool     `name:"log-pin" help:"So does reading the purse's log."`
	JSON       bool     `name:"json" help:"Print the report as JSON."`
	application
	passphrase
	moment
}

// Help is what --help prints below the usage.
func (cardPersonalise) Help() string {
	return `The file is CSV without quotes, a line of names first: serial (16 hexadecimal digits) and subject (8 bytes, hexadecimal) are required; category, benefit, validto (YYYYMMDD), number, person and pin may be there. A row that is wrong is named with its line and its reason and left out.
A run that was broken off, by whatever, is simply repeated: cards that are done stay, and no serial number is ever on two cards. Keys follow from DIR/authority/cards.pem, which is made at the first time; none is printed. Beside --out stands a journal with the check values of every card's keys.
Example:
    citycode card personalise --dir shenyang --out cards.deck people.csv`
}

// Run makes the cards.
func (c *cardPersonalise) Run(ctx context.Context, std *stdio) error {
	a, err := openWith(ctx, c.Dir, c.passphrase, c.moment)
	if err != nil {
		return err
	}
	defer a.Close()
	cfg, err := c.config(a)
	if err != nil {
		return err
	}
	people, err := os.Open(c.People)
	if err != nil {
		return err
	}
	defer people.Close()
	rows, err := perso.NewReader(people)
	if err != nil {
		return fmt.Errorf("%s: %w", c.People, err)
	}
	var size int64
	if info, err := people.Stat(); err == nil {
		size = info.Size()
	}
	line := newProgress(std.Err, "personalise")
	cfg.Progress = func(done int, read int64) { line.at(done, read, size) }
	unlock, err := store.Lock(ctx, c.Out)
	if err != nil {
		return err
	}
	defer unlock()
	journal, err := perso.OpenJournal(c.Out+".journal", cfg.Fingerprint())
	if err != nil {
		return err
	}
	defer journal.Close()
	deck, err := perso.OpenDeck(c.Out, true, cfg.Keys)
	if err != nil {
		return err
	}
	report, err := perso.Run(ctx, *cfg, rows, deck, journal)
	if err = errors.Join(err, deck.Close()); err != nil {
		return err
	}
	return c.print(std, report)
}

func (c *cardPersonalise) config(a *authority) (*perso.Config, error) {
	profile, err := profileNamed(citycode.CardProfile().Name, a.profiles)
	if err != nil {
		return nil, err
	}
	claims := citycode.Claims{Profile: profile.ID, Scenes: citycode.Scenes(c.Scenes)}
	if c.Days < 0 {
		return nil, fmt.Errorf("--days %d: none are left", c.Days)
	}
	if claims.IssuedAt, claims.NotAfter, err = slot.Validity(profile, a.now, c.Days); err != nil {
		return nil, err
	}
	issuer, err := a.issuer(profile, &claims)
	if err != nil {
		return nil, err
	}
	masters, err := store.OpenCardMasters(filepath.Join(a.secret, cardKeysName), a.phrase)
	if err != nil {
		return nil, err
	}
	desk := &cardDesk{register: a.register, issuer: issuer, claims: claims}
	return &perso.Config{AID: app.AID(c.AID), Profile: byte(profile.ID), KeySet: cardKeySet, IssuerKey: uint32(issuer.ID()), MaxBalance: c.MaxBalance,
		LoadNeedsPIN: c.LoadPIN, LogNeedsPIN: c.LogPIN, Keys: masters, Issue: desk.issue, Batch: block, Workers: runtime.GOMAXPROCS(0)}, nil
}

// A cardDesk issues the credentials of cards. It is safe for concurrent use.
type cardDesk struct {
	issuer *citycode.Issuer
	claims citycode.Claims

	mu       sync.Mutex
	register *store.Register
	serials  []citycode.Serial
}

// next returns a serial that no credential has had, also if this process dies.
func (d *cardDesk) next() (s citycode.Serial, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.serials) == 0 {
		if d.serials, err = d.register.ReserveMany(d.issuer.ID(), block); err != nil {
			return s, err
		}
	}
	s, d.serials = d.serials[0], d.serials[1:]
	return s, nil
}

func (d *cardDesk) issue(_ context.Context, a *perso.Applicant) ([]byte, error) {
	serial, err := d.next()
	if err != nil {
		return nil, err
	}
	claims := d.claims
	claims.Subject, claims.Benefit, claims.List, claims.Index = a.Subject, a.Benefit, serial.List, serial.Index
	applicant := cardkey.Applicant{Public: citycode.PublicKey(a.Public), Prove: a.Prove}
	if claims.Possession, err = applicant.ProvePossession(d.issuer.ID(), nonce()); err != nil {
		return nil, err
	}
	credential, err := d.issuer.Issue(claims)
	if err != nil {
		return nil, &perso.RowError{Line: a.Line, Reason: perso.NotIssued}
	}
	return credential.Bytes(), nil
}

func (c *cardPersonalise) print(std *stdio, r *perso.Report) error {
	if c.JSON {
		return json.NewEncoder(std.Out).Encode(r)
	}
	fmt.Fprintf(std.Out, "%d rows, %d cards made, %d were done before\n", r.Rows, r.Made, r.Before)
	for _, reason := range slices.Sorted(maps.Keys(r.LeftOut)) {
		fmt.Fprintf(std.Out, "left out: %s %d\n", reason, r.LeftOut[reason])
	}
	for _, line := range r.Errors[:min(len(r.Errors), 20)] {
		fmt.Fprintf(std.Out, "  %s\n", line)
	}
	return nil
}
