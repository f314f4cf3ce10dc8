package migrate

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/citizencode/citizencode/citycode"
)

// Bounds of a base.
const (
	MaxLine = 4096       // bytes
	MaxRows = 20_000_000 // a country's largest city, each person once
)

// A Reader reads a base row by row.
type Reader struct {
	lines   *bufio.Reader
	profile citycode.Profile
	names   []string
	header  string
	line    int
	read    int64
	seen    map[[16]byte]struct{}
}

// NewReader reads the first line: the names of the columns, separated by commas.
// Rows are of the profile that their credentials will have.
func NewReader(r io.Reader, p citycode.Profile) (*Reader, error) {
	if p.Kind != citycode.Person || p.Mode != citycode.Explicit || p.ID == citycode.ProfileDelegated {
		return nil, fmt.Errorf("migrate: profile %s is not one that a person's own key holds", p.Name)
	}
	rd := &Reader{lines: bufio.NewReaderSize(r, MaxLine+2), profile: p, seen: make(map[[16]byte]struct{})}
	first, err := rd.next()
	if err == io.EOF || errors.Is(err, errLong) {
		return nil, errors.New("migrate: line 1: no names of columns")
	} else if err != nil {
		return nil, err
	}
	rd.header = strings.TrimPrefix(first, "\ufeff") // spreadsheets write one
	rd.names = strings.Split(rd.header, ",")
	for i, name := range rd.names {
		if !slices.Contains(columns, name) {
			// Not quoted: where the line of names is missing, this is somebody's number.
			return nil, fmt.Errorf("migrate: line 1: column %d is not one of %s", i+1, strings.Join(columns, ", "))
		}
		if slices.Contains(rd.names[:i], name) {
			return nil, fmt.Errorf("migrate: line 1: %s stands twice", name)
		}
	}
	for _, name := range columns[:2] {
		if !slices.Contains(rd.names, name) {
			return nil, fmt.Errorf("migrate: line 1: no column %s", name)
		}
	}
	return rd, nil
}

var errLong = errors.New("migrate: a line is too long")

// next returns a line without its end.
func (r *Reader) next() (string, error) {
	r.line++
	b, err := r.lines.ReadSlice('\n')
	r.read += int64(len(b))
	if errors.Is(err, bufio.ErrBufferFull) {
		for errors.Is(err, bufio.ErrBufferFull) { // skipped, not kept
			b, err = r.lines.ReadSlice('\n')
			r.read += int64(len(b))
		}
		if err != nil && err != io.EOF {
			return "", err
		}
		return "", errLong
	}
	if err != nil && (err != io.EOF || len(b) == 0) {
		return "", err
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r"), nil
}

// Read returns how many bytes were read so far.
func (r *Reader) Read() int64 { return r.read }

// Next returns the next row. The error is io.EOF at the end, a *RowError for a
// row that is left out, after which the next one can be read, and any other where
// the base cannot be read on.
func (r *Reader) Next() (*Row, error) {
	for {
		text, err := r.next()
		switch {
		case errors.Is(err, errLong):
			return nil, &RowError{r.line, TooLong}
		case err != nil:
			return nil, err
		case text == "":
			continue
		case !utf8.ValidString(text) || strings.ContainsRune(text, '"'):
			return nil, &RowError{r.line, NotText}
		}
		cells := strings.Split(text, ",")
		if len(cells) != len(r.names) {
			return nil, &RowError{r.line, Columns}
		}
		row, refused := parse(r.line, r.names, cells, r.profile)
		if refused != nil {
			return nil, refused
		}
		// Two credentials for one subject and two keys would let whoever is on
		// the second phone be the person of the first.
		key := Digest(row.Subject)
		if _, twice := r.seen[key]; twice {
			return nil, &RowError{r.line, SubjectTwice}
		}
		if len(r.seen) >= MaxRows {
			return nil, fmt.Errorf("migrate: more than %d rows", MaxRows)
		}
		r.seen[key] = struct{}{}
		return row, nil
	}
}
