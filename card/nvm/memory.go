package nvm

import "errors"

// PageSize is how many bytes one write changes. A card's chip has 64 to 512.
const PageSize = 64

// MaxPages bounds an image: 1 MiB is more than any card has.
const MaxPages = 1 << 14

// ErrPower means that the power is off: it failed during this write or before it.
var ErrPower = errors.New("nvm: no power")

// ErrImage means that bytes are no image of a memory.
var ErrImage = errors.New("nvm: an image has a whole number of pages, 1 to 16384")

// A Page is the content of one page.
type Page [PageSize]byte

// A Memory is the memory of one card. It is for one goroutine at a time.
type Memory struct {
	pages  []Page
	loose  map[int]Page // the bits of a page that read differently each time
	random splitMix

	off    bool
	armed  Tear
	writes int // since the tear was armed
	total  uint64
}

// New returns a memory of zeros.
func New(pages int) *Memory { return &Memory{pages: make([]Page, pages)} }

// FromImage returns the memory that Image wrote. The bytes are copied.
func FromImage(image []byte) (*Memory, error) {
	if len(image) == 0 || len(image)%PageSize != 0 || len(image)/PageSize > MaxPages {
		return nil, ErrImage
	}
	m := New(len(image) / PageSize)
	for i := range m.pages {
		copy(m.pages[i][:], image[i*PageSize:])
	}
	return m, nil
}

// Image returns a copy of all pages. Loose bits are in it as one reading gives them.
func (m *Memory) Image() []byte {
	b := make([]byte, 0, len(m.pages)*PageSize)
	for i := range m.pages {
		p := m.read(i)
		b = append(b, p[:]...)
	}
	return b
}

// Clone returns a memory in the same state, loose bits, power and armed tear included.
func (m *Memory) Clone() *Memory {
	c := *m
	c.pages = append([]Page(nil), m.pages...)
	c.loose = nil
	for i, p := range m.loose {
		c.loosen(i, p)
	}
	return &c
}

// Pages returns how many pages there are.
func (m *Memory) Pages() int { return len(m.pages) }

// Writes returns how many writes there were in the life of the memory, torn ones included.
func (m *Memory) Writes() uint64 { return m.total }

// Read returns what one reading of a page gives. The page must exist. The error is ErrPower.
func (m *Memory) Read(page int) (Page, error) {
	if m.off {
		return Page{}, ErrPower
	}
	return m.read(page), nil
}

func (m *Memory) read(page int) Page {
	p := m.pages[page]
	if mask, ok := m.loose[page]; ok {
		for i := range p {
			p[i] ^= mask[i] & byte(m.random.next())
		}
	}
	return p
}

// Write replaces a page, which must exist, and makes all its bits firm. The error is ErrPower; whether and how far the
// page was written is then open.
func (m *Memory) Write(page int, p Page) error {
	if m.off {
		return ErrPower
	}
	m.total++
	if m.writes++; m.armed.Write > 0 && m.writes == m.armed.Write {
		m.tear(page, p)
		m.off = true
		return ErrPower
	}
	m.pages[page] = p
	delete(m.loose, page)
	return nil
}

// Loose reports whether a page has bits that read differently each time, which no program on a card could ask.
func (m *Memory) Loose(page int) bool { return m.loose[page] != Page{} }

// PowerOff cuts the power between two writes.
func (m *Memory) PowerOff() { m.off = true }

// PowerOn brings the power back.
func (m *Memory) PowerOn() { m.off = false }

// loosen marks bits of a page as unstable.
func (m *Memory) loosen(page int, mask Page) {
	if m.loose == nil {
		m.loose = make(map[int]Page)
	}
	m.loose[page] = mask
}
