package nvm

// A Mode is what a write leaves in its page when the power fails during it (掉电).
type Mode uint8

// The modes.
const (
	Before   Mode = iota // nothing was written yet
	Half                 // the front of the page is new, the rest is old; Seed says where it was cut
	Garbage              // every bit is as chance left it
	After                // all was written, and the power failed before the program went on
	Unstable             // some of the bits that were to change read differently each time until they are written again
)

// Modes returns all of them.
func Modes() []Mode { return []Mode{Before, Half, Garbage, After, Unstable} }

// String returns the mode's name.
func (m Mode) String() string {
	switch m {
	case Before:
		return "before"
	case Half:
		return "half"
	case Garbage:
		return "garbage"
	case After:
		return "after"
	case Unstable:
		return "unstable"
	}
	return "unknown"
}

// A Tear is a power failure during a write.
type Tear struct {
	Write int // which write from when it was armed, from 1; 0: none
	Mode  Mode
	Seed  uint64 // decides what the mode leaves open
}

// Arm plans the next power failure, in place of one that was planned before. The zero Tear plans none.
func (m *Memory) Arm(t Tear) {
	m.armed, m.writes = t, 0
	m.random = splitMix(t.Seed)
}

// tear leaves in page what a failing write of p does.
func (m *Memory) tear(page int, p Page) {
	old := m.pages[page]
	switch m.armed.Mode {
	case Half:
		cut := 1 + int(m.random.next()%(PageSize-1))
		copy(old[:cut], p[:cut])
		m.pages[page] = old
		delete(m.loose, page)
	case Garbage:
		for i := range old {
			old[i] = byte(m.random.next())
		}
		m.pages[page] = old
		delete(m.loose, page)
	case After:
		m.pages[page] = p
		delete(m.loose, page)
	case Unstable:
		mask := m.unstable(old, p)
		if m.random.next()%2 == 0 { // cut late: the other bits are new; else early, and they are old
			old = p
		}
		m.pages[page] = old
		m.loosen(page, mask)
	}
}

// unstable chooses which of the bits that differ are loose. How many is drawn too: with all of them the page reads as
// nothing at all, with a single one it reads as wholly new, or wholly old, every other time, which is harder to find.
func (m *Memory) unstable(old, p Page) (mask Page) {
	density := m.random.next() % 8 // a bit is loose with 2^-density
	var changed []int
	for i := range 8 * PageSize {
		if (old[i/8]^p[i/8])>>(i%8)&1 == 0 {
			continue
		}
		changed = append(changed, i)
		if m.random.next()>>(64-density) == 0 {
			mask[i/8] |= 1 << (i % 8)
		}
	}
	if len(changed) > 0 { // at least one, or the mode would be After
		i := changed[m.random.next()%uint64(len(changed))]
		mask[i/8] |= 1 << (i % 8)
	}
	return mask
}

// A splitMix is Vigna's SplitMix64: small, seedable, and the same in every release of Go.
type splitMix uint64

func (s *splitMix) next() uint64 {
	*s += 0x9e3779b97f4a7c15
	z := uint64(*s)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
