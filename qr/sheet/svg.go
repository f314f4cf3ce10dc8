package sheet

import (
	"fmt"
	"html"
	"strings"
)

// SVG returns a page, counted from 0, as a complete SVG document in the size of the paper. It panics for a
// page that there is not.
func (s *Sheet) SVG(page int) string {
	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%smm" height="%smm" viewBox="0 0 %d %d"><rect width="100%%" height="100%%" fill="#fff"/>`,
		millimetres(s.width), millimetres(s.height), s.width, s.height)
	for _, p := range s.page(page) {
		// A document inside a document: all it needs is a place and a size.
		fmt.Fprintf(&out, `<svg x="%d" y="%d" width="%d" height="%d" %s`, p.x, p.y, s.side, s.side, strings.TrimPrefix(p.Symbol.SVG(), "<svg "))
		if p.Caption != "" {
			x, y := s.text(p)
			fmt.Fprintf(&out, `<text x="%d" y="%d" font-size="%d" font-family="sans-serif">%s</text>`, x, y, s.fontSize(p), html.EscapeString(p.Caption))
		}
		fmt.Fprintf(&out, `<path stroke="#000" stroke-width="%d" d="`, hair)
		for _, l := range s.marks(p) {
			fmt.Fprintf(&out, "M%d %dL%d %d", l.x0, l.y0, l.x1, l.y1)
		}
		out.WriteString(`"/>`)
	}
	out.WriteString("</svg>")
	return out.String()
}

func millimetres(v int) string { return fmt.Sprintf("%d.%03d", v/mm, v%mm) }
