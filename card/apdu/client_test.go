package apdu_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/apdu"
)

// A cardFunc is a card that is one function. It keeps what it was asked.
type cardFunc struct {
	asked  []string
	answer func(command []byte) ([]byte, error)
}

func (c *cardFunc) Transmit(command []byte) ([]byte, error) {
	c.asked = append(c.asked, strings.ToUpper(hex.EncodeToString(command)))
	return c.answer(command)
}

// scripted is a card that gives these answers, one after another, and is then gone.
func scripted(t testing.TB, answers ...string) *cardFunc {
	return &cardFunc{answer: func([]byte) ([]byte, error) {
		if len(answers) == 0 {
			return nil, card.ErrCardLost
		}
		answer := unhex(t, answers[0])
		answers = answers[1:]
		return answer, nil
	}}
}

// always is a card with one answer.
func always(t testing.TB, answer string) *cardFunc {
	return &cardFunc{answer: func([]byte) ([]byte, error) { return unhex(t, answer), nil }}
}

func hexOf(n int, b byte) string { return strings.ToUpper(hex.EncodeToString(bytesOf(n, b))) }

func TestClientFollows(t *testing.T) {
	read := apdu.Command{INS: apdu.InsReadBinary, P1: 0x81, Ne: apdu.MaxShortNe}
	for name, tc := range map[string]struct {
		command apdu.Command
		options apdu.Options
		answers []string
		asked   []string
		data    string
	}{
		"nothing to follow": {read, apdu.Options{}, []string{"0102 9000"}, []string{"00B0810000"}, "0102"},
		"61xx": {apdu.Command{INS: 0xA4, Data: []byte{1}, Ne: 256}, apdu.Options{},
			[]string{"6102", "0102 9000"}, []string{"00A40000010100", "00C0000002"}, "0102"},
		"61xx with data, twice": {read, apdu.Options{},
			[]string{"01 6102", "0203 6101", "04 9000"}, []string{"00B0810000", "00C0000002", "00C0000001"}, "01020304"},
		"6100 is 256": {read, apdu.Options{}, []string{"6100", hexOf(256, 7) + "9000"}, []string{"00B0810000", "00C0000000"}, hexOf(256, 7)},
		"6Cxx":        {read, apdu.Options{}, []string{"6C02", "0102 9000"}, []string{"00B0810000", "00B0810002"}, "0102"},
		"6Cxx after 61xx": {read, apdu.Options{},
			[]string{"6110", "6C02", "0102 9000"}, []string{"00B0810000", "00C0000010", "00C0000002"}, "0102"},
		"6Cxx before and after 61xx": {read, apdu.Options{},
			[]string{"6C10", "6108", "6C02", "0102 9000"}, []string{"00B0810000", "00B0810010", "00C0000008", "00C0000002"}, "0102"},
		"6Cxx that brings data with it": {read, apdu.Options{}, []string{"0A0B 6C02", "0102 9000"}, []string{"00B0810000", "00B0810002"}, "0102"},
		"on a channel": {apdu.Command{CLA: 0x02, INS: 0xB0, Ne: 256}, apdu.Options{},
			[]string{"6101", "07 9000"}, []string{"02B0000000", "02C0000001"}, "07"},
		"on a further channel, secured": {apdu.Command{CLA: 0x63, INS: 0xB0, Ne: 256}, apdu.Options{},
			[]string{"6101", "07 9000"}, []string{"63B0000000", "43C0000001"}, "07"},
		"of a proprietary class": {apdu.Command{CLA: 0x84, INS: 0xB0, Ne: 256}, apdu.Options{},
			[]string{"6101", "07 9000"}, []string{"84B0000000", "00C0000001"}, "07"},
		"chaining": {apdu.Command{CLA: 0x80, INS: 0xD6, Data: bytesOf(511, 5), Ne: 1}, apdu.Options{},
			[]string{"9000", "9000", "07 9000"},
			[]string{"90D60000FF" + hexOf(255, 5), "90D60000FF" + hexOf(255, 5), "80D60000010501"}, "07"},
		"chaining to the brim": {apdu.Command{INS: 0xD6, Data: bytesOf(510, 5)}, apdu.Options{},
			[]string{"9000", "9000"}, []string{"10D60000FF" + hexOf(255, 5), "00D60000FF" + hexOf(255, 5)}, ""},
		"long form": {apdu.Command{INS: 0xD6, Data: bytesOf(256, 5)}, apdu.Options{Extended: true},
			[]string{"9000"}, []string{"00D60000000100" + hexOf(256, 5)}, ""},
		"long Ne without the long form": {apdu.Command{INS: 0xB0, Ne: 300}, apdu.Options{},
			[]string{hexOf(256, 1) + "612C", hexOf(44, 2) + "9000"}, []string{"00B0000000", "00C000002C"}, hexOf(256, 1) + hexOf(44, 2)},
	} {
		t.Run(name, func(t *testing.T) {
			c := scripted(t, tc.answers...)
			r, err := apdu.NewClient(c, tc.options).Send(tc.command)
			require.NoError(t, err)
			assert.Equal(t, tc.asked, c.asked)
			assert.Equal(t, tc.data, strings.ToUpper(hex.EncodeToString(r.Data)))
			assert.Equal(t, apdu.OK, r.Status)
		})
	}
}

func TestClientRefuses(t *testing.T) {
	all := apdu.Command{INS: 0xB0, Ne: apdu.MaxShortNe}
	long := apdu.Command{INS: 0xB0, Ne: apdu.MaxNe}
	four := apdu.Command{INS: 0xB0, Ne: 4}
	for name, tc := range map[string]struct {
		command apdu.Command
		options apdu.Options
		card    *cardFunc
		reason  apdu.Reason
		rounds  int
	}{
		"61 for ever, without data": {all, apdu.Options{}, always(t, "6110"), apdu.ReasonNoProgress, 2},
		"61 for ever, a byte each":  {all, apdu.Options{}, always(t, "01 6110"), apdu.ReasonRounds, 256},
		"61 for ever, full":         {long, apdu.Options{MaxRounds: 1000}, always(t, hexOf(256, 1)+"6100"), apdu.ReasonAnswer, 257},
		"a limit of the caller's":   {all, apdu.Options{MaxAnswer: 300}, always(t, hexOf(256, 1)+"6100"), apdu.ReasonAnswer, 2},
		"rounds of the caller's":    {all, apdu.Options{MaxRounds: 3}, always(t, "01 6101"), apdu.ReasonRounds, 3},
		"6C twice":                  {all, apdu.Options{}, scripted(t, "6C04", "6C05"), apdu.ReasonLe, 2},
		"6C for ever":               {all, apdu.Options{}, always(t, "6C00"), apdu.ReasonLe, 2},
		"more than Le":              {four, apdu.Options{}, always(t, "0102030405 9000"), apdu.ReasonAnswer, 1},
		"more than Le over 61xx":    {four, apdu.Options{}, scripted(t, "010203 6102", "0405 9000"), apdu.ReasonAnswer, 2},
		"data that nobody wanted":   {apdu.Command{INS: 0xD6}, apdu.Options{}, always(t, "01 9000"), apdu.ReasonAnswer, 1},
		"more than was promised":    {all, apdu.Options{}, scripted(t, "6101", "0102 9000"), apdu.ReasonAnswer, 2},
		"chain longer than rounds":  {apdu.Command{INS: 0xD6, Data: bytesOf(65535, 1)}, apdu.Options{}, always(t, "9000"), apdu.ReasonRounds, 256},
		"no status word":            {all, apdu.Options{}, always(t, "0000"), apdu.ReasonStatusWord, 1},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := apdu.NewClient(tc.card, tc.options).Send(tc.command)
			var refused *apdu.Error
			require.ErrorAs(t, err, &refused)
			assert.Equal(t, tc.reason, refused.Reason, err)
			assert.Len(t, tc.card.asked, tc.rounds)
			if tc.reason == apdu.ReasonAnswer {
				assert.ErrorIs(t, err, card.ErrAnswerTooLong)
			}
		})
	}
}

func TestClientStatus(t *testing.T) {
	secret := apdu.Command{INS: apdu.InsVerify, P2: 1, Data: []byte{0xDE, 0xAD}}
	_, err := apdu.NewClient(always(t, "63C2"), apdu.Options{}).Send(secret)
	assert.ErrorIs(t, err, apdu.TriesLeft)
	assert.EqualError(t, err, "apdu: 00200001: 63C2 verification failed (2) 校验失败")
	var refused *apdu.StatusError
	require.ErrorAs(t, err, &refused)
	n, ok := refused.Status.Remaining()
	assert.True(t, ok)
	assert.Equal(t, 2, n)

	// A warning is an error, and its data is there.
	r, err := apdu.NewClient(always(t, "0102 6282"), apdu.Options{}).Send(apdu.Command{INS: 0xB0, Ne: 256})
	assert.ErrorIs(t, err, apdu.EndOfFile)
	assert.Equal(t, []byte{1, 2}, r.Data)

	// Nothing is fetched that was not asked for, and no length is followed beyond what was.
	for answer, status := range map[string]apdu.Status{"6110": 0x6110, "6C10": 0x6C10} {
		c := always(t, answer)
		_, err := apdu.NewClient(c, apdu.Options{}).Send(apdu.Command{INS: 0xD6})
		assert.ErrorIs(t, err, status)
		assert.Len(t, c.asked, 1)
	}
	_, err = apdu.NewClient(always(t, "6C10"), apdu.Options{}).Send(apdu.Command{INS: 0xB0, Ne: 4})
	assert.ErrorIs(t, err, apdu.WrongLe)

	// A secured command is not sent twice.
	for _, cla := range []byte{0x04, 0x84, 0x0C, 0x60} {
		c := scripted(t, "6C10", "9000")
		_, err := apdu.NewClient(c, apdu.Options{}).Send(apdu.Command{CLA: cla, INS: 0xB0, Ne: 256})
		assert.ErrorIs(t, err, apdu.WrongLe)
		assert.Len(t, c.asked, 1)
	}

	// A chain ends with the first refusal.
	c := scripted(t, "9000", "6A84")
	_, err = apdu.NewClient(c, apdu.Options{}).Send(apdu.Command{INS: 0xD6, Data: bytesOf(700, 1)})
	assert.ErrorIs(t, err, apdu.NotEnoughMemory)
	assert.Len(t, c.asked, 2)
}

func TestClientTransport(t *testing.T) {
	read := apdu.Command{INS: 0xB0, Ne: 256}
	for name, answer := range map[string][]byte{"nothing": nil, "half a status word": {0x90}} {
		_, err := apdu.NewClient(&cardFunc{answer: func([]byte) ([]byte, error) { return answer, nil }}, apdu.Options{}).Send(read)
		assert.ErrorIs(t, err, card.ErrCardLost, name)
	}
	_, err := apdu.NewClient(&cardFunc{answer: func([]byte) ([]byte, error) { return make([]byte, card.MaxAnswer+1), nil }}, apdu.Options{}).Send(read)
	assert.ErrorIs(t, err, card.ErrAnswerTooLong)

	unplugged := errors.New("the cable is out")
	c := &cardFunc{answer: func([]byte) ([]byte, error) { return nil, unplugged }}
	_, err = apdu.NewClient(c, apdu.Options{}).Send(read)
	assert.ErrorIs(t, err, unplugged)

	_, err = apdu.NewClient(c, apdu.Options{}).Send(apdu.Command{Data: make([]byte, 65536)})
	var refused *apdu.Error
	require.ErrorAs(t, err, &refused)
	assert.Len(t, c.asked, 1, "what has no encoding is not sent, not even in pieces")
}

// A patient is a transport that can be told to stop.
type patient struct{ *cardFunc }

func (p patient) TransmitContext(ctx context.Context, command []byte) ([]byte, error) {
	return p.Transmit(append(command, fmt.Sprint(ctx.Value(patient{}))...))
}

func TestClientContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), patient{}, "!"))
	c := &cardFunc{}
	c.answer = func([]byte) ([]byte, error) {
		cancel()
		return []byte{0x61, 0x01}, nil
	}
	_, err := apdu.NewClient(patient{c}, apdu.Options{}).SendContext(ctx, apdu.Command{INS: 0xB0, Ne: 256})
	assert.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, []string{"00B0000000" + "21"}, c.asked, "by the context's own method, and once")
}

// FuzzClient: a card that says anything. Whatever it is, the conversation is short, what goes out is a command, what
// comes back is bounded, and only 9000 is a success.
func FuzzClient(f *testing.F) {
	f.Add([]byte{0x61, 0x10, 2, 0x90, 0}, uint16(256), uint16(0), false)
	f.Add([]byte{0x6C, 4, 2, 0x6C, 4}, uint16(10), uint16(300), false)
	f.Add([]byte{0x61, 0, 4, 1, 2, 0x61, 0, 2, 0x90, 0}, uint16(0), uint16(256), true)
	f.Fuzz(func(t *testing.T, script []byte, ne, nc uint16, extended bool) {
		rounds := 0
		last := []byte(nil)
		c := &cardFunc{}
		c.answer = func(command []byte) ([]byte, error) {
			c.asked = nil
			rounds++
			if _, err := apdu.Parse(command); err != nil {
				t.Fatalf("%x goes out: %v", command, err)
			}
			// The script is length, answer, length, answer, and for ever its first two bytes.
			last = script[:min(2, len(script))]
			if len(script) > 2 {
				n := min(int(script[2]), len(script)-3)
				last = script[3 : 3+n]
				script = append(script[:2:2], script[3+n:]...)
			}
			return bytes.Clone(last), nil
		}
		const rounds16, answer1024 = 16, 1024
		command := apdu.Command{INS: 0xB0, Data: make([]byte, nc), Ne: int(ne)}
		r, err := apdu.NewClient(c, apdu.Options{Extended: extended, MaxAnswer: answer1024, MaxRounds: rounds16}).Send(command)
		if rounds > rounds16 || len(r.Data) > answer1024 || ne != 256 && len(r.Data) > int(ne) {
			t.Fatalf("%d rounds, %d bytes", rounds, len(r.Data))
		}
		var malformed *apdu.Error
		var refused *apdu.StatusError
		switch {
		case err == nil:
			if r.Status != apdu.OK || !bytes.HasSuffix(last, []byte{0x90, 0}) {
				t.Fatalf("%x is a success", last)
			}
		case errors.As(err, &refused):
			if refused.Status == apdu.OK || r.Status != refused.Status {
				t.Fatal(err)
			}
		case errors.As(err, &malformed), errors.Is(err, card.ErrCardLost):
		default:
			t.Fatal(err)
		}
	})
}
