package gtfs

import (
	"encoding/csv"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
)

// read returns the rows of a file as the table sees them.
func read(text string) (rows [][]string, err error) {
	t := open(fstest.MapFS{"f.txt": {Data: []byte(text)}}, "f.txt", true)
	rows = append(rows, t.header)
	for t.next() {
		var row []string
		for _, value := range t.values {
			row = append(row, string(value))
		}
		rows = append(rows, row)
	}
	return rows, t.close()
}

// FuzzTable holds the table against the CSV reader of the standard library,
// which takes more: what the table takes, both read alike, and what the table
// refuses either both do or it is one of the table's own rules.
func FuzzTable(f *testing.F) {
	for _, text := range []string{"a,b\n1,2\n", "\ufeffa,b\r\n\"1\"\"\",\"\"\r\n\r\n,x", "a\n\"b\nc\"\n", "a,b\n1\n", "a\nb\"c", "a\n\"b\"c", "a\n\t", "\n\n", "a,a\n", "a\r"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := read(text)
		r := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
		want, wantErr := r.ReadAll()
		if err == nil {
			if wantErr != nil || !slices.EqualFunc(got, want, slices.Equal) {
				t.Fatalf("%q: %q, and not %q, %v", text, got, want, wantErr)
			}
			return
		}
		var refused *Error
		if !errors.As(err, &refused) {
			t.Fatalf("%q: %v", text, err)
		}
		switch refused.Reason {
		case ControlCharacter, NotUTF8, DuplicateColumn, TooLong, TooMany:
			return // the table's own
		case MissingColumn:
			if len(want) == 0 {
				return
			}
		case BadQuote:
			if slices.ContainsFunc(want, func(row []string) bool { return strings.Contains(strings.Join(row, ""), "\n") }) {
				return // a value over two lines
			}
		}
		if wantErr == nil {
			t.Fatalf("%q is refused: %v", text, err)
		}
	})
}

// A file that never ends is given up after MaxFile bytes, with no more memory
// than a line.
func TestEndlessFile(t *testing.T) {
	f := &endless{line: []byte(strings.Repeat("x", 1000) + "\n")}
	table := open(endlessFS{f}, "f.txt", true)
	table.size += MaxFile - 1<<20 // as if so much had been read
	for table.next() {
	}
	var refused *Error
	assert.ErrorAs(t, table.close(), &refused)
	assert.Equal(t, TooLong, refused.Reason)
	assert.LessOrEqual(t, f.read, int64(1<<20+2*MaxLine))
	assert.LessOrEqual(t, cap(table.quoted)+cap(table.values)*24, 2*MaxLine)
}

type endlessFS struct{ f *endless }

func (e endlessFS) Open(string) (fs.File, error) { return e.f, nil }

type endless struct {
	line []byte
	read int64
}

func (e *endless) Read(b []byte) (int, error) {
	n := 0
	for n < len(b) {
		at := e.read % int64(len(e.line))
		k := copy(b[n:], e.line[at:])
		n, e.read = n+k, e.read+int64(k)
	}
	return n, nil
}
func (e *endless) Stat() (fs.FileInfo, error) { return nil, io.EOF }
func (e *endless) Close() error               { return nil }
