// Package gozxing is a second reader of QR symbols, over github.com/makiuchi-d/gozxing: another algorithm by other
// people. The reader of package qr is faster and reads more; a caller who would rather wait than turn somebody away
// passes this one along:
//
//	results, err := qr.Decode(img, qr.ReadOptions{Second: gozxing.Reader{}})
//
// It is asked only where the first has found nothing.
package gozxing

import (
	"errors"
	"image"
	"unicode/utf8"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"github.com/citizencode/citizencode/qr"
	"github.com/citizencode/citizencode/qr/internal/bits"
	"github.com/citizencode/citizencode/qr/internal/luma"
	"github.com/citizencode/citizencode/qr/internal/matrix"
)

// Reader looks at a picture in one way after another until a symbol is read, and returns that one. It knows its bytes,
// version and level, and nothing else about it.
type Reader struct{}

var _ qr.SecondReader = Reader{}

// ReadGray implements qr.SecondReader.
func (Reader) ReadGray(g *image.Gray, stop func() bool) []qr.Result {
	m := &luma.Image{W: g.Rect.Dx(), H: g.Rect.Dy(), Stride: g.Stride, Pix: g.Pix}
	return climb(once, m, stop)
}

// method is one way to look at a picture.
type method uint8

const (
	pure     method = iota // the whole picture is one clean upright symbol: sample it, search nothing
	local                  // a threshold for each neighbourhood: shadows, uneven light
	global                 // one threshold for the picture: small and clear symbols
	blurred                // local, after a 3×3 mean: noise, print dots
	inverted               // local, dark and light changed over: dark themes
)

var errNothing = errors.New("nothing found")

// maxCentres is how many candidate corner marks are looked at. The foreign search compares every three of
// them: a picture of 450×450 pixels tiled with marks held it for a minute, one of a million pixels would for
// hours. Pure noise has some fifty.
const maxCentres = 200

// once looks once. It returns errNothing when it finds no symbol that it can correct.
func once(m *luma.Image, how method, stop func() bool) (result qr.Result, err error) {
	// The foreign reader has not been seen to panic on pictures, which proves nothing: a panic on a hostile
	// one must cost one look and not the gate.
	defer func() {
		if recover() != nil {
			result, err = qr.Result{}, errNothing
		}
	}()
	centres := 0
	hints := map[gozxing.DecodeHintType]any{
		gozxing.DecodeHintType_TRY_HARDER: true,
		// We take the codewords and never the reader's text; naming a character set stops it from guessing one
		// and refusing the symbol when the guess fails.
		gozxing.DecodeHintType_CHARACTER_SET: "ISO-8859-1",
		// Called for every candidate that the search finds: the one handle to end a search from outside.
		gozxing.DecodeHintType_NEED_RESULT_POINT_CALLBACK: gozxing.ResultPointCallback(func(gozxing.ResultPoint) {
			if centres++; centres > maxCentres || stop() {
				panic(errNothing)
			}
		}),
	}
	binarizer := gozxing.NewHybridBinarizer
	switch how {
	case pure:
		hints[gozxing.DecodeHintType_PURE_BARCODE] = true
		binarizer = gozxing.NewGlobalHistgramBinarizer
	case global:
		binarizer = gozxing.NewGlobalHistgramBinarizer
	case blurred:
		soft := new(luma.Image)
		soft.Blur(m)
		m = soft
	case inverted:
		m = invert(m)
	}
	bitmap, err := gozxing.NewBinaryBitmap(binarizer(newLuminance(m)))
	if err != nil {
		return qr.Result{}, errNothing
	}
	found, err := qrcode.NewQRCodeReader().Decode(bitmap, hints)
	if err != nil {
		return qr.Result{}, errNothing
	}
	return resultOf(found)
}

// resultOf reads the content from the corrected codewords, because the text of the foreign reader is exact
// for ASCII only and its byte segments leave out the digits between them.
func resultOf(found *gozxing.Result) (qr.Result, error) {
	name, _ := found.GetResultMetadata()[gozxing.ResultMetadataType_ERROR_CORRECTION_LEVEL].(string)
	var r qr.Result
	for level := qr.L; level <= qr.H; level++ {
		if level.String() == name {
			r.Level = level
		}
	}
	r.Version = versionOf(r.Level, len(found.GetRawBytes()))
	if r.Version == 0 {
		return qr.Result{}, errNothing
	}
	content, segments, _, fault := bits.Content(nil, nil, found.GetRawBytes(), r.Version)
	if fault != bits.Plain {
		return qr.Result{}, errNothing
	}
	for _, s := range segments {
		r.Segments = append(r.Segments, qr.Segment{Mode: qr.Mode(s.Mode), Bytes: content[s.From:s.To:s.To], ECI: s.ECI})
	}
	r.Bytes = content
	if utf8.Valid(content) {
		r.Text = string(content)
	}
	return r, nil
}

// versionOf returns the version of a symbol of this level with n data codewords, or 0 if there is none or no level.
// Within a level their number grows with the version, so it tells the version of what a reader has corrected.
func versionOf(level qr.Level, n int) int {
	for version := 1; level != 0 && version <= matrix.MaxVersion; version++ {
		if matrix.DataCodewords(version, matrix.Level(level-qr.L)) == n {
			return version
		}
	}
	return 0
}

// luminance shows a picture to the foreign reader without a copy.
type luminance struct {
	gozxing.LuminanceSourceBase
	m *luma.Image
}

var _ gozxing.LuminanceSource = (*luminance)(nil)

func newLuminance(m *luma.Image) *luminance {
	return &luminance{gozxing.LuminanceSourceBase{Width: m.W, Height: m.H}, m}
}

func (l *luminance) GetRow(y int, row []byte) ([]byte, error) {
	if len(row) < l.m.W {
		row = make([]byte, l.m.W)
	}
	copy(row, l.m.Row(y))
	return row, nil
}

func (l *luminance) GetMatrix() []byte {
	if l.m.Stride == l.m.W {
		return l.m.Pix
	}
	pix := make([]byte, 0, l.m.W*l.m.H)
	for y := range l.m.H {
		pix = append(pix, l.m.Row(y)...)
	}
	return pix
}

func (l *luminance) Invert() gozxing.LuminanceSource { return newLuminance(invert(l.m)) }
func (l *luminance) String() string                  { return gozxing.LuminanceSourceString(l) }
