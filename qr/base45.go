package qr

import "fmt"

const (
	base45Prefix   = "CC1:"
	base45Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
)

// base45Value gives the value of a character, or 0xFF for one outside the alphabet. Lower case is outside:
// accepting it would give one token 2^n texts.
var base45Value = func() (table [256]byte) {
	for i := range table {
		table[i] = 0xFF
	}
	for i := range len(base45Alphabet) {
		table[base45Alphabet[i]] = byte(i)
	}
	return table
}()

// EncodeBase45 returns the Base45 text (RFC 9285) of a token of MinToken to MaxToken bytes, after the
// prefix "CC1:". It implements SPEC.md §4.
func EncodeBase45(token []byte) (string, error) {
	return Base45.encodeText(token)
}

func appendBase45(text, token []byte) []byte {
	text = append(text, base45Prefix...)
	for ; len(token) >= 2; token = token[2:] {
		v := int(token[0])<<8 | int(token[1])
		text = append(text, base45Alphabet[v%45], base45Alphabet[v/45%45], base45Alphabet[v/45/45])
	}
	if len(token) == 1 {
		v := int(token[0])
		text = append(text, base45Alphabet[v%45], base45Alphabet[v/45])
	}
	return text
}

// decodeBase45 reads the characters after the prefix.
func decodeBase45(text string) ([]byte, error) {
	token := make([]byte, 0, len(text)/3*2+1)
	for i := 0; len(text) > 0; i++ {
		// A single character left over cannot have come from bytes: a scanner has dropped or added one.
		if len(text) == 1 {
			return nil, refuse(ReasonMalformedText, "no token has this number of characters")
		}
		n := min(3, len(text))
		v := 0
		for j := n - 1; j >= 0; j-- {
			c := base45Value[text[j]]
			if c == 0xFF {
				return nil, refuse(ReasonMalformedText, "a character outside the Base45 alphabet")
			}
			v = v*45 + int(c)
		}
		// RFC 9285 §6: a group above its bound must be refused, or three characters would name the same two
		// bytes in more than one way.
		if v>>(8*(n-1)) != 0 {
			return nil, refuse(ReasonMalformedText, fmt.Sprintf("group %d is above its bound", i))
		}
		if n == 3 {
			token = append(token, byte(v>>8))
		}
		token = append(token, byte(v))
		text = text[n:]
	}
	if err := checkToken(token); err != nil {
		return nil, refuse(ReasonMalformedText, "token too short or too long")
	}
	return token, nil
}
