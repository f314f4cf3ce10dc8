package sscard_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/foreign"
	"github.com/citizencode/citizencode/card/foreign/foreigntest"
	"github.com/citizencode/citizencode/card/sscard"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

// item is a record: tag, length, value.
func item(tag byte, value string) []byte { return append([]byte{tag, byte(len(value))}, value...) }

// made is a made-up card in the published layout. 测试甲 is nobody.
func made() *foreigntest.Card {
	return &foreigntest.Card{Applications: map[string]*foreigntest.Application{sscard.Name: {
		FCI: unhex("6F118 40F 7378312E73682EC9E7BBE1B1A3D5CF"),
		Records: map[app.SFI][][]byte{
			5: {unhex("0110 330300 D156000005 00000042 FFFFFFFF"), item(2, "1"), append(item(3, "2.00"), 0, 0, 0), unhex("040C 000000000000000000210100"),
				unhex("0504 20240101"), unhex("0604 20340101"), item(7, "X00000042")},
			6: {item(8, "00000000000000000X"), append(unhex("091E B2E2CAD4BCD7"), bytes.Repeat([]byte{0}, 24)...), item(0x0A, "2"), item(0x0B, "\x01"),
				unhex("0C03 210100"), unhex("0D04 19500101")},
		},
	}}}
}

func TestRead(t *testing.T) {
	require.Equal(t, "7378312e73682ec9e7bbe1b1a3d5cf", hex.EncodeToString([]byte(sscard.Name)))
	want := sscard.Card{Identifier: "330300D15600000500000042FFFFFFFF", Region: "330300", Class: "1", Version: "2.00", Initialiser: "000000000000000000210100",
		Issued: "2024-01-01", ValidTo: "2034-01-01", Number: "X00000042"}
	for _, t0 := range []bool{false, true} { // cards of T=0 answer SELECT with 611E
		k := made()
		k.T0 = t0
		got, err := sscard.Read(context.Background(), foreign.Client(k), sscard.Options{})
		require.NoError(t, err)
		assert.Equal(t, &want, got, "nobody's name without being asked for")
		got, err = sscard.Read(context.Background(), foreign.Client(k), sscard.Options{Person: true})
		require.NoError(t, err)
		with := want
		with.Person = &sscard.Person{SecurityNumber: "00000000000000000X", Name: "测试甲", Sex: "女", Nation: "01", Birthplace: "210100", BirthDate: "1950-01-01"}
		assert.Equal(t, &with, got)
		assert.Empty(t, k.Wrote)
	}
	_, err := sscard.Read(context.Background(), foreign.Client(&foreigntest.Card{}), sscard.Options{})
	assert.ErrorIs(t, err, apdu.FileNotFound)
}

// TestPersonNotAsked: without the option file 06 is not even read.
func TestPersonNotAsked(t *testing.T) {
	k := &spy{Card: made()}
	_, err := sscard.Read(context.Background(), foreign.Client(k), sscard.Options{})
	require.NoError(t, err)
	assert.NotContains(t, k.files, byte(6))
	assert.Contains(t, k.files, byte(5))
}

type spy struct {
	*foreigntest.Card
	files []byte
}

func (s *spy) Transmit(command []byte) ([]byte, error) {
	if command[1] == apdu.InsReadRecord {
		s.files = append(s.files, command[3]>>3)
	}
	return s.Card.Transmit(command)
}

func TestParseItem(t *testing.T) {
	for _, wrong := range []string{"", "01", "0201", "020232 32", "0E0101", "02013131", "0504202401", "0205313131"} {
		_, err := sscard.ParseItem(unhex(wrong))
		assert.Error(t, err, wrong)
	}
	i, err := sscard.ParseItem(unhex("020131FFFF"))
	require.NoError(t, err)
	assert.Equal(t, sscard.Item{Tag: 2, Value: []byte("1")}, i)
}

func FuzzItem(f *testing.F) {
	f.Add(unhex("020131"), unhex("091EB2E2CAD4BCD7"))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		if i, err := sscard.ParseItem(first); err == nil {
			assert.True(t, bytes.HasPrefix(first, append([]byte{i.Tag, byte(len(i.Value))}, i.Value...)))
		}
		k := &foreigntest.Card{Applications: map[string]*foreigntest.Application{sscard.Name: {Records: map[app.SFI][][]byte{5: {first, second}, 6: {first, second}}}}}
		got, err := sscard.Read(context.Background(), foreign.Client(k), sscard.Options{Person: true})
		if err == nil {
			_, err = json.Marshal(got)
			assert.NoError(t, err)
		}
	})
}
