package qr

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/qr/internal/bits"
	"github.com/citizencode/citizencode/qr/internal/matrix"
)

var everyMask = flag.Bool("masks", false, "put every version, level and mask to the readers, not one mask of each")

// modulesOf returns what two readers read from the modules, with no picture between: another library, and our own.
func modulesOf(t testing.TB, s *Symbol) Result {
	t.Helper()
	theirs, err := gozxing.NewSquareBitMatrix(s.Size())
	require.NoError(t, err)
	ours := bits.Modules{Size: s.Size(), V: make([]int16, s.Size()*s.Size())}
	for y := range s.Size() {
		for x := range s.Size() {
			ours.V[y*s.Size()+x] = -100
			if s.At(x, y) {
				theirs.Set(x, y)
				ours.V[y*s.Size()+x] = 100
			}
		}
	}
	found, err := decoder.NewDecoder().Decode(theirs, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_CHARACTER_SET: "ISO-8859-1"})
	require.NoError(t, err)
	var r Result
	for level := L; level <= H; level++ {
		for version := 1; version <= matrix.MaxVersion && level.String() == found.GetECLevel(); version++ {
			if matrix.DataCodewords(version, matrix.Level(level-L)) == len(found.GetRawBytes()) {
				r.Version, r.Level = version, level
			}
		}
	}
	var fault bits.Fault
	r.Bytes, _, _, fault = bits.Content(nil, nil, found.GetRawBytes(), r.Version)
	require.Equal(t, bits.Plain, fault)
	var d bits.Decoder
	own, ok := d.Decode(&ours)
	require.True(t, ok)
	require.Equal(t, r.Bytes, append([]byte{}, own.Content...))
	require.Equal(t, s.modules.Mask, own.Mask)
	require.Equal(t, r.Version, own.Version)
	require.Zero(t, own.Corrected)
	return r
}

// forced returns a symbol of this version, level and mask, nearly full of random content in one of the modes or
// in several.
func forced(t testing.TB, r *rand.Rand, version int, level Level, mask int) *Symbol {
	t.Helper()
	alphabets := []string{"0123456789", base45Alphabet, "", "0000000000000000000000000000000000000000aA\xff"}
	alphabet := alphabets[r.IntN(len(alphabets))]
	text := make([]byte, 5*matrix.DataCodewords(version, matrix.Level(level-L))/2) // too much in every mode
	for i := range text {
		text[i] = byte(r.Uint32())
		if alphabet != "" {
			text[i] = alphabet[r.IntN(len(alphabet))]
		}
	}
	s := &Symbol{quiet: MinQuiet, text: text}
	var e matrix.Encoder
	request := matrix.Request{Level: matrix.Level(level - L), Version: version, Mask: mask}
	for e.Encode(&s.modules, s.text, request) != nil {
		s.text = s.text[:len(s.text)*19/20]
	}
	return s
}

// eachSymbol makes a symbol of every version and level, with one mask or with every one.
func eachSymbol(t testing.TB, seed uint64, do func(s *Symbol)) {
	r := seeded(t, seed)
	for version := 1; version <= 40; version++ {
		for level := L; level <= H; level++ {
			for i := range 8 {
				if !*everyMask && i != (version+int(level))%8 {
					continue
				}
				do(forced(t, r, version, level, i))
			}
		}
	}
}

// TestEverySymbolIsRead: every version, level and mask, whatever the content: its modules by gozxing, its picture by
// our reader.
func TestEverySymbolIsRead(t *testing.T) {
	t.Parallel()
	n := 0
	eachSymbol(t, 20, func(s *Symbol) {
		n++
		if testing.Short() && n%5 != 0 {
			return
		}
		what := fmt.Sprintf("version %d level %s mask %d", s.Version(), s.Level(), s.modules.Mask)
		r := modulesOf(t, s)
		require.Equal(t, s.text, r.Bytes, what)
		require.Equal(t, s.Version(), r.Version, what)
		require.Equal(t, s.Level(), r.Level, what)
		file, err := s.PNG(1 + n%4)
		require.NoError(t, err)
		results, err := DecodePicture(bytes.NewReader(file), ReadOptions{Timeout: time.Minute})
		require.NoError(t, err, what)
		require.Equal(t, s.text, results[0].Bytes, what)
	})
}

// TestZbarReadsEverySymbol: the same by a reader that shares nothing with us. Binary content may
// hold the line end that it puts behind each symbol, so what is compared is one long string.
func TestZbarReadsEverySymbol(t *testing.T) {
	t.Parallel()
	zbarimg := tool(t, "zbarimg", "zbar-tools")
	dir := t.TempDir()
	arguments := []string{"--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", "-Sqrcode.binary"}
	flags := len(arguments)
	var contents [][]byte
	n := 0
	eachSymbol(t, 21, func(s *Symbol) {
		n++
		if !*everyMask && n%3 != 0 {
			return
		}
		file, err := s.PNG(2 + n%2)
		require.NoError(t, err)
		name := filepath.Join(dir, fmt.Sprintf("%d-%s-%d.png", s.Version(), s.Level(), s.modules.Mask))
		require.NoError(t, os.WriteFile(name, file, 0o600))
		arguments = append(arguments, name)
		contents = append(contents, append(s.text, '\n'))
	})
	got, err := exec.Command(zbarimg, arguments...).Output()
	require.NoError(t, err, "status 4: one was not read")
	for i, content := range contents {
		if !bytes.HasPrefix(got, content) {
			t.Fatalf("%s is not read as drawn", filepath.Base(arguments[flags+i]))
		}
		got = got[len(content):]
	}
	require.Empty(t, got)
}

// TestEncodeInto: one encoder and one symbol, over and over, are what Encode makes from nothing.
func TestEncodeInto(t *testing.T) {
	r := seeded(t, 22)
	for _, o := range []Options{{}, {Form: Base45, Quiet: 7}, {Level: Q}, {ExactLevel: true}} {
		e, err := NewEncoder(o)
		require.NoError(t, err)
		var s Symbol
		for range rounds(40) {
			token := someToken(r, MinToken+r.IntN(MaxToken-MinToken+1))
			require.NoError(t, e.EncodeInto(&s, token))
			require.Equal(t, symbolOf(t, token, o), &s)
		}
		kept, text := s, s.Text()
		require.NoError(t, e.EncodeInto(new(Symbol), make([]byte, 95)))
		require.Equal(t, text, s.Text(), "two symbols of one encoder share nothing")
		for _, size := range []int{0, MinToken - 1, MaxToken + 1} {
			assert.Equal(t, ReasonTokenSize, reasonOf(t, e.EncodeInto(&s, make([]byte, size))))
			assert.True(t, kept.modules == s.modules)
			assert.Equal(t, text, s.Text())
		}
	}
	_, err := NewEncoder(Options{Level: 9})
	assert.Equal(t, ReasonBadOption, reasonOf(t, err))
	e, err := NewEncoder(Options{Form: 9})
	require.NoError(t, err)
	assert.Equal(t, ReasonBadOption, reasonOf(t, e.EncodeInto(new(Symbol), make([]byte, 95))))
	_, err = new(Symbol).PNG(1)
	assert.Equal(t, ReasonBadOption, reasonOf(t, err))
}

// A code on a display changes every few seconds all day: drawing it leaves nothing to collect.
func TestDrawingAllocatesNothing(t *testing.T) {
	for _, o := range []Options{{}, {Form: Base45}} {
		e, err := NewEncoder(o)
		require.NoError(t, err)
		var s Symbol
		var file []byte
		token := benchToken(203)
		assert.Zero(t, testing.AllocsPerRun(10, func() {
			token[200]++
			if err := e.EncodeInto(&s, token); err != nil {
				t.Fatal(err)
			}
			if file, err = s.AppendPNG(file[:0], 8); err != nil {
				t.Fatal(err)
			}
		}), "%+v", o)
		assert.LessOrEqual(t, len(file), 1300, "bytes of a PNG file, 8 pixels to a module")
	}
}

// TestRaisedLevel: free room becomes error correction, and never a larger symbol.
func TestRaisedLevel(t *testing.T) {
	for _, c := range []struct {
		bytes         int
		asked, raised Level
	}{{82, L, M}, {83, L, L}, {95, M, M}} { // version 5 holds 202 digits at level M, the text of 82 bytes
		token := make([]byte, c.bytes)
		raised := symbolOf(t, token, Options{Level: c.asked})
		exact := symbolOf(t, token, Options{Level: c.asked, ExactLevel: true})
		assert.Equal(t, c.asked, exact.Level())
		assert.Equal(t, c.raised, raised.Level(), "%d bytes", c.bytes)
		assert.Equal(t, exact.Version(), raised.Version())
	}
	s, err := NewSymbol("1234567", Options{})
	require.NoError(t, err)
	assert.Equal(t, H, s.Level())
}

// FuzzNewSymbol: any text at any level comes back from the modules byte for byte, or is refused as too long.
func FuzzNewSymbol(f *testing.F) {
	for _, text := range []string{"1", "HELLO", "77" + strings.Repeat("0123456789", 40), "https://example.org/?a=0123456789012345", "市民码", "\x00\xff", strings.Repeat("A1b", 900)} {
		for level := range uint8(5) {
			f.Add(text, level)
		}
	}
	f.Fuzz(func(t *testing.T, text string, level uint8) {
		level %= 5
		s, err := NewSymbol(text, Options{Level: Level(level), ExactLevel: len(text)%2 == 0})
		if err != nil {
			require.Equal(t, ReasonDoesNotFit, reasonOf(t, err))
			require.True(t, text == "" || len(text) > 1273)
			return
		}
		r := modulesOf(t, s)
		require.Equal(t, text, string(r.Bytes))
		require.Equal(t, s.Version(), r.Version)
		require.Equal(t, s.Level(), r.Level)
	})
}
