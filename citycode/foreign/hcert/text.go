package hcert

import (
	"bytes"
	"compress/zlib"
	"io"
	"strings"
)

// Limits in characters and bytes.
const (
	Prefix = "HC1:"
	// MaxText is what the largest QR symbol holds in alphanumeric mode.
	MaxText = 4296
	// MaxInflated bounds what a text may unpack to: certificates have a few
	// hundred bytes, and a thousand characters could make a megabyte.
	MaxInflated = 16 << 10
)

// unpack returns the COSE message of a text.
func unpack(text string) ([]byte, *Error) {
	body, ok := strings.CutPrefix(text, Prefix)
	if !ok || len(text) > MaxText {
		return nil, refuse(Malformed, "no text of this kind")
	}
	packed, ok := base45(body)
	if !ok {
		return nil, refuse(Malformed, "no Base45")
	}
	in := bytes.NewReader(packed)
	z, err := zlib.NewReader(in)
	if err != nil {
		return nil, refuse(Malformed, "%w", err)
	}
	// One byte more than allowed shows that there is more.
	message, err := io.ReadAll(io.LimitReader(z, MaxInflated+1))
	switch {
	case err != nil:
		return nil, refuse(Malformed, "%w", err)
	case len(message) > MaxInflated:
		return nil, refuse(TooLarge, "")
	case in.Len() != 0:
		return nil, refuse(Malformed, "%d bytes behind the compressed ones", in.Len())
	}
	return message, nil
}

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

// base45 decodes RFC 9285 strictly: no character outside the alphabet, no group
// above its bound, no single character left over.
func base45(text string) ([]byte, bool) {
	b := make([]byte, 0, len(text)/3*2+1)
	for ; len(text) > 0; text = text[min(3, len(text)):] {
		group := text[:min(3, len(text))]
		v := 0
		for i := len(group) - 1; i >= 0; i-- {
			c := strings.IndexByte(alphabet, group[i])
			if c < 0 {
				return nil, false
			}
			v = v*45 + c
		}
		switch {
		case len(group) == 3 && v <= 0xffff:
			b = append(b, byte(v>>8), byte(v))
		case len(group) == 2 && v <= 0xff:
			b = append(b, byte(v))
		default:
			return nil, false
		}
	}
	return b, true
}
