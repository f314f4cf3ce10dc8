package qr

import "fmt"

// MaxPrefix is the longest text that may stand in front of a token's, in characters.
const MaxPrefix = 128

// EncodePrefixed returns the text of a token behind somebody else's code: 1 to MaxPrefix printable ASCII
// characters, without the space. It implements SPEC.md §2.8. What stands in front is not authentic by
// standing there; that the token binds it is the business of who made the token.
func EncodePrefixed(prefix string, token []byte, form Form) (string, error) {
	if len(prefix) < 1 || len(prefix) > MaxPrefix {
		return "", refuse(ReasonBadOption, fmt.Sprintf("prefix of %d characters, want 1 to %d", len(prefix), MaxPrefix))
	}
	if !printable(prefix) {
		return "", refuse(ReasonBadOption, "a prefix with a character that is not printable ASCII")
	}
	text, err := form.encodeText(token)
	if err != nil {
		return "", err
	}
	return prefix + text, nil
}

// DecodePrefixed cuts a text into the size characters in front, 0 to MaxPrefix, and the token behind them, in
// either form. It implements SPEC.md §2.8.
//
// The caller knows the size beforehand and it is never searched for: a search would find whatever text an
// attacker had written into the part in front. As DecodeText, which it is for size 0, it accepts exactly what
// an encoder emits.
func DecodePrefixed(text string, size int) (prefix string, token []byte, err error) {
	if size < 0 || size > MaxPrefix {
		return "", nil, refuse(ReasonBadOption, fmt.Sprintf("prefix of %d characters, want 0 to %d", size, MaxPrefix))
	}
	if len(text) < size {
		return "", nil, refuse(ReasonNotCitizenCode, "shorter than what is to stand in front")
	}
	prefix = text[:size]
	if token, err = DecodeText(text[size:]); err != nil {
		return "", nil, err
	}
	// A space at the end of a text is trimmed by scanners and one in front is not; a character of two bytes
	// would be counted twice here and once elsewhere.
	if !printable(prefix) {
		return "", nil, refuse(ReasonMalformedText, "in front, a character that is not printable ASCII")
	}
	return prefix, token, nil
}

// printable reports whether every character is one of ASCII 0x21 to 0x7E.
func printable(text string) bool {
	for i := range len(text) {
		if text[i] <= ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}
