package qr

import (
	"errors"
	"sync/atomic"
	"unicode/utf8"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// method is one way to look at a picture.
type method uint8

const (
	pure     method = iota // the whole picture is one clean upright symbol: sample it, search nothing
	local                  // a threshold for each neighbourhood: shadows, uneven light
	global                 // one threshold for the picture: small and clear symbols
	blurred                // local, after a 3×3 mean: noise, print dots
	inverted               // local, dark and light changed over: dark themes
)

// An engine finds one symbol in a picture and returns its corrected content.
type engine interface {
	// read looks once. It returns errNothing when it finds no symbol that it can correct. It gives up
	// soon after stop is set, but need not.
	read(g *gray, m method, stop *atomic.Bool) (Result, error)
}

var errNothing = errors.New("nothing found")

// maxCentres is how many candidate corner marks are looked at. The foreign search compares every three of
// them: a picture of 450×450 pixels tiled with marks held it for a minute, one of a million pixels would for
// hours. Pure noise has some fifty.
const maxCentres = 200

// gozxingEngine is the only place that knows the foreign reader, and is replaced as a whole.
type gozxingEngine struct{}

var _ engine = gozxingEngine{}

func (gozxingEngine) read(g *gray, m method, stop *atomic.Bool) (result Result, err error) {
	// The foreign reader has not been seen to panic on pictures, which proves nothing: a panic on a hostile
	// one must cost one look and not the gate.
	defer func() {
		if recover() != nil {
			result, err = Result{}, errNothing
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
			if centres++; centres > maxCentres || stop.Load() {
				panic(errNothing)
			}
		}),
	}
	binarizer := gozxing.NewHybridBinarizer
	switch m {
	case pure:
		hints[gozxing.DecodeHintType_PURE_BARCODE] = true
		binarizer = gozxing.NewGlobalHistgramBinarizer
	case global:
		binarizer = gozxing.NewGlobalHistgramBinarizer
	case blurred:
		g = g.blurred()
	case inverted:
		g = g.inverted()
	}
	bitmap, err := gozxing.NewBinaryBitmap(binarizer(newLuminance(g)))
	if err != nil {
		return Result{}, errNothing
	}
	found, err := qrcode.NewQRCodeReader().Decode(bitmap, hints)
	if err != nil {
		return Result{}, errNothing
	}
	return resultOf(found)
}

// resultOf reads the content from the corrected codewords, because the text of the foreign reader is exact
// for ASCII only and its byte segments leave out the digits between them.
func resultOf(found *gozxing.Result) (Result, error) {
	name, _ := found.GetResultMetadata()[gozxing.ResultMetadataType_ERROR_CORRECTION_LEVEL].(string)
	var r Result
	for level := L; level <= H; level++ {
		if level.String() == name {
			r.Level = level
		}
	}
	r.Version = versionOf(r.Level, len(found.GetRawBytes()))
	if r.Version == 0 {
		return Result{}, errNothing
	}
	bytes, err := content(found.GetRawBytes(), r.Version)
	if err != nil {
		return Result{}, err
	}
	r.Bytes = bytes
	if utf8.Valid(bytes) {
		r.Text = string(bytes)
	}
	return r, nil
}

// luminance shows a gray picture to the foreign reader without a copy.
type luminance struct {
	gozxing.LuminanceSourceBase
	g *gray
}

var _ gozxing.LuminanceSource = (*luminance)(nil)

func newLuminance(g *gray) *luminance {
	return &luminance{gozxing.LuminanceSourceBase{Width: g.w, Height: g.h}, g}
}

func (l *luminance) GetRow(y int, row []byte) ([]byte, error) {
	if len(row) < l.g.w {
		row = make([]byte, l.g.w)
	}
	copy(row, l.g.row(y))
	return row, nil
}

func (l *luminance) GetMatrix() []byte               { return l.g.pix }
func (l *luminance) Invert() gozxing.LuminanceSource { return newLuminance(l.g.inverted()) }
func (l *luminance) String() string                  { return gozxing.LuminanceSourceString(l) }
