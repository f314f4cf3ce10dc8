package ledger_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/ledger/ledgertest"
)

func BenchmarkMemoryPost(b *testing.B) {
	l := ledger.New(ledger.NewMemory())
	ctx := b.Context()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := l.Post(ctx, ledgertest.Fare(fmt.Sprint("tap-", i), 100)); err != nil {
			b.Fatal(err)
		}
	}
}

// TestPostAllocations: what a post in memory allocates does not grow with the
// ledger. The counts are of this code; they may fall.
func TestPostAllocations(t *testing.T) {
	l := ledger.New(ledger.NewMemory())
	i := 0
	post := func() {
		i++
		_, err := l.Post(t.Context(), ledgertest.Fare(fmt.Sprint("tap-", i), 100))
		require.NoError(t, err)
	}
	first := testing.AllocsPerRun(200, post)
	for range 20_000 {
		post()
	}
	later := testing.AllocsPerRun(200, post)
	t.Logf("%.0f allocations a post in an empty ledger, %.0f with 20,000 transactions", first, later)
	require.LessOrEqual(t, later, first+2)
	require.LessOrEqual(t, later, 60.)
}
