package foreign_test

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
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

var ctx = context.Background()

// several is a card with a PPSE that names two applications, a city directory that names one, and one that only
// answers when it is asked for. Its directory also names one that is not there.
func several() *foreigntest.Card {
	return &foreigntest.Card{Applications: map[string]*foreigntest.Application{
		"2PAY.SYS.DDF01": {FCI: unhex("6F29 840E 325041592E5359532E4444463031 A517 BF0C14 6112 4F08A000000632010105 5006 4D4F545F4550")},
		"1PUB.SYS.DDF01": {FCI: unhex("6F10 840E 315055422E5359532E4444463031"), Records: map[app.SFI][][]byte{1: {
			unhex("7011 610F 4F09A00000000386980701 50023F01"), // cnblogs ziyan22/17022553
			unhex("700B 6109 4F07D1560000FFFFFF"),
		}}},
		"\xA0\x00\x00\x06\x32\x01\x01\x05":     {FCI: unhex("6F00")},
		"\xA0\x00\x00\x00\x03\x86\x98\x07\x01": {FCI: unhex("6F00")},
		"sx1.sh.":                              {FCI: unhex("6F00")},
	}}
}

// TestList: every application is there once, in the card's order and then the caller's, also one that is only named.
func TestList(t *testing.T) {
	for _, t0 := range []bool{false, true} {
		k := several()
		k.T0 = t0
		list, err := foreign.List(ctx, foreign.Client(k), foreign.Known{AID: "sx1.sh.", Name: "third"}, foreign.Known{AID: "\xA0\x00\x00\x06\x32\x01\x01\x05", Name: "first"},
			foreign.Known{AID: "nothing"})
		require.NoError(t, err)
		for i := range list {
			list[i].FCI = nil
		}
		assert.Equal(t, []foreign.Entry{
			{AID: "A000000632010105", Name: "first", Label: "MOT_EP", Found: "2PAY.SYS.DDF01", Selected: true, Status: "9000"},
			{AID: "A00000000386980701", Label: "3F01", Found: "1PUB.SYS.DDF01", Selected: true, Status: "9000"},
			{AID: "D1560000FFFFFF", Found: "1PUB.SYS.DDF01", Status: "6A82"},
			{AID: "7378312E73682E", Name: "third", Found: "asked", Selected: true, Status: "9000"},
		}, list)
		assert.Empty(t, k.Wrote)
	}
	list, err := foreign.List(ctx, foreign.Client(&foreigntest.Card{}), foreign.Known{AID: "nothing"})
	require.NoError(t, err)
	assert.Empty(t, list)
}

type lost struct{}

func (lost) Transmit([]byte) ([]byte, error) { return nil, card.ErrCardLost }

func TestLost(t *testing.T) {
	_, err := foreign.List(ctx, foreign.Client(lost{}))
	assert.ErrorIs(t, err, card.ErrCardLost)
	_, err = foreign.ReadBinary(ctx, foreign.Client(lost{}), 5)
	assert.ErrorIs(t, err, card.ErrCardLost)
	_, err = foreign.ReadRecords(ctx, foreign.Client(lost{}), 5, 3)
	assert.ErrorIs(t, err, card.ErrCardLost)
	_, err = foreign.Balance(ctx, foreign.Client(lost{}), 2)
	assert.ErrorIs(t, err, card.ErrCardLost)
}

// TestReadOnly: of all 65,536 pairs of class and instruction six reach the card.
func TestReadOnly(t *testing.T) {
	k := new(counter)
	r := foreign.ReadOnly(k)
	for cla := range 256 {
		for ins := range 256 {
			before := k.n
			_, err := r.Transmit([]byte{byte(cla), byte(ins), 0, 0, 0})
			if k.n == before {
				assert.Error(t, err)
				continue
			}
			assert.Contains(t, []string{"00A4", "00B0", "00B2", "00C0", "00CA", "805C"}, strings.ToUpper(hex.EncodeToString([]byte{byte(cla), byte(ins)})))
		}
	}
	assert.Equal(t, 6, k.n)
}

type counter struct{ n int }

func (c *counter) Transmit([]byte) ([]byte, error) {
	c.n++
	return apdu.Response{Status: apdu.OK}.Bytes()
}

func TestMovement(t *testing.T) {
	// A published pair of a T-Union card: 00B201C400.
	m, err := foreign.ParseMovement(unhex("042D000000000001F40930008900034020241229141740"))
	require.NoError(t, err)
	assert.Equal(t, &foreign.Movement{Sequence: 0x042D, Fen: 500, Kind: "compound", Terminal: "300089000340", Time: "2024-12-29 14:17:40"}, m)
	for _, unused := range []string{"00", "FF"} {
		m, err = foreign.ParseMovement(unhex(strings.Repeat(unused, 23)))
		assert.NoError(t, err)
		assert.Nil(t, m)
	}
	_, err = foreign.ParseMovement(make([]byte, 22))
	assert.Error(t, err)
	for k, word := range map[byte]string{1: "load", 2: "load", 5: "purchase", 6: "purchase", 9: "compound", 0x77: "77"} {
		assert.Equal(t, word, foreign.Kind(k))
	}
}

func TestDates(t *testing.T) {
	for b, want := range map[string]string{"20241229": "2024-12-29", "00000000": "", "FFFFFFFF": "", "20241301": "20241301", "2024ABCD": "2024ABCD"} {
		assert.Equal(t, want, foreign.Date(unhex(b)))
	}
	assert.Equal(t, "2024-12-29 14:17:40", foreign.DateTime(unhex("20241229141740")))
	assert.Equal(t, "A B", foreign.Printable([]byte("A B ")))
	assert.Equal(t, "0041", foreign.Printable([]byte{0, 'A'}))
}

func FuzzApplications(f *testing.F) {
	f.Add(unhex("7011610F4F09A0000000038698070150023F01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		list := foreign.Applications(b, "x")
		assert.LessOrEqual(t, len(list), 32)
		for _, e := range list {
			assert.NoError(t, app.AID(e.Bytes()).Validate())
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add(unhex("042D000000000001F40930008900034020241229141740"))
	f.Add(make([]byte, 30))
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := foreign.ParseMovement(b); err == nil && m != nil {
			assert.Len(t, b, 23)
			assert.GreaterOrEqual(t, m.Fen, int64(0))
		}
		if p, err := foreign.ParsePublicInfo(b); err == nil {
			assert.GreaterOrEqual(t, len(b), 30)
			assert.Len(t, p.City, 4)
		}
	})
}

// FuzzList: whatever a card says, little is asked of it and nothing written to it.
func FuzzList(f *testing.F) {
	f.Add([]byte("\x07\x70\x05\x61\x03\x4f\x01\x41\x90\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		k := &script{rest: b}
		list, err := foreign.List(ctx, foreign.Client(k), foreign.Known{AID: "known"})
		if err == nil {
			assert.LessOrEqual(t, len(list), 33)
		}
		assert.LessOrEqual(t, k.commands, 4000)
	})
}

// A script answers with pieces of its bytes: length 1, answer.
type script struct {
	rest     []byte
	commands int
}

func (s *script) Transmit([]byte) ([]byte, error) {
	s.commands++
	if len(s.rest) == 0 {
		return []byte{0x6A, 0x82}, nil
	}
	n := min(int(s.rest[0]), len(s.rest)-1)
	answer := s.rest[1 : 1+n]
	s.rest = s.rest[1+n:]
	return answer, nil
}
