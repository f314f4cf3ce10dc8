package qr

import "strconv"

// SVG returns the symbol with its quiet zone as a complete SVG document: a white square and one black
// path, in units of one module. It has no size of its own and fills the box that it is put into.
//
// The white square is drawn because a dark page would otherwise swallow the quiet zone, and crispEdges
// because smoothed edges show as grey lines between the rows.
func (s *Symbol) SVG() string {
	span := strconv.Itoa(s.span())
	svg := make([]byte, 0, 300+8*s.Size()*s.Size())
	svg = append(svg, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 `...)
	svg = append(svg, span+" "+span+`" shape-rendering="crispEdges">`...)
	svg = append(svg, `<rect width="`+span+`" height="`+span+`" fill="#fff"/><path d="`...)
	for y := range s.Size() {
		for x := 0; x < s.Size(); x++ {
			if !s.At(x, y) {
				continue
			}
			run := 1
			for s.At(x+run, y) {
				run++
			}
			svg = append(svg, 'M')
			svg = strconv.AppendInt(svg, int64(s.quiet+x), 10)
			svg = append(svg, ' ')
			svg = strconv.AppendInt(svg, int64(s.quiet+y), 10)
			svg = append(svg, 'h')
			svg = strconv.AppendInt(svg, int64(run), 10)
			svg = append(svg, "v1h-"...)
			svg = strconv.AppendInt(svg, int64(run), 10)
			svg = append(svg, 'z')
			x += run
		}
	}
	return string(append(svg, `"/></svg>`...))
}
