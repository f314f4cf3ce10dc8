package office_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/rails"
	"github.com/citizencode/citizencode/scenarios/rails/railstest"
	"github.com/citizencode/citizencode/scenarios/transit/fare"
	"github.com/citizencode/citizencode/scenarios/transit/gtfs"
	"github.com/citizencode/citizencode/scenarios/transit/gtfstest"
	"github.com/citizencode/citizencode/scenarios/transit/office"
	"github.com/citizencode/citizencode/scenarios/transit/tap"
)

// town is a metro of three stations, 2 yuan to the next, 3 to the one after and
// 4 at most, and two buses of 1 and 2 yuan. Students pay half. At most 8 yuan a
// day.
const town = `
-- agency.txt --
agency_id,agency_name,agency_timezone
metro,Metro,Asia/Shanghai
bus,Bus,Asia/Shanghai
-- stops.txt --
stop_id,location_type
s1,1
s2,1
s3,1
-- routes.txt --
route_id,agency_id,route_type,network_id
M,metro,1,metro
A,bus,3,one
B,bus,3,two
-- areas.txt --
area_id
s1
s2
s3
-- stop_areas.txt --
area_id,stop_id
s1,s1
s2,s2
s3,s3
-- rider_categories.txt --
rider_category_id,rider_category_name,is_default_fare_category
adult,,1
student,,0
-- fare_products.txt --
fare_product_id,rider_category_id,amount,currency
m2,adult,2.00,CNY
m3,adult,3.00,CNY
m4,adult,4.00,CNY
one,adult,1.00,CNY
two,adult,2.00,CNY
m2,student,1.00,CNY
m3,student,1.50,CNY
m4,student,2.00,CNY
one,student,0.50,CNY
two,student,1.00,CNY
-- fare_leg_rules.txt --
network_id,from_area_id,to_area_id,fare_product_id
metro,s1,s2,m2
metro,s2,s1,m2
metro,s2,s3,m2
metro,s3,s2,m2
metro,s1,s3,m3
metro,s3,s1,m3
metro,s1,s1,m4
metro,s2,s2,m4
metro,s3,s3,m4
one,,,one
two,,,two
-- citizencode_fare_caps.txt --
fare_cap_id,period,amount,currency
day,day,8.00,CNY
`

func feed(t testing.TB) *gtfs.Feed {
	t.Helper()
	f, err := gtfs.Load(gtfstest.Text(town).FS())
	require.NoError(t, err)
	return f
}

const dayStart = 3 * time.Hour

var china = time.FixedZone("UTC+8", 8*60*60)

// at returns a moment in the town's time, as at(22, "08:15") in November 2026.
func at(day int, clock string) time.Time {
	c, err := time.Parse("15:04", clock)
	if err != nil {
		panic(err)
	}
	return time.Date(2026, 11, day, c.Hour(), c.Minute(), 0, 0, china)
}

// desk is an office with its partners.
type desk struct {
	*office.Office
	t      testing.TB
	cfg    office.Config
	now    time.Time
	ledger *ledger.Ledger
	bank   *railstest.Bank
	payers payers
	seq    map[string]uint64
}

// payers are people's mandates.
type payers map[string]office.Payer

func (p payers) Payer(_ context.Context, person string) (office.Payer, error) { return p[person], nil }

func open(t testing.TB, change func(*office.Config)) *desk {
	t.Helper()
	d := &desk{t: t, now: at(30, "12:00"), ledger: ledger.New(ledger.NewMemory()), payers: make(payers), seq: make(map[string]uint64)}
	d.cfg = office.Config{Name: "town", Feed: feed(t), Fare: fare.Config{DayStart: dayStart}, Ledger: d.ledger, Events: eventlog.NewMemory(),
		Concessions: tap.Concessions{3: {Category: "student", Until: at(20, "00:00")}}, OfflineUses: 10,
		Payers: d.payers, Now: func() time.Time { return d.now }}
	d.cfg.Bank = railstest.NewBank(railstest.Faults{}, nil)
	if change != nil {
		change(&d.cfg)
	}
	d.reopen()
	return d
}

// reopen is a restart: a new office over the same stores.
func (d *desk) reopen() {
	d.t.Helper()
	o, err := office.Open(d.t.Context(), d.cfg)
	require.NoError(d.t, err)
	d.Office = o
}

func person(n int) string { return fmt.Sprintf("210100-%016x", n) }

// newTap returns a tap of a person at a gate; a gate of a station is named after it.
func (d *desk) newTap(n int, kind tap.Kind, where string, when time.Time) tap.Tap {
	t := tap.Tap{Gate: "gate " + where, Person: person(n), Kind: kind, Time: when.UTC(), Carrier: "phone", Issued: at(1, "00:00").UTC(),
		Serial: fmt.Sprintf("210100/1#0:%d", n)}
	d.seq[t.Gate]++
	t.Sequence = d.seq[t.Gate]
	t.Showing = fmt.Sprintf("%s@%d.%d", t.Serial, when.Unix(), t.Sequence)
	t.Key = t.Showing + "@" + t.Gate
	if kind == tap.Board {
		t.Line, t.Vehicle = where, where+"-1"
	} else {
		t.Network, t.Stop = "metro", where
	}
	return t
}

func (d *desk) send(taps ...tap.Tap) *office.Receipt {
	d.t.Helper()
	all := &office.Receipt{}
	for _, t := range taps {
		r, err := d.Upload(d.t.Context(), tap.Batch{Gate: t.Gate, Taps: []tap.Tap{t}})
		require.NoError(d.t, err)
		all.New += r.New
		all.Known += r.Known
		all.NotTaken = append(all.NotTaken, r.NotTaken...)
	}
	return all
}

func (d *desk) book(day int) *office.Booking {
	d.t.Helper()
	b, err := d.Book(d.t.Context(), office.BookRequest{Through: date(day)})
	require.NoError(d.t, err)
	return b
}

func date(day int) string { return fmt.Sprintf("2026-11-%02d", day) }

func (d *desk) owes(n int) int64 {
	d.t.Helper()
	a, err := d.Account(d.t.Context(), office.AccountRequest{Person: person(n)})
	require.NoError(d.t, err)
	return a.Fen
}

func (d *desk) close(day int) {
	d.t.Helper()
	parsed, err := ledger.ParseDay(date(day))
	require.NoError(d.t, err)
	_, err = d.ledger.CloseDay(d.t.Context(), parsed)
	require.NoError(d.t, err)
}

// zero checks that the books balance and that every day's settlement is what
// the income accounts moved.
func (d *desk) zero(days ...int) {
	d.t.Helper()
	total, err := d.ledger.Totals(d.t.Context())
	require.NoError(d.t, err)
	require.Zero(d.t, total.Net())
	for _, day := range days {
		parsed, err := ledger.ParseDay(date(day))
		require.NoError(d.t, err)
		st, err := d.Settle(d.t.Context(), date(day))
		require.NoError(d.t, err)
		got := make(map[string]int64)
		for _, l := range st.Lines {
			got[l.Party] = l.Fen
		}
		for _, party := range []string{"metro/metro", "bus/a", "bus/b"} {
			operator, line, _ := strings.Cut(party, "/")
			account := ledger.MustAccount(ledger.Income, "transit", operator, line)
			now, err := d.ledger.BalanceOn(d.t.Context(), account, parsed)
			require.NoError(d.t, err)
			before, err := d.ledger.BalanceOn(d.t.Context(), account, parsed.Add(-1))
			require.NoError(d.t, err)
			require.Equal(d.t, before.Net()-now.Net(), got[party], "%s on %s", party, date(day))
		}
	}
}

// accounts opens the office anew with a bank in which person 1 has so many fen,
// and so on.
func (d *desk) accounts(f railstest.Faults, fen ...int64) {
	d.t.Helper()
	funds := make(map[rails.Mandate]int64)
	for i, n := range fen {
		funds[mandate(d.t, i+1)] = n
		d.payers[person(i+1)] = office.Payer{Mandate: mandate(d.t, i+1)}
	}
	d.bank = railstest.NewBank(f, funds)
	d.cfg.Bank = d.bank
	d.reopen()
}

func mandate(t testing.TB, n int) rails.Mandate {
	t.Helper()
	m, err := rails.ParseMandate(fmt.Sprint("tok-", n))
	require.NoError(t, err)
	return m
}
