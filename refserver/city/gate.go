package city

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/foreign"
	"github.com/citizencode/citizencode/qr"
	"github.com/citizencode/citizencode/scenarios"
)

// A Gate is one lane of the city: a camera, a terminal, the lists that it
// holds and a network cable that can be pulled.
type Gate struct {
	ID   string // a word such as bus; empty for one that only the script has
	Name scenarios.Text

	city     *City
	station  *station
	scenario scenarios.Scenario
	action   string
	params   json.RawMessage
	engine   engine.Engine
	profiles []citycode.Profile     // nil: the standard's
	others   *foreign.Router[taker] // codes of others that are taken here; nil: none
	online   atomic.Bool
	off      atomic.Int64 // error of its clock, nanoseconds

	mu       sync.Mutex
	terminal *scenarios.Terminal
	trust    *citycode.TrustList
	status   map[citycode.KeyID]*citycode.StatusList
	abroad   []*citycode.TrustList
	floor    time.Time
	prefixes []int // lengths of a partner's code in front of a text
}

// A station is what gates that stand together share: the guard, so that a
// screenshot opens one of them at most, the journal, from which the guard is
// rebuilt, and the cache of citizens who come again.
type station struct {
	mu      sync.Mutex
	clock   *Clock
	guard   *citycode.ReplayGuard
	cache   *citycode.Cache
	journal []citycode.Accepted
	gates   []*Gate
}

func newStation(clock *Clock) (*station, error) {
	s := new(station)
	return s, s.start(clock, true)
}

// start makes the guard anew, as at a start: from the journal, or, when that is
// lost, without it.
func (s *station) start(clock *Clock, journal bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock = clock
	cfg := citycode.ReplayConfig{Boot: clock.Now(), Elapsed: clock.Elapsed}
	if journal {
		cfg.Journal = slices.Values(s.journal)
	} else {
		s.journal = nil
	}
	var err error
	if s.cache, err = citycode.NewCache(citycode.CacheConfig{}); err != nil {
		return err
	}
	s.guard, err = citycode.NewReplayGuard(cfg)
	return err
}

// reboot takes the power from every gate of the station and gives it back.
func (s *station) reboot(clock *Clock, journal bool) error {
	if err := s.start(clock, journal); err != nil {
		return err
	}
	for _, g := range s.gates {
		if err := g.start(); err != nil {
			return err
		}
	}
	return nil
}

// remembered is what the verifiers of all gates of the station share.
func (s *station) remembered() (*citycode.ReplayGuard, *citycode.Cache) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.guard, s.cache
}

// Append implements [scenarios.Journal]; now and then it drops what is too old
// to be shown again.
func (s *station) Append(a citycode.Accepted) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now().Unix()
	if len(s.journal) >= 1024 && len(s.journal) == cap(s.journal) {
		s.journal = slices.DeleteFunc(s.journal, func(old citycode.Accepted) bool { return old.Until < now })
	}
	s.journal = append(s.journal, a)
	return nil
}

// now is the gate's own time.
func (g *Gate) now() time.Time { return g.city.clock.Now().Add(time.Duration(g.off.Load())) }

// Online reports whether the gate has its network.
func (g *Gate) Online() bool { return g.online.Load() }

// SetOnline plugs the gate's network in or pulls it. A gate that gets its
// network back takes the newest lists at once.
func (g *Gate) SetOnline(online bool) error {
	g.online.Store(online)
	if !online {
		return nil
	}
	return g.update()
}

// update takes the newest lists, over the network or at the depot.
func (g *Gate) update() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.take(g.city.newest())
}

// take opens the lists of a bulletin, keeps them if they are good and not
// older than what the gate has, and verifies with them from now on.
func (g *Gate) take(b *bulletin) error {
	cfg := g.city.home.trustConfig()
	cfg.Engine = g.engine
	if g.trust != nil {
		cfg.Have = g.trust.Version()
	}
	trust, err := citycode.OpenTrustList(b.trust, cfg)
	if err != nil {
		return err
	}
	status := make(map[citycode.KeyID]*citycode.StatusList)
	if err := g.openStatus(status, b, trust); err != nil {
		return err
	}
	abroad, err := g.openForeign(status, b, trust)
	if err != nil {
		return err
	}
	g.trust, g.status, g.abroad = trust, status, abroad
	verifier, err := g.verifier()
	if err != nil {
		return err
	}
	if g.terminal == nil {
		return g.build(verifier)
	}
	g.terminal.SetVerifier(verifier, "")
	return nil
}

func (g *Gate) openStatus(into map[citycode.KeyID]*citycode.StatusList, b *bulletin, trust *citycode.TrustList) error {
	for _, msg := range b.status {
		l, err := citycode.OpenStatusList(msg, trust, citycode.Version{})
		if err != nil {
			return err
		}
		if have := g.status[l.Issuer()]; have != nil && l.Version().Before(have.Version()) {
			return errors.New("city: " + g.Name.En + ": an old status list was offered")
		}
		into[l.Issuer()] = l
	}
	return nil
}

// openForeign opens the lists of the cities that the own list grants something.
func (g *Gate) openForeign(status map[citycode.KeyID]*citycode.StatusList, b *bulletin, own *citycode.TrustList) (lists []*citycode.TrustList, err error) {
	for _, abroad := range b.foreign {
		grant, ok := own.Grant(Neighbour)
		if !ok {
			continue
		}
		var have citycode.Version
		for _, l := range g.abroad {
			have = l.Version()
		}
		trust, err := citycode.OpenTrustList(abroad.trust, grant.TrustConfig(have, g.engine))
		if err != nil {
			return nil, err
		}
		if err := g.openStatus(status, abroad, trust); err != nil {
			return nil, err
		}
		lists = append(lists, trust)
	}
	return lists, nil
}

// start builds the gate as after a power cut: with the lists and the time
// floor that it has on disk.
func (g *Gate) start() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	verifier, err := g.verifier()
	if err != nil {
		return err
	}
	return g.build(verifier)
}

func (g *Gate) verifier() (*citycode.Verifier, error) {
	cfg := citycode.VerifierConfig{Trust: g.trust, Foreign: g.abroad, Profiles: g.profiles, Now: g.now, TimeFloor: g.floor}
	cfg.Replay, cfg.Cache = g.station.remembered()
	for _, l := range g.status {
		cfg.Status = append(cfg.Status, l)
	}
	v, err := citycode.NewVerifier(cfg)
	if err == nil {
		g.floor, g.prefixes = v.TimeFloor(), v.PrefixSizes()
	}
	return v, err
}

func (g *Gate) build(v *citycode.Verifier) (err error) {
	g.terminal, err = scenarios.NewTerminal(scenarios.TerminalConfig{Name: g.Name.En, Scenario: g.scenario, Journal: g.station,
		Verifier: v, Online: g.Online, Now: g.now})
	return err
}

// Scan decides about a picture file in front of the gate's camera, with the
// action that the gate is for. An error that is a *qr.Error is about the file;
// any other is a fault.
func (g *Gate) Scan(ctx context.Context, picture []byte, o qr.ReadOptions) (*scenarios.Decision, error) {
	g.mu.Lock()
	terminal, sizes := g.terminal, g.prefixes
	g.mu.Unlock()
	token, prefix, stranger, refused, err := read(picture, sizes, o)
	if refused != nil && g.others != nil {
		if take, code, notServed := g.others.Route(stranger); notServed == nil {
			return take(code.Bytes())
		}
	}
	if refused != nil || err != nil {
		return refused, err
	}
	return terminal.Decide(ctx, scenarios.Request{Code: token, Prefix: prefix, Action: g.action, Params: g.params})
}
