package qrcode

import "strings"

// ToString returns the symbol as lines of text, two characters to a module, for a terminal with light text on
// dark; inverseColor is for one with dark text on light.
func (q *QRCode) ToString(inverseColor bool) string {
	var out strings.Builder
	for _, row := range q.Bitmap() {
		for _, dark := range row {
			if dark != inverseColor {
				out.WriteString("  ")
			} else {
				out.WriteString("██")
			}
		}
		out.WriteByte('\n')
	}
	return out.String()
}

// ToSmallString is ToString at half the size, a character for two modules of a column.
func (q *QRCode) ToSmallString(inverseColor bool) string {
	var out strings.Builder
	rows := q.Bitmap()
	for y := 0; y < len(rows); y += 2 {
		for x, dark := range rows[y] {
			upper := dark == inverseColor
			// Below the last row nothing is drawn.
			lower := y+1 < len(rows) && rows[y+1][x] == inverseColor
			switch {
			case upper && lower:
				out.WriteString("█")
			case upper:
				out.WriteString("▀")
			case lower:
				out.WriteString("▄")
			default:
				out.WriteByte(' ')
			}
		}
		out.WriteByte('\n')
	}
	return out.String()
}
