package tunion_test

import (
	"context"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/foreign"
	"github.com/citizencode/citizencode/card/foreign/foreigntest"
	"github.com/citizencode/citizencode/card/tunion"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

const public = "0102 2210 00000000 01 02 03104210000000000042 20240101 20341231 0000"

// made is a made-up card in the published layout.
func made() *foreigntest.Application {
	return &foreigntest.Application{
		FCI: unhex("6F2D 8408A000000632010105 A521 9F0C1E" + public),
		Binary: map[app.SFI][]byte{
			0x15: unhex(public),
			0x17: unhex("00000000 2100 2100 0000 03"),
		},
		Records: map[app.SFI][][]byte{
			0x18: {unhex("042D000000000001F40930008900034020241229141740"), make([]byte, 23), []byte("short")},
			0x1E: {unhex("03 0000300089000340 01 01020304050607 00000000 00001F40 20241229141740 2100 0102030405060708 000000000000"),
				make([]byte, 48), unhex("04 0000300089000341 02 01020304050607 000001F4 00001D4C 20241229145501 2100 0102030405060708 000000000000")},
		},
		Balances: map[byte]uint32{3: 8000, 2: 500, 1: 1000},
	}
}

func TestRead(t *testing.T) {
	for _, t0 := range []bool{false, true} {
		k := &foreigntest.Card{T0: t0, Applications: map[string]*foreigntest.Application{tunion.AID: made()}}
		got, err := tunion.Read(context.Background(), foreign.Client(k))
		require.NoError(t, err)
		fen := func(n int64) *int64 { return &n }
		assert.Equal(t, &tunion.Card{
			Public: &foreign.PublicInfo{Issuer: "0102221000000000", City: "2210", Type: 1, Version: 2, CardNumber: "3104210000000000042", ValidFrom: "2024-01-01", ValidTo: "2034-12-31"},
			Place:  &tunion.Place{Province: "2100", City: "2100", Type: "老人 elder"},
			Gross:  fen(8000), Overdraft: fen(500), Limit: fen(1000), Balance: fen(7500),
			Log: []foreign.Movement{{Sequence: 0x042D, Fen: 500, Kind: "compound", Terminal: "300089000340", Time: "2024-12-29 14:17:40"}},
			Trips: []tunion.Trip{
				{Kind: "in", Terminal: "0000300089000340", Mode: "metro", Line: "01020304050607", Balance: 8000, Time: "2024-12-29 14:17:40", City: "2100", Acquirer: "0102030405060708"},
				{Kind: "out", Terminal: "0000300089000341", Mode: "bus", Line: "01020304050607", Fen: 500, Balance: 7500, Time: "2024-12-29 14:55:01", City: "2100", Acquirer: "0102030405060708"}},
		}, got)
		assert.Empty(t, k.Wrote)
	}
}

// TestPublicFromFCI: a card that does not give file 15 has it in its FCI.
func TestPublicFromFCI(t *testing.T) {
	a := made()
	delete(a.Binary, 0x15)
	got, err := tunion.Read(context.Background(), foreign.Client(&foreigntest.Card{Applications: map[string]*foreigntest.Application{tunion.AID: a}}))
	require.NoError(t, err)
	require.NotNil(t, got.Public)
	assert.Equal(t, "3104210000000000042", got.Public.CardNumber)
}

// TestBare: what a card does not let be read is not there, and is no error.
func TestBare(t *testing.T) {
	got, err := tunion.Read(context.Background(), foreign.Client(&foreigntest.Card{Applications: map[string]*foreigntest.Application{tunion.AID: {}}}))
	require.NoError(t, err)
	assert.Equal(t, &tunion.Card{}, got)
	_, err = tunion.Read(context.Background(), foreign.Client(&foreigntest.Card{}))
	assert.ErrorIs(t, err, apdu.FileNotFound)
	_, err = tunion.Read(context.Background(), foreign.Client(torn{}))
	assert.ErrorIs(t, err, card.ErrCardLost)
}

type torn struct{}

func (torn) Transmit([]byte) ([]byte, error) { return nil, card.ErrCardLost }

func FuzzParse(f *testing.F) {
	f.Add(made().Binary[0x17])
	f.Add(made().Records[0x1E][0])
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := tunion.ParsePlace(b); err == nil {
			assert.Len(t, p.City, 4)
		}
		if trip, err := tunion.ParseTrip(b); err == nil {
			assert.Len(t, b, tunion.TripSize)
			if trip != nil {
				assert.GreaterOrEqual(t, trip.Fen, int64(0))
			}
		}
	})
}
