package fare

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/citizencode/citizencode/scenarios/transit/gtfs"
)

// The defaults of a Config.
const (
	DefaultMaxRide    = 4 * time.Hour
	DefaultJoinWithin = 30 * time.Minute
)

// A Config says what the feed cannot. The zero value is a day from midnight to
// midnight, the default times, computed maximum fares and no autofill.
type Config struct {
	// DayStart is when the service day begins, after local midnight and before
	// the next, as 3 hours for a day from 03:00 to 03:00.
	DayStart time.Duration
	// MaxRide is the longest time between an entry and its exit; 0 means
	// DefaultMaxRide.
	MaxRide time.Duration
	// Reentry is how long a second entry at a station replaces the first, for
	// riders who try another gate; 0 means never.
	Reentry time.Duration
	// JoinWithin is the longest time out of a station for a join rule; 0 means
	// DefaultJoinWithin.
	JoinWithin time.Duration
	// MaxFare is what an incomplete leg costs by network in fen. A network that
	// is not here costs the highest fare that the rider can pay in it.
	MaxFare  map[string]int64
	Autofill Autofill
}

// A ConfigError refuses a Config.
type ConfigError struct {
	Field string // as "DayStart"
	Err   error
}

// Error names the field.
func (e *ConfigError) Error() string { return fmt.Sprintf("fare: %s: %v", e.Field, e.Err) }

// Unwrap returns the detail.
func (e *ConfigError) Unwrap() error { return e.Err }

// An Engine computes fares by one feed. It never changes, so any number of
// goroutines may use it.
type Engine struct {
	feed     *gtfs.Feed
	cfg      Config
	rules    map[ruleKey][]int // in feed.LegRules
	networks map[string]bool   // that a leg rule names
	from, to map[string]bool   // areas that a leg rule names
	products map[string][]string
	standard map[string]bool // default rider categories
	// Transfer rules by their groups, and the groups that are named in each column.
	transfers            map[groups][]gtfs.FareTransferRule
	fromGroups, toGroups map[string]bool
	discounts            bool // a transfer may cost less than nothing
}

// A ruleKey is what a leg rule matches, with "" as the feed has it.
type ruleKey struct{ network, from, to string }

// A groups is the two leg groups of a transfer rule.
type groups struct{ from, to string }

// New returns the engine of a feed. The error is a [*ConfigError].
func New(feed *gtfs.Feed, cfg Config) (*Engine, error) {
	if cfg.DayStart < 0 || cfg.DayStart >= 24*time.Hour {
		return nil, &ConfigError{"DayStart", errors.New("it is not within a day")}
	}
	for _, d := range []struct {
		field    string
		value    *time.Duration
		standard time.Duration
	}{{"MaxRide", &cfg.MaxRide, DefaultMaxRide}, {"Reentry", &cfg.Reentry, 0}, {"JoinWithin", &cfg.JoinWithin, DefaultJoinWithin}} {
		if *d.value < 0 {
			return nil, &ConfigError{d.field, errors.New("it is negative")}
		}
		if *d.value == 0 {
			*d.value = d.standard
		}
	}
	for network, fen := range cfg.MaxFare {
		if _, ok := feed.Network(network); !ok {
			return nil, &ConfigError{"MaxFare", fmt.Errorf("there is no network %q", network)}
		}
		if fen < 0 || fen > gtfs.MaxAmount {
			return nil, &ConfigError{"MaxFare", fmt.Errorf("%d fen for %q", fen, network)}
		}
	}
	if cfg.Autofill.PerMonth < 0 || cfg.Autofill.UsualRides < 0 {
		return nil, &ConfigError{"Autofill", errors.New("it is negative")}
	}
	cfg.MaxFare = maps.Clone(cfg.MaxFare)
	e := &Engine{feed: feed, cfg: cfg, rules: make(map[ruleKey][]int),
		networks: make(map[string]bool), from: make(map[string]bool), to: make(map[string]bool),
		products: make(map[string][]string), standard: make(map[string]bool),
		transfers: make(map[groups][]gtfs.FareTransferRule), fromGroups: make(map[string]bool), toGroups: make(map[string]bool)}
	type product struct{ network, id string }
	seen := make(map[product]bool)
	for i, r := range feed.LegRules() {
		key := ruleKey{r.Network, r.From, r.To}
		e.rules[key] = append(e.rules[key], i)
		e.networks[r.Network], e.from[r.From], e.to[r.To] = true, true, true
		if p := (product{r.Network, r.Product}); !seen[p] {
			seen[p] = true
			e.products[r.Network] = append(e.products[r.Network], r.Product)
		}
	}
	for _, c := range feed.Categories() {
		e.standard[c.ID] = c.Default
	}
	for _, r := range feed.TransferRules() {
		key := groups{r.From, r.To}
		e.transfers[key] = append(e.transfers[key], r)
		e.fromGroups[r.From], e.toGroups[r.To] = true, true
		for _, p := range feed.Products(r.Product) {
			e.discounts = e.discounts || p.Fen < 0
		}
	}
	return e, nil
}

// ServiceDay returns the service day that a time lies in.
func (e *Engine) ServiceDay(at time.Time) gtfs.Date {
	return gtfs.DateOf(at.In(e.feed.Location()).Add(-e.cfg.DayStart))
}

// category returns the rider category that counts at a time, or none and why.
func (e *Engine) category(r Rider, at time.Time) (category string, without StepKind) {
	if r.Category == "" {
		return "", ""
	}
	if !at.Before(r.Until) {
		return "", ConcessionExpired
	}
	if _, known := e.feed.Category(r.Category); !known {
		return "", ConcessionUnknown
	}
	return r.Category, ""
}

// covers reports whether something for one rider category, or for all where it
// is empty, is for a rider of another.
func (e *Engine) covers(category, rider string) bool {
	return category == "" || category == rider || e.standard[category]
}

// price returns the least that a rider pays for a product, or false where the
// product is not for him.
func (e *Engine) price(product, category, media string) (best gtfs.FareProduct, ok bool) {
	for _, p := range e.feed.Products(product) {
		if e.covers(p.Category, category) && (p.Media == "" || p.Media == media) && (!ok || p.Fen < best.Fen) {
			best, ok = p, true
		}
	}
	return best, ok
}

// An offer is a leg rule that matches a leg, at the rider's price.
type offer struct {
	rule  gtfs.FareLegRule
	price gtfs.FareProduct
}

// offers returns the leg rules that match a leg: the cheapest of each leg
// group, because rules of one group open the same transfers.
func (e *Engine) offers(l *Leg) []offer {
	category, _ := e.category(l.Rider, l.Start())
	var found []offer
	highest := 0
	for _, network := range e.values(e.networks, l.Network) {
		for _, from := range e.areas(e.from, l.From) {
			for _, to := range e.areas(e.to, l.To) {
				for _, i := range e.rules[ruleKey{network, from, to}] {
					r := e.feed.LegRules()[i]
					if !e.within(r.FromTimeframe, l.Entry) || !e.within(r.ToTimeframe, l.Exit) {
						continue
					}
					if price, ok := e.price(r.Product, category, l.Rider.Media); ok {
						found = append(found, offer{r, price})
						highest = max(highest, r.Priority)
					}
				}
			}
		}
	}
	found = slices.DeleteFunc(found, func(o offer) bool { return o.rule.Priority < highest })
	slices.SortFunc(found, func(a, b offer) int {
		return cmp.Or(cmp.Compare(a.price.Fen, b.price.Fen), a.rule.Ref.Line-b.rule.Ref.Line)
	})
	seen := make(map[string]bool, 1)
	return slices.DeleteFunc(found, func(o offer) bool {
		twice := seen[o.rule.Group]
		seen[o.rule.Group] = true
		return twice
	})
}

// values returns what a network is called in the rules that match it. With
// priorities an empty value matches everything; without, what no rule names.
func (e *Engine) values(named map[string]bool, value string) []string {
	switch {
	case value == "" || !named[value]:
		return []string{""}
	case e.feed.HasPriority():
		return []string{value, ""}
	}
	return []string{value}
}

// areas is values for the areas of a stop: without priorities an empty value
// matches a stop none of whose areas is named.
func (e *Engine) areas(named map[string]bool, stop string) []string {
	var found []string
	for _, area := range e.feed.StopAreas(stop) {
		if named[area] {
			found = append(found, area)
		}
	}
	if len(found) == 0 || e.feed.HasPriority() {
		found = append(found, "")
	}
	return found
}

// within reports whether a time is in a timeframe group. An unknown time is in none.
func (e *Engine) within(group string, at time.Time) bool {
	return group == "" || !at.IsZero() && e.feed.InTimeframe(group, at)
}

// maxFare returns the highest fare of a network for a rider, or false where the
// network has none.
func (e *Engine) maxFare(network, category, media string) (highest gtfs.FareProduct, ok bool) {
	if fen, configured := e.cfg.MaxFare[network]; configured {
		return gtfs.FareProduct{Fen: fen}, true
	}
	for _, key := range e.values(e.networks, network) {
		for _, product := range e.products[key] {
			if p, can := e.price(product, category, media); can && (!ok || p.Fen > highest.Fen) {
				highest, ok = p, true
			}
		}
	}
	return highest, ok
}
