// Package sheet lays symbols out on paper: codes of places and things (一地一码、一物一码), each with a caption and
// cut marks, as SVG for a page in a browser and as PDF for a printer.
//
//	s, err := sheet.New(labels, sheet.Options{})   // A4, 50 mm a code
//	os.WriteFile("gates.pdf", s.PDF(), 0o644)
//
// All measures are whole micrometres, so that both outputs put every module at the same place.
package sheet

import (
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/citizencode/citizencode/qr"
)

const mm = 1000 // micrometres

const (
	// MinModule is the smallest module that is printed: ../SPEC.md §5.8. Readers at gates miss smaller ones.
	MinModule = mm / 4

	// MaxLabels is the number of labels of one sheet. A caller with more makes several.
	MaxLabels = 10_000

	// MaxCaption is the longest caption in characters; it has one line.
	MaxCaption = 40

	defaultWidth, defaultHeight = 210 * mm, 297 * mm // A4
	defaultSide                 = 50 * mm
	minPaper, maxPaper          = 40 * mm, 2000 * mm

	margin  = 10 * mm // that printers leave white
	gap     = 6 * mm  // between labels
	caption = 8 * mm  // the line below a code
	mark    = 2 * mm  // a cut mark, outside the label
	hair    = mm / 10 // the width of its line
	font    = 4 * mm  // size of a caption that has room for it
)

// A Label is one code and what people read below it.
type Label struct {
	Symbol  *qr.Symbol
	Caption string // up to MaxCaption printable characters of the Basic Multilingual Plane; may be empty
}

// Options say what is printed on. The zero value is A4 with codes of 50 mm.
type Options struct {
	Width, Height int // of the paper in millimetres, 40 to 2000; zero means A4
	Side          int // of a code with its quiet zone, in millimetres; zero means 50
}

// A Sheet is labels with their places. It is immutable; the symbols in it must not be drawn over.
type Sheet struct {
	labels        []Label
	width, height int // of the paper
	side          int // of a code
	columns, rows int // of labels on a page
}

// New lays labels out, row by row, page after page. It refuses labels that cannot be read or cut out as
// they would be printed; every error is a *qr.Error of reason qr.ReasonBadOption.
func New(labels []Label, o Options) (*Sheet, error) {
	s := &Sheet{labels: append([]Label(nil), labels...), width: defaultWidth, height: defaultHeight, side: defaultSide}
	for _, given := range []struct {
		name string
		mm   int
		to   *int
	}{{"width", o.Width, &s.width}, {"height", o.Height, &s.height}, {"side", o.Side, &s.side}} {
		if given.mm < 0 || given.mm > maxPaper/mm {
			return nil, refuse("%s of %d mm, want up to %d", given.name, given.mm, maxPaper/mm)
		}
		if given.mm != 0 {
			*given.to = given.mm * mm
		}
	}
	if min(s.width, s.height) < minPaper {
		return nil, refuse("paper below %d mm", minPaper/mm)
	}
	s.columns = (s.width - 2*margin + gap) / (s.side + gap)
	s.rows = (s.height - 2*margin + gap) / (s.side + caption + gap)
	if s.columns < 1 || s.rows < 1 {
		return nil, refuse("a code of %d mm has no place on the paper", s.side/mm)
	}
	if len(labels) < 1 || len(labels) > MaxLabels {
		return nil, refuse("%d labels, want 1 to %d", len(labels), MaxLabels)
	}
	for i, l := range labels {
		if l.Symbol == nil || l.Symbol.Size() == 0 {
			return nil, refuse("label %d has no symbol", i)
		}
		if module := s.side / span(l.Symbol); module < MinModule {
			return nil, refuse("label %d: modules of %d µm, want at least %d", i, module, MinModule)
		}
		if !printable(l.Caption) {
			return nil, refuse("label %d: a caption that cannot be printed in one line", i)
		}
	}
	return s, nil
}

// printable refuses what one of the outputs could not show, or would show as more than one line.
func printable(caption string) bool {
	if !utf8.ValidString(caption) || utf8.RuneCountInString(caption) > MaxCaption {
		return false
	}
	for _, c := range caption {
		if !unicode.IsPrint(c) || c > 0xFFFF {
			return false
		}
	}
	return true
}

func refuse(format string, a ...any) error {
	return &qr.Error{Reason: qr.ReasonBadOption, Detail: fmt.Sprintf(format, a...)}
}

// span returns the modules on a side of a symbol with its quiet zone.
func span(s *qr.Symbol) int { return s.Size() + 2*s.Quiet() }

// Pages returns the number of pages, at least one.
func (s *Sheet) Pages() int {
	return (len(s.labels) + s.columns*s.rows - 1) / (s.columns * s.rows)
}

// A place is where a label stands on its page, in micrometres from the upper left corner of the paper.
type place struct {
	Label
	x, y int
}

// page returns the labels of a page, counted from 0.
func (s *Sheet) page(n int) []place {
	each := s.columns * s.rows
	labels := s.labels[n*each : min((n+1)*each, len(s.labels))]
	places := make([]place, len(labels))
	for i, l := range labels {
		places[i] = place{l, margin + i%s.columns*(s.side+gap), margin + i/s.columns*(s.side+caption+gap)}
	}
	return places
}

// A line is a cut mark.
type line struct{ x0, y0, x1, y1 int }

// marks returns the cut marks of a label: at each corner two lines that begin half a mark away from it, so that
// no cut leaves one on the label.
func (s *Sheet) marks(p place) []line {
	var lines []line
	for _, x := range []int{p.x, p.x + s.side} {
		for _, y := range []int{p.y, p.y + s.side + caption} {
			dx, dy := -1, -1
			if x > p.x {
				dx = 1
			}
			if y > p.y {
				dy = 1
			}
			lines = append(lines, line{x + dx*mark/2, y, x + dx*(mark/2+mark), y}, line{x, y + dy*mark/2, x, y + dy*(mark/2+mark)})
		}
	}
	return lines
}

// fontSize returns the size at which a caption stays within the width of its code: no character is wider than
// its size is high.
func (s *Sheet) fontSize(p place) int {
	quiet := s.side * p.Symbol.Quiet() / span(p.Symbol)
	return min(font, (s.side-quiet)/max(utf8.RuneCountInString(p.Caption), 1))
}

// text returns where a caption begins: below the left edge of the modules.
func (s *Sheet) text(p place) (x, y int) {
	return p.x + s.side*p.Symbol.Quiet()/span(p.Symbol), p.y + s.side + font
}
