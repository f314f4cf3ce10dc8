package office_test

import (
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/transit/office"
	"github.com/citizencode/citizencode/scenarios/transit/tap"
)

// The oracle knows the town's tariff by heart, and none of this module's fare
// code: it walks over a person's taps in the order of time.
type oracle struct {
	income map[string]int64 // by party
	owed   map[string]int64 // by person
	legs   int64
}

func (o *oracle) person(name string, taps []tap.Tap) {
	slices.SortFunc(taps, func(a, b tap.Tap) int { return a.Time.Compare(b.Time) })
	spent := make(map[string]int64)
	pay := func(party string, when time.Time, fen int64, capped, student bool) {
		if student {
			fen /= 2
		}
		day := when.In(china).Add(-dayStart).Format(time.DateOnly)
		if capped {
			fen = min(fen, 800-spent[day])
			spent[day] += fen
		}
		o.income[party] += fen
		o.owed[name] += fen
		o.legs++
	}
	student := func(t tap.Tap) bool { return t.Benefit == 3 && t.Time.Before(at(20, "00:00")) }
	var in *tap.Tap
	// The engine charges in the order in which rides begin, and so must a cap:
	// a ride is paid for where its entry stands.
	type ride struct {
		party           string
		when            time.Time
		fen             int64
		capped, student bool
	}
	var rides []ride
	for i := range taps {
		t := &taps[i]
		switch t.Kind {
		case tap.Board:
			rides = append(rides, ride{"bus/" + strings.ToLower(t.Line), t.Time, map[string]int64{"A": 100, "B": 200}[t.Line], true, student(*t)})
		case tap.Enter:
			if in != nil {
				rides = append(rides, ride{"metro/metro", in.Time, 400, false, student(*in)})
			}
			in = t
		case tap.Exit:
			if in != nil && t.Time.Sub(in.Time) <= 4*time.Hour {
				stops := int64(in.Stop[1]) - int64(t.Stop[1])
				fen := map[int64]int64{0: 400, 1: 200, 2: 300}[max(stops, -stops)]
				rides = append(rides, ride{"metro/metro", in.Time, fen, true, student(*in)})
			} else {
				if in != nil {
					rides = append(rides, ride{"metro/metro", in.Time, 400, false, student(*in)})
				}
				rides = append(rides, ride{"metro/metro", t.Time, 400, false, student(*t)})
			}
			in = nil
		}
	}
	if in != nil {
		rides = append(rides, ride{"metro/metro", in.Time, 400, false, student(*in)})
	}
	slices.SortStableFunc(rides, func(a, b ride) int { return a.when.Compare(b.when) })
	for _, r := range rides {
		pay(r.party, r.when, r.fen, r.capped, r.student)
	}
}

// cityTaps makes taps of people over some days. No person taps twice in one
// second, and some exits are missing.
func cityTaps(d *desk, seed uint64, n int) map[string][]tap.Tap {
	r := rand.New(rand.NewPCG(seed, 35))
	people := make(map[string][]tap.Tap)
	for p := 1; n > 0; p++ {
		benefit := uint8(0)
		if r.IntN(4) == 0 {
			benefit = 3
		}
		for day := 17; day <= 22 && n > 0; day++ {
			now := at(day, "03:00").Add(time.Duration(r.IntN(7200)) * time.Second)
			add := func(kind tap.Kind, where string) {
				if n == 0 || r.IntN(25) == 0 { // a tap that is missing
					return
				}
				t := d.newTap(p, kind, where, now)
				t.Benefit = benefit
				people[t.Person] = append(people[t.Person], t)
				n--
			}
			for range 1 + r.IntN(6) {
				now = now.Add(time.Duration(1+r.IntN(9000)) * time.Second)
				if r.IntN(2) == 0 {
					add(tap.Board, []string{"A", "B"}[r.IntN(2)])
					continue
				}
				add(tap.Enter, []string{"s1", "s2", "s3"}[r.IntN(3)])
				now = now.Add(time.Duration(1+r.IntN(9000)) * time.Second)
				add(tap.Exit, []string{"s1", "s2", "s3"}[r.IntN(3)])
			}
		}
	}
	return people
}

// TestMillion (R3): taps sent one to five times, shuffled, some of them days
// late, with answers lost, days booked and closed meanwhile, and a restart: the
// ledger equals the oracle to the fen, and nothing stands twice. A hundred
// thousand taps; a million with CITIZENCODE_LONG=1.
func TestMillion(t *testing.T) {
	n := 100_000
	switch {
	case os.Getenv("CITIZENCODE_LONG") != "":
		n = 1_000_000
	case testing.Short():
		n = 10_000
	}
	d := open(t, nil)
	d.now = at(27, "12:00")
	people := cityTaps(d, 1, n)
	want := &oracle{income: make(map[string]int64), owed: make(map[string]int64)}
	r := rand.New(rand.NewPCG(7, 36))
	var copies []tap.Tap
	for name, taps := range people {
		want.person(name, slices.Clone(taps))
		for _, tp := range taps {
			for range 1 + r.IntN(5) {
				copies = append(copies, tp)
			}
		}
	}
	// Map order is not the seed's.
	slices.SortFunc(copies, func(a, b tap.Tap) int { return strings.Compare(a.Key, b.Key) })
	r.Shuffle(len(copies), func(i, j int) { copies[i], copies[j] = copies[j], copies[i] })
	byGate := make(map[string][]tap.Tap)
	var batches []tap.Batch
	flush := func(gate string) {
		batches = append(batches, tap.Batch{Gate: gate, Taps: byGate[gate]})
		byGate[gate] = nil
	}
	for _, c := range copies {
		if byGate[c.Gate] = append(byGate[c.Gate], c); len(byGate[c.Gate]) == tap.MaxBatch {
			flush(c.Gate)
		}
	}
	for _, gate := range []string{"gate A", "gate B", "gate s1", "gate s2", "gate s3"} {
		flush(gate)
	}
	// Three endpoints at once; of five answers one is lost, and the gate sends
	// the batch again.
	var fresh, known, sent atomic.Int64
	send := func(batches []tap.Batch, halfway func()) {
		var next atomic.Int64
		var wait sync.WaitGroup
		for range 3 {
			wait.Go(func() {
				for {
					i := int(next.Add(1)) - 1
					if i >= len(batches) {
						return
					}
					if i == len(batches)/2 {
						halfway()
					}
					for try := 0; try == 0 || i%5 == 0 && try == 1; try++ {
						receipt, err := d.Upload(t.Context(), batches[i])
						if !assert.NoError(t, err) {
							return
						}
						assert.Empty(t, receipt.NotTaken)
						fresh.Add(int64(receipt.New))
						known.Add(int64(receipt.Known))
						sent.Add(int64(len(batches[i].Taps)))
					}
				}
			})
		}
		wait.Wait()
	}
	send(batches[:len(batches)/2], func() { d.book(19); d.close(18) })
	d.book(22)
	d.close(22)
	d.reopen()
	send(batches[len(batches)/2:], func() { d.book(22) })
	d.now = at(28, "12:00")
	d.book(22)
	assert.EqualValues(t, n, fresh.Load())
	assert.Equal(t, sent.Load()-int64(n), known.Load())
	for name, owed := range want.owed {
		a, err := d.Account(t.Context(), office.AccountRequest{Person: name})
		require.NoError(t, err)
		require.Equal(t, owed, a.Fen, name)
	}
	for party, fen := range want.income {
		operator, line, _ := strings.Cut(party, "/")
		b, err := d.ledger.Balance(t.Context(), ledger.MustAccount(ledger.Income, "transit", operator, line))
		require.NoError(t, err)
		require.Equal(t, -fen, b.Net(), party)
	}
	var legs int64
	for day := 17; day <= 23; day++ {
		st, err := d.Settle(t.Context(), date(day))
		require.NoError(t, err)
		for _, l := range st.Lines {
			legs += int64(l.Count)
		}
	}
	assert.Equal(t, want.legs, legs)
	d.zero(17, 18, 19, 20, 21, 22, 23)
	again := d.book(22)
	assert.Zero(t, again.Changes, "what has not changed is not posted")
	t.Logf("%d taps in %d copies and %d batches, %d people, %d rides", n, len(copies), len(batches), len(people), legs)
}
