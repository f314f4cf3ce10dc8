package hcert

import (
	"slices"
	"strings"
	"testing"
)

// An altered certificate is one with one thing changed.
type altered struct {
	what   string
	reason string // "": it is good
	change func(d *draft)
}

// alterations change a message.
func alterations() []altered {
	kid := kidOf(issuer)
	return []altered{
		{"good", "", func(d *draft) {}},
		{"a tag of CWT in front", "", func(d *draft) { d.front = []byte{0xd8, 61, 0xd2} }},
		{"lengths that are not the shortest", "", func(d *draft) {
			d.message = func(m []byte) []byte { return append([]byte{0xd2, 0x98, 4}, m[2:]...) }
		}},
		{"another tag", "malformed", func(d *draft) { d.front = []byte{0xd3} }},
		{"tags in the other order", "malformed", func(d *draft) { d.front = []byte{0xd2, 0xd8, 61} }},
		{"a byte behind", "malformed", func(d *draft) { d.behind = []byte{0} }},
		{"five parts", "malformed", func(d *draft) { d.message = func(m []byte) []byte { m[1] = 0x85; return append(m, 0) } }},
		{"of indefinite length", "malformed", func(d *draft) { d.message = func(m []byte) []byte { m[1] = 0x9f; return append(m, 0xff) } }},
		{"claims of indefinite length", "malformed", func(d *draft) { c := claims(noon, noon); c[0] = 0xbf; d.claims = append(c, 0xff) }},
		{"no header", "unsupported-algorithm", func(d *draft) { d.protected = nil }},
		{"header that is no map", "malformed", func(d *draft) { d.protected = list() }},
		{"header with a byte behind", "malformed", func(d *draft) { d.protected = append(d.protected, 0) }},
		{"header with a key twice", "malformed", func(d *draft) { d.protected = pairs(integer(1), integer(-7), integer(1), integer(-7)) }},
		{"unprotected header that is no map", "malformed", func(d *draft) { d.unprotected = integer(0) }},
		{"PS256", "unsupported-algorithm", func(d *draft) { d.protected = pairs(integer(1), integer(-37), integer(4), data(kid[:])) }},
		{"none", "unsupported-algorithm", func(d *draft) { d.protected = pairs(integer(4), data(kid[:])) }},
		{"an algorithm by name", "unsupported-algorithm", func(d *draft) { d.protected = pairs(integer(1), str("ES256"), integer(4), data(kid[:])) }},
		{"algorithm only in the unprotected header", "unsupported-algorithm", func(d *draft) {
			d.protected, d.unprotected = pairs(integer(4), data(kid[:])), pairs(integer(1), integer(-7))
		}},
		{"a header that must be understood", "unsupported-algorithm", func(d *draft) {
			d.protected = pairs(integer(1), integer(-7), integer(2), list(integer(99)), integer(4), data(kid[:]))
		}},
		{"no key id", "unknown-key", func(d *draft) { d.protected = pairs(integer(1), integer(-7)) }},
		{"an unknown key id", "unknown-key", func(d *draft) { d.protected = pairs(integer(1), integer(-7), integer(4), data([]byte("01234567"))) }},
		{"a short key id", "unknown-key", func(d *draft) { d.protected = pairs(integer(1), integer(-7), integer(4), data(kid[:7])) }},
		{"the protected key id counts", "unknown-key", func(d *draft) {
			d.protected, d.unprotected = pairs(integer(1), integer(-7), integer(4), data([]byte("01234567"))), pairs(integer(4), data(kid[:]))
		}},
		{"signed by somebody else under the id", "bad-signature", func(d *draft) { d.by = "attacker" }},
		{"claims changed", "bad-signature", func(d *draft) {
			d.message = func(m []byte) []byte { return []byte(strings.Replace(string(m), "1.3.0", "1.3.1", 1)) }
		}},
		{"header moved out of what is signed", "unsupported-algorithm", func(d *draft) {
			d.message = func(m []byte) []byte {
				return []byte(strings.Replace(string(m), string(data(d.protected))+string(d.unprotected), string(data(nil))+string(d.protected), 1))
			}
		}},
		{"signature in DER", "bad-signature", func(d *draft) { d.signature = func(s []byte) []byte { return append([]byte{0x30, 68}, s...) } }},
		{"signature with a zero byte before s", "bad-signature", func(d *draft) {
			d.signature = func(s []byte) []byte { return slices.Insert(s, 32, 0) }
		}},
		{"claims with a byte behind", "malformed", func(d *draft) { d.claims = append(d.claims, 0) }},
		{"signature of zeros", "bad-signature", func(d *draft) { d.signature = func([]byte) []byte { return make([]byte, 64) } }},
		{"no signature", "bad-signature", func(d *draft) { d.signature = func([]byte) []byte { return nil } }},
		{"no expiry", "malformed", func(d *draft) { d.claims = pairs(integer(6), integer(noon), integer(-260), pairs(integer(1), pairs())) }},
		{"no time of issue", "malformed", func(d *draft) { d.claims = pairs(integer(4), integer(noon), integer(-260), pairs(integer(1), pairs())) }},
		{"no certificate inside", "malformed", func(d *draft) { d.claims = pairs(integer(4), integer(noon), integer(6), integer(noon)) }},
		{"a certificate of another version", "malformed", func(d *draft) {
			d.claims = pairs(integer(4), integer(noon), integer(6), integer(noon), integer(-260), pairs(integer(2), pairs()))
		}},
		{"expiry as text", "malformed", func(d *draft) {
			d.claims = pairs(integer(4), str("2030"), integer(6), integer(noon), integer(-260), pairs(integer(1), pairs()))
		}},
		{"expiry that wraps", "malformed", func(d *draft) { d.claims = claims(noon, 1<<62) }},
		{"expiry before 1970", "malformed", func(d *draft) { d.claims = claims(noon, -1) }},
		{"expiry of 64 bits", "malformed", func(d *draft) {
			d.claims = pairs(integer(4), head(0, 1<<63), integer(6), integer(noon), integer(-260), pairs(integer(1), pairs()))
		}},
		{"issuer that is no UTF-8", "malformed", func(d *draft) {
			d.claims = pairs(integer(1), str("\xff"), integer(4), integer(noon), integer(6), integer(noon), integer(-260), pairs(integer(1), pairs()))
		}},
		{"nested beyond reason", "malformed", func(d *draft) {
			d.claims = pairs(integer(4), integer(noon), integer(6), integer(noon), integer(-260), pairs(integer(1), []byte(strings.Repeat("\x81", 100)+"\x00")))
		}},
		{"issued before its key", "key-not-valid", func(d *draft) { d.claims = claims(noon-2*365*86400-1, noon+60) }},
		{"issued 30 s ahead", "", func(d *draft) { d.claims = claims(noon+30, noon+60) }},
		{"issued 31 s ahead", "not-yet-valid", func(d *draft) { d.claims = claims(noon+31, noon+60) }},
		{"expiring this second", "", func(d *draft) { d.claims = claims(noon-60, noon) }},
		{"expired a second ago", "expired", func(d *draft) { d.claims = claims(noon-60, noon-1) }},
		{"expired and signed by nobody", "bad-signature", func(d *draft) { d.claims, d.by = claims(noon-60, noon-1), "attacker" }},
		{"sixteen kilobytes", "too-large", func(d *draft) {
			d.claims = append(claims(noon-60, noon), make([]byte, 17<<10)...)
		}},
	}
}

type framed struct{ what, text string }

// framings are what is malformed before there is a message.
func framings(tb testing.TB) []framed {
	good := newDraft().text(tb)
	packed := deflate(newDraft().cose(tb))
	return []framed{
		{"empty", ""},
		{"another prefix", "HC2:" + good[4:]},
		{"lower case", strings.ToLower(good)},
		{"prefix alone", Prefix},
		{"a space in front", " " + good},
		{"one character more", good + "A"},
		{"outside the alphabet", good + "a00"},
		{"a group above its bound", good + "GGW"},
		{"a pair above its bound", Prefix + encode45(packed[:2]) + "U5"},
		{"not zlib", Prefix + encode45(newDraft().cose(tb))},
		{"cut off", Prefix + encode45(packed[:len(packed)-1])},
		{"checksum", Prefix + encode45(append(packed[:len(packed)-1:len(packed)-1], packed[len(packed)-1]^1))},
		{"something behind", Prefix + encode45(append(packed[:len(packed):len(packed)], 0, 0))},
		{"too long", Prefix + strings.Repeat("0", MaxText)},
		{"nothing compressed", Prefix + encode45(deflate(nil))},
	}
}
