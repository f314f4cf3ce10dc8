package vectors

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/citizencode/citizencode/citycode"
)

// hexBytes are lower-case hexadecimal digits in JSON.
type hexBytes []byte

func (b hexBytes) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(b)), nil }

// An instant is a time of a clock, twice: for people and for programs.
type instant struct {
	Time string `json:"time"`
	Unix int64  `json:"unix"`
}

func at(unix int64) *instant {
	return &instant{time.Unix(unix, 0).UTC().Format(time.RFC3339), unix}
}

// An envelope is a file.
type envelope struct {
	Schema        string          `json:"schema"`
	Version       string          `json:"version"`
	Generator     string          `json:"generator"`
	NumberOfTests int             `json:"numberOfTests"`
	Notes         map[string]note `json:"notes"`
	Groups        []any           `json:"groups"`

	name   string
	prefix string // of ids
}

func newEnvelope(name, prefix string) *envelope {
	return &envelope{Schema: "schema/" + name + ".json", Version: "1", Generator: "go test ./citycode/vectors -update",
		Notes: map[string]note{}, name: name, prefix: prefix}
}

func (e *envelope) encode() []byte {
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	must(out.Encode(e))
	return b.Bytes()
}

// A label is what every test begins with.
type label struct {
	ID      string   `json:"id"`
	Comment string   `json:"comment"`
	Flags   []string `json:"flags"`
	Field   string   `json:"field,omitempty"` // invalid tests: where the fault is
	Fault   string   `json:"fault,omitempty"` // and what it is
}

// An outcome is what every test ends with.
type outcome struct {
	Result  string `json:"result"`
	Reason  string `json:"reason,omitempty"`
	Number  int    `json:"number,omitempty"`
	Section string `json:"section,omitempty"`
}

var valid = outcome{Result: "valid"}

// refused is the outcome of a token that is refused. The section is the step of ../SPEC.md §5: the number
// divided by ten.
func refused(r citycode.Reason) outcome {
	return outcome{"invalid", r.String(), int(r), fmt.Sprintf("5.%d", int(r)/10)}
}

// A numbering gives ids to the tests of a group. A group begins at a round number and a test is added only at
// the end of its group, so that no id is ever given twice.
type numbering struct {
	file *envelope
	next int
}

func (e *envelope) numbers(first int) *numbering { return &numbering{e, first} }

// label makes the label of the next test. flags are separated by spaces.
func (n *numbering) label(flags, comment, field, fault string) label {
	l := label{ID: fmt.Sprintf("%s-%04d", n.file.prefix, n.next), Comment: comment, Flags: strings.Fields(flags), Field: field, Fault: fault}
	n.next++
	n.file.NumberOfTests++
	slices.Sort(l.Flags)
	for _, f := range l.Flags {
		text, ok := notes[f]
		if !ok {
			panic("generator: no note for the flag " + f)
		}
		n.file.Notes[f] = text
	}
	return l
}

func ptr[T any](v T) *T { return &v }
