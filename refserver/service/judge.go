package service

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/refserver/store"
	"github.com/citizencode/citizencode/scenarios"
)

// maxJudges bounds how many sets of lists are open for judging again.
const maxJudges = 4

// judges verify again what was decided by the lists of a moment.
type judges struct {
	archive store.Archive
	engine  engine.Engine

	mu   sync.Mutex
	open []judge // the last used last
}

type judge struct {
	lists    string
	verifier *citycode.Verifier
}

// verifier returns a verifier for a set of lists that was in use, without a replay
// guard and without the cache of the gates: another trust list would empty it. The
// error is fs.ErrNotExist if the set is not kept, or damaged.
func (j *judges) verifier(ctx context.Context, name string) (*citycode.Verifier, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if i := slices.IndexFunc(j.open, func(k judge) bool { return k.lists == name }); i >= 0 {
		found := j.open[i]
		j.open = append(slices.Delete(j.open, i, i+1), found)
		return found.verifier, nil
	}
	lists, profiles, err := j.archive.Open(ctx, name, j.engine)
	var damage *store.DamagedError
	var stale *store.StaleError
	if errors.As(err, &damage) || errors.As(err, &stale) {
		// A set that is lost must not stop what does not need it.
		return nil, fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	} else if err != nil {
		return nil, err
	}
	cfg := lists.Config()
	cfg.Profiles, cfg.InsecureNoReplayGuard = profiles, true
	v, err := citycode.NewVerifier(cfg)
	if err != nil {
		return nil, err
	}
	if len(j.open) == maxJudges {
		j.open = slices.Delete(j.open, 0, 1)
	}
	j.open = append(j.open, judge{name, v})
	return v, nil
}

// records reports whether the scenario keeps codes to be verified again.
func (s *Server) records() bool {
	return s.office.Scenario.Describe().Claims&scenarios.ShownCode != 0
}

// keepLists archives the lists in use, where codes are recorded that name them.
// Gates go on without: what they record then can not be judged again.
func (s *Server) keepLists(ctx context.Context, held *store.Lists, profiles []citycode.Profile) string {
	if !s.records() {
		return ""
	}
	name, err := s.judges.archive.Keep(ctx, s.lists.state, held, profiles, s.options.Now())
	if err != nil {
		s.log.Warn("lists not archived", "error", fmt.Sprintf("%.300s", err.Error()))
	}
	return name
}
