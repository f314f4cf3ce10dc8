package perso

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/cos"
	"github.com/citizencode/citizencode/card/nvm"
)

// A Deck is emulated cards in one file: a head, and for each card its serial number and the image of its memory. What
// one write changes of a card tears as a card's memory does, so it needs no more care than that. It is safe for
// concurrent use by one process.
type Deck struct {
	file *os.File
	keys Keys
	rand io.Reader

	mu    sync.Mutex
	slots map[app.Serial]int64
}

const (
	deckHead  = "card deck 1\n"
	imageSize = cos.Pages * nvm.PageSize
	slotSize  = app.SerialSize + imageSize
)

// The errors of a Deck.
var (
	ErrDeck   = errors.New("perso: not a file of cards")
	ErrNoCard = errors.New("perso: no such card")
)

// OpenDeck opens the file at path; create begins one where there is none. keys deliver the transport keys of blank
// cards, nil where none are made.
func OpenDeck(path string, create bool, keys Keys) (*Deck, error) {
	flags := os.O_RDWR
	if create {
		flags |= os.O_CREATE
	}
	f, err := os.OpenFile(path, flags, 0o600)
	if err != nil {
		return nil, err
	}
	d := &Deck{file: f, keys: keys, rand: rand.Reader, slots: make(map[app.Serial]int64)}
	if err := d.read(create); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return d, nil
}

// Close makes the cards durable and closes the file.
func (d *Deck) Close() error { return errors.Join(d.file.Sync(), d.file.Close()) }

func (d *Deck) read(create bool) error {
	head := make([]byte, len(deckHead))
	n, err := d.file.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return err
	}
	if n < len(head) && create && string(head[:n]) == deckHead[:n] {
		_, err := d.file.WriteAt([]byte(deckHead), 0)
		return err
	}
	if string(head) != deckHead {
		return ErrDeck
	}
	info, err := d.file.Stat()
	if err != nil {
		return err
	}
	// A slot that a crash cut off is of a card that is not done.
	for at := int64(len(deckHead)); at+slotSize <= info.Size(); at += slotSize {
		var s app.Serial
		if _, err := d.file.ReadAt(s[:], at); err != nil {
			return err
		}
		if _, twice := d.slots[s]; twice {
			return fmt.Errorf("%w: %x stands there twice", ErrDeck, s)
		}
		d.slots[s] = at
	}
	return nil
}

// Serials returns the serial numbers of the cards, in order.
func (d *Deck) Serials() []app.Serial {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := make([]app.Serial, 0, len(d.slots))
	for s := range d.slots {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b app.Serial) int { return slices.Compare(a[:], b[:]) })
	return list
}

// Card gives power to a card of the deck. Its memory is a copy; Keep writes it back.
func (d *Deck) Card(s app.Serial) (*cos.Card, error) {
	d.mu.Lock()
	at, ok := d.slots[s]
	d.mu.Unlock()
	if !ok {
		return nil, fmt.Errorf("%w: %x", ErrNoCard, s)
	}
	image := make([]byte, imageSize)
	if _, err := d.file.ReadAt(image, at+app.SerialSize); err != nil {
		return nil, err
	}
	mem, err := nvm.FromImage(image)
	if err != nil {
		return nil, err
	}
	return cos.New(mem, cos.Config{Rand: d.rand})
}

// A LiveCard is a card of a deck that is used: what a command changes of it is in the file before it answers.
type LiveCard struct {
	*cos.Card
	deck   *Deck
	serial app.Serial
	kept   uint64 // writes of the memory that are in the file
}

// Live gives power to a card of the deck.
func (d *Deck) Live(s app.Serial) (*LiveCard, error) {
	c, err := d.Card(s)
	if err != nil {
		return nil, err
	}
	return &LiveCard{Card: c, deck: d, serial: s}, nil
}

// Transmit implements [card.Transport].
func (l *LiveCard) Transmit(command []byte) ([]byte, error) {
	answer, err := l.Card.Transmit(command)
	return answer, errors.Join(err, l.keep())
}

// Reset implements [card.Resetter].
func (l *LiveCard) Reset(cold bool) ([]byte, error) {
	atr, err := l.Card.Reset(cold)
	return atr, errors.Join(err, l.keep())
}

func (l *LiveCard) keep() error {
	writes := l.Memory().Writes()
	if writes == l.kept {
		return nil
	}
	l.kept = writes
	return l.deck.Keep(l.serial, l.Card)
}

// Blank implements [Sink]: a card as the chip's maker delivers it. What stood under the serial number is lost when the
// card is kept.
func (d *Deck) Blank(_ context.Context, s app.Serial) (card.Transport, error) {
	transport, err := d.keys.CardKey(app.KeyTransport, s)
	if err != nil {
		return nil, err
	}
	mem := nvm.New(cos.Pages)
	if err := cos.Format(mem, transport); err != nil {
		return nil, err
	}
	return cos.New(mem, cos.Config{Rand: d.rand})
}

// Renews implements [Sink].
func (d *Deck) Renews() bool { return true }

// Keep implements [Sink].
func (d *Deck) Keep(s app.Serial, t card.Transport) error {
	c, ok := t.(*cos.Card)
	if !ok {
		return errors.New("perso: not a card of a deck")
	}
	slot := append(s[:], c.Memory().Image()...)
	d.mu.Lock()
	defer d.mu.Unlock()
	at, ok := d.slots[s]
	if !ok {
		at = int64(len(deckHead)) + int64(len(d.slots))*slotSize
	}
	if _, err := d.file.WriteAt(slot, at); err != nil {
		return err
	}
	d.slots[s] = at
	return nil
}

// Flush implements [Sink].
func (d *Deck) Flush() error { return d.file.Sync() }
