package gtfs

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"unicode/utf8"
)

// The limits of a file. They are far above what real feeds hold.
const (
	MaxFile    = 1 << 30  // bytes, after decompression: a small zip may hold a very large file
	MaxLine    = 16 << 10 // bytes
	MaxID      = 128      // bytes
	MaxText    = 1 << 10  // bytes, of a name
	MaxColumns = 256
	MaxRows    = 1 << 20 // of a file whose rows are kept
)

var byteOrderMark = []byte("\xef\xbb\xbf")

// A table reads one file line by line. The first fault sticks: after it every
// value is empty, next returns false and err holds it.
type table struct {
	name   string
	file   fs.File // nil: the file is not there, and the table is empty
	lines  *bufio.Reader
	size   int64 // bytes read
	rows   int
	line   int
	header []string
	wanted []column
	values [][]byte
	quoted []byte // values of the line with their quotes undone
	err    error
}

// A column is one that the reader asks for.
type column struct {
	name string
	at   int // place in the header; -1: the file does not have it
}

// open begins to read a file. A file that is not required may be missing.
func open(fsys fs.FS, name string, required bool) *table {
	t := &table{name: name}
	file, err := fsys.Open(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if required {
			t.fail(-1, MissingFile, errRequired)
		}
		return t
	case err != nil:
		t.fail(-1, Unreadable, err)
		return t
	}
	t.file = file
	t.lines = bufio.NewReaderSize(file, MaxLine)
	if !t.nextLine() {
		t.fail(-1, MissingColumn, errors.New("an empty file"))
		return t
	}
	if len(t.values) > MaxColumns {
		t.fail(-1, TooMany, fmt.Errorf("%d columns, at most %d", len(t.values), MaxColumns))
		return t
	}
	seen := make(map[string]bool)
	for _, value := range t.values {
		name := string(value)
		if seen[name] {
			t.fail(-1, DuplicateColumn, fmt.Errorf("%q stands twice", name))
			return t
		}
		seen[name] = true
		t.header = append(t.header, name)
	}
	return t
}

// exists reports whether the file is there.
func (t *table) exists() bool { return t.file != nil }

// close ends the reading and returns the fault.
func (t *table) close() error {
	if t.file != nil {
		t.file.Close()
	}
	return t.err
}

// fail keeps the first fault. column is one that was asked for, or -1 for none.
func (t *table) fail(column int, reason Reason, err error) {
	field := ""
	if column >= 0 {
		field = t.wanted[column].name
	}
	t.failField(field, reason, err)
}

func (t *table) failField(field string, reason Reason, err error) {
	if t.err == nil {
		t.err = &Error{File: t.name, Line: t.line, Field: field, Reason: reason, Err: err}
	}
}

// column asks for an optional column; one that the file does not have is empty.
func (t *table) column(name string) int {
	t.wanted = append(t.wanted, column{name, slices.Index(t.header, name)})
	return len(t.wanted) - 1
}

// must asks for a required column.
func (t *table) must(name string) int {
	c := t.column(name)
	if t.wanted[c].at < 0 && t.exists() {
		t.fail(c, MissingColumn, errRequired)
	}
	return c
}

// has reports whether the file has the column.
func (t *table) has(column int) bool { return t.wanted[column].at >= 0 }

// next moves to the next row that has any value.
func (t *table) next() bool {
	if t.err != nil || t.file == nil || !t.nextLine() {
		return false
	}
	if len(t.values) != len(t.header) {
		t.fail(-1, FieldCount, fmt.Errorf("%d values for %d columns", len(t.values), len(t.header)))
		return false
	}
	t.rows++
	return true
}

// nextKept is next for a file whose rows are kept in memory.
func (t *table) nextKept() bool {
	ok := t.next()
	if t.rows > MaxRows {
		t.fail(-1, TooMany, fmt.Errorf("more than %d rows", MaxRows))
	}
	return ok && t.err == nil
}

// nextLine splits the next line that is not empty into values. It returns
// false at the end of the file or after a fault.
func (t *table) nextLine() bool {
	for {
		line, err := t.lines.ReadSlice('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			t.line++
			if errors.Is(err, bufio.ErrBufferFull) {
				t.fail(-1, TooLong, fmt.Errorf("a line of at least %d bytes", MaxLine))
			} else {
				t.fail(-1, Unreadable, err)
			}
			return false
		}
		// MaxFile stops a decompression bomb, whose lines are all short.
		if t.size += int64(len(line)); t.size > MaxFile {
			t.fail(-1, TooLong, fmt.Errorf("a file of more than %d bytes", MaxFile))
			return false
		}
		atEnd := err != nil
		if atEnd && len(line) == 0 {
			return false
		}
		t.line++
		if t.line == 1 {
			line = bytes.TrimPrefix(line, byteOrderMark)
		}
		line = bytes.TrimSuffix(line, []byte("\n"))
		line = bytes.TrimSuffix(line, []byte("\r"))
		if len(line) == 0 {
			continue
		}
		return t.split(line)
	}
}

// nameAt returns the name of a column by its place; a line may have too many.
func (t *table) nameAt(i int) string {
	if i < len(t.header) {
		return t.header[i]
	}
	return ""
}

// split cuts a line into values (RFC 4180; a quoted value ends on its line).
func (t *table) split(line []byte) bool {
	t.values, t.quoted = t.values[:0], t.quoted[:0]
	for _, c := range line {
		if c < ' ' || c == 0x7f {
			t.fail(-1, ControlCharacter, fmt.Errorf("character %#x", c))
			return false
		}
	}
	if !utf8.Valid(line) {
		t.fail(-1, NotUTF8, errors.New("the line is not UTF-8"))
		return false
	}
	for {
		var value []byte
		if len(line) > 0 && line[0] == '"' {
			begin := len(t.quoted)
			for line = line[1:]; ; {
				i := bytes.IndexByte(line, '"')
				if i < 0 {
					t.failField(t.nameAt(len(t.values)), BadQuote, errors.New("the quote is not closed on its line"))
					return false
				}
				t.quoted = append(t.quoted, line[:i]...)
				line = line[i+1:]
				if len(line) == 0 || line[0] != '"' {
					break
				}
				t.quoted = append(t.quoted, '"')
				line = line[1:]
			}
			value = t.quoted[begin:]
			if len(line) > 0 && line[0] != ',' {
				t.failField(t.nameAt(len(t.values)), BadQuote, errors.New("characters after the closing quote"))
				return false
			}
		} else {
			end := bytes.IndexByte(line, ',')
			if end < 0 {
				end = len(line)
			}
			value, line = line[:end], line[end:]
			if bytes.IndexByte(value, '"') >= 0 {
				t.failField(t.nameAt(len(t.values)), BadQuote, errors.New("a quote within a value without quotes"))
				return false
			}
		}
		t.values = append(t.values, value)
		if len(line) == 0 {
			return true
		}
		line = line[1:]
	}
}
