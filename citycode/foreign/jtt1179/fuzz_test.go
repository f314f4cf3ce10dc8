package jtt1179_test

import (
	"bytes"
	"testing"

	"github.com/citizencode/citizencode/citycode/foreign/jtt1179"
	"github.com/citizencode/citizencode/citycode/foreign/jtt1179/jtt1179test"
)

// FuzzVerify: nobody who fuzzes has a key, so nothing passes but what was
// signed, and what is refused has one reason of the list.
func FuzzVerify(f *testing.F) {
	r := jtt1179test.New()
	genuine := [][]byte{r.Bytes()}
	r.Custom = bytes.Repeat([]byte{7}, 32)
	genuine = append(genuine, r.Bytes())
	for _, b := range genuine {
		f.Add(b)
		f.Add(b[:100])
	}
	r.CA = "attacker"
	f.Add(r.Bytes())
	r.CA, r.SignedBy = jtt1179test.CA, "attacker"
	f.Add(r.Bytes())
	f.Add([]byte{0x81})
	f.Add([]byte{0x11})
	v, _ := newVerifier(f, nil)
	f.Fuzz(func(t *testing.T, b []byte) {
		ride, err := v.Verify(b, jtt1179.Check{})
		if err == nil {
			if ride == nil || !bytes.Equal(b, genuine[0]) && !bytes.Equal(b, genuine[1]) {
				t.Fatalf("%x is accepted", b)
			}
			return
		}
		refused, ok := err.(*jtt1179.Error)
		if !ok || refused.Reason < jtt1179.Malformed || refused.Reason > jtt1179.BadUserSignature {
			t.Fatalf("%x: %v", b, err)
		}
		if n, _ := v.Certificates(); n > 1 {
			t.Fatalf("%d certificates are remembered", n)
		}
	})
}

// FuzzParseParameters: a file that is read is written again as the same bytes.
func FuzzParseParameters(f *testing.F) {
	root := jtt1179test.RootKey(jtt1179test.CA, 1, "1235")
	f.Add(file(root, root))
	f.Add(file())
	f.Add(root)
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := jtt1179.ParseParameters(b); err == nil {
			if again, err := p.Bytes(); err != nil || !bytes.Equal(b, again) {
				t.Fatalf("%x is written %x: %v", b, again, err)
			}
		}
		if k, err := jtt1179.ParseRootKey(b); err == nil {
			if again, err := k.Bytes(); err != nil || !bytes.Equal(b, again) {
				t.Fatalf("%x is written %x: %v", b, again, err)
			}
		}
	})
}
