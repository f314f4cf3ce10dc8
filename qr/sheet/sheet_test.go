package sheet_test

import (
	"bytes"
	"compress/zlib"
	"encoding/xml"
	"fmt"
	"image"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/qr"
	"github.com/citizencode/citizencode/qr/sheet"
)

func labels(t testing.TB, n int) []sheet.Label {
	t.Helper()
	list := make([]sheet.Label, n)
	for i := range list {
		token := bytes.Repeat([]byte{byte(i), byte(i >> 8), 7}, 32)
		symbol, err := qr.Encode(token, qr.Options{Quiet: qr.MinQuiet + i%3})
		require.NoError(t, err)
		list[i] = sheet.Label{Symbol: symbol, Caption: fmt.Sprintf(`三号门 <%d> & "Gate"`, i)}
	}
	list[n/2].Caption = ""
	return list
}

// drawn is what a page shows, in micrometres: the dark modules of each code by their middle, captions by
// where they begin, and lines.
type drawn struct {
	dark     [][]image.Point
	captions map[image.Point]string
	marks    []image.Rectangle
}

// want computes it from the labels, by rules of its own: 12 codes of 50 mm on A4.
func want(list []sheet.Label) drawn {
	d := drawn{captions: map[image.Point]string{}}
	for i, l := range list {
		x, y := 10_000+i%3*56_000, 10_000+i/3*64_000
		side := l.Symbol.Size() + 2*l.Symbol.Quiet()
		var dark []image.Point
		for row := range l.Symbol.Size() {
			for column := range l.Symbol.Size() {
				if l.Symbol.At(column, row) {
					dark = append(dark, image.Pt(x+(2*(column+l.Symbol.Quiet())+1)*25_000/side, y+(2*(row+l.Symbol.Quiet())+1)*25_000/side))
				}
			}
		}
		d.dark = append(d.dark, dark)
		if l.Caption != "" {
			d.captions[image.Pt(x+50_000*l.Symbol.Quiet()/side, y+54_000)] = l.Caption
		}
	}
	return d
}

func atoi(t testing.TB, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	require.NoError(t, err)
	return n
}

func readSVG(t testing.TB, page string) drawn {
	t.Helper()
	d := drawn{captions: map[image.Point]string{}}
	var at image.Point
	var side, span, depth int
	var text image.Point
	decoder := xml.NewDecoder(strings.NewReader(page))
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return d
		}
		require.NoError(t, err)
		switch e := token.(type) {
		case xml.StartElement:
			a := map[string]string{}
			for _, v := range e.Attr {
				a[v.Name.Local] = v.Value
			}
			switch e.Name.Local {
			case "svg":
				if depth++; depth == 1 {
					require.Equal(t, [3]string{"210.000mm", "297.000mm", "0 0 210000 297000"}, [3]string{a["width"], a["height"], a["viewBox"]})
					break
				}
				at, side = image.Pt(atoi(t, a["x"]), atoi(t, a["y"])), atoi(t, a["width"])
				_, err := fmt.Sscanf(a["viewBox"], "0 0 %d", &span)
				require.NoError(t, err)
			case "text":
				text = image.Pt(atoi(t, a["x"]), atoi(t, a["y"]))
			case "path":
				if depth == 1 {
					for _, m := range regexp.MustCompile(`M(-?\d+) (-?\d+)L(-?\d+) (-?\d+)`).FindAllStringSubmatch(a["d"], -1) {
						d.marks = append(d.marks, image.Rect(atoi(t, m[1]), atoi(t, m[2]), atoi(t, m[3]), atoi(t, m[4])))
					}
					break
				}
				var dark []image.Point
				for _, m := range regexp.MustCompile(`M(\d+) (\d+)h(\d+)`).FindAllStringSubmatch(a["d"], -1) {
					for i := range atoi(t, m[3]) {
						dark = append(dark, at.Add(image.Pt((2*(atoi(t, m[1])+i)+1)*side/2/span, (2*atoi(t, m[2])+1)*side/2/span)))
					}
				}
				d.dark = append(d.dark, dark)
			}
		case xml.CharData:
			d.captions[text] += string(e)
		case xml.EndElement:
			if e.Name.Local == "svg" {
				depth--
			}
		}
	}
}

// readPDF follows the file from its end: the table, the pages, their contents; and draws those.
func readPDF(t testing.TB, file []byte) []drawn {
	t.Helper()
	object := func(n int) string {
		tail := regexp.MustCompile(`startxref\n(\d+)\n%%EOF\n$`).FindSubmatch(file)
		require.NotNil(t, tail)
		table := string(file[atoi(t, string(tail[1])):])
		lines := strings.SplitAfter(table, "\n")
		require.Equal(t, "xref\n", lines[0])
		entry := lines[2+n]
		require.Len(t, entry, 20)
		offset := atoi(t, entry[:10])
		body, ok := bytes.CutPrefix(file[offset:], fmt.Appendf(nil, "%d 0 obj\n", n))
		require.True(t, ok, "object %d", n)
		inside, _, ok := strings.Cut(string(body), "\nendobj\n")
		require.True(t, ok)
		return inside
	}
	require.Contains(t, object(1), "/Pages 2 0 R")
	require.Contains(t, object(2), "/MediaBox [0 0 595.2756 841.8898]")
	var pages []drawn
	kids := regexp.MustCompile(`/Kids \[(.*?)\]`).FindStringSubmatch(object(2))[1]
	for _, kid := range regexp.MustCompile(`(\d+) 0 R`).FindAllStringSubmatch(kids, -1) {
		page := regexp.MustCompile(`/Contents (\d+) 0 R`).FindStringSubmatch(object(atoi(t, kid[1])))
		stream := object(atoi(t, page[1]))
		length := regexp.MustCompile(`/Length (\d+)`).FindStringSubmatch(stream)
		require.NotNil(t, length)
		_, packed, _ := strings.Cut(stream, "stream\n")
		require.Equal(t, "\nendstream", packed[atoi(t, length[1]):])
		r, err := zlib.NewReader(strings.NewReader(packed))
		require.NoError(t, err)
		content, err := io.ReadAll(r)
		require.NoError(t, err)
		pages = append(pages, drawPDF(t, string(content)))
	}
	require.Contains(t, object(2), fmt.Sprintf("/Count %d ", len(pages)))
	return pages
}

func drawPDF(t testing.TB, content string) drawn {
	t.Helper()
	d := drawn{captions: map[image.Point]string{}}
	var onPage bool
	var scale float64
	var at, pen, text image.Point
	var dark []image.Point
	var stack []string
	number := func(i int) int { return atoi(t, stack[i]) }
	for _, word := range strings.Fields(content) {
		switch word {
		case "cm":
			var err error
			scale, err = strconv.ParseFloat(stack[0], 64)
			require.NoError(t, err)
			if onPage { // the first one turns points into micrometres from the upper left corner
				at = image.Pt(number(4), number(5))
			} else {
				require.Equal(t, []string{"0.002834646", "0", "0", "-0.002834646", "0", "841.8898"}, stack)
				onPage = true
			}
		case "re":
			for i := range number(2) {
				dark = append(dark, at.Add(image.Pt(int((float64(number(0)+i)+0.5)*scale), int((float64(number(1))+0.5)*scale))))
			}
		case "f":
			d.dark = append(d.dark, dark)
			dark = nil
		case "m":
			pen = image.Pt(number(0), number(1))
		case "l":
			d.marks = append(d.marks, image.Rect(pen.X, pen.Y, number(0), number(1)))
		case "Tm":
			require.Equal(t, []string{"1", "0", "0", "-1"}, stack[:4])
			text = image.Pt(number(4), number(5))
		case "Tj":
			var units []uint16
			for hex := strings.Trim(stack[0], "<>"); hex != ""; hex = hex[4:] {
				v, err := strconv.ParseUint(hex[:4], 16, 16)
				require.NoError(t, err)
				units = append(units, uint16(v))
			}
			d.captions[text] = string(utf16.Decode(units))
		case "q", "Q", "S", "w", "BT", "ET", "Tf":
		default:
			stack = append(stack, word)
			continue
		}
		stack = stack[:0]
	}
	return d
}

// TestSheet: both outputs show every module, caption and mark at the place that the rules of paper give it.
func TestSheet(t *testing.T) {
	list := labels(t, 26)
	s, err := sheet.New(list, sheet.Options{})
	require.NoError(t, err)
	require.Equal(t, 3, s.Pages())
	pdf := readPDF(t, s.PDF())
	require.Len(t, pdf, 3)
	for page := range s.Pages() {
		on := list[page*12 : min(page*12+12, len(list))]
		expected := want(on)
		for name, got := range map[string]drawn{"SVG": readSVG(t, s.SVG(page)), "PDF": pdf[page]} {
			require.Equal(t, expected.captions, got.captions, name)
			require.Len(t, got.dark, len(on))
			for i, dark := range got.dark {
				require.Len(t, dark, len(expected.dark[i]))
				for j, p := range dark { // a module is 800 µm and more; a micrometre is rounding
					off := p.Sub(expected.dark[i][j])
					if max(off.X, -off.X, off.Y, -off.Y) > 2 {
						t.Fatalf("%s: module at %v, want %v", name, p, expected.dark[i][j])
					}
				}
			}
			require.Len(t, got.marks, 8*len(on))
			for _, m := range got.marks {
				require.True(t, m.Dx() == 0 && m.Dy() == 2000 || m.Dx() == 2000 && m.Dy() == 0, "%v", m)
				require.True(t, m.Min.X > 5_000 && m.Min.Y > 5_000 && m.Max.X < 205_000 && m.Max.Y < 292_000, "%v lies where printers do not print", m)
				for i := range on {
					label := image.Rect(0, 0, 50_000, 58_000).Add(image.Pt(10_000+i%3*56_000, 10_000+i/3*64_000))
					m.Max = m.Max.Add(image.Pt(1, 1)) // an empty rectangle overlaps nothing
					require.False(t, m.Overlaps(label), "a cut mark on a label")
				}
			}
		}
	}
	again, err := sheet.New(list, sheet.Options{})
	require.NoError(t, err)
	assert.True(t, bytes.Equal(s.PDF(), again.PDF()), "the same bytes always")
}

func TestRefuses(t *testing.T) {
	good := labels(t, 1)
	symbol := good[0].Symbol
	large, err := qr.NewSymbol(strings.Repeat("8", 3000), qr.Options{})
	require.NoError(t, err)
	for _, c := range []struct {
		name   string
		labels []sheet.Label
		o      sheet.Options
	}{
		{"no labels", nil, sheet.Options{}},
		{"too many", make([]sheet.Label, sheet.MaxLabels+1), sheet.Options{}},
		{"no symbol", []sheet.Label{{Caption: "1"}}, sheet.Options{}},
		{"an empty symbol", []sheet.Label{{Symbol: new(qr.Symbol)}}, sheet.Options{}},
		{"modules too small", good, sheet.Options{Side: 12}},
		{"a large symbol", []sheet.Label{{Symbol: large}}, sheet.Options{Side: 30}},
		{"a code wider than the paper", good, sheet.Options{Side: 191}},
		{"a code higher than the paper", good, sheet.Options{Width: 500, Height: 100, Side: 80}},
		{"small paper", good, sheet.Options{Width: 39}},
		{"large paper", good, sheet.Options{Height: 2001}},
		{"less than nothing", good, sheet.Options{Side: -1}},
		{"an overflow", good, sheet.Options{Side: 1 << 62}},
		{"two lines", []sheet.Label{{symbol, "a\nb"}}, sheet.Options{}},
		{"not UTF-8", []sheet.Label{{symbol, "\xff"}}, sheet.Options{}},
		{"a bell", []sheet.Label{{symbol, "\a"}}, sheet.Options{}},
		{"text turned round", []sheet.Label{{symbol, "\u202e1"}}, sheet.Options{}},
		{"beyond the plane", []sheet.Label{{symbol, "𠀀"}}, sheet.Options{}},
		{"a long caption", []sheet.Label{{symbol, strings.Repeat("码", sheet.MaxCaption+1)}}, sheet.Options{}},
	} {
		_, err := sheet.New(c.labels, c.o)
		var refused *qr.Error
		require.ErrorAs(t, err, &refused, c.name)
		assert.Equal(t, qr.ReasonBadOption, refused.Reason, c.name)
	}
	for _, o := range []sheet.Options{{Side: 13}, {Side: 190}, {Width: 70, Height: 78}, {Width: 2000, Height: 2000, Side: 1900}} {
		s, err := sheet.New(good, o)
		require.NoError(t, err, "%+v", o)
		assert.Equal(t, 1, s.Pages())
	}
}

// Two doors of a made-up clinic, for cutting out.
func Example() {
	var list []sheet.Label
	for _, door := range []string{"东门 East door", "西门 West door"} {
		symbol, err := qr.NewSymbol("https://clinic.example/door/"+fmt.Sprint(len(list)), qr.Options{Level: qr.Q})
		if err != nil {
			fmt.Println(err)
			return
		}
		list = append(list, sheet.Label{Symbol: symbol, Caption: door})
	}
	s, err := sheet.New(list, sheet.Options{Side: 60})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s.Pages(), "page,", string(s.PDF()[:8]), strings.Count(s.SVG(0), "<text"), "captions")
	// Output:
	// 1 page, %PDF-1.5 2 captions
}
