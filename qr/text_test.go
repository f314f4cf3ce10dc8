package qr

import (
	"bytes"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// seeded returns a generator whose seed is printed when the test fails.
func seeded(t testing.TB, seed uint64) *rand.Rand {
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	})
	return rand.New(rand.NewPCG(seed, 0))
}

// someToken returns n random bytes; now and then a run of 00 or FF, where blocks meet their bounds.
func someToken(r *rand.Rand, n int) []byte {
	token := make([]byte, n)
	for i := range token {
		switch r.IntN(16) {
		case 0:
			token[i] = 0
		case 1:
			token[i] = 0xFF
		default:
			token[i] = byte(r.Uint32())
		}
	}
	return token
}

func reasonOf(t testing.TB, err error) Reason {
	t.Helper()
	var e *Error
	require.ErrorAs(t, err, &e)
	require.NotContains(t, err.Error(), "\n", "an error is one line")
	return e.Reason
}

var encoders = map[Form]func([]byte) (string, error){Decimal: EncodeDecimal, Base45: EncodeBase45}

// oracleDecimal is SPEC.md §3 word for word, with big integers.
func oracleDecimal(token []byte) string {
	digits := []int{0, 3, 5, 8, 10, 13, 15, 17}
	text := "77"
	for len(token) > 0 {
		n := min(7, len(token))
		text += fmt.Sprintf("%0*s", digits[n], new(big.Int).SetBytes(token[:n]).String())
		token = token[n:]
	}
	return text
}

// oracleBase45 is RFC 9285 §4 word for word, with big integers.
func oracleBase45(token []byte) string {
	text := "CC1:"
	for len(token) > 0 {
		n := min(2, len(token))
		v := new(big.Int).SetBytes(token[:n])
		for range n + 1 {
			c := new(big.Int)
			v.DivMod(v, big.NewInt(45), c)
			text += string("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"[c.Int64()])
		}
		token = token[n:]
	}
	return text
}

func TestTextAgreesWithOracle(t *testing.T) {
	t.Parallel()
	r := seeded(t, 1)
	for n := MinToken; n <= MaxToken; n += MaxToken / rounds(MaxToken) {
		for _, token := range [][]byte{someToken(r, n), make([]byte, n), bytes.Repeat([]byte{0xFF}, n)} {
			for form, oracle := range map[Form]func([]byte) string{Decimal: oracleDecimal, Base45: oracleBase45} {
				text, err := encoders[form](token)
				require.NoError(t, err)
				require.Equal(t, oracle(token), text, "%s, %d bytes", form, n)
				require.LessOrEqual(t, len(text), MaxText)
				back, err := DecodeText(text)
				require.NoError(t, err)
				require.Equal(t, token, back)
			}
		}
	}
}

// The examples that RFC 9285 §4.3 and the block form are usually explained with, below the size of a token.
func TestTextBlocks(t *testing.T) {
	for block, want := range map[string]string{
		"\x00": "000", "\xff": "255", "\xff\xff": "65535", "\xff\xff\xff": "16777215",
		"\xff\xff\xff\xff": "4294967295", "\xff\xff\xff\xff\xff": "1099511627775",
		"\xff\xff\xff\xff\xff\xff": "281474976710655", "\xff\xff\xff\xff\xff\xff\xff": "72057594037927935",
	} {
		digits := append(append([]int{}, tailDigits[:]...), blockDigits)[len(block)]
		assert.Equal(t, want, string(appendBlock(make([]byte, 0, 17), []byte(block), digits)))
	}
	token := append(bytes.Repeat([]byte("AB"), 40), "base-45"...)
	text, err := EncodeBase45(token)
	require.NoError(t, err)
	assert.Equal(t, "CC1:"+strings.Repeat("BB8", 40)+"UJCLQE7W581", text)
}

func TestTextLimits(t *testing.T) {
	for _, n := range []int{0, 1, MinToken - 1, MaxToken + 1, 10 * MaxToken} {
		for form, encode := range encoders {
			_, err := encode(make([]byte, n))
			assert.Equal(t, ReasonTokenSize, reasonOf(t, err), "%s, %d bytes", form, n)
			_, err = Encode(make([]byte, n), Options{Form: form})
			assert.Equal(t, ReasonTokenSize, reasonOf(t, err), "%s, %d bytes", form, n)
		}
		// What a careless encoder would emit is refused too.
		_, err := DecodeText(oracleDecimal(make([]byte, n)))
		assert.Error(t, err)
		_, err = DecodeText(oracleBase45(make([]byte, n)))
		assert.Error(t, err)
	}
	shortest, err := EncodeDecimal(make([]byte, MinToken))
	require.NoError(t, err)
	assert.Len(t, shortest, 202, "the shortest text of 200 digits or more")
	longest, err := EncodeDecimal(make([]byte, MaxToken))
	require.NoError(t, err)
	assert.Len(t, longest, MaxText)
	_, err = Encode(make([]byte, 95), Options{Form: 7})
	assert.Equal(t, ReasonBadOption, reasonOf(t, err))
}

func TestDecodeTextRefuses(t *testing.T) {
	token := make([]byte, 95) // 13 blocks and a tail of 4 bytes, 10 digits
	decimal, base45 := oracleDecimal(token), oracleBase45(token)
	zeros := strings.Repeat("0", 300)
	for _, c := range []struct {
		name, text string
		want       Reason
	}{
		{"empty", "", ReasonNotCitizenCode},
		{"link", "https://example.org/77", ReasonNotCitizenCode},
		{"payment code", "134567890123456789", ReasonNotCitizenCode},
		{"half a prefix", "7", ReasonNotCitizenCode},
		{"prefix alone", "77", ReasonNotCitizenCode},
		{"199 digits", "77" + zeros[:197], ReasonNotCitizenCode},
		{"200 digits", "77" + zeros[:198], ReasonMalformedText},
		{"megabyte of digits", "77" + strings.Repeat("0", 1<<20), ReasonNotCitizenCode},
		{"one digit above the longest", "77" + strings.Repeat("0", MaxText-1), ReasonNotCitizenCode},
		{"other leading digits", "78" + decimal[2:], ReasonNotCitizenCode},
		{"leading space", " " + decimal, ReasonNotCitizenCode},
		{"trailing newline", decimal + "\n", ReasonMalformedText},
		{"letter", decimal[:50] + "A" + decimal[51:], ReasonMalformedText},
		{"sign", decimal[:2] + "+" + decimal[3:], ReasonMalformedText},
		{"full-width digit", decimal[:51] + "０" + decimal[54:], ReasonMalformedText},
		{"arabic digit", decimal[:51] + "٠" + decimal[53:], ReasonMalformedText},
		{"block at its bound", "7772057594037927936" + decimal[19:], ReasonMalformedText},
		{"largest digits in a block", "7799999999999999999" + decimal[19:], ReasonMalformedText},
		{"tail at its bound", decimal[:len(decimal)-10] + "4294967296", ReasonMalformedText},
		{"lower-case prefix", "cc1:" + base45[4:], ReasonNotCitizenCode},
		{"lower case", base45[:9] + "a" + base45[10:], ReasonMalformedText},
		{"outside the alphabet", base45[:9] + "_" + base45[10:], ReasonMalformedText},
		{"group at its bound", "CC1:GGW" + base45[7:] + "0", ReasonMalformedText},
		{"largest group", "CC1::::" + base45[7:], ReasonMalformedText},
		{"pair at its bound", base45[:len(base45)-2] + "V5", ReasonMalformedText},
		{"one character left over", base45 + "00", ReasonMalformedText},
		{"prefix of the other form alone", "CC1:", ReasonMalformedText},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := DecodeText(c.text)
			assert.Equal(t, c.want, reasonOf(t, err))
			assert.Nil(t, got)
			if len(c.text) > 20 {
				assert.NotContains(t, err.Error(), c.text[:20], "an error must not carry a citizen's code into a log")
			}
		})
	}
}

// canonical fails unless the text is refused, or decodes to another token and is that token's one text.
// It checks with plain ifs, for it runs a million times.
func canonical(t testing.TB, token []byte, text string) {
	t.Helper()
	got, err := DecodeText(text)
	if err != nil {
		if e, ok := err.(*Error); !ok || (e.Reason != ReasonNotCitizenCode && e.Reason != ReasonMalformedText) {
			t.Fatalf("%q: %v", text, err)
		}
		return
	}
	form := Decimal
	if strings.HasPrefix(text, base45Prefix) {
		form = Base45
	}
	if again, err := encoders[form](got); err != nil || again != text {
		t.Fatalf("the decoder accepts %q, the encoder emits %q, %v", text, again, err)
	}
	if token != nil && bytes.Equal(token, got) {
		t.Fatalf("a second text for one token: %q", text)
	}
}

func TestOneTextPerToken(t *testing.T) {
	t.Parallel()
	r := seeded(t, 2)
	for _, n := range []int{203, 82, 83, 84, 95, 139, 511, 512}[:rounds(8)] {
		token := someToken(r, n)
		for form, encode := range encoders {
			text, err := encode(token)
			require.NoError(t, err)
			for i := range text {
				canonical(t, token, text[:i])                                      // truncated
				canonical(t, token, text[:i]+text[i+1:])                           // a keystroke lost
				canonical(t, token, text[:i]+string(rune(r.IntN(0x250)))+text[i:]) // and one too many
				for _, c := range []byte("09AWZaz%: ]\x00\x80\xff") {
					if c != text[i] {
						canonical(t, token, text[:i]+string([]byte{c})+text[i+1:]) // changed
					}
				}
				if c := byte(r.Uint32()); c != text[i] {
					canonical(t, token, text[:i]+string([]byte{c})+text[i+1:])
				}
				if form == Decimal && i >= 2 {
					_, err := DecodeText(text[:i] + text[i+1:])
					require.Error(t, err, "a lost digit is always noticed")
					_, err = DecodeText(text[:i] + text[i:i+1] + text[i:])
					require.Error(t, err, "and so is a doubled one")
				}
			}
			for c := range 256 { // extended
				canonical(t, token, text+string([]byte{byte(c)}))
				canonical(t, token, string([]byte{byte(c)})+text)
			}
		}
	}
}

func TestTrimScan(t *testing.T) {
	t.Parallel()
	digits := oracleDecimal(make([]byte, 95))
	for last := range 1 << 16 { // the claim that trimming rests on
		for _, token := range [][]byte{{94: byte(last)}, {94: byte(last >> 8), 95: byte(last)}} {
			text, err := EncodeBase45(token)
			require.NoError(t, err)
			if strings.HasSuffix(text, " ") {
				t.Fatalf("%x ends with a space", last)
			}
		}
	}
	for _, c := range []struct{ in, want string }{
		{digits, digits},
		{digits + "\r\n", digits},
		{" \t" + digits + " \t\r\n", digits},
		{"]Q1" + digits + "\r", digits},
		{"\r\n]Q1 " + digits, digits},
		{"]Q3" + digits, "]Q3" + digits}, // another symbology: not ours to strip
		{"]Q1]Q1" + digits, "]Q1" + digits},
		{"12 34\n", "12 34"},
		{"]Q1CC1:A B \r\n", "CC1:A B"},
		{"", ""},
		{" \r\n", ""},
	} {
		assert.Equal(t, c.want, TrimScan(c.in), "%q", c.in)
	}
}

// The example that opens SPEC.md is what this code emits, in one piece and in blocks.
func TestSpecExample(t *testing.T) {
	spec, err := os.ReadFile("SPEC.md")
	require.NoError(t, err)
	token := make([]byte, 95)
	for i := range token {
		token[i] = byte(i)
	}
	decimal, err := EncodeDecimal(token)
	require.NoError(t, err)
	base45, err := EncodeBase45(token)
	require.NoError(t, err)
	assert.Contains(t, string(spec), "\n"+decimal+"\n")
	assert.Contains(t, string(spec), "\n"+base45+"\n")
	_, blocks, _ := strings.Cut(string(spec), "```\n77\n")
	blocks, _, _ = strings.Cut(blocks, "```")
	assert.Equal(t, decimal, "77"+strings.Join(strings.Fields(blocks), ""))
	for _, limit := range []int{MinToken, MaxToken, MaxText, minDecimalText} {
		assert.Contains(t, string(spec), fmt.Sprint(limit))
	}
	for _, reason := range []Reason{ReasonNotCitizenCode, ReasonMalformedText, ReasonTokenSize, ReasonDoesNotFit, ReasonBadOption,
		ReasonNoCode, ReasonPictureTooLarge, ReasonPictureUnreadable, ReasonDeadline} {
		assert.Contains(t, string(spec), "| `"+string(reason)+"` |")
	}
}

func FuzzDecodeText(f *testing.F) {
	for _, n := range []int{82, 83, 95, 139, 203, 512} {
		token := make([]byte, n)
		for i := range token {
			token[i] = byte(i * 7)
		}
		f.Add(oracleDecimal(token))
		f.Add(oracleBase45(token))
	}
	f.Add("77" + strings.Repeat("9", 200))
	f.Add("CC1:" + strings.Repeat(":", 200))
	f.Add("]Q177")
	f.Fuzz(func(t *testing.T, text string) {
		canonical(t, nil, text)
		canonical(t, nil, TrimScan(text))
		if trimmed := TrimScan(text); !strings.Contains(trimmed, "]Q1") {
			require.Equal(t, trimmed, TrimScan(trimmed))
		}
	})
}

func FuzzRoundTrip(f *testing.F) {
	f.Add(make([]byte, 95))
	f.Add(bytes.Repeat([]byte{0xFF}, 512))
	f.Fuzz(func(t *testing.T, token []byte) {
		for form, encode := range encoders {
			text, err := encode(token)
			if len(token) < MinToken || len(token) > MaxToken {
				require.Equal(t, ReasonTokenSize, reasonOf(t, err))
				continue
			}
			require.NoError(t, err)
			back, err := DecodeText(text)
			require.NoError(t, err, form)
			require.Equal(t, token, back)
		}
	})
}

// rounds thins a deterministic loop under -short, where the race detector makes
// everything ten times slower and has seen all there is after a few rounds.
func rounds(n int) int {
	if testing.Short() {
		return max(1, n/8)
	}
	return n
}
