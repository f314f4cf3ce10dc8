package tlv_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card/tlv"
)

func TestDOL(t *testing.T) {
	// Amount (numeric, 6), transaction date (numeric, 3), unpredictable number (4), an own tag (2) and a template (1).
	list := unhex(t, "9F0206 9A03 9F3704 DF8101 02 6F01")
	d, err := tlv.ParseDOL(list)
	require.NoError(t, err)
	assert.Equal(t, tlv.DOL{{0x9F02, 6}, {0x9A, 3}, {0x9F37, 4}, {0xDF8101, 2}, {0x6F, 1}}, d)
	again, err := d.Bytes()
	require.NoError(t, err)
	assert.Equal(t, list, again)

	data := d.Build(map[tlv.Tag]tlv.Value{
		0x9F02:   {Bytes: unhex(t, "1234"), Number: true},     // filled on the left
		0x9A:     {Bytes: unhex(t, "20261122"), Number: true}, // cut on the left
		0x9F37:   {Bytes: unhex(t, "0102030405")},             // cut on the right
		0xDF8101: {Bytes: unhex(t, "AA")},                     // filled on the right
		0x6F:     {Bytes: unhex(t, "55")},                     // a template gives zeros
	})
	assert.Equal(t, unhex(t, "000000001234 261122 01020304 AA00 00"), data)
	assert.Equal(t, make([]byte, d.Size()), d.Build(nil))

	parts, err := d.Split(data)
	require.NoError(t, err)
	assert.Equal(t, data, bytes.Join(parts, nil))
	assert.Equal(t, unhex(t, "01020304"), parts[2])
	for _, wrong := range [][]byte{data[1:], append(data, 0)} {
		_, err = d.Split(wrong)
		var refused *tlv.Error
		require.ErrorAs(t, err, &refused)
		assert.Equal(t, tlv.ReasonDOL, refused.Reason)
	}
}

func TestParseDOLRefuses(t *testing.T) {
	for s, reason := range map[string]tlv.Reason{
		"9A":          tlv.ReasonShort,
		"9F":          tlv.ReasonShort,
		"0001":        tlv.ReasonTag,
		"9A00":        tlv.ReasonLength,
		"9AFF9F0201":  tlv.ReasonSize,
		"DF81818101":  tlv.ReasonTag,
		"9F0206 FF01": tlv.ReasonTag,
	} {
		_, err := tlv.ParseDOL(unhex(t, s))
		var refused *tlv.Error
		require.ErrorAs(t, err, &refused, s)
		assert.Equal(t, reason, refused.Reason, s)
	}
	for _, d := range []tlv.DOL{{{0, 1}}, {{0x9A, 0}}, {{0x9A, 256}}, {{0x9A, 200}, {0x9A, 56}}} {
		_, err := d.Bytes()
		assert.Error(t, err)
	}
}

func FuzzDOL(f *testing.F) {
	for _, s := range []string{"", "9F0206 9A03", "9A00", "9AFF", "DF810101"} {
		f.Add(unhex(f, s), []byte("value"))
	}
	f.Fuzz(func(t *testing.T, b, value []byte) {
		d, err := tlv.ParseDOL(b)
		if err != nil {
			var refused *tlv.Error
			if !errors.As(err, &refused) || refused.Offset > len(b) {
				t.Fatalf("%x: %v", b, err)
			}
			return
		}
		if again, err := d.Bytes(); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%x is written %x, %v", b, again, err)
		}
		values := map[tlv.Tag]tlv.Value{}
		for i, w := range d {
			values[w.Tag] = tlv.Value{Bytes: value, Number: i%2 == 0}
		}
		data := d.Build(values)
		parts, err := d.Split(data)
		if err != nil || len(parts) != len(d) || len(data) > tlv.MaxDOL || !bytes.Equal(bytes.Join(parts, nil), data) {
			t.Fatalf("%x builds %x, %v", b, data, err)
		}
	})
}
