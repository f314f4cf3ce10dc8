package vectors

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/citizencode/citizencode/citycode/foreign/jtt1179"
	"github.com/citizencode/citizencode/citycode/foreign/jtt1179/jtt1179test"
)

const (
	noon     = jtt1179test.Noon
	now      = noon + 5 // of the terminal, unless a test says otherwise
	hour     = 3600
	y2000    = 946656000  // 2000-01-01 in China: the epoch of one deployment
	monthEnd = 1796054400 // 2026-12-01 00:00 in China
)

// generator numbers the tests.
type generator struct {
	file *rideFile
	next int
}

// group begins at a round number, so that a test added to one group moves no
// other's id.
func (g *generator) group(first int, comment string) {
	g.file.Groups = append(g.file.Groups, group{Comment: comment})
	g.next = first
}

// A vector is one test: the recipe, changed, and what is right.
type vector struct {
	comment string
	bug     int // of facts about deployed terminals, 1 to 8
	reason  jtt1179.Reason
	clock   int64 // 0: now
	amount  int64
	change  func(r *jtt1179test.Recipe)
	raw     func(b []byte) []byte // after everything was signed
	before  []scan
}

func (v vector) code() []byte {
	r := jtt1179test.New()
	if v.change != nil {
		v.change(r)
	}
	b := r.Bytes()
	if v.raw != nil {
		b = v.raw(b)
	}
	return b
}

func (v vector) scan() scan {
	s := scan{Clock: at(now), Amount: v.amount, Code: v.code(), Result: "valid"}
	if v.clock != 0 {
		s.Clock = at(v.clock)
	}
	if v.reason != 0 {
		s.Result, s.Reason = "invalid", v.reason.String()
	}
	return s
}

func (g *generator) add(vectors ...vector) {
	for _, v := range vectors {
		t := rideTest{ID: fmt.Sprintf("jr-%04d", g.next), Comment: v.comment, FieldBug: v.bug, Before: v.before, scan: v.scan()}
		if v.reason == 0 {
			t.Ride = told(t.Code)
		}
		tests := &g.file.Groups[len(g.file.Groups)-1].Tests
		*tests = append(*tests, t)
		g.next++
		g.file.NumberOfTests++
	}
}

// told reads a good code by the table of SPEC.md §3.1, not with package jtt1179.
func told(b []byte) *ride {
	n := int(b[197])
	u32 := func(at int) int64 { return int64(binary.BigEndian.Uint32(b[at:])) }
	return &ride{string(b[120:136]), fmt.Sprintf("%x", b[136:146]), fmt.Sprintf("%x", b[146:150]), b[150:154], int(b[154]),
		int64(b[155])<<16 | int64(b[156])<<8 | int64(b[157]), u32(191), int64(b[195])<<8 | int64(b[196]), b[198 : 198+n], u32(263 + n)}
}

// Short forms.

type recipe = jtt1179test.Recipe

func unhex(digits string) []byte      { return jtt1179test.Hex(digits) }
func u32(n int64) []byte              { return jtt1179test.Uint32(n) }
func generated(t int64) func(*recipe) { return func(r *recipe) { r.Generated = u32(t) } }

func flip(at int, mask byte) func([]byte) []byte {
	return func(b []byte) []byte { b[at] ^= mask; return b }
}

// leadingZero looks for a time at which half of the user's signature begins with
// a zero byte: 0 for r, 32 for s.
func leadingZero(half int) func(*recipe) {
	return func(r *recipe) {
		for t := int64(noon); ; t-- {
			r.Generated = u32(t)
			if b := r.Bytes(); b[len(b)-64+half] == 0 {
				return
			}
		}
	}
}

// account makes the code of another account.
func account(r *recipe, n byte) { r.Card = append(unhex("999900000000000000"), n) }

func rides() *rideFile {
	f := &rideFile{Version: "1", Generator: "go test ./citycode/foreign/vectors -update", Terminal: terminal{
		Roots: []hexBytes{jtt1179test.RootKey(jtt1179test.CA, jtt1179test.CAIndex, "1235"), jtt1179test.RootKey("jtt1179 TEST CA 2", 0xfd, "1026"),
			jtt1179test.RootKey("jtt1179 TEST CA 3", 0xfc, "1126")},
		Ahead: 20, MaxValidity: 1200, Debounce: 2, Interval: 10, Start: at(noon - 24*hour), Denied: []string{"99990001/99990000000000000066"}}}
	g := &generator{file: f}
	g.good()
	g.malformed()
	g.unsupported()
	g.signatures()
	g.times()
	g.lane()
	files(f)
	return f
}

func (g *generator) good() {
	g.group(1, "Codes that are taken")
	ca3 := func(r *recipe) { r.CAIndex, r.CA = []byte{0xfc}, "jtt1179 TEST CA 3" }
	own := func(n int) func(*recipe) {
		return func(r *recipe) { r.Custom = bytes.Repeat([]byte{0x5a}, n) }
	}
	g.add(
		vector{comment: "an everyday code, 332 bytes", amount: 200},
		vector{comment: "an own field of one byte", change: own(1)},
		vector{comment: "an own field of 16 bytes: its length, 0x10, is not the decimal 10", bug: 4, change: own(16)},
		vector{comment: "the longest own field, 364 bytes", change: own(32)},
		vector{comment: "account type 0, which a national wallet issues and a terminal refuses", bug: 5, change: func(r *recipe) { r.Type = []byte{0} }},
		vector{comment: "account type 255", change: func(r *recipe) { r.Type = []byte{255} }},
		vector{comment: "a phone 20 s ahead", bug: 7, change: generated(now + 20)},
		vector{comment: "in the last second of its validity", clock: noon + 600},
		vector{comment: "in the last second of the authorisation", change: func(r *recipe) { r.Expires = u32(now) }},
		vector{comment: "the longest validity, in its last second", clock: noon + 1200, change: func(r *recipe) { r.Validity = unhex("04b0") }},
		vector{comment: "an authorisation until 2106", change: func(r *recipe) { r.Expires = unhex("ffffffff") }},
		vector{comment: "a fare equal to the cap", amount: 2000},
		vector{comment: "a cap of 65 637 fen: its first and last two bytes alone would be 256 and 101", bug: 4, amount: 65600, change: func(r *recipe) { r.Cap = unhex("010065") }},
		vector{comment: "the highest cap", amount: 1<<24 - 1, change: func(r *recipe) { r.Cap = unhex("ffffff") }},
		vector{comment: "a certificate in its last second, by the time of China", clock: monthEnd - 1,
			change: func(r *recipe) { r.Month = unhex("1126"); r.Generated, r.Expires = u32(monthEnd-9), u32(monthEnd) }},
		vector{comment: "a CA key in its last second", clock: monthEnd - 1, change: func(r *recipe) {
			ca3(r)
			r.Generated, r.Expires = u32(monthEnd-9), u32(monthEnd)
		}},
		vector{comment: "an account of the outermost characters, space and ~", change: func(r *recipe) { r.Payment = []byte("TEST ~~~~~~~~~~ ") }},
		vector{comment: "r with a leading zero byte", change: leadingZero(0)},
		vector{comment: "s with a leading zero byte", change: leadingZero(32)},
		vector{comment: "other platform, serial and account", change: func(r *recipe) { r.Platform, r.Serial = unhex("ffffffff"), unhex("ffffff"); account(r, 0x77) }},
	)
}

func (g *generator) malformed() {
	g.group(101, "Bytes that cannot be cut")
	length := func(b ...byte) func(*recipe) { return func(r *recipe) { r.Length = b } }
	for _, v := range []vector{
		{comment: "no bytes", raw: func([]byte) []byte { return []byte{} }},
		{comment: "a version below 0x80: another system's code", raw: flip(0, 0x80)},
		{comment: "the last byte missing", raw: func(b []byte) []byte { return b[:len(b)-1] }},
		{comment: "a byte behind the end", raw: func(b []byte) []byte { return append(b, 0) }},
		{comment: "a byte behind the end, counted by the data length", change: length(0x01, 0x4a), raw: func(b []byte) []byte { return append(b, 0) }},
		{comment: "an own field of 33 bytes", change: func(r *recipe) { r.Custom = make([]byte, 33) }},
		{comment: "data length one too high", change: length(0x01, 0x4a)},
		{comment: "data length one too low", change: length(0x01, 0x48)},
		{comment: "data length that counts the three bytes before it", change: length(0x01, 0x4c)},
		{comment: "data length in decimal digits, 0329", bug: 4, change: length(0x03, 0x29)},
		{comment: "data length with its bytes swapped", change: length(0x49, 0x01)},
		{comment: "the phone's part cut off", change: func(r *recipe) { r.Length = unhex("0104") }, raw: func(b []byte) []byte { return b[:263] }},
		{comment: "certificate with another head", change: func(r *recipe) { r.Head = []byte{0x21} }},
		{comment: "certificate of an issuer that is not digits", change: func(r *recipe) { r.Subject = unhex("9999000a") }},
		{comment: "certificate of month 0", change: func(r *recipe) { r.Month = unhex("0030") }},
		{comment: "certificate of month 13", change: func(r *recipe) { r.Month = unhex("1330") }},
		{comment: "certificate with year before month", change: func(r *recipe) { r.Month = unhex("3012") }},
		{comment: "certificate with a month that is not digits", change: func(r *recipe) { r.Month = unhex("0c30") }},
		{comment: "issuer's key with prefix 04", change: func(r *recipe) { r.IssuerKey[0] = 4 }},
		{comment: "payment account padded with zero bytes", change: func(r *recipe) { r.Payment[15] = 0 }},
		{comment: "payment account with byte 1F", change: func(r *recipe) { r.Payment[0] = 0x1f }},
		{comment: "payment account with byte 7F", change: func(r *recipe) { r.Payment[0] = 0x7f }},
		{comment: "card account that is not digits", change: func(r *recipe) { r.Card[9] = 0x0f }},
		{comment: "issuer that is not digits", change: func(r *recipe) { r.Issuer = unhex("9999000f") }},
		{comment: "user key with prefix 04", change: func(r *recipe) { r.UserKey[0] = 4 }},
		{comment: "an own field of one byte that is not there", change: func(r *recipe) { r.CustomLength = []byte{1} }},
		{comment: "an own field of one byte, said to be empty", change: func(r *recipe) { r.CustomLength, r.Custom = []byte{0}, []byte{0x15} }},
		{comment: "an own field of 16 bytes whose length is written 0x16", bug: 4, change: func(r *recipe) { r.CustomLength, r.Custom = []byte{0x16}, make([]byte, 16) }},
		{comment: "own field in front of its length", bug: 4, change: func(r *recipe) {
			r.CustomLength, r.Custom = []byte("own"), []byte{3} // signed as the issuer wrote it
		}},
		{comment: "user signature in DER", change: func(r *recipe) { r.UserSignature = append(unhex("30440220"), make([]byte, 66)...) }},
	} {
		v.reason = jtt1179.Malformed
		g.add(v)
	}
}

func (g *generator) unsupported() {
	g.group(201, "Versions, formats and algorithms that are not known")
	version := func(b byte) func(*recipe) { return func(r *recipe) { r.Version = []byte{b} } }
	certificate := func(comment string, change func(*recipe)) vector {
		return vector{comment: comment, reason: jtt1179.UnsupportedCertificate, change: change}
	}
	g.add(
		vector{comment: "version 0x80", reason: jtt1179.UnsupportedVersion, change: version(0x80)},
		vector{comment: "version 0x82", reason: jtt1179.UnsupportedVersion, change: version(0x82)},
		certificate("another service", func(r *recipe) { r.Service = unhex("02010000") }),
		certificate("another format", func(r *recipe) { r.Format = []byte{0x11} }),
		certificate("another signature algorithm", func(r *recipe) { r.Algorithms = unhex("010400") }),
		certificate("another encryption algorithm", func(r *recipe) { r.Algorithms = unhex("040100") }),
		certificate("parameters of the key", func(r *recipe) { r.Algorithms = unhex("040411") }),
		certificate("a key of 64 bytes", func(r *recipe) { r.KeyLength = []byte{64} }),
		vector{comment: "issuer's signature of another format", bug: 8, reason: jtt1179.UnsupportedSignature, change: func(r *recipe) { r.IssuerTag = []byte{0} }},
		vector{comment: "user's signature of another format", bug: 8, reason: jtt1179.UnsupportedSignature, change: func(r *recipe) { r.UserTag = []byte{0x16} }},
		vector{comment: "a CA index that the terminal does not hold", reason: jtt1179.UnknownCA, change: func(r *recipe) { r.CAIndex = []byte{0x17} }},
		vector{comment: "a CA key past its month", reason: jtt1179.CAExpired, change: func(r *recipe) { r.CAIndex, r.CA = []byte{0xfd}, "jtt1179 TEST CA 2" }},
	)
}

func (g *generator) signatures() {
	g.group(301, "Signatures that do not hold")
	const attacker = "jtt1179 TEST attacker"
	ca := func(comment string, bug int, change func(*recipe)) {
		g.add(vector{comment: "certificate: " + comment, bug: bug, reason: jtt1179.BadCertificate, change: change})
	}
	// certified is what the CA signs; offsets are those of the code.
	certified := func(r *recipe, from int) []byte { return slices.Clone(r.Bytes()[from:56]) }
	ca("signed with the key inside it", 1, func(r *recipe) { r.IssuerKey, r.SignedBy, r.CA = jtt1179test.Point(attacker), attacker, attacker })
	ca("signed by somebody else", 0, func(r *recipe) { r.CA = attacker })
	ca("signed by another CA key of the terminal", 0, func(r *recipe) { r.CA = "jtt1179 TEST CA 3" })
	ca("signed from its head on", 0, func(r *recipe) { r.CASignature = signedBy(r.CA, certified(r, 3), jtt1179test.Digest) })
	ca("signed without ZA", 0, func(r *recipe) { r.CASignature = signedBy(r.CA, certified(r, 9), withoutZA) })
	ca("signed under an empty identifier", 0, func(r *recipe) { r.CASignature = signedBy(r.CA, certified(r, 9), emptyID) })
	ca("signature of zeros", 0, func(r *recipe) { r.CASignature = make([]byte, 64) })
	ca("s and r swapped", 0, func(r *recipe) {
		s := signedBy(r.CA, certified(r, 9), jtt1179test.Digest)
		r.CASignature = slices.Concat(s[32:], s[:32])
	})
	ca("serial changed", 0, func(r *recipe) {
		r.CASignature = signedBy(r.CA, certified(r, 9), jtt1179test.Digest)
		r.Serial = unhex("000002")
	})
	ca("a key that is not on the curve", 0, func(r *recipe) { r.IssuerKey = offCurve() })

	issuer := func(comment string, bug int, change func(*recipe)) {
		g.add(vector{comment: "authorisation: " + comment, bug: bug, reason: jtt1179.BadAuthorisation, change: change})
	}
	authorised := func(r *recipe, from int) []byte { return slices.Clone(r.Bytes()[from:198]) }
	issuer("by nobody: a self-made user key", 2, func(r *recipe) { r.UserKey, r.ShownBy, r.SignedBy = jtt1179test.Point(attacker), attacker, attacker })
	issuer("another user key under a genuine signature", 2, func(r *recipe) {
		r.IssuerSignature = signedBy(r.SignedBy, authorised(r, 3), jtt1179test.Digest)
		r.UserKey, r.ShownBy = jtt1179test.Point(attacker), attacker
	})
	issuer("signature of zeros", 2, func(r *recipe) { r.IssuerSignature = make([]byte, 64) })
	issuer("signed without ZA", 0, func(r *recipe) { r.IssuerSignature = signedBy(r.SignedBy, authorised(r, 3), withoutZA) })
	issuer("signed under an empty identifier", 0, func(r *recipe) { r.IssuerSignature = signedBy(r.SignedBy, authorised(r, 3), emptyID) })
	issuer("signed from the version on", 0, func(r *recipe) { r.IssuerSignature = signedBy(r.SignedBy, authorised(r, 0), jtt1179test.Digest) })
	issuer("signed without the certificate", 0, func(r *recipe) { r.IssuerSignature = signedBy(r.SignedBy, authorised(r, 120), jtt1179test.Digest) })
	late := func(comment string, change func(*recipe)) {
		issuer(comment, 0, func(r *recipe) {
			r.IssuerSignature = signedBy(r.SignedBy, authorised(r, 3), jtt1179test.Digest)
			change(r)
		})
	}
	late("the cap raised", func(r *recipe) { r.Cap = unhex("ffffff") })
	late("its expiry put off", func(r *recipe) { r.Expires = u32(noon + 30*86400) })
	late("another's card account", func(r *recipe) { account(r, 2) })

	user := func(comment string, change func(*recipe)) {
		g.add(vector{comment: "display: " + comment, reason: jtt1179.BadUserSignature, change: change})
	}
	shown := func(r *recipe, from int) []byte { b := r.Bytes(); return slices.Clone(b[from : len(b)-65]) }
	user("signed by another phone", func(r *recipe) { r.ShownBy = attacker })
	user("signed by the issuer", func(r *recipe) { r.ShownBy = jtt1179test.Issuer })
	user("a screenshot with a new time", func(r *recipe) {
		r.UserSignature = signedBy(r.ShownBy, shown(r, 0), jtt1179test.Digest)
		r.Generated = u32(now)
	})
	user("signed without ZA", func(r *recipe) { r.UserSignature = signedBy(r.ShownBy, shown(r, 0), withoutZA) })
	user("signed from the certificate on", func(r *recipe) { r.UserSignature = signedBy(r.ShownBy, shown(r, 3), jtt1179test.Digest) })
	user("only the time signed", func(r *recipe) { r.UserSignature = signedBy(r.ShownBy, shown(r, 263), jtt1179test.Digest) })
	user("signature of zeros", func(r *recipe) { r.UserSignature = make([]byte, 64) })
	user("a key that is not on the curve, authorised", func(r *recipe) { r.UserKey = offCurve() })
}

func (g *generator) times() {
	g.group(401, "Authentic codes that are not taken")
	g.add(
		vector{comment: "the certificate is another issuer's", reason: jtt1179.WrongIssuer, change: func(r *recipe) { r.Issuer = unhex("99990002") }},
		vector{comment: "a certificate of last month", reason: jtt1179.CertificateExpired, change: func(r *recipe) { r.Month = unhex("1026") }},
		vector{comment: "a certificate in the first second after its month, by the time of China", reason: jtt1179.CertificateExpired, clock: monthEnd,
			change: func(r *recipe) { r.Month = unhex("1126"); r.Generated, r.Expires = u32(monthEnd-9), u32(monthEnd+9) }},
		vector{comment: "an authorisation that expired a second ago", reason: jtt1179.AuthorisationExpired, change: func(r *recipe) { r.Expires = u32(now - 1) }},
		vector{comment: "an authorisation in seconds since 2000", bug: 4, reason: jtt1179.AuthorisationExpired, change: func(r *recipe) { r.Expires = u32(noon + 7*86400 - y2000) }},
		vector{comment: "a validity of 1201 s", reason: jtt1179.ValidityTooLong, change: func(r *recipe) { r.Validity = unhex("04b1") }},
		vector{comment: "a validity of 65535 s", reason: jtt1179.ValidityTooLong, change: func(r *recipe) { r.Validity = unhex("ffff") }},
		vector{comment: "a phone 21 s ahead", bug: 7, reason: jtt1179.GeneratedAhead, change: generated(now + 21)},
		vector{comment: "a phone 8 h ahead", bug: 3, reason: jtt1179.GeneratedAhead, change: generated(now + 8*hour)},
		vector{comment: "generated in 2106: with its validity a 32-bit sum is small", reason: jtt1179.GeneratedAhead, change: func(r *recipe) { r.Generated = unhex("ffffffff") }},
		vector{comment: "a second too old", reason: jtt1179.CodeTooOld, clock: noon + 601},
		vector{comment: "eight hours old", bug: 3, reason: jtt1179.CodeTooOld, change: generated(now - 8*hour)},
		vector{comment: "generated in seconds since 2000", bug: 4, reason: jtt1179.CodeTooOld, change: generated(noon - y2000)},
		vector{comment: "generated in 1970", reason: jtt1179.CodeTooOld, change: generated(0)},
		vector{comment: "good for no time at all", reason: jtt1179.CodeTooOld, change: func(r *recipe) { r.Validity = unhex("0000") }},
		vector{comment: "an account that the operator has denied", reason: jtt1179.AccountDenied, change: func(r *recipe) { account(r, 0x66) }},
		vector{comment: "a fare one fen above the cap", reason: jtt1179.OverCap, amount: 2001},
		vector{comment: "a fare above a cap of 101 fen whose bytes swapped would be 25 856", bug: 4, reason: jtt1179.OverCap, amount: 200, change: func(r *recipe) { r.Cap = unhex("000065") }},
	)
}

func (g *generator) lane() {
	g.group(501, "What a lane remembers. The scans before are of the same lane, in this order")
	shown := func(n byte, t int64) func(*recipe) {
		return func(r *recipe) { account(r, n); r.Generated = u32(t) }
	}
	taken := func(n byte, t, clock int64) scan { return vector{clock: clock, change: shown(n, t)}.scan() }
	denied := func(r jtt1179.Reason, n byte, t, clock int64) scan {
		return vector{reason: r, clock: clock, change: shown(n, t)}.scan()
	}
	first := taken(1, noon, noon)
	g.add(
		vector{comment: "a second code of the account after the interval", clock: noon + 10, change: shown(1, noon+9), before: []scan{first}},
		vector{comment: "another account at once", clock: noon + 1, change: shown(2, noon), before: []scan{first}},
		vector{comment: "the same display a second later", reason: jtt1179.Debounced, clock: noon + 1, change: shown(1, noon), before: []scan{first}},
		vector{comment: "a newer display of the account a second later", reason: jtt1179.Debounced, clock: noon + 1, change: shown(1, noon+1), before: []scan{first}},
		vector{comment: "the same display two seconds later", reason: jtt1179.Replayed, clock: noon + 2, change: shown(1, noon), before: []scan{first}},
		vector{comment: "the display before the last", bug: 6, reason: jtt1179.Replayed, clock: noon + 30, change: shown(1, noon), before: []scan{first, taken(2, noon, noon+20)}},
		vector{comment: "the same display signed again", reason: jtt1179.Replayed, clock: noon + 30, change: shown(1, noon), raw: again, before: []scan{first}},
		vector{comment: "an older display of the account", reason: jtt1179.Replayed, clock: noon + 30, change: shown(1, noon-1), before: []scan{first}},
		vector{comment: "a companion on the same account", reason: jtt1179.TooSoon, clock: noon + 9, change: shown(1, noon+8), before: []scan{first}},
		vector{comment: "a display from before the lane began", reason: jtt1179.ReplayUnknown, clock: noon - 24*hour + 21, change: shown(1, noon-24*hour+20)},
		vector{comment: "a refused display leaves no trace", clock: noon + 10, change: shown(1, noon+8),
			before: []scan{first, denied(jtt1179.TooSoon, 1, noon+8, noon+9)}},
		vector{comment: "what was refused for its fare can pay another", clock: noon + 1, amount: 2000, change: shown(3, noon),
			before: []scan{vector{reason: jtt1179.OverCap, clock: noon, amount: 2001, change: shown(3, noon)}.scan()}},
	)
}
