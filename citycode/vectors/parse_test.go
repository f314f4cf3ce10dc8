package vectors

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/citizencode/citizencode/citycode"
)

type parseTest struct {
	label
	Token hexBytes `json:"token"`
	outcome
	Fields []field `json:"fields,omitempty"`
}

type parseGroup struct {
	Comment string      `json:"comment"`
	Tests   []parseTest `json:"tests"`
}

type parseBuilder struct {
	*numbering
	group *parseGroup
}

func (e *envelope) parseGroup(first int, comment string) *parseBuilder {
	g := &parseGroup{Comment: comment}
	e.Groups = append(e.Groups, g)
	return &parseBuilder{e.numbers(first), g}
}

func (b *parseBuilder) valid(flags, comment string, d draft) {
	b.group.Tests = append(b.group.Tests, parseTest{b.label(flags, comment, "", ""), d.token(), valid, d.fields()})
}

func (b *parseBuilder) invalid(r citycode.Reason, fault, flags, comment string, token []byte) {
	where, what, _ := strings.Cut(fault, "/")
	b.group.Tests = append(b.group.Tests, parseTest{b.label(flags, comment, where, what), token, refused(r), nil})
}

// changed returns a draft after a change.
func changed(d draft, change func(*draft)) draft { change(&d); return d }

func asked(d draft, size int) draft { d.challenge = filler("challenge", size); return d }

// layoutOnly is a ride code of another layout: it can be cut, and nobody accepts it.
func layoutOnly(mode byte, change func(*draft)) draft {
	return changed(ride(), func(d *draft) {
		d.mode = mode
		if change != nil {
			change(d)
		}
	})
}

// longest is a code of exactly 512 bytes.
func longest() draft {
	d := layoutOnly(0x1d, func(d *draft) {
		d.subject, d.seal, d.source = filler("long", 64), filler("long", 109), filler("long", 70)
	})
	d.challenge = filler("challenge", 8)
	d.source = filler("long", 70+512-len(d.token()))
	return d
}

func tokenParse() *envelope {
	e := newEnvelope("token_parse", "tp")
	e.parseValid()
	e.parseHead()
	e.parseTruncated()
	e.parseLengths()
	e.parseValues()
	return e
}

func (e *envelope) parseValid() {
	b := e.parseGroup(1, "Bytes that can be cut (SPEC §2). This says nothing about signatures, nor that anyone accepts them")
	b.valid("Normal", "the ride code of SPEC §0", ride())
	b.valid("Normal Challenge", "an explicit code with a challenge of 8 bytes", asked(ride(), 8))
	b.valid("Normal Challenge", "an explicit code with a challenge of 16 bytes", asked(ride(), 16))
	b.valid("Normal AnyAudience", "a universal code with audience 0", universal())
	b.valid("Normal Static", "a static code of a place", place())
	b.valid("KeyMode", "the layout of an implicit code, 139 bytes", layoutOnly(0x12, nil))
	b.valid("KeyMode", "the layout of an explicit code with a certified multiple", layoutOnly(0x13, func(d *draft) { d.multiple = key(personB).public() }))
	b.valid("UnknownProfile", "a profile that nobody has defined: the layout follows from the mode byte alone", layoutOnly(0x11, func(d *draft) { d.profile = 0x7f }))
	b.valid("Segment", "a seal, the shortest", layoutOnly(0x15, func(d *draft) { d.seal = sealOf(1) }))
	b.valid("Segment", "a source segment, the shortest", layoutOnly(0x19, func(d *draft) { d.source = []byte{0} }))
	b.valid("Segment", "a seal and a source segment, in this order", sealed())
	b.valid("Segment", "a source segment, the longest", layoutOnly(0x19, func(d *draft) { d.source = filler("long", 255) }))
	for _, n := range []int{16, 32, 64} {
		b.valid("Length", fmt.Sprintf("a subject of %d bytes", n), layoutOnly(0x11, func(d *draft) { d.subject = filler("long", n) }))
	}
	b.valid("Boundary Length", "512 bytes, the longest", longest())
	b.valid("Boundary City", "city 100000, key 0", layoutOnly(0x11, func(d *draft) { d.issuer = id(100000, 0) }))
	b.valid("Boundary City", "city 999999, key 4095", layoutOnly(0x11, func(d *draft) { d.issuer = id(999999, 4095) }))
	b.valid("Boundary U32", "every number as high as it goes", layoutOnly(0x11, func(d *draft) {
		d.issuedAt, d.notAfter, d.time, d.counter = 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff
		d.list, d.index, d.scenes, d.benefit, d.audience = 0xff, 0xffffff, 0xffff, 0xff, 0x8000
	}))
	b.valid("Boundary", "every number zero", layoutOnly(0x11, func(d *draft) {
		d.profile, d.issuedAt, d.notAfter, d.time, d.counter, d.index, d.scenes, d.benefit, d.audience = 0, 0, 0, 0, 0, 0, 0, 0, 0
	}))
	b.valid("ScalarRange", "signatures of zeros: a parser does not judge them", layoutOnly(0x11, func(d *draft) {
		d.issuerSign.give, d.holderSign.give = make([]byte, 64), make([]byte, 64)
	}))
	b.valid("OffCurve", "a holder's key that is not on the curve: a parser does not judge it", layoutOnly(0x11, func(d *draft) { d.holderKey = offCurve() }))
	b.valid("Static", "a static code of an undefined private profile of a thing", changed(place(), func(d *draft) { d.profile = 0xff }))
}

func (e *envelope) parseHead() {
	b := e.parseGroup(101, "The first two bytes (SPEC §2.1, §2.2, §5.1)")
	b.invalid(citycode.Malformed, "token/empty", "Truncated", "no bytes", nil)
	for _, first := range []struct {
		value byte
		what  string
	}{
		{0x00, "zero"}, {0x01, "the version number without 0x10"}, {0x02, "a wallet's offline ride code"}, {0x0f, "just below the versions"},
		{0x20, "just above the versions"}, {0x30, "the digit 0"}, {0x37, "the digit 7 of the decimal text"}, {0x43, "the letter C of CC1:"},
		{0x54, "the letter T: another ride code, or a trust list"}, {0x55, "a unified issuing platform"}, {0x80, "the range of JT/T 1179"},
		{0x81, "a JT/T 1179 ride code"}, {0x91, "version 1 with the highest bit set"}, {0xff, "all bits"},
	} {
		b.invalid(citycode.Malformed, fmt.Sprintf("version/first-byte-%02x", first.value), "FirstByte", "first byte "+first.what, firstByte(first.value))
	}
	genuine := ride()
	token := genuine.token()
	text := textOf(token)
	b.invalid(citycode.Malformed, "token/decimal-text", "FirstByte", "the decimal text of a code in place of its bytes", []byte(text.Decimal))
	b.invalid(citycode.Malformed, "token/base45-text", "FirstByte", "the Base45 text of a code in place of its bytes", []byte(text.Base45))
	b.invalid(citycode.Malformed, "token/hexadecimal-text", "FirstByte", "the hexadecimal text of a code in place of its bytes", []byte(hex.EncodeToString(token)))
	for _, v := range []byte{0x10, 0x12, 0x13, 0x1f} {
		b.invalid(citycode.UnsupportedVersion, fmt.Sprintf("version/version-%d", v&15), "Version", fmt.Sprintf("version %d", v&15), firstByte(v))
	}
	b.invalid(citycode.UnsupportedVersion, "version/version-2-one-byte", "Version", "version 2 and nothing more: the version is judged before any length", []byte{0x12})
	b.invalid(citycode.UnsupportedVersion, "version/version-2-longer-than-512", "Version", "version 2, longer than any token of version 1", append([]byte{0x12}, filler("long", 600)...))
	for _, suite := range []byte{0, 2, 9, 15} {
		d := layoutOnly(suite<<4|1, nil)
		b.invalid(citycode.UnsupportedSuite, fmt.Sprintf("mode/suite-%d", suite), "Suite", fmt.Sprintf("suite %d: its sizes are unknown, nothing behind can be cut", suite), d.token())
	}
	b.invalid(citycode.UnsupportedSuite, "mode/suite-2-two-bytes", "Suite", "suite 2 and nothing more: the suite is judged before any length", []byte{0x11, 0x21})
	d := longest()
	d.source = append(slices.Clone(d.source), 0)
	b.invalid(citycode.Malformed, "token/longer-than-512", "Length", "513 bytes, otherwise well formed", d.token())
}

// firstByte is a ride code with another first byte, signed so.
func firstByte(version byte) []byte {
	d := changed(ride(), func(d *draft) { d.version = version })
	return d.token()
}

func (e *envelope) parseTruncated() {
	b := e.parseGroup(201, "Codes that end too early, at and inside every field, and codes that do not end (SPEC §2, §5.1)")
	explicit, static, segments := asked(ride(), 8), place(), sealed()
	cut := func(d draft, kind, name string, atStart bool) {
		from, to := d.spanOf(name)
		fault, comment := "truncated-before", "ends before "
		n := from
		if !atStart {
			fault, comment, n = "truncated-inside", "ends one byte before the end of ", to-1
		}
		flags := "Truncated"
		if name == "time" && atStart {
			flags += " Stripped"
		}
		b.invalid(citycode.Malformed, name+"/"+fault+kind, flags, comment+name, d.token()[:n])
	}
	for _, f := range explicit.fields() {
		if f.Offset > 0 {
			cut(explicit, "", f.Name, true)
		}
		if f.Length > 1 {
			cut(explicit, "", f.Name, false)
		}
	}
	for _, name := range []string{"subjectLength", "subject", "issuerSignature"} {
		cut(static, "-in-static", name, true)
	}
	cut(static, "-in-static", "issuerSignature", false)
	for _, name := range []string{"sealLength", "seal", "sourceLength", "source", "holderKey"} {
		cut(segments, "-with-segments", name, true)
	}
	implicit := layoutOnly(0x12, nil)
	cut(implicit, "-in-implicit", "reconstructionPoint", true)
	cut(implicit, "-in-implicit", "time", true)

	extended := func(fault, comment string, d draft, more []byte) {
		b.invalid(citycode.Malformed, "token/"+fault, "Extended", comment, append(d.token(), more...))
	}
	again := ride()
	extended("trailing-zero", "a zero byte behind the end", ride(), []byte{0})
	extended("trailing-byte", "a byte behind the end", ride(), []byte{0x5a})
	extended("trailing-newline", "a line feed behind the end", ride(), []byte{'\n'})
	extended("trailing-dynamic-part", "a second dynamic part behind the first", ride(), again.token()[128:])
	extended("trailing-token", "the whole code twice", ride(), again.token())
	extended("trailing-byte-of-static", "a byte behind the end of a static code", place(), []byte{0})
	extended("dynamic-part-behind-static", "a dynamic part behind a static code", place(), again.token()[128:])
	respell := func(fault, flags, comment string, change func(sig []byte) []byte) {
		token := again.token()
		b.invalid(citycode.Malformed, "holderSignature/"+fault, flags, comment, append(token[:139], change(token[139:])...))
	}
	respell("der", "DER", "the DER form of the signature in place of r‖s", der)
	respell("tagged", "Extended", "a format byte 0x15 in front of r‖s, as in JT/T 1179", func(sig []byte) []byte { return append([]byte{0x15}, sig...) })
	respell("r-only", "Truncated", "r alone", func(sig []byte) []byte { return sig[:32] })
	d := ride()
	d.counter = 0
	for ; d.token()[139] != 0; d.counter++ {
	}
	token := d.token()
	b.invalid(citycode.Malformed, "holderSignature/leading-zero-dropped", "LeadingZero", "a leading zero byte of r was dropped", slices.Concat(token[:139], token[140:]))
	token = again.token()
	b.invalid(citycode.Malformed, "issuerSignature/der", "DER", "the DER form of the issuer's signature in place of r‖s", slices.Concat(token[:64], der(token[64:128]), token[128:]))
	raw := key(personA)
	b.invalid(citycode.Malformed, "holderKey/uncompressed", "PointPrefix", "04‖x‖y in place of the compressed key",
		slices.Concat(token[:31], []byte{4}, be32(raw.x), be32(raw.y), token[64:]))
	b.invalid(citycode.Malformed, "holderKey/without-prefix", "PointPrefix", "x without a prefix", slices.Concat(token[:31], token[32:]))
	b.invalid(citycode.UnsupportedSuite, "token/first-byte-missing", "Truncated FirstByte", "the first byte is missing: the mode byte of an explicit code looks like it", token[1:])
}

func (e *envelope) parseLengths() {
	b := e.parseGroup(301, "Lengths out of the set (SPEC §2.7, §2.9). What is behind fits the length, and is signed")
	for _, n := range []int{0, 1, 7, 9, 10, 15, 24, 33, 65, 128, 255} {
		d := layoutOnly(0x11, func(d *draft) { d.subject = filler("length", n) })
		b.invalid(citycode.Malformed, fmt.Sprintf("subjectLength/%d", n), "Length", fmt.Sprintf("subject of %d bytes", n), d.token())
	}
	for _, n := range []int{0, 1, 29, 30} {
		d := layoutOnly(0x15, func(d *draft) { d.seal = append([]byte{}, filler("length", n)...) })
		b.invalid(citycode.Malformed, fmt.Sprintf("sealLength/%d", n), "Length Segment", fmt.Sprintf("seal of %d bytes: no room for key id, nonce, tag and one byte", n), d.token())
	}
	d := layoutOnly(0x19, func(d *draft) { d.source = []byte{} })
	b.invalid(citycode.Malformed, "sourceLength/0", "Length Segment", "an empty source segment", d.token())
	for _, n := range []int{1, 4, 7, 9, 12, 15, 17, 32, 64} {
		d := asked(ride(), n)
		b.invalid(citycode.Malformed, fmt.Sprintf("challengeLength/%d", n), "Length Challenge", fmt.Sprintf("challenge of %d bytes", n), d.token())
	}
	d = asked(ride(), 16)
	token := d.token()
	token[138] = 0x22
	b.invalid(citycode.Malformed, "challengeLength/decimal-for-hexadecimal", "Length", "16 bytes with a length byte of 22, read as if 0x16 were decimal", token)
	d = asked(ride(), 8)
	token = d.token()
	token[138] = 16
	b.invalid(citycode.Malformed, "challengeLength/longer-than-challenge", "Length Challenge", "the length byte says 16, there are 8 bytes", token)
	for _, segment := range []struct {
		name string
		mode byte
	}{{"seal", 0x14}, {"source", 0x18}} {
		d := changed(place(), func(d *draft) { d.mode = segment.mode })
		head := d.head()
		token := slices.Concat(head, []byte{0}, d.credential()[len(head):len(head)+63])
		b.invalid(citycode.Malformed, segment.name+"Length/0-in-front-of-the-signature", "Length Segment",
			"an empty "+segment.name+" in a static code, whose length byte fits as the first of the signature", token)
	}
}

func (e *envelope) parseValues() {
	b := e.parseGroup(401, "Values that a parser refuses (SPEC §2.3, §2.8, §2.9), signed so")
	token := func(change func(*draft)) []byte {
		d := changed(ride(), change)
		return d.token()
	}
	for _, city := range []uint32{0, 1, 99999, 1000000, 1048575} {
		b.invalid(citycode.Malformed, fmt.Sprintf("issuer/city-%d", city), "City", fmt.Sprintf("city %d is no GB/T 2260 code", city), token(func(d *draft) { d.issuer = id(city, 1) }))
	}
	b.invalid(citycode.Malformed, "issuer/city-in-bcd", "City", "the city in BCD, 0x210100, in place of a number", token(func(d *draft) { d.issuer = 0x00210100 }))
	for _, prefix := range []byte{0, 1, 4, 5, 6, 7, 0x82, 0xff} {
		b.invalid(citycode.Malformed, fmt.Sprintf("holderKey/prefix-%02x", prefix), "PointPrefix", fmt.Sprintf("the holder's key begins with %02x", prefix),
			token(func(d *draft) { d.holderKey[0] = prefix }))
	}
	b.invalid(citycode.Malformed, "holderKey/infinity", "PointPrefix", "33 zero bytes: the point at infinity is no key", token(func(d *draft) { d.holderKey = make([]byte, 33) }))
	b.invalid(citycode.Malformed, "reconstructionPoint/prefix-04", "PointPrefix KeyMode", "W begins with 04", token(func(d *draft) { d.mode = 0x12; d.holderKey[0] = 4 }))
	b.invalid(citycode.Malformed, "certifiedMultiple/prefix-00", "PointPrefix KeyMode", "the certified multiple begins with 00", token(func(d *draft) {
		d.mode, d.multiple = 0x13, key(personB).public()
		d.multiple[0] = 0
	}))
	for _, audience := range []uint16{0x0003, 0x8001, 0xffff} {
		b.invalid(citycode.Malformed, fmt.Sprintf("audience/%04x", audience), "Audience", fmt.Sprintf("audience %#04x is more than one scene group", audience),
			token(func(d *draft) { d.scenes, d.audience = 0xffff, audience }))
	}
	for _, profile := range []byte{0x01, 0x7f, 0xf0, 0xf7} {
		d := changed(place(), func(d *draft) { d.profile = profile })
		b.invalid(citycode.Malformed, fmt.Sprintf("profile/static-person-%02x", profile), "StaticPerson", fmt.Sprintf("a static code with profile 0x%02x of a person", profile), d.token())
	}
	flipped := func(fault, flags, comment string, mode byte) {
		d := ride()
		t := d.token()
		t[1] = mode
		b.invalid(citycode.Malformed, "mode/"+fault, flags, comment, t)
	}
	flipped("flipped-to-static", "KeyMode StaticPerson", "the mode of a genuine code flipped from explicit to static", 0x10)
	flipped("flipped-to-implicit", "KeyMode", "the mode of a genuine code flipped from explicit to implicit", 0x12)
	flipped("flipped-to-multiple", "KeyMode", "the mode of a genuine code flipped from explicit to certified multiple", 0x13)
	flipped("seal-flag-without-seal", "Segment", "the seal flag set in a genuine code that has none", 0x15)
	flipped("source-flag-without-source", "Segment", "the source flag set in a genuine code that has none", 0x19)
	d := ride()
	b.invalid(citycode.Malformed, "mode/stripped-to-static", "Stripped StaticPerson", "the credential of a person, made into a static code by its mode byte", append([]byte{0x11, 0x10}, d.credential()[2:]...))
	d = sealed()
	t := d.token()
	t[1] &^= 4
	b.invalid(citycode.Malformed, "mode/seal-flag-cleared", "Segment", "the seal flag cleared in a code that has a seal", t)
}
