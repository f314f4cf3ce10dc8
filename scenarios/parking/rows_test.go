package parking

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/parking/occupancy"
	"github.com/citizencode/citizencode/scenarios/parking/reserve"
	"github.com/citizencode/citizencode/scenarios/parking/tariff"
)

// The table of more than 200 fees that were computed by hand, from the camera at
// the entry to the ledger.
func TestRow28FeesAtTheBarrier(t *testing.T) {
	files, err := filepath.Glob("tariff/testdata/tariffs/*.json")
	require.NoError(t, err)
	var lots []Lot
	for _, f := range files {
		data, err := os.ReadFile(f)
		require.NoError(t, err)
		price, err := tariff.Parse(data)
		require.NoError(t, err)
		lots = append(lots, Lot{ID: strings.TrimSuffix(filepath.Base(f), ".json"), Bays: 10, Tariff: price, OpenUnpaid: true})
	}
	data, err := os.ReadFile("tariff/testdata/fees.txt")
	require.NoError(t, err)
	w := newTown(t, func(c *Config) { c.Lots = lots })
	rows := 0
	for i, line := range strings.Split(string(data), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		column := strings.Split(line, "|")
		for n := range column {
			column[n] = strings.TrimSpace(column[n])
		}
		lot := w.lots[column[0]]
		entry := local(t, column[2], "")
		exit := local(t, column[3], column[2])
		number := fmt.Sprintf("辽B%05d", i)
		at := func(exit bool, when time.Time) *scenarios.Decision {
			w.clock = when
			return ok(t)(w.Camera(context.Background(), PlateEvent{Event: fmt.Sprint(i, exit), Lot: column[0], Exit: exit, Plate: number, Confidence: 990, Class: tariff.Class(column[1]), Time: when}))
		}
		d := at(false, entry)
		require.True(t, d.Allow, "%s: %s", line, d.Reason)
		out := at(true, exit)
		require.True(t, out.Allow, line)
		want, err := evaluate(column[4])
		if err != nil { // a row with a cap: package tariff has its arithmetic
			c, err := lot.Tariff.Fee(entry, exit, tariff.Class(column[1]))
			require.NoError(t, err)
			want = c.Fen
		}
		assert.Equal(t, want, passage(t, out).Fen, "line %d: %s", i+1, line)
		assert.Equal(t, want, w.session(passage(t, out).Session).Bill.Fen, line)
		rows++
	}
	assert.GreaterOrEqual(t, rows, 200)
	totals, err := w.books.Totals(context.Background())
	require.NoError(t, err)
	assert.Zero(t, totals.Net())
}

// local reads a time of the table; one without a date is on the day of other.
func local(t *testing.T, text, other string) time.Time {
	t.Helper()
	if !strings.Contains(text, " ") {
		text = strings.Fields(other)[0] + " " + text
	}
	at, err := time.ParseInLocation("2006-01-02 15:04:05"[:len(text)], text, time.FixedZone("", 8*3600))
	require.NoError(t, err)
	return at
}

// 车位预约 from the app to the barrier: five thousand want a hundred bays at
// once, who has one finds room in a lot that is full for others, and who does
// not come pays for it.
func TestRow29Reservation(t *testing.T) {
	people := 5000
	if testing.Short() {
		people = 500
	}
	ctx := context.Background()
	w := newTown(t, func(c *Config) {
		c.Lots = []Lot{{ID: "p1", Name: "一场", Bays: 101, Reserved: 100, Tariff: hourly(t), Lat: 41.8, Lon: 123.4}}
	})
	from, until := w.clock.Add(time.Hour), w.clock.Add(3*time.Hour)
	var (
		mu      sync.Mutex
		winners []string
		reasons = make(map[string]int)
		crowd   sync.WaitGroup
	)
	request := func(i int) ReserveRequest {
		who := fmt.Sprintf("person-%d", i)
		return ReserveRequest{Key: who, Place: "p1", Person: who, From: from, Until: until}
	}
	for i := range people {
		crowd.Go(func() {
			d, err := w.Reserve(ctx, request(i))
			mu.Lock()
			defer mu.Unlock()
			if !assert.NoError(t, err) {
				return
			}
			if reasons[d.Reason]++; d.Allow {
				winners = append(winners, fmt.Sprintf("person-%d", i))
			}
		})
	}
	crowd.Wait()
	require.Equal(t, map[string]int{"ok": 100, "full": people - 100}, reasons)

	// One drive-in bay, and it is taken.
	require.True(t, w.see("p1", plateLi, false).Allow)
	w.pass(time.Hour)
	assert.Equal(t, CarParkFull, w.see("p1", plateWang, false).Reason)
	w.bind(winners[0], plateWang, "mandate-li")
	d := w.see("p1", plateWang, false)
	require.True(t, d.Allow, d.Reason)
	assert.NotEmpty(t, passage(t, d).Reservation)
	w.pass(31 * time.Minute)
	swept, err := w.Sweep(ctx)
	require.NoError(t, err)
	assert.Equal(t, Swept{NoShows: 99}, swept)
	debts, err := w.Debts(ctx, winners[1], "")
	require.NoError(t, err)
	require.Len(t, debts, 1)
	assert.EqualValues(t, 500, debts[0].Due)
	require.True(t, ok(t)(w.Pay(ctx, PayRequest{Key: "p", Bill: debts[0].ID, Fen: 500, Method: ByQR})).Allow)

	w.pass(29 * time.Minute)
	d = w.see("p1", plateWang, true)
	assert.EqualValues(t, 500, passage(t, d).Fen, "an hour by the tariff of the lot, and nothing for the reservation")
	w.collect()
	open, err := w.Reservations(ctx, winners[0])
	require.NoError(t, err)
	assert.Empty(t, open)
	assert.EqualValues(t, -99*500-500, w.net(income("p1")))
	w.audit()
}

// 泊位共享: an owner shares her bay; windows cannot overlap; a guest who stays too
// long pays her, and a bay that is taken back pays the guest.
func TestRow30SharedBay(t *testing.T) {
	w, ctx := newTown(t, nil), context.Background()
	offer := OfferRequest{Key: "o1", Bay: "bay-7", Owner: "owner-7", From: w.clock, Until: w.clock.Add(10 * time.Hour), FenPerSlot: 100}
	first := ok(t)(w.Offer(ctx, offer))
	require.True(t, first.Allow)
	var made reserve.Offer
	require.NoError(t, json.Unmarshal(first.Outcome, &made))
	offer.Key, offer.From, offer.Until = "o2", w.clock.Add(9*time.Hour), w.clock.Add(12*time.Hour)
	assert.Equal(t, "offer-overlaps", ok(t)(w.Offer(ctx, offer)).Reason)

	book := func(key, who string, from, until time.Duration) string {
		d := ok(t)(w.Reserve(ctx, ReserveRequest{Key: key, Place: "bay-7", Person: who, From: w.clock.Add(from), Until: w.clock.Add(until)}))
		require.True(t, d.Allow, d.Reason)
		var r reserve.Reservation
		require.NoError(t, json.Unmarshal(d.Outcome, &r))
		return r.ID
	}
	id := book("r1", li, 0, 2*time.Hour)
	lost := book("r2", wang, 6*time.Hour, 8*time.Hour)
	d := w.show("li", "north", Enter)
	assertPassage(t, Passage{Free: 10, Session: "s-1", State: Inside, Reservation: id, Bay: "bay-7"}, d)
	end := w.clock.Add(8 * time.Hour)
	w.pass(2*time.Hour + 20*time.Minute)
	require.True(t, w.show("li", "north", Leave).Allow)
	bill, found, err := w.Bill(ctx, "r-"+id)
	require.NoError(t, err)
	require.True(t, found)
	// 8 quarters at 1 yuan, of which she has 70 %, and two quarters begun too many.
	assert.EqualValues(t, 800+400, bill.Fen)
	assert.EqualValues(t, -(560 + 400), w.net(owedTo("owner-7")))
	assert.EqualValues(t, -240, w.net(income("north")))
	require.True(t, ok(t)(w.Pay(ctx, PayRequest{Key: "p", Bill: bill.ID, Fen: 1200, Method: ByQR})).Allow)

	w.pass(-20 * time.Minute) // back on the grid
	require.True(t, ok(t)(w.Withdraw(ctx, WithdrawRequest{Owner: "owner-7", Offer: made.ID, From: end.Add(-2 * time.Hour), Until: end})).Allow)
	open, err := w.Reservations(ctx, wang)
	require.NoError(t, err)
	assert.Empty(t, open, lost)
	assert.EqualValues(t, -1000, w.net(owedTo(wang)))
	assert.Equal(t, BalanceTooSmall, ok(t)(w.PayOut(ctx, PayOutRequest{Key: "x", Party: wang, Fen: 1001, By: "desk"})).Reason)
	settlement, err := w.Settle(ctx, ledger.DayOf(w.clock).String())
	require.NoError(t, err)
	assert.Equal(t, []scenarios.SettlementLine{{Party: wang, Fen: 1000}, {Party: "north", Fen: 240}, {Party: "owner-7", Fen: -40}}, settlement.Lines)
	w.audit()
}

// The feed follows the sessions and the counts by hand, in three forms, and
// says no more than is known.
func TestRow31FeedFollowsTheSessions(t *testing.T) {
	w, ctx := newTown(t, nil), context.Background()
	free := func() string { return strings.Fields(w.boardText())[1] }
	assert.Equal(t, "10", free())
	w.see("north", plateLi, false)
	w.show("wang", "north", Enter)
	assert.Equal(t, "8", free())
	require.True(t, ok(t)(w.Recount(ctx, RecountRequest{Key: "r", Lot: "north", Occupied: 5, By: "guard"})).Allow)
	assert.Equal(t, "5", free())
	w.pass(time.Minute)
	require.True(t, w.show("wang", "north", Leave).Allow)
	assert.Equal(t, "6", free())
	w.see("north", plateLi, true)
	assert.Equal(t, "7", free())
	w.audit()
	require.NoError(t, w.Observe(occupancy.Report{Lot: "north", At: w.clock, Kind: occupancy.Closed}))
	assert.Error(t, w.Observe(occupancy.Report{Lot: "north", At: w.clock, Kind: occupancy.Recount, N: 3}))
	feed := w.Feed()
	for form, write := range map[string]func() ([]byte, error){"APDS": feed.APDS, "DATEX": feed.DATEX, "GeoJSON": feed.GeoJSON} {
		b, err := write()
		require.NoError(t, err, form)
		assert.True(t, json.Valid(b), form)
		assert.Contains(t, string(b), "closed", form)
	}
	w.pass(6 * time.Minute)
	feed = w.Feed()
	for _, f := range feed.Figures {
		assert.True(t, f.Has(occupancy.Stale), f.Lot().ID)
	}
}

// evaluate computes sums of products, as in 2×500+300.
func evaluate(text string) (int64, error) {
	var total int64
	for _, term := range strings.Split(strings.ReplaceAll(text, " ", ""), "+") {
		product := int64(1)
		for _, factor := range strings.Split(term, "×") {
			n, err := strconv.ParseInt(factor, 10, 64)
			if err != nil {
				return 0, err
			}
			product *= n
		}
		total += product
	}
	return total, nil
}
