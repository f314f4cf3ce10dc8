package cos

import (
	"encoding/binary"

	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/nvm"
	"github.com/citizencode/citizencode/card/purse"
)

// A life is where a card is in its life (生命周期).
type life byte

const (
	lifeBlank   life = 0x01 // as the chip's maker delivers it
	lifePerso   life = 0x03 // the application exists and is being filled
	lifeIssued  life = 0x07
	lifeBlocked life = 0x0F // application blocked; can be taken back
	lifeEnded   life = 0x1F // application blocked for good
	lifeDead    life = 0x7F // card blocked
)

// A receipt is what GET TRANSACTION PROVE gives back.
type receipt struct {
	there     bool
	seq       uint16
	mac2, tac purse.MAC
}

// A state is the record of all that changes together. It fits one page, so that one write changes all of it.
type state struct {
	generation uint32
	life       life
	live       byte // for each file, which of its two extents is current
	tries      [app.Keys + 1]byte
	pin        [1 + maxPIN]byte // length, digits

	balance  uint32 // fen
	online   uint16 // sequence of the next load
	offline  uint16 // sequence of the next purchase
	load     receipt
	purchase receipt

	signed uint32 // tokens
	gate   uint32 // records of the gates' log
}

// logged is how many records the purse's log has had: one for each sequence number that was used.
func (s *state) logged() int { return int(s.online) + int(s.offline) }

// page writes the record: generation 4 ‖ life 1 ‖ live and receipts 1 ‖ tries 9 ‖ PIN 7 ‖ balance 4 ‖ sequences 2+2 ‖
// receipts 10+10 ‖ tokens 4 ‖ gate records 4 ‖ zeros ‖ checksum 4.
func (s *state) page() (p nvm.Page) {
	b := binary.BigEndian.AppendUint32(p[:0], s.generation)
	flags := s.live
	if s.load.there {
		flags |= 0x80
	}
	if s.purchase.there {
		flags |= 0x40
	}
	b = append(b, byte(s.life), flags)
	b = append(b, s.tries[:]...)
	b = append(b, s.pin[:]...)
	b = binary.BigEndian.AppendUint32(b, s.balance)
	b = binary.BigEndian.AppendUint16(b, s.online)
	b = binary.BigEndian.AppendUint16(b, s.offline)
	for _, r := range []*receipt{&s.load, &s.purchase} {
		b = binary.BigEndian.AppendUint16(b, r.seq)
		b = append(b, r.mac2[:]...)
		b = append(b, r.tac[:]...)
	}
	b = binary.BigEndian.AppendUint32(b, s.signed)
	binary.BigEndian.AppendUint32(b, s.gate)
	seal(&p)
	return p
}

// parseState reads a record whose checksum is right.
func parseState(p *nvm.Page) (s state) {
	b := p[:]
	take := func(n int) []byte {
		t := b[:n]
		b = b[n:]
		return t
	}
	s.generation = binary.BigEndian.Uint32(take(4))
	s.life = life(take(1)[0])
	flags := take(1)[0]
	s.live, s.load.there, s.purchase.there = flags&0x3F, flags&0x80 != 0, flags&0x40 != 0
	copy(s.tries[:], take(len(s.tries)))
	copy(s.pin[:], take(len(s.pin)))
	s.balance = binary.BigEndian.Uint32(take(4))
	s.online = binary.BigEndian.Uint16(take(2))
	s.offline = binary.BigEndian.Uint16(take(2))
	for _, r := range []*receipt{&s.load, &s.purchase} {
		r.seq = binary.BigEndian.Uint16(take(2))
		r.mac2, r.tac = purse.MAC(take(4)), purse.MAC(take(4))
	}
	s.signed = binary.BigEndian.Uint32(take(4))
	s.gate = binary.BigEndian.Uint32(take(4))
	return s
}

// A slot is what was found in one page of the record.
type slot struct {
	sound bool
	state state
}

// elect decides from the two pages alone which record is current. It returns its page, and whether the other page has
// to be written before anything else may happen.
func elect(a, b slot) (current, page int, repair bool) {
	switch {
	case a.sound && (!b.sound || a.state.generation >= b.state.generation):
		return 0, pageStateA, !b.sound
	case b.sound:
		return 1, pageStateB, !a.sound
	}
	return -1, 0, false
}

// recover reads the record after a power-up. A page that is torn or reads differently each time counts as no record: the
// command that wrote it never answered. It is written again before the card answers anything, with the current record,
// so that it cannot turn into the lost one later.
func (c *Card) recover() error {
	var slots [2]slot
	for i, page := range []int{pageStateA, pageStateB} {
		p, ok, err := firm(c.mem, page)
		if err != nil {
			return err
		}
		if ok {
			slots[i] = slot{true, parseState(&p)}
		}
	}
	current, page, repair := elect(slots[0], slots[1])
	if current < 0 {
		return ErrMemory
	}
	c.st, c.page = slots[current].state, page
	if repair {
		if err := c.mem.Write(c.otherPage(), c.st.page()); err != nil {
			return err
		}
	}
	return c.eraseTransport()
}

func (c *Card) otherPage() int { return pageStateA + pageStateB - c.page }

// commit makes next the current record. This write is the only moment at which a command has happened.
func (c *Card) commit(next state) error {
	if next.generation == 1<<32-1 { // after 2^32 writes, which no cell survives
		return apdu.MemoryFailure
	}
	next.generation++
	page := c.otherPage()
	if err := c.mem.Write(page, next.page()); err != nil {
		return err
	}
	c.st, c.page = next, page
	return nil
}

// spend takes one try of a key away, before anything is compared: a power failure at the moment at which the comparison
// shows its result would otherwise give the try back. Whoever was right gives all tries back in the record that he
// commits.
func (c *Card) spend(k app.KeyID) error {
	if c.st.tries[k] == 0 {
		return apdu.AuthBlocked
	}
	next := c.st
	next.tries[k]--
	return c.commit(next)
}

// maxTries is how many tries a key has when nobody was wrong.
func maxTries(k app.KeyID) byte {
	if k == app.KeyPIN {
		return app.MaxPINTries
	}
	return app.MaxTries
}
