package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/citizencode/citizencode/citycode/engine"
)

// HashSize is the length of a closing's hash in bytes.
const HashSize = engine.DigestSize

// A Closing (日结) freezes the ledger up to the end of a day.
type Closing struct {
	Day          Day
	Previous     Day     // the closing before it, or zero
	Transactions int64   // booked since Previous
	Accounts     int64   // that have moved since Previous
	Total        Balance // of all accounts since the beginning; its sides are equal
	// Hash is SM3("CC1/ledger-closing" ‖ Previous.Hash or zeros ‖ Day ‖ n ‖
	// rows), Day and n = Transactions as 8 bytes, the day counted from
	// 1970-01-01. A row is, for each account that has moved, in the order of
	// account IDs, the length of its name in one byte, the name, and its debits
	// and credits since the beginning, 8 bytes each, all big-endian. By the
	// chain it stands for the whole trial balance.
	Hash [HashSize]byte
}

// A Closer computes a Closing; stores use it. Its memory does not grow.
type Closer struct {
	closing Closing
	hash    hash.Hash
	lastID  string
}

// NewCloser begins the closing of a day; previous is nil for the first. It
// fails if the day is not after previous.
func NewCloser(previous *Closing, day Day, transactions int64) (*Closer, error) {
	c := &Closer{closing: Closing{Day: day, Transactions: transactions}, hash: engine.Default().NewSM3()}
	var before [HashSize]byte
	if previous != nil {
		if day.Compare(previous.Day) <= 0 {
			return nil, fmt.Errorf("ledger: %s is not after %s, which is closed", day, previous.Day)
		}
		c.closing.Previous, c.closing.Total, before = previous.Day, previous.Total, previous.Hash
	}
	io.WriteString(c.hash, "CC1/ledger-closing")
	c.hash.Write(before[:])
	c.writeInts(day.n, transactions)
	return c, nil
}

func (c *Closer) writeInts(numbers ...int64) {
	var b [8]byte
	for _, n := range numbers {
		binary.BigEndian.PutUint64(b[:], uint64(n))
		c.hash.Write(b[:])
	}
}

// Add takes the next account that has moved, in the order of IDs, with its
// balance at the closing before and at this one.
func (c *Closer) Add(account Account, before, after Balance) error {
	id := account.ID()
	if id <= c.lastID || after.Debit < before.Debit || after.Credit < before.Credit {
		return fmt.Errorf("ledger: account %s is out of order, or shrinks", account)
	}
	var err error
	if c.closing.Total, err = c.closing.Total.Add(Balance{after.Debit - before.Debit, after.Credit - before.Credit}); err != nil {
		return err
	}
	c.lastID = id
	c.hash.Write([]byte{byte(len(account.name))})
	io.WriteString(c.hash, account.name)
	c.writeInts(after.Debit, after.Credit)
	c.closing.Accounts++
	return nil
}

// Close returns the closing. It fails if the books do not balance: then the
// store was damaged, and what is damaged must not be frozen.
func (c *Closer) Close() (*Closing, error) {
	if c.closing.Total.Net() != 0 {
		return nil, errors.New("ledger: the books do not balance")
	}
	c.hash.Sum(c.closing.Hash[:0])
	closing := c.closing
	return &closing, nil
}
