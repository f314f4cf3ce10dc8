package tlv_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/card/tlv"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	require.NoError(t, err)
	return b
}

// TestParse reads the FCI of a made-up card.
func TestParse(t *testing.T) {
	fci := unhex(t, "6F 1F 84 09 F04349544943414431 A5 12 BF0C 0F 5A 08 2101000000000042 DF02 02 0001")
	objects, err := tlv.Parse(fci, tlv.Strict)
	require.NoError(t, err)
	name, ok := objects.Find(0x6F, 0x84)
	require.True(t, ok)
	assert.Equal(t, unhex(t, "F04349544943414431"), name.Value)
	serial, ok := objects.Find(0x6F, 0xA5, 0xBF0C, 0x5A)
	require.True(t, ok)
	assert.Equal(t, unhex(t, "2101000000000042"), serial.Value)
	for _, path := range [][]tlv.Tag{{0x84}, {0x6F, 0x85}, {0x6F, 0x84, 0x5A}, {}} {
		_, ok = objects.Find(path...)
		assert.False(t, ok, path)
	}
	again, err := objects.Bytes()
	require.NoError(t, err)
	assert.Equal(t, fci, again)
}

func TestRules(t *testing.T) {
	for name, tc := range map[string]struct {
		bytes           string
		strict, lenient tlv.Reason
	}{
		"nothing":                         {"", "", ""},
		"empty value":                     {"84 00", "", ""},
		"empty template":                  {"6F 00", "", ""},
		"127 bytes":                       {"84 7F" + strings.Repeat("00", 127), "", ""},
		"128 bytes":                       {"84 8180" + strings.Repeat("00", 128), "", ""},
		"256 bytes":                       {"84 820100" + strings.Repeat("00", 256), "", ""},
		"81 for 127":                      {"84 817F" + strings.Repeat("00", 127), tlv.ReasonLength, ""},
		"82 for 255":                      {"84 8200FF" + strings.Repeat("00", 255), tlv.ReasonLength, ""},
		"84 for 1":                        {"84 8400000001 01", tlv.ReasonLength, ""},
		"85 for 1":                        {"84 850000000001 01", tlv.ReasonLength, tlv.ReasonLength},
		"indefinite":                      {"6F 80 8400 0000", tlv.ReasonLength, tlv.ReasonLength},
		"filler in front":                 {"00 FF 84 01 01", tlv.ReasonTag, ""},
		"filler between, inside, behind":  {"84 01 01 00 6F 05 FF 85 01 02 00 FFFF", tlv.ReasonTag, ""},
		"a byte behind":                   {"84 01 01 84", tlv.ReasonShort, tlv.ReasonShort},
		"value too short":                 {"84 02 01", tlv.ReasonShort, tlv.ReasonShort},
		"value beyond its template":       {"6F 03 84 02 01 02", tlv.ReasonShort, tlv.ReasonShort},
		"length cut":                      {"84 82 01", tlv.ReasonShort, tlv.ReasonShort},
		"tag cut":                         {"5F", tlv.ReasonShort, tlv.ReasonShort},
		"long tag cut":                    {"DF 81", tlv.ReasonShort, tlv.ReasonShort},
		"tag of three bytes":              {"DF8101 00", "", ""},
		"tag of four bytes":               {"DF818101 00", tlv.ReasonTag, tlv.ReasonTag},
		"tag with a leading zero":         {"DF8001 00", tlv.ReasonTag, tlv.ReasonTag},
		"EMV's 9F02":                      {"9F02 01 00", "", ""},
		"eight levels":                    {nested(8), "", ""},
		"nine levels":                     {nested(9), tlv.ReasonDepth, tlv.ReasonDepth},
		"a length larger than any object": {"84 84FFFFFFFF 00", tlv.ReasonSize, tlv.ReasonSize},
	} {
		t.Run(name, func(t *testing.T) {
			for rule, want := range map[tlv.Rule]tlv.Reason{tlv.Strict: tc.strict, tlv.Lenient: tc.lenient} {
				_, err := tlv.Parse(unhex(t, tc.bytes), rule)
				if want == "" {
					assert.NoError(t, err)
					continue
				}
				var refused *tlv.Error
				require.ErrorAs(t, err, &refused)
				assert.Equal(t, want, refused.Reason, "lenient %v: %v", rule, err)
			}
		})
	}
	_, err := tlv.Parse(make([]byte, tlv.MaxSize+1), tlv.Lenient)
	var refused *tlv.Error
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, tlv.ReasonSize, refused.Reason)
}

// nested is a primitive object on that level.
func nested(levels int) string {
	b := []byte{0x84, 0}
	for range levels - 1 {
		b = append([]byte{0x6F, byte(len(b))}, b...)
	}
	return hex.EncodeToString(b)
}

func TestErrorOffset(t *testing.T) {
	_, err := tlv.Parse(unhex(t, "84 01 01 6F 04 85 01 02 5F"), tlv.Strict)
	assert.EqualError(t, err, "tlv: too-short at byte 8")
}

func TestBytesRefuses(t *testing.T) {
	deep := tlv.Objects{{Tag: 0x84}}
	for range tlv.MaxDepth {
		deep = tlv.Objects{{Tag: 0x6F, Objects: deep}}
	}
	for name, tc := range map[string]struct {
		objects tlv.Objects
		reason  tlv.Reason
	}{
		"no tag":                    {tlv.Objects{{}}, tlv.ReasonTag},
		"filler as a tag":           {tlv.Objects{{Tag: 0xFF}}, tlv.ReasonTag},
		"half a tag":                {tlv.Objects{{Tag: 0x1F}}, tlv.ReasonTag},
		"two tags":                  {tlv.Objects{{Tag: 0x8401}}, tlv.ReasonTag},
		"four bytes of tag":         {tlv.Objects{{Tag: 0xDF818101}}, tlv.ReasonTag},
		"value in a template":       {tlv.Objects{{Tag: 0x6F, Value: []byte{1}}}, tlv.ReasonStructure},
		"objects in a primitive":    {tlv.Objects{{Tag: 0x84, Objects: tlv.Objects{{Tag: 0x84}}}}, tlv.ReasonStructure},
		"too deep":                  {deep, tlv.ReasonDepth},
		"too long":                  {tlv.Objects{{Tag: 0x84, Value: make([]byte, tlv.MaxSize+1)}}, tlv.ReasonSize},
		"too long with its header":  {tlv.Objects{{Tag: 0x84, Value: make([]byte, tlv.MaxSize)}}, tlv.ReasonSize},
		"too long in a template":    {tlv.Objects{{Tag: 0x6F, Objects: tlv.Objects{{Tag: 0x84, Value: make([]byte, tlv.MaxSize)}}}}, tlv.ReasonSize},
		"too long in several parts": {tlv.Objects{{Tag: 0x84, Value: make([]byte, 40000)}, {Tag: 0x84, Value: make([]byte, 40000)}}, tlv.ReasonSize},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tc.objects.Bytes()
			var refused *tlv.Error
			require.ErrorAs(t, err, &refused)
			assert.Equal(t, tc.reason, refused.Reason)
		})
	}
}

var someTags = []tlv.Tag{0x84, 0x5A, 0x9F08, 0x9F02, 0xDF01, 0xDF8101, 0x5F37}
var someTemplates = []tlv.Tag{0x6F, 0xA5, 0x7F21, 0xBF0C, 0xBF8102}

// drawObjects draws a tree, and writes it by an encoder of its own: plain is its only strict spelling, loose has filler
// and long lengths put in.
func drawObjects(t *rapid.T, level int) (objects tlv.Objects, plain, loose []byte) {
	filler := func() []byte { return rapid.SliceOfN(rapid.SampledFrom([]byte{0, 0xFF}), 0, 2).Draw(t, "filler") }
	for range rapid.IntRange(0, 3).Draw(t, "objects") {
		var o tlv.Object
		var p, l []byte
		if level < 4 && rapid.Bool().Draw(t, "template") {
			o.Tag = rapid.SampledFrom(someTemplates).Draw(t, "tag")
			o.Objects, p, l = drawObjects(t, level+1)
		} else {
			o.Tag = rapid.SampledFrom(someTags).Draw(t, "tag")
			n := rapid.OneOf(rapid.IntRange(0, 3), rapid.IntRange(126, 130), rapid.IntRange(254, 258)).Draw(t, "length")
			o.Value = bytes.Repeat([]byte{0xC5}, n)
			p, l = o.Value, o.Value
		}
		tag := unhexTag(o.Tag)
		length := func(n, extra int) []byte {
			var digits []byte
			for rest := n; rest > 0; rest >>= 8 {
				digits = append([]byte{byte(rest)}, digits...)
			}
			if n < 128 && extra == 0 {
				return []byte{byte(n)}
			}
			for ; extra > 0 && len(digits) < 4; extra-- {
				digits = append([]byte{0}, digits...)
			}
			return append([]byte{0x80 | byte(len(digits))}, digits...)
		}
		objects = append(objects, o)
		plain = append(append(append(plain, tag...), length(len(p), 0)...), p...)
		loose = append(append(loose, filler()...), tag...)
		loose = append(append(loose, length(len(l), rapid.IntRange(0, 3).Draw(t, "extra"))...), l...)
	}
	return objects, plain, append(loose, filler()...)
}

func unhexTag(tag tlv.Tag) []byte {
	s := strings.TrimLeft(hex.EncodeToString([]byte{byte(tag >> 24), byte(tag >> 16), byte(tag >> 8), byte(tag)}), "0")
	b, _ := hex.DecodeString(s)
	return b
}

// TestRoundTrip: strict reads and writes the plain spelling, lenient reads every other to the same objects, and strict
// refuses every other.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		objects, plain, loose := drawObjects(t, 1)
		written, err := objects.Bytes()
		if err != nil || !bytes.Equal(written, plain) {
			t.Fatalf("%x is written %x, %v", plain, written, err)
		}
		for rule, spelling := range map[tlv.Rule][]byte{tlv.Strict: plain, tlv.Lenient: loose} {
			read, err := tlv.Parse(spelling, rule)
			if err != nil {
				t.Fatalf("%x: %v", spelling, err)
			}
			if !same(read, objects) {
				t.Fatalf("%x is read %v", spelling, read)
			}
		}
		if _, err := tlv.Parse(loose, tlv.Strict); (err == nil) != bytes.Equal(loose, plain) {
			t.Fatalf("%x: strict says %v", loose, err)
		}
	})
}

func same(a, b tlv.Objects) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Tag != b[i].Tag || !bytes.Equal(a[i].Value, b[i].Value) || !same(a[i].Objects, b[i].Objects) {
			return false
		}
	}
	return true
}

func FuzzTLV(f *testing.F) {
	for _, s := range []string{"", "6F04 84020102", "00FF 8400", "84 81 01 01", "7F2104 5F370101", nested(8), nested(9)} {
		f.Add(unhex(f, s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		strict, err := tlv.Parse(b, tlv.Strict)
		var refused *tlv.Error
		if err != nil && (!errors.As(err, &refused) || refused.Offset > len(b)) {
			t.Fatalf("%x: %v", b, err)
		}
		lenient, lenientErr := tlv.Parse(b, tlv.Lenient)
		if err == nil {
			again, err := strict.Bytes()
			if err != nil || !bytes.Equal(again, b) {
				t.Fatalf("%x is written %x, %v", b, again, err)
			}
			if lenientErr != nil || !same(strict, lenient) {
				t.Fatalf("%x: lenient reads %v, %v", b, lenient, lenientErr)
			}
		}
		if lenientErr == nil {
			plain, err := lenient.Bytes()
			if err != nil || len(plain) > len(b) {
				t.Fatalf("%x is written %x, %v", b, plain, err)
			}
			if again, err := tlv.Parse(plain, tlv.Strict); err != nil || !same(again, lenient) {
				t.Fatalf("%x is read %v, %v", plain, again, err)
			}
		}
	})
}
