package transit_test

import (
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/refserver/service"
	"github.com/citizencode/citizencode/refserver/service/servicetest"
	"github.com/citizencode/citizencode/refserver/store"
	"github.com/citizencode/citizencode/refserver/transit"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/transit/deny"
	"github.com/citizencode/citizencode/scenarios/transit/gtfstest"
	"github.com/citizencode/citizencode/scenarios/transit/office"
	"github.com/citizencode/citizencode/scenarios/transit/tap"
)

// A line is the example's operator.
type line struct {
	*servicetest.World
	*service.Server
	n int
}

func open(t testing.TB) *line {
	t.Helper()
	l := &line{World: servicetest.New(t)}
	l.start(t)
	return l
}

func (l *line) start(t testing.TB) {
	t.Helper()
	app, err := transit.New(transit.Example)
	require.NoError(t, err)
	l.Server = l.Open(app)
}

func (l *line) restart(t testing.TB) {
	t.Helper()
	require.NoError(t, l.Close())
	l.start(t)
}

func (l *line) rider(subject string, benefit uint8) *citycodetest.Citizen {
	return l.Citizen(subject, citycode.ProfileTransit, citycode.Transit, func(c *citycode.Claims) {
		c.Subject, _ = hex.DecodeString(subject)
		c.Benefit = benefit
	})
}

func (l *line) scan(t testing.TB, who *citycodetest.Citizen, terminal, action, params string) scenarios.Decision {
	t.Helper()
	l.Clock.Advance(time.Minute)
	var d scenarios.Decision
	servicetest.Post(l, "/v1/terminals/"+terminal+"/visits", "", servicetest.Visit(t, who.Show(citycode.Transit), action, params)).Into(t, &d)
	return d
}

// ask asks under a key of its own, twice.
func (l *line) ask(t testing.TB, path string, body, answer any) {
	t.Helper()
	b, err := json.Marshal(body)
	require.NoError(t, err)
	l.n++
	key := fmt.Sprint("key-", l.n)
	first := servicetest.Post(l, path, key, string(b))
	require.Equal(t, first.Body, servicetest.Post(l, path, key, string(b)).Body)
	first.Into(t, answer)
}

const (
	payer  = "0000006500c1712e" // has a mandate in the example
	pauper = "0000006600c1712e"
	metro  = `{"network":"metro","stop":"M1-0%d-A"}`
	person = "210100-"
)

// A day of the operator, with restarts in between.
func TestDay(t *testing.T) {
	l := open(t)
	a, b := l.rider(payer, 0), l.rider(pauper, 0)
	assert.Equal(t, "ok", l.scan(t, a, "m1-00-gate-1", "enter", fmt.Sprintf(metro, 0)).Reason)
	l.restart(t) // the tap is in the queue, or with the office
	l.Clock.Advance(20 * time.Minute)
	assert.Equal(t, "ok", l.scan(t, a, "m1-08-gate-1", "exit", fmt.Sprintf(metro, 8)).Reason)
	assert.Equal(t, "line-not-accepted", l.scan(t, a, "bus-b1-5501", "board", `{"line":"B2"}`).Reason)
	assert.Equal(t, "ok", l.scan(t, b, "bus-b1-5501", "board", `{"line":"B1"}`).Reason)

	var snapshot []tap.Batch
	l.Clock.Advance(5 * time.Minute)
	l.Chores(t.Context())
	servicetest.Get(l, "/v1/snapshot?gates=bus-b1-5501&since=2026-11-22T00:00:00Z").Into(t, &snapshot)
	require.Len(t, snapshot, 1)
	assert.Len(t, snapshot[0].Taps, 1)
	assert.Equal(t, l.Clock.Now().Add(-time.Minute), snapshot[0].Through)

	l.Clock.Set(time.Date(2026, 11, 22, 22, 0, 0, 0, time.UTC))
	var booked office.Booking
	l.ask(t, "/v1/bookings", office.BookRequest{Through: "2026-11-22"}, &booked)
	assert.Equal(t, 2, booked.People)
	var charged office.ChargeReport
	l.ask(t, "/v1/charges", office.ChargeRequest{Day: "2026-11-23"}, &charged)
	assert.Equal(t, office.ChargeReport{Paid: 1, Fen: 300, Declined: 1}, charged)
	var account office.Account
	servicetest.Get(l, "/v1/accounts/"+person+payer).Into(t, &account)
	assert.Zero(t, account.Fen)
	var debtors deny.List
	servicetest.Get(l, "/v1/debtors").Into(t, &debtors)
	assert.Equal(t, []string{person + pauper}, debtors.People)
	assert.Equal(t, "unpaid-debt", l.scan(t, b, "bus-b1-5501", "board", `{"line":"B1"}`).Reason)
	l.restart(t)
	assert.Equal(t, "unpaid-debt", l.scan(t, b, "bus-b1-5501", "board", `{"line":"B1"}`).Reason)
	l.ask(t, "/v1/repayments", map[string]string{"person": person + pauper}, &account)
	assert.Equal(t, int64(100), account.Fen, "and there is no mandate yet")

	var journeys office.Journeys
	servicetest.Get(l, "/v1/journeys?person="+person+payer+"&month=2026-11").Into(t, &journeys)
	assert.Equal(t, int64(300), journeys.Fen)
	assert.Equal(t, "[]\n", servicetest.Get(l, "/v1/findings?month=2026-11").Body)
	var day scenarios.Settlement
	servicetest.Get(l, "/v1/settlements/2026-11-22").Into(t, &day)
	assert.Len(t, day.Lines, 2)
	assert.Equal(t, "not-booked", servicetest.Post(l, "/v1/archives", "archive", `{"month":"2026-11"}`).Problem(t).Reason)
	zero(t, l)
}

func zero(t testing.TB, l *line) {
	t.Helper()
	var totals struct{ Debit, Net int64 }
	servicetest.Get(l, "/v1/ledger/totals").Into(t, &totals)
	assert.Zero(t, totals.Net)
	assert.Positive(t, totals.Debit)
}

// Batches of a gate that was offline, sent twice, shuffled and cut anew, come to
// what they come to once.
func TestBatches(t *testing.T) {
	start := citycodetest.Start
	var taps []tap.Tap
	for i := range 60 {
		showing := fmt.Sprintf("210100/1#0:%d@%d.%d", 200+i%5, start.Add(time.Duration(i)*time.Hour/8).Unix(), i+1)
		taps = append(taps, tap.Tap{Gate: "bus-7", Sequence: uint64(i + 1), Key: showing + "@bus-7", Showing: showing, Serial: fmt.Sprintf("210100/1#0:%d", 200+i%5), Carrier: "phone",
			Person: fmt.Sprintf("210100-%016x", 1+i%5), Time: start.Add(time.Duration(i) * time.Hour / 8), Kind: tap.Board, Line: "B1"})
	}
	books := func(send func(l *line)) (bookings string) {
		l := open(t)
		l.Clock.Advance(8 * time.Hour)
		send(l)
		l.Clock.Set(time.Date(2026, 11, 22, 22, 0, 0, 0, time.UTC))
		var booked office.Booking
		l.ask(t, "/v1/bookings", office.BookRequest{Through: "2026-11-22"}, &booked)
		zero(t, l)
		return servicetest.Get(l, "/v1/ledger/totals").Body + servicetest.Get(l, "/v1/settlements/2026-11-22").Body
	}
	once := books(func(l *line) {
		var receipt office.Receipt
		l.ask(t, "/v1/batches", tap.Batch{Gate: "bus-7", Taps: taps}, &receipt)
		assert.Equal(t, office.Receipt{New: 60}, receipt)
	})
	often := books(func(l *line) {
		r := rand.New(rand.NewPCG(1, 2))
		shuffled := slices.Concat(taps, taps)
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		fresh := 0
		for batch := range slices.Chunk(shuffled, 17) {
			var receipt office.Receipt
			l.ask(t, "/v1/batches", tap.Batch{Gate: "bus-7", Taps: batch}, &receipt)
			fresh += receipt.New
			if len(batch) == 17 && r.IntN(3) == 0 {
				l.restart(t)
			}
		}
		assert.Equal(t, 60, fresh)
	})
	assert.Equal(t, once, often)
}

// TestRecheck: what the gates and a gate that decides by itself have let in is
// verified again by the lists of its time, which a restart keeps; forged taps are
// found and named, and the others settle.
func TestRecheck(t *testing.T) {
	l := open(t)
	set := func() string {
		lists, err := store.OpenLists(t.Context(), store.ListsConfig{Dir: l.Options.Lists})
		require.NoError(t, err)
		return lists.Name(citycode.Profiles())
	}
	bus := func(who *citycodetest.Citizen, lists string) tap.Tap {
		l.Clock.Advance(time.Minute)
		v, err := l.Verifier(nil).Verify(who.Show(citycode.Transit), citycode.Check{Audience: citycode.Transit})
		require.NoError(t, err)
		citizen := scenarios.CitizenOf(v, scenarios.Description{Identity: scenarios.Pseudonym, Claims: scenarios.BenefitClass})
		l.n++
		return tap.Tap{Gate: "bus-7", Sequence: uint64(l.n), Key: citizen.Showing() + "@bus-7", Showing: citizen.Showing(), Serial: citizen.Serial().String(), Carrier: "phone",
			Person: citizen.Person().String(), Issued: citizen.IssuedAt(), Time: l.Clock.Now(), Kind: tap.Board, Line: "B1", Evidence: tap.EvidenceOf(string(v.Bytes()), 0, lists)}
	}
	a, b := l.rider(payer, 0), l.rider(pauper, 0)
	riders := 0
	other := func() *citycodetest.Citizen {
		riders++
		return l.rider(fmt.Sprintf("%016x", riders), 0)
	}
	before := set()
	assert.Equal(t, "ok", l.scan(t, a, "bus-b1-5501", "board", `{"line":"B1"}`).Reason)
	taps := []tap.Tap{bus(other(), before), bus(other(), before)}
	forged := &taps[1]
	forged.Evidence.Code = forged.Evidence.Code[:len(forged.Evidence.Code)-4] + "AAA=" // its last two bytes
	lost := bus(a, "")
	require.NoError(t, l.Register[l.Issuer.ID()].Set(a.Claims.Index, citycode.StatusRevoked))
	l.PublishStatus()
	require.NoError(t, l.Reload(t.Context()))
	require.NotEqual(t, before, set())
	lost.Evidence.Lists = set()
	assert.Equal(t, "revoked", l.scan(t, a, "bus-b1-5501", "board", `{"line":"B1"}`).Reason)
	assert.Equal(t, "ok", l.scan(t, b, "bus-b1-5501", "board", `{"line":"B1"}`).Reason)
	l.Publish() // and a third set, which no tap names
	l.restart(t)
	elsewhere := bus(other(), strings.Repeat("0", 32))
	var receipt office.Receipt
	l.ask(t, "/v1/batches", tap.Batch{Gate: "bus-7", Taps: append(taps, lost, elsewhere, bus(other(), "../lists"))}, &receipt)
	assert.Equal(t, office.Receipt{New: 5}, receipt)

	var checked office.Rechecked
	l.ask(t, "/v1/rechecks", struct{}{}, &checked)
	assert.Equal(t, office.Rechecked{Taps: 5, Refused: 2, Unchecked: map[string]int{"bus-7": 2}}, checked, "those of the server's own gates were looked at by its chore")
	var found []office.Finding
	servicetest.Get(l, "/v1/findings?month=2026-11").Into(t, &found)
	var named []string
	for _, f := range found {
		named = append(named, fmt.Sprint(f.Taps[0].Sequence, " ", f.Kind, " ", f.Detail))
	}
	assert.Equal(t, []string{fmt.Sprint(forged.Sequence, " refused-code bad-holder-signature"), fmt.Sprint(lost.Sequence, " refused-code revoked")}, named)
	l.Clock.Set(time.Date(2026, 11, 22, 22, 0, 0, 0, time.UTC))
	var booked office.Booking
	l.ask(t, "/v1/bookings", office.BookRequest{Through: "2026-11-22"}, &booked)
	assert.Zero(t, booked.Refused)
	assert.EqualValues(t, 5*100, booked.Fen, "two of the server's own gates, three of the bus")
	zero(t, l)
}

// TestEvidence: the server's gates record the code with its hint and the lists
// by which it was judged.
func TestEvidence(t *testing.T) {
	l := open(t)
	assert.Equal(t, "ok", l.scan(t, l.rider(payer, 0), "bus-b1-5501", "board", `{"line":"B1"}`).Reason)
	require.NoError(t, l.Close())
	db, err := sql.Open("sqlite", filepath.Join(l.Options.Data, "transit.db"))
	require.NoError(t, err)
	defer db.Close()
	var data string
	require.NoError(t, db.QueryRow(`SELECT data FROM transit_tap`).Scan(&data))
	var recorded tap.Tap
	require.NoError(t, json.Unmarshal([]byte(data), &recorded))
	assert.Contains(t, []uint8{2, 3}, recorded.Evidence.Hint)
	lists, profiles, err := store.Archive{Dir: filepath.Join(l.Options.Data, "archive")}.Open(t.Context(), recorded.Evidence.Lists, nil)
	require.NoError(t, err)
	cfg := lists.Config()
	cfg.Profiles, cfg.Now, cfg.InsecureNoReplayGuard = profiles, func() time.Time { return recorded.Time }, true
	verifier, err := citycode.NewVerifier(cfg)
	require.NoError(t, err)
	token, err := recorded.Evidence.Token()
	require.NoError(t, err)
	_, err = verifier.Verify(token, citycode.Check{Audience: citycode.Transit})
	assert.NoError(t, err)
}

// TestArchiveAgain: lists that could not be archived, as on a full disk, are when
// it has room again. Until then nothing stops, and taps name no lists.
func TestArchiveAgain(t *testing.T) {
	l := &line{World: servicetest.New(t)}
	dir := filepath.Join(l.Options.Data, "archive")
	require.NoError(t, os.MkdirAll(l.Options.Data, 0o700))
	require.NoError(t, os.WriteFile(dir, nil, 0o600)) // no directory can be made there
	l.start(t)
	judged := func() office.Rechecked {
		var got office.Rechecked
		l.Clock.Advance(5 * time.Second)
		assert.Equal(t, "ok", l.scan(t, l.rider(payer, 0), "bus-b1-5501", "board", `{"line":"B1"}`).Reason)
		l.ask(t, "/v1/rechecks", struct{}{}, &got)
		return got
	}
	assert.Equal(t, 1, judged().Unchecked["bus-b1-5501"])
	require.NoError(t, l.Reload(t.Context()))
	assert.Equal(t, 1, judged().Unchecked["bus-b1-5501"])
	require.NoError(t, os.Remove(dir))
	require.NoError(t, l.Reload(t.Context()))
	got := judged()
	assert.Equal(t, 1, got.Taps)
	assert.Empty(t, got.Unchecked)
}

// A concession is told at the gate; the large body of a batch is taken and one
// beyond the bound is not.
func TestGates(t *testing.T) {
	l := open(t)
	d := l.scan(t, l.rider("0000006700c1712e", 1), "bus-b1-5501", "board", `{"line":"B1"}`)
	assert.Contains(t, string(d.Outcome), `"elder"`)
	assert.Equal(t, "too-large", servicetest.Post(l, "/v1/batches", "k", `{"gate":"`+strings.Repeat("x", service.MaxUpload)+`"}`).Problem(t).Reason)
	p := servicetest.Post(l, "/v1/batches", "k", `{"gate":"x","taps":[{"gate":"y"}]}`).Problem(t)
	assert.Equal(t, fmt.Sprint(http.StatusBadRequest, "taps[0].gate"), fmt.Sprint(p.Status, p.Path))
	p = servicetest.Post(l, "/v1/terminals/bus-b1-5501/visits", "", servicetest.Visit(t, l.rider(payer, 0).Show(citycode.Transit), "board", "")).Problem(t)
	assert.Equal(t, "params.line", p.Path)
	assert.Equal(t, "month", servicetest.Get(l, "/v1/findings?month=1").Problem(t).Path)
}

func TestConfig(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "feed.zip"), gtfstest.City(gtfstest.Shape{MetroLines: 1, Stations: 5, BusLines: 1, BusStops: 3}).Zip(), 0o600))
	_, err := transit.New(fmt.Appendf(nil, `{"operator":"o","terminals":["a"],"feed":%q}`, filepath.Join(dir, "feed.zip")))
	require.NoError(t, err)
	for text, path := range map[string]string{
		`{"terminal":[]}`:                       "config.terminal",
		`{}`:                                    "config.operator",
		`{"operator":"o"}`:                      "config.feed",
		`{"operator":"o","feed":"nowhere"}`:     "config.feed",
		`{"operator":"o","feed":"nowhere.zip"}`: "config.feed",
		`{"operator":"o","feed":"example","dayStart":1440}`:                                 "config.dayStart",
		`{"operator":"o","feed":"example","lines":[],"agreements":[]}`:                      "config.lines",
		`{"operator":"o","feed":"example","agreements":[{"id":"a"}]}`:                       "agreements[0]",
		`{"operator":"o","feed":"example","concessions":{"1":{"days":-1}}}`:                 "config.concessions.1.days",
		`{"operator":"o","feed":"example","simulated":{"payers":{"p":"6222021234567890"}}}`: "config.simulated.payers.p",
		`{"operator":"o","feed":"example","agreements":[{"id":"a","operators":"b"}]}`:       "config.agreements[0].operators",
	} {
		_, err := transit.New([]byte(text))
		assert.ErrorContains(t, err, path, text)
	}
}
