package qrcode_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	original "github.com/skip2/go-qrcode"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/qr"
	qrcode "github.com/citizencode/citizencode/qr/skip2"
)

// TestSameNames: every exported name of the other package is here with the same type, so that a program compiles
// after its import line has changed.
func TestSameNames(t *testing.T) {
	for _, pair := range [][2]any{
		{original.New, qrcode.New},
		{original.NewWithForcedVersion, qrcode.NewWithForcedVersion},
		{original.Encode, qrcode.Encode},
		{original.WriteFile, qrcode.WriteFile},
		{original.WriteColorFile, qrcode.WriteColorFile},
		{original.Low, qrcode.Low}, {original.Medium, qrcode.Medium}, {original.High, qrcode.High}, {original.Highest, qrcode.Highest},
	} {
		assert.Equal(t, fmt.Sprintf("%T", pair[0]), fmt.Sprintf("%T", pair[1])) // the packages have one name
	}
	for i, level := range []qrcode.RecoveryLevel{qrcode.Low, qrcode.Medium, qrcode.High, qrcode.Highest} {
		assert.EqualValues(t, i, level)
	}
	theirs, mine := reflect.TypeFor[*original.QRCode](), reflect.TypeFor[*qrcode.QRCode]()
	for i := range theirs.NumMethod() {
		want := theirs.Method(i)
		got, ok := mine.MethodByName(want.Name)
		require.True(t, ok, want.Name)
		assert.Equal(t, want.Type.String(), got.Type.String(), want.Name)
	}
	for _, want := range reflect.VisibleFields(theirs.Elem()) {
		if want.IsExported() {
			got, ok := mine.Elem().FieldByName(want.Name)
			require.True(t, ok, want.Name)
			assert.Equal(t, want.Type.String(), got.Type.String(), want.Name)
		}
	}
}

// TestSameSymbols: the same versions; and where the masks agree too, the same in every output, at every size.
func TestSameSymbols(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	same := 0
	rounds := 40
	if testing.Short() {
		rounds = 8
	}
	for i := range rounds {
		text := make([]byte, 1+r.IntN(200))
		for j := range text {
			text[j] = [3]string{"0123456789", "ABCDEFGHIJ $%*", "abcdefghijkl\xff"}[i%3][r.IntN(10)]
		}
		level := r.IntN(4)
		got, err := qrcode.New(string(text), qrcode.RecoveryLevel(level))
		require.NoError(t, err)
		want, err := original.New(string(text), original.RecoveryLevel(level))
		require.NoError(t, err)
		require.Equal(t, want.VersionNumber, got.VersionNumber)
		require.Equal(t, want.Content, got.Content)
		require.Equal(t, int(want.Level), int(got.Level))
		if !reflect.DeepEqual(want.Bitmap(), got.Bitmap()) {
			continue
		}
		same++
		compare(t, want, got, text, level)
	}
	assert.Greater(t, same, rounds/8, "too few with the same mask to say anything")
}

func compare(t *testing.T, want *original.QRCode, got *qrcode.QRCode, text []byte, level int) {
	t.Helper()
	for _, inverse := range []bool{false, true} {
		require.Equal(t, want.ToString(inverse), got.ToString(inverse))
		require.Equal(t, want.ToSmallString(inverse), got.ToSmallString(inverse))
	}
	red, blue := color.RGBA{R: 0xC0, A: 0xFF}, color.NRGBA{B: 0x80, A: 0x40}
	for _, size := range []int{-5, -1, 0, 1, 71, 97, 256, 301} {
		same(t, want.Image(size), got.Image(size), size)
		file, err := got.PNG(size)
		require.NoError(t, err)
		img, err := png.Decode(bytes.NewReader(file))
		require.NoError(t, err)
		same(t, want.Image(size), img, size)
		want.ForegroundColor, got.ForegroundColor = red, red
		want.BackgroundColor, got.BackgroundColor = blue, blue
	}
	// The other package draws once and for all, so its border is chosen before.
	bare, err := original.New(string(text), original.RecoveryLevel(level))
	require.NoError(t, err)
	bare.DisableBorder, got.DisableBorder = true, true
	require.Equal(t, bare.Bitmap(), got.Bitmap())
}

func same(t *testing.T, want, got image.Image, size int) {
	t.Helper()
	require.Equal(t, want.Bounds(), got.Bounds(), "size %d", size)
	for y := range want.Bounds().Dy() {
		for x := range want.Bounds().Dx() {
			a, b := color.NRGBAModel.Convert(want.At(x, y)), color.NRGBAModel.Convert(got.At(x, y))
			if a != b {
				t.Fatalf("size %d, pixel %d, %d: %v, want %v", size, x, y, b, a)
			}
		}
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	q, err := qrcode.New("CITIZEN CODE", qrcode.Medium)
	require.NoError(t, err)
	file, err := q.PNG(256)
	require.NoError(t, err)
	encoded, err := qrcode.Encode("CITIZEN CODE", qrcode.Medium, 256)
	require.NoError(t, err)
	assert.Equal(t, file, encoded)
	var out bytes.Buffer
	require.NoError(t, q.Write(256, &out))
	assert.Equal(t, file, out.Bytes())
	path := filepath.Join(dir, "code.png")
	require.NoError(t, qrcode.WriteFile("CITIZEN CODE", qrcode.Medium, 256, path))
	written, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, file, written)
	require.NoError(t, qrcode.WriteColorFile("CITIZEN CODE", qrcode.Medium, 256, color.Black, color.White, path))
	written, err = os.ReadFile(path)
	require.NoError(t, err)
	img, err := png.Decode(bytes.NewReader(written))
	require.NoError(t, err)
	assert.Equal(t, color.RGBAModel.Convert(color.Black), color.RGBAModel.Convert(img.At(0, 0)))
	results, err := qr.DecodePicture(bytes.NewReader(file), qr.ReadOptions{})
	require.NoError(t, err)
	assert.Equal(t, "CITIZEN CODE", results[0].Text)
}

func TestRefuses(t *testing.T) {
	reason := func(err error) qr.Reason {
		var refused *qr.Error
		require.ErrorAs(t, err, &refused)
		return refused.Reason
	}
	for _, c := range []struct {
		content string
		version int // 0 for New
		level   qrcode.RecoveryLevel
		want    qr.Reason
	}{
		{"", 0, qrcode.Medium, qr.ReasonDoesNotFit},
		{strings.Repeat("8", 7090), 0, qrcode.Low, qr.ReasonDoesNotFit},
		{strings.Repeat("8", 35), 1, qrcode.Medium, qr.ReasonDoesNotFit},
		{"1", -1, qrcode.Medium, qr.ReasonBadOption},
		{"1", 41, qrcode.Medium, qr.ReasonBadOption},
		{"1", 0, -1, qr.ReasonBadOption},
		{"1", 7, 4, qr.ReasonBadOption},
	} {
		var err error
		if c.version == 0 {
			_, err = qrcode.New(c.content, c.level)
			_, encodeErr := qrcode.Encode(c.content, c.level, 256)
			assert.Equal(t, err, encodeErr)
			path := filepath.Join(t.TempDir(), "none.png")
			assert.Equal(t, err, qrcode.WriteFile(c.content, c.level, 256, path))
			assert.NoFileExists(t, path)
		} else {
			_, err = qrcode.NewWithForcedVersion(c.content, c.version, c.level)
		}
		assert.Equal(t, c.want, reason(err))
	}
	q, err := qrcode.NewWithForcedVersion("1", 40, qrcode.Low)
	require.NoError(t, err)
	assert.Equal(t, 40, q.VersionNumber)
	for _, size := range []int{qrcode.MaxSide + 1, 1 << 62, -qrcode.MaxSide, -1 << 63} {
		_, err := q.PNG(size)
		assert.Equal(t, qr.ReasonBadOption, reason(err), "size %d", size)
		assert.Equal(t, qr.ReasonBadOption, reason(q.Write(size, nil)))
		assert.Equal(t, qr.ReasonBadOption, reason(q.WriteFile(size, filepath.Join(t.TempDir(), "none.png"))))
	}
	_, err = q.PNG(qrcode.MaxSide)
	assert.NoError(t, err)
}

// A program that used the other package, with one line changed.
func Example() {
	file, err := qrcode.Encode("https://example.org", qrcode.Medium, 256)
	if err != nil {
		fmt.Println(err)
		return
	}
	config, err := png.DecodeConfig(bytes.NewReader(file))
	fmt.Println(config.Width, config.Height, err)
	// Output:
	// 256 256 <nil>
}
