package gtfs

import (
	"errors"
	"fmt"
)

// A Reason says what is wrong with a feed, in one stable word.
type Reason string

// The reasons for which a feed is refused.
const (
	Unreadable       Reason = "unreadable"        // the file system failed, or the zip is broken
	MissingFile      Reason = "missing-file"      // a required file is not there
	MissingColumn    Reason = "missing-column"    // a required column is not in the first line
	DuplicateColumn  Reason = "duplicate-column"  // a column stands twice
	BadQuote         Reason = "bad-quote"         // a quote within a bare value, after a quoted one, or never closed
	FieldCount       Reason = "field-count"       // a line has more or fewer values than columns
	NotUTF8          Reason = "not-utf8"          // a value is not UTF-8
	ControlCharacter Reason = "control-character" // a value holds a tab or another control character
	TooLong          Reason = "too-long"          // a value, line or file is longer than its limit
	TooMany          Reason = "too-many"          // more columns, rows or members than the limit
	MissingValue     Reason = "missing-value"     // a required value is empty
	ForbiddenValue   Reason = "forbidden-value"   // a value stands where another one forbids it
	BadValue         Reason = "bad-value"         // not a number, date, time, amount or known option
	Duplicate        Reason = "duplicate"         // a key stands twice
	Dangling         Reason = "dangling"          // a reference to what is not in the feed
	Overlap          Reason = "overlap"           // two timeframes of one group and service overlap
)

// An Error is the refusal of a feed.
type Error struct {
	File   string // as "stops.txt"; empty for a zip that cannot be opened
	Line   int    // counted from 1; 0 where the fault is the file's
	Field  string // column name; empty where the fault is the line's
	Reason Reason
	Err    error // detail
}

// Error names file, line, field and reason.
func (e *Error) Error() string {
	at := e.File
	if e.Line > 0 {
		at = fmt.Sprintf("%s:%d", at, e.Line)
	}
	if e.Field != "" {
		at += " " + e.Field
	}
	return fmt.Sprintf("gtfs: %s: %s: %v", at, e.Reason, e.Err)
}

// Unwrap returns the detail.
func (e *Error) Unwrap() error { return e.Err }

var errRequired = errors.New("it is required")
