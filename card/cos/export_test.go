package cos

import "github.com/citizencode/citizencode/card/app"

// Inside is what a card does not show.
type Inside struct {
	Life            byte
	Tries           [app.Keys + 1]byte
	Online, Offline uint16
	Signed, Gate    uint32
	PIN             [1 + maxPIN]byte
	Balance         uint32
}

// Inside returns it.
func (c *Card) Inside() Inside {
	return Inside{byte(c.st.life), c.st.tries, c.st.online, c.st.offline, c.st.signed, c.st.gate, c.st.pin, c.st.balance}
}

// SetCounters moves the counters to where no test would get by using them.
func (c *Card) SetCounters(online, offline uint16, signed uint32) error {
	next := c.st
	next.online, next.offline, next.signed = online, offline, signed
	return c.commit(next)
}

// What SPEC.md says of the memory.
const (
	LifeIssued   = byte(lifeIssued)
	FirmReadings = firmReadings
	PageStateA   = pageStateA
	PageStateB   = pageStateB
)
