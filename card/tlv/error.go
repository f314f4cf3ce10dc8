package tlv

import "fmt"

// A Reason says in one stable word why this package refused something.
type Reason string

// The reasons.
const (
	ReasonShort     Reason = "too-short"   // the bytes end inside a tag, a length or a value
	ReasonTag       Reason = "bad-tag"     // no tag, a tag of more than MaxTagSize bytes, or one with leading zeros
	ReasonLength    Reason = "bad-length"  // the indefinite form, a form that is too long, or a length of 0 in a DOL
	ReasonDepth     Reason = "too-deep"    // more than MaxDepth levels
	ReasonSize      Reason = "too-large"   // more than MaxSize bytes
	ReasonStructure Reason = "bad-object"  // to write: a value beside objects, or objects in a primitive tag
	ReasonDOL       Reason = "wrong-total" // data that does not have the length which its DOL asks for
)

// Error is the only error type of this package.
type Error struct {
	Reason Reason
	Offset int // byte at which it was seen, from the start of what was parsed; 0 for what was to be written
}

// Error returns one line.
func (e *Error) Error() string { return fmt.Sprintf("tlv: %s at byte %d", e.Reason, e.Offset) }
