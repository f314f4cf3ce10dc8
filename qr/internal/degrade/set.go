// Package degrade makes the pictures that readers are judged on: a symbol drawn by us and then spoilt in one known
// way, as a camera, a printer, a lamp or a file format would. Every picture follows from its number alone.
//
// The set was fixed before the first line of our own reader was written, at severities where gozxing v0.1.1 reads
// about two of three frames. It is never changed to suit a reader: testdata/set.txt holds the checksum of every frame.
package degrade

import (
	"fmt"
	"math/rand/v2"

	"github.com/citizencode/citizencode/qr/internal/matrix"
)

// Width and Height are those of every frame, in pixels.
const (
	Width  = 640
	Height = 480
)

// A Kind is a way to spoil a picture.
type Kind uint8

const (
	Small       Kind = iota // upright and clean, few pixels to a module
	Rotation                // turned in the plane
	Perspective             // seen from the side
	Focus                   // out of focus
	Motion                  // moved while it was taken
	Noise                   // a sensor in poor light
	Contrast                // dark and light close together
	Moire                   // a screen's raster against the sensor's
	JPEG                    // a file of low quality
	Occlusion               // partly covered
	Light                   // uneven light and hard shadow
	Inverted                // light on dark
	Glare                   // bright spots of a lamp
	Gate                    // a little of everything, as at a gate
	Kinds                   // their number
)

var kindNames = [Kinds]string{"small", "rotation", "perspective", "focus", "motion", "noise", "contrast",
	"moire", "jpeg", "occlusion", "light", "inverted", "glare", "gate"}

// String returns the kind in one word.
func (k Kind) String() string {
	if k >= Kinds {
		return fmt.Sprintf("kind(%d)", uint8(k))
	}
	return kindNames[k]
}

const (
	// Severities is the number of steps of each kind, from mild to hard.
	Severities = 6

	seeds = 6 // frames of one kind and severity

	// Count is the number of frames of the set.
	Count = int(Kinds) * Severities * seeds
)

// A Frame is one picture of the set and what it says.
type Frame struct {
	Number   int // 0 to Count-1
	Kind     Kind
	Severity int // 0 to Severities-1
	Text     []byte
	Symbol   matrix.Matrix
	Pix      []byte // Width*Height bytes, row by row, 0 is dark
}

// Make returns a frame of the set.
func Make(number int) *Frame {
	f := &Frame{Number: number, Kind: Kind(number / (Severities * seeds)), Severity: number / seeds % Severities}
	if number < 0 || number >= Count {
		panic("degrade: no such frame")
	}
	r := rand.New(rand.NewPCG(uint64(number), 0x5152))
	f.Text = content(r)
	var e matrix.Encoder
	level := []matrix.Level{matrix.M, matrix.M, matrix.M, matrix.L, matrix.Q}[r.IntN(5)]
	request := matrix.Request{Level: level, Raise: r.IntN(2) == 0, Mask: matrix.BestMask}
	if err := e.Encode(&f.Symbol, f.Text, request); err != nil {
		panic(err) // content is never too long
	}
	f.Pix = spoil(r, f.Kind, float64(f.Severity)/(Severities-1), &f.Symbol)
	return f
}

// content returns what codes at a gate carry: blocks of digits, a few alphanumeric and binary ones, a link.
func content(r *rand.Rand) []byte {
	n := []int{40, 95, 95, 139, 139, 203}[r.IntN(6)]
	switch r.IntN(6) {
	case 0:
		return fill(r, []byte("CC1:"), n*3/2, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
	case 1:
		text := make([]byte, n)
		for i := range text {
			text[i] = byte(r.Uint32())
		}
		return text
	case 2:
		return fill(r, []byte("https://city.example/c/"), n/2, "abcdefghijklmnopqrstuvwxyz0123456789-_")
	}
	return fill(r, []byte("77"), n*17/7, "0123456789")
}

func fill(r *rand.Rand, text []byte, n int, alphabet string) []byte {
	for range n {
		text = append(text, alphabet[r.IntN(len(alphabet))])
	}
	return text
}
