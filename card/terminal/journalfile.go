package terminal

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"sync"

	"github.com/emmansun/gmsm/sm3"

	"github.com/citizencode/citizencode/card/internal/disk"
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

	// Behind so many records Acknowledge compacts, once there are compactRatio for each claim that is still wanted.
	compactAbove = 1024
	compactRatio = 8
)

// A FileJournal is a Journal in a file. Every record is on disk before Put returns. One process has it open: it holds the
// lock of the file (path.lock) until Close. The file begins anew when it is long and little of it is wanted any more.
type FileJournal struct {
	mu      sync.Mutex
	path    string
	lock    *disk.Lock
	file    *os.File
	records int
	chain   [chainSize]byte
	claims  claimSet
	err     error // of a write: what stands in the file is not known
}

var _ Journal = (*FileJournal)(nil)

// ErrJournalFull refuses a claim that the file has no room for: what is not written down must not be ordered.
var ErrJournalFull = errors.New("terminal: the journal is full; the terminal must go online")

// ErrInUse refuses a journal that another process has open: two of them would let two people through for one payment.
var ErrInUse = disk.ErrInUse

// OpenJournal opens the journal at path, or begins one where there is no file. Every record is checked. What a power
// cut left of a last record is taken off: its order was never sent, because it is sent only after Put. Any other damage
// is an error, and the file stays as it is. So is ErrInUse.
func OpenJournal(path string) (*FileJournal, error) {
	lock, err := disk.LockFile(path)
	if err != nil {
		return nil, fmt.Errorf("terminal: journal: %w", err)
	}
	j := &FileJournal{path: path, lock: lock, claims: newClaimSet()}
	if j.file, err = os.OpenFile(path, os.O_RDWR, 0); errors.Is(err, fs.ErrNotExist) {
		err = j.replace(nil)
	}
	if err == nil {
		err = j.read()
	}
	if err != nil {
		j.Close()
		return nil, fmt.Errorf("terminal: journal %s: %w", path, err)
	}
	return j, nil
}

// replace puts a new file with these records in the place of the old one.
func (j *FileJournal) replace(records []byte) (err error) {
	j.file, err = disk.Replace(j.path, append([]byte(journalHead), records...))
	return err
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
			if _, more := r.Peek(1); more == io.EOF && torn(b, j.end()) {
				return j.cut()
			}
			return fmt.Errorf("record %d: %w", j.records+1, err)
		}
	}
}

// sector is the least that a disk writes at once, in bytes.
const sector = 512

// torn reports whether a last record, which begins at offset in the file, looks as a power cut leaves it: sectors that
// were never written read as zeros, and no whole record is zeros up to a sector's edge or from one on. A whole record
// with a wrong checksum is something else: it was true once.
func torn(b []byte, offset int64) bool {
	zeros := func(b []byte) bool { return len(b) > 0 && len(bytes.Trim(b, "\x00")) == 0 }
	edge := min(int(sector-offset%sector), len(b))
	return zeros(b[:edge]) || zeros(b[edge:])
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
	if err := j.claims.admit(c); err != nil {
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
	if j.records >= compactAbove && j.records >= compactRatio*len(j.claims.claims) {
		return j.compact()
	}
	return nil
}

// Compact begins the file anew with the claims that are unresolved or pending.
func (j *FileJournal) Compact() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.compact()
}

func (j *FileJournal) compact() error {
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
	if err := j.replace(records); err != nil {
		j.err = fmt.Errorf("terminal: journal: %w", err)
		return j.err
	}
	j.records, j.chain = n, chain
	return nil
}

// Close closes the file and lets another process have it.
func (j *FileJournal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.err = fs.ErrClosed
	defer j.lock.Unlock()
	if j.file == nil {
		return nil
	}
	return j.file.Close()
}
