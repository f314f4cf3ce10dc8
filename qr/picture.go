package qr

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"sync/atomic"
)

const (
	// MaxPixels is the largest picture that is decoded. A progressive JPEG may need 15 bytes of memory for
	// each pixel, whatever the size of its file: 375 MB here. A server bounds how many it reads at a time.
	MaxPixels = 25_000_000

	// MaxPictureBytes is the largest file that is read.
	MaxPictureBytes = 32 << 20
)

// DecodePicture finds the symbols in a PNG or JPEG file, as Decode does in a picture. Other formats are
// refused, also those that the program has registered with package image.
func DecodePicture(r io.Reader, o ReadOptions) ([]Result, error) {
	if r == nil {
		return nil, refuse(ReasonPictureUnreadable, "no picture")
	}
	// One byte more than the limit tells a file of the limit from a longer one.
	file, err := io.ReadAll(io.LimitReader(r, MaxPictureBytes+1))
	if err != nil {
		return nil, &Error{Reason: ReasonPictureUnreadable, Detail: "read file", Err: err}
	}
	if len(file) > MaxPictureBytes {
		return nil, refuse(ReasonPictureTooLarge, fmt.Sprintf("file of more than %d bytes", MaxPictureBytes))
	}
	return within(o.timeout(), func(stop *atomic.Bool) ([]Result, error) {
		img, err := openPicture(file, o.maxPixels(), stop)
		if err != nil {
			return nil, err
		}
		g, err := grayOf(img, o.maxPixels())
		if err != nil {
			return nil, err
		}
		return search(g, o, stop)
	})
}

// pictureFormat is one of the file formats that are read. It is a list of our own and not the registry of
// package image, which grows by every format that some other package of the program imports.
type pictureFormat struct {
	name         string
	magic        string
	decodeConfig func(io.Reader) (image.Config, error)
	decode       func(io.Reader) (image.Image, error)
}

var pictureFormats = []pictureFormat{
	{"PNG", "\x89PNG\r\n\x1a\n", png.DecodeConfig, png.Decode},
	{"JPEG", "\xff\xd8\xff", jpeg.DecodeConfig, jpeg.Decode},
}

func openPicture(file []byte, maxPixels int, stop *atomic.Bool) (image.Image, error) {
	for _, f := range pictureFormats {
		if !bytes.HasPrefix(file, []byte(f.magic)) {
			continue
		}
		config, err := f.decodeConfig(bytes.NewReader(file))
		if err != nil {
			return nil, &Error{Reason: ReasonPictureUnreadable, Detail: f.name, Err: err}
		}
		// A file of a hundred bytes can declare a picture of gigabytes (a decompression bomb), so the measure is
		// taken from the header before the decoder allocates it.
		if err := checkPixels(config.Width, config.Height, maxPixels); err != nil {
			return nil, err
		}
		img, err := f.decode(&stoppable{bytes.NewReader(file), stop})
		if err != nil {
			return nil, &Error{Reason: ReasonPictureUnreadable, Detail: f.name, Err: err}
		}
		return img, nil
	}
	return nil, refuse(ReasonPictureUnreadable, "neither PNG nor JPEG")
}

// stoppable is a file that ends when the time is over. A progressive JPEG may hold a scan of the whole
// picture in every twenty bytes: a file within the limit can keep the decoder busy for hours, long after
// the caller has gone. Short reads let it notice.
type stoppable struct {
	file *bytes.Reader
	stop *atomic.Bool
}

func (s *stoppable) Read(p []byte) (int, error) {
	if s.stop.Load() {
		return 0, refuse(ReasonDeadline, "stopped")
	}
	return s.file.Read(p[:min(len(p), 512)])
}
