package perso

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"github.com/emmansun/gmsm/sm3"

	"github.com/citizencode/citizencode/card/app"
)

// The file: a head of two lines, and then lines that end in the CRC-32 of what stands before it.
//
//	card personalisation 1
//	fingerprint of the configuration
//	begun 9900000000000001 6f0a11c2
//	done 9900000000000001 public-key credential-digest check-values 91b2a7f3
//	void 9900000000000001 0c5ab1d9
const journalHead = "card personalisation 1\n"

// ErrJournal refuses a file that is no journal of this configuration.
var ErrJournal = errors.New("perso: not the journal of cards with these keys and this issuer")

// A state is what a journal knows of a serial number.
type state byte

const (
	unknown state = iota
	begun
	done
)

// A Journal remembers which cards were begun and which are done. One process has it open, and one goroutine uses it.
type Journal struct {
	file   *os.File
	states map[app.Serial]state
	err    error // of a write: what stands in the file is not known
}

// OpenJournal opens the journal at path, or begins one where there is none. A last line that a crash cut off is removed;
// any other damage is an error, and the file stays as it is.
func OpenJournal(path, fingerprint string) (*Journal, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	j := &Journal{file: f, states: make(map[app.Serial]state)}
	if err := j.read(journalHead + fingerprint + "\n"); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return j, nil
}

// Close closes the file.
func (j *Journal) Close() error { return j.file.Close() }

func (j *Journal) read(head string) error {
	lines := bufio.NewReaderSize(j.file, MaxLine)
	b := make([]byte, len(head))
	n, err := io.ReadFull(lines, b)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return err
	}
	switch {
	case n < len(head) && string(b[:n]) == head[:n]: // new, or cut off in its first write
		if err := j.file.Truncate(0); err != nil {
			return err
		}
		return j.write(0, []byte(head))
	case string(b) != head:
		return ErrJournal
	}
	end := int64(len(head))
	for number := 3; ; number++ {
		line, err := lines.ReadSlice('\n')
		if err == io.EOF {
			break
		}
		if err == nil {
			err = j.parse(line)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
		end += int64(len(line))
	}
	if err := j.file.Truncate(end); err != nil {
		return err
	}
	_, err = j.file.Seek(end, io.SeekStart)
	return err
}

var errLine = errors.New("it is damaged")

func (j *Journal) parse(line []byte) error {
	cut := bytes.LastIndexByte(line, ' ')
	if cut < 0 || string(line[cut:]) != sum(line[:cut]) {
		return errLine
	}
	word, rest, _ := bytes.Cut(line[:cut], []byte(" "))
	var serial app.Serial
	if len(rest) < 2*len(serial) || !unhex(serial[:], string(rest[:2*len(serial)])) {
		return errLine
	}
	switch string(word) {
	case "begun":
		j.states[serial] = begun
	case "done":
		j.states[serial] = done
	case "void":
		delete(j.states, serial)
	default:
		return errLine
	}
	return nil
}

func sum(line []byte) string { return fmt.Sprintf(" %08x\n", crc32.ChecksumIEEE(line)) }

func appendLine(b []byte, format string, args ...any) []byte {
	at := len(b)
	b = fmt.Appendf(b, format, args...)
	return append(b, sum(b[at:])...)
}

// append makes lines durable.
func (j *Journal) append(lines []byte) error { return j.write(-1, lines) }

func (j *Journal) write(at int64, b []byte) error {
	if j.err != nil {
		return j.err
	}
	if at >= 0 {
		_, j.err = j.file.Seek(at, io.SeekStart)
	}
	if j.err == nil {
		_, j.err = j.file.Write(b)
	}
	if j.err == nil {
		j.err = j.file.Sync()
	}
	return j.err
}

// begin writes down that these cards will be begun.
func (j *Journal) begin(records []*Record) error {
	var b []byte
	for _, r := range records {
		if j.states[r.Serial] == unknown {
			b = appendLine(b, "begun %x", r.Serial)
		}
	}
	if len(b) == 0 {
		return nil
	}
	if err := j.append(b); err != nil {
		return err
	}
	for _, r := range records {
		j.states[r.Serial] = begun
	}
	return nil
}

// end writes down that these cards are done.
func (j *Journal) end(cards []*Done) error {
	var b []byte
	for _, d := range cards {
		digest := sm3.Sum(d.Credential)
		b = appendLine(b, "done %x %x %x %x", d.Serial, d.Public, digest[:8], d.Checks)
	}
	if len(b) == 0 {
		return nil
	}
	if err := j.append(b); err != nil {
		return err
	}
	for _, d := range cards {
		j.states[d.Serial] = done
	}
	return nil
}

// Void is for whoever has destroyed the card that was begun under a serial number and not ended: it may be begun on
// another one. It fails for any other.
func (j *Journal) Void(s app.Serial) error {
	if j.states[s] != begun {
		return fmt.Errorf("perso: no card was begun and not ended under %x", s)
	}
	if err := j.append(appendLine(nil, "void %x", s)); err != nil {
		return err
	}
	delete(j.states, s)
	return nil
}

// Count returns how many cards are done, and how many were begun and not ended.
func (j *Journal) Count() (ended, open int) {
	for _, s := range j.states {
		if s == done {
			ended++
		} else {
			open++
		}
	}
	return ended, open
}
