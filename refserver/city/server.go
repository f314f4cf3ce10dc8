package city

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/qr"
	"github.com/citizencode/citizencode/refserver/service"
	"github.com/citizencode/citizencode/refserver/store"
	"github.com/citizencode/citizencode/scenarios"
)

// A server is a reference server of the city on a free port of this computer,
// with data of its own.
type server struct {
	name    scenarios.Text
	app     service.Application
	options service.Options
	base    string // its address, as http://127.0.0.1:40123
	service *service.Server
	stop    context.CancelFunc
	done    chan error
	asked   int // requests so far, for their keys
}

// start opens the server's data and serves.
func (s *server) start(ctx context.Context) (err error) {
	if s.service, err = service.Open(ctx, s.app, s.options); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(err, s.service.Close())
	}
	s.base, s.done = "http://"+listener.Addr().String(), make(chan error, 1)
	ctx, s.stop = context.WithCancel(ctx)
	go func() { s.done <- s.service.Serve(ctx, listener) }()
	return nil
}

// end stops the server as a signal would.
func (s *server) end() error {
	if s.stop == nil {
		return nil
	}
	s.stop()
	s.stop = nil
	return errors.Join(<-s.done, s.service.Close())
}

// restart stops the server and starts it on the same data.
func (s *server) restart(ctx context.Context) error {
	if err := s.end(); err != nil {
		return err
	}
	return s.start(ctx)
}

// client asks the servers; no answer takes longer than a person would wait.
var client = &http.Client{Timeout: time.Minute}

// post asks under a key of its own.
func (s *server) post(ctx context.Context, path string, body, answer any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base+path, bytes.NewReader(b))
	if err != nil {
		return err
	}
	s.asked++
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", fmt.Sprintf("demo-%d", s.asked))
	return exchange(r, answer)
}

// get reads.
func (s *server) get(ctx context.Context, path string, answer any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+path, nil)
	if err != nil {
		return err
	}
	return exchange(r, answer)
}

func exchange(r *http.Request, answer any) error {
	got, err := client.Do(r)
	if err != nil {
		return err
	}
	defer got.Body.Close()
	b, err := io.ReadAll(io.LimitReader(got.Body, 1<<20))
	if err != nil {
		return err
	}
	if got.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %d: %s", r.Method, r.URL.Path, got.StatusCode, bytes.TrimSpace(b))
	}
	return json.Unmarshal(b, answer)
}

// scanned draws the code of this moment as a picture and reads it back: it is
// the text that a scanner gives.
func scanned(p *Pass, audience citycode.Scenes) (string, error) {
	picture, err := code(p, audience)()
	if err != nil {
		return "", err
	}
	found, err := qr.DecodePicture(bytes.NewReader(picture), qr.ReadOptions{Timeout: time.Minute})
	if err != nil {
		return "", err
	}
	return found[0].Text, nil
}

// scan shows the code of this moment at a terminal.
func (s *server) scan(ctx context.Context, p *Pass, audience citycode.Scenes, terminal, action string, params any) (*scenarios.Decision, error) {
	text, err := scanned(p, audience)
	if err != nil {
		return nil, err
	}
	return s.show(ctx, text, terminal, action, params)
}

func (s *server) show(ctx context.Context, text, terminal, action string, params any) (*scenarios.Decision, error) {
	d := new(scenarios.Decision)
	return d, s.post(ctx, "/v1/terminals/"+terminal+"/visits", map[string]any{"code": text, "action": action, "params": params}, d)
}

// decide asks for a decision and decodes what was done, where it is allowed.
func (s *server) decide(ctx context.Context, path string, body, outcome any) (*scenarios.Decision, error) {
	d := new(scenarios.Decision)
	if err := s.post(ctx, path, body, d); err != nil {
		return nil, err
	}
	return d, decoded(d, outcome)
}

func decoded(d *scenarios.Decision, outcome any) error {
	if outcome == nil || d.Outcome == nil {
		return nil
	}
	return json.Unmarshal(d.Outcome, outcome)
}

// balanced checks that the books of a server sum to zero, and are not empty.
func (s *server) balanced(ctx context.Context) error {
	var totals struct{ Debit, Net int64 }
	if err := s.get(ctx, "/v1/ledger/totals", &totals); err != nil {
		return err
	}
	if totals.Net != 0 || totals.Debit == 0 {
		return fmt.Errorf("the books of %s are empty, or do not sum to zero: %d", s.app.Name, totals.Net)
	}
	return nil
}

// write puts the lists of a city into a directory, as terminals take them.
func (a *authority) write(dir string, b *bulletin) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	cfg := a.trustConfig()
	trust, err := citycode.OpenTrustList(b.trust, cfg)
	if err != nil {
		return err
	}
	roots := &store.Roots{City: a.code, Epoch: 1, Threshold: cfg.Threshold, Keys: cfg.Roots}
	if err := roots.Write(filepath.Join(dir, store.RootsName)); err != nil {
		return err
	}
	if err := store.WriteFile(filepath.Join(dir, store.TrustName), b.trust, store.Public); err != nil {
		return err
	}
	for _, msg := range b.status {
		l, err := citycode.OpenStatusList(msg, trust, citycode.Version{})
		if err != nil {
			return err
		}
		if err := store.WriteFile(filepath.Join(dir, store.StatusName(l.Issuer(), l.List())), msg, store.Public); err != nil {
			return err
		}
	}
	return nil
}
