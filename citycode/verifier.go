package citycode

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/internal/pubkey"
)

// Clock tolerances (SPEC §5.9).
const (
	DefaultSkew = 30 * time.Second
	MaxSkew     = 2 * time.Minute
)

// A VerifierConfig is what a verifier knows. It is not changed while the
// verifier lives: new lists make a new verifier, which may share the guard.
type VerifierConfig struct {
	Trust *TrustList // required
	// Foreign holds the lists of other cities, each opened with the roots that
	// Trust grants it. A code of another city is taken only for what both list.
	Foreign []*TrustList
	// Snapshot, where a terminal has one, names the lists that belong together.
	// After it expires the terminal says trust-stale.
	Snapshot *Snapshot
	Status   []*StatusList // a credential whose list is missing has an unknown status
	Replay   *ReplayGuard  // required, unless
	// InsecureNoReplayGuard says that the caller refuses a second use by
	// other means, as a back office does.
	InsecureNoReplayGuard bool
	Profiles              []Profile        // nil: Profiles()
	Now                   func() time.Time // nil: time.Now
	// TimeFloor is the highest signed time that this terminal has ever
	// stored. The lists above are taken into account in any case.
	TimeFloor    time.Time
	PhoneSkew    time.Duration // how far a phone's clock may be ahead; 0: DefaultSkew
	TerminalSkew time.Duration // how far this terminal's clock may be off; 0: DefaultSkew
	// Cache makes the codes of citizens who come again cheaper. Verifiers may
	// share it, as they share the guard. nil: none.
	Cache *Cache
	// Hints makes [Verified.Hint] known, for about a twentieth of a verification: of
	// use where the codes are verified again in batches.
	Hints bool
}

// A Verifier decides about tokens. It performs no I/O, so it answers the same
// with and without a network. It is safe for concurrent use.
type Verifier struct {
	signatures   pubkey.Checker
	trust        *TrustList
	foreign      map[int]*TrustList
	snapshot     *Snapshot
	status       map[statusKey]*StatusList
	replay       *ReplayGuard
	scans        sync.Pool // of *scan
	batches      sync.Pool // of *worker
	profiles     profileSet
	now          func() time.Time
	floor        int64
	phoneSkew    int64
	terminalSkew int64
}

type statusKey struct {
	issuer KeyID
	list   uint8
}

// NewVerifier returns a verifier. It fails for a configuration that would
// accept more than the caller can have meant.
func NewVerifier(cfg VerifierConfig) (*Verifier, error) {
	if cfg.Trust == nil {
		return nil, errors.New("citycode: verifier: no trust list")
	}
	if (cfg.Replay == nil) != cfg.InsecureNoReplayGuard {
		return nil, errors.New("citycode: verifier: give either a replay guard or InsecureNoReplayGuard")
	}
	profiles, err := newProfileSet(cfg.Profiles)
	if err != nil {
		return nil, err
	}
	v := &Verifier{signatures: pubkey.Checker{Suite: cfg.Trust.suite, Hints: cfg.Hints}, trust: cfg.Trust, status: make(map[statusKey]*StatusList), replay: cfg.Replay, profiles: profiles, now: cfg.Now}
	if v.now == nil {
		v.now = time.Now
	}
	if v.phoneSkew, err = skewSeconds("phone", cfg.PhoneSkew); err != nil {
		return nil, err
	}
	if v.terminalSkew, err = skewSeconds("terminal", cfg.TerminalSkew); err != nil {
		return nil, err
	}
	if v.replay != nil {
		v.replay.cover(v.phoneSkew)
	}
	if err := v.addForeign(cfg.Foreign); err != nil {
		return nil, err
	}
	if err := v.checkEngine(); err != nil {
		return nil, err
	}
	v.adopt(cfg.Cache)
	// Lists of other cities do not move the floor: no other city may stop
	// this one's terminals by a date in the future.
	v.floor = max(v.floor, cfg.Trust.issuedAt)
	if !cfg.TimeFloor.IsZero() {
		v.floor = max(v.floor, cfg.TimeFloor.Unix())
	}
	for _, l := range cfg.Status {
		if l == nil {
			return nil, errors.New("citycode: verifier: a status list is missing")
		}
		key := statusKey{l.Issuer(), l.List()}
		if v.status[key] != nil {
			return nil, fmt.Errorf("citycode: verifier: two status lists %d of %s", l.List(), l.Issuer())
		}
		v.status[key] = l
		if l.Issuer().City() == cfg.Trust.city {
			v.floor = max(v.floor, int64(l.head.IssuedAt))
		}
	}
	if err := v.addSnapshot(cfg); err != nil {
		return nil, err
	}
	return v, nil
}

func skewSeconds(what string, d time.Duration) (int64, error) {
	switch {
	case d == 0:
		d = DefaultSkew
	case d < 0 || d > MaxSkew:
		return 0, fmt.Errorf("citycode: verifier: %s skew of %s is not in 0..%s", what, d, MaxSkew)
	}
	return int64(d / time.Second), nil
}

// lists returns the city's own trust list and those of others.
func (v *Verifier) lists() []*TrustList {
	return append([]*TrustList{v.trust}, slices.Collect(maps.Values(v.foreign))...)
}

func (v *Verifier) addForeign(lists []*TrustList) error {
	v.foreign = make(map[int]*TrustList)
	for _, l := range lists {
		if l == nil {
			return errors.New("citycode: verifier: a foreign trust list is missing")
		}
		grant, ok := v.trust.Grant(l.city)
		if !ok || !grant.sameRoots(&l.roots) {
			return fmt.Errorf("citycode: verifier: the trust list of city %06d was not opened with roots that city %06d grants", l.city, v.trust.city)
		}
		if v.foreign[l.city] != nil {
			return fmt.Errorf("citycode: verifier: two trust lists of city %06d", l.city)
		}
		v.foreign[l.city] = l
	}
	return nil
}

func (v *Verifier) addSnapshot(cfg VerifierConfig) error {
	if v.snapshot = cfg.Snapshot; v.snapshot == nil {
		return nil
	}
	if !slices.Contains(v.snapshot.entries, v.trust.snapshotEntry()) {
		return fmt.Errorf("citycode: verifier: the snapshot does not name trust list %s", v.trust.version)
	}
	for _, l := range cfg.Status {
		// Lists of two days together say what no day said.
		if l.Issuer().City() == v.trust.city && !v.snapshot.names(l) {
			return fmt.Errorf("citycode: verifier: the snapshot does not name status list %d of %s, version %s", l.List(), l.Issuer(), l.Version())
		}
	}
	v.floor = max(v.floor, v.snapshot.issuedAt)
	return nil
}

// checkEngine refuses an engine that could only ever say bad-signature about the
// implicit codes of a listed key.
func (v *Verifier) checkEngine() error {
	if _, ok := v.signatures.Suite.Engine.(engine.Combiner); ok {
		return nil
	}
	for _, list := range v.lists() {
		for e := range list.keys() {
			if e.Use == UseImplicit {
				return fmt.Errorf("citycode: verifier: key %s: %w", e.ID, pubkey.ErrNoCombiner)
			}
		}
	}
	return nil
}

// TimeFloor returns the highest signed time that the verifier knows of, to be
// stored and given as [VerifierConfig].TimeFloor at the next start.
func (v *Verifier) TimeFloor() time.Time { return timeOf(v.floor) }

// PrefixSizes returns how many characters of a partner's code may stand in front
// of the text of a code that this verifier knows, ascending; the first is 0. A
// reader of texts tries them in this order (SPEC §9.2).
func (v *Verifier) PrefixSizes() []int {
	sizes := []int{0}
	for _, p := range v.profiles {
		sizes = append(sizes, p.PrefixSize)
	}
	slices.Sort(sizes)
	return slices.Compact(sizes)
}
