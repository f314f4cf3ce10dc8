package sam

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"sync"
)

// Numbers are the numbers of a terminal's transactions (终端交易序号), from 1. The session key of a purchase has the lower
// half of one in it, and the back office takes each only once.
type Numbers interface {
	// Next returns a number greater than every one before, and has made it durable before it returns. ErrNumberEnd
	// behind the last.
	Next(ctx context.Context) (uint32, error)
}

// A Counter is Numbers that a restart forgets, for tests and demonstrations.
type Counter struct {
	mu   sync.Mutex
	last uint32
}

// Next implements [Numbers].
func (c *Counter) Next(ctx context.Context) (uint32, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if c.last == math.MaxUint32 {
		return 0, ErrNumberEnd
	}
	c.last++
	return c.last, nil
}

// A NumberFile is Numbers in a file: two places of 8 bytes, number ‖ CRC-32 of a word and it, written in turn, so that a write that a
// power cut tears leaves the number before. One process has it open.
type NumberFile struct {
	mu   sync.Mutex
	file *os.File
	last uint32
	err  error
}

const (
	numberPlace = 8
	numberFile  = 2 * numberPlace
)

// OpenNumbers opens the file at path, or begins one where there is none. A file that holds no number is an error: to
// begin again from 1 would use numbers twice.
func OpenNumbers(path string) (*NumberFile, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		f, err = createNumbers(path)
	}
	if err != nil {
		return nil, fmt.Errorf("sam: %w", err)
	}
	n := &NumberFile{file: f}
	if err := n.read(); err != nil {
		f.Close()
		return nil, fmt.Errorf("sam: %s: %w", path, err)
	}
	return n, nil
}

// createNumbers writes the file beside its place and moves it there, so that a crash leaves none or a whole one.
func createNumbers(path string) (*os.File, error) {
	b := append(numberBytes(0), numberBytes(0)...)
	fresh := path + ".new"
	f, err := os.OpenFile(fresh, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	if _, err = f.Write(b); err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = os.Rename(fresh, path)
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

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func (n *NumberFile) read() error {
	b, err := io.ReadAll(io.NewSectionReader(n.file, 0, numberFile+1))
	if err != nil {
		return err
	}
	if len(b) != numberFile {
		return fmt.Errorf("it has not %d bytes", numberFile)
	}
	found := false
	for place := range 2 {
		p := b[place*numberPlace:][:numberPlace]
		number := binary.BigEndian.Uint32(p)
		if checksum(number) == binary.BigEndian.Uint32(p[4:]) {
			n.last, found = max(n.last, number), true
		}
	}
	if !found {
		return errors.New("it is damaged, and which numbers were used is not known")
	}
	return nil
}

func numberBytes(number uint32) []byte {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, numberPlace), number)
	return binary.BigEndian.AppendUint32(b, checksum(number))
}

// checksum begins with a word, because the CRC of four bytes FF is FF FF FF FF: erased memory would be the last number.
func checksum(number uint32) uint32 {
	return crc32.ChecksumIEEE(binary.BigEndian.AppendUint32([]byte("number"), number))
}

// Next implements [Numbers].
func (n *NumberFile) Next(ctx context.Context) (uint32, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.err != nil:
		return 0, n.err
	case ctx.Err() != nil:
		return 0, ctx.Err()
	case n.last == math.MaxUint32:
		return 0, ErrNumberEnd
	}
	number := n.last + 1
	_, err := n.file.WriteAt(numberBytes(number), int64(number%2)*numberPlace)
	if err == nil {
		err = n.file.Sync()
	}
	if err != nil {
		// What stands in the file is not known now, and the other place must stay whole.
		n.err = fmt.Errorf("sam: numbers: %w", err)
		return 0, n.err
	}
	n.last = number
	return number, nil
}

// Close closes the file.
func (n *NumberFile) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.err = ErrClosed
	return n.file.Close()
}
