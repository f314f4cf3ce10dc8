package service

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"regexp"
	"sync"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/refserver/store"
	"github.com/citizencode/citizencode/scenarios"
)

var terminalForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$`)

// maxJournal is how many bytes a terminal's journal holds before it is begun
// anew with what can still be shown: 200,000 codes.
const maxJournal = 16 << 20

// A terminal is one lane of the server and its journal.
type terminal struct {
	*scenarios.Terminal
	name string

	mu      sync.Mutex
	journal *store.Journal
	limit   int64 // of its size, until it is begun anew
	server  *Server
	asked   *citycode.Challenge // drawn last, nil if none was
}

// openTerminals opens the journals, builds the replay guard from them, and then
// the terminals.
func (s *Server) openTerminals(ctx context.Context, names []string) error {
	if len(names) == 0 || len(names) > MaxTerminals {
		return fmt.Errorf("config.terminals: not 1 to %d", MaxTerminals)
	}
	dir := filepath.Join(s.options.Data, "journals")
	if err := makeDir(dir); err != nil {
		return err
	}
	for i, name := range names {
		if !terminalForm.MatchString(name) || s.terminals[name] != nil {
			return fmt.Errorf("config.terminals[%d]: no word of up to 64 small letters, digits and hyphens, or it stands twice", i)
		}
		journal, err := store.OpenJournal(ctx, filepath.Join(dir, name+".journal"))
		if err != nil {
			return err
		}
		t := &terminal{name: name, journal: journal, limit: s.options.maxJournal, server: s}
		s.terminals[name], s.order = t, append(s.order, t)
		if err := t.compact(); err != nil {
			return err
		}
	}
	var err error
	if s.guard, err = citycode.NewReplayGuard(citycode.ReplayConfig{Boot: s.options.Now(), Elapsed: s.options.Elapsed, Journal: s.accepted()}); err != nil {
		return err
	}
	for _, t := range s.order {
		if err := t.journal.Err(); err != nil {
			return err
		}
	}
	verifier, lists, err := s.verify(ctx)
	if err != nil {
		return err
	}
	// The terminals of a server are one station: they share the guard, so that
	// a screenshot opens one of them at most, and the offline allowance.
	allowance := scenarios.NewAllowance(s.office.Scenario.Describe().Offline)
	for _, t := range s.order {
		t.Terminal, err = scenarios.NewTerminal(scenarios.TerminalConfig{Name: t.name, Scenario: s.office.Scenario, Verifier: verifier, Lists: lists,
			// The scenario's online service is this server, and whoever asks has reached it.
			Online: func() bool { return true },
			Now:    s.options.Now, Journal: t, Allowance: allowance, Slips: s.slips})
		if err != nil {
			return err
		}
	}
	return nil
}

// accepted yields what every terminal has accepted.
func (s *Server) accepted() iter.Seq[citycode.Accepted] {
	return func(yield func(citycode.Accepted) bool) {
		for _, t := range s.order {
			for a := range t.journal.Accepted() {
				if !yield(a) {
					return
				}
			}
		}
	}
}

var errClosed = errors.New("service: the server has stopped")

// Append implements [scenarios.Journal].
func (t *terminal) Append(a citycode.Accepted) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.journal == nil {
		return errClosed
	}
	if err := t.journal.Append(a); err != nil {
		return err
	}
	return t.compact()
}

func (t *terminal) compact() error {
	if t.journal.Size() < t.limit {
		return nil
	}
	if err := t.journal.Compact(t.server.options.Now().Unix()); err != nil {
		return err
	}
	t.limit = max(t.server.options.maxJournal, 2*t.journal.Size()) // not at every code of a rush hour
	return nil
}

func (t *terminal) size() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.journal == nil {
		return 0
	}
	return t.journal.Size()
}

func (t *terminal) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.journal != nil {
		t.journal.Close()
		t.journal = nil
	}
}
