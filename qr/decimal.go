package qr

import "fmt"

const (
	decimalPrefix  = "77"
	minDecimalText = 200 // digits, prefix included; SPEC.md §3.1

	blockBytes  = 7  // 256^7 < 10^17: the best fit of bytes to digits below a 64-bit word
	blockDigits = 17 // one block of 7 bytes
)

// tailDigits is the number of digits of a last block of 0 to 6 bytes: the fewest that hold its values.
var tailDigits = [blockBytes]int{0, 3, 5, 8, 10, 13, 15}

// EncodeDecimal returns the decimal text of a token of MinToken to MaxToken bytes: "77", then every
// 7 bytes as 17 digits, then the remaining bytes as 3, 5, 8, 10, 13 or 15 digits. It implements SPEC.md §3.
func EncodeDecimal(token []byte) (string, error) {
	return Decimal.encodeText(token)
}

// appendDecimal appends the text to one that has room for it.
func appendDecimal(text, token []byte) []byte {
	text = append(text, decimalPrefix...)
	for len(token) >= blockBytes {
		text = appendBlock(text, token[:blockBytes], blockDigits)
		token = token[blockBytes:]
	}
	return appendBlock(text, token, tailDigits[len(token)])
}

// appendBlock appends one big-endian block, padded with zeros to its fixed number of digits.
func appendBlock(text, block []byte, digits int) []byte {
	var v uint64
	for _, b := range block {
		v = v<<8 | uint64(b)
	}
	at := len(text)
	text = text[:at+digits]
	for i := at + digits - 1; i >= at; i-- {
		text[i] = byte('0' + v%10)
		v /= 10
	}
	return text
}

// decodeDecimal reads the digits after the prefix.
func decodeDecimal(digits string) ([]byte, error) {
	tail := -1
	for n, d := range tailDigits {
		if len(digits)%blockDigits == d {
			tail = n
		}
	}
	// No two valid lengths are neighbours, so a digit that a keyboard scanner lost or doubled is always
	// noticed here, before its shifted blocks are taken for another token.
	if tail < 0 {
		return nil, refuse(ReasonMalformedText, "no token has this number of digits")
	}
	token := make([]byte, 0, len(digits)/blockDigits*blockBytes+tail)
	for i := 0; len(digits) > 0; i++ {
		size, n := blockBytes, blockDigits
		if len(digits) < blockDigits {
			size, n = tail, len(digits)
		}
		var v uint64 // 17 digits need 57 bits: this cannot wrap
		for j := range n {
			c := digits[j]
			// ASCII only. Letting in the digits of other scripts, signs or spaces would give one token many texts.
			if c < '0' || c > '9' {
				return nil, refuse(ReasonMalformedText, "a character that is not a digit")
			}
			v = v*10 + uint64(c-'0')
		}
		// Without this bound a block would name the same bytes as v mod 256^size: a second text for the same
		// token, which a guard that remembers texts would let through again.
		if v>>(8*size) != 0 {
			return nil, refuse(ReasonMalformedText, fmt.Sprintf("block %d is above its bound", i))
		}
		for shift := 8 * (size - 1); shift >= 0; shift -= 8 {
			token = append(token, byte(v>>shift))
		}
		digits = digits[n:]
	}
	// The 200 digits of §3.1 leave no token below MinToken, and MaxText none above MaxToken; this says so once more,
	// in bytes, in case one of the constants is ever changed alone.
	if err := checkToken(token); err != nil {
		return nil, refuse(ReasonMalformedText, "token too short or too long")
	}
	return token, nil
}
