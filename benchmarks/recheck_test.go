package benchmarks_test

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/citizencode/citizencode/benchmarks"
	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/transit/office"
	"github.com/citizencode/citizencode/scenarios/transit/tap"
)

// TestRecheckRatios prints what a transit operator's back office pays to check a
// recorded tap again: its code and what the record says of it.
func TestRecheckRatios(t *testing.T) {
	c := citycodetest.NewCity(t, citycodetest.Shenyang)
	trust := c.Trust(nil)
	verifier := must(citycode.NewVerifier(citycode.VerifierConfig{Trust: trust, Status: c.Status(trust), InsecureNoReplayGuard: true, Hints: true, Now: c.Clock.Now}))
	judge := office.Judge(func(context.Context, string) (*citycode.Verifier, error) { return verifier, nil })
	const n = 1024
	what := scenarios.Description{Identity: scenarios.Pseudonym, Claims: scenarios.BenefitClass | scenarios.ShownCode}
	hinted, bare := make([]tap.Tap, n), make([]tap.Tap, n)
	for i := range hinted {
		token := c.Citizen(fmt.Sprint(i), citycode.ProfileTransit, citycode.Transit, nil).Show(citycode.Transit)
		who := scenarios.CitizenOf(must(verifier.Verify(token, citycode.Check{Audience: citycode.Transit})), what)
		code, hint := who.Code()
		hinted[i] = tap.Tap{Gate: "gate", Key: who.Showing() + "@gate", Showing: who.Showing(), Serial: who.Serial().String(), Carrier: who.Carrier().String(),
			Person: who.Person().String(), Issued: who.IssuedAt(), Time: c.Clock.Now(), Evidence: tap.EvidenceOf(code, hint, "day")}
		bare[i] = hinted[i]
		bare[i].Evidence.Hint = uint8(engine.NoHint)
	}
	check := func(taps []tap.Tap, atOnce int) func() {
		next := 0
		return func() {
			verdicts, err := judge.Verdicts(t.Context(), taps[next:next+atOnce])
			next = (next + atOnce) % n
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range verdicts {
				if v != office.CodeGood {
					t.Fatal(v)
				}
			}
		}
	}
	procs := runtime.GOMAXPROCS(1)
	rows := benchmarks.Compare(*rounds, 10*time.Millisecond,
		benchmarks.Candidate{Name: "one by one (baseline)", Do: check(hinted, 1)},
		benchmarks.Candidate{Name: "1024 together, hints recorded", Do: check(hinted, n), Of: n},
		benchmarks.Candidate{Name: "64 together, hints recorded", Do: check(hinted, 64), Of: 64},
		benchmarks.Candidate{Name: "1024 together, no hint", Do: check(bare, n), Of: n})
	runtime.GOMAXPROCS(procs)
	var text bytes.Buffer
	benchmarks.Print(&text, "Checking a recorded tap again, ratio to one by one", rows)
	publish(t, "recheck", text.Bytes())
	assert.Less(t, rows[1].Ratio, 0.85)
	assert.Less(t, rows[2].Ratio, 0.95)
	assert.Less(t, rows[1].Ratio/rows[3].Ratio, 0.85, "hints are of use")
}
