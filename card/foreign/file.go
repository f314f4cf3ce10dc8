package foreign

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/purse"
)

// ReadBinary reads a file from its beginning. A card that does not let it be read gives nil.
func ReadBinary(ctx context.Context, c *apdu.Client, sfi app.SFI) ([]byte, error) {
	r, err := c.SendContext(ctx, app.ReadBinary(sfi, 0, apdu.MaxShortNe))
	if ok, err := answered(err); !ok {
		return nil, err
	}
	return r.Data, nil
}

// ReadRecords reads the records of a file, up to limit, until the card has no more.
func ReadRecords(ctx context.Context, c *apdu.Client, sfi app.SFI, limit int) (list [][]byte, err error) {
	for n := 1; n <= limit; n++ {
		r, err := c.SendContext(ctx, app.ReadRecord(sfi, byte(n), apdu.MaxShortNe))
		if ok, err := answered(err); !ok {
			return list, err
		}
		list = append(list, r.Data)
	}
	return list, nil
}

// Balance sends GET BALANCE (80 5C 00 p2). A card that does not answer gives nil.
func Balance(ctx context.Context, c *apdu.Client, p2 byte) (*int64, error) {
	cmd := purse.GetBalance()
	cmd.P2 = p2
	r, err := c.SendContext(ctx, cmd)
	if ok, err := answered(err); !ok {
		return nil, err
	}
	a, err := purse.ParseBalance(r.Data)
	if err != nil {
		return nil, nil
	}
	fen := a.Fen()
	return &fen, nil
}

// Filled reports whether all of b is one byte: how a place that was never written looks.
func Filled(b []byte, with byte) bool { return bytes.Count(b, []byte{with}) == len(b) }

// BCD returns digits as they stand. A byte that is no two digits shows as the card has it, in hexadecimal.
func BCD(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }

// Date returns YYYY-MM-DD of four bytes BCD; empty for zeros and FF, and the bytes in hexadecimal for what is no date.
func Date(b []byte) string { return moment(b, "20060102", time.DateOnly) }

// DateTime returns YYYY-MM-DD hh:mm:ss of seven bytes BCD, in the time of the card's city.
func DateTime(b []byte) string { return moment(b, "20060102150405", time.DateTime) }

func moment(b []byte, read, write string) string {
	digits := BCD(b)
	if strings.Trim(digits, "0") == "" || strings.Trim(digits, "F") == "" {
		return ""
	}
	t, err := time.Parse(read, digits)
	if err != nil {
		return digits
	}
	return t.Format(write)
}

// A PublicInfo is the public application information that transit cards share, file 15.
type PublicInfo struct {
	Issuer     string `json:"issuer"` // 8 bytes
	City       string `json:"city"`   // of the issuer
	Type       byte   `json:"type"`
	Version    byte   `json:"version"`
	CardNumber string `json:"cardNumber"`
	ValidFrom  string `json:"validFrom"`
	ValidTo    string `json:"validTo"`
}

// ParsePublicInfo reads the file: 30 bytes, behind which a card may have more.
func ParsePublicInfo(b []byte) (*PublicInfo, error) {
	p, err := app.ParsePublicInfo(b[:min(len(b), app.PublicInfoSize)])
	if err != nil {
		return nil, err
	}
	return &PublicInfo{BCD(p.Issuer[:]), BCD(p.Issuer[2:4]), p.Type, p.Version, strings.TrimLeft(BCD(p.CardNumber[:]), "0"),
		Date(p.ValidFrom[:]), Date(p.ValidTo[:])}, nil
}

// A Movement is a line of the log of a purse, file 18.
type Movement struct {
	Sequence uint16 `json:"sequence"`
	Fen      int64  `json:"fen"`
	Kind     string `json:"kind"`
	Terminal string `json:"terminal"`
	Time     string `json:"time"`
}

// ParseMovement reads a line; nil for a place that was never written.
func ParseMovement(b []byte) (*Movement, error) {
	r, err := purse.ParseLogRecord(b)
	if err != nil || r == (purse.LogRecord{}) || Filled(b, 0xFF) {
		return nil, err
	}
	return &Movement{r.Seq, r.Amount.Fen(), Kind(byte(r.Kind)), BCD(r.Terminal[:]), DateTime(r.At[:])}, nil
}

// Kind returns the word for a kind of transaction.
func Kind(k byte) string {
	switch k {
	case 0x01, 0x02:
		return "load"
	case 0x05, 0x06:
		return "purchase"
	case 0x09:
		return "compound"
	}
	return fmt.Sprintf("%02X", k)
}

// ReadMovements reads the log of a purse. A line that is none is left out.
func ReadMovements(ctx context.Context, c *apdu.Client) (list []Movement, err error) {
	records, err := ReadRecords(ctx, c, app.SFIPurseLog, app.PurseLogRecords)
	for _, b := range records {
		if m, wrong := ParseMovement(b); wrong == nil && m != nil {
			list = append(list, *m)
		}
	}
	return list, err
}
