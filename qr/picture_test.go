package qr

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func pngOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var file bytes.Buffer
	require.NoError(t, png.Encode(&file, img))
	return file.Bytes()
}

func jpegOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var file bytes.Buffer
	require.NoError(t, jpeg.Encode(&file, img, nil))
	return file.Bytes()
}

// pngHeader is a PNG file that ends after its header.
func pngHeader(w, h uint32) []byte {
	chunk := append([]byte("IHDR"), binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)...)
	chunk = append(chunk, 16, 6, 0, 0, 0) // 16 bits, RGBA: 8 bytes a pixel
	file := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	return binary.BigEndian.AppendUint32(append(file, chunk...), crc32.ChecksumIEEE(chunk))
}

// progressiveJPEG is a JPEG file of some bytes a scan, each scan over the whole picture.
func progressiveJPEG(w, h uint16, scans int) []byte {
	size := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, h), w)
	file := append([]byte("\xff\xd8\xff\xc2\x00\x0b\x08"), size...)
	file = append(file, "\x01\x01\x11\x00"+ // one component, no subsampling
		"\xff\xdb\x00\x43\x00"...)
	file = append(file, bytes.Repeat([]byte{1}, 64)...)
	// An AC table with one code of one bit, EOB14, whose 14 further bits at zero skip 16384 blocks.
	file = append(file, "\xff\xc4\x00\x14\x10\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xe0"...)
	scan := []byte("\xff\xda\x00\x08\x01\x01\x00\x01\x3f\x00") // coefficients 1 to 63, all bits
	runs := 1 + (int(w)+7)/8*((int(h)+7)/8)/16384
	scan = append(scan, make([]byte, (15*runs+7)/8)...)
	return append(append(file, bytes.Repeat(scan, scans)...), 0xFF, 0xD9)
}

func TestDecodePicture(t *testing.T) {
	t.Parallel()
	s := symbolOf(t, someToken(seeded(t, 20), 139), Options{})
	drawing, err := s.PNG(4)
	require.NoError(t, err)
	for name, file := range map[string][]byte{
		"our PNG":       drawing,
		"gray PNG":      pngOf(t, drawn(s, 3).image()),
		"16-bit PNG":    pngOf(t, plain{gray16(drawn(s, 3))}),
		"JPEG":          jpegOf(t, s.Image(4)),
		"gray JPEG":     jpegOf(t, drawn(s, 4).image()),
		"trailing data": append(bytes.Clone(drawing), "and something else"...),
	} {
		for _, r := range []io.Reader{bytes.NewReader(file), iotest.OneByteReader(bytes.NewReader(file))} {
			results, err := DecodePicture(r, ReadOptions{Timeout: time.Minute})
			require.NoError(t, err, name)
			require.Len(t, results, 1)
			assert.Equal(t, s.Text(), results[0].Text, name)
			assert.Equal(t, 8, results[0].Version)
			assert.Equal(t, M, results[0].Level)
		}
	}
}

func gray16(g *gray) *image.Gray16 {
	out := image.NewGray16(image.Rect(0, 0, g.w, g.h))
	for i, v := range g.pix {
		out.SetGray16(i%g.w, i/g.w, color.Gray16{Y: uint16(v) * 0x101})
	}
	return out
}

// endless is a file without an end, and counts what was taken.
type endless struct{ taken int64 }

func (e *endless) Read(p []byte) (int, error) {
	e.taken += int64(len(p))
	return len(p), nil
}

func TestDecodePictureRefuses(t *testing.T) {
	t.Parallel()
	s := symbolOf(t, make([]byte, 95), Options{})
	file, err := s.PNG(2)
	require.NoError(t, err)
	var other bytes.Buffer
	require.NoError(t, gif.Encode(&other, s.Image(3), nil)) // importing image/gif registers it with package image
	for _, c := range []struct {
		name string
		r    io.Reader
		want Reason
	}{
		{"no reader", nil, ReasonPictureUnreadable},
		{"empty", bytes.NewReader(nil), ReasonPictureUnreadable},
		{"text", bytes.NewReader([]byte(s.Text())), ReasonPictureUnreadable},
		{"GIF", &other, ReasonPictureUnreadable},
		{"broken reader", iotest.ErrReader(errors.New("line cut")), ReasonPictureUnreadable},
		{"PNG magic alone", bytes.NewReader(file[:8]), ReasonPictureUnreadable},
		{"PNG cut", bytes.NewReader(file[:len(file)/2]), ReasonPictureUnreadable},
		{"JPEG magic alone", bytes.NewReader([]byte("\xff\xd8\xff\xe0")), ReasonPictureUnreadable},
		{"bomb of 29 GB", bytes.NewReader(pngHeader(60000, 60000)), ReasonPictureTooLarge},
		{"bomb, long and low", bytes.NewReader(pngHeader(1<<31-1, 1)), ReasonPictureTooLarge},
		{"a little too large", bytes.NewReader(pngHeader(5001, 5000)), ReasonPictureTooLarge},
		{"largest, without data", bytes.NewReader(pngHeader(5000, 5000)), ReasonPictureUnreadable},
		{"no pixels", bytes.NewReader(pngHeader(0, 5)), ReasonPictureUnreadable},
		{"JPEG bomb", bytes.NewReader(progressiveJPEG(60000, 60000, 1)), ReasonPictureTooLarge},
		{"no code", bytes.NewReader(pngOf(t, image.NewGray(image.Rect(0, 0, 50, 50)))), ReasonNoCode},
		{"one pixel", bytes.NewReader(jpegOf(t, image.NewGray(image.Rect(0, 0, 1, 1)))), ReasonNoCode},
	} {
		t.Run(c.name, func(t *testing.T) {
			results, err := DecodePicture(c.r, ReadOptions{Timeout: time.Minute})
			assert.Equal(t, c.want, reasonOf(t, err))
			assert.Nil(t, results)
		})
	}
	flood := &endless{}
	_, err = DecodePicture(flood, ReadOptions{})
	assert.Equal(t, ReasonPictureTooLarge, reasonOf(t, err))
	assert.LessOrEqual(t, flood.taken, int64(MaxPictureBytes+1))
}

// A progressive JPEG of 130 KB with thousands of scans over a whole picture: the file decoder itself must end
// soon after the deadline, not only our own reading.
func TestSlowJPEG(t *testing.T) {
	file := progressiveJPEG(2000, 2000, 5000)
	start := time.Now()
	var stop atomic.Bool
	time.AfterFunc(50*time.Millisecond, func() { stop.Store(true) })
	_, err := openPicture(file, MaxPixels, &stop)
	assert.ErrorContains(t, err, string(ReasonDeadline))
	assert.Less(t, time.Since(start), 10*time.Second)

	_, err = DecodePicture(bytes.NewReader(file), ReadOptions{Timeout: 20 * time.Millisecond})
	assert.Equal(t, ReasonDeadline, reasonOf(t, err))

	var run atomic.Bool // the construction is right: with few scans it is a picture like any other
	img, err := openPicture(progressiveJPEG(2000, 2000, 2), MaxPixels, &run)
	require.NoError(t, err)
	assert.Equal(t, 2000, img.Bounds().Dx())
}

func FuzzDecodePicture(f *testing.F) {
	for i, n := range []int{82, 139, 203} {
		s, err := Encode(bytes.Repeat([]byte{byte(n)}, n), Options{Form: Form(i % 2), Level: Level(i)})
		require.NoError(f, err)
		file, err := s.PNG(1 + i)
		require.NoError(f, err)
		f.Add(file)
		f.Add(file[:len(file)/2])
		f.Add(pngOf(f, held(s, 3, 0.3, 0.1).half().image()))
		f.Add(jpegOf(f, drawn(s, 2).image()))
		f.Add(jpegOf(f, s.Image(1))[:300])
	}
	f.Add(pngHeader(60000, 60000))
	f.Add(progressiveJPEG(64, 64, 3))
	f.Fuzz(func(t *testing.T, file []byte) {
		start := time.Now()
		results, err := DecodePicture(bytes.NewReader(file), ReadOptions{MaxPixels: 1 << 17, Timeout: 30 * time.Second})
		if err == nil {
			if len(results) == 0 || results[0].Version < 1 || results[0].Version > 40 || results[0].Level < L || results[0].Level > H {
				t.Fatalf("%+v", results)
			}
			canonical(t, nil, results[0].Text)
			return
		}
		if reasonOf(t, err) == ReasonDeadline {
			t.Fatalf("%v", time.Since(start))
		}
	})
}
