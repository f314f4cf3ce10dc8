package benchmarks_test

import (
	"os"
	"testing"
	"time"

	skip2 "github.com/skip2/go-qrcode"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/benchmarks"
	"github.com/citizencode/citizencode/qr"
)

// TestSymbolRatios relates drawing the symbol of an explicit token, 203 bytes and version 10, to the library that
// most Go programs draw with. Our rows begin with the token, the other's with its text.
func TestSymbolRatios(t *testing.T) {
	const size = 203
	token := make([]byte, size)
	for i := range token {
		token[i] = byte(i*167 + i>>3)
	}
	text, err := qr.EncodeDecimal(token)
	require.NoError(t, err)
	encoder, err := qr.NewEncoder(qr.Options{})
	require.NoError(t, err)
	var symbol qr.Symbol
	var file []byte
	encode := func() {
		token[size-1]++ // another code each time, as on a display
		if err := encoder.EncodeInto(&symbol, token); err != nil {
			t.Fatal(err)
		}
	}
	foreign := func() *skip2.QRCode {
		q, err := skip2.New(text, skip2.Medium)
		if err != nil {
			t.Fatal(err)
		}
		return q
	}
	rows := benchmarks.Compare(*rounds, 10*time.Millisecond,
		benchmarks.Candidate{Name: "skip2, modules (baseline)", Do: func() { foreign().Bitmap() }},
		benchmarks.Candidate{Name: "EncodeInto", Do: encode},
		benchmarks.Candidate{Name: "Encode, nothing kept", Do: func() {
			if _, err := qr.Encode(token, qr.Options{}); err != nil {
				t.Fatal(err)
			}
		}},
	)
	benchmarks.Print(os.Stdout, "Drawing a symbol of version 10", rows)
	assert.Less(t, rows[1].Ratio, 1.0/30)
	assert.Less(t, rows[2].Ratio, 1.0/30)
	assert.Zero(t, rows[1].Allocs)

	rows = benchmarks.Compare(*rounds, 10*time.Millisecond,
		benchmarks.Candidate{Name: "skip2, PNG of 8 pixels a module (baseline)", Do: func() {
			if _, err := foreign().PNG(-8); err != nil {
				t.Fatal(err)
			}
		}},
		benchmarks.Candidate{Name: "EncodeInto and AppendPNG", Do: func() {
			encode()
			if file, err = symbol.AppendPNG(file[:0], 8); err != nil {
				t.Fatal(err)
			}
		}},
	)
	benchmarks.Print(os.Stdout, "Drawing a PNG file of it", rows)
	assert.Less(t, rows[1].Ratio, 1.0/50)
	assert.Zero(t, rows[1].Allocs)
	assert.Equal(t, 10, symbol.Version())
}
