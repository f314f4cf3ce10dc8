package vectors

import (
	"slices"

	"github.com/citizencode/citizencode/citycode"
)

func (e *envelope) holderSignatures() {
	b := e.tokenGroup(501, "The holder's key and signature (SPEC §5.5)", newCity(), gate(), ride)
	defer b.end()
	bad := func(fault, flags, comment string, change func(*tokenCase)) {
		b.invalid(citycode.BadHolderSignature, fault, flags, comment, change)
	}
	bad("holderKey/not-on-curve", "OffCurve", "there is no point with this x; the issuer signed it all the same", func(c *tokenCase) { c.holderKey = offCurve() })
	bad("holderKey/x-not-below-p", "OffCurve", "x+p in place of x: a second spelling of a point; the issuer signed it all the same", func(c *tokenCase) { c.holderKey = beyondField() })
	bad("holderKey/other-point-of-x", "OffCurve", "the credential names the point -P, the holder signs as P", func(c *tokenCase) { c.holderKey[0] ^= 1 })
	for _, k := range []struct{ fault, name, comment string }{
		{"by-attacker", attacker, "a copied credential, shown by somebody who has not its key"},
		{"by-issuer", issuerKey, "signed by the issuer's key"},
		{"by-another-citizen", personB, "signed by another citizen's key"},
	} {
		bad("holderSignature/"+k.fault, "WrongKey", k.comment, func(c *tokenCase) { c.holderSign.key = k.name })
	}
	for _, tag := range []string{"CC1/cred", "CC1/stat", "CC1/popp"} {
		bad("holderSignature/tag-"+tag[4:], "WrongTag", "signed under "+tag+" instead of CC1/tokn", func(c *tokenCase) { c.holderSign.tag = tag })
	}
	for _, m := range misSigned("CC1/tokn", issuerKey) {
		bad("holderSignature/"+m.fault, m.flags, m.comment, func(c *tokenCase) { m.change(&c.holderSign) })
	}
	for _, r := range respelt {
		bad("holderSignature/"+r.fault, r.flags, r.comment, func(c *tokenCase) {
			c.holderSign.after = func(sig []byte, _ *testKey) []byte { return r.change(sig) }
		})
	}
	over := func(fault, comment string, part func(m []byte) []byte) {
		bad("holderSignature/"+fault, "Coverage", comment, func(c *tokenCase) {
			c.holderSign.over = func(m []byte) []byte { return append([]byte("CC1/tokn"), part(m)...) }
		})
	}
	over("over-dynamic-only", "signed over the dynamic part alone: it would fit every credential of the key", func(m []byte) []byte { return m[128:] })
	over("over-static-only", "signed over the static part alone: the time could be set by anyone", func(m []byte) []byte { return m[:128] })
	over("without-issuer-signature", "signed over everything but the issuer's signature", func(m []byte) []byte { return slices.Concat(m[:64], m[128:]) })
	over("dynamic-before-static", "signed over dynamic ‖ static", func(m []byte) []byte { return slices.Concat(m[128:], m[:128]) })

	altered := func(field, comment string, change func(*tokenCase)) {
		bad(field+"/altered-after-signing", "Altered", comment, func(c *tokenCase) {
			c.holderSign.give = c.holderSign.sign(append(c.credential(), c.dynamic()...)).signature
			change(c)
		})
	}
	altered("time", "an old picture with a new time", func(c *tokenCase) { c.time++ })
	altered("counter", "a counter that the holder's key did not give", func(c *tokenCase) { c.counter++ })
	bad("audience/altered-after-signing", "Altered", "a universal code shown for transit is used for parking", func(c *tokenCase) {
		c.draft = universal()
		c.audience = uint16(citycode.Transit)
		c.holderSign.give = c.holderSign.sign(append(c.credential(), c.dynamic()...)).signature
		c.audience = uint16(citycode.Parking)
		c.terminal.Audience = ptr(uint16(citycode.Parking))
	})
	bad("challenge/altered-after-signing", "Altered Challenge", "the answer to one gate's challenge is given to another gate", func(c *tokenCase) {
		c.challenge = drawn("210100 gate 7", 16, now).Value
		c.holderSign.give = c.holderSign.sign(append(c.credential(), c.dynamic()...)).signature
		c.terminal.Challenge = drawn("210100 gate 8", 16, now)
		c.challenge = c.terminal.Challenge.Value
	})
	bad("challenge/stripped", "Stripped Challenge", "an answer to a challenge, made into a one-way code by taking the challenge out", func(c *tokenCase) {
		c.challenge = drawn("210100 gate 7", 16, now).Value
		c.holderSign.give = c.holderSign.sign(append(c.credential(), c.dynamic()...)).signature
		c.challenge = nil
	})
	bad("challenge/put-in", "Altered Challenge", "a one-way code with the terminal's challenge put in afterwards", func(c *tokenCase) {
		c.holderSign.give = c.holderSign.sign(append(c.credential(), c.dynamic()...)).signature
		c.terminal.Challenge = drawn("210100 gate 7", 16, now)
		c.challenge = c.terminal.Challenge.Value
	})
	bad("holderSignature/from-an-earlier-token", "Moved", "the signature of the token that the same phone made a second earlier", func(c *tokenCase) {
		earlier := ride()
		earlier.time--
		c.holderSign.give = earlier.holderSign.sign(append(earlier.credential(), earlier.dynamic()...)).signature
		c.counter++
	})
	bad("holderSignature/from-another-credential", "Moved", "the dynamic part made for another credential of the same key", func(c *tokenCase) {
		other := ride()
		other.index++
		c.holderSign.give = other.holderSign.sign(append(other.credential(), other.dynamic()...)).signature
	})
	bad("holderSignature/issuer-signature-in-its-place", "Moved", "the issuer's signature stands in both places", func(c *tokenCase) {
		c.holderSign.give = c.issuerSign.sign(c.head()).signature
	})
	bad("dynamic/counter-before-time", "FieldOrder", "time and counter written in the other order, and read so before signing", func(c *tokenCase) {
		c.holderSign.over = func(m []byte) []byte {
			swapped := slices.Concat(m[:128], m[132:136], m[128:132], m[136:])
			return append([]byte("CC1/tokn"), swapped...)
		}
	})
}
