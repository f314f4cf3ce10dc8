package vectors

import (
	"fmt"
	"slices"
	"strings"

	"github.com/citizencode/citizencode/qr"
)

type textTest struct {
	label
	Form  string    `json:"form,omitempty"`
	Size  *int      `json:"prefixSize,omitempty"` // of the part in front that is asked for
	Front string    `json:"prefix,omitempty"`
	Token *hexBytes `json:"token,omitempty"`
	Text  *string   `json:"text,omitempty"`
	outcome
	QRVersion int `json:"qrVersionM,omitempty"`
}

type textGroup struct {
	Type    string     `json:"type"`
	Comment string     `json:"comment"`
	Tests   []textTest `json:"tests"`
}

type textBuilder struct {
	*numbering
	group *textGroup
}

func (e *envelope) textGroup(first int, kind, comment string) *textBuilder {
	g := &textGroup{Type: kind, Comment: comment}
	e.Groups = append(e.Groups, g)
	return &textBuilder{e.numbers(first), g}
}

// valid adds a token in both forms.
func (b *textBuilder) valid(flags, comment string, token []byte) {
	text := textOf(token)
	h := hexBytes(token)
	for _, f := range []struct {
		form, text string
		version    int
	}{{"decimal", text.Decimal, text.QRVersion}, {"base45", text.Base45, versionFor(alphanumericAtM, len(text.Base45))}} {
		t := textTest{label: b.label(flags, f.form+": "+comment, "", ""), Form: f.form, Token: &h, Text: &f.text, outcome: valid, QRVersion: f.version}
		b.group.Tests = append(b.group.Tests, t)
	}
}

// invalid adds a text that is refused. fault is "field/fault".
func (b *textBuilder) invalid(r qr.Reason, fault, flags, comment, text string) {
	where, what, _ := strings.Cut(fault, "/")
	t := textTest{label: b.label(flags, comment, where, what), Text: &text, outcome: outcome{Result: "invalid", Reason: string(r)}}
	b.group.Tests = append(b.group.Tests, t)
}

// unencodable adds a token that has no text.
func (b *textBuilder) unencodable(fault, form, comment string, token []byte) {
	where, what, _ := strings.Cut(fault, "/")
	h := hexBytes(token)
	t := textTest{label: b.label("Length", comment, where, what), Form: form, Token: &h, outcome: outcome{Result: "invalid", Reason: string(qr.ReasonTokenSize)}}
	b.group.Tests = append(b.group.Tests, t)
}

// front adds a text behind a code of 28 characters.
func (b *textBuilder) front(comment, front string, token []byte) {
	text := textOf(token)
	h := hexBytes(token)
	for _, f := range []struct{ form, text string }{{"decimal", front + text.Decimal}, {"base45", front + text.Base45}} {
		b.group.Tests = append(b.group.Tests, textTest{label: b.label("Source Text", f.form+": "+comment, "", ""), Form: f.form, Size: ptr(len(front)), Front: front, Token: &h, Text: &f.text, outcome: valid})
	}
}

// notFront adds a text that has no token behind that many characters.
func (b *textBuilder) notFront(r qr.Reason, fault, comment string, size int, text string) {
	b.invalid(r, fault, "Source Text", comment, text)
	b.group.Tests[len(b.group.Tests)-1].Size = &size
}

func qrText() *envelope {
	e := newEnvelope("qr_text", "qt")
	e.textValid()
	e.textDecimal()
	e.textBase45()
	b := e.textGroup(401, "encode", "Tokens that have no text (qr/SPEC.md §2)")
	for _, form := range []string{"decimal", "base45"} {
		b.unencodable("token/"+form+"-81-bytes", form, form+": 81 bytes", filler("short", 81))
		b.unencodable("token/"+form+"-513-bytes", form, form+": 513 bytes", filler("long", 513))
		b.unencodable("token/"+form+"-empty", form, form+": no bytes", nil)
	}
	e.textPrefixed()
	return e
}

func (e *envelope) textPrefixed() {
	b := e.textGroup(501, "prefixed", "A partner's code in front of a text (qr/SPEC.md §2.8): as many characters as prefixSize says, and the token behind them. Texts with a token are to be run in both directions")
	code := fused()
	token := code.token()
	text := textOf(token).Decimal
	b.front("a code of 28 letters and digits, as in citycode/SPEC.md §9.2", partnerCode, token)
	b.front("a code of digits that begins as ours do", "77"+strings.Repeat("1234567890", 3)[:26], token)
	b.front("one character", "!", token)
	b.front("the longest front, of the highest character", strings.Repeat("~", qr.MaxPrefix), token)
	not := b.notFront
	not(textForeign, "front/missing", "nothing in front", 28, text)
	not(textForeign, "front/alone", "nothing behind", 28, partnerCode)
	not(textForeign, "front/shorter", "27 characters in front", 28, partnerCode[1:]+text)
	not(textForeign, "front/longer", "29 characters in front", 28, partnerCode+"0"+text)
	not(textForeign, "front/cut", "shorter than the front", 28, partnerCode[:8])
	not(textForeign, "front/not-searched", "the front is there, and nobody asked for it", 0, partnerCode+text)
	not(textMalformed, "front/space", "a space in front", 28, " "+partnerCode[1:]+text)
	not(textMalformed, "front/control", "a TAB as the last character in front", 28, partnerCode[:27]+"\t"+text)
	not(textMalformed, "front/full-width", "full-width letters: 28 bytes, and fewer characters", 28, "ＡＢＣＤＥＦＧＨＩ1"+text)
	not(textMalformed, "text/digit-lost", "the last digit behind a good front is lost", 28, partnerCode+text[:len(text)-1])
}

func (e *envelope) textValid() {
	b := e.textGroup(1, "decode", "Texts that carry a token, and the token (qr/SPEC.md §2 to §4). To be run in both directions. What the bytes mean is not the text's business")
	explicit, challenged, static := ride(), asked(ride(), 16), place()
	b.valid("Normal", "the ride code of citycode/SPEC.md §0, 203 bytes", explicit.token())
	b.valid("Normal", "a code with a challenge of 16 bytes, 219 bytes", challenged.token())
	b.valid("Normal Static", "a static code, 95 bytes", static.token())
	long := longest()
	b.valid("Boundary", "the longest token, 512 bytes", long.token())
	b.valid("Boundary", "the shortest token, 82 bytes", filler("short", 82))
	for n := 84; n <= 90; n++ {
		b.valid("Boundary TextTail", fmt.Sprintf("%d bytes: the last block has %d, the last pair %d", n, n%7, n%2), filler("tail", n))
	}
	sparse := make([]byte, 95)
	for i := 6; i < len(sparse); i += 7 {
		sparse[i] = 0xa5
	}
	b.valid("LeadingZero", "six of seven bytes are zero: every block keeps its leading zeros", sparse)
	b.valid("Boundary TextTail", "95 bytes 0xff: every block is one below its bound", slices.Repeat([]byte{0xff}, 95))
	b.valid("Boundary TextTail", "94 bytes 0xff", slices.Repeat([]byte{0xff}, 94))
	sequence := make([]byte, 95)
	for i := range sequence {
		sequence[i] = byte(i)
	}
	b.valid("Normal", "the example of qr/SPEC.md §1", sequence)
}

const (
	textForeign   = qr.ReasonNotCitizenCode
	textMalformed = qr.ReasonMalformedText
)

func (e *envelope) textDecimal() {
	b := e.textGroup(201, "decode", "Decimal texts that carry nothing (qr/SPEC.md §2, §3)")
	token := place()
	text := textOf(token.token()).Decimal // 77, 13 blocks of 17, a tail of 10 for 4 bytes
	explicit := ride()
	other := func(r qr.Reason, fault, flags, comment, text string) {
		b.invalid(r, fault, "Text "+flags, comment, text)
	}

	other(textForeign, "text/empty", "", "no text", "")
	other(textForeign, "prefix/alone", "", "the prefix alone", "77")
	other(textForeign, "prefix/missing", "", "the blocks without the prefix", "0"+text[2:])
	other(textForeign, "prefix/76", "", "prefix 76", "76"+text[2:])
	other(textForeign, "prefix/78", "", "prefix 78", "78"+text[2:])
	other(textForeign, "prefix/zero-in-front", "", "a zero in front, as a spreadsheet writes it", "0"+text)
	other(textForeign, "prefix/leading-space", "TextSpace", "a space in front", " "+text)
	other(textForeign, "prefix/leading-newline", "TextSpace", "a line feed in front", "\n"+text)
	other(textForeign, "prefix/byte-order-mark", "TextSpace", "a byte order mark in front", "\uFEFF"+text)
	other(textForeign, "prefix/aim-identifier", "TextSpace", "the AIM identifier ]Q1 of a scanner in front: it is taken off before", "]Q1"+text)
	other(textForeign, "prefix/url", "", "a URL around the code", "https://example.com/c/"+text)
	other(textForeign, "prefix/full-width", "TextScript", "the prefix in full-width digits", "\uFF17\uFF17"+text[2:])
	other(textForeign, "length/199-digits", "", "199 digits: shorter than any code of ours; such numbers belong to others", text[:199])
	other(textForeign, "length/payment-code", "", "18 digits, a payment code of the future", "771234567890123456")
	longestDraft := longest()
	longestText := textOf(longestDraft.token()).Decimal
	other(textForeign, "length/1247-digits", "", "one digit more than the longest text", longestText+"0")
	other(textForeign, "length/five-thousand", "", "five thousand digits: judged by the length alone", "77"+strings.Repeat("0", 4998))

	bad := func(fault, flags, comment, text string) { other(textMalformed, fault, flags, comment, text) }
	bad("length/200-digits", "", "200 digits: long enough, and no token has this number of digits", text[:200])
	for _, n := range []int{1, 2, 4, 6, 7, 9, 11, 12, 14, 16} {
		bad(fmt.Sprintf("length/tail-of-%d", n), "TextTail", fmt.Sprintf("a tail of %d digits stands for no number of bytes", n), text[:2+13*17]+strings.Repeat("0", n))
	}
	bad("length/digit-lost", "", "one digit lost by a keyboard scanner", text[:100]+text[101:])
	bad("length/digit-doubled", "", "one digit doubled by a keyboard scanner", text[:100]+text[99:])
	bad("length/leading-zeros-dropped", "LeadingZero", "a leading zero of the first block dropped", "77"+text[3:])
	bad("length/trailing-space", "TextSpace", "a space behind", text+" ")
	bad("length/trailing-carriage-return", "TextSpace", "a carriage return behind", text+"\r")
	bad("length/trailing-nul", "TextSpace", "a zero byte behind", text+"\x00")
	bad("block/first-above-bound", "TextBound", "the first block is 256^7, the number of no seven bytes", text[:2]+"72057594037927936"+text[19:])
	bad("block/wrapped", "TextBound", "the first block is its value plus 256^7: a second text of the same token in 56 bits", text[:2]+plus(text[2:19], 1<<56)+text[19:])
	bad("block/highest", "TextBound", "a block of seventeen nines", text[:2+17]+strings.Repeat("9", 17)+text[2+34:])
	bad("block/last-whole-above-bound", "TextBound", "the last whole block is above its bound", text[:2+12*17]+"72057594037927936"+text[2+13*17:])
	for n, digits := range []int{0, 3, 5, 8, 10, 13, 15} {
		if n == 0 {
			continue
		}
		long := textOf(filler("tail", 84+n)).Decimal
		bound := fmt.Sprintf("%0*d", digits, uint64(1)<<(8*n))
		bad(fmt.Sprintf("tail/%d-bytes-above-bound", n), "TextBound TextTail", fmt.Sprintf("a tail of %d bytes is 256^%d", n, n), long[:len(long)-digits]+bound)
	}
	character := func(fault, flags, comment, with string) {
		bad("digit/"+fault, flags, comment, text[:150]+with+text[151:])
	}
	character("letter", "", "a letter O in place of a zero", "O")
	character("space", "TextSpace", "a space in place of a digit", " ")
	character("plus", "", "a plus sign in place of a digit", "+")
	character("minus", "", "a minus sign in place of a digit", "-")
	character("full-stop", "", "a full stop in place of a digit", ".")
	character("colon", "", "the character behind 9", ":")
	character("slash", "", "the character before 0", "/")
	for _, script := range []struct{ fault, comment, digit string }{
		{"full-width", "a full-width digit", "\uFF13"}, {"arabic-indic", "an Arabic-Indic digit", "\u0663"}, {"superscript", "a superscript digit", "\u00B3"},
	} {
		// Cut so that the number of bytes is one that a text can have.
		n := len(script.digit)
		bad("digit/"+script.fault, "TextScript", script.comment+", in a text of the right number of bytes", text[:150]+script.digit+text[150+n:])
	}
	bad("digit/grouped", "TextSpace", "digits in groups, with spaces between the blocks", grouped(textOf(explicit.token()).Decimal))
}

// plus adds to a decimal block of 17 digits.
func plus(block string, n uint64) string {
	var v uint64
	for _, r := range block {
		v = v*10 + uint64(r-'0')
	}
	return fmt.Sprintf("%017d", v+n)
}

func grouped(text string) string {
	var out []string
	for text = text[2:]; len(text) > 17; text = text[17:] {
		out = append(out, text[:17])
	}
	return "77" + strings.Join(append(out, text), " ")
}

func (e *envelope) textBase45() {
	b := e.textGroup(301, "decode", "Base45 texts that carry nothing (qr/SPEC.md §2, §4)")
	static, explicit := place(), ride()
	odd := textOf(static.token()).Base45          // 95 bytes: 47 groups of three characters and one of two
	even := textOf(explicit.token()[:202]).Base45 // 202 bytes: groups of three only
	other := func(r qr.Reason, fault, flags, comment, text string) {
		b.invalid(r, fault, "Text "+flags, comment, text)
	}
	other(textForeign, "prefix/lower-case", "", "the prefix in lower case", "cc1:"+odd[4:])
	other(textForeign, "prefix/without-colon", "", "the prefix without its colon", "CC1"+odd[4:])
	other(textForeign, "prefix/hc1", "", "the prefix of the EU certificate", "HC1:"+odd[4:])
	other(textForeign, "prefix/cc2", "", "the prefix of another version", "CC2:"+odd[4:])
	other(textForeign, "prefix/base45-leading-space", "TextSpace", "a space in front", " "+odd)
	other(textForeign, "length/base45-too-long", "", "1247 characters", "CC1:"+strings.Repeat("0", 1243))

	bad := func(fault, flags, comment, text string) { other(textMalformed, fault, flags, comment, text) }
	bad("text/base45-prefix-alone", "", "the prefix alone", "CC1:")
	bad("length/base45-81-bytes", "", "81 bytes: too short for a token", odd[:4+40*3]+"00")
	bad("length/base45-513-bytes", "", "513 bytes: too long for a token", "CC1:"+strings.Repeat("000", 256)+"00")
	bad("length/one-character-left", "", "one character more than whole groups", even+"0")
	bad("length/character-lost", "", "one character lost", odd[:100]+odd[101:])
	bad("length/base45-trailing-space", "TextSpace", "a space behind: one character more than whole groups", even+" ")
	bad("group/above-bound", "TextBound", "a group of three that stands for 65536", even[:4]+base45Group(65536)+even[7:])
	bad("group/highest", "TextBound", "a group of three colons", even[:40]+":::"+even[43:])
	bad("group/last-above-bound", "TextBound", "the last group of two stands for 256", odd[:len(odd)-2]+"V5")
	bad("group/last-trailing-space", "TextSpace TextBound", "a space behind a last character: a group of two that stands for 1620 and more", odd[:len(odd)-2]+"0 ")
	letters := strings.IndexFunc(odd[4:], func(r rune) bool { return r >= 'A' && r <= 'Z' }) + 4
	bad("character/lower-case", "", "one letter in lower case", odd[:letters]+strings.ToLower(odd[letters:letters+1])+odd[letters+1:])
	bad("character/all-lower-case", "", "all letters in lower case", "CC1:"+strings.ToLower(odd[4:]))
	for _, c := range []struct{ fault, what, character string }{
		{"underscore", "an underscore", "_"}, {"comma", "a comma", ","}, {"tab", "a tab", "\t"}, {"nul", "a zero byte", "\x00"},
	} {
		bad("character/"+c.fault, "", c.what+" in place of a character", odd[:50]+c.character+odd[51:])
	}
	bad("character/full-width", "TextScript", "a full-width A, in a text of the right number of bytes", odd[:49]+"\uFF21"+odd[52:])
}
