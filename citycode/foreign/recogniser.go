package foreign

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/citizencode/citizencode/citycode"
)

// Limits.
const (
	// MaxScan is the longest content that is looked at, in bytes: the digits of
	// the largest QR symbol.
	MaxScan = 7089
	// MaxRules bounds [Config].Rules.
	MaxRules = 64

	minSigned  = 48  // bytes: no binary ride code is shorter than its signature, the smallest of which has 48
	minDecimal = 200 // digits of ours (citycode/SPEC.md §9)
	minJTT1179 = 332
	maxJTT1179 = 364
	minHandle  = 16 // characters of a health card's number
	maxHandle  = 64
)

// DefaultMedicalLength is the length of a medical insurance code as one source
// reports it, in characters. No standard that could be read states it.
const DefaultMedicalLength = 28

// An Alphabet is a set of characters.
type Alphabet uint8

// The alphabets.
const (
	Alphanumeric Alphabet = iota // ASCII letters and digits
	Digits
	Printable // ASCII 0x21..0x7E
)

func (a Alphabet) holds(c byte) bool {
	digit := c >= '0' && c <= '9'
	switch a {
	case Digits:
		return digit
	case Alphanumeric:
		return digit || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
	case Printable:
		return c > ' ' && c <= '~'
	}
	return false
}

// A Rule says what a code looks like whose format each province or city has set
// for itself. It may name one of Medical, HealthCard, SocialSecurity and
// HealthCode.
type Rule struct {
	Kind     Kind
	Prefix   string // characters in front, which count; may be empty
	Min, Max int    // characters, 1..MaxScan
	Alphabet Alphabet
}

func (r *Rule) validate() error {
	switch r.Kind {
	case Medical, HealthCard, SocialSecurity, HealthCode:
	default:
		return fmt.Errorf("foreign: no rule can name %s", r.Kind)
	}
	if r.Min < 1 || r.Min > r.Max || r.Max > MaxScan || len(r.Prefix) > r.Max || r.Alphabet > Printable {
		return fmt.Errorf("foreign: the rule for %s matches nothing", r.Kind)
	}
	return nil
}

func (r *Rule) matches(b []byte) bool {
	return len(b) >= r.Min && len(b) <= r.Max && bytes.HasPrefix(b, []byte(r.Prefix)) && all(b, r.Alphabet)
}

// A Config is what a city adds. The zero value knows what SPEC.md §2 says.
type Config struct {
	// Rules are looked at in their order, after everything with a prefix or
	// first byte of its own and before what is told by its length alone.
	Rules []Rule
	// MedicalLengths are the lengths of a medical insurance code, in
	// characters; nil: DefaultMedicalLength.
	MedicalLengths []int
}

// A Recogniser tells kinds apart. The zero value is that of the zero Config. It
// is safe for concurrent use.
type Recogniser struct {
	rules   []Rule
	medical []int
}

// NewRecogniser returns a recogniser.
func NewRecogniser(cfg Config) (*Recogniser, error) {
	if len(cfg.Rules) > MaxRules {
		return nil, errors.New("foreign: too many rules")
	}
	for i := range cfg.Rules {
		if err := cfg.Rules[i].validate(); err != nil {
			return nil, err
		}
	}
	return &Recogniser{rules: slices.Clone(cfg.Rules), medical: slices.Clone(cfg.MedicalLengths)}, nil
}

// A Code is something that was scanned, with its name. Nothing in it is
// verified.
type Code struct {
	Kind  Kind
	Fault Fault // what a scanner did to it on its way; it is not repaired

	bytes []byte
}

// Bytes returns the content as it was scanned, without what scanners put around
// a text. It aliases what was recognised.
func (c Code) Bytes() []byte { return c.bytes }

// Next returns what its holder, or the staff, can do where the code is not
// taken.
func (c Code) Next() Text {
	if c.Fault != Intact {
		return scannerNext
	}
	return c.Kind.Next()
}

// Recognise names the content of a symbol or of a scanner's line. Every content
// has exactly one name; what nobody has described is [Unknown]. It takes time
// and memory proportional to len(b), at most MaxScan.
func (r *Recogniser) Recognise(b []byte) Code {
	if len(b) == 0 || len(b) > MaxScan {
		return Code{bytes: b}
	}
	// Bytes first: nothing may be trimmed from a binary code.
	if k := binaryKind(b); k != Unknown {
		return Code{Kind: k, bytes: b}
	}
	text := trim(b)
	if !utf8.Valid(text) {
		return Code{bytes: b}
	}
	if k := r.textKind(text); k != Unknown {
		return Code{Kind: k, bytes: text}
	}
	if before, fault := undo(text); fault != Intact {
		k := binaryKind(before)
		switch {
		case fault == Replaced && k == RideJTT1179 && !headed(before):
			k = Unknown // its first byte is lost: any text that begins with a lost byte would do
		case k == Unknown && fault != Hexadecimal && fault != Replaced:
			k = r.textKind(before)
		}
		if k != Unknown {
			return Code{Kind: k, Fault: fault, bytes: text}
		}
	}
	return Code{bytes: text}
}

// binaryKind tells by the first bytes (SPEC.md §2.1). All of it is apart from
// textKind: a first byte that is a printable character is binary only where
// text cannot follow, but for "TX", which is one wallet's own mark.
func binaryKind(b []byte) Kind {
	signed := len(b) >= minSigned
	switch {
	case len(b) == 0:
		return Unknown
	case b[0]&0xf0 == citycode.WireVersion&0xf0:
		return CitizenCode
	case b[0] >= 0x80:
		// Chinese text begins with such bytes as well, so the length or the
		// head of the certificate must fit.
		sized := len(b) >= minJTT1179 && len(b) <= maxJTT1179
		if (sized || headed(b)) && !utf8.Valid(b) {
			return RideJTT1179
		}
	case !signed:
	case b[0] == 0x02 && b[1] == 0x01:
		return RideWallet
	case b[0] == 0x54 && (b[1] == 0x01 || b[1] == 0x02):
		return RideWalletCity
	case b[0] == 0x54 && b[1] == 'X' && schemeOf(b) == 0:
		return RideTencent
	case b[0] == 0x55 && !isText(b):
		return RidePlatform
	}
	return Unknown
}

// headed reports whether a data length of 0x01?? and the head of a certificate
// stand where they do in a code of JT/T 1179.
func headed(b []byte) bool { return len(b) > 3 && b[1] == 0x01 && b[3] == 0x24 }

// textKind tells texts apart (SPEC.md §2.2).
func (r *Recogniser) textKind(b []byte) Kind {
	if k := prefixKind(b); k != Unknown {
		return k
	}
	for i := range r.rules {
		if r.rules[i].matches(b) {
			return r.rules[i].Kind
		}
	}
	return r.lengthKind(b)
}

// prefixKind tells by characters in front.
func prefixKind(b []byte) Kind {
	switch n := schemeOf(b); {
	case bytes.HasPrefix(b, []byte("CC1:")), bytes.HasPrefix(b, []byte("77")) && len(b) >= minDecimal:
		return CitizenCode
	case bytes.HasPrefix(b, []byte("HC1:")):
		return HCert
	case bytes.HasPrefix(b, []byte("shc:/")):
		return SmartHealthCard
	case n > 0 && (bytes.EqualFold(b[:n], []byte("http")) || bytes.EqualFold(b[:n], []byte("https"))):
		return WebLink
	case n > 0:
		return AppLink
	}
	return paymentKind(b)
}

// paymentKind tells the payment codes whose first two digits are known.
func paymentKind(b []byte) Kind {
	if len(b) < 16 || len(b) > 24 || !all(b, Digits) {
		return Unknown
	}
	switch two := int(b[0]-'0')*10 + int(b[1]-'0'); {
	case two >= 25 && two <= 30: // 16 to 24 digits
		return PayAlipay
	case len(b) < 18:
	case two == 1:
		return PayDigitalYuan
	case two >= 10 && two <= 15:
		return PayWeChat
	case two == 62:
		return PayUnionPay
	}
	return Unknown
}

// lengthKind guesses by length and alphabet alone.
func (r *Recogniser) lengthKind(b []byte) Kind {
	switch front, back, cut := bytes.Cut(b, []byte(":")); {
	case r.medicalLength(len(b)) && all(b, Alphanumeric):
		return Medical
	case len(b) >= 18 && len(b) <= 24 && all(b, Digits):
		return PayOther
	case cut && len(front) >= minHandle && len(front) <= maxHandle && all(front, Alphanumeric) && len(back) >= 1 && len(back) <= 2 && all(back, Digits):
		return HealthCard
	}
	return Unknown
}

func (r *Recogniser) medicalLength(n int) bool {
	if r.medical == nil {
		return n == DefaultMedicalLength
	}
	return slices.Contains(r.medical, n)
}

// schemeOf returns the length of the scheme of a URI with "://" behind it
// (RFC 3986, 3.1), or 0.
func schemeOf(b []byte) int {
	n := bytes.Index(b[:min(len(b), 35)], []byte("://"))
	if n < 1 || !all(b[:1], Alphanumeric) || b[0] <= '9' {
		return 0
	}
	for _, c := range b[:n] {
		if !Alphanumeric.holds(c) && c != '+' && c != '-' && c != '.' {
			return 0
		}
	}
	return n
}

func all(b []byte, a Alphabet) bool {
	for _, c := range b {
		if !a.holds(c) {
			return false
		}
	}
	return true
}

// isText reports whether b is UTF-8 without other control characters than those
// of lines.
func isText(b []byte) bool {
	return utf8.Valid(b) && !bytes.ContainsFunc(b, func(r rune) bool { return r < ' ' && r != '\t' && r != '\r' && r != '\n' })
}

// trim removes what scanners put around a text: line ends, tabs and spaces, and
// the AIM identifier of QR.
func trim(b []byte) []byte {
	const around = " \t\r\n"
	return bytes.Trim(bytes.TrimPrefix(bytes.Trim(b, around), []byte("]Q1")), around)
}
