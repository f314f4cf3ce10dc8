package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/perso"
	"github.com/citizencode/citizencode/card/transport/pcsc"
	"github.com/citizencode/citizencode/card/transport/tcp"
	"github.com/citizencode/citizencode/refserver/store"
)

type cardCmd struct {
	Personalise cardPersonalise `cmd:"" help:"Make cards for a file of people."`
	SAM         cardSAM         `cmd:"" name:"sam" help:"Write the security module of one gate."`
	Load        cardLoad        `cmd:"" help:"Be a load desk: put money on a card."`
	Emulate     cardEmulate     `cmd:"" help:"Hold an emulated card to a reader."`
	Read        cardRead        `cmd:"" help:"List the applications of a card, ours or another's, and their public files."`
	Tap         cardTap         `cmd:"" help:"Be a gate: identify who holds a card, take money, and decide."`
}

// Help is what --help prints below the usage.
func (cardCmd) Help() string {
	return `A card is the citizen code on an IC card. Emulated ones lie together in one file, a deck; a card can also be behind a TCP port, or in a reader (PC/SC).
Example:
    citycode card personalise --dir shenyang --out cards.deck people.csv
    citycode card sam --dir shenyang --terminal 210100000007 --out gate.sam
    citycode card tap --dir shenyang/public --deck cards.deck --serial 9900000000000001 --state gate --pay 200 --sam gate.sam`
}

// A cardSerial is a flag with the serial number of a card.
type cardSerial struct {
	app.Serial
	given bool
}

// UnmarshalText reads 16 hexadecimal digits.
func (s *cardSerial) UnmarshalText(b []byte) error {
	if n, err := hex.Decode(make([]byte, len(b)), b); err != nil || n != len(s.Serial) {
		return fmt.Errorf("%.40q is no serial number: 16 hexadecimal digits", b)
	}
	hex.Decode(s.Serial[:], b)
	s.given = true
	return nil
}

// An applicationID is a flag with the name of an application.
type applicationID app.AID

// UnmarshalText reads hexadecimal digits.
func (a *applicationID) UnmarshalText(b []byte) error {
	parsed, err := app.ParseAID(string(b))
	*a = applicationID(parsed)
	return err
}

// application is the flag that names the city's application.
type application struct {
	AID applicationID `name:"aid" help:"Name of the application. Default: F04349544943414431, for tests." default:"F04349544943414431" placeholder:"HEX"`
}

// deckFlags name an emulated card.
type deckFlags struct {
	Deck   string     `help:"File of emulated cards." placeholder:"FILE" xor:"carrier"`
	Serial cardSerial `help:"Which card of the deck. Default: the only one." placeholder:"HEX"`
}

// open gives power to the card. No other process uses the deck until close is called.
func (f *deckFlags) open(ctx context.Context) (c *perso.LiveCard, close func(), err error) {
	unlock, err := store.Lock(ctx, f.Deck)
	if err != nil {
		return nil, nil, err
	}
	deck, err := perso.OpenDeck(f.Deck, false, nil)
	if err != nil {
		unlock()
		return nil, nil, err
	}
	close = func() { deck.Close(); unlock() }
	serial := f.Serial.Serial
	if !f.Serial.given {
		all := deck.Serials()
		if len(all) != 1 {
			close()
			return nil, nil, fmt.Errorf("%s has %d cards: name one with --serial", f.Deck, len(all))
		}
		serial = all[0]
	}
	if c, err = deck.Live(serial); err != nil {
		close()
		return nil, nil, err
	}
	return c, close, nil
}

// carrier are the flags that say where a card is.
type carrier struct {
	deckFlags
	TCP    string        `name:"tcp" help:"Address of a card that waits, as of citycode card emulate --listen." placeholder:"HOST:PORT" xor:"carrier"`
	Reader string        `help:"PC/SC reader with a card in it, by a part of its name; any is every one." placeholder:"NAME" xor:"carrier"`
	Wait   time.Duration `help:"How long to wait for a card in the reader." default:"10s"`
}

// connect returns the card.
func (f *carrier) connect(ctx context.Context) (t card.Transport, close func(), err error) {
	switch {
	case f.Deck != "":
		c, close, err := f.deckFlags.open(ctx)
		return c, close, err
	case f.TCP != "":
		r, err := tcp.Connect(ctx, f.TCP, tcp.ReaderOptions{})
		if err != nil {
			return nil, nil, err
		}
		return r, func() { r.Close() }, nil
	case f.Reader != "":
		return f.reader(ctx)
	}
	return nil, nil, errors.New("where is the card? --deck, --tcp or --reader")
}

func (f *carrier) reader(ctx context.Context) (card.Transport, func(), error) {
	pc, err := pcsc.Establish(ctx, pcsc.Options{})
	if err != nil {
		return nil, nil, err
	}
	c, err := f.inReader(ctx, pc)
	if err != nil {
		pc.Close()
		return nil, nil, err
	}
	return c, func() {
		c.Disconnect(pcsc.Reset)
		pc.Close()
	}, nil
}

func (f *carrier) inReader(ctx context.Context, pc *pcsc.Context) (*pcsc.Card, error) {
	name := ""
	if f.Reader != "any" {
		readers, err := pc.Readers(ctx)
		if err != nil {
			return nil, err
		}
		var names []string
		for _, r := range readers {
			names = append(names, r.Name)
			if name == "" && strings.Contains(r.Name, f.Reader) {
				name = r.Name
			}
		}
		if name == "" {
			return nil, fmt.Errorf("no reader is called %.60q: there are %q", f.Reader, names)
		}
	}
	waiting, cancel := context.WithTimeout(ctx, f.Wait)
	defer cancel()
	r, err := pc.WaitForCard(waiting, name)
	if err != nil {
		return nil, fmt.Errorf("no card in the reader: %w", err)
	}
	return pc.Connect(ctx, r.Name, pcsc.Exclusive)
}
