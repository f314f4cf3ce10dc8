package apdu_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/apdu"
)

func TestResponse(t *testing.T) {
	r, err := apdu.ParseResponse(unhex(t, "DEADBEEF 6282"))
	require.NoError(t, err)
	assert.Equal(t, apdu.Response{Data: unhex(t, "DEADBEEF"), Status: apdu.EndOfFile}, r)

	b, err := apdu.Response{Status: apdu.OK}.Bytes()
	require.NoError(t, err)
	assert.Equal(t, unhex(t, "9000"), b)

	b, err = apdu.Response{Data: make([]byte, apdu.MaxNe), Status: apdu.OK}.Bytes()
	require.NoError(t, err)
	assert.Len(t, b, card.MaxAnswer)
	_, err = apdu.Response{Data: make([]byte, apdu.MaxNe+1), Status: apdu.OK}.Bytes()
	assert.Error(t, err)
}

func TestParseResponseRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		bytes  []byte
		reason apdu.Reason
		cause  error
	}{
		"nothing":                          {nil, apdu.ReasonShort, card.ErrCardLost},
		"one byte":                         {[]byte{0x90}, apdu.ReasonShort, card.ErrCardLost},
		"too long":                         {make([]byte, card.MaxAnswer+1), apdu.ReasonTooLong, card.ErrAnswerTooLong},
		"60xx, a null byte of T=0":         {unhex(t, "6000"), apdu.ReasonStatusWord, nil},
		"5FFF":                             {unhex(t, "5FFF"), apdu.ReasonStatusWord, nil},
		"7000":                             {unhex(t, "7000"), apdu.ReasonStatusWord, nil},
		"A000":                             {unhex(t, "A000"), apdu.ReasonStatusWord, nil},
		"FFFF, what an idle line reads as": {unhex(t, "FFFF"), apdu.ReasonStatusWord, nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := apdu.ParseResponse(tc.bytes)
			var refused *apdu.Error
			require.ErrorAs(t, err, &refused)
			assert.Equal(t, tc.reason, refused.Reason)
			if tc.cause != nil {
				assert.ErrorIs(t, err, tc.cause)
			}
		})
	}
	_, err := apdu.Response{Status: 0}.Bytes()
	assert.Error(t, err, "a card that forgot its status word")
}

func FuzzResponse(f *testing.F) {
	for _, s := range []string{"9000", "6110", "01029000", "90", "6000", "63C3"} {
		f.Add(unhex(f, s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := apdu.ParseResponse(b)
		if err != nil {
			var refused *apdu.Error
			if !errors.As(err, &refused) || refused.Reason == "" {
				t.Fatalf("%x: %v", b, err)
			}
			return
		}
		if again, err := r.Bytes(); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%x is written %x, %v", b, again, err)
		}
	})
}

func TestStatus(t *testing.T) {
	assert.NoError(t, apdu.OK.Err())
	assert.Equal(t, apdu.FileNotFound, apdu.FileNotFound.Err())

	for text, s := range map[string]apdu.Status{
		"6A82 file or application not found 文件或应用未找到": apdu.FileNotFound,
		"63C2 verification failed (2) 校验失败":           apdu.Tries(2),
		"63CF verification failed (15) 校验失败":          apdu.Tries(99),
		"6C00 wrong Le (256) Le长度错误":                  apdu.WrongLe,
		"611E more data available (30) 正常处理，仍有数据可取":   0x611E,
		"9302 MAC error MAC无效":                        apdu.MACError,
		"6F42":                                        0x6F42,
	} {
		assert.Equal(t, text, s.Error())
	}

	for _, s := range []apdu.Status{0x63C0, 0x63C7, 0x63CF} {
		assert.ErrorIs(t, s, apdu.TriesLeft)
		assert.NotErrorIs(t, s, apdu.AuthFailed)
	}
	assert.ErrorIs(t, apdu.Status(0x6C1E), apdu.WrongLe)
	assert.ErrorIs(t, apdu.Status(0x611E), apdu.MoreData)
	assert.NotErrorIs(t, apdu.Status(0x6D01), apdu.InsNotSupported)
	assert.NotErrorIs(t, apdu.Status(0x63C2), apdu.Status(0x63C3))

	_, ok := apdu.WrongData.Remaining()
	assert.False(t, ok)
}

func TestStatusOf(t *testing.T) {
	s, ok := apdu.StatusOf(nil)
	assert.True(t, ok)
	assert.Equal(t, apdu.OK, s)
	s, ok = apdu.StatusOf(fmt.Errorf("reading the balance: %w", &apdu.StatusError{Status: apdu.AppBlocked}))
	assert.True(t, ok)
	assert.Equal(t, apdu.AppBlocked, s)
	_, ok = apdu.StatusOf(card.ErrCardLost)
	assert.False(t, ok)
}

func TestClass(t *testing.T) {
	for cla, want := range map[byte]apdu.Class{
		0x00: {},
		0x03: {Channel: 3},
		0x0C: {Secured: apdu.SecuredHeaderIncluded},
		0x10: {Chained: true},
		0x1D: {Chained: true, Secured: apdu.SecuredHeaderIncluded, Channel: 1},
		0x40: {Channel: 4},
		0x7F: {Chained: true, Secured: apdu.SecuredHeaderApart, Channel: 19},
		0x80: {Proprietary: true},
		0x84: {Proprietary: true, Secured: apdu.SecuredProprietary},
		0x90: {Proprietary: true, Chained: true},
	} {
		c, err := apdu.ParseClass(cla)
		require.NoError(t, err)
		assert.Equal(t, want, c, "%02X", cla)
	}
	for cla := range 256 {
		_, err := apdu.ParseClass(byte(cla))
		if others := cla >= 0x20 && cla < 0x40 || cla >= 0xA0; others {
			assert.Equal(t, apdu.ClassNotSupported, err, "%02X", cla)
		} else {
			assert.NoError(t, err, "%02X", cla)
		}
	}
}
