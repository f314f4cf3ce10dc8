package office_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios/transit/office"
	"github.com/citizencode/citizencode/scenarios/transit/tap"
)

// BenchmarkUpload takes a tap, in batches of a thousand.
func BenchmarkUpload(b *testing.B) {
	d := open(b, nil)
	batch := tap.Batch{Gate: "gate A"}
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		batch.Taps = append(batch.Taps, d.newTap(n%50_000, tap.Board, "A", at(1+n/50_000%28, "08:00")))
		if len(batch.Taps) == tap.MaxBatch {
			_, err := d.Upload(b.Context(), batch)
			require.NoError(b, err)
			batch.Taps = batch.Taps[:0]
		}
	}
}

// BenchmarkBook computes and posts a rider's day of three taps.
func BenchmarkBook(b *testing.B) {
	d := open(b, nil)
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		d.send(d.newTap(n, tap.Enter, "s1", at(21, "08:00")), d.newTap(n, tap.Exit, "s2", at(21, "08:20")), d.newTap(n, tap.Board, "A", at(21, "09:00")))
		if n%1000 == 999 {
			_, err := d.Book(b.Context(), office.BookRequest{Through: date(21)})
			require.NoError(b, err)
		}
	}
}
