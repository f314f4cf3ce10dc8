package hcert

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

// FuzzVerify: nobody who fuzzes has a key, so what passes says what was signed.
func FuzzVerify(f *testing.F) {
	good := newDraft().text(f)
	f.Add(good)
	f.Add(Prefix + encode45(deflate(make([]byte, 1<<20))))
	f.Add(Prefix)
	for _, text := range independent(f).Certificates {
		f.Add(text)
	}
	v := newVerifier(f, nil)
	signed := map[string]bool{}
	for _, text := range append([]string{good}, texts(independent(f))...) {
		b, refused := unpack(text)
		if refused != nil {
			f.Fatal(refused)
		}
		m, refused := cut(b)
		if refused != nil {
			f.Fatal(refused)
		}
		signed[string(m.signed())] = true
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := v.Verify(text)
		if err == nil {
			b, _ := unpack(text)
			if m, refused := cut(b); refused != nil || !signed[string(m.signed())] {
				t.Fatalf("%q is accepted", text)
			}
			return
		}
		if e, ok := err.(*Error); !ok || e.Reason == 0 || e.Reason >= reasons {
			t.Fatalf("%q: %v", text, err)
		}
		if body, ok := strings.CutPrefix(text, Prefix); ok {
			if b, ok := base45(body); ok && encode45(b) != body {
				t.Fatalf("%q is a second spelling", text)
			}
		}
	})
}

func texts(f *independentFile) (list []string) {
	for _, text := range f.Certificates {
		list = append(list, text)
	}
	return list
}

// FuzzMessage: what is signed is made of the message's own bytes, and an item is
// never longer than what it stands in.
func FuzzMessage(f *testing.F) {
	f.Add(newDraft().cose(f))
	for _, digits := range independent(f).Items {
		b, err := hex.DecodeString(digits)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > MaxInflated {
			return
		}
		before := bytes.Clone(b)
		c := &cbor{rest: b}
		if item := c.item(); !c.bad && (len(item) == 0 || len(item)+len(c.rest) != len(b)) {
			t.Fatalf("%x: an item of %d bytes, %d left", b, len(item), len(c.rest))
		}
		m, refused := cut(b)
		if !bytes.Equal(b, before) {
			t.Fatalf("%x was changed", before)
		}
		if refused != nil {
			return
		}
		if again := list(str("Signature1"), data(m.protected), data(nil), data(m.payload)); !bytes.Equal(again, m.signed()) {
			t.Fatalf("%x: signed %x and not %x", b, m.signed(), again)
		}
	})
}
