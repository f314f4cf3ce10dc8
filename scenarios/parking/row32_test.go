package parking

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/rails"
	"github.com/citizencode/citizencode/scenarios/rails/railstest"
)

// One day of a city: 300 lots and 30,000 cars, by mandate, at the machine, and
// on streets without a barrier. The books sum to zero, and the report of every
// lot is what was computed beside them.
func TestRow32OneDay(t *testing.T) {
	lots, cars := 300, 30_000
	if testing.Short() {
		cars = 3_000
	}
	ctx, random := context.Background(), rand.New(rand.NewPCG(32, 0))
	midnight := time.Date(2026, 3, 1, 16, 0, 0, 0, time.UTC) // in Shenyang
	clock := midnight
	price := hourly(t)
	var list []Lot
	for i := range lots {
		list = append(list, Lot{ID: fmt.Sprintf("lot-%03d", i), Name: "lot", Bays: cars, Tariff: price, OpenUnpaid: i%10 == 9, Lat: 41, Lon: 123})
	}
	funds := make(map[rails.Mandate]int64)
	for i := 0; i < cars; i += 3 {
		if i%30 != 0 {
			funds[mandate(t, fmt.Sprintf("person-%d", i))] = 1 << 40
		}
	}
	bank := railstest.NewBank(railstest.Faults{}, funds)
	s, err := Open(ctx, Config{Lots: list, Bank: bank, Now: func() time.Time { return clock }})
	require.NoError(t, err)

	// Every third car has a mandate; behind every tenth of these is no money.
	number := func(i int) string { return fmt.Sprintf("辽A%05d", i) }
	for i := 0; i < cars; i += 3 {
		person := fmt.Sprintf("person-%d", i)
		require.True(t, ok(t)(s.BindPlate(ctx, BindRequest{Key: person, Person: person, Plate: number(i), Mandate: person})).Allow)
		require.True(t, ok(t)(s.VerifyPlate(ctx, PlateRequest{Key: person + "v", Person: person, Plate: number(i), By: "register"})).Allow)
	}

	// The day, minute by minute: who comes, and who goes. One stay a car.
	type stay struct{ car, lot, from, until int }
	comes, goes := make([][]stay, 24*60), make([][]stay, 24*60)
	want := make([]LotReport, lots)
	for car := range cars {
		x := stay{car: car, lot: random.IntN(lots), from: random.IntN(23 * 60)}
		x.until = x.from + 1 + random.IntN(min(600, 24*60-1-x.from))
		comes[x.from], goes[x.until] = append(comes[x.from], x), append(goes[x.until], x)
	}
	var billed, collected int64
	for minute := range 24 * 60 {
		clock = midnight.Add(time.Duration(minute) * time.Minute)
		for _, x := range comes[minute] {
			require.True(t, camera(t, s, x.car, list[x.lot].ID, number(x.car), false, clock).Allow)
			want[x.lot].Entries++
		}
		for _, x := range goes[minute] {
			fee := int64(0) // the tariff again, by hand
			if minutes := x.until - x.from; minutes > 15 {
				fee = int64((minutes+59)/60) * 500
			}
			r := &want[x.lot]
			r.Lot = list[x.lot].ID
			billed += fee
			r.Exits++
			if r.Fees += fee; fee > 0 {
				r.Bills++
			}
			switch {
			case fee == 0:
			case x.car%3 == 0:
				if x.car%30 != 0 {
					r.Mandate += fee
					collected += fee
				}
			case list[x.lot].OpenUnpaid: // a debt
			default:
				d := camera(t, s, cars+x.car, list[x.lot].ID, number(x.car), true, clock)
				require.Equal(t, PaymentDue, d.Reason)
				method := ByQR
				r.QR += fee
				if x.car%3 == 2 {
					method = ByCash
					r.QR -= fee
					r.Cash += fee
				}
				p := passage(t, d)
				require.Equal(t, fee, p.Due)
				require.True(t, ok(t)(s.Pay(ctx, PayRequest{Key: fmt.Sprint("pay ", x.car), Bill: p.Session, Fen: fee, Method: method})).Allow)
				collected += fee
			}
			require.True(t, camera(t, s, 2*cars+x.car, list[x.lot].ID, number(x.car), true, clock).Allow)
		}
		if minute%60 == 0 {
			_, err := s.Collect(ctx)
			require.NoError(t, err)
		}
	}
	for {
		c, err := s.Collect(ctx)
		require.NoError(t, err)
		if c == (Collected{}) {
			break
		}
	}

	day := ledger.DayOf(midnight)
	settlement, err := s.CloseDay(ctx, day)
	require.NoError(t, err)
	assert.True(t, settlement.Closed)
	require.NoError(t, s.books.Audit(ctx, day))
	totals, err := s.books.Totals(ctx)
	require.NoError(t, err)
	assert.Zero(t, totals.Net())
	got, err := s.Report(ctx, day)
	require.NoError(t, err)
	var settled int64
	lines := make(map[string]scenarios.SettlementLine)
	for _, l := range settlement.Lines {
		lines[l.Party] = l
		settled += l.Fen
	}
	require.Len(t, got, lots)
	for i := range want {
		want[i].Lot = list[i].ID
		require.Equal(t, want[i], got[i])
		require.Equal(t, scenarios.SettlementLine{Party: list[i].ID, Count: want[i].Bills, Fen: want[i].Fees}, lines[list[i].ID])
	}
	assert.Equal(t, billed, settled)
	var debts int64
	for _, m := range s.Metrics() {
		if m.Name == "debts-fen" {
			debts = m.Value
		}
		if m.Name == "cars-inside" {
			require.Zero(t, m.Value, m.Label)
		}
	}
	assert.Equal(t, billed-collected, debts)
	t.Logf("%d lots, %d sessions: %d fen billed, %d collected, %d owed", lots, cars, billed, collected, debts)
}

func camera(t *testing.T, s *Scenario, event int, lot, number string, exit bool, at time.Time) *scenarios.Decision {
	return ok(t)(s.Camera(context.Background(), PlateEvent{Event: fmt.Sprint(event, exit), Lot: lot, Exit: exit, Plate: number, Confidence: 990, Time: at}))
}
