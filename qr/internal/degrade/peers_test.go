package degrade

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/qr/internal/luma"
	"github.com/citizencode/citizencode/qr/internal/reader"
)

var peers = flag.Bool("peers", false, "put the set to other readers as well and print the table; make peers")

// peerNames are the columns. gozxing is what testdata/set.txt records of it.
var peerNames = [...]string{"ours", "gozxing", "zbarimg", "ZXingReader", "jsQR", "zxing-wasm"}

const (
	ours = iota
	gozxingColumn
	zbarimg
	zxingReader
	jsQR
	zxingWASM
)

// TestPeers prints how many frames of each kind ours and other readers read, the bytes exactly right.
func TestPeers(t *testing.T) {
	if !*peers {
		t.Skip("long, and needs node and its packages: make peers")
	}
	var read [len(peerNames)][Kinds]int
	count := func(column int, f *Frame, contents ...[]byte) {
		for _, c := range contents {
			if bytes.Equal(c, f.Text) {
				read[column][f.Kind]++
				return
			}
		}
	}
	dir := t.TempDir()
	arguments := []string{"testdata/peers/main.js", strconv.Itoa(Width), strconv.Itoa(Height)}
	var frames []*Frame
	var r reader.Reader
	for n := range Count {
		f := Make(n)
		frames = append(frames, f)
		var contents [][]byte
		for _, found := range r.Read(&luma.Image{W: Width, H: Height, Stride: Width, Pix: f.Pix}) {
			contents = append(contents, found.Content)
		}
		count(ours, f, contents...)
		if gozxingReads(f, false) {
			read[gozxingColumn][f.Kind]++
		}
		name := filepath.Join(dir, fmt.Sprintf("%03d", n))
		require.NoError(t, os.WriteFile(name+".gray", f.Pix, 0o600))
		arguments = append(arguments, name+".gray")
		var file bytes.Buffer
		require.NoError(t, png.Encode(&file, &image.Gray{Pix: f.Pix, Stride: Width, Rect: image.Rect(0, 0, Width, Height)}))
		require.NoError(t, os.WriteFile(name+".png", file.Bytes(), 0o600))
		// Both end with an error where they find nothing.
		out, _ := exec.Command("zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", "-Sqrcode.binary", name+".png").Output()
		count(zbarimg, f, out, bytes.TrimSuffix(out, []byte("\n")))
		out, _ = exec.Command("ZXingReader", "-format", "QRCode", "-bytes", name+".png").Output()
		count(zxingReader, f, out, bytes.TrimSuffix(out, []byte("\n")))
	}
	node := exec.Command("node", arguments...)
	node.Stderr = os.Stderr
	out, err := node.Output()
	require.NoError(t, err, "npm ci in testdata/peers first: make peers")
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for _, f := range frames {
		require.True(t, lines.Scan())
		var answer struct{ JSQR, ZXing []string }
		require.NoError(t, json.Unmarshal(lines.Bytes(), &answer))
		for _, a := range answer.JSQR {
			b, _ := base64.StdEncoding.DecodeString(a)
			count(jsQR, f, b)
		}
		for _, a := range answer.ZXing {
			b, _ := base64.StdEncoding.DecodeString(a)
			count(zxingWASM, f, b)
		}
	}
	row := func(name string, of int, numbers func(column int) int) {
		fmt.Printf("| %s | %d |", name, of)
		for column := range peerNames {
			fmt.Printf(" %d |", numbers(column))
		}
		fmt.Println()
	}
	fmt.Print("| kind | frames |")
	for _, name := range peerNames {
		fmt.Printf(" %s |", name)
	}
	fmt.Print("\n|---|---|")
	for range peerNames {
		fmt.Print("---|")
	}
	fmt.Println()
	for k := range Kinds {
		row(k.String(), Severities*seeds, func(column int) int { return read[column][k] })
	}
	total := func(column int) (n int) {
		for _, v := range read[column] {
			n += v
		}
		return n
	}
	row("all", Count, total)
	row("percent", 100, func(column int) int { return (200*total(column) + Count) / (2 * Count) })
}
