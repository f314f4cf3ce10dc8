package cityunion_test

import (
	"context"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/cityunion"
	"github.com/citizencode/citizencode/card/foreign"
	"github.com/citizencode/citizencode/card/foreign/foreigntest"
)

func TestRead(t *testing.T) {
	public, err := hex.DecodeString("010221000000000001020000210000000000004220240101203412310000")
	require.NoError(t, err)
	line, err := hex.DecodeString("0007000000000000C80621010000000720261122083000")
	require.NoError(t, err)
	k := &foreigntest.Card{Applications: map[string]*foreigntest.Application{cityunion.AID: {
		Binary:  map[app.SFI][]byte{0x15: append(public, 0xFF, 0xFF)}, // cards in the field have more behind it
		Records: map[app.SFI][][]byte{0x18: {line}}, Balances: map[byte]uint32{2: 4321},
	}}}
	got, err := cityunion.Read(context.Background(), foreign.Client(k))
	require.NoError(t, err)
	balance := int64(4321)
	assert.Equal(t, &cityunion.Card{
		Public:  &foreign.PublicInfo{Issuer: "0102210000000000", City: "2100", Type: 1, Version: 2, CardNumber: "2100000000000042", ValidFrom: "2024-01-01", ValidTo: "2034-12-31"},
		Balance: &balance,
		Log:     []foreign.Movement{{Sequence: 7, Fen: 200, Kind: "purchase", Terminal: "210100000007", Time: "2026-11-22 08:30:00"}},
	}, got)
	assert.Empty(t, k.Wrote)

	_, err = cityunion.Read(context.Background(), foreign.Client(&foreigntest.Card{}))
	assert.ErrorIs(t, err, apdu.FileNotFound)
}
