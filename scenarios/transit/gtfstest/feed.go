// Package gtfstest makes GTFS feeds: small ones out of text for tests, and a
// whole made-up city with metro and buses for demonstrations and servers. The
// same input makes the same bytes.
package gtfstest

import (
	"archive/zip"
	"bytes"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// A Feed is the files of a feed by name, as text.
type Feed map[string]string

// Text cuts a text into the files of a feed. A line "-- stops.txt --" begins a
// file; what stands before the first is no part of it.
func Text(text string) Feed {
	f, name := make(Feed), ""
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, "-- "); ok {
			if rest, ok = strings.CutSuffix(strings.TrimRight(rest, "\n"), " --"); ok {
				name = rest
				f[name] = ""
				continue
			}
		}
		if name != "" {
			f[name] += line
		}
	}
	return f
}

// Zip returns the feed as a zip, uncompressed.
func (f Feed) Zip() []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(f)) {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err == nil {
			_, err = w.Write([]byte(f[name]))
		}
		if err != nil {
			panic(err) // a bytes.Buffer takes everything
		}
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// FS returns the feed as a file system.
func (f Feed) FS() fs.FS {
	b := f.Zip()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		panic(err) // Zip wrote it
	}
	return z
}

// With returns a copy of the feed with one file replaced, or removed where the
// text is empty.
func (f Feed) With(name, text string) Feed {
	c := maps.Clone(f)
	if c[name] = text; text == "" {
		delete(c, name)
	}
	return c
}

// Size returns the bytes of all files.
func (f Feed) Size() int {
	n := 0
	for _, text := range f {
		n += len(text)
	}
	return n
}
