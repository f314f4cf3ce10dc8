package scanner

import (
	"github.com/citizencode/citizencode/qr"
)

// An identifier is the AIM symbology identifier that a scanner may put in front: ISO/IEC 15424, "]", the letter of the
// symbology and a digit for how it was read.
type identifier string

const identifierSize = 3

// cutIdentifier takes the identifier off the front of a scan, if it has one.
func cutIdentifier(text string) (identifier, string) {
	if len(text) < identifierSize || text[0] != ']' || !letter(text[1]) || !letter(text[2]) && !digit(text[2]) {
		return "", text
	}
	return identifier(text[1:identifierSize]), text[identifierSize:]
}

func letter(c byte) bool { return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }

// content returns what the symbol says where its identifier is this one. It refuses what a camera passes over as well.
func (id identifier) content(text string) (string, error) {
	switch id {
	case "", "Q1":
		return text, nil
	case "Q2":
		return withoutECI(text)
	case "Q0":
		return "", refuse(qr.ReasonNotCitizenCode, "a symbol of QR Code model 1")
	case "Q3", "Q4", "Q5", "Q6":
		// Another industry's data by its own rules, which may be made to look like ours.
		return "", refuse(qr.ReasonNotCitizenCode, "FNC1 data")
	}
	if id[0] == 'Q' {
		return "", refuse(qr.ReasonNotCitizenCode, "a kind of QR symbol that is not defined")
	}
	return text, nil
}

// withoutECI undoes the protocol of extended channel interpretation: \nnnnnn names a character set, \\ is a backslash.
func withoutECI(text string) (string, error) {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			out = append(out, text[i])
			continue
		}
		if i+1 < len(text) && text[i+1] == '\\' {
			out = append(out, '\\')
			i++
			continue
		}
		const digits = 6
		for k := 1; k <= digits; k++ {
			if i+k >= len(text) || !digit(text[i+k]) {
				return "", refuse(qr.ReasonMalformedText, "a backslash that begins nothing")
			}
		}
		i += digits
	}
	return string(out), nil
}
