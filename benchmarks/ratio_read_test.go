package benchmarks_test

import (
	"image"
	"math"
	"os"
	"testing"
	"time"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/benchmarks"
	"github.com/citizencode/citizencode/qr"
)

// A camera's frame.
const frameWidth, frameHeight = 640, 480

// frame is what a camera sees of a symbol that is held a little askew under uneven light; nil is the room behind it.
func frame(s *qr.Symbol) []byte {
	pix := make([]byte, frameWidth*frameHeight)
	sin, cos := math.Sincos(0.12)
	for i := range pix {
		x, y := i%frameWidth, i/frameWidth
		light := 150 + 60*((x/37+y/23)%2) // a tiled wall
		if s != nil {
			const module = 6.3
			dx, dy := float64(x-frameWidth/2), float64(y-frameHeight/2)
			u := math.Floor((cos*dx+sin*dy)/module + float64(s.Size())/2)
			v := math.Floor((cos*dy-sin*dx)/module + float64(s.Size())/2)
			switch n := float64(s.Size()); {
			case u < -4 || v < -4 || u >= n+4 || v >= n+4: // the wall
			case u >= 0 && v >= 0 && u < n && v < n && s.At(int(u), int(v)):
				light = 60
			default:
				light = 210
			}
		}
		pix[i] = byte(light*(90+x*20/frameWidth)/110 + (x*7+y*13)%11)
	}
	return pix
}

// TestReadRatios relates a frame of a camera, with a code and without, to gozxing as its documentation shows it.
func TestReadRatios(t *testing.T) {
	token := make([]byte, 203)
	for i := range token {
		token[i] = byte(i*167 + i>>3)
	}
	symbol, err := qr.Encode(token, qr.Options{})
	require.NoError(t, err)
	for _, scene := range []struct {
		name string
		pix  []byte
		code bool
	}{{"a code", frame(symbol), true}, {"no code", frame(nil), false}} {
		ours := func() {
			found, err := qr.DecodeGray(scene.pix, frameWidth, frameHeight, frameWidth, qr.ReadOptions{})
			if (err == nil) != scene.code || scene.code && len(found) != 1 {
				t.Fatal("another scene: ", err)
			}
		}
		theirs := func() {
			img := &image.Gray{Pix: scene.pix, Stride: frameWidth, Rect: image.Rect(0, 0, frameWidth, frameHeight)}
			bitmap, err := gozxing.NewBinaryBitmap(gozxing.NewHybridBinarizer(gozxing.NewLuminanceSourceFromImage(img)))
			if err == nil {
				_, err = qrcode.NewQRCodeReader().Decode(bitmap, nil)
			}
			if (err == nil) != scene.code {
				t.Fatal("another scene: ", err)
			}
		}
		rows := benchmarks.Compare(*rounds, 10*time.Millisecond,
			benchmarks.Candidate{Name: "gozxing v0.1.1 (baseline)", Do: theirs}, benchmarks.Candidate{Name: "DecodeGray", Do: ours})
		benchmarks.Print(os.Stdout, "Reading a frame of 640x480 pixels with "+scene.name, rows)
		assert.Less(t, rows[1].Ratio, 1.15, scene.name)
	}
}
