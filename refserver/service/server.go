package service

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/refserver/store"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/ledger"
	"github.com/citizencode/citizencode/scenarios/ledger/sqlstore"
)

// Times and bounds of a server.
const (
	reloadTime  = 5 * time.Second  // between two looks at the lists
	requestTime = 15 * time.Second // for one request, its body not counted
	stopTime    = 10 * time.Second // for requests that have begun when the server stops
	choreTime   = time.Minute      // for one chore
	maxRequests = 256              // at a time; more are asked to come again
)

// Options are what every server is started with.
type Options struct {
	Lists     string           // a city's public directory; required
	Data      string           // the server's own directory, made where missing; required
	DeskToken string           // of the staffed desk that prints slips; empty: no such desk
	Log       *slog.Logger     // one line a request; nil: none
	Engine    engine.Engine    // nil: the default
	Now       func() time.Time // nil: time.Now
	// Elapsed is a clock that only runs forward; nil: Go's monotonic clock.
	Elapsed func() time.Duration
	// Cache bounds what is remembered of citizens who come again; all terminals
	// share it. Its zero value is what a server wants: about 5 MiB at most.
	Cache citycode.CacheConfig

	maxJournal int64 // bytes; 0: maxJournal
}

// A Server is an application over its data. It is an [http.Handler].
type Server struct {
	options Options
	name    string
	log     *slog.Logger
	db      *sql.DB
	books   Books
	office  *Office
	lists   *lists
	guard   *citycode.ReplayGuard
	cache   *citycode.Cache
	// verifyAgain says that the lists are taken and the terminals' verifier, or the
	// archive, does not have them yet.
	verifyAgain atomic.Bool
	judges      judges
	slips       *scenarios.Slips
	answers     *answers
	counts      counts

	prefixes  atomic.Pointer[[]int] // lengths of a partner's code in front of a text
	terminals map[string]*terminal
	order     []*terminal // as configured

	mux     *http.ServeMux
	allowed map[string][]string // methods of each path
	slots   chan struct{}       // holds an element for each request

	stopping context.Context // ends when what is being worked on is given up
	stop     context.CancelFunc
	working  sync.WaitGroup
	close    func() error
}

// Open opens the data of an application and everything that it needs to serve.
// The caller closes the server.
func Open(ctx context.Context, app Application, o Options) (_ *Server, err error) {
	if o.Lists == "" || o.Data == "" {
		return nil, errors.New("service: a server needs lists and a data directory")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.maxJournal == 0 {
		o.maxJournal = maxJournal
	}
	s := &Server{options: o, name: app.Name, log: o.Log, terminals: make(map[string]*terminal), slots: make(chan struct{}, maxRequests),
		counts: counts{by: make(map[counted]int64)}}
	s.stopping, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	s.close = sync.OnceValue(s.closeAll)
	defer func() {
		if err != nil {
			s.Close()
			err = fmt.Errorf("%s: %w", app.Name, err)
		}
	}()
	if err := makeDir(o.Data); err != nil {
		return nil, err
	}
	if s.cache, err = citycode.NewCache(o.Cache); err != nil {
		return nil, err
	}
	if s.lists, err = openLists(ctx, o.Lists, filepath.Join(o.Data, "lists"), o.Engine); err != nil {
		return nil, err
	}
	s.judges = judges{archive: store.Archive{Dir: filepath.Join(o.Data, "archive")}, engine: o.Engine}
	if err := s.openBooks(ctx); err != nil {
		return nil, err
	}
	if s.office, err = app.Open(ctx, s.books); err != nil {
		return nil, err
	}
	if err := s.openTerminals(ctx, app.Terminals); err != nil {
		return nil, err
	}
	s.route()
	s.noteLists()
	s.Chores(ctx)
	return s, nil
}

func (s *Server) openBooks(ctx context.Context) (err error) {
	if s.db, err = openDatabase(ctx, filepath.Join(s.options.Data, s.name+".db")); err != nil {
		return err
	}
	events, err := eventlog.NewSQL(ctx, s.db)
	if err != nil {
		return err
	}
	// One writer needs one shard.
	accounts, err := sqlstore.Open(ctx, s.db, sqlstore.Options{Shards: 1})
	if err != nil {
		return err
	}
	s.books = Books{Events: events, Ledger: ledger.New(accounts), DB: s.db, Lists: s.lists.current, Judge: s.judges.verifier, Now: s.options.Now,
		Secret: func(name string, size int) ([]byte, error) {
			return secret(filepath.Join(s.options.Data, name+".key"), size)
		}}
	if s.answers, err = openAnswers(ctx, s.db, s.options.Now); err != nil {
		return err
	}
	slips, err := NewSlipStore(ctx, s.db)
	if err != nil {
		return err
	}
	s.slips = scenarios.NewSlips(scenarios.SlipConfig{Store: slips, Now: s.options.Now})
	return nil
}

// Close gives up what is still being worked on and closes the data. What was
// answered is there at the next Open. It may be called twice.
func (s *Server) Close() error { return s.close() }

func (s *Server) closeAll() error {
	s.stop()
	s.working.Wait()
	for _, t := range s.order {
		t.close()
	}
	if s.db == nil {
		return nil
	}
	return s.db.Close()
}

// Serve answers at a listener until ctx ends. Then it takes no more requests,
// and those that have begun get a moment to end.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      30*time.Second + requestTime,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	var chores sync.WaitGroup
	defer chores.Wait()
	ctx, stopChores := context.WithCancel(ctx)
	defer stopChores()
	for _, c := range append([]Chore{{"lists", reloadTime, func(ctx context.Context, _ time.Time) error { return s.Reload(ctx) }}}, s.office.Chores...) {
		chores.Go(func() { s.keepDoing(ctx, c) })
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	select {
	case err := <-done:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	// The context is over; what has begun gets a moment of its own.
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	if err := server.Shutdown(ending); err != nil {
		server.Close()
	}
	if err := <-done; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// keepDoing does a chore until ctx ends. It begins with a wait: Open has done
// it once.
func (s *Server) keepDoing(ctx context.Context, c Chore) {
	ticker := time.NewTicker(c.Every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			s.do(ctx, c)
		case <-ctx.Done():
			return
		}
	}
}

// do does a chore once. What could not be done is done the next time.
func (s *Server) do(ctx context.Context, c Chore) {
	ctx, cancel := context.WithTimeout(ctx, choreTime)
	defer cancel()
	if err := c.Do(ctx, s.options.Now()); err != nil && ctx.Err() == nil {
		s.log.Warn("chore not done", "chore", c.Name, "error", fmt.Sprintf("%.300s", err.Error()))
	}
}

// Chores does what the application does by itself, now. [Server.Serve] calls it
// by the computer's clock; whoever brings a clock of his own calls it when that
// has moved.
func (s *Server) Chores(ctx context.Context) {
	for _, c := range s.office.Chores {
		s.do(ctx, c)
	}
}

// Run opens an application, serves it at addr until ctx ends, and closes it. It
// writes one line with the address to out.
func Run(ctx context.Context, app Application, o Options, addr string, out io.Writer) error {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer listener.Close()
	s, err := Open(ctx, app, o)
	if err != nil {
		return err
	}
	defer s.Close()
	if _, err := fmt.Fprintf(out, "%s: http://%s\n", app.Name, listener.Addr()); err != nil {
		return err
	}
	return errors.Join(s.Serve(ctx, listener), s.Close())
}
