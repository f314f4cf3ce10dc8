package record_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/transport/record"
)

const sample = `citizencode card record 1
# an elderly card at a gate
reset cold
< 3B800101
> 00A40400 09 F04349544943414431 00
< 6F07 8405 0011223344 9000
> 0020008106xxxxxxxxxxxx
< 63C2
> 80540100
! card lost
reset warm
! card lost
`

// A card that says what it is told to say.
type speaker struct {
	answers []string // "!" for an error
}

func (c *speaker) next() ([]byte, error) {
	answer := c.answers[0]
	c.answers = c.answers[1:]
	if answer == "!" {
		return nil, card.ErrCardLost
	}
	return hex.DecodeString(answer)
}

func (c *speaker) Transmit(command []byte) ([]byte, error) {
	clear(command) // as a card that decrypts in place does
	return c.next()
}

func (c *speaker) Reset(bool) ([]byte, error) { return c.next() }

func unhex(t *testing.T, s string) []byte {
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

// What is recorded is what was said, and plays back.
func TestRecordAndReplay(t *testing.T) {
	talk := func(c interface {
		card.Transport
		card.Resetter
	}, pin string) {
		atr, err := c.Reset(true)
		require.NoError(t, err)
		assert.Equal(t, unhex(t, "3B800101"), atr)
		answer, err := c.Transmit(unhex(t, "00A4040009F0434954494341443100"))
		require.NoError(t, err)
		assert.Equal(t, unhex(t, "6F07840500112233449000"), answer)
		answer, err = c.Transmit(unhex(t, "0020008106"+pin))
		require.NoError(t, err)
		assert.Equal(t, unhex(t, "63C2"), answer)
		_, err = c.Transmit(unhex(t, "80540100"))
		assert.ErrorIs(t, err, card.ErrCardLost)
		_, err = c.Reset(false)
		assert.ErrorIs(t, err, card.ErrCardLost)
	}
	var text bytes.Buffer
	r := record.NewRecorder(&speaker{[]string{"3B800101", "6F07840500112233449000", "63C2", "!", "!"}}, &text, record.Options{})
	talk(r, "313233343536")
	require.NoError(t, r.Err())
	assert.NotContains(t, text.String(), "313233343536")

	recorded, err := record.Parse(&text)
	require.NoError(t, err)
	written, err := record.Parse(strings.NewReader(sample))
	require.NoError(t, err)
	for i := range written.Exchanges {
		assert.Equal(t, written.Exchanges[i].String(), strings.ReplaceAll(recorded.Exchanges[i].String(), "card: lost", "card lost"))
	}
	replay := written.Replay()
	assert.Equal(t, 5, replay.Left())
	talk(replay, "393939393939")
	assert.Equal(t, 0, replay.Left())
	_, err = replay.Transmit(unhex(t, "80540100"))
	assert.ErrorIs(t, err, record.ErrOtherCommand)
}

// Another command is refused, and the record waits for the right one.
func TestReplayRefuses(t *testing.T) {
	r, err := record.Parse(strings.NewReader(sample))
	require.NoError(t, err)
	p := r.Replay()
	_, err = p.Transmit(unhex(t, "00A4040000"))
	require.ErrorIs(t, err, record.ErrOtherCommand)
	_, err = p.Reset(false)
	require.ErrorIs(t, err, record.ErrOtherCommand)
	_, err = p.Reset(true)
	require.NoError(t, err)
	_, err = p.Transmit(unhex(t, "00A4040009F0434954494341443101"))
	require.ErrorIs(t, err, record.ErrOtherCommand)
	assert.ErrorContains(t, err, "line 5")
	_, err = p.Transmit(unhex(t, "00A4040009F0434954494341443100"))
	require.NoError(t, err)
	_, err = p.Transmit(unhex(t, "002000810631323334353637"))
	require.ErrorIs(t, err, record.ErrOtherCommand, "one byte more")
	_, err = p.Transmit(unhex(t, "002000810531323334"))
	require.ErrorIs(t, err, record.ErrOtherCommand, "a PIN of another length")
	assert.NotContains(t, err.Error(), "31323334")
}

// Every command that may carry a PIN, in any class.
func TestPINsAreHidden(t *testing.T) {
	for _, ins := range []string{"20", "21", "24", "25", "2C", "2D", "5E"} {
		for _, class := range []string{"00", "04", "0C", "10", "80", "84"} {
			var hidden, plain bytes.Buffer
			command := class + ins + "000003313233"
			_, err := record.NewRecorder(&speaker{[]string{"9000"}}, &hidden, record.Options{}).Transmit(unhex(t, command))
			require.NoError(t, err)
			assert.Contains(t, hidden.String(), "> "+class+ins+"000003xxxxxx\n")
			_, err = record.NewRecorder(&speaker{[]string{"9000"}}, &plain, record.Options{InsecurePINs: true}).Transmit(unhex(t, command))
			require.NoError(t, err)
			assert.Contains(t, plain.String(), "> "+command+"\n")
		}
	}
}

// A full disk does not stop a terminal.
func TestWriterFails(t *testing.T) {
	r := record.NewRecorder(&speaker{[]string{"9000", "9000"}}, full{}, record.Options{})
	for range 2 {
		_, err := r.Transmit(make([]byte, 4))
		require.NoError(t, err)
	}
	assert.Error(t, r.Err())
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space") }

func TestParseRefuses(t *testing.T) {
	head := "citizencode card record 1\n"
	for name, test := range map[string]struct {
		text string
		line int
	}{
		"empty":                   {"", 1},
		"other file":              {"hello\n", 1},
		"no answer":               {head + "> 00000000\n", 2},
		"two commands":            {head + "> 00000000\n> 00000000\n", 3},
		"answer first":            {head + "< 9000\n", 2},
		"short command":           {head + "> 000000\n< 9000\n", 2},
		"short answer":            {head + "> 00000000\n< 90\n", 3},
		"odd digits":              {head + "> 000000000\n< 9000\n", 2},
		"half a byte hidden":      {head + "> 00000000x\n< 9000\n", 2},
		"hidden in the middle":    {head + "> 00000000xx00\n< 9000\n", 2},
		"hidden answer":           {head + "> 00000000\n< 9000xx\n", 3},
		"not hexadecimal":         {head + "> 0000000g\n< 9000\n", 2},
		"no reason":               {head + "> 00000000\n! \n", 3},
		"unknown line":            {head + "> 00000000\n? 9000\n", 3},
		"command longer than any": {head + "> " + strings.Repeat("00", card.MaxCommand+1) + "\n< 9000\n", 2},
	} {
		_, err := record.Parse(strings.NewReader(test.text))
		var syntax *record.SyntaxError
		if assert.ErrorAs(t, err, &syntax, name) {
			assert.Equal(t, test.line, syntax.Line, name)
		}
	}
	_, err := record.Parse(strings.NewReader(head + strings.Repeat(" ", record.MaxLine+1)))
	assert.Error(t, err)
	_, err = record.Parse(strings.NewReader(head + strings.Repeat("> 00000000\n< 9000\n", record.MaxExchanges+1)))
	assert.ErrorContains(t, err, "too many")
	long := "> 00000000\n< " + strings.Repeat("00", 65536) + "\n"
	_, err = record.Parse(strings.NewReader(head + strings.Repeat(long, record.MaxSize/65540)))
	require.NoError(t, err)
	_, err = record.Parse(strings.NewReader(head + strings.Repeat(long, record.MaxSize/65540+1)))
	assert.ErrorContains(t, err, "too large")
	r, err := record.Parse(strings.NewReader(head + "> " + strings.Repeat("00 ", card.MaxCommand) + "\n< 9000\n"))
	require.NoError(t, err)
	assert.Len(t, r.Exchanges[0].Command, card.MaxCommand)
}

// What parses is written the same way again.
func FuzzParse(f *testing.F) {
	f.Add(sample)
	f.Add("citizencode card record 1\n> 00 xx 00\n")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := record.Parse(strings.NewReader(text))
		if err != nil {
			return
		}
		var again strings.Builder
		fmt.Fprintln(&again, "citizencode card record 1")
		for _, e := range r.Exchanges {
			again.WriteString(e.String())
		}
		r2, err := record.Parse(strings.NewReader(again.String()))
		require.NoError(t, err)
		require.Len(t, r2.Exchanges, len(r.Exchanges))
		for i, e := range r.Exchanges {
			require.Equal(t, e.String(), r2.Exchanges[i].String())
		}
		p := r.Replay()
		for _, e := range r.Exchanges {
			if e.Reset != record.None {
				_, err = p.Reset(e.Reset == record.Cold)
			} else {
				_, err = p.Transmit(append(bytes.Clone(e.Command), make([]byte, e.Hidden)...))
			}
			require.NotErrorIs(t, err, record.ErrOtherCommand)
			require.Equal(t, e.Answer == nil, err != nil)
		}
	})
}

func ExampleRecorder() {
	r := record.NewRecorder(&speaker{[]string{"6A82", "63C2"}}, os.Stdout, record.Options{})
	_, _ = r.TransmitContext(context.Background(), []byte{0x00, 0xA4, 0x00, 0x00, 0x02, 0x3F, 0x00})
	_, _ = r.TransmitContext(context.Background(), []byte{0x00, 0x20, 0x00, 0x81, 0x03, '1', '2', '3'})
	// Output:
	// citizencode card record 1
	// > 00A40000023F00
	// < 6A82
	// > 0020008103xxxxxx
	// < 63C2
}
