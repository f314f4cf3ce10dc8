package store

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
)

func FuzzKey(f *testing.F) {
	f.Add(samplePEM(f, ""), "")
	f.Add(samplePEM(f, "right"), "right")
	f.Fuzz(func(t *testing.T, b []byte, passphrase string) {
		key, err := parseKey(b, []byte(passphrase))
		if err != nil {
			return
		}
		again, err := encodeKey(key, nil, 0)
		require.NoError(t, err)
		if passphrase == "" {
			require.Equal(t, string(b), string(again))
		}
	})
}

func FuzzRoots(f *testing.F) {
	path := filepath.Join(publish(f, citycodetest.NewCity(f, citycodetest.Shenyang), f.TempDir()), RootsName)
	b, err := os.ReadFile(path)
	require.NoError(f, err)
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		if roots, err := parseRoots(b); err == nil {
			path := filepath.Join(t.TempDir(), RootsName)
			require.NoError(t, roots.Write(path))
			again, err := ReadRoots(path)
			require.NoError(t, err)
			require.Equal(t, roots, again)
		}
	})
}

// FuzzManifest loads whatever has a right checksum.
func FuzzManifest(f *testing.F) {
	d := newCrashDisk()
	_, _, err := theStory().tell(d, 0, 2)
	require.NoError(f, err)
	b := d.live[ManifestName].data
	f.Add(b[len(manifestHead) : len(b)-65])
	f.Fuzz(func(t *testing.T, text []byte) {
		b := append([]byte(manifestHead), text...)
		m, err := parseManifest(append(b, digestOf(b).String()+"\n"...))
		if err != nil {
			return
		}
		held := newCrashDisk()
		for name, file := range d.live {
			held.live[name] = file
		}
		again, err := m.encode()
		require.NoError(t, err)
		held.live[ManifestName] = &inode{data: again}
		held.live[copyName] = held.live[ManifestName]
		if h, err := openHolding("state", held, nil); err == nil {
			h.Lists()
		}
	})
}

func FuzzRegister(f *testing.F) {
	b, err := os.ReadFile(newRegister(f, 10))
	require.NoError(f, err)
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		var file registerFile
		if parseRegister(b, &file) != nil {
			return
		}
		r := &Register{path: filepath.Join(t.TempDir(), "register.json"), file: file, lock: &lock{}}
		for _, l := range file.Lists {
			issuer, err := citycode.ParseKeyID(l.Issuer)
			require.NoError(t, err)
			if _, _, err = r.NextStatus(issuer, l.List); err != nil {
				require.ErrorContains(t, err, "no version")
			}
			if s, err := r.Reserve(issuer); err == nil {
				require.NoError(t, r.SetStatus(s, citycode.StatusRevoked))
			}
		}
		require.NoError(t, r.save())
		again := openRegister(t, r.path)
		again.Close()
	})
}

func FuzzCounter(f *testing.F) {
	f.Add([]byte("0\n"))
	f.Add([]byte("4294967295\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if n, err := parseCounter(b); err == nil {
			require.Equal(t, string(b), string(appendCounter(n)))
		}
	})
}

func FuzzSerial(f *testing.F) {
	f.Add("210100/1#0:4711")
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := citycode.ParseSerial(text); err == nil {
			require.Equal(t, text, s.String())
		}
	})
}

func FuzzStatusName(f *testing.F) {
	f.Add("status-1-0")
	f.Fuzz(func(t *testing.T, text string) {
		if name, ok := parseStatusName(text, 210100); ok {
			require.Equal(t, text, statusStem(name.issuer, name.list))
		}
	})
}

// FuzzJournal opens whatever is found under a journal's name. What it accepts
// it can go on with, and what it refuses it leaves as it is.
func FuzzJournal(f *testing.F) {
	b, err := os.ReadFile(newJournal(f, 3))
	require.NoError(f, err)
	f.Add(b)
	f.Add(b[:len(b)-5])
	f.Fuzz(func(t *testing.T, b []byte) {
		path := put(t, filepath.Join(t.TempDir(), "journal"), string(b))
		j, err := OpenJournal(context.Background(), path)
		if err != nil {
			after, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, b, after)
			return
		}
		require.NoError(t, j.Append(sampleAccepted(9)))
		j.Close()
		after, err := os.ReadFile(path)
		require.NoError(t, err)
		require.True(t, bytes.HasPrefix(after, b[:j.size-int64(len(lastLine(after)))]))
		list := codes(t, path)
		require.Equal(t, sampleAccepted(9), list[len(list)-1])
	})
}

func lastLine(b []byte) []byte {
	var last []byte
	for s := bufio.NewScanner(bytes.NewReader(b)); s.Scan(); {
		last = append(bytes.Clone(s.Bytes()), '\n')
	}
	return last
}
