package vectors

import (
	"crypto/sha256"
	"encoding/hex"
	"math/big"
	"slices"

	"github.com/citizencode/citizencode/citycode"
)

// respelt are ways to write a signature down that are not r‖s.
var respelt = []struct {
	fault, flags, comment string
	change                func(sig []byte) []byte
}{
	{"halves-swapped", "Malleable", "s‖r in place of r‖s", func(sig []byte) []byte { return append(slices.Clone(sig[32:]), sig[:32]...) }},
	{"s-negated", "Malleable", "n-s in place of s: the twin that ECDSA has and SM2 has not", func(sig []byte) []byte {
		r, s := split(sig)
		return rs(r, s.Sub(curveN, s))
	}},
	{"r-negated", "Malleable", "n-r in place of r", func(sig []byte) []byte {
		r, s := split(sig)
		return rs(r.Sub(curveN, r), s)
	}},
	{"both-negated", "Malleable", "n-r and n-s", func(sig []byte) []byte {
		r, s := split(sig)
		return rs(r.Sub(curveN, r), s.Sub(curveN, s))
	}},
	{"little-endian", "Malleable", "r and s with the lowest byte first", func(sig []byte) []byte {
		out := slices.Clone(sig)
		slices.Reverse(out[:32])
		slices.Reverse(out[32:])
		return out
	}},
	{"der-cut-to-64", "DER", "the first 64 bytes of the DER form", func(sig []byte) []byte { return der(sig)[:64] }},
	{"r-zero", "ScalarRange", "r = 0", func(sig []byte) []byte { _, s := split(sig); return rs(new(big.Int), s) }},
	{"s-zero", "ScalarRange", "s = 0", func(sig []byte) []byte { r, _ := split(sig); return rs(r, new(big.Int)) }},
	{"all-zero", "ScalarRange Stripped", "64 zero bytes", func(sig []byte) []byte { return make([]byte, 64) }},
	{"r-is-n", "ScalarRange", "r = n", func(sig []byte) []byte { _, s := split(sig); return rs(curveN, s) }},
	{"s-is-n", "ScalarRange", "s = n", func(sig []byte) []byte { r, _ := split(sig); return rs(r, curveN) }},
	{"r-above-n", "ScalarRange", "r = n+1", func(sig []byte) []byte { _, s := split(sig); return rs(new(big.Int).Add(curveN, one), s) }},
	{"s-above-n", "ScalarRange", "s = n+1", func(sig []byte) []byte { r, _ := split(sig); return rs(r, new(big.Int).Add(curveN, one)) }},
	{"all-ones", "ScalarRange", "64 bytes 0xff", func(sig []byte) []byte { return slices.Repeat([]byte{0xff}, 64) }},
	{"t-is-zero", "ScalarRange", "s = n-r, so that r+s = 0 and the public key drops out", func(sig []byte) []byte {
		r, _ := split(sig)
		return rs(r, new(big.Int).Sub(curveN, r))
	}},
	{"last-bit-flipped", "Altered", "the last bit of s flipped", func(sig []byte) []byte { return append(slices.Clone(sig[:63]), sig[63]^1) }},
	{"first-bit-flipped", "Altered", "the first bit of r flipped", func(sig []byte) []byte { return append([]byte{sig[0] ^ 0x80}, sig[1:]...) }},
}

// misSigned are signatures of the right key over the wrong thing; tag is the right tag.
func misSigned(tag, otherKey string) []struct {
	fault, flags, comment string
	change                func(*signing)
} {
	return []struct {
		fault, flags, comment string
		change                func(*signing)
	}{
		{"no-tag", "WrongTag", "the tag was left out", func(s *signing) { s.tag = "" }},
		{"tag-in-lower-case", "WrongTag", "another spelling of the tag", func(s *signing) { s.tag = "cc1" + tag[3:] }},
		{"tag-behind", "WrongTag", "the tag stands behind the message", func(s *signing) { s.over = func(m []byte) []byte { return append(slices.Clone(m), tag...) } }},
		{"no-za", "WrongZA", "e = SM3(tag ‖ message), without ZA", func(s *signing) { s.za = func(*testKey) []byte { return nil } }},
		{"another-id", "WrongZA", "ZA under the identifier ALICE123@YAHOO.COM of the standard's example", func(s *signing) {
			s.za = func(k *testKey) []byte { return k.za("ALICE123@YAHOO.COM") }
		}},
		{"empty-id", "WrongZA", "ZA under an empty identifier", func(s *signing) { s.za = func(k *testKey) []byte { return k.za("") } }},
		{"id-length-in-bytes", "WrongZA", "ZA with the length of the identifier in bytes instead of bits", func(s *signing) {
			s.za = func(k *testKey) []byte { return k.zaWith(16, identity) }
		}},
		{"za-of-another-key", "WrongZA", "ZA of another key of the same token or city", func(s *signing) { s.za = func(*testKey) []byte { return key(otherKey).za(identity) } }},
		{"sha-256", "WrongHash", "SHA-256 in place of SM3", func(s *signing) {
			s.hash = func(parts ...[]byte) []byte { sum := sha256.Sum256(slices.Concat(parts...)); return sum[:] }
		}},
		{"digest-signed-as-message", "WrongHash", "SM3 of the message was signed as if it were the message", func(s *signing) {
			s.over = func(m []byte) []byte { return sm3([]byte(tag), m) }
		}},
		{"over-hexadecimal-text", "ReEncoded", "the message was signed as hexadecimal text", func(s *signing) {
			s.over = func(m []byte) []byte { return append([]byte(tag), hex.EncodeToString(m)...) }
		}},
		{"over-zero-padded-message", "ReEncoded", "the message was padded with a zero byte before it was signed", func(s *signing) {
			s.over = func(m []byte) []byte { return append(append([]byte(tag), m...), 0) }
		}},
	}
}

func (e *envelope) issuerSignatures() {
	b := e.tokenGroup(401, "The issuer's signature (SPEC §5.5)", newCity(), gate(), ride)
	defer b.end()
	bad := func(fault, flags, comment string, change func(*tokenCase)) {
		b.invalid(citycode.BadIssuerSignature, fault, flags, comment, change)
	}
	bad("issuerSignature/self-checked", "SelfChecked", "the holder's own key made the issuer's signature: a verifier that checks with a key from the code accepts every forgery", func(c *tokenCase) {
		c.shownBy(attacker)
		c.issuerSign.key = attacker
	})
	bad("holderKey/put-in-by-the-holder", "UncheckedIssuer", "a genuine credential with the attacker's key put in: passes where the issuer's signature is not checked", func(c *tokenCase) {
		c.issuerSign.give = c.issuerSign.sign(c.head()).signature
		c.shownBy(attacker)
	})
	for _, k := range []struct{ fault, name, comment string }{
		{"by-unlisted-key", attacker, "a key that nobody listed"},
		{"by-printer", printerKey, "the city's key for static codes"},
		{"by-status-key", statusKey, "the city's key for status lists"},
		{"by-root", root0, "a root key of the city"},
		{"by-another-city", foreignKey, "issuer 1 of another city"},
	} {
		bad("issuerSignature/"+k.fault, "WrongKey", "signed by "+k.comment, func(c *tokenCase) { c.issuerSign.key = k.name })
	}
	for _, tag := range []string{"CC1/stat", "CC1/tokn", "CC1/popp", "CC1/trst", "CC1/list", "CC1/impl"} {
		bad("issuerSignature/tag-"+tag[4:], "WrongTag", "signed under "+tag+" instead of CC1/cred", func(c *tokenCase) { c.issuerSign.tag = tag })
	}
	for _, m := range misSigned("CC1/cred", personA) {
		bad("issuerSignature/"+m.fault, m.flags, m.comment, func(c *tokenCase) { m.change(&c.issuerSign) })
	}
	for _, r := range respelt {
		bad("issuerSignature/"+r.fault, r.flags, r.comment, func(c *tokenCase) {
			c.issuerSign.after = func(sig []byte, _ *testKey) []byte { return r.change(sig) }
		})
	}
	bad("issuerSignature/message-encoded-again", "ReEncoded", "signed over the message without the length byte of the subject, as an encoder with fixed sizes would write it", func(c *tokenCase) {
		c.issuerSign.over = func(m []byte) []byte { return append([]byte("CC1/cred"), slices.Delete(slices.Clone(m), 22, 23)...) }
	})
	bad("issuerSignature/without-holder-key", "ReEncoded", "signed over the message without the holder's key: any key could be put in", func(c *tokenCase) {
		c.issuerSign.over = func(m []byte) []byte { return append([]byte("CC1/cred"), m[:31]...) }
	})
	bad("issuerSignature/from-another-credential", "Moved", "the issuer's signature of another credential of the same citizen", func(c *tokenCase) {
		other := ride()
		other.index++
		c.issuerSign.give = other.issuerSign.sign(other.head()).signature
	})
	bad("issuerSignature/holder-signature-in-its-place", "Moved", "the holder's signature stands in both places", func(c *tokenCase) {
		c.issuerSign.give = c.holderSign.sign(c.head()).signature
	})
	altered := func(field, comment string, change func(*tokenCase)) {
		bad(field+"/altered-after-issue", "Altered", comment, func(c *tokenCase) {
			c.issuerSign.give = c.issuerSign.sign(c.head()).signature
			change(c)
		})
	}
	bad("profile/altered-after-issue", "Altered", "a transit credential turned into a universal one", func(c *tokenCase) {
		c.notAfter = start + day
		c.issuerSign.give = c.issuerSign.sign(c.head()).signature
		c.profile = byte(citycode.ProfileUniversal)
	})
	altered("issuedAt", "issuedAt moved on by a second", func(c *tokenCase) { c.issuedAt++ })
	altered("notAfter", "notAfter moved back by a second", func(c *tokenCase) { c.notAfter-- })
	altered("statusIndex", "the index of another credential", func(c *tokenCase) { c.index++ })
	altered("scenes", "the mask of another scene group", func(c *tokenCase) { c.scenes, c.audience = 4, 4; c.terminal.Audience = ptr(uint16(4)) })
	altered("benefit", "a benefit class that was not given", func(c *tokenCase) { c.benefit = 9 })
	altered("subject", "the subject of somebody else", func(c *tokenCase) { c.subject = filler("somebody else", 8) })
	altered("holderKey", "the other point with the same x, under which the holder can sign too, with n-d: the prefix is signed", func(c *tokenCase) {
		k := key(personA)
		negative := &testKey{d: new(big.Int).Sub(curveN, k.d), x: k.x, y: new(big.Int).Sub(curveP, k.y)}
		c.holderKey = negative.public()
		message := slices.Concat([]byte("CC1/tokn"), c.credential(), c.dynamic())
		c.holderSign.give = negative.signWith(nonceOf("negative"), sm3(negative.za(identity), message))
	})

	static := func(fault, flags, comment string, change func(*tokenCase)) {
		bad(fault, "Static "+flags, comment, func(c *tokenCase) { c.draft = place(); change(c) })
	}
	static("issuerSignature/static-tag-cred", "WrongTag", "a static code signed under CC1/cred instead of CC1/stat", func(c *tokenCase) { c.issuerSign.tag = "CC1/cred" })
	static("issuerSignature/static-by-explicit-issuer", "WrongKey", "a static code signed by the city's key for explicit codes", func(c *tokenCase) { c.issuerSign.key = issuerKey })
	static("issuerSignature/static-by-unlisted-key", "WrongKey", "a static code signed by a key that nobody listed", func(c *tokenCase) { c.issuerSign.key = attacker })
	static("subject/static-altered-after-issue", "Altered", "a sticker whose place was changed", func(c *tokenCase) {
		c.issuerSign.give = c.issuerSign.sign(c.head()).signature
		c.subject = filler("another place", 8)
	})
}
