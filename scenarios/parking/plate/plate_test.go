package plate_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/scenarios/parking/plate"
)

func Example() {
	for _, text := range []string{"辽A·12345", "辽ａｄ１２３４５", "辽AO2345", "辽A1234警"} {
		p, err := plate.Parse(text)
		fmt.Println(p, p.Kind(), err)
	}
	// Output:
	// 辽A***45 ordinary <nil>
	// 辽A****45 new-energy-small <nil>
	// no plate no plate plate: letter-i-or-o
	// 辽A***4警 police <nil>
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		text, clear string
		kind        plate.Kind
	}{
		{"辽A12345", "辽A12345", plate.Ordinary},
		{"辽A·12345", "辽A12345", plate.Ordinary},
		{"辽A 12345", "辽A12345", plate.Ordinary},
		{"辽ａ．１２３ｂｃ", "辽A123BC", plate.Ordinary},
		{"琼Zz9z9z", "琼ZZ9Z9Z", plate.Ordinary},
		{"辽AD12345", "辽AD12345", plate.NewEnergySmall},
		{"辽AFA2345", "辽AFA2345", plate.NewEnergySmall},
		{"京AKZ0000", "京AKZ0000", plate.NewEnergySmall},
		{"辽A12345D", "辽A12345D", plate.NewEnergyLarge},
		{"辽A12345K", "辽A12345K", plate.NewEnergyLarge},
		{"辽A1234警", "辽A1234警", plate.Police},
		{"辽AA234学", "辽AA234学", plate.School},
		{"辽A1234挂", "辽A1234挂", plate.Trailer},
		{"粤Z1234港", "粤Z1234港", plate.CrossBorder},
		{"粤Z1234澳", "粤Z1234澳", plate.CrossBorder},
		{"沪A1234领", "沪A1234领", plate.Consulate},
		{"京A1234使", "京A1234使", plate.Embassy},
		{"使123456", "使123456", plate.Embassy},
		{"川X1234应急", "川X1234应急", plate.Rescue},
		{"辽S1234应急", "辽S1234应急", plate.Rescue},
	} {
		p, err := plate.Parse(c.text)
		require.NoError(t, err, c.text)
		assert.Equal(t, c.clear, p.Clear())
		assert.Equal(t, c.kind, p.Kind(), c.text)
		again, err := plate.Parse(p.Clear())
		require.NoError(t, err)
		assert.True(t, p == again, "equal plates are equal values")
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct {
		text   string
		reason plate.Reason
	}{
		{"", plate.Empty},
		{strings.Repeat("辽", 22), plate.TooLong},
		{"辽A1234\xff", plate.NotText},
		{"台A12345", plate.UnknownProvince},
		{"A12345", plate.UnknownProvince},
		{" 辽A12345", plate.UnknownProvince},
		{"WJ12345", plate.UnknownProvince},
		{"辽", plate.BadLength},
		{"辽A", plate.BadLength},
		{"辽A1234", plate.BadLength},
		{"辽A123456D", plate.BadLength},
		{"使12345", plate.BadLength},
		{"辽A··12345", plate.BadCharacter}, // the second dot stands for nothing
		{"辽112345", plate.BadAuthority},
		{"辽O12345", plate.BadAuthority},
		{"辽I12345", plate.BadAuthority},
		{"辽AO2345", plate.LetterIO},
		{"辽A1234O", plate.LetterIO},
		{"辽A1I345", plate.LetterIO},
		{"辽ADO2345", plate.LetterIO},
		{"辽Aо2345", plate.BadCharacter}, // a Cyrillic o
		{"辽A12З45", plate.BadCharacter}, // a Cyrillic З
		{"辽A12 45", plate.BadCharacter},
		{"辽A12345\n", plate.BadCharacter},
		{"辽A1234港", plate.BadForm},
		{"辽A123警4", plate.BadCharacter},
		{"辽A1234应急", plate.BadForm},
		{"辽A123456", plate.BadForm}, // six characters, and no class letter
		{"辽AL12345", plate.BadForm},
		{"辽ADA234B", plate.BadForm},
		{"辽A1234DD", plate.BadForm},
		{"使12345A", plate.BadCharacter},
	} {
		p, err := plate.Parse(c.text)
		var refused *plate.Error
		if assert.True(t, errors.As(err, &refused), "%q", c.text) {
			assert.Equal(t, c.reason, refused.Reason, "%q", c.text)
		}
		assert.True(t, p.IsZero())
		assert.Empty(t, p.Clear())
	}
}

// TestNoPlateInClear prints a plate in every way that a program might by
// accident; the middle of it must never come out.
func TestNoPlateInClear(t *testing.T) {
	p, err := plate.Parse("辽AB7C89")
	require.NoError(t, err)
	type Car struct {
		Plate  plate.Plate
		hidden plate.Plate
	}
	car := Car{p, p}
	cars := map[plate.Plate]Car{p: car}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		for _, v := range []any{p, &p, car, &car, []Car{car}, cars} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
	}
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("car", "plate", p, "car", car, "cars", cars)
	}
	b, err := json.Marshal(cars)
	require.NoError(t, err)
	out.Write(b)
	assert.Contains(t, out.String(), "辽A***89")
	for _, clear := range []string{"B7C", fmt.Sprintf("%x", "B7C"), fmt.Sprint([]byte("B7C")), "66 55 67"} {
		assert.NotContains(t, out.String(), clear)
	}
}

// TestSerialsRoundTrip draws plates from the forms and reads them back, in
// full width and in small letters too.
func TestSerialsRoundTrip(t *testing.T) {
	const serial = `[A-HJ-NP-Z0-9]`
	form := rapid.OneOf(
		rapid.StringMatching(`[辽京沪粤琼][A-HJ-NP-Z]`+serial+`{5}`),
		rapid.StringMatching(`[辽京沪粤琼][A-HJ-NP-Z][A-HJK]`+serial+`[0-9]{4}`),
		rapid.StringMatching(`[辽京沪粤琼][A-HJ-NP-Z][0-9]{5}[A-HJK]`),
		rapid.StringMatching(`[辽京沪粤琼][A-HJ-NP-Z]`+serial+`{4}[警学挂领使]`),
		rapid.StringMatching(`使[0-9]{6}`),
	)
	rapid.Check(t, func(t *rapid.T) {
		text := form.Draw(t, "plate")
		wide := strings.Map(func(c rune) rune {
			if c < 0x80 {
				return c - '!' + '！'
			}
			return c
		}, strings.ToLower(text))
		for _, s := range []string{text, wide} {
			p, err := plate.Parse(s)
			if err != nil || p.Clear() != text {
				t.Fatalf("%s: %v, %v", s, p.Clear(), err)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"辽A12345", "辽AD12345", "使123456", "粤Z1234港", "川X1234应急", "辽A·1234警", "\xff", "辽"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := plate.Parse(text)
		if err != nil {
			if !p.IsZero() || p.Clear() != "" {
				t.Fatal("a refused plate is not zero")
			}
			return
		}
		if again, err := plate.Parse(p.Clear()); err != nil || again != p {
			t.Fatalf("%q does not read back: %v", p.Clear(), err)
		}
		if strings.ContainsAny(p.Clear(), "IO") || len([]rune(p.Clear())) < 7 {
			t.Fatalf("took %q", p.Clear())
		}
	})
}
