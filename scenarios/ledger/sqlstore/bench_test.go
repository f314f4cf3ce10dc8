package sqlstore_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/ledger/ledgertest"
	"github.com/citizencode/citizencode/scenarios/ledger/sqlstore"
)

// BenchmarkPost is one transaction of two postings, on a durable SQLite, alone
// and in batches; a batch shares one disk write. One operation is one
// transaction.
func BenchmarkPost(b *testing.B) {
	for _, size := range []int{1, 100, ledger.MaxBatch} {
		b.Run(fmt.Sprint("batch-", size), func(b *testing.B) {
			db, err := sql.Open("sqlite", durable(filepath.Join(b.TempDir(), "ledger.db")))
			require.NoError(b, err)
			defer db.Close()
			store, err := sqlstore.Open(b.Context(), db, sqlstore.Options{})
			require.NoError(b, err)
			l := ledger.New(store)
			var drafts []ledger.Draft
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				d := ledgertest.Fare(fmt.Sprint("tap-", i), 100)
				d.Postings[0].Account = ledger.MustAccount(ledger.Asset, "receivable", fmt.Sprint(i%50_000))
				if drafts = append(drafts, d); len(drafts) < size {
					continue
				}
				if _, err := l.PostEach(b.Context(), drafts); err != nil {
					b.Fatal(err)
				}
				drafts = drafts[:0]
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tx/s")
		})
	}
}

// BenchmarkCloseDay closes days on each of which 5,000 accounts have moved.
func BenchmarkCloseDay(b *testing.B) {
	const accounts = 5000
	l := ledger.New(open(b, filepath.Join(b.TempDir(), "ledger.db"), sqlstore.Options{}))
	for day := 0; b.Loop(); day++ {
		b.StopTimer()
		for i := 0; i < accounts; i += ledger.MaxBatch {
			var drafts []ledger.Draft
			for k := range ledger.MaxBatch {
				d := ledgertest.Fare(fmt.Sprint(day, "-", i+k), 100)
				d.Day = d.Day.Add(day)
				d.Postings[0].Account = ledger.MustAccount(ledger.Asset, "receivable", fmt.Sprint(i+k))
				drafts = append(drafts, d)
			}
			if _, err := l.PostEach(b.Context(), drafts); err != nil {
				b.Fatal(err)
			}
		}
		b.StartTimer()
		c, err := l.CloseDay(b.Context(), ledgertest.Day.Add(day))
		if err != nil || c.Accounts != accounts+1 {
			b.Fatal(c, err)
		}
	}
	b.ReportMetric(float64(b.N)*accounts/b.Elapsed().Seconds(), "accounts/s")
}
