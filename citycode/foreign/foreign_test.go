package foreign_test

import (
	"bytes"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/foreign"
	"github.com/citizencode/citizencode/citycode/foreign/jtt1179/jtt1179test"
	"github.com/citizencode/citizencode/qr"
)

// rules are those of a city that knows how its own codes begin.
var rules = foreign.Config{Rules: []foreign.Rule{
	{Kind: foreign.SocialSecurity, Prefix: "TESTSSC", Min: 20, Max: 64},
	{Kind: foreign.HealthCode, Prefix: "TESTJKM-", Min: 12, Max: 40, Alphabet: foreign.Printable},
}}

func newRecogniser(tb testing.TB, cfg foreign.Config) *foreign.Recogniser {
	r, err := foreign.NewRecogniser(cfg)
	require.NoError(tb, err)
	return r
}

// token is a citizen code, in bytes.
func token(tb testing.TB) []byte {
	c := citycodetest.NewCity(tb, citycodetest.Shenyang)
	return c.Citizen("Test Person A", citycode.ProfileTransit, citycode.Transit, nil).Show(citycode.Transit).Bytes()
}

func decimal(tb testing.TB, token []byte) string {
	text, err := qr.EncodeDecimal(token)
	require.NoError(tb, err)
	return text
}

func base45(tb testing.TB, token []byte) string {
	text, err := qr.EncodeBase45(token)
	require.NoError(tb, err)
	return text
}

// latin1 is what a scanner writes that takes bytes for ISO 8859-1.
func latin1(b []byte) string {
	runes := make([]rune, len(b))
	for i, c := range b {
		runes[i] = rune(c)
	}
	return string(runes)
}

func fullWidth(text string) string {
	return strings.Map(func(r rune) rune { return r + 0xfee0 }, text)
}

// A sample is something that somebody shows.
type sample struct {
	what  string
	shown string
	kind  foreign.Kind
	fault foreign.Fault
}

func samples(tb testing.TB) []sample {
	ours := token(tb)
	ride := jtt1179test.New().Bytes()
	wallet := append([]byte{2, 1, 1, 180}, bytes.Repeat([]byte{0x5a}, 240)...)
	binary := func(first ...byte) string {
		return string(append(first, bytes.Repeat([]byte{0x00, 0x9d, 0x41}, 60)...))
	}
	digits := func(first string, n int) string { return first + strings.Repeat("3", n-len(first)) }
	const in, out = foreign.Intact, foreign.Unknown
	return []sample{
		{"ours, decimal", decimal(tb, ours), foreign.CitizenCode, in},
		{"ours, Base45", base45(tb, ours), foreign.CitizenCode, in},
		{"ours, bytes", string(ours), foreign.CitizenCode, in},
		{"ours of another version", string(append([]byte{0x12}, ours[1:]...)), foreign.CitizenCode, in},
		{"ours with what a scanner adds", "]Q1" + decimal(tb, ours) + "\r\n", foreign.CitizenCode, in},
		{"ours with a digit missing", decimal(tb, ours)[1:][:250], out, in},
		{"ours, a few digits", digits("77", 199), out, in},
		{"ours in lower case", strings.ToLower(base45(tb, ours)), foreign.CitizenCode, foreign.Lowercase},
		{"ours in full width", fullWidth(decimal(tb, ours)), foreign.CitizenCode, foreign.FullWidth},
		{"ours, bytes in hexadecimal", hex.EncodeToString(ours), foreign.CitizenCode, foreign.Hexadecimal},

		{"JT/T 1179", string(ride), foreign.RideJTT1179, in},
		{"JT/T 1179, cut off", string(ride[:200]), foreign.RideJTT1179, in},
		{"JT/T 1179 of a later version", string(append([]byte{0x90}, ride[1:]...)), foreign.RideJTT1179, in},
		{"JT/T 1179 read as Latin-1", latin1(ride), foreign.RideJTT1179, foreign.Latin1},
		{"JT/T 1179 with lost bytes", string([]rune(string(ride))), foreign.RideJTT1179, foreign.Replaced},
		{"JT/T 1179 with lost and full-width characters", "\ufffd\x01I$７７", foreign.RideJTT1179, foreign.Replaced},
		{"a text that begins with a lost byte", "\ufffd" + strings.Repeat("a", 340), out, in},
		{"our prefix before bytes that are no text", "CC1:\xff\xfe", out, in},
		{"JT/T 1179 in hexadecimal", strings.ToUpper(hex.EncodeToString(ride)), foreign.RideJTT1179, foreign.Hexadecimal},
		{"GBK text", "\xc4\xe3\xba\xc3\xa3\xac\xca\xc0\xbd\xe7", out, in},
		{"Chinese text", "你好，世界", out, in},
		{"Chinese text with a dollar behind its first letter", "你$" + strings.Repeat("好", 112), out, in},

		{"wallet", string(wallet), foreign.RideWallet, in},
		{"wallet, city", binary(0x54, 0x01), foreign.RideWalletCity, in},
		{"wallet, city, other", binary(0x54, 0x02), foreign.RideWalletCity, in},
		{"platform", binary(0x55, 0x10), foreign.RidePlatform, in},
		{"Tencent", "TX" + strings.Repeat("0a", 60), foreign.RideTencent, in},
		{"Tencent, bytes", binary('T', 'X'), foreign.RideTencent, in},
		{"wallet read as Latin-1", latin1(append(wallet, 0xe9)), foreign.RideWallet, in}, // its first bytes are ASCII
		{"a word that begins with TX", "TXT", out, in},
		{"a word that begins with U", "UNDERGROUND STATION EXIT NORTH, PLATFORM ONE AND TWO", out, in},
		{"two bytes that begin as a wallet's", "\x02\x01", out, in},

		{"digital yuan", digits("01", 19), foreign.PayDigitalYuan, in},
		{"WeChat, lowest", digits("10", 18), foreign.PayWeChat, in},
		{"WeChat, highest", digits("15", 18), foreign.PayWeChat, in},
		{"Alipay, lowest", digits("25", 16), foreign.PayAlipay, in},
		{"Alipay, highest", digits("30", 24), foreign.PayAlipay, in},
		{"UnionPay", digits("62", 19), foreign.PayUnionPay, in},
		{"UnionPay in full width", fullWidth(digits("62", 19)), foreign.PayUnionPay, foreign.FullWidth},
		{"nobody's digits", digits("24", 18), foreign.PayOther, in},
		{"nobody's digits, 24", digits("77", 24), foreign.PayOther, in},
		{"17 digits", digits("62", 17), out, in},
		{"25 digits", digits("10", 25), out, in},
		{"13 digits of a shop", "6901234567892", out, in},

		{"medical", "TEST0000000000000000000000AB", foreign.Medical, in},
		{"medical, digits", digits("50", 28), foreign.Medical, in},
		{"29 characters", "TEST0000000000000000000000ABC", out, in},
		{"health card", strings.Repeat("0123456789ABCDEF", 4) + ":1", foreign.HealthCard, in},
		{"a time of day", "12:30", out, in},
		{"social security card, by the city's rule", "TESTSSC00000000000001", foreign.SocialSecurity, in},
		{"health code, by the city's rule", "TESTJKM-GREEN-1", foreign.HealthCode, in},
		{"health code of another city", "XJKM-GREEN-1", out, in},

		{"hcert", "HC1:6BFOXN%TSMAHN-H", foreign.HCert, in},
		{"hcert in lower case", "hc1:6bfoxn%tsmahn-h", foreign.HCert, foreign.Lowercase},
		{"hcert, its prefix alone", "HC1:", foreign.HCert, in},
		{"SMART health card", "shc:/5676290952432060", foreign.SmartHealthCard, in},
		{"a page", "https://example.org/77", foreign.WebLink, in},
		{"a page, alphanumeric", "HTTP://EXAMPLE.ORG/", foreign.WebLink, in},
		{"an app", "alipays://platformapi/startapp", foreign.AppLink, in},
		{"an app whose name begins with TX", "TXAPP://" + strings.Repeat("x", 60), foreign.AppLink, in},
		{"no scheme", "://example.org", out, in},
		{"a wireless network", "WIFI:S:TEST;;", out, in},
		{"nothing", "", out, in},
		{"line end", "\r\n", out, in},
		{"a megabyte", strings.Repeat("7", 1<<20), out, in},
	}
}

func TestRecognise(t *testing.T) {
	r := newRecogniser(t, rules)
	seen, faults := map[foreign.Kind]bool{}, map[foreign.Fault]bool{}
	for _, s := range samples(t) {
		code := r.Recognise([]byte(s.shown))
		assert.Equal(t, s.kind.String(), code.Kind.String(), s.what)
		assert.Equal(t, s.fault.String(), code.Fault.String(), s.what)
		seen[s.kind], faults[s.fault] = true, true
	}
	for _, k := range foreign.Kinds() {
		assert.True(t, seen[k], "no sample of %s", k)
	}
	assert.Len(t, faults, 6)
	assert.Equal(t, "HC1:6BF", string(r.Recognise([]byte("]Q1HC1:6BF\r\n")).Bytes()))
}

// Without rules of a city two kinds are not known, and that is said.
func TestWithoutRules(t *testing.T) {
	r := new(foreign.Recogniser)
	for _, s := range samples(t) {
		want := s.kind
		if want == foreign.SocialSecurity || want == foreign.HealthCode {
			want = foreign.Unknown
		}
		assert.Equal(t, want.String(), r.Recognise([]byte(s.shown)).Kind.String(), s.what)
	}
}

func TestMedicalLengths(t *testing.T) {
	r := newRecogniser(t, foreign.Config{MedicalLengths: []int{20, 32}})
	assert.Equal(t, foreign.Medical, r.Recognise([]byte("TEST0000000000000020")).Kind)
	assert.Equal(t, foreign.Unknown, r.Recognise([]byte("TEST0000000000000000000000AB")).Kind)
	assert.Equal(t, foreign.PayUnionPay, r.Recognise([]byte("62333333333333333333")).Kind, "what has a prefix of its own stays")
	r = newRecogniser(t, foreign.Config{MedicalLengths: []int{}})
	assert.Equal(t, foreign.Unknown, r.Recognise([]byte("TEST0000000000000000000000AB")).Kind)
}

func TestRules(t *testing.T) {
	for _, rule := range []foreign.Rule{
		{Kind: foreign.CitizenCode, Min: 1, Max: 2}, {Kind: foreign.RideJTT1179, Min: 1, Max: 2}, {Kind: foreign.Unknown, Min: 1, Max: 2},
		{Kind: foreign.Medical}, {Kind: foreign.Medical, Min: 2, Max: 1}, {Kind: foreign.Medical, Min: 1, Max: foreign.MaxScan + 1},
		{Kind: foreign.Medical, Prefix: "long", Min: 1, Max: 2}, {Kind: foreign.Medical, Min: 1, Max: 2, Alphabet: 9},
	} {
		_, err := foreign.NewRecogniser(foreign.Config{Rules: []foreign.Rule{rule}})
		assert.Error(t, err, rule)
	}
	_, err := foreign.NewRecogniser(foreign.Config{Rules: make([]foreign.Rule, foreign.MaxRules+1)})
	assert.Error(t, err)
	// A rule can take nothing away from who has a mark of his own.
	greedy := newRecogniser(t, foreign.Config{Rules: []foreign.Rule{{Kind: foreign.HealthCode, Min: 1, Max: foreign.MaxScan, Alphabet: foreign.Printable}}})
	for _, s := range samples(t) {
		switch got := greedy.Recognise([]byte(s.shown)).Kind; s.kind {
		case foreign.Unknown, foreign.Medical, foreign.HealthCard, foreign.SocialSecurity, foreign.HealthCode, foreign.PayOther:
		default:
			if s.fault != foreign.Hexadecimal && s.fault != foreign.Lowercase { // printable text, to a city that wants it all
				assert.Equal(t, s.kind, got, s.what)
			}
		}
	}
}

// claims is every kind that lays claim to a content, from the table of SPEC.md
// §2 and from nothing of the package: regular expressions over bytes, each with
// all that it needs, in no order. Nothing binary is ever trimmed.
func claims(b []byte, trimmed bool) (list []foreign.Kind) {
	for _, c := range claimants {
		if c.text && !utf8.Valid(b) || trimmed && !c.text {
			continue
		}
		if c.pattern.MatchString(asLatin1(b)) && (c.min == 0 || len(b) >= c.min) && (c.kind != foreign.RideJTT1179 || !utf8.Valid(b)) && (c.kind != foreign.RidePlatform || !utf8.Valid(b) || control.Match(b)) {
			if !slices.Contains(list, c.kind) {
				list = append(list, c.kind)
			}
		}
	}
	return list
}

// asLatin1 lets a pattern see bytes as letters of the same number.
func asLatin1(b []byte) string { return latin1(b) }

var control = regexp.MustCompile(`[\x00-\x08\x0b\x0c\x0e-\x1f]`)

var claimants = []struct {
	kind    foreign.Kind
	text    bool
	min     int
	pattern *regexp.Regexp
}{
	{foreign.CitizenCode, false, 0, regexp.MustCompile(`(?s)^[\x10-\x1f]`)},
	{foreign.CitizenCode, true, 0, regexp.MustCompile(`(?s)^CC1:`)},
	{foreign.CitizenCode, true, 200, regexp.MustCompile(`(?s)^77`)},
	{foreign.RideJTT1179, false, 0, regexp.MustCompile(`(?s)^[\x{80}-\x{ff}].{331,363}$`)},
	{foreign.RideJTT1179, false, 0, regexp.MustCompile(`(?s)^[\x{80}-\x{ff}]\x01.\$`)},
	{foreign.RideWallet, false, 48, regexp.MustCompile(`(?s)^\x02\x01`)},
	{foreign.RideWalletCity, false, 48, regexp.MustCompile(`(?s)^T[\x01\x02]`)},
	{foreign.RideTencent, false, 48, regexp.MustCompile(`(?s)^TX[A-Za-z0-9+.-]{0,30}([^A-Za-z0-9+.:-]|:[^/]|:/[^/])`)},
	{foreign.RideTencent, false, 48, regexp.MustCompile(`(?s)^TX[A-Za-z0-9+.-]{31}`)},
	{foreign.RidePlatform, false, 48, regexp.MustCompile(`^U`)},
	{foreign.PayDigitalYuan, true, 0, regexp.MustCompile(`^01[0-9]{16,22}$`)},
	{foreign.PayWeChat, true, 0, regexp.MustCompile(`^1[0-5][0-9]{16,22}$`)},
	{foreign.PayAlipay, true, 0, regexp.MustCompile(`^(2[5-9]|30)[0-9]{14,22}$`)},
	{foreign.PayUnionPay, true, 0, regexp.MustCompile(`^62[0-9]{16,22}$`)},
	{foreign.PayOther, true, 0, regexp.MustCompile(`^(0[02-9]|1[6-9]|2[0-4]|3[1-9]|[457-9][0-9]|6[013-9])[0-9]{16,22}$`)},
	{foreign.Medical, true, 0, regexp.MustCompile(`^[0-9A-Za-z]{28}$`)},
	{foreign.HealthCard, true, 0, regexp.MustCompile(`^([0-9A-SU-Za-z][0-9A-Za-z]|T[0-9A-WYZa-z])[0-9A-Za-z]{14,62}:[0-9]{1,2}$`)},
	{foreign.HealthCard, true, 0, regexp.MustCompile(`^TX[0-9A-Za-z]{14,30}:[0-9]{1,2}$`)}, // too short for Tencent's
	{foreign.HCert, true, 0, regexp.MustCompile(`(?s)^HC1:`)},
	{foreign.SmartHealthCard, true, 0, regexp.MustCompile(`(?s)^shc:/`)},
	{foreign.WebLink, true, 0, regexp.MustCompile(`(?s)^(?i:https?)://`)},
	{foreign.AppLink, true, 0, regexp.MustCompile(`(?s)^[A-Za-z][A-Za-z0-9+.-]{0,31}://`)},
}

// TestNoOverlap: one content has one name. Where the table knows a kind it is
// that one; only a link that is also a kind of link has two, and there the order
// of SPEC.md decides.
func TestNoOverlap(t *testing.T) {
	r := newRecogniser(t, foreign.Config{})
	all := samples(t)
	check := func(t interface{ Fatalf(string, ...any) }, b []byte) {
		code := r.Recognise(b)
		if again := r.Recognise(b); again.Kind != code.Kind || again.Fault != code.Fault {
			t.Fatalf("%q is %s and then %s", b, code.Kind, again.Kind)
		}
		if len(b) > foreign.MaxScan {
			return
		}
		bare := bytes.Trim(b, " \t\r\n")
		bare = bytes.Trim(bytes.TrimPrefix(bare, []byte("]Q1")), " \t\r\n")
		list := claims(b, false)
		if len(list) == 0 {
			list = claims(bare, true)
		}
		if i := slices.Index(list, foreign.AppLink); i >= 0 && len(list) > 1 {
			list = slices.Delete(list, i, i+1) // http, HC1:, TX and the like are more than a link
		}
		if len(list) > 1 {
			t.Fatalf("%q is %v", b, list)
		}
		if len(list) == 1 && (code.Kind != list[0] || code.Fault != foreign.Intact) {
			t.Fatalf("%q is %s (%s), the table says %s", b, code.Kind, code.Fault, list[0])
		}
		if len(list) == 0 && code.Fault == foreign.Intact && code.Kind != foreign.Unknown {
			t.Fatalf("%q is %s, and nobody's by the table", b, code.Kind)
		}
	}
	for _, s := range all {
		check(t, []byte(s.shown))
	}
	rapid.Check(t, func(t *rapid.T) {
		var b []byte
		switch rapid.IntRange(0, 3).Draw(t, "how") {
		case 0:
			b = rapid.SliceOfN(rapid.Byte(), 0, 400).Draw(t, "bytes")
		case 1:
			b = []byte(rapid.StringMatching(`([0-9]{14,30}|[0-9A-Za-z]{20,70}(:[0-9]{1,3})?|TX[ -~]{0,60}|[A-Za-z]{1,6}:/{0,2}[ -~]{0,20}|U[ -~]{40,60})`).Draw(t, "text"))
		default:
			s := rapid.SampledFrom(all[:len(all)-1]).Draw(t, "sample")
			b = []byte(s.shown)
			for range rapid.IntRange(0, 3).Draw(t, "changes") {
				if len(b) == 0 {
					break
				}
				at := min(rapid.OneOf(rapid.IntRange(0, 4), rapid.IntRange(0, 500)).Draw(t, "at"), len(b)-1)
				switch rapid.IntRange(0, 2).Draw(t, "change") {
				case 0:
					b[at] = rapid.Byte().Draw(t, "to")
				case 1:
					b = slices.Delete(b, at, at+1)
				case 2:
					b = slices.Insert(b, at, rapid.SampledFrom([]byte("0aT:/ U\x02\x81$")).Draw(t, "in"))
				}
			}
		}
		check(t, b)
	})
}

func TestWords(t *testing.T) {
	words := map[string]bool{}
	for _, k := range foreign.Kinds() {
		assert.Regexp(t, `^[a-z0-9]+(-[a-z0-9]+)*$`, k.String())
		assert.False(t, words[k.String()])
		words[k.String()] = true
		next := k.Next()
		assert.NotEmpty(t, next.Zh, k)
		assert.NotEmpty(t, next.En, k)
		assert.Regexp(t, `[;,] (which|open|do not|please|or|show)`, next.En, "%s: the next step", k)
	}
	assert.Equal(t, "kind-99", foreign.Kind(99).String())
	assert.Equal(t, foreign.Unknown.Next(), foreign.Kind(99).Next())
}

// Memory is the input's, not a multiple of it.
func TestAllocations(t *testing.T) {
	r := newRecogniser(t, rules)
	for _, s := range samples(t) {
		b := []byte(s.shown)
		allocs := testing.AllocsPerRun(20, func() { r.Recognise(b) })
		assert.LessOrEqual(t, allocs, 2.0, s.what)
		if s.kind != foreign.Unknown && s.fault == foreign.Intact {
			assert.Zero(t, allocs, s.what)
		}
	}
}
