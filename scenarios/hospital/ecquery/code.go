package ecquery

import "log/slog"

// MaxCode bounds the text of a code whatever a configuration says, in characters.
const MaxCode = 128

// A Size is how long the text of a code may be, in characters, both included.
type Size struct{ Min, Max int }

// DefaultSize is the length that is reported from the field.
var DefaultSize = Size{28, 28}

// A Code is the text of a medical code. It prints as a word.
type Code struct{ text string }

// ParseCode takes a text of the size: printable ASCII without space, and nothing
// else is known of it. The error is an *Error with Malformed.
func ParseCode(text string, size Size) (Code, error) {
	if size.Min < 1 || size.Max > MaxCode || len(text) < size.Min || len(text) > size.Max {
		return Code{}, refuse(Malformed, "of the wrong length")
	}
	for i := range len(text) {
		if text[i] <= ' ' || text[i] > '~' {
			return Code{}, refuse(Malformed, "with a character that is not printable ASCII")
		}
	}
	return Code{text}, nil
}

// String hides the text: who reads it in a log could be the patient for a minute.
func (Code) String() string { return "medical code" }

// GoString hides it too.
func (Code) GoString() string { return "ecquery.Code{}" }

// LogValue hides it too.
func (c Code) LogValue() slog.Value { return slog.StringValue(c.String()) }

// MarshalJSON hides it too.
func (c Code) MarshalJSON() ([]byte, error) { return []byte(`"` + c.String() + `"`), nil }
