package sheet

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"strings"
)

// PDF returns all pages as a PDF 1.5 file: ISO 32000. Modules are paths, which printers draw sharp at any
// resolution where some blur small pictures. Captions are in STSong-Light, a font that readers know and that is
// therefore not in the file; a reader without it takes another Chinese one.
func (s *Sheet) PDF() []byte {
	f := pdfFile{}
	f.out.WriteString("%PDF-1.5\n%\xE2\xE3\xCF\xD3\n")
	const first = 6 // the object of the first page; its content follows it
	pages := s.Pages()
	var kids strings.Builder
	for i := range pages {
		fmt.Fprintf(&kids, "%d 0 R ", first+2*i)
	}
	f.object("<< /Type /Catalog /Pages 2 0 R >>")
	f.object(fmt.Sprintf("<< /Type /Pages /Count %d /Kids [ %s] /MediaBox [0 0 %s %s] /Resources << /Font << /F 3 0 R >> >> >>",
		pages, kids.String(), points(s.width), points(s.height)))
	f.object("<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light-UniGB-UCS2-H /Encoding /UniGB-UCS2-H /DescendantFonts [4 0 R] >>")
	f.object("<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> /FontDescriptor 5 0 R /DW 1000 /W [1 95 500] >>")
	f.object("<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>")
	for i := range pages {
		f.object(fmt.Sprintf("<< /Type /Page /Parent 2 0 R /Contents %d 0 R >>", first+2*i+1))
		f.stream(s.content(i))
	}
	return f.end()
}

// content draws a page, in micrometres from the upper left corner.
func (s *Sheet) content(page int) []byte {
	var out bytes.Buffer
	const scale = 72 / 25.4 / mm // micrometres to points
	fmt.Fprintf(&out, "%.9f 0 0 %.9f 0 %s cm %d w\n", scale, -scale, points(s.height), hair)
	for _, p := range s.page(page) {
		n := span(p.Symbol)
		fmt.Fprintf(&out, "q %.6f 0 0 %.6f %d %d cm\n", float64(s.side)/float64(n), float64(s.side)/float64(n), p.x, p.y)
		// One path for the whole symbol: between two paths renderers leave grey lines.
		for y := range p.Symbol.Size() {
			for x := 0; x < p.Symbol.Size(); x++ {
				run := 0
				for p.Symbol.At(x+run, y) {
					run++
				}
				if run > 0 {
					fmt.Fprintf(&out, "%d %d %d 1 re\n", p.Symbol.Quiet()+x, p.Symbol.Quiet()+y, run)
					x += run
				}
			}
		}
		out.WriteString("f Q\n")
		if p.Caption != "" {
			x, y := s.text(p)
			fmt.Fprintf(&out, "BT /F %d Tf 1 0 0 -1 %d %d Tm <", s.fontSize(p), x, y)
			for _, c := range p.Caption {
				fmt.Fprintf(&out, "%04X", c)
			}
			out.WriteString("> Tj ET\n")
		}
		for _, l := range s.marks(p) {
			fmt.Fprintf(&out, "%d %d m %d %d l S\n", l.x0, l.y0, l.x1, l.y1)
		}
	}
	return out.Bytes()
}

// points returns micrometres in points, 72 to an inch.
func points(v int) string { return fmt.Sprintf("%.4f", float64(v)*72/25.4/mm) }

// A pdfFile is a file of objects, numbered from 1 on, and the table of where each begins.
type pdfFile struct {
	out     bytes.Buffer
	offsets []int
}

func (f *pdfFile) object(body string) {
	f.offsets = append(f.offsets, f.out.Len())
	fmt.Fprintf(&f.out, "%d 0 obj\n%s\nendobj\n", len(f.offsets), body)
}

func (f *pdfFile) stream(content []byte) {
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	w.Write(content) // into memory: cannot fail
	w.Close()
	f.object(fmt.Sprintf("<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream", packed.Len(), packed.Bytes()))
}

func (f *pdfFile) end() []byte {
	table := f.out.Len()
	fmt.Fprintf(&f.out, "xref\n0 %d\n0000000000 65535 f \n", len(f.offsets)+1)
	for _, offset := range f.offsets {
		fmt.Fprintf(&f.out, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&f.out, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(f.offsets)+1, table)
	return f.out.Bytes()
}
