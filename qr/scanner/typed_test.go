package scanner

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/qr"
)

// Where two layouts make two codes of one scan there is none, unless the operator has said which layout it is: under shift
// lock the Turkish one types for a 4 what the Swiss types for a 1.
func TestTwoLayouts(t *testing.T) {
	all := hosts(t)
	us := all[len(all)-1]
	text := "77" + strings.Repeat("04567890456789045", 12)
	want, err := qr.DecodeText(text)
	require.NoError(t, err)
	i := slices.IndexFunc(all, func(h host) bool { return h.name == "Turkish" })
	typed := all[i].types(&us, text, shiftLock)
	s := ReadTyped(typed, Options{})
	assert.Equal(t, qr.ReasonWrongLayout, reasonOf(t, s.Err))
	assert.Nil(t, s.Token)
	s = ReadTyped(typed, Options{Layout: "Turkish"})
	require.NoError(t, s.Err)
	assert.Equal(t, want, s.Token)
	s = ReadTyped(typed, Options{Layout: "Swiss German"})
	require.NoError(t, s.Err)
	assert.Equal(t, strings.ReplaceAll(text, "4", "1"), s.Content)
	assert.Equal(t, qr.ReasonWrongLayout, reasonOf(t, ReadTyped(typed, Options{Layout: "Thai"}).Err))
}

// Digits of other scripts, and those that an input method makes wide.
func TestOtherDigits(t *testing.T) {
	token := someToken(rand.New(rand.NewPCG(2, 0)), 139)
	text, base45 := texts(t, token)
	for name, zero := range map[string]rune{"Persian": '۰', "Arabic-Indic digits": '٠', "full-width": '０'} {
		typed := strings.Map(func(r rune) rune { return zero + r - '0' }, text)
		s := ReadTyped(typed, Options{})
		require.NoError(t, s.Err, name)
		assert.Equal(t, token, s.Token)
		assert.Equal(t, name, s.Layout)
	}
	wide := strings.Map(func(r rune) rune {
		if r == ' ' {
			return '\u3000'
		}
		return r + 0xFEE0
	}, base45)
	assert.Equal(t, qr.ReasonWrongLayout, reasonOf(t, ReadTyped(wide, Options{}).Err))
	assert.Equal(t, token, ReadTyped(wide, Options{Layout: "full-width"}).Token)
}

// Base45 under another layout is reported, never put right by a guess; caps lock has one way back only.
func TestBase45IsReported(t *testing.T) {
	all := hosts(t)
	us := all[len(all)-1]
	r := rand.New(rand.NewPCG(3, 0))
	reported, repaired := 0, 0
	for _, h := range all {
		for k := range locks {
			for range 10 {
				token := someToken(r, qr.MinToken+r.IntN(60))
				_, text := texts(t, token)
				typed := h.types(&us, text, k)
				s := ReadTyped(typed, Options{})
				switch {
				case typed == us.types(&us, text, k): // the British layout differs in nothing that Base45 has
					require.NoError(t, s.Err)
					assert.Equal(t, token, s.Token)
					assert.Equal(t, k != noLock, s.CapsLock)
				case s.Err == nil:
					// Digits and letters that are where they were.
					t.Fatalf("%s, lock %d: put right by a guess", h.name, k)
				default:
					assert.Equal(t, qr.ReasonWrongLayout, reasonOf(t, s.Err), "%s, lock %d", h.name, k)
					assert.NotEmpty(t, s.Layout)
					assert.Nil(t, s.Token)
					assert.Empty(t, s.Content)
					reported++
				}
				if s = ReadTyped(typed, Options{Layout: h.name}); s.Err == nil {
					assert.Equal(t, token, s.Token)
					repaired++
				}
			}
		}
	}
	assert.Equal(t, (19*int(locks)+1)*10, reported, "the British one under shift lock is another, too")
	assert.Greater(t, repaired, 20*int(locks)*9, "where the layout is named")
}

// A dead key and the letter behind it are one character: nothing of it can be taken back, and it is said what it was.
func TestDeadKeys(t *testing.T) {
	all := hosts(t)
	us := all[len(all)-1]
	i := slices.IndexFunc(all, func(h host) bool { return h.name == "German" })
	r := rand.New(rand.NewPCG(14, 0))
	text := ""
	for !strings.Contains(text, "+A") {
		_, text = texts(t, someToken(r, 200))
	}
	typed := strings.ReplaceAll(all[i].types(&us, text, noLock), "`A", "À")
	for _, o := range []Options{{}, {Layout: "German"}} {
		s := ReadTyped(typed, o)
		assert.Equal(t, qr.ReasonWrongLayout, reasonOf(t, s.Err))
		assert.Equal(t, "German", s.Layout)
	}
}

// A keystroke that is lost, doubled or changed into another character of the keyboard is noticed.
func TestLostKeystrokes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		token := rapid.SliceOfN(rapid.Byte(), qr.MinToken, 250).Draw(t, "token")
		text, err := qr.EncodeDecimal(token)
		require.NoError(t, err)
		at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
		for name, typed := range map[string]string{
			"lost":    text[:at] + text[at+1:],
			"doubled": text[:at+1] + text[at:],
			"letter":  text[:at] + "x" + text[at+1:],
			"split":   text[:at] + " " + text[at:],
			"behind":  text + "1",
			"before":  "1" + text,
		} {
			if at == 0 && name == "split" {
				continue // spaces around a scan are taken off
			}
			s := ReadTyped(typed, Options{})
			require.Error(t, s.Err, name)
			require.Nil(t, s.Token)
		}
		// The first block alone: a digit too many there makes every later block another number.
		for _, french := range []bool{false, true} {
			typed := text[:20] + text[21:]
			if french {
				typed = strings.NewReplacer("1", "&", "2", "é", "3", "\"", "4", "'", "5", "(", "6", "-", "7", "è", "8", "_", "9", "ç", "0", "à").Replace(typed)
			}
			s := ReadTyped(typed, Options{})
			if len(typed) >= 200 {
				require.Equal(t, qr.ReasonMalformedText, s.Err.(*qr.Error).Reason)
			}
			if french && len(typed) >= 200 {
				require.Contains(t, []string{"French", "Belgian"}, s.Layout)
			}
		}
	})
}

// What is nobody's code, or somebody else's, is said to be so, with its content.
func TestOthersCodes(t *testing.T) {
	for typed, want := range map[string]Scan{
		"https://example.org/":          {Content: "https://example.org/"},
		"]Q1https://example.org/":       {Content: "https://example.org/", Symbology: "Q1"},
		"]C0ABC-123":                    {Content: "ABC-123", Symbology: "C0"},
		"  6214830000000000 \r\n":       {Content: "6214830000000000"},
		"":                              {},
		"]Q2\\000026https://e.org/\\\\": {Content: "https://e.org/\\", Symbology: "Q2"},
	} {
		for _, s := range []Scan{Read(typed, Options{}), ReadTyped(typed, Options{})} {
			assert.Equal(t, qr.ReasonNotCitizenCode, reasonOf(t, s.Err), typed)
			s.Err = nil
			assert.Equal(t, want, s, typed)
		}
	}
}

func TestIdentifiers(t *testing.T) {
	token := someToken(rand.New(rand.NewPCG(4, 0)), 100)
	text, base45 := texts(t, token)
	for in, want := range map[string]qr.Reason{
		"]Q1" + text: "", "]Q2" + text: "", "]Q1" + base45: "", "]Q2\\000003" + text: "", text: "",
		"]Q0" + text: qr.ReasonNotCitizenCode, "]Q3" + text: qr.ReasonNotCitizenCode, "]Q4" + text: qr.ReasonNotCitizenCode,
		"]Q5" + text: qr.ReasonNotCitizenCode, "]Q6" + text: qr.ReasonNotCitizenCode, "]Q7" + text: qr.ReasonNotCitizenCode,
		"]d1" + text: qr.ReasonNotCitizenCode, "]Q1]Q1" + text: qr.ReasonNotCitizenCode, "]" + text: qr.ReasonNotCitizenCode,
		"]Q2\\00003" + text[:1] + "\\": qr.ReasonMalformedText,
	} {
		s := Read(in, Options{})
		if want == "" {
			require.NoError(t, s.Err, in[:4])
			assert.Equal(t, token, s.Token)
			continue
		}
		assert.Equal(t, want, reasonOf(t, s.Err), in[:4])
		assert.Nil(t, s.Token)
	}
}

// An error never quotes what was scanned.
func TestErrorsQuoteNothing(t *testing.T) {
	token := someToken(rand.New(rand.NewPCG(5, 0)), 100)
	text, base45 := texts(t, token)
	for _, in := range []string{text[1:], text[:len(text)-1], text + "9", "]Q3" + text, strings.ToLower(base45), "x" + base45, base45 + "_"} {
		for _, s := range []Scan{Read(in, Options{}), ReadTyped(in, Options{}), ReadTyped(in, Options{Prefix: "%%"})} {
			if s.Err != nil {
				assert.NotContains(t, s.Err.Error(), in[20:40])
			}
		}
	}
}

func TestOptions(t *testing.T) {
	for _, o := range []Options{
		{Prefix: "\n"}, {Suffix: "é"}, {Prefix: strings.Repeat("x", MaxAffix+1)}, {Idle: -1}, {Layout: "Dvorak"},
	} {
		_, err := NewLine(o)
		assert.Equal(t, qr.ReasonBadOption, reasonOf(t, err))
		_, err = NewKeyboard(o)
		assert.Equal(t, qr.ReasonBadOption, reasonOf(t, err))
		assert.Equal(t, qr.ReasonBadOption, reasonOf(t, Read("", o).Err))
		assert.Equal(t, qr.ReasonBadOption, reasonOf(t, ReadTyped("", o).Err))
	}
	token := someToken(rand.New(rand.NewPCG(6, 0)), 100)
	text, _ := texts(t, token)
	o := Options{Prefix: "<<", Suffix: ">", Layout: "French"}
	assert.Equal(t, token, Read("<<]Q1"+text+">\r\n", o).Token)
	for _, part := range []string{text, "<<" + text, text + ">", "<" + text + ">", "", "<<", ">"} {
		assert.Equal(t, qr.ReasonIncompleteScan, reasonOf(t, Read(part, o).Err))
	}
	assert.Equal(t, qr.ReasonIncompleteScan, reasonOf(t, ReadTyped(strings.Repeat("7", MaxScan+1), Options{}).Err))
}

// What a scanner typed into the wrong field is seen there; what people write is not.
func TestStray(t *testing.T) {
	all := hosts(t)
	us := all[len(all)-1]
	token := someToken(rand.New(rand.NewPCG(7, 0)), 95)
	text, base45 := texts(t, token)
	for _, h := range all {
		for k := range locks {
			assert.True(t, Stray("Zhang San"+h.types(&us, text, k)), "%s, lock %d", h.name, k)
		}
	}
	assert.True(t, Stray("Zhang "+base45))
	assert.True(t, Stray(strings.ToLower(base45)))
	assert.True(t, Stray(text[50:130]), "a part")
	assert.True(t, Stray(text+strings.Repeat("x", 2*MaxScan)))
	for _, field := range []string{
		"", "Zhang San", "张三", "6214830000000000", "110101190001011234", "cc1:",
		"Room 1204, 12 Example Road, Example District, Example City, 100000 Example Country, telephone 010-00000000",
		strings.Repeat("a line of a letter. ", 50), strings.Repeat("6214830000000000 ", 20), strings.Repeat("x", 3*MaxScan),
	} {
		assert.False(t, Stray(field), field)
	}
}

// Time and memory of one scan are bounded by its length: every character is looked up once for each layout.
func TestTypedIsBounded(t *testing.T) {
	long := strings.Repeat("7", MaxScan)
	allocs := testing.AllocsPerRun(3, func() { ReadTyped(long, Options{}) })
	assert.Less(t, allocs, 10*float64(len(tables())))
}

func FuzzReadTyped(f *testing.F) {
	token := someToken(rand.New(rand.NewPCG(8, 0)), 95)
	decimal, _ := qr.EncodeDecimal(token)
	base45, _ := qr.EncodeBase45(token)
	for _, s := range []string{decimal, base45, "]Q1" + decimal, "]Q2\\000026" + decimal, strings.ToLower(base45), "àà&\"è'!ç&&", "\xff\xfe", ""} {
		f.Add(s, "", "", "")
		f.Add(s, "a", "b", "French")
	}
	f.Fuzz(func(t *testing.T, text, prefix, suffix, layout string) {
		o := Options{Prefix: prefix, Suffix: suffix, Layout: layout}
		for _, s := range []Scan{Read(text, o), ReadTyped(text, o)} {
			if s.Err != nil {
				reasonOf(t, s.Err)
				require.Nil(t, s.Token)
				continue
			}
			// What is accepted is exactly what a camera would have had.
			camera, err := qr.DecodeText(s.Content)
			require.NoError(t, err)
			require.Equal(t, camera, s.Token)
			if s.Layout != "" && s.Layout != layout {
				require.True(t, digit(s.Content[0]), "only digits are put right unasked")
			}
		}
		Stray(text)
	})
}

func FuzzLine(f *testing.F) {
	token := someToken(rand.New(rand.NewPCG(9, 0)), 95)
	decimal, _ := qr.EncodeDecimal(token)
	f.Add([]byte("\x02]Q1"+decimal+"\x03\r\n"), uint16(7), uint16(30))
	f.Add([]byte(decimal+"\r"+decimal), uint16(100), uint16(200))
	f.Fuzz(func(t *testing.T, stream []byte, size, wait uint16) {
		l, err := NewLine(Options{})
		require.NoError(t, err)
		k, err := NewKeyboard(Options{})
		require.NoError(t, err)
		at := time.Unix(1_800_000_000, 0)
		var scans []Scan
		for rest := stream; len(rest) > 0; {
			n := min(len(rest), 1+int(size))
			scans = append(scans, l.Push(rest[:n], at)...)
			for _, r := range string(rest[:n]) {
				scans = append(scans, k.Push(r, at)...)
			}
			var report Report
			copy(report[:], rest[:n])
			scans = append(scans, k.Report(report, at)...)
			require.LessOrEqual(t, len(l.buffer), MaxScan)
			require.LessOrEqual(t, len(k.buffer), MaxScan)
			rest, at = rest[n:], at.Add(time.Duration(wait)*time.Millisecond)
		}
		if s, ok := l.Close(); ok {
			scans = append(scans, s)
		}
		require.LessOrEqual(t, len(scans), 3*len(stream)+2)
		for _, s := range scans {
			if s.Err != nil {
				reasonOf(t, s.Err)
				require.Nil(t, s.Token)
			} else {
				camera, err := qr.DecodeText(s.Content)
				require.NoError(t, err)
				require.Equal(t, camera, s.Token)
			}
		}
	})
}
