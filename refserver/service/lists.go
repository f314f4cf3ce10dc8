package service

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/refserver/store"
)

// maxListed bounds how many files of a directory are looked at for a change.
const maxListed = 10_000

// lists are the signed lists of a city's public directory, as they were last
// good.
type lists struct {
	dir    string
	state  string
	engine engine.Engine

	mu       sync.Mutex
	seen     string // of the files when they were read last
	held     *store.Lists
	profiles []citycode.Profile
}

// openLists opens the lists of a directory, or the last good ones.
func openLists(ctx context.Context, dir, state string, e engine.Engine) (*lists, error) {
	l := &lists{dir: store.PublicDir(dir), state: state, engine: e}
	_, err := l.update(ctx)
	return l, err
}

// update takes the lists again if a file has changed. It is true if a verifier
// has to be made anew.
func (l *lists) update(ctx context.Context) (changed bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	// Looked at before they are read: what changes meanwhile is read next time.
	seen := l.look()
	if l.held != nil && seen == l.seen {
		return false, nil
	}
	profiles, err := store.ReadProfiles(l.dir)
	if err != nil {
		return false, err
	}
	held, err := store.OpenLists(ctx, store.ListsConfig{Dir: l.dir, State: l.state, Engine: l.engine})
	if err != nil {
		return false, err
	}
	l.seen, l.held, l.profiles = seen, held, profiles
	return true, nil
}

// look describes the files of the directory and of the cities beside it.
func (l *lists) look() string {
	var b strings.Builder
	n := 0
	filepath.WalkDir(l.dir, func(path string, d fs.DirEntry, err error) error {
		if n++; err != nil || n > maxListed {
			fmt.Fprintf(&b, "%s: not read\n", path)
			return fs.SkipAll
		}
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			fmt.Fprintf(&b, "%s %d %d\n", path, info.Size(), info.ModTime().UnixNano())
		}
		return nil
	})
	return b.String()
}

func (l *lists) current() *store.Lists {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.held
}

// use returns what a verifier is made of.
func (l *lists) use() (*store.Lists, []citycode.Profile) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.held, l.profiles
}

// verify returns a verifier for the lists as they are, and their name in the
// archive.
func (s *Server) verify(ctx context.Context) (v *citycode.Verifier, lists string, err error) {
	s.verifyAgain.Store(true) // until all of it has worked
	held, profiles := s.lists.use()
	cfg := held.Config()
	cfg.Profiles, cfg.Now, cfg.Replay, cfg.Cache, cfg.Hints = profiles, s.options.Now, s.guard, s.cache, s.records()
	if v, err = citycode.NewVerifier(cfg); err != nil {
		return nil, "", err
	}
	s.prefixes.Store(new(v.PrefixSizes()))
	lists = s.keepLists(ctx, held, profiles)
	s.verifyAgain.Store(s.records() && lists == "")
	return v, lists, nil
}

// Reload takes the lists again if they have changed, and lets every terminal
// verify with them. [Server.Serve] calls it every few seconds. After an error
// the terminals go on with what they have.
func (s *Server) Reload(ctx context.Context) error {
	changed, err := s.lists.update(ctx)
	if err != nil || !changed && !s.verifyAgain.Load() {
		return err
	}
	verifier, name, err := s.verify(ctx)
	if err != nil {
		return err
	}
	for _, t := range s.order {
		t.SetVerifier(verifier, name)
	}
	s.noteLists()
	return nil
}

// noteLists says in the log which lists are in use, and which were not taken.
func (s *Server) noteLists() {
	held := s.lists.current()
	s.log.Info("lists", "trust", held.Trust.Version().String(), "status", len(held.Status), "refused", len(held.Refused))
	for _, err := range held.Refused {
		s.log.Warn("list not taken", "error", err)
	}
}
