package degrade

import (
	"bytes"
	"image"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
)

// gozxingReads reports whether gozxing, as its documentation shows it (hybrid binarizer, with or without
// TRY_HARDER, nothing else), reads the codewords of exactly this symbol.
func gozxingReads(f *Frame, harder bool) bool {
	img := &image.Gray{Pix: f.Pix, Stride: Width, Rect: image.Rect(0, 0, Width, Height)}
	bitmap, err := gozxing.NewBinaryBitmap(gozxing.NewHybridBinarizer(gozxing.NewLuminanceSourceFromImage(img)))
	if err != nil {
		return false
	}
	// The name of a character set only stops it from guessing one: what is compared is codewords.
	hints := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_CHARACTER_SET: "ISO-8859-1"}
	if harder {
		hints[gozxing.DecodeHintType_TRY_HARDER] = true
	}
	found, err := qrcode.NewQRCodeReader().Decode(bitmap, hints)
	if err != nil {
		return false
	}
	return bytes.Equal(found.GetRawBytes(), codewords(f))
}

// codewords returns the data codewords of the symbol as gozxing reads them from its modules.
func codewords(f *Frame) []byte {
	bits, err := gozxing.NewSquareBitMatrix(f.Symbol.Size())
	if err != nil {
		return nil
	}
	for y := range f.Symbol.Size() {
		for x := range f.Symbol.Size() {
			if f.Symbol.At(x, y) {
				bits.Set(x, y)
			}
		}
	}
	found, err := decoder.NewDecoder().Decode(bits, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_CHARACTER_SET: "ISO-8859-1"})
	if err != nil {
		return nil
	}
	return found.GetRawBytes()
}
