package purse_test

import (
	"bytes"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card/purse"
)

// A codec is one message: its size, and its way through Parse and Bytes.
type codec struct {
	name string
	size int
	turn func([]byte) ([]byte, error)
}

func turn[M interface{ Bytes() []byte }](parse func([]byte) (M, error)) func([]byte) ([]byte, error) {
	return func(b []byte) ([]byte, error) {
		m, err := parse(b)
		return m.Bytes(), err
	}
}

func codecs() []codec {
	return []codec{
		{"initialize", 11, turn(purse.ParseInitializeRequest)},
		{"initialize load answer", 16, turn(purse.ParseInitializeLoadAnswer)},
		{"initialize purchase answer", 15, turn(purse.ParseInitializePurchaseAnswer)},
		{"credit", 11, turn(purse.ParseCreditRequest)},
		{"credit answer", 4, turn(purse.ParseCreditAnswer)},
		{"debit", 15, turn(purse.ParseDebitRequest)},
		{"debit answer", 8, turn(purse.ParseDebitAnswer)},
		{"prove", 2, turn(func(b []byte) (purse.ProveRequest, error) { return purse.ParseProveRequest(byte(purse.Purchase), b) })},
		{"prove answer", 8, turn(purse.ParseProveAnswer)},
		{"balance", 4, turn(purse.ParseBalance)},
		{"log record", 23, turn(purse.ParseLogRecord)},
	}
}

// message is n bytes, all different, and right for every message: algorithm bytes are 04.
func message(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(0x30 + i)
	}
	switch n {
	case purse.InitializeLoadAnswerSize:
		b[7] = 0x04
	case purse.InitializePurchaseAnswerSize:
		b[10] = 0x04
	}
	return b
}

// TestMessages: each message is read and written to the byte, and no other length is one.
func TestMessages(t *testing.T) {
	for _, c := range codecs() {
		t.Run(c.name, func(t *testing.T) {
			b := message(c.size)
			again, err := c.turn(b)
			require.NoError(t, err)
			assert.Equal(t, b, again)
			for _, n := range []int{0, c.size - 1, c.size + 1} {
				_, err := c.turn(make([]byte, n))
				var refused *purse.Error
				require.ErrorAs(t, err, &refused)
				assert.Equal(t, purse.ReasonLength, refused.Reason)
			}
		})
	}
}

// TestFields: where the fields stand.
func TestFields(t *testing.T) {
	b := message(23)
	r, err := purse.ParseLogRecord(b)
	require.NoError(t, err)
	assert.Equal(t, uint16(0x3031), r.Seq)
	assert.Equal(t, int64(0x323334), r.Overdraft.Fen())
	assert.Equal(t, int64(0x35363738), r.Amount.Fen())
	assert.Equal(t, purse.Kind(0x39), r.Kind)
	assert.Equal(t, purse.TerminalID(b[10:16]), r.Terminal)
	assert.Equal(t, purse.DateTime(b[16:23]), r.At)

	a, err := purse.ParseInitializePurchaseAnswer(message(15))
	require.NoError(t, err)
	assert.Equal(t, []any{int64(0x30313233), uint16(0x3435), int64(0x363738), byte(0x39)},
		[]any{a.Balance.Fen(), a.Seq, a.Overdraft.Fen(), a.KeyVersion})

	for offset, parse := range map[int]func([]byte) error{
		7:  func(b []byte) error { _, err := purse.ParseInitializeLoadAnswer(b); return err },
		10: func(b []byte) error { _, err := purse.ParseInitializePurchaseAnswer(b); return err },
	} {
		b := message(map[int]int{7: 16, 10: 15}[offset])
		b[offset] = 0x01
		var refused *purse.Error
		require.ErrorAs(t, parse(b), &refused)
		assert.Equal(t, purse.ReasonAlgorithm, refused.Reason)
	}

	for p2 := range 256 {
		_, err := purse.ParseProveRequest(byte(p2), []byte{0, 1})
		if known := p2 == 1 || p2 == 2 || p2 == 5 || p2 == 6 || p2 == 9; known {
			assert.NoError(t, err)
			assert.NotContains(t, purse.Kind(p2).String(), "kind-")
		} else {
			assert.Error(t, err)
		}
	}
}

// FuzzMessage: what is accepted is written again to the byte.
func FuzzMessage(f *testing.F) {
	for i, c := range codecs() {
		f.Add(byte(i), message(c.size))
	}
	f.Fuzz(func(t *testing.T, which byte, b []byte) {
		c := codecs()[int(which)%len(codecs())]
		again, err := c.turn(b)
		var refused *purse.Error
		switch {
		case err == nil && !bytes.Equal(again, b):
			t.Fatalf("%s: %x is written %x", c.name, b, again)
		case err != nil && !errors.As(err, &refused):
			t.Fatal(err)
		}
		if record, err := purse.ParseLogRecord(b); err == nil {
			if at, err := record.At.Time(); err == nil {
				if again, err := purse.NewDateTime(at); err != nil || again != record.At {
					t.Fatalf("%x is %v, %v", record.At, at, err)
				}
			}
		}
	})
}

func TestAmount(t *testing.T) {
	for _, fen := range []int64{0, 1, math.MaxUint32} {
		a, err := purse.NewAmount(fen)
		require.NoError(t, err)
		assert.Equal(t, fen, a.Fen())
	}
	for _, fen := range []int64{-1, math.MinInt64, math.MaxUint32 + 1, math.MaxInt64} {
		_, err := purse.NewAmount(fen)
		var refused *purse.Error
		require.ErrorAs(t, err, &refused)
		assert.Equal(t, purse.ReasonAmount, refused.Reason)
	}
}

func TestDateTime(t *testing.T) {
	d, err := purse.NewDateTime(time.Date(2026, 12, 31, 16, 0, 1, 0, time.UTC))
	require.NoError(t, err)
	assert.Equal(t, purse.DateTime{0x20, 0x27, 0x01, 0x01, 0x00, 0x00, 0x01}, d, "midnight in Beijing")
	at, err := d.Time()
	require.NoError(t, err)
	assert.Equal(t, int64(1798732801), at.Unix())

	for _, s := range []string{"00000000000000", "20260229000000", "20261301000000", "20260101240000", "2026010100000A", "FFFFFFFFFFFFFF"} {
		_, err := purse.DateTime(unhex(t, s)).Time()
		var refused *purse.Error
		require.ErrorAs(t, err, &refused, s)
		assert.Equal(t, purse.ReasonDateTime, refused.Reason)
	}
	_, err = purse.NewDateTime(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC))
	assert.Error(t, err)
}
