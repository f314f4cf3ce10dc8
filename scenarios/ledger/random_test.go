package ledger_test

import (
	"flag"
	"testing"

	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/ledger/ledgertest"
)

// make long raises it to a million.
var operations = flag.Int("operations", 100_000, "transactions in TestRandom")

func TestRandom(t *testing.T) {
	n := *operations
	if testing.Short() {
		n /= 10
	}
	ledgertest.Random(t, ledger.New(ledger.NewMemory()), 1, n)
}
