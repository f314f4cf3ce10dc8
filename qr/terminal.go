package qr

import "strings"

const (
	// Black on white by number: the named colours 30 and 47 are whatever the user's theme makes of them,
	// often dark grey on light grey or the two swapped, and a swapped symbol is one many readers miss.
	terminalColours = "\x1b[38;5;16;48;5;231m"
	terminalReset   = "\x1b[0m"
)

// Terminal returns the symbol with its quiet zone for a terminal of 256 colours, two modules to a
// character, one line for two rows. It sets its colours itself and so is dark on light on every theme.
func (s *Symbol) Terminal() string {
	var out strings.Builder
	for y := -s.quiet; y < s.Size()+s.quiet; y += 2 {
		out.WriteString(terminalColours)
		for x := -s.quiet; x < s.Size()+s.quiet; x++ {
			switch upper, lower := s.At(x, y), s.At(x, y+1); {
			case upper && lower:
				out.WriteString("█")
			case upper:
				out.WriteString("▀")
			case lower:
				out.WriteString("▄")
			default:
				out.WriteString(" ")
			}
		}
		out.WriteString(terminalReset + "\n")
	}
	return out.String()
}
