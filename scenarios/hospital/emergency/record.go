// Package emergency is the emergency card (扫码急救): what an ambulance must know
// of somebody who cannot speak. It is sealed into the credential of his card
// (citycode/SPEC.md, 4.6) under the key of the ambulances, so that their reader
// opens it without a network, and a gate, which has no such key, never does.
//
// Whoever opens it breaks the glass: by a staff card and with a reason. The
// reader writes that down before it shows anything, and the citizen is told
// afterwards.
//
// The key of the ambulances is a symmetric one and belongs in the SAM of the
// reader, with a new one for every epoch: who steals a reader's key reads what
// was sealed in its epoch.
package emergency

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/scenarios"
)

// Bounds of a record. SealSize is what a card's token has room for, in bytes.
const (
	SealSize     = 200
	MaxRecord    = SealSize - 1
	MaxAllergies = 8
	MaxContacts  = 2
)

// Profile returns a city's profile of emergency cards: the standard card with a
// seal. id is one of 0xF0..0xF7.
func Profile(city int, id citycode.ProfileID) citycode.Profile {
	p := citycode.CardProfile()
	p.ID, p.Name, p.City, p.SealSize = id, "emergency card", city, SealSize
	return p
}

// A Contact is somebody to be called.
type Contact struct {
	Relation string `json:"r"` // as in "spouse"
	Phone    string `json:"p"` // digits, perhaps behind a plus
}

// A Record is the minimal set. Its JSON has short names because a card has
// little room; MaxRecord bounds it.
type Record struct {
	Blood     string    `json:"b,omitempty"` // ABO and RhD, as in "AB-"; "" if it is not known
	Allergies []string  `json:"a,omitempty"`
	Contacts  []Contact `json:"c,omitempty"`
}

var bloods = []string{"", "A+", "A-", "B+", "B-", "AB+", "AB-", "O+", "O-"}

// Encode returns the record as it is sealed: Claims.Identity of the credential.
// The error is a *scenarios.RequestError with the path of what is wrong.
func (r *Record) Encode() ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	b, err := json.Marshal(r)
	if err == nil && len(b) > MaxRecord {
		return nil, wrong("emergency", "%d bytes are too much for a card, which has room for %d", len(b), MaxRecord)
	}
	return b, err
}

// Decode reads a record: strict about names and values, but not about spaces,
// because the reader of another city's card has no second try.
func Decode(b []byte) (*Record, error) {
	r := new(Record)
	if err := scenarios.ReadStrict("emergency", b, MaxRecord, r); err != nil {
		return nil, err
	}
	return r, r.check()
}

func (r *Record) check() error {
	switch {
	case !slices.Contains(bloods, r.Blood):
		return wrong("emergency.b", "no blood group such as AB-")
	case len(r.Allergies) > MaxAllergies:
		return wrong("emergency.a", "more than %d", MaxAllergies)
	case len(r.Contacts) > MaxContacts:
		return wrong("emergency.c", "more than %d", MaxContacts)
	}
	for i, a := range r.Allergies {
		if strings.TrimSpace(a) == "" {
			return wrong(fmt.Sprintf("emergency.a[%d]", i), "empty")
		}
	}
	for i, c := range r.Contacts {
		digits := strings.TrimPrefix(c.Phone, "+")
		if len(digits) < 3 || len(digits) > 15 || strings.Trim(digits, "0123456789") != "" {
			return wrong(fmt.Sprintf("emergency.c[%d].p", i), "no number that can be called")
		}
	}
	return nil
}

func wrong(path, format string, args ...any) error {
	return &scenarios.RequestError{Path: path, Err: fmt.Errorf(format, args...)}
}
