package qr

import (
	"fmt"
	"slices"
	"strings"
)

// Limits of SPEC.md §2. They are the same for both forms, so a token that has one text has the other too.
const (
	// MinToken is the smallest token in bytes. It is what the 200 digits of SPEC.md §3.1 come to.
	MinToken = 82

	// MaxToken is the largest token in bytes.
	MaxToken = 512

	// MaxText is the longest text that DecodeText looks at: the decimal text of MaxToken bytes.
	MaxText = 1246
)

// A Form is one of the two text forms of a token. The zero value is Decimal.
type Form uint8

const (
	Decimal Form = iota // digits only: densest, and safe through every keyboard and URL; the default
	Base45              // RFC 9285 after "CC1:", for cameras and certificate-style wallets
)

// String returns "decimal" or "base45".
func (f Form) String() string {
	switch f {
	case Decimal:
		return "decimal"
	case Base45:
		return "base45"
	}
	return fmt.Sprintf("form(%d)", uint8(f))
}

// encodeText returns the text of a token in this form.
func (f Form) encodeText(token []byte) (string, error) {
	text, err := f.appendText(make([]byte, 0, MaxText), token)
	return string(text), err
}

// appendText appends the text of a token in this form. On an error it returns nothing.
func (f Form) appendText(text, token []byte) ([]byte, error) {
	if f > Base45 {
		return nil, refuse(ReasonBadOption, "unknown text form")
	}
	if err := checkToken(token); err != nil {
		return nil, err
	}
	text = slices.Grow(text, MaxText)
	if f == Base45 {
		return appendBase45(text, token), nil
	}
	return appendDecimal(text, token), nil
}

// DecodeText returns the token that a text carries, in either form. It implements SPEC.md §2.
//
// It accepts exactly what EncodeDecimal and EncodeBase45 emit and nothing else: for every text that it
// accepts, encoding the result in the same form gives the same text. So two different texts are never
// the same token twice, and a cache or a replay guard keyed by text and one keyed by token agree.
// It trims nothing; see TrimScan.
func DecodeText(text string) ([]byte, error) {
	// Before anything else: a megabyte of digits must cost no more than a glance at its length.
	if len(text) > MaxText {
		return nil, refuse(ReasonNotCitizenCode, "longer than any citizen code")
	}
	switch {
	case strings.HasPrefix(text, base45Prefix):
		return decodeBase45(text[len(base45Prefix):])
	case strings.HasPrefix(text, decimalPrefix):
		// Payment, bus and coupon codes are short numbers and some may come to begin with the same two
		// digits. A person's token never has fewer than 200 digits, so those are left to their owners.
		if len(text) < minDecimalText {
			return nil, refuse(ReasonNotCitizenCode, "fewer than 200 digits")
		}
		return decodeDecimal(text[len(decimalPrefix):])
	}
	return nil, refuse(ReasonNotCitizenCode, "neither prefix 77 nor CC1:")
}

// TrimScan removes what scanners put around a text: CR, LF, TAB and spaces at both ends, and the AIM
// symbology identifier "]Q1" in front. Call it between a scanner and DecodeText; a text that came from
// Decode needs no trimming. Nothing inside the text is changed or guessed.
//
// It cannot hurt a Base45 text although the space is a digit there: the last character of a group is at
// most W or 5, so no such text ends with a space.
func TrimScan(text string) string {
	text = strings.TrimPrefix(strings.Trim(text, scanned), "]Q1")
	return strings.Trim(text, scanned)
}

const scanned = " \t\r\n"

// checkToken refuses a token that no text may carry, so that an encoder cannot emit what the decoder
// would then refuse at the gate.
func checkToken(token []byte) error {
	if len(token) < MinToken || len(token) > MaxToken {
		return refuse(ReasonTokenSize, fmt.Sprintf("token of %d bytes, want %d to %d", len(token), MinToken, MaxToken))
	}
	return nil
}
