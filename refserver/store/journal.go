package store

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"strconv"
	"strings"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
)

const (
	journalHead    = "citycode journal 1\n"
	maxJournal     = 256 << 20 // bytes, some three million codes; older ones than two minutes are needed no more
	maxJournalLine = 128
	chainSize      = 8 // bytes of SM3 at the end of a line
)

// A Journal is what a gate has accepted, one line a code, so that after a start
// it still knows what was used:
//
//	210100/1#0:4711 1795334400 1 1795334490 8f1d0c6a5b2e9f30
//
// serial, time and counter of the code, the gate time after which it is too
// old, and the first bytes of SM3(the same of the line before ‖ the line): a
// line that is changed, lost or moved is found. It is a checksum and no
// signature; who may write the file may write another one.
//
// An open Journal holds the lock of its file; Close it.
type Journal struct {
	path  string
	lock  *lock
	file  *os.File
	size  int64
	chain [chainSize]byte // of the last line
	err   error
	// New says that there was no journal: what was accepted before, if
	// anything was, is not known.
	New bool
}

// OpenJournal opens the journal at path, or begins one where there is no file.
// Every line is checked. A last line that a crash cut short is taken off: its
// code was never let in, because a verdict is given only after Append. Any
// other damage is an error that names the line, and the file stays as it is.
func OpenJournal(ctx context.Context, path string) (*Journal, error) {
	lock, err := lockFile(ctx, path)
	if err != nil {
		return nil, err
	}
	j := &Journal{path: path, lock: lock}
	if err := j.open(); err != nil {
		j.Close()
		return nil, err
	}
	return j, nil
}

func (j *Journal) open() error {
	info, err := os.Stat(j.path)
	if errors.Is(err, fs.ErrNotExist) {
		// Written whole: a crash leaves no file or one with its head.
		j.New = true
		err = WriteFile(j.path, []byte(journalHead), Secret)
	} else if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("open %s: it is not a regular file", j.path)
	}
	if err != nil {
		return err
	}
	if j.file, err = os.OpenFile(j.path, os.O_RDWR, 0); err != nil {
		return err
	}
	if info, err = j.file.Stat(); err != nil {
		return err
	}
	if info.Size() > maxJournal {
		return damaged(j.path, "it is longer than %d bytes; begin a new one", maxJournal)
	}
	r := &journalReader{r: bufio.NewReader(io.NewSectionReader(j.file, 0, info.Size()))}
	for _, err = range r.all() {
		if err != nil {
			return &DamagedError{j.path, err}
		}
	}
	j.size, j.chain = r.size, r.chain
	if r.size < info.Size() {
		if err := j.file.Truncate(r.size); err != nil {
			return err
		}
		return j.file.Sync()
	}
	return nil
}

// Close ends the journal.
func (j *Journal) Close() {
	if j.file != nil {
		j.file.Close()
	}
	j.lock.unlock()
}

// Accepted yields every code in the journal, for [citycode.ReplayConfig]. After
// it was used, Err says whether the journal could be read to its end.
func (j *Journal) Accepted() iter.Seq[citycode.Accepted] {
	return func(yield func(citycode.Accepted) bool) {
		r := &journalReader{r: bufio.NewReader(io.NewSectionReader(j.file, 0, j.size))}
		for a, err := range r.all() {
			if err != nil {
				j.err = &DamagedError{j.path, err}
				return
			}
			if !yield(a) {
				return
			}
		}
	}
}

// Err returns what went wrong in Accepted.
func (j *Journal) Err() error { return j.err }

// Append adds a code. It is on disk when Append returns, and only then may a
// gate open: if the power failed in between, the code could be used again.
func (j *Journal) Append(a citycode.Accepted) error {
	line, chain := journalLine(a, j.chain)
	if _, err := j.file.WriteAt([]byte(line), j.size); err != nil {
		j.file.Truncate(j.size) // half a line must not stand before a whole one
		return err
	}
	if err := j.file.Sync(); err != nil {
		return err
	}
	j.size += int64(len(line))
	j.chain = chain
	return nil
}

// Size returns how many bytes the journal has.
func (j *Journal) Size() int64 { return j.size }

// Compact begins the journal anew, in one step, with the codes that are not too
// old at a gate time, in Unix seconds. The newest of the others stays too: up to
// its time codes may have been used, and a guard that is rebuilt must know (see
// [citycode.ReplayConfig]).
func (j *Journal) Compact(now int64) error {
	var kept []citycode.Accepted
	var newest *citycode.Accepted
	for a := range j.Accepted() {
		if a.Until >= now {
			kept = append(kept, a)
		} else if newest == nil || a.Time > newest.Time {
			newest = &a
		}
	}
	if j.err != nil {
		return j.err
	}
	if newest != nil {
		kept = append(kept, *newest)
	}
	b, chain := []byte(journalHead), [chainSize]byte{}
	for _, a := range kept {
		var line string
		line, chain = journalLine(a, chain)
		b = append(b, line...)
	}
	if err := WriteFile(j.path, b, Secret); err != nil {
		return err
	}
	// What is appended to the file that was replaced would be lost: it is closed
	// first, so that without the new one nothing more is accepted.
	j.file.Close()
	file, err := os.OpenFile(j.path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	j.file, j.size, j.chain = file, int64(len(b)), chain
	return nil
}

// journalLine returns the line of a behind one that ended with chain.
func journalLine(a citycode.Accepted, chain [chainSize]byte) (string, [chainSize]byte) {
	text := fmt.Sprintf("%s %d %d %d ", a.Serial, a.Time, a.Counter, a.Until)
	h := engine.Default().NewSM3()
	h.Write(chain[:])
	h.Write([]byte(text))
	copy(chain[:], h.Sum(nil))
	return text + hex.EncodeToString(chain[:]) + "\n", chain
}

// A journalReader reads lines one after the other, in bounded memory.
type journalReader struct {
	r     *bufio.Reader
	size  int64 // of what was whole
	chain [chainSize]byte
	line  int
}

// all yields every code, or one error. It stops without an error at a last line
// that a crash cut short.
func (r *journalReader) all() iter.Seq2[citycode.Accepted, error] {
	return func(yield func(citycode.Accepted, error) bool) {
		head, err := r.read()
		if err == nil && string(head) != journalHead {
			err = errors.New("it is not a journal")
		}
		r.size = int64(len(head))
		for err == nil {
			var b []byte
			if b, err = r.read(); err != nil || len(b) == 0 {
				break
			}
			var a citycode.Accepted
			if a, err = r.parse(b); err != nil {
				if r.torn(b) {
					return
				}
				err = fmt.Errorf("line %d is damaged: %w", r.line, err)
				break
			}
			r.size += int64(len(b))
			if !yield(a, nil) {
				return
			}
		}
		if err != nil {
			yield(citycode.Accepted{}, err)
		}
	}
}

// read returns the next line with its newline, the rest without one at the
// end, or nothing behind it. The line is good until the next read.
func (r *journalReader) read() ([]byte, error) {
	r.line++
	b, err := r.r.ReadSlice('\n')
	if err == nil || err == io.EOF {
		return b, nil
	}
	if errors.Is(err, bufio.ErrBufferFull) {
		return b, nil // longer than any line: parse says so
	}
	return nil, err
}

// torn reports whether b is the last line and looks as a crash leaves it: cut
// short, or with blocks that were never written and read as zeros. A whole
// line with a wrong checksum is something else: it was true once.
func (r *journalReader) torn(b []byte) bool {
	cut := b[len(b)-1] != '\n' || bytes.IndexByte(b, 0) >= 0
	if !cut || len(b) > maxJournalLine {
		return false
	}
	_, err := r.r.Peek(1)
	return err == io.EOF
}

func (r *journalReader) parse(b []byte) (a citycode.Accepted, err error) {
	fields := strings.Split(string(b[:min(len(b), maxJournalLine+1)]), " ")
	if len(b) > maxJournalLine || len(fields) != 5 {
		return a, errors.New("it is not a line of a journal")
	}
	if a.Serial, err = citycode.ParseSerial(fields[0]); err != nil {
		return a, err
	}
	time, err1 := strconv.ParseInt(fields[1], 10, 64)
	counter, err2 := strconv.ParseUint(fields[2], 10, 32)
	until, err3 := strconv.ParseInt(fields[3], 10, 64)
	if err := errors.Join(err1, err2, err3); err != nil {
		return a, errors.New("a number in it is none")
	}
	a.Time, a.Counter, a.Until = time, uint32(counter), until
	line, chain := journalLine(a, r.chain)
	if line != string(b) {
		return a, errors.New("its checksum does not match")
	}
	r.chain = chain
	return a, nil
}
