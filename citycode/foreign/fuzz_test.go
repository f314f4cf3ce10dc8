package foreign_test

import (
	"bytes"
	"testing"
	"unicode/utf8"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/foreign"
	"github.com/citizencode/citizencode/qr"
)

// FuzzRecognise: whatever is a code to our own readers has our name and no
// other, and nothing has our name by a fault that those readers would repair.
func FuzzRecognise(f *testing.F) {
	for _, s := range samples(f) {
		if len(s.shown) <= foreign.MaxScan {
			f.Add([]byte(s.shown))
		}
	}
	r := newRecogniser(f, rules)
	f.Fuzz(func(t *testing.T, b []byte) {
		before := bytes.Clone(b)
		code := r.Recognise(b)
		if !bytes.Equal(b, before) {
			t.Fatalf("%x was changed", before)
		}
		if again := r.Recognise(b); again.Kind != code.Kind || again.Fault != code.Fault {
			t.Fatalf("%x: two names", b)
		}
		if !bytes.Contains(b, code.Bytes()) {
			t.Fatalf("%x: bytes that were not scanned", b)
		}
		if next := code.Next(); next.Zh == "" || next.En == "" {
			t.Fatalf("%s: no next step", code.Kind)
		}
		if code.Kind == foreign.Unknown && code.Fault != foreign.Intact {
			t.Fatalf("%x: unknown, and yet %s", b, code.Fault)
		}
		_, err := citycode.ParseToken(b)
		ours := err == nil
		if utf8.Valid(b) && len(b) <= foreign.MaxScan {
			_, err = qr.DecodeText(qr.TrimScan(string(b)))
			ours = ours || err == nil
		}
		if ours && (code.Kind != foreign.CitizenCode || code.Fault != foreign.Intact) {
			t.Fatalf("%x is a citizen code and is named %s, %s", b, code.Kind, code.Fault)
		}
	})
}
