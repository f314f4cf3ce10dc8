package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var kills = flag.Int("kills", 2, "how often TestKill kills each server")

// A killed is a server that is killed while it is asked, and what it had
// answered until then.
type killed struct {
	t       testing.TB
	args    []string
	process *exec.Cmd
	base    string

	mu       sync.Mutex
	answered map[string]exchange // by key
	done     int                 // since the start
	dead     bool
}

type exchange struct{ path, body, answer string }

func (k *killed) start() {
	k.t.Helper()
	k.process = exec.Command("citycode", k.args...)
	out, err := k.process.StdoutPipe()
	require.NoError(k.t, err)
	log := new(strings.Builder)
	k.process.Stderr = log
	require.NoError(k.t, k.process.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(k.t, err, "%s", log)
	_, base, _ := strings.Cut(strings.TrimSpace(line), ": ")
	k.base, k.done, k.dead = base, 0, false
}

// kill ends the server as a power cut does, as far as a process can.
func (k *killed) kill() {
	require.NoError(k.t, k.process.Process.Kill())
	k.process.Wait()
}

// post asks, and writes down what was answered with success.
func (k *killed) post(path, key, body string) (answer string, ok bool) {
	r, err := http.NewRequest(http.MethodPost, k.base+path, strings.NewReader(body))
	if err != nil {
		return "", false
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", key)
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", false // it is dead, or dies
	}
	defer got.Body.Close()
	b, err := io.ReadAll(got.Body)
	if err != nil || got.StatusCode != http.StatusOK {
		return string(b), false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.answered[key] = exchange{path, body, string(b)}
	k.done++
	return string(b), true
}

func (k *killed) get(path string, into any) {
	k.t.Helper()
	got, err := http.Get(k.base + path)
	require.NoError(k.t, err)
	defer got.Body.Close()
	b, err := io.ReadAll(got.Body)
	require.NoError(k.t, err)
	require.Equal(k.t, http.StatusOK, got.StatusCode, "%s: %s", path, b)
	if into != nil {
		require.NoError(k.t, json.Unmarshal(b, into))
	}
}

// outcome returns a field of what a decision has done.
func outcome(answer, field string) string {
	var d struct {
		Outcome map[string]any `json:"outcome"`
	}
	json.Unmarshal([]byte(answer), &d)
	s, _ := d.Outcome[field].(string)
	return s
}

// A server that is killed with requests in flight has, when it is started
// again, everything that it had answered; it gives the same answers to the same
// keys, and its books sum to zero.
func TestKill(t *testing.T) {
	city := t.TempDir()
	must(t, "keys", "--dir", city, "--city", "210100")
	before := time.Now().Add(-72 * time.Hour).UTC().Truncate(time.Second) // some days, in every zone
	for _, c := range []struct {
		kind string
		work func(k *killed, i string)
		// holds checks that what an exchange did is there.
		holds func(k *killed, key string, e exchange)
	}{
		{"hospital", func(k *killed, i string) {
			if glass, ok := k.post("/v1/emergencies", "glass-"+i, `{"staff":"d-17","reason":"unconscious"}`); ok {
				k.post("/v1/orders", "order-"+i, fmt.Sprintf(`{"encounter":%q,"by":"d-17","items":[{"station":"lab","code":"blood","fen":1234}]}`, outcome(glass, "encounter")))
			}
		}, func(k *killed, key string, e exchange) {
			var orders []struct{ ID string }
			k.get("/v1/orders?encounter="+outcome(e.answer, "encounter"), &orders)
			if strings.HasPrefix(key, "order-") {
				require.Len(k.t, orders, 1, key)
				require.Equal(k.t, outcome(e.answer, "id"), orders[0].ID)
			}
		}},
		{"parking", func(k *killed, i string) {
			person := fmt.Sprintf("210100-%x", "p"+i)
			event := func(name string, at time.Time, exit bool) (string, bool) {
				b, _ := json.Marshal(map[string]any{"event": name + i, "lot": "north", "exit": exit, "plate": plateOf(i), "confidence": 999, "time": at})
				return k.post("/v1/plate-events", name+i, string(b))
			}
			k.post("/v1/plates", "bind-"+i, fmt.Sprintf(`{"person":%q,"plate":%q,"mandate":"m-0001"}`, person, plateOf(i)))
			k.post("/v1/plate-verifications", "verify-"+i, fmt.Sprintf(`{"person":%q,"plate":%q,"by":"register"}`, person, plateOf(i)))
			if _, ok := event("enter-", before, false); ok {
				event("leave-", before.Add(2*time.Hour), true)
			}
		}, func(k *killed, key string, e exchange) {
			switch i := strings.TrimLeft(key, "abcdefghijklmnopqrstuvwxyz-"); key[:5] {
			case "bind-":
				var plates []any
				k.get(fmt.Sprintf("/v1/plates?person=210100-%x", "p"+i), &plates)
				require.Len(k.t, plates, 1, key)
			case "enter":
				k.get("/v1/sessions/"+outcome(e.answer, "session"), nil)
			case "leave":
				k.get("/v1/bills/"+outcome(e.answer, "session"), nil)
			}
		}},
		{"transit", func(k *killed, i string) {
			showing := "210100/1#0:7@1795334400." + i
			b, _ := json.Marshal(map[string]any{"gate": "bus-" + i, "taps": []any{map[string]any{"gate": "bus-" + i, "sequence": 1, "key": showing + "@bus-" + i, "showing": showing,
				"carrier": "phone", "person": fmt.Sprintf("210100-%x", "p"+i), "time": before, "kind": "board", "line": "B1"}}})
			k.post("/v1/batches", "batch-"+i, string(b))
			k.post("/v1/bookings", "book-"+i, fmt.Sprintf(`{"through":%q}`, time.Now().UTC().Add(-24*time.Hour).Format(time.DateOnly)))
		}, func(k *killed, key string, e exchange) {
			if i, ok := strings.CutPrefix(key, "batch-"); ok {
				var batches []struct{ Taps []any }
				k.get(fmt.Sprintf("/v1/snapshot?gates=bus-%s&since=%s", i, before.Add(-time.Hour).Format(time.RFC3339)), &batches)
				require.Len(k.t, batches[0].Taps, 1, key)
			}
		}},
	} {
		t.Run(c.kind, func(t *testing.T) {
			k := &killed{t: t, answered: make(map[string]exchange),
				args: []string{"serve", c.kind, "--lists", filepath.Join(city, "public"), "--data", filepath.Join(t.TempDir(), "data"), "--addr", "127.0.0.1:0"}}
			for round := range *kills {
				k.start()
				var all sync.WaitGroup
				enough := make(chan struct{})
				var once sync.Once
				for worker := range 4 {
					all.Go(func() {
						for i := 0; ; i++ {
							c.work(k, fmt.Sprintf("%d%d%02d", round, worker, i%100))
							k.mu.Lock()
							done, dead := k.done, k.dead
							k.mu.Unlock()
							if done > 20 || i >= 99 {
								once.Do(func() { close(enough) })
							}
							if dead || i >= 99 {
								return
							}
						}
					})
				}
				<-enough
				k.kill() // the others are in the middle of something
				k.mu.Lock()
				k.dead = true
				k.mu.Unlock()
				all.Wait()

				k.start()
				answered := k.answered
				require.Greater(t, len(answered), 20*(round+1))
				k.answered = make(map[string]exchange)
				for key, e := range answered {
					c.holds(k, key, e)
					again, ok := k.post(e.path, key, e.body)
					assert.True(t, ok, "%s: %s", key, again)
					require.Equal(t, e.answer, again, key)
				}
				var totals struct{ Debit, Credit, Net int64 }
				k.get("/v1/ledger/totals", &totals)
				assert.Zero(t, totals.Net)
				assert.Positive(t, totals.Debit)
				require.NoError(t, k.process.Process.Signal(os.Interrupt))
				require.NoError(t, k.process.Wait())
			}
		})
	}
}

// plateOf returns a plate that no other number has.
func plateOf(i string) string { return "辽A" + fmt.Sprintf("%05s", i) }
