package purse

import (
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"time"
)

// A Reason says in one stable word why this package refused something.
type Reason string

// The reasons.
const (
	ReasonLength    Reason = "wrong-length"
	ReasonAmount    Reason = "amount-out-of-range"
	ReasonKind      Reason = "unknown-kind"
	ReasonDateTime  Reason = "bad-date-time"
	ReasonAlgorithm Reason = "unknown-algorithm"
)

// Error is the only error type of this package.
type Error struct {
	Reason Reason
	Detail string
}

// Error returns one line.
func (e *Error) Error() string { return "purse: " + string(e.Reason) + ": " + e.Detail }

func refuse(r Reason, format string, args ...any) error {
	return &Error{r, fmt.Sprintf(format, args...)}
}

// An Amount is money on a card, in fen: four bytes on the wire, never negative.
type Amount uint32

// NewAmount takes an amount of fen, 0 to 2^32-1.
func NewAmount(fen int64) (Amount, error) {
	if fen < 0 || fen > math.MaxUint32 {
		return 0, refuse(ReasonAmount, "%d fen", fen)
	}
	return Amount(fen), nil
}

// Fen returns the amount as the rest of the module counts.
func (a Amount) Fen() int64 { return int64(a) }

// An Overdraft is a limit in fen, three bytes on the wire.
type Overdraft [3]byte

// Fen returns the limit.
func (o Overdraft) Fen() int64 { return int64(o[0])<<16 | int64(o[1])<<8 | int64(o[2]) }

// A Kind is the transaction type (交易类型标识).
type Kind byte

// The kinds. ED is the passbook (电子存折), the others are of the purse.
const (
	LoadED           Kind = 0x01
	Load             Kind = 0x02
	PurchaseED       Kind = 0x05
	Purchase         Kind = 0x06
	CompoundPurchase Kind = 0x09
)

// String returns the kind's name.
func (k Kind) String() string {
	switch k {
	case LoadED:
		return "load-passbook"
	case Load:
		return "load"
	case PurchaseED:
		return "purchase-passbook"
	case Purchase:
		return "purchase"
	case CompoundPurchase:
		return "compound-purchase"
	}
	return fmt.Sprintf("kind-%02X", byte(k))
}

// A TerminalID is the number of a terminal (终端机编号), usually BCD.
type TerminalID [6]byte

// A Random is what the card drew for one transaction (伪随机数).
type Random [4]byte

// A MAC is an authentication code of a message, or the TAC of a transaction.
type MAC [4]byte

// Equal compares in constant time.
func (m MAC) Equal(other MAC) bool { return subtle.ConstantTimeCompare(m[:], other[:]) == 1 }

// A DateTime is the date and time of a transaction as the terminal says it: YYYYMMDDhhmmss in BCD, Beijing time
// (UTC+8). The card has no clock and believes it.
type DateTime [7]byte

// Beijing is the time zone of every DateTime. China has one, and no summer time.
var Beijing = time.FixedZone("UTC+8", 8*60*60)

const dateTimeForm = "20060102150405"

// NewDateTime returns t in Beijing, to the second. The year has four digits.
func NewDateTime(t time.Time) (DateTime, error) {
	t = t.In(Beijing)
	if t.Year() < 0 || t.Year() > 9999 {
		return DateTime{}, refuse(ReasonDateTime, "year %d", t.Year())
	}
	var d DateTime
	_, err := hex.Decode(d[:], []byte(t.Format(dateTimeForm)))
	return d, err
}

// Time returns the instant. Digits that are none, and days that no calendar has, are refused: a card's log may hold
// anything.
func (d DateTime) Time() (time.Time, error) {
	t, err := time.ParseInLocation(dateTimeForm, fmt.Sprintf("%X", d[:]), Beijing)
	if err != nil {
		return time.Time{}, refuse(ReasonDateTime, "%X", d[:])
	}
	return t, nil
}

// A Transaction is what terminal and card agree on: amount ‖ kind ‖ terminal ‖ date ‖ time, 18 bytes on the wire.
type Transaction struct {
	Amount   Amount
	Kind     Kind
	Terminal TerminalID
	At       DateTime
}

const transactionSize = 4 + 1 + 6 + 7

func (t Transaction) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(t.Amount))
	b = append(b, byte(t.Kind))
	b = append(b, t.Terminal[:]...)
	return append(b, t.At[:]...)
}
