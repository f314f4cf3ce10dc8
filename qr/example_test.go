package qr_test

import (
	"bytes"
	"errors"
	"fmt"
	"image/color"
	"time"

	"github.com/citizencode/citizencode/qr"
)

// The token of SPEC.md §1: the bytes 0 to 94.
func exampleToken() []byte {
	token := make([]byte, 95)
	for i := range token {
		token[i] = byte(i)
	}
	return token
}

// From a token to a picture and back.
func Example() {
	symbol, err := qr.Encode(exampleToken(), qr.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	file, err := symbol.PNG(8)
	if err != nil {
		fmt.Println(err)
		return
	}
	results, err := qr.DecodePicture(bytes.NewReader(file), qr.ReadOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	token, err := qr.DecodeText(results[0].Text)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("version", results[0].Version, "level", results[0].Level)
	fmt.Println(len(token), "bytes, the same:", bytes.Equal(token, exampleToken()))
	// Output:
	// version 6 level M
	// 95 bytes, the same: true
}

// A display that shows another code every few seconds keeps its encoder, its symbol and its file.
func ExampleEncoder_EncodeInto() {
	encoder, err := qr.NewEncoder(qr.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	var symbol qr.Symbol
	var file []byte
	token := exampleToken()
	for second := range 3 {
		token[90] = byte(second)
		if err := encoder.EncodeInto(&symbol, token); err != nil {
			fmt.Println(err)
			return
		}
		if file, err = symbol.AppendPNG(file[:0], 8); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("version", symbol.Version(), symbol.Text()[206:223], bytes.HasPrefix(file, []byte("\x89PNG")))
	}
	// Output:
	// version 6 23737727364651264 true
	// version 6 23737727364651265 true
	// version 6 23737727364651266 true
}

// A gate pushes every frame, and is told what is new.
func ExampleReader_Push() {
	reader, err := qr.NewReader(qr.ReaderOptions{FrameTime: time.Minute})
	if err != nil {
		fmt.Println(err)
		return
	}
	symbol, err := qr.Encode(exampleToken(), qr.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	picture := symbol.Image(6)
	b := picture.Bounds()
	frame := qr.Frame{Pix: make([]byte, b.Dx()*b.Dy()), W: b.Dx(), H: b.Dy(), Stride: b.Dx()}
	for i := range frame.Pix {
		frame.Pix[i] = color.GrayModel.Convert(picture.At(i%frame.W, i/frame.W)).(color.Gray).Y
	}
	for range 3 {
		results, err := reader.Push(frame)
		fmt.Println(len(results), err)
	}
	// Output:
	// 1 <nil>
	// 0 <nil>
	// 0 <nil>
}

func ExampleEncodeDecimal() {
	text, err := qr.EncodeDecimal(exampleToken())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(text[:2], text[2:19], text[19:36], "…", text[223:])
	fmt.Println(len(text), "digits")
	// Output:
	// 77 00001108152157446 01979159753198605 … 1532779870
	// 233 digits
}

func ExampleEncodeBase45() {
	text, err := qr.EncodeBase45(exampleToken())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(text)
	// Output:
	// CC1:100KB0*M0DY0W016C1PN1:Y1I12$C2BO2UZ2423ND3.O3G 3Z249E4SP42$4L35+E5EQ5X$5746QF60R6J%6%47CG7VR75*7O58/G8HS8 *8A69TH93T9M+9-6AFIAYTA8-AR7B1JBKUB42
}

// A recogniser looks at the reason and not at the words.
func ExampleDecodeText() {
	_, err := qr.DecodeText("https://example.org/")
	if refused, ok := errors.AsType[*qr.Error](err); ok && refused.Reason == qr.ReasonNotCitizenCode {
		fmt.Println("somebody else's code")
	}
	text, _ := qr.EncodeDecimal(exampleToken())
	_, err = qr.DecodeText(text + "\r\n")
	fmt.Println(err)
	token, err := qr.DecodeText(qr.TrimScan("]Q1" + text + "\r\n"))
	fmt.Println(len(token), err)
	// Output:
	// somebody else's code
	// qr: malformed-text: no token has this number of digits
	// 95 <nil>
}

func ExampleSymbol_At() {
	symbol, err := qr.NewSymbol("HELLO", qr.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for y := range 7 { // the corner mark
		for x := range 7 {
			if symbol.At(x, y) {
				fmt.Print("██")
			} else {
				fmt.Print("··")
			}
		}
		fmt.Println()
	}
	// Output:
	// ██████████████
	// ██··········██
	// ██··██████··██
	// ██··██████··██
	// ██··██████··██
	// ██··········██
	// ██████████████
}
