package perso

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/citizencode/citizencode/card/app"
)

// The limits of a file of people.
const (
	MaxLine    = 4096 // bytes
	MaxSubject = 64   // bytes
)

// A Record is a row: one person, one card.
type Record struct {
	Line     int // in the file, from 1
	Serial   app.Serial
	Subject  []byte // pseudonym, for the issuer; not on the card but in the credential
	Category byte
	Benefit  byte
	ValidTo  [4]byte  // BCD YYYYMMDD; zeros: none
	Number   [10]byte // BCD, as printed on the card
	Person   string   // what a hospital reads
	PIN      []byte   // BCD; nil: none
}

// A Reason says in one stable word why a row was left out.
type Reason string

// The reasons.
const (
	BadRow       Reason = "bad-row"
	BadSerial    Reason = "bad-serial"
	BadSubject   Reason = "bad-subject"
	BadCategory  Reason = "bad-category"
	BadBenefit   Reason = "bad-benefit"
	BadValidTo   Reason = "bad-validto"
	BadNumber    Reason = "bad-number"
	BadPerson    Reason = "bad-person"
	BadPIN       Reason = "bad-pin"
	Duplicate    Reason = "duplicate-serial"
	NotIssued    Reason = "not-issued"
	BegunBefore  Reason = "begun-before"   // on another card, which is not here
	AlreadyInUse Reason = "already-in-use" // the card is somebody's
)

// A RowError leaves one row out. It has nothing of what stands in it.
type RowError struct {
	Line   int
	Reason Reason
}

// Error returns one line.
func (e *RowError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Reason) }

// A Source gives rows. Next returns io.EOF behind the last, and a *RowError for a row that is wrong; the next call goes
// on behind it.
type Source interface {
	Next() (*Record, error)
	Read() int64 // bytes so far
}

// A Reader is a Source of comma-separated lines without quotes (CSV). The first line names the columns: serial (16
// hexadecimal digits) and subject (hexadecimal) are required; category and benefit (0 to 255), validto (YYYYMMDD), number
// (up to 20 digits), person (up to 116 bytes of UTF-8) and pin (4, 6, 8, 10 or 12 digits) may be there.
type Reader struct {
	lines   *bufio.Reader
	columns []string
	line    int
	read    int64
}

var _ Source = (*Reader)(nil)

var columns = map[string]func(*Record, string) bool{
	"serial":   func(r *Record, s string) bool { return len(s) == 2*app.SerialSize && unhex(r.Serial[:], s) },
	"subject":  subject,
	"category": func(r *Record, s string) bool { return octet(&r.Category, s) },
	"benefit":  func(r *Record, s string) bool { return octet(&r.Benefit, s) },
	"validto":  validTo,
	"number":   number,
	"person":   person,
	"pin":      pin,
}

// NewReader reads the line of names.
func NewReader(r io.Reader) (*Reader, error) {
	s := &Reader{lines: bufio.NewReaderSize(r, MaxLine)}
	line, err := s.next()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, fmt.Errorf("perso: the line of names: %w", err)
	}
	for name := range strings.SplitSeq(line, ",") {
		if columns[name] == nil || slices.Contains(s.columns, name) {
			return nil, fmt.Errorf("perso: column %.20q", name)
		}
		s.columns = append(s.columns, name)
	}
	for _, name := range []string{"serial", "subject"} {
		if !slices.Contains(s.columns, name) {
			return nil, fmt.Errorf("perso: no column %s", name)
		}
	}
	return s, nil
}

// Read implements [Source].
func (s *Reader) Read() int64 { return s.read }

// next returns a line without its end.
func (s *Reader) next() (string, error) {
	b, err := s.lines.ReadSlice('\n')
	s.line++
	s.read += int64(len(b))
	if errors.Is(err, bufio.ErrBufferFull) {
		for errors.Is(err, bufio.ErrBufferFull) {
			b, err = s.lines.ReadSlice('\n')
			s.read += int64(len(b))
		}
		return "", &RowError{s.line, BadRow}
	}
	if err != nil && (err != io.EOF || len(b) == 0) {
		return "", err
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}

// Next implements [Source]. Empty lines mean nothing.
func (s *Reader) Next() (*Record, error) {
	for {
		line, err := s.next()
		if err != nil {
			return nil, err
		}
		if line != "" {
			return s.parse(line)
		}
	}
}

func (s *Reader) parse(line string) (*Record, error) {
	fields := strings.Split(line, ",")
	if len(fields) != len(s.columns) {
		return nil, &RowError{s.line, BadRow}
	}
	r := &Record{Line: s.line}
	for i, name := range s.columns {
		if !columns[name](r, fields[i]) {
			return nil, &RowError{s.line, Reason("bad-" + name)}
		}
	}
	return r, nil
}

func unhex(into []byte, s string) bool {
	_, err := hex.Decode(into, []byte(s))
	return err == nil
}

func subject(r *Record, s string) bool {
	if s == "" || len(s) > 2*MaxSubject || len(s)%2 != 0 {
		return false
	}
	r.Subject = make([]byte, len(s)/2)
	return unhex(r.Subject, s)
}

func octet(into *byte, s string) bool {
	if s == "" {
		return true
	}
	n, err := strconv.ParseUint(s, 10, 8)
	*into = byte(n)
	return err == nil
}

func validTo(r *Record, s string) bool {
	if s == "" {
		return true
	}
	_, err := time.Parse("20060102", s)
	return err == nil && unhex(r.ValidTo[:], s)
}

func number(r *Record, s string) bool {
	if len(s) > 2*len(r.Number) || !digits(s) {
		return false
	}
	return unhex(r.Number[:], strings.Repeat("0", 2*len(r.Number)-len(s))+s)
}

func person(r *Record, s string) bool {
	r.Person = s
	return len(s) <= app.PersonSize && utf8.ValidString(s)
}

func pin(r *Record, s string) bool {
	if s == "" {
		return true
	}
	if len(s)%2 != 0 || len(s) < 2*app.MinPIN || len(s) > 2*app.MaxPIN || !digits(s) {
		return false
	}
	r.PIN = make([]byte, len(s)/2)
	return unhex(r.PIN, s)
}

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }
