// Package tap is what a gate writes down when it opens: the tap record
// (刷码记录). Fares, debts and inspections all follow from the set of taps, so a
// tap is recorded before the gate opens, is numbered by its gate, never
// changes, and may be sent any number of times in any order.
//
// A tap names a person by a pseudonym and a credential by its serial; it holds
// no name and no number of a document. The code that was shown stands in its
// evidence and in nothing that is made of it: within its minute somebody who reads
// a gate's queue could show it at another gate.
package tap

import (
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/transit/fare"
)

// A Kind says what a gate opened for.
type Kind string

// The kinds of taps.
const (
	Board Kind = "board" // onto a vehicle that nobody taps out of
	Enter Kind = "enter" // into a station
	Exit  Kind = "exit"  // out of a station
)

// Fare returns the kind as the fare engine calls it.
func (k Kind) Fare() fare.Kind {
	switch k {
	case Enter:
		return fare.In
	case Exit:
		return fare.Out
	}
	return fare.Ride
}

// Lists are the versions that a gate judged by.
type Lists struct {
	Trust  string `json:"trust,omitempty"`
	Status string `json:"status,omitempty"`
	Deny   uint64 `json:"deny,omitempty"`
}

// A Tap is one accepted code at one gate.
type Tap struct {
	Gate     string `json:"gate"`     // as its terminal is named
	Sequence uint64 `json:"sequence"` // of the gate, from 1; 0: not numbered yet

	Key     string    `json:"key"`              // of the visit: showing and gate
	Showing string    `json:"showing"`          // of the code
	Serial  string    `json:"serial,omitempty"` // of the credential; empty on paper
	Carrier string    `json:"carrier"`          // phone, card or paper
	Person  string    `json:"person"`           // pseudonym
	Issued  time.Time `json:"issued,omitzero"`  // of the credential
	Benefit uint8     `json:"benefit,omitempty"`
	Online  bool      `json:"online,omitempty"` // the operator's server could be reached
	Time    time.Time `json:"time"`             // UTC, whole seconds

	Kind     Kind   `json:"kind"`
	Operator string `json:"operator,omitempty"`
	Line     string `json:"line,omitempty"`
	Network  string `json:"network,omitempty"` // of fares, where the line does not say
	Stop     string `json:"stop,omitempty"`
	Vehicle  string `json:"vehicle,omitempty"`
	Lists    Lists  `json:"lists,omitzero"`

	// OfflineLeft is what was left of the offline allowance behind this tap.
	OfflineLeft int `json:"offlineLeft,omitempty"`

	Evidence Evidence `json:"evidence,omitzero"`
}

// Evidence (留证) is what a back office verifies a tap again with. Zero on paper,
// and in records of gates that keep none.
type Evidence struct {
	Code string `json:"code,omitempty"` // as it was shown, in Base64 (RFC 4648 §4)
	// Hint is that of the holder's signature (citycode SPEC §5.15). It is advice
	// about work: a wrong one, or none, changes no verdict.
	Hint uint8 `json:"hint,omitempty"`
	// Lists names the set of lists that the gate judged by; empty: not known.
	Lists string `json:"lists,omitempty"`
}

// EvidenceOf returns the evidence of a code in its bytes; none without a code.
func EvidenceOf(code string, hint engine.Hint, lists string) Evidence {
	if code == "" {
		return Evidence{}
	}
	return Evidence{base64.StdEncoding.EncodeToString([]byte(code)), uint8(hint), lists}
}

// Token returns the code. The error is of the record or the code: a
// *citycode.VerifyError, malformed or unsupported, about what is no code.
func (e *Evidence) Token() (*citycode.Token, error) {
	b, err := base64.StdEncoding.Strict().DecodeString(e.Code)
	if err != nil {
		return nil, err
	}
	return citycode.ParseToken(b)
}

// Bounds of a tap, in bytes.
const (
	MaxText = 128
	MaxKey  = 256 // of Key and Showing

	maxCode = (citycode.MaxToken + 2) / 3 * 4 // of the code in Base64
)

var personForm = regexp.MustCompile(`^[0-9]{6}-([0-9a-f]{2}){1,64}$`)

// Check reports what no gate of ours writes. The error is a
// [*scenarios.RequestError] whose path is the name of the field.
func (t *Tap) Check() error {
	wrong := func(path, why string) error { return &scenarios.RequestError{Path: path, Err: errors.New(why)} }
	if t.Kind != Board && t.Kind != Enter && t.Kind != Exit {
		return wrong("kind", "none of board, enter, exit")
	}
	for _, f := range []struct {
		name, value string
		most        int
		must        bool
	}{
		{"gate", t.Gate, MaxText, true}, {"key", t.Key, MaxKey, true}, {"showing", t.Showing, MaxKey, true}, {"serial", t.Serial, MaxText, false},
		{"operator", t.Operator, MaxText, false}, {"line", t.Line, MaxText, t.Kind == Board}, {"network", t.Network, MaxText, t.Kind != Board},
		{"stop", t.Stop, MaxText, t.Kind != Board}, {"vehicle", t.Vehicle, MaxText, false},
		{"lists.trust", t.Lists.Trust, MaxText, false}, {"lists.status", t.Lists.Status, MaxText, false},
		{"evidence.code", t.Evidence.Code, maxCode, false}, {"evidence.lists", t.Evidence.Lists, MaxText, false},
	} {
		if f.must && f.value == "" || len(f.value) > f.most || !utf8.ValidString(f.value) || strings.ContainsFunc(f.value, unicode.IsControl) {
			return wrong(f.name, fmt.Sprintf("not a text of up to %d bytes", f.most))
		}
	}
	switch {
	case !personForm.MatchString(t.Person):
		return wrong("person", "not a pseudonym such as 210100-0000006500c1712e")
	case t.Carrier != scenarios.Phone.String() && t.Carrier != scenarios.Card.String() && t.Carrier != scenarios.Paper.String():
		return wrong("carrier", "none of phone, card, paper")
	case t.Time.Nanosecond() != 0 || t.Time.Year() < 2000 || t.Time.Year() > 2105:
		return wrong("time", "not a whole second from 2000 to 2105")
	case !t.Issued.IsZero() && (t.Issued.Nanosecond() != 0 || t.Issued.Year() < 1970 || t.Issued.Year() > 2106):
		return wrong("issued", "not a whole second from 1970 to 2106")
	}
	return nil
}

// Counter returns the counter of the holder's key, which the showing names as
// serial@time.counter; false on paper.
func (t *Tap) Counter() (uint32, bool) {
	if t.Serial == "" {
		return 0, false
	}
	_, last, ok := strings.Cut(strings.TrimPrefix(t.Showing, t.Serial+"@"), ".")
	n, err := strconv.ParseUint(last, 10, 32)
	return uint32(n), ok && err == nil
}
