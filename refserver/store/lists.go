package store

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
)

// Lists are everything that a terminal needs to decide alone: a whole set,
// whose lists were verified together. It is not changed any more.
type Lists struct {
	Roots    *Roots
	Trust    *citycode.TrustList
	Snapshot *citycode.Snapshot     // nil: the city publishes none
	Foreign  []*citycode.TrustList  // of the cities that Trust grants something
	Status   []*citycode.StatusList // of all these cities
	Floor    time.Time              // highest signed time ever stored
	// First says that there was no earlier set: older lists, if there were
	// any, could not have been told from these.
	First bool
	// Refused says what was offered and not taken. A list that is refused never
	// replaces the one in use: these are the last good ones.
	Refused []error
}

// Config returns what a verifier takes from the lists. The caller adds a guard
// and whatever else it has.
func (l *Lists) Config() citycode.VerifierConfig {
	return citycode.VerifierConfig{Trust: l.Trust, Snapshot: l.Snapshot, Foreign: l.Foreign, Status: l.Status, TimeFloor: l.Floor}
}

// A ListsConfig says which lists to open.
type ListsConfig struct {
	Dir string // the city's public directory
	// State is where the terminal keeps the last good set of lists and the
	// highest versions and time that it has accepted (see [Holding]). If it is
	// empty nothing is kept, and a list that is put back goes unseen.
	State  string
	Engine engine.Engine // nil: the default
}

// OpenLists opens and verifies the lists of a directory. Where there is a state
// and the directory holds nothing that can be taken, the last good set stays in
// use. A *StaleError says that there was such a set and it is lost.
func OpenLists(ctx context.Context, cfg ListsConfig) (*Lists, error) {
	if cfg.State == "" {
		roots, err := ReadRoots(filepath.Join(cfg.Dir, RootsName))
		if err != nil {
			return nil, err
		}
		b, err := ReadBulletin(cfg.Dir, roots.City, roots.Epoch)
		if err != nil {
			return nil, err
		}
		s, err := (&set{roots: roots, engine: cfg.Engine}).next(b)
		if err != nil {
			return nil, err
		}
		s.lists.Floor = time.Time{} // nothing is stored
		return s.lists, nil
	}
	h, err := OpenHolding(ctx, cfg.State, cfg.Engine)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	return h.updateFrom(cfg.Dir)
}

// OpenTrust opens the trust list of a directory alone, behind the root changes
// that stand beside it.
func OpenTrust(dir string) (*Lists, error) { return OpenTrustFile(dir, TrustName) }

// OpenTrustFile is [OpenTrust] for a list that stands under another name.
func OpenTrustFile(dir, name string) (*Lists, error) {
	roots, err := ReadRoots(filepath.Join(dir, RootsName))
	if err != nil {
		return nil, err
	}
	changes, err := readChanges(dir, roots.Epoch)
	if err != nil {
		return nil, err
	}
	if roots, err = roots.follow(changes); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, name)
	msg, err := ReadFile(path, citycode.MaxTrustMessage)
	if err != nil {
		return nil, err
	}
	trust, err := openTrust(Message{path, msg}, roots.Config())
	if err != nil {
		return nil, err
	}
	return &Lists{Roots: roots, Trust: trust}, nil
}

func openTrust(m Message, cfg citycode.TrustConfig) (*citycode.TrustList, error) {
	trust, err := citycode.OpenTrustList(m.Bytes, cfg)
	var refused *citycode.ListError
	switch {
	case errors.As(err, &refused):
		return nil, &DamagedError{m.Name, err}
	case err != nil: // the roots cannot be roots
		return nil, &DamagedError{filepath.Join(filepath.Dir(m.Name), RootsName), err}
	}
	return trust, nil
}

// OpenStatus opens one status list of a directory under a trust list, as it is
// behind its delta, and as it is without.
func OpenStatus(dir string, trust *citycode.TrustList, issuer citycode.KeyID, list uint8) (current, whole *citycode.StatusList, err error) {
	p, err := readPublication(dir, trust.City())
	if err != nil {
		return nil, nil, err
	}
	name := statusName{issuer, list}
	of := func(messages []Message) []Message {
		return slices.DeleteFunc(messages, func(m Message) bool { says, _ := m.about(); return says != name })
	}
	found := of(p.Status)
	if len(found) == 0 {
		return nil, nil, p.missing(StatusName(issuer, list))
	}
	k := chain{whole: found[0]}
	if whole, err = k.open(trust); err != nil {
		return nil, nil, err
	}
	current, _, err = advance(trust, []way{{k, whole}}, of(p.Deltas))
	return current, whole, err
}

// OpenForeign opens the lists of another city in a directory under what it is
// granted.
func OpenForeign(dir string, g citycode.Grant) (*Lists, error) {
	p, err := readPublication(dir, g.City)
	if err != nil {
		return nil, err
	}
	c, err := openCity(g.TrustConfig(citycode.Version{}, nil), p, nil, marks{}, false)
	if err != nil {
		return nil, err
	}
	return &Lists{Trust: c.trust, Status: c.status}, nil
}
