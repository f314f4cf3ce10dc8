package terminal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/emmansun/gmsm/sm3"

	"github.com/citizencode/citizencode/card/key"
)

// The file: a head, and records of one size. A record is tag 1 ‖ claim ‖ the first 8 bytes of SM3(those of the record
// before ‖ tag ‖ claim): one that is changed, lost or moved is found.
const (
	journalHead = "card terminal journal 1\n"
	chainSize   = 8
	recordSize  = 1 + claimSize + chainSize

	tagPut          = 1
	tagAcknowledged = 2

	maxJournal = 1 << 20 // records; Compact begins anew
)

// A FileJournal is a Journal in a file. Every record is on disk before Put returns. One process has it open.
type FileJournal struct {
	mu      sync.Mutex
	path    string
	file    *os.File
	records int
	chain   [chainSize]byte
	claims  claimSet
	err     error // of a write: what stands in the file is not known
}

var _ Journal = (*FileJournal)(nil)

// ErrJournalFull refuses a claim that the file has no room for: what is not written down must not be ordered.
var ErrJournalFull = errors.New("terminal: the journal is full; the terminal must go online")

// OpenJournal opens the journal at path, or begins one where there is no file. Every record is checked. What a power
// cut left of a last record is taken off: its order was never sent, because it is sent only after Put. Any other damage
// is an error, and the file stays as it is.
func OpenJournal(path string) (*FileJournal, error) {
	j := &FileJournal{path: path, claims: newClaimSet()}
	var err error
	if j.file, err = os.OpenFile(path, os.O_RDWR, 0); errors.Is(err, fs.ErrNotExist) {
		j.file, err = writeJournal(path, nil)
	}
	if err == nil {
		err = j.read()
	}
	if err != nil {
		if j.file != nil {
			j.file.Close()
		}
		return nil, fmt.Errorf("terminal: journal %s: %w", path, err)
	}
	return j, nil
}

// writeJournal writes a whole journal beside its place and moves it there, so that a crash leaves the old one or this.
func writeJournal(path string, records []byte) (*os.File, error) {
	f, err := os.OpenFile(path+".new", os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	if _, err = f.Write(append([]byte(journalHead), records...)); err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// syncDir makes a new name durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func (j *FileJournal) read() error {
	if _, err := j.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	r := bufio.NewReader(j.file)
	head := make([]byte, len(journalHead))
	if _, err := io.ReadFull(r, head); err != nil || string(head) != journalHead {
		return errors.New("it is not a journal")
	}
	b := make([]byte, recordSize)
	for {
		_, err := io.ReadFull(r, b)
		switch {
		case err == io.EOF:
			return nil
		case err == io.ErrUnexpectedEOF:
			return j.cut()
		case err != nil:
			return err
		case j.records == maxJournal:
			return fmt.Errorf("it has more than %d records", maxJournal)
		}
		if err := j.apply(b); err != nil {
			if _, more := r.Peek(1); more == io.EOF && torn(b) {
				return j.cut()
			}
			return fmt.Errorf("record %d: %w", j.records+1, err)
		}
	}
}

// torn reports whether a last record looks as a power cut leaves it: blocks of a file that were never written read as
// zeros, and no whole record begins or ends in them. A whole record with a wrong checksum is something else: it was
// true once.
func torn(b []byte) bool {
	return b[0] == 0 || [chainSize]byte(b[len(b)-chainSize:]) == [chainSize]byte{}
}

// cut takes what a power cut left behind the last whole record off the file.
func (j *FileJournal) cut() error {
	if err := j.file.Truncate(j.end()); err != nil {
		return err
	}
	return j.file.Sync()
}

func (j *FileJournal) end() int64 { return int64(len(journalHead) + j.records*recordSize) }

// seal appends the chain to a record.
func seal(record []byte, chain *[chainSize]byte) []byte {
	h := sm3.New()
	h.Write(chain[:])
	h.Write(record)
	copy(chain[:], h.Sum(nil))
	return append(record, chain[:]...)
}

func (j *FileJournal) apply(b []byte) error {
	chain := j.chain
	if string(seal(slices.Clone(b[:1+claimSize]), &chain)) != string(b) {
		return errors.New("its checksum does not match")
	}
	c, err := parseClaim(b[1 : 1+claimSize])
	if err != nil {
		return err
	}
	switch b[0] {
	case tagPut:
		if err := j.claims.check(c); err != nil {
			return err
		}
		j.claims.put(c)
	case tagAcknowledged:
		j.claims.acknowledge(c)
	default:
		return errors.New("it has an unknown tag")
	}
	j.chain = chain
	j.records++
	return nil
}

// append writes one record behind the last one.
func (j *FileJournal) append(tag byte, c Claim) error {
	switch {
	case j.err != nil:
		return j.err
	case j.records == maxJournal:
		return ErrJournalFull
	}
	chain := j.chain
	_, err := j.file.WriteAt(seal(append([]byte{tag}, c.bytes()...), &chain), j.end())
	if err == nil {
		err = j.file.Sync()
	}
	if err != nil {
		// Behind a failed sync nobody knows what is on the disk: open it again, and it is read.
		j.err = fmt.Errorf("terminal: journal: %w", err)
		return j.err
	}
	j.records++
	j.chain = chain
	return nil
}

// Put implements [Journal].
func (j *FileJournal) Put(ctx context.Context, c Claim) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := j.claims.check(c); err != nil {
		return err
	}
	if err := j.append(tagPut, c); err != nil {
		return err
	}
	j.claims.put(c)
	return nil
}

// Open implements [Journal].
func (j *FileJournal) Open(ctx context.Context, card key.Factor) ([]Claim, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.claims.openOf(card), ctx.Err()
}

// Pending implements [Journal].
func (j *FileJournal) Pending(ctx context.Context, limit int) ([]Claim, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.claims.pending(limit), ctx.Err()
}

// Acknowledge implements [Journal].
func (j *FileJournal) Acknowledge(ctx context.Context, claims []Claim) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, c := range claims {
		if j.claims.waiting[c.Number] && j.claims.claims[c.Number] == c {
			if err := j.append(tagAcknowledged, c); err != nil {
				return err
			}
			j.claims.acknowledge(c)
		}
	}
	return nil
}

// Compact begins the file anew with the claims that are unresolved or pending.
func (j *FileJournal) Compact() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err != nil {
		return j.err
	}
	var records []byte
	var chain [chainSize]byte
	n := 0
	add := func(tag byte, c Claim) {
		records = append(records, seal(append([]byte{tag}, c.bytes()...), &chain)...)
		n++
	}
	for _, number := range slices.Sorted(maps.Keys(j.claims.claims)) {
		c := j.claims.claims[number]
		add(tagPut, c)
		if !j.claims.waiting[number] {
			add(tagAcknowledged, c)
		}
	}
	// The old file is closed first, so that nothing is written to it behind the rename.
	j.file.Close()
	var err error
	if j.file, err = writeJournal(j.path, records); err != nil {
		j.err = fmt.Errorf("terminal: journal: %w", err)
		return j.err
	}
	j.records, j.chain = n, chain
	return nil
}

// Close closes the file.
func (j *FileJournal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.err = fs.ErrClosed
	if j.file == nil {
		return nil
	}
	return j.file.Close()
}
