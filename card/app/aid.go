package app

import (
	"encoding/hex"
	"errors"
	"strings"
)

// The sizes of an application identifier in bytes (ISO/IEC 7816-4 §12.2.3).
const (
	MinAID = 5
	MaxAID = 16
)

var errAID = errors.New("app: an AID has 5 to 16 bytes")

// An AID is the name of an application (应用标识符), as bytes. Which one a city uses is its configuration.
type AID string

// TestAID is for tests and closed systems: category F of ISO/IEC 7816-5, proprietary and not registered, so it may
// collide with another's. A city registers its own under D156 (GB/T 16649.5).
const TestAID AID = "\xF0CITICAD1"

// ParseAID reads hexadecimal digits.
func ParseAID(text string) (AID, error) {
	b, err := hex.DecodeString(text)
	if err != nil {
		return "", errAID
	}
	a := AID(b)
	return a, a.Validate()
}

// Validate returns an error for a name of a wrong length.
func (a AID) Validate() error {
	if len(a) < MinAID || len(a) > MaxAID {
		return errAID
	}
	return nil
}

// String returns hexadecimal digits.
func (a AID) String() string { return strings.ToUpper(hex.EncodeToString([]byte(a))) }
