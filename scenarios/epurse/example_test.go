package epurse_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/citizencode/citizencode/scenarios/epurse"
)

// A card is torn away at gate A, which does not know whether it paid, and its holder goes in by gate B. Days later, when
// everybody has been heard, gate A's order turns out to be the only one that the card can have followed.
func Example() {
	b := newBureau(new(testing.T))
	atA := epurse.Claim{Terminal: gateA, Number: 1, Kind: epurse.Purchase, Card: cardA, Sequence: 0, Fen: 200, Balance: 5000,
		Time: noon, KeyVersion: 1, Algorithm: 4, State: epurse.Unresolved}
	atB := epurse.Claim{Terminal: gateB, Number: 1, Kind: epurse.Purchase, Card: cardA, Sequence: 1, Fen: 200, Balance: 4800,
		Time: noon.Add(time.Minute), KeyVersion: 1, Algorithm: 4, State: epurse.Paid, Served: true, TAC: "01020304"}
	for _, c := range []epurse.Claim{atA, atB, atB} { // gate B was not sure whether it was heard
		receipt, err := b.Upload(ctx, epurse.Batch{Terminal: c.Terminal, Claims: []epurse.Claim{c}})
		fmt.Printf("new %d, known %d, %v\n", receipt.New, receipt.Known, err)
	}
	show := func() {
		if err := b.Settle(ctx); err != nil {
			fmt.Println(err)
		}
		findings, _ := b.Findings(ctx)
		for _, f := range findings {
			fmt.Println(f.Kind, f.Detail, "at", f.Claims[0].Terminal)
		}
		fmt.Println("gate B", b.has("merchant/"+gateB), "holder", b.has("holder/"+cardA), "cards", b.has("float"))
	}
	show()
	b.now = b.now.Add(5 * 24 * time.Hour)
	show()
	// Output:
	// new 1, known 0, <nil>
	// new 1, known 0, <nil>
	// new 0, known 1, <nil>
	// undecided purchase 0 at 210100000001
	// gate B 200 holder 0 cards -200
	// not-served purchase 0 at 210100000001
	// gate B 200 holder 200 cards -400
}
