package cos

import (
	"crypto/rand"
	"errors"
	"io"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/nvm"
	"github.com/citizencode/citizencode/card/sm"
)

// ErrMemory means that a memory holds no card: it was never formatted, or both pages of the record are gone, which no
// power failure can do.
var ErrMemory = errors.New("cos: the memory holds no card")

// DefaultATR is the answer to reset: T=1, historical bytes CITICAD1.
var DefaultATR = []byte{0x3B, 0x88, 0x80, 0x01, 'C', 'I', 'T', 'I', 'C', 'A', 'D', '1', 0x69}

// A Config is what a card needs besides its memory.
type Config struct {
	Rand io.Reader // challenges, keys, nonces; nil: crypto/rand. A seeded one makes every answer reproducible
	ATR  []byte    // nil: DefaultATR
}

// A Card is a card with power. It is a card.Transport and a card.Resetter, for one goroutine at a time.
type Card struct {
	mem    *nvm.Memory
	random io.Reader
	atr    []byte

	// Copies of what is in the memory.
	st     state
	page   int // where st is
	header *app.Create
	keys   [app.Keys]versioned
	signer *signer

	ram ram
}

// ram is what is gone with the power, with a reset and with SELECT.
type ram struct {
	selected  bool
	pin       bool
	external  app.KeyID       // EXTERNAL AUTHENTICATE was right with that key; 0: none
	session   *sm.CardSession // which began then
	signed    bool            // INTERNAL AUTHENTICATE was answered
	challenge sm.Challenge    // for the next command alone
	pending   *pending        // INITIALIZE was answered; for the next command alone
	current   app.SFI         // of READ BINARY without an SFI
	chain     chain
	rest      []byte // for GET RESPONSE
}

var (
	_ card.Transport = (*Card)(nil)
	_ card.Resetter  = (*Card)(nil)
)

// Format makes the empty card that a chip's maker delivers: no application, and the transport key that the
// personaliser knows it by. mem has Pages pages; what was in them is lost.
func Format(mem *nvm.Memory, transport key.Key) error {
	if mem.Pages() != Pages {
		return ErrMemory
	}
	for i := range Pages {
		if err := mem.Write(i, nvm.Page{}); err != nil {
			return err
		}
	}
	if err := writeKey(mem, pageTransport, 0, transport); err != nil {
		return err
	}
	s := state{generation: 1, life: lifeBlank}
	for i := range s.tries {
		s.tries[i] = maxTries(app.KeyID(i))
	}
	return mem.Write(pageStateA, s.page())
}

// New gives power to the card in mem. The error is ErrMemory, or card.ErrCardLost if the power failed again while the
// card came back from an earlier failure.
func New(mem *nvm.Memory, cfg Config) (*Card, error) {
	if mem.Pages() != Pages {
		return nil, ErrMemory
	}
	c := &Card{mem: mem, random: cfg.Rand, atr: cfg.ATR}
	if c.random == nil {
		c.random = rand.Reader
	}
	if c.atr == nil {
		c.atr = DefaultATR
	}
	if _, err := c.Reset(true); err != nil {
		return nil, err
	}
	return c, nil
}

// Memory returns the card's memory, for tests that tear it and for keeping the card.
func (c *Card) Memory() *nvm.Memory { return c.mem }

// Reset forgets all that is not in the memory and returns the answer to reset. A cold one also brings the power back and
// recovers from its failure; a warm one cannot.
func (c *Card) Reset(cold bool) ([]byte, error) {
	c.ram = ram{}
	if cold {
		c.mem.PowerOn()
		c.header, c.signer, c.keys = nil, nil, [app.Keys]versioned{}
		if err := c.recover(); err != nil {
			return nil, lost(err)
		}
	} else if _, err := c.mem.Read(c.page); err != nil {
		return nil, lost(err)
	}
	return append([]byte(nil), c.atr...), nil
}

// lost is what a terminal sees of a power failure.
func lost(err error) error {
	if errors.Is(err, nvm.ErrPower) {
		return card.ErrCardLost
	}
	return err
}

// draw returns n random bytes.
func (c *Card) draw(n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(c.random, b); err != nil {
		return nil, errors.Join(errRandom, err)
	}
	return b, nil
}

var errRandom = errors.New("cos: no random numbers")
