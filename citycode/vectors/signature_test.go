package vectors

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
)

// A known is a known answer. Which values are there follows from the type of the group.
type known struct {
	label
	Sentence   string    `json:"sentence,omitempty"`
	Scalar     hexBytes  `json:"scalar,omitempty"`
	Point      hexBytes  `json:"point,omitempty"`
	X          hexBytes  `json:"x,omitempty"`
	Y          hexBytes  `json:"y,omitempty"`
	Identity   string    `json:"identity,omitempty"`
	Tag        string    `json:"tag,omitempty"`
	Message    *hexBytes `json:"message,omitempty"`
	ZA         hexBytes  `json:"za,omitempty"`
	Digest     hexBytes  `json:"digest,omitempty"`
	Nonce      hexBytes  `json:"nonce,omitempty"`
	Signature  hexBytes  `json:"signature,omitempty"`
	Key        hexBytes  `json:"key,omitempty"`
	Plaintext  hexBytes  `json:"plaintext,omitempty"`
	Rounds     int       `json:"rounds,omitempty"`
	Ciphertext hexBytes  `json:"ciphertext,omitempty"`
	outcome
}

type knownGroup struct {
	Type    string  `json:"type"`
	Comment string  `json:"comment"`
	Tests   []known `json:"tests"`
}

type knownBuilder struct {
	*numbering
	group *knownGroup
}

func (e *envelope) knownGroup(first int, kind, comment string) *knownBuilder {
	g := &knownGroup{Type: kind, Comment: comment}
	e.Groups = append(e.Groups, g)
	return &knownBuilder{e.numbers(first), g}
}

func (b *knownBuilder) valid(flags, comment string, k known) {
	k.label, k.outcome = b.label(flags, comment, "", ""), valid
	b.group.Tests = append(b.group.Tests, k)
}

func (b *knownBuilder) invalid(fault, flags, comment string, k known) {
	where, what, _ := strings.Cut(fault, "/")
	k.label, k.outcome = b.label(flags, comment, where, what), outcome{Result: "invalid"}
	b.group.Tests = append(b.group.Tests, k)
}

func signatureAnswers() *envelope {
	e := newEnvelope("signature", "sg")
	e.verifications()
	e.points()
	e.digests()
	e.blocks()
	e.messages()
	return e
}

func unhex(s string) hexBytes {
	b, err := hex.DecodeString(s)
	must(err)
	return b
}

func integer(s string) *big.Int { return new(big.Int).SetBytes(unhex(s)) }

// The example of GB/T 32918.5-2017, Annex A.
const (
	exampleScalar = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"
	exampleNonce  = "59276e27d506861a16680f3ad9c02dccef3cc1fa3cdbe4ce6d54b80deac1bc21"
	exampleR      = "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
	exampleS      = "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
)

func exampleKey() *testKey {
	k := &testKey{d: integer(exampleScalar)}
	k.x, k.y = curve.ScalarBaseMult(be32(k.d))
	return k
}

// solve returns a key and digest for which r = t-s and s are a valid signature with R as given:
// P = (R - s·G)/t.
func solve(s, t, rx, ry *big.Int) known {
	sx, sy := curve.ScalarBaseMult(be32(s))
	x, y := curve.Add(rx, ry, sx, new(big.Int).Sub(curveP, sy))
	x, y = curve.ScalarMult(x, y, be32(new(big.Int).ModInverse(t, curveN)))
	r := mod(new(big.Int).Sub(t, s))
	return known{Point: compressed(x, y), Digest: be32(mod(new(big.Int).Sub(r, rx))), Signature: rs(r, s)}
}

func mod(v *big.Int) *big.Int { return v.Mod(v, curveN) }

// some returns a number in 1..n-1 that follows from a label.
func some(label string) *big.Int { return nonceOf(label) }

func (e *envelope) verifications() {
	b := e.knownGroup(1, "sm2-verify", "Is signature r‖s of the key valid for the digest e (GB/T 32918.2-2016, 7.1, B1 and B2, B4 to B7)? Where a message is given, e = SM3(ZA ‖ message)")
	k := exampleKey()
	message := hexBytes("message digest")
	za := k.za(identity)
	e0 := sm3(za, message)
	if sig := k.signWith(integer(exampleNonce), e0); !slices.Equal(sig, slices.Concat(unhex(exampleR), unhex(exampleS))) {
		panic("generator: the standard's example does not come out")
	}
	example := known{Scalar: unhex(exampleScalar), Point: k.public(), X: be32(k.x), Y: be32(k.y), Identity: identity, Message: &message, ZA: za, Digest: e0,
		Nonce: unhex(exampleNonce), Signature: slices.Concat(unhex(exampleR), unhex(exampleS))}
	bare := known{Point: k.public(), Digest: e0, Signature: example.Signature}
	with := func(change func(*known)) known {
		c := bare
		change(&c)
		return c
	}

	b.valid("Standard", "GB/T 32918.5-2017, Annex A", example)
	b.valid("Carry", "emmansun/gmsm#560: versions up to 0.44.0 refuse this on CPUs with ADX, a carry is lost", known{
		Point:  compressed(integer("ef4de57af00ae424c00c4caadff7193f804a19dd73a7e2954db9d0d15ab4cbba"), integer("67728c3f4572878b7a674735da9fde1682fe2d9e0799c4a5cde57e3d473039a2")),
		Digest: make([]byte, 32), Signature: unhex("be0ea64e1ec06f0d247093f3ccbbadcfb6260224272f86ddb78326e7cd6c7560e9f6ab2fcc48a2cef94838e66b5c7e21fd8e4de25990dd98ca5243f4966f2853")})
	rx := new(big.Int).Set(curveN)
	for exists := false; !exists; {
		_, exists = pointAt(rx.Add(rx, one))
	}
	raised, _ := pointAt(rx)
	b.valid("Carry", fmt.Sprintf("x of R is n+%d, not below n: e + x must be reduced", new(big.Int).Sub(rx, curveN)), solve(some("s"), some("t"), rx, yOf(raised)))
	s, t := some("s"), some("t")
	px, py := curve.ScalarBaseMult(be32(some("R")))
	b.valid("Boundary", "s = 1", solve(one, t, px, py))
	b.valid("Boundary", "s = n-1", solve(new(big.Int).Sub(curveN, one), t, px, py))
	b.valid("Boundary", "r = 1", solve(s, mod(new(big.Int).Add(s, one)), px, py))
	b.valid("Boundary", "r = n-1", solve(s, mod(new(big.Int).Sub(s, one)), px, py))
	b.valid("Boundary", "r + s = n+1: t = 1", solve(s, one, px, py))
	b.valid("Boundary", "r + s = n-1: t = n-1", solve(s, new(big.Int).Sub(curveN, one), px, py))
	b.valid("LeadingZero", "r has 16 leading zero bytes", solve(s, mod(new(big.Int).Add(s, new(big.Int).Lsh(one, 127))), px, py))
	b.valid("LeadingZero", "s has 16 leading zero bytes", solve(new(big.Int).Lsh(one, 127), t, px, py))
	b.valid("Boundary", "e = 0", with(func(c *known) { c.Digest = make([]byte, 32); c.Signature = k.signWith(some("e0"), c.Digest) }))
	b.valid("Boundary", "e = 2^256 - 1, which is above n", with(func(c *known) {
		c.Digest = slices.Repeat(hexBytes{0xff}, 32)
		c.Signature = k.signWith(some("e1"), c.Digest)
	}))
	b.valid("Boundary", "e = n, which is 0", with(func(c *known) { c.Digest = be32(curveN); c.Signature = k.signWith(some("e0"), c.Digest) }))

	r0, s0 := split(example.Signature)
	zero, above, highest := new(big.Int), new(big.Int).Add(curveN, one), new(big.Int).Sub(new(big.Int).Lsh(one, 256), one)
	for _, v := range []struct {
		fault, name string
		v           *big.Int
	}{{"zero", "0", zero}, {"n", "n", curveN}, {"n-plus-1", "n+1", above}, {"highest", "2^256 - 1", highest}} {
		b.invalid("r/is-"+v.fault, "ScalarRange", "r = "+v.name, with(func(c *known) { c.Signature = rs(v.v, s0) }))
		b.invalid("s/is-"+v.fault, "ScalarRange", "s = "+v.name, with(func(c *known) { c.Signature = rs(r0, v.v) }))
		b.invalid("signature/both-"+v.fault, "ScalarRange", "r = s = "+v.name, with(func(c *known) { c.Signature = rs(v.v, v.v) }))
	}
	small := big.NewInt(5)
	twin := solve(s, mod(new(big.Int).Add(s, small)), px, py)
	twin.Signature = rs(new(big.Int).Add(small, curveN), s)
	b.invalid("r/plus-n", "ScalarRange Malleable", "r+n in place of a small r: a second spelling of a valid signature", twin)
	twin = solve(small, t, px, py)
	twin.Signature = rs(mod(new(big.Int).Sub(t, small)), new(big.Int).Add(small, curveN))
	b.invalid("s/plus-n", "ScalarRange Malleable", "s+n in place of a small s", twin)
	sx, _ := curve.ScalarBaseMult(be32(s))
	r := new(big.Int).Sub(curveN, s)
	b.invalid("signature/t-is-zero", "ScalarRange", "r + s = n: the key drops out, and anyone can make R = s·G and e fit", with(func(c *known) {
		c.Digest, c.Signature = be32(mod(new(big.Int).Sub(r, sx))), rs(r, s)
	}))
	for _, x := range []struct {
		fault, comment string
		e              func(r *big.Int) *big.Int
	}{{"infinity-x-zero", "s·G + t·P is infinity, and e = r as if its x were 0", func(r *big.Int) *big.Int { return r }},
		{"infinity-x-of-sg", "s·G + t·P is infinity, and e = r - x(s·G)", func(r *big.Int) *big.Int { return mod(new(big.Int).Sub(r, sx)) }}} {
		ratio := mod(new(big.Int).Mul(s, new(big.Int).ModInverse(t, curveN)))
		x0, y0 := curve.ScalarBaseMult(be32(new(big.Int).Sub(curveN, ratio)))
		r := mod(new(big.Int).Sub(t, s))
		b.invalid("signature/"+x.fault, "Infinity", x.comment, known{Point: compressed(x0, y0), Digest: be32(x.e(r)), Signature: rs(r, s)})
	}
	for _, r := range respelt {
		if r.flags == "Malleable" || r.flags == "Altered" || r.flags == "DER" {
			b.invalid("signature/"+r.fault, r.flags, r.comment, with(func(c *known) { c.Signature = r.change(c.Signature) }))
		}
	}
	b.invalid("digest/one-bit", "Altered", "one bit of e flipped", with(func(c *known) { c.Digest = slices.Clone(c.Digest); c.Digest[31] ^= 1 }))
	b.invalid("point/negated", "WrongKey", "the key -P, which has the same x", with(func(c *known) { c.Point = append(hexBytes{c.Point[0] ^ 1}, c.Point[1:]...) }))
	b.invalid("digest/without-za", "WrongZA", "e = SM3(message)", with(func(c *known) { c.Digest = sm3(message) }))
	b.invalid("digest/another-id", "WrongZA", "e under the identifier ALICE123@YAHOO.COM", with(func(c *known) { c.Digest = sm3(k.za("ALICE123@YAHOO.COM"), message) }))
}

func yOf(point hexBytes) *big.Int {
	x := new(big.Int).SetBytes(point[1:])
	g := new(big.Int).Mul(x, x)
	g.Sub(g, big.NewInt(3)).Mul(g, x).Add(g, curve.Params().B).Mod(g, curveP)
	y := g.ModSqrt(g, curveP)
	if byte(y.Bit(0)) != point[0]&1 {
		y.Sub(curveP, y)
	}
	return y
}

func (e *envelope) points() {
	b := e.knownGroup(201, "sm2-point", "Are 33 bytes a public key (GB/T 32918.1-2016, 4.2.9)?")
	k := exampleKey()
	b.valid("Standard", "the key of GB/T 32918.5-2017, Annex A", known{Point: k.public(), X: be32(k.x), Y: be32(k.y)})
	g := curve.Params()
	b.valid("Normal", "the base point", known{Point: compressed(g.Gx, g.Gy), X: be32(g.Gx), Y: be32(g.Gy)})
	negative := new(big.Int).Sub(curveP, g.Gy)
	b.valid("Normal", "its negative", known{Point: compressed(g.Gx, negative), X: be32(g.Gx), Y: be32(negative)})
	for x, found := big.NewInt(0), 0; found < 2; x.Add(x, one) {
		if p, exists := pointAt(x); exists {
			found++
			b.valid("LeadingZero", fmt.Sprintf("x = %d", x), known{Point: p, X: be32(x), Y: be32(yOf(p))})
		}
	}
	bad := func(fault, flags, comment string, point hexBytes) {
		b.invalid("point/"+fault, flags, comment, known{Point: point})
	}
	bad("not-on-curve", "OffCurve", "there is no point with this x", offCurve())
	bad("x-not-below-p", "OffCurve", "x+p in place of a small x", beyondField())
	bad("x-is-p", "OffCurve", "x = p", append(hexBytes{2}, be32(curveP)...))
	bad("x-highest", "OffCurve", "x = 2^256 - 1", append(hexBytes{2}, slices.Repeat(hexBytes{0xff}, 32)...))
	for _, prefix := range []byte{0, 1, 4, 5, 6, 7, 0x82} {
		bad(fmt.Sprintf("prefix-%02x", prefix), "PointPrefix", fmt.Sprintf("prefix %02x", prefix), append(hexBytes{prefix}, k.public()[1:]...))
	}
	bad("infinity", "PointPrefix", "33 zero bytes", make(hexBytes, 33))
	bad("uncompressed", "PointPrefix", "04‖x‖y", slices.Concat(hexBytes{4}, be32(k.x), be32(k.y)))
	bad("without-prefix", "PointPrefix", "x alone", be32(k.x))
	bad("trailing-byte", "Extended", "a byte behind the end", append(k.public(), 0))
	bad("truncated", "Truncated", "one byte short", k.public()[:32])
}

func (e *envelope) digests() {
	b := e.knownGroup(301, "sm3", "GB/T 32905-2016")
	hash := func(flags, comment, message, want string) {
		m := hexBytes(message)
		sum := sm3(m)
		if want != "" && hex.EncodeToString(sum) != want {
			panic("generator: SM3 differs from the standard")
		}
		b.valid(flags, comment, known{Message: &m, Digest: sum})
	}
	hash("Standard", "A.1: abc", "abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0")
	hash("Standard", "A.2: abcd sixteen times", strings.Repeat("abcd", 16), "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732")
	for _, n := range []int{0, 1, 55, 56, 63, 64, 65, 119, 120, 128} {
		hash("Boundary", fmt.Sprintf("%d bytes", n), string(filler("sm3", n)), "")
	}
}

func (e *envelope) blocks() {
	b := e.knownGroup(401, "sm4", "GB/T 32907-2016, one block, encrypted as many times as rounds says")
	block := func(flags, comment string, key, plaintext hexBytes, rounds int, want string) {
		if want == "" {
			c, err := engine.Default().NewSM4(key)
			must(err)
			out := slices.Clone(plaintext)
			c.Encrypt(out, out)
			want = hex.EncodeToString(out)
		}
		b.valid(flags, comment, known{Key: key, Plaintext: plaintext, Rounds: rounds, Ciphertext: unhex(want)})
	}
	standard := unhex("0123456789abcdeffedcba9876543210")
	block("Standard", "A.1", standard, standard, 1, "681edf34d206965e86b3e94f536e4246")
	block("Standard", "A.2, a million rounds", standard, standard, 1_000_000, "595298c7c6fd271f0402f804c33d3f66")
	block("Boundary", "zeros", make(hexBytes, 16), make(hexBytes, 16), 1, "")
	block("Boundary", "ones", slices.Repeat(hexBytes{0xff}, 16), slices.Repeat(hexBytes{0xff}, 16), 1, "")
}

func (e *envelope) messages() {
	b := e.knownGroup(501, "signed-message", "Signatures as citycode/SPEC.md §1.2 makes them: e = SM3(ZA ‖ tag ‖ message)")
	sign := func(flags, comment, name, tag string, message hexBytes) {
		s := signing{key: name, tag: tag}.sign(message)
		k := key(name)
		b.valid(flags, comment, known{Sentence: citycodetest.KeySentence + name, Scalar: be32(k.d), Point: k.public(), Tag: tag, Message: &message, ZA: s.za, Digest: s.digest, Signature: s.signature})
	}
	explicit, static := ride(), place()
	trust, status := newCity().trust, newCity().status[0]
	sign("Normal", "the issuer's part of an explicit code", issuerKey, "CC1/cred", explicit.head())
	sign("Normal", "a static code", printerKey, "CC1/stat", static.head())
	sign("Normal", "the holder's part of a code", personA, "CC1/tokn", append(explicit.credential(), explicit.dynamic()...))
	sign("Normal", "a trust list", root0, "CC1/trst", trust.body())
	sign("Normal", "a status list", statusKey, "CC1/list", status.body())
	proof := func(purpose byte, name string) hexBytes {
		b := binary.BigEndian.AppendUint32([]byte{purpose}, id(shenyang, 1))
		return append(append(b, filler("nonce of issuer 1", 16)...), key(name).public()...)
	}
	sign("Normal", "a proof of possession of a holder: purpose 2 ‖ issuer 4 ‖ nonce 16 ‖ key 33 (SPEC §4.2)", personA, "CC1/popp", proof(2, personA))
	sign("Boundary", "no message", personA, "CC1/tokn", hexBytes{})
	sign("Normal", "a proof of possession of a key that is to be listed: purpose 1 ‖ id 4 ‖ nonce 16 ‖ key 33 (SPEC §4.2)", issuerKey, "CC1/popp", proof(1, issuerKey))
}
