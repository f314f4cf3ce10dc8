package qrcode

import (
	"fmt"
	"image"
	"image/color"
	"io"
	"os"

	"github.com/citizencode/citizencode/qr"
	"github.com/citizencode/citizencode/qr/internal/matrix"
	"github.com/citizencode/citizencode/qr/internal/png"
)

// A RecoveryLevel is the error correction of a symbol.
type RecoveryLevel int

const (
	Low     RecoveryLevel = iota // level L: repairs about 7 %
	Medium                       // level M: about 15 %
	High                         // level Q: about 25 %
	Highest                      // level H: about 30 %
)

// MaxSide is the largest picture in pixels on a side: Image takes a byte for each pixel.
const MaxSide = 20_000

// border is the quiet zone in modules on each side.
const border = 4

// A QRCode is one symbol. Changing Content, Level or VersionNumber has no effect on it.
type QRCode struct {
	Content       string
	Level         RecoveryLevel
	VersionNumber int // 1 to 40

	ForegroundColor color.Color
	BackgroundColor color.Color
	DisableBorder   bool // draw no quiet zone: many readers then fail

	modules matrix.Matrix
}

// New returns the smallest symbol of a level that holds the content, black on white.
func New(content string, level RecoveryLevel) (*QRCode, error) {
	return draw(content, 0, level)
}

// NewWithForcedVersion returns a symbol of a version, 1 to 40, and refuses content that does not fit into it.
func NewWithForcedVersion(content string, version int, level RecoveryLevel) (*QRCode, error) {
	if version < 1 || version > matrix.MaxVersion {
		return nil, &qr.Error{Reason: qr.ReasonBadOption, Detail: fmt.Sprintf("version %d, want 1 to %d", version, matrix.MaxVersion)}
	}
	return draw(content, version, level)
}

func draw(content string, version int, level RecoveryLevel) (*QRCode, error) {
	if level < Low || level > Highest {
		return nil, &qr.Error{Reason: qr.ReasonBadOption, Detail: "unknown error correction level"}
	}
	q := &QRCode{Content: content, Level: level, ForegroundColor: color.Black, BackgroundColor: color.White}
	request := matrix.Request{Level: matrix.Level(level), Version: version, Mask: matrix.BestMask}
	if err := new(matrix.Encoder).Encode(&q.modules, []byte(content), request); err != nil {
		return nil, &qr.Error{Reason: qr.ReasonDoesNotFit, Detail: fmt.Sprintf("%d bytes", len(content)), Err: err}
	}
	q.VersionNumber = q.modules.Version
	return q, nil
}

// Encode returns the PNG file of a symbol; size as in Image.
func Encode(content string, level RecoveryLevel, size int) ([]byte, error) {
	q, err := New(content, level)
	if err != nil {
		return nil, err
	}
	return q.PNG(size)
}

// WriteFile writes the PNG file of a symbol; size as in Image.
func WriteFile(content string, level RecoveryLevel, size int, filename string) error {
	return WriteColorFile(content, level, size, color.White, color.Black, filename)
}

// WriteColorFile writes the PNG file of a symbol in these colours; size as in Image.
func WriteColorFile(content string, level RecoveryLevel, size int, background, foreground color.Color, filename string) error {
	q, err := New(content, level)
	if err != nil {
		return err
	}
	q.BackgroundColor, q.ForegroundColor = background, foreground
	return q.WriteFile(size, filename)
}

// Bitmap returns the modules row by row, true is dark, with the quiet zone unless it is disabled.
func (q *QRCode) Bitmap() [][]bool {
	quiet := q.quiet()
	rows := make([][]bool, q.span())
	for y := range rows {
		rows[y] = make([]bool, len(rows))
		for x := range rows[y] {
			rows[y][x] = q.modules.At(x-quiet, y-quiet)
		}
	}
	return rows
}

// Image returns the symbol as a picture. A positive size is its side in pixels, and modules may then differ by
// a pixel in width; a negative one is the pixels of a module. A size below one pixel a module is raised to that, and
// one above MaxSide is lowered to it.
func (q *QRCode) Image(size int) image.Image {
	edges := q.edges(min(q.side(size), MaxSide))
	side := edges[len(edges)-1]
	palette := color.Palette{q.BackgroundColor, q.ForegroundColor}
	img := image.NewPaletted(image.Rect(0, 0, side, side), palette)
	dark := uint8(palette.Index(q.ForegroundColor))
	for y, row := range q.Bitmap() {
		for x, v := range row {
			if !v {
				continue
			}
			for i := edges[y]; i < edges[y+1]; i++ {
				for j := edges[x]; j < edges[x+1]; j++ {
					img.Pix[i*img.Stride+j] = dark
				}
			}
		}
	}
	return img
}

// PNG returns the picture of Image as a PNG file of one bit a pixel. A size above MaxSide is refused.
func (q *QRCode) PNG(size int) ([]byte, error) {
	side := q.side(size)
	if side > MaxSide {
		return nil, &qr.Error{Reason: qr.ReasonBadOption, Detail: fmt.Sprintf("picture wider than %d pixels", MaxSide)}
	}
	picture := png.Picture{Rows: q.modules.AppendRows(nil, q.quiet()), Edges: q.edges(side)}
	for i, c := range []color.Color{q.BackgroundColor, q.ForegroundColor} {
		picture.Palette[i] = color.NRGBAModel.Convert(c).(color.NRGBA)
	}
	return picture.Append(nil), nil
}

// Write writes the PNG file to a writer; size as in Image.
func (q *QRCode) Write(size int, out io.Writer) error {
	file, err := q.PNG(size)
	if err != nil {
		return err
	}
	_, err = out.Write(file)
	return err
}

// WriteFile writes the PNG file to a file that everyone may read; size as in Image.
func (q *QRCode) WriteFile(size int, filename string) error {
	file, err := q.PNG(size)
	if err != nil {
		return err
	}
	return os.WriteFile(filename, file, 0o644)
}

func (q *QRCode) quiet() int {
	if q.DisableBorder {
		return 0
	}
	return border
}

func (q *QRCode) span() int { return q.modules.Size() + 2*q.quiet() }

// side returns the pixels of a picture of a size, at most a little over MaxSide.
func (q *QRCode) side(size int) int {
	if size < 0 {
		// A module wider than that is over the limit by itself, and the product must not wrap around.
		size = min(-max(size, -MaxSide-1), MaxSide+1) * q.span()
	}
	return min(max(size, q.span()), MaxSide+1)
}

// edges returns the pixel at which each module begins, and the end. The floating-point numbers are those of the
// other package: in them some modules are a pixel wider than in whole numbers.
func (q *QRCode) edges(side int) []int {
	span := q.span()
	edges := make([]int, span+1)
	perPixel := float64(span) / float64(side)
	module := 0
	for pixel := range side {
		for at := int(float64(pixel) * perPixel); module < at; {
			module++
			edges[module] = pixel
		}
	}
	edges[span] = side
	return edges
}
