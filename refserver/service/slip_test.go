package service_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/refserver/service"
	"github.com/citizencode/citizencode/refserver/service/servicetest"
	"github.com/citizencode/citizencode/scenarios"
)

func openSlips(t testing.TB, path string) scenarios.SlipStore {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_txlock=immediate")
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	s, err := service.NewSlipStore(t.Context(), db)
	require.NoError(t, err)
	return s
}

type window struct{ door }

func (*window) ID() scenarios.ID { return "window" }

// The same suite over both stores: memory is the store that the contract came with.
func TestSlipStores(t *testing.T) {
	who := scenarios.Person{City: citycodetest.Shenyang, Subject: "\x00\x01\xff\x03"}
	for name, open := range map[string]func(testing.TB) scenarios.SlipStore{
		"memory": func(testing.TB) scenarios.SlipStore { return nil },
		"sqlite": func(t testing.TB) scenarios.SlipStore { return openSlips(t, filepath.Join(t.TempDir(), "slips.db")) },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, clock := t.Context(), citycodetest.NewClock(citycodetest.Start)
			book := scenarios.NewSlips(scenarios.SlipConfig{Store: open(t), Now: clock.Now, Rand: citycodetest.Random("slips")})
			reason := func(number string, at scenarios.Scenario) string {
				_, err := book.Redeem(ctx, number, at)
				if err == nil {
					return "ok"
				}
				return err.Error()
			}
			slip, err := book.Issue(ctx, "door", who, 3, time.Hour)
			require.NoError(t, err)
			assert.Equal(t, "scenarios: slip: slip-unknown", reason(slip.Number, new(window)), "of another place")
			c, err := book.Redeem(ctx, slip.Number, new(door))
			require.NoError(t, err)
			assert.Equal(t, fmt.Sprint(who, 3, slip.IssuedAt.Unix(), slip.NotAfter.Unix()), fmt.Sprint(c.Person(), c.Benefit(), c.IssuedAt().Unix(), c.NotAfter().Unix()))
			assert.Equal(t, "scenarios: slip: slip-unknown", reason(slip.Number, new(door)), "used")

			late, err := book.Issue(ctx, "door", who, 0, time.Hour)
			require.NoError(t, err)
			clock.Advance(time.Hour + time.Second)
			assert.Equal(t, "scenarios: slip: expired", reason(late.Number, new(door)))

			// The same numbers again: one that is out is not issued twice, one that has expired is.
			again := scenarios.NewSlips(scenarios.SlipConfig{Store: open(t), Now: clock.Now, Rand: &stuck{}})
			_, err = again.Issue(ctx, "door", who, 0, time.Minute)
			require.NoError(t, err)
			_, err = again.Issue(ctx, "door", who, 0, time.Minute)
			assert.ErrorIs(t, err, scenarios.ErrSlipExists)
			clock.Advance(2 * time.Minute)
			_, err = again.Issue(ctx, "door", who, 0, time.Minute)
			assert.NoError(t, err)

			// Of many that take it at once, one does.
			one, err := book.Issue(ctx, "door", who, 0, time.Hour)
			require.NoError(t, err)
			var taken atomic.Int64
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					if _, err := book.Redeem(ctx, one.Number, new(door)); err == nil {
						taken.Add(1)
					}
				})
			}
			all.Wait()
			assert.Equal(t, int64(1), taken.Load())

			cancelled, cancel := context.WithCancel(ctx)
			cancel()
			kept, err := book.Issue(ctx, "door", who, 0, time.Hour)
			require.NoError(t, err)
			_, err = book.Redeem(cancelled, kept.Number, new(door))
			assert.ErrorIs(t, err, context.Canceled)
			assert.Equal(t, "ok", reason(kept.Number, new(door)), "nothing was used up")
		})
	}
}

// stuck is a source that always gives the same number.
type stuck struct{}

func (stuck) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

func TestDesk(t *testing.T) {
	w, d := servicetest.New(t), new(door)
	file := filepath.Join(t.TempDir(), "token")
	for _, bad := range []string{"", "short\n", "two words of a token\n"} {
		require.NoError(t, os.WriteFile(file, []byte(bad), 0o600))
		_, err := service.ReadToken(file)
		assert.Error(t, err, "%q", bad)
	}
	require.NoError(t, os.WriteFile(file, []byte("token-of-the-desk-1\n"), 0o600))
	var err error
	w.Options.DeskToken, err = service.ReadToken(file)
	require.NoError(t, err)
	s := w.Open(d.application())
	issue := func(authorization, key, body string) servicetest.Reply {
		r := servicetest.Request("/v1/slips", key, body)
		r.Header.Set("Authorization", authorization)
		return servicetest.Do(s, r)
	}
	const person, bearer = `{"person":"210100-0000006500c1712e","benefit":3,"seconds":3600}`, "Bearer token-of-the-desk-1"
	for _, wrong := range []string{"", "Bearer ", "Bearer token-of-the-desk-2", "Bearer token-of-the-desk-1 ", "Basic token-of-the-desk-1"} {
		got := issue(wrong, "k1", person)
		assert.Equal(t, "unauthorised", got.Problem(t).Reason, wrong)
		assert.Equal(t, "Bearer", got.Header.Get("WWW-Authenticate"))
	}
	for path, body := range map[string]string{
		"person":  `{"person":"210100-xyz","seconds":60}`,
		"seconds": `{"person":"210100-00","seconds":86401}`,
		"name":    `{"name":"x"}`,
	} {
		p := issue(bearer, "bad-"+path, body).Problem(t)
		assert.Equal(t, fmt.Sprint(400, path), fmt.Sprint(p.Status, p.Path))
	}
	var slip struct {
		Number   string
		NotAfter time.Time
	}
	first := issue(bearer, "k1", person)
	first.Into(t, &slip)
	assert.Equal(t, w.Clock.Now().Add(time.Hour), slip.NotAfter)
	assert.Equal(t, first.Body, issue(bearer, "k1", person).Body)
	require.NoError(t, s.Close())
	s = w.Open(d.application()) // slips are there after a restart
	got := servicetest.Post(s, front, "v1", `{"slip":"`+slip.Number+`","action":"open"}`)
	assert.JSONEq(t, `{"benefit":3,"wide":false}`, string(decision(t, got).Outcome))
	assert.Equal(t, got.Body, servicetest.Post(s, front, "v1", `{"slip":"`+slip.Number+`","action":"open"}`).Body)
	assert.Equal(t, "slip-unknown", decision(t, servicetest.Post(s, front, "v2", `{"slip":"`+slip.Number+`","action":"open"}`)).Reason)
}
