package gozxing

import (
	"image"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"github.com/citizencode/citizencode/qr"
	"github.com/citizencode/citizencode/qr/internal/degrade"
)

// Frames of 640×480 pixels: mild and hard ones of the kinds that gozxing reads, and one without a code.
var benchFrames = []int{36, 46, 74, 80, 110, 146, 290, 300, 440, 470}

func empty() []byte {
	pix := make([]byte, degrade.Width*degrade.Height)
	for i := range pix {
		x, y := i%degrade.Width, i/degrade.Width
		pix[i] = byte(90 + 60*((x/37+y/23)%3) + (x*7+y*13)%11)
	}
	return pix
}

func benchmark(b *testing.B, read func(pix []byte)) {
	b.Run("code", func(b *testing.B) {
		var frames [][]byte
		for _, n := range benchFrames {
			frames = append(frames, degrade.Make(n).Pix)
		}
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			read(frames[i%len(frames)])
		}
	})
	b.Run("empty", func(b *testing.B) {
		pix := empty()
		b.ReportAllocs()
		for b.Loop() {
			read(pix)
		}
	})
}

func BenchmarkOurs(b *testing.B) {
	benchmark(b, func(pix []byte) { qr.DecodeGray(pix, degrade.Width, degrade.Height, degrade.Width, qr.ReadOptions{}) })
}

// BenchmarkGozxing is the foreign reader as its documentation shows it, not the ladder around it.
func BenchmarkGozxing(b *testing.B) {
	benchmark(b, func(pix []byte) {
		img := &image.Gray{Pix: pix, Stride: degrade.Width, Rect: image.Rect(0, 0, degrade.Width, degrade.Height)}
		bitmap, err := gozxing.NewBinaryBitmap(gozxing.NewHybridBinarizer(gozxing.NewLuminanceSourceFromImage(img)))
		if err == nil {
			_, _ = qrcode.NewQRCodeReader().Decode(bitmap, nil)
		}
	})
}
