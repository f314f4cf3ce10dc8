package qr

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tool returns the path of an outside program that checks us. Without it the test is skipped on a desk
// and fails in CI, where a check that silently does not run is worse than none.
func tool(t testing.TB, name, aptPackage string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is missing: apt-get install %s", name, aptPackage)
		}
		t.Skipf("%s is missing: apt-get install %s", name, aptPackage)
	}
	return path
}

func symbolOf(t testing.TB, token []byte, o Options) *Symbol {
	t.Helper()
	s, err := Encode(token, o)
	require.NoError(t, err)
	return s
}

// The versions are what token sizes were chosen for: a gate reads version 6 where it misses version 7.
func TestVersions(t *testing.T) {
	t.Parallel()
	r := seeded(t, 3)
	for _, c := range []struct{ bytes, version int }{{95, 6}, {139, 8}, {203, 10}} {
		s := symbolOf(t, someToken(r, c.bytes), Options{})
		assert.Equal(t, c.version, s.Version(), "%d bytes", c.bytes)
		assert.Equal(t, M, s.Level())
		assert.Equal(t, 17+4*c.version, s.Size())
		assert.Equal(t, MinQuiet, s.Quiet())
	}
	// The largest token of each version at level M, and one byte more.
	for i, largest := range []int{82, 104, 119, 149, 177, 210, 247, 283} {
		assert.Equal(t, 5+i, symbolOf(t, someToken(r, largest), Options{}).Version(), "%d bytes", largest)
		assert.Equal(t, 6+i, symbolOf(t, someToken(r, largest+1), Options{}).Version(), "%d bytes", largest+1)
	}
	for i, largest := range []int{100, 115, 144, 171, 204} { // Base45, versions 6 to 10
		s := symbolOf(t, someToken(r, largest), Options{Form: Base45})
		assert.LessOrEqual(t, s.Version(), 6+i, "%d bytes", largest)
	}
	for level, version := range map[Level]int{0: 6, L: 5, M: 6, Q: 8, H: 9} {
		s := symbolOf(t, someToken(r, 95), Options{Level: level})
		assert.Equal(t, version, s.Version(), "level %s", level)
		assert.Equal(t, level.String(), s.Level().String())
	}
}

// Every token size, both forms: the symbol is never larger than one segment needs. ISO/IEC 18004 table 7.
func TestVersionIsTheSmallest(t *testing.T) {
	t.Parallel()
	r := seeded(t, 4)
	for n := MinToken; n <= MaxToken; n += 23 {
		for _, form := range []Form{Decimal, Base45} {
			s := symbolOf(t, someToken(r, n), Options{Form: form})
			want := 0
			for v := 1; v <= 40 && want == 0; v++ {
				class := map[bool]int{false: 0, true: 1}[v >= 10]
				chars := len(s.Text())
				bits := 4 + []int{10, 12}[class] + 10*(chars/3) + []int{0, 4, 7}[chars%3]
				if form == Base45 {
					bits = 4 + []int{9, 11}[class] + 11*(chars/2) + 6*(chars%2)
				}
				if bits <= 8*dataCodewords[M][v-1] {
					want = v
				}
			}
			assert.Equal(t, want, s.Version(), "%s, %d bytes", form, n)
		}
	}
}

func TestOptions(t *testing.T) {
	token := make([]byte, 95)
	for _, o := range []Options{{Level: 5}, {Level: 255}, {Quiet: -1}, {Quiet: 1}, {Quiet: 3}, {Quiet: MaxQuiet + 1}, {Quiet: 1 << 40}} {
		_, err := Encode(token, o)
		assert.Equal(t, ReasonBadOption, reasonOf(t, err), "%+v", o)
	}
	s := symbolOf(t, token, Options{Quiet: MaxQuiet})
	assert.Equal(t, s.Size()+2*MaxQuiet, s.Image(1).Bounds().Dx())
	for _, scale := range []int{-1, 0, MaxScale + 1, 1 << 40} {
		_, err := s.PNG(scale)
		assert.Equal(t, ReasonBadOption, reasonOf(t, err), "scale %d", scale)
	}
	assert.Equal(t, s.Image(1).Bounds(), s.Image(-5).Bounds())
	assert.Equal(t, s.Image(MaxScale).Bounds(), s.Image(MaxScale+1).Bounds())
	assert.Equal(t, "level(9)", Level(9).String())
	assert.Equal(t, "form(9)", Form(9).String())
	assert.Equal(t, "decimal base45", fmt.Sprint(Decimal, " ", Base45))
}

func TestNewSymbol(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text    string
		version int
	}{
		{"1", 1}, {"https://example.org/", 2}, {"市民码", 1}, {"\x00\xff\x80", 1},
		{strings.Repeat("8", 7089), 40}, {strings.Repeat("\xff", 2953), 40},
	} {
		s, err := NewSymbol(c.text, Options{Level: L})
		require.NoError(t, err)
		assert.Equal(t, c.version, s.Version())
		assert.Equal(t, c.text, s.Text())
	}
	for _, text := range []string{"", strings.Repeat("8", 7090), strings.Repeat("A", 4297), strings.Repeat("\xff", 2954), strings.Repeat("A", 1<<20)} {
		_, err := NewSymbol(text, Options{Level: L})
		assert.Equal(t, ReasonDoesNotFit, reasonOf(t, err), "%d characters", len(text))
	}
}

// The largest picture that we draw is one that we are willing to read.
func TestLargestPicture(t *testing.T) {
	s, err := NewSymbol(strings.Repeat("8", 7089), Options{Level: L, Quiet: MaxQuiet})
	require.NoError(t, err)
	side := s.span() * MaxScale
	assert.NoError(t, checkPixels(side, side, MaxPixels))
}

// sameModules fails unless dark agrees with the symbol on every module, the quiet zone included.
func sameModules(t *testing.T, s *Symbol, dark func(x, y int) bool) {
	t.Helper()
	for y := range s.span() {
		for x := range s.span() {
			if s.At(x-s.quiet, y-s.quiet) != dark(x, y) {
				t.Fatalf("module %d, %d of %d", x, y, s.span())
			}
		}
	}
}

func TestPNGDrawsTheModules(t *testing.T) {
	t.Parallel()
	for _, quiet := range []int{0, 4, 9} {
		s := symbolOf(t, someToken(seeded(t, 5), 139), Options{Quiet: quiet})
		for _, scale := range []int{1, 2, 3, 8} {
			file, err := s.PNG(scale)
			require.NoError(t, err)
			config, err := png.DecodeConfig(bytes.NewReader(file))
			require.NoError(t, err)
			require.Equal(t, s.span()*scale, config.Width)
			require.Equal(t, byte(1), file[24], "bits per pixel")
			img, err := png.Decode(bytes.NewReader(file))
			require.NoError(t, err)
			for d := range scale {
				sameModules(t, s, func(x, y int) bool {
					v, _, _, _ := img.At(x*scale+d, y*scale+scale-1-d).RGBA()
					require.True(t, v == 0 || v == 0xFFFF)
					return v == 0
				})
			}
			assert.True(t, bytes.Equal(img.(*image.Paletted).Pix, s.Image(scale).(*image.Paletted).Pix))
			again, err := s.PNG(scale)
			require.NoError(t, err)
			assert.True(t, bytes.Equal(file, again))
		}
	}
}

func TestSVGDrawsTheModules(t *testing.T) {
	s := symbolOf(t, someToken(seeded(t, 6), 203), Options{Quiet: 5})
	svg := s.SVG()
	decoder := xml.NewDecoder(strings.NewReader(svg))
	var names []string
	var path string
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		if e, ok := token.(xml.StartElement); ok {
			names = append(names, e.Name.Local)
			for _, a := range e.Attr {
				switch a.Name.Local {
				case "d":
					path = a.Value
				case "viewBox":
					assert.Equal(t, "0 0 67 67", a.Value)
				}
			}
		}
	}
	assert.Equal(t, []string{"svg", "rect", "path"}, names)
	dark := map[image.Point]bool{}
	for _, run := range strings.SplitAfter(strings.TrimSuffix(path, "z"), "z") {
		var x, y, n, back int
		_, err := fmt.Sscanf(run, "M%d %dh%dv1h%d", &x, &y, &n, &back)
		require.NoError(t, err, run)
		require.Equal(t, -n, back)
		for i := range n {
			require.False(t, dark[image.Pt(x+i, y)], "a module drawn twice")
			dark[image.Pt(x+i, y)] = true
		}
	}
	sameModules(t, s, func(x, y int) bool { return dark[image.Pt(x, y)] })
}

func TestTerminalDrawsTheModules(t *testing.T) {
	s := symbolOf(t, someToken(seeded(t, 7), 95), Options{})
	lines := strings.Split(strings.TrimSuffix(s.Terminal(), "\n"), "\n")
	require.Len(t, lines, (s.span()+1)/2)
	var rows [][]bool
	for _, line := range lines {
		cells := strings.TrimSuffix(strings.TrimPrefix(line, "\x1b[38;5;16;48;5;231m"), "\x1b[0m")
		var upper, lower []bool
		for _, c := range cells {
			require.Contains(t, " ▀▄█", string(c))
			upper = append(upper, c == '▀' || c == '█')
			lower = append(lower, c == '▄' || c == '█')
		}
		require.Len(t, upper, s.span())
		rows = append(rows, upper, lower)
	}
	sameModules(t, s, func(x, y int) bool { return rows[y][x] })
}

// zbar is another reader by other people. It reads what we draw, as text, byte for byte.
func TestZbarReadsOurSymbols(t *testing.T) {
	t.Parallel()
	zbarimg := tool(t, "zbarimg", "zbar-tools")
	r := seeded(t, 8)
	for i, n := range []int{82, 95, 104, 139, 149, 176, 203, 210, 283, 350, 512} {
		for _, form := range []Form{Decimal, Base45} {
			s := symbolOf(t, someToken(r, n), Options{Form: form, Level: Level(i % 5)})
			file, err := s.PNG(4)
			require.NoError(t, err)
			path := filepath.Join(t.TempDir(), "code.png")
			require.NoError(t, os.WriteFile(path, file, 0o600))
			out, err := exec.Command(zbarimg, "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", path).Output()
			require.NoError(t, err, "%s, %d bytes", form, n)
			assert.Equal(t, s.Text(), TrimScan(string(out)), "%s, %d bytes", form, n)
		}
	}
}
