package statuslist

// The states of SPEC §7.2.
const (
	Valid     = 0
	Revoked   = 1 // for good
	Suspended = 2
)

// States holds two bits for each entry, the first entry in the low bits of the
// first byte.
type States []byte

// NewStates returns n entries, all valid.
func NewStates(n int) States { return make(States, (n+3)/4) }

// At returns the state of entry i.
func (s States) At(i uint32) uint8 { return s[i/4] >> (i % 4 * 2) & 3 }

// Set changes the state of entry i.
func (s States) Set(i uint32, v uint8) { s[i/4] = s[i/4]&^(3<<(i%4*2)) | v<<(i%4*2) }

// Grown returns a copy with room for n entries; what is new is valid.
func (s States) Grown(n int) States {
	next := NewStates(n)
	copy(next, s)
	return next
}
