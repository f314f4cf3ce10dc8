package gtfs

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
)

// MaxAmount is the largest fare or cap in fen, either way. With it no sum of
// fares comes near the bounds of an int64.
const MaxAmount = 100_000_00

// currency is the one that fen belong to (ISO 4217).
const currency = "CNY"

// bytes returns the value of a column; a column that is not there is empty.
func (t *table) bytes(column int) []byte {
	if at := t.wanted[column].at; at >= 0 && t.err == nil {
		return t.values[at]
	}
	return nil
}

// text returns an optional name.
func (t *table) text(column int) string {
	b := t.bytes(column)
	if len(b) > MaxText {
		t.fail(column, TooLong, fmt.Errorf("%d bytes, at most %d", len(b), MaxText))
		return ""
	}
	return string(b)
}

// id returns a required id.
func (t *table) id(column int) string {
	b := t.bytes(column)
	switch {
	case len(b) == 0:
		t.fail(column, MissingValue, errRequired)
	case len(b) > MaxID:
		t.fail(column, TooLong, fmt.Errorf("%d bytes, at most %d", len(b), MaxID))
	default:
		return string(b)
	}
	return ""
}

// reference returns a required id of something in the feed. The string is the
// one that the index holds, so a million references cost no strings.
func (t *table) reference(column int, in *index) string {
	b := t.bytes(column)
	if len(b) == 0 {
		t.fail(column, MissingValue, errRequired)
		return ""
	}
	i, ok := in.at[string(b)]
	if !ok {
		t.fail(column, Dangling, fmt.Errorf("there is no %q", b[:min(len(b), MaxID)]))
		return ""
	}
	return in.ids[i]
}

// optional is reference for a value that may be empty.
func (t *table) optional(column int, in *index) string {
	if len(t.bytes(column)) == 0 {
		return ""
	}
	return t.reference(column, in)
}

// option returns an enum from 0 to most. An empty value is the one given; where
// that is negative the value is required.
func (t *table) option(column, most, empty int) int {
	b := t.bytes(column)
	if len(b) == 0 {
		if empty < 0 {
			t.fail(column, MissingValue, errRequired)
		}
		return empty
	}
	n, err := strconv.Atoi(string(b))
	if err != nil || n < 0 || n > most || b[0] == '+' || b[0] == '-' {
		t.bad(column, fmt.Sprintf("a number from 0 to %d", most))
	}
	return n
}

// degrees returns a coordinate between -most and most; an empty one is 0.
func (t *table) degrees(column int, most float64) float64 {
	b := t.bytes(column)
	if len(b) == 0 {
		return 0
	}
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil || math.IsNaN(f) || math.Abs(f) > most {
		t.bad(column, fmt.Sprintf("degrees up to %v", most))
	}
	return f
}

// amount returns a currency amount in fen: CNY with exactly two decimals, as
// ISO 4217 has them. Anything else would need rounding or guessing.
func (t *table) amount(column, currencyColumn int) int64 {
	if c := t.bytes(currencyColumn); t.err == nil && string(c) != currency {
		t.bad(currencyColumn, currency)
		return 0
	}
	b := t.bytes(column)
	if len(b) == 0 {
		t.fail(column, MissingValue, errRequired)
		return 0
	}
	digits, sign := b, int64(1)
	if digits[0] == '-' {
		digits, sign = digits[1:], -1
	}
	point := len(digits) - 3
	var fen int64
	for i, c := range digits {
		switch {
		case i == point && c == '.':
		case i != point && '0' <= c && c <= '9' && fen <= MaxAmount:
			fen = fen*10 + int64(c-'0')
		default:
			point = 0
		}
	}
	if point < 1 || fen > MaxAmount {
		t.bad(column, fmt.Sprintf("yuan with two decimals, at most %d.00 either way", MaxAmount/100))
		return 0
	}
	return sign * fen
}

// timeOfDay returns seconds after local midnight, at most 24:00:00.
func (t *table) timeOfDay(column int) int {
	b := t.bytes(column)
	if len(b) == len("H:MM:SS") {
		b = append([]byte{'0'}, b...)
	}
	if len(b) != len("HH:MM:SS") || b[2] != ':' || b[5] != ':' {
		t.bad(column, "a time as HH:MM:SS")
		return 0
	}
	h, m, s := number(b[0:2]), number(b[3:5]), number(b[6:8])
	at := h*3600 + m*60 + s
	if h < 0 || m < 0 || s < 0 || m > 59 || s > 59 || at > 24*3600 {
		t.bad(column, "a time as HH:MM:SS, at most 24:00:00")
		return 0
	}
	return at
}

// date returns a required day.
func (t *table) date(column int) Date {
	b := t.bytes(column)
	if len(b) == 8 {
		y, m, d := number(b[0:4]), number(b[4:6]), number(b[6:8])
		// A day that does not exist moves to one that does.
		if on := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC); y > 0 && m > 0 && d > 0 &&
			on.Year() == y && int(on.Month()) == m && on.Day() == d {
			return Date(y*10000 + m*100 + d)
		}
	}
	t.bad(column, "a day as YYYYMMDD")
	return 0
}

func (t *table) bad(column int, want string) {
	b := t.bytes(column)
	t.fail(column, BadValue, fmt.Errorf("%q is not %s", b[:min(len(b), MaxID)], want))
}

// number returns the value of ASCII digits, or a negative number.
func number(b []byte) int {
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	return n
}

var errTwice = errors.New("it stands twice")

// An index is the ids of one kind in the order of their file.
type index struct {
	at  map[string]int
	ids []string
}

// add takes an id and refuses it a second time.
func (x *index) add(t *table, column int, id string) {
	if t.err != nil {
		return
	}
	if x.at == nil {
		x.at = make(map[string]int)
	}
	if _, twice := x.at[id]; twice {
		t.fail(column, Duplicate, fmt.Errorf("%q %w", id, errTwice))
		return
	}
	x.at[id] = len(x.ids)
	x.ids = append(x.ids, id)
}

func (x *index) has(id string) bool {
	_, ok := x.at[id]
	return ok
}

// A set is the rows of one kind with their index.
type set[T any] struct {
	index
	rows []T
}

func (s *set[T]) add(t *table, column int, id string, row T) {
	if s.index.add(t, column, id); t.err == nil {
		s.rows = append(s.rows, row)
	}
}

func (s *set[T]) find(id string) (T, bool) {
	if i, ok := s.at[id]; ok {
		return s.rows[i], true
	}
	var none T
	return none, false
}

// once refuses a key of several columns that stands twice.
func once[K comparable](t *table, seen map[K]bool, key K) {
	if t.err == nil && seen[key] {
		t.fail(-1, Duplicate, errTwice)
	}
	seen[key] = true
}
