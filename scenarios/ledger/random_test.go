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
	ledgertest.Random(t, ledger.New(ledger.NewMemory()), 1, *operations)
}
