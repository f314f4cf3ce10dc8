package qr

import (
	"bytes"
	"image"
	"testing"
)

func benchToken(n int) []byte {
	token := make([]byte, n)
	for i := range token {
		token[i] = byte(i*167 + i>>3)
	}
	return token
}

func BenchmarkEncodeDecimal(b *testing.B) { benchText(b, Decimal) }
func BenchmarkEncodeBase45(b *testing.B)  { benchText(b, Base45) }

func benchText(b *testing.B, form Form) {
	token := benchToken(203)
	b.ReportAllocs()
	b.SetBytes(203)
	for b.Loop() {
		if _, err := form.encodeText(token); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeTextDecimal(b *testing.B) { benchDecodeText(b, Decimal) }
func BenchmarkDecodeTextBase45(b *testing.B)  { benchDecodeText(b, Base45) }

func benchDecodeText(b *testing.B, form Form) {
	text, err := form.encodeText(benchToken(203))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(203)
	for b.Loop() {
		if _, err := DecodeText(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncode(b *testing.B) { // text and symbol, version 10
	token := benchToken(203)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Encode(token, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodeInto(b *testing.B) { // the same with an encoder that is kept
	token := benchToken(203)
	e, err := NewEncoder(Options{})
	if err != nil {
		b.Fatal(err)
	}
	var s Symbol
	b.ReportAllocs()
	for b.Loop() {
		token[202]++
		if err := e.EncodeInto(&s, token); err != nil {
			b.Fatal(err)
		}
	}
}

func benchSymbol(b *testing.B) *Symbol {
	s, err := Encode(benchToken(203), Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	return s
}

func BenchmarkPNG(b *testing.B) { // 8 pixels to a module
	s := benchSymbol(b)
	for b.Loop() {
		file, err := s.PNG(8)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(file)), "file-B")
	}
}

func BenchmarkSVG(b *testing.B) {
	s := benchSymbol(b)
	for b.Loop() {
		b.ReportMetric(float64(len(s.SVG())), "file-B")
	}
}

func BenchmarkTerminal(b *testing.B) {
	s := benchSymbol(b)
	for b.Loop() {
		_ = s.Terminal()
	}
}

func benchDecode(b *testing.B, img image.Image, found bool) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(img, ReadOptions{}); (err == nil) != found {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeClean(b *testing.B) { // a screenshot
	benchDecode(b, benchSymbol(b).Image(4), true)
}

func BenchmarkDecodeFrame(b *testing.B) { // 640×480, the code held into the camera
	benchDecode(b, held(benchSymbol(b), 5, 0.2, 0.05).blurred().image(), true)
}

func BenchmarkDecodeNothing(b *testing.B) { // 640×480 without a code: a gate sees this most of the day
	g := newGray(640, 480)
	for i := range g.pix {
		x, y := i%640, i/640
		g.pix[i] = byte(90 + 60*((x/37+y/23)%3) + (x*7+y*13)%11)
	}
	benchDecode(b, g.image(), false)
}

func BenchmarkDecodeNothing12MP(b *testing.B) {
	g := newGray(4000, 3000)
	for i := range g.pix {
		x, y := i%4000, i/4000
		g.pix[i] = byte(90 + 60*((x/37+y/23)%3) + (x*7+y*13)%11)
	}
	benchDecode(b, g.image(), false)
}

func BenchmarkDecodePicture(b *testing.B) { // a PNG file of the symbol
	file, err := benchSymbol(b).PNG(4)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := DecodePicture(bytes.NewReader(file), ReadOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
