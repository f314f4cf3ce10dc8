// Package tunion reads the public files of T-Union cards (交通联合, JT/T 978). It has no key and sends no command that
// changes a card. The layout is that of cards in the field as several open readers have it, and of no text of the standard.
package tunion

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/foreign"
	"github.com/citizencode/citizencode/card/tlv"
)

// AID is the name of the application, MOT_T_EP.
const AID = "\xA0\x00\x00\x06\x32\x01\x01\x05"

// The files beside those that all transit cards share.
const (
	sfiPlace app.SFI = 0x17
	sfiTrips app.SFI = 0x1E
)

// The sizes of their contents, in bytes and records.
const (
	PlaceSize = 0x0B
	TripSize  = 0x30
	MaxTrips  = 30
)

// P2 of GET BALANCE.
const (
	limitP2     = 0x01
	overdraftP2 = 0x02
	grossP2     = 0x03
)

// A Card is what a card says of itself. What it does not let be read is nil.
type Card struct {
	Public    *foreign.PublicInfo `json:"public,omitempty"`
	Place     *Place              `json:"place,omitempty"`
	Gross     *int64              `json:"grossFen,omitempty"`         // on the card
	Overdraft *int64              `json:"overdraftUsedFen,omitempty"` // borrowed
	Limit     *int64              `json:"overdraftLimitFen,omitempty"`
	Balance   *int64              `json:"balanceFen,omitempty"` // Gross less Overdraft
	Log       []foreign.Movement  `json:"log,omitempty"`
	Trips     []Trip              `json:"trips,omitempty"`
}

// A Place is file 17: who issued the card, and to whom.
type Place struct {
	Province string `json:"province"`
	City     string `json:"city"`
	Type     string `json:"type"`
}

var types = map[byte]string{1: "普通 ordinary", 2: "学生 student", 3: "老人 elder", 4: "测试 test", 5: "军人 military"}

// ParsePlace reads file 17: at least 11 bytes, behind which a card may have more.
func ParsePlace(b []byte) (*Place, error) {
	if len(b) < PlaceSize {
		return nil, &app.LengthError{Message: "T-Union file 17", Got: len(b), Want: PlaceSize}
	}
	kind, ok := types[b[10]]
	if !ok {
		kind = fmt.Sprintf("%02X", b[10])
	}
	return &Place{foreign.BCD(b[4:6]), foreign.BCD(b[6:8]), kind}, nil
}

// A Trip is a record of file 1E.
type Trip struct {
	Kind     string `json:"kind"`
	Terminal string `json:"terminal"`
	Mode     string `json:"mode"`
	Line     string `json:"line"` // and station, as the operator has them
	Fen      int64  `json:"fen"`
	Balance  int64  `json:"balanceFen"`
	Time     string `json:"time"`
	City     string `json:"city"`
	Acquirer string `json:"acquirer"`
}

var tripKinds = map[byte]string{2: "single", 3: "in", 4: "out", 6: "single"}

var modes = map[byte]string{1: "metro", 2: "bus"}

func word(words map[byte]string, b byte) string {
	if w, ok := words[b]; ok {
		return w
	}
	return fmt.Sprintf("%02X", b)
}

// ParseTrip reads a record of 48 bytes; nil for a place that was never written.
func ParseTrip(b []byte) (*Trip, error) {
	if len(b) != TripSize {
		return nil, &app.LengthError{Message: "T-Union file 1E", Got: len(b), Want: TripSize}
	}
	if b[0] == 0 || b[0] == 0xFF {
		return nil, nil
	}
	return &Trip{word(tripKinds, b[0]), foreign.BCD(b[1:9]), word(modes, b[9]), foreign.BCD(b[10:17]), int64(binary.BigEndian.Uint32(b[17:])),
		int64(binary.BigEndian.Uint32(b[21:])), foreign.DateTime(b[25:32]), foreign.BCD(b[32:34]), foreign.BCD(b[34:42])}, nil
}

// Read selects the application and reads its public files. The error is that of a card that was lost or has no such
// application.
func Read(ctx context.Context, c *apdu.Client) (*Card, error) {
	r, err := c.SendContext(ctx, app.Select(AID))
	if err != nil {
		return nil, err
	}
	k := new(Card)
	public, err := foreign.ReadBinary(ctx, c, app.SFIPublic)
	if err != nil {
		return nil, err
	}
	if public == nil {
		// The same bytes are in the FCI.
		if objects, err := tlv.Parse(r.Data, tlv.Lenient); err == nil {
			o, _ := objects.Find(0x6F, 0xA5, 0x9F0C)
			public = o.Value
		}
	}
	k.Public, _ = foreign.ParsePublicInfo(public)
	place, err := foreign.ReadBinary(ctx, c, sfiPlace)
	if err != nil {
		return nil, err
	}
	k.Place, _ = ParsePlace(place)
	for _, b := range []struct {
		p2   byte
		into **int64
	}{{grossP2, &k.Gross}, {overdraftP2, &k.Overdraft}, {limitP2, &k.Limit}} {
		if *b.into, err = foreign.Balance(ctx, c, b.p2); err != nil {
			return nil, err
		}
	}
	if k.Gross != nil {
		balance := *k.Gross
		if k.Overdraft != nil {
			balance -= *k.Overdraft
		}
		k.Balance = &balance
	}
	if k.Log, err = foreign.ReadMovements(ctx, c); err != nil {
		return nil, err
	}
	trips, err := foreign.ReadRecords(ctx, c, sfiTrips, MaxTrips)
	for _, b := range trips {
		if t, wrong := ParseTrip(b); wrong == nil && t != nil {
			k.Trips = append(k.Trips, *t)
		}
	}
	return k, err
}
