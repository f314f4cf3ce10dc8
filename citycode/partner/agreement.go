package partner

import (
	"fmt"
	"math/bits"
	"time"

	"github.com/citizencode/citizencode/citycode"
)

// CitizenCode is the scheme of this standard, beside those of partners.
const CitizenCode = "citizen-code"

// MaxAgreements bounds [NewAgreements].
const MaxAgreements = 1 << 16

// A Site is what an agreement is about.
type Site struct {
	Operator string          // who runs it
	Place    string          // line, lot, gate; as the operator names it
	Scene    citycode.Scenes // one group
}

// An Agreement gives a site to a partner's own code for a time: a contract that
// was there before the citizen code and has not run out (切换).
type Agreement struct {
	Site   Site
	Scheme string    // of the partner's code, as wallet and recogniser call it
	Until  time.Time // from this moment on the citizen code is shown and taken
}

// Agreements say for every site which code is shown and taken there. What
// changes at the end of one is the time, and nothing else: no program, no key and
// no credential. They are immutable and safe for concurrent use.
type Agreements struct{ bySite map[Site]Agreement }

// NewAgreements returns the listed agreements, at most one for each site.
func NewAgreements(list ...Agreement) (*Agreements, error) {
	if len(list) > MaxAgreements {
		return nil, fmt.Errorf("partner: %d agreements, at most %d", len(list), MaxAgreements)
	}
	a := &Agreements{make(map[Site]Agreement)}
	for _, g := range list {
		switch {
		case g.Site.Operator == "" || g.Site.Place == "" || bits.OnesCount16(uint16(g.Site.Scene)) != 1:
			return nil, fmt.Errorf("partner: an agreement needs an operator, a place and one scene group, not %q, %q and %s", g.Site.Operator, g.Site.Place, g.Site.Scene)
		case g.Scheme == "" || g.Scheme == CitizenCode:
			return nil, fmt.Errorf("partner: the agreement for %q names no code of a partner", g.Site.Place)
		// One without an end would keep the citizen code out for good by a field
		// that was left empty.
		case g.Until.IsZero():
			return nil, fmt.Errorf("partner: the agreement for %q has no end", g.Site.Place)
		}
		if _, twice := a.bySite[g.Site]; twice {
			return nil, fmt.Errorf("partner: two agreements for %q and %s", g.Site.Place, g.Site.Scene)
		}
		a.bySite[g.Site] = g
	}
	return a, nil
}

// Shown returns the scheme whose code a wallet shows at a site: the partner's
// before the end of its agreement, and [CitizenCode] from then on and everywhere else.
func (a *Agreements) Shown(s Site, now time.Time) string {
	if g, ok := a.bySite[s]; ok && now.Before(g.Until) {
		return g.Scheme
	}
	return CitizenCode
}

// Taken reports, as an *Error with [Exclusive], that a gate at the site must not
// take the citizen code yet. It is asked before the verifier, so that a code is
// not used up.
func (a *Agreements) Taken(s Site, now time.Time) error {
	if scheme := a.Shown(s, now); scheme != CitizenCode {
		return &Error{Partner: scheme, Reason: Exclusive, Err: fmt.Errorf("until %s", a.bySite[s].Until.UTC().Format(time.RFC3339))}
	}
	return nil
}
