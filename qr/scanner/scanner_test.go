package scanner

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/qr"
)

func reasonOf(t testing.TB, err error) qr.Reason {
	t.Helper()
	var e *qr.Error
	require.ErrorAs(t, err, &e)
	return e.Reason
}

func someToken(r *rand.Rand, n int) []byte {
	token := make([]byte, n)
	for i := range token {
		token[i] = byte(r.Uint32())
	}
	return token
}

func texts(t testing.TB, token []byte) (decimal, base45 string) {
	t.Helper()
	decimal, err := qr.EncodeDecimal(token)
	require.NoError(t, err)
	base45, err = qr.EncodeBase45(token)
	require.NoError(t, err)
	return decimal, base45
}

// A host is a keyboard of testdata/xkb.txt: what each character that a scanner types comes out as.
type host struct {
	name string
	key  map[rune][2]rune // alone and with shift, by the character alone on a US keyboard
}

// hosts reads the tables of X.Org, which know nothing of ours.
func hosts(t testing.TB) (all []host) {
	t.Helper()
	file, err := os.ReadFile("testdata/xkb.txt")
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(file)), "\n")[2:]
	us := []rune(strings.Split(lines[len(lines)-1], "\t")[1])
	for _, line := range lines {
		f := strings.Split(line, "\t")
		require.Len(t, f, 3)
		h := host{f[0], map[rune][2]rune{' ': {' ', ' '}}}
		plain, shifted := []rune(f[1]), []rune(f[2])
		require.Len(t, plain, len(us))
		require.Len(t, shifted, len(us))
		for i, key := range us {
			h.key[key] = [2]rune{plain[i], shifted[i]}
		}
		all = append(all, h)
	}
	require.Equal(t, "US", all[len(all)-1].name)
	return all
}

// types returns what the host shows when a scanner that takes it for a US keyboard types a text.
func (h *host) types(us *host, text string, k lock) string {
	var out strings.Builder
	for _, r := range text {
		for key, c := range us.key {
			for level := range 2 {
				if c[level] != r || level == 1 && c[0] == c[1] {
					continue
				}
				on, of := h.key[key], level
				pair := unicode.ToUpper(on[0]) == on[1] && on[0] != on[1]
				if k == shiftLock || k == capsLock && pair {
					of = 1 - of
				}
				typed := on[of]
				if k == capsLock && !pair && of == 0 {
					typed = unicode.ToUpper(typed)
				}
				out.WriteRune(typed)
			}
		}
	}
	return out.String()
}

// Every layout of the table is what X.Org says it is, key by key.
func TestLayouts(t *testing.T) {
	all := hosts(t)
	us := all[len(all)-1]
	checked := 0
	for _, h := range all {
		l := layoutNamed(h.name)
		require.NotNil(t, l, h.name)
		plain, shifted := []rune(l.plain), []rune(l.shifted)
		for i, key := range usKeys {
			assert.Equal(t, h.key[key], [2]rune{plain[i], shifted[i]}, "%s, key %c", h.name, key)
			assert.Equal(t, us.key[key], [2]rune{key, rune(usShifted[i])})
			checked++
		}
	}
	assert.Equal(t, 21*47, checked)
	assert.Len(t, Layouts(), len(layouts))
}

// Ten digits are ten characters under every layout and lock, or they could not be put right.
func TestDigitsAreDistinct(t *testing.T) {
	for _, tb := range tables() {
		seen := map[byte]bool{}
		for _, us := range tb.us {
			if digit(us) {
				seen[us] = true
			}
		}
		if l := layoutNamed(tb.name); tb.lock != shiftLock || l.shifted != "" {
			assert.Len(t, seen, 10, "%s, lock %d", tb.name, tb.lock)
		}
	}
}

// Digits come out as the camera's under every layout, whatever stands around them, with or without a lock.
func TestDigitsAreRepaired(t *testing.T) {
	all := hosts(t)
	us := all[len(all)-1]
	r := rand.New(rand.NewPCG(1, 0))
	count := 0
	for _, h := range all {
		for k := range locks {
			for _, o := range []Options{{}, {Prefix: "a-", Suffix: "#7"}} {
				for _, id := range []string{"", "]Q1"} {
					token := someToken(r, qr.MinToken+r.IntN(200))
					text, _ := texts(t, token)
					typed := h.types(&us, o.Prefix+id+text+o.Suffix, k)
					s := ReadTyped(typed+"\r\n", o)
					if !assert.NoError(t, s.Err, "%s, lock %d, %q", h.name, k, id) {
						continue
					}
					assert.Equal(t, token, s.Token)
					assert.Equal(t, text, s.Content)
					assert.Equal(t, strings.TrimPrefix(id, "]"), s.Symbology)
					count++
				}
			}
		}
	}
	assert.Equal(t, 21*int(locks)*4, count)
}
