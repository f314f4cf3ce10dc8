package service

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/scenarios"
)

// description is what a scenario declares, in words.
type description struct {
	ID       scenarios.ID        `json:"id"`
	Purpose  scenarios.Text      `json:"purpose"`
	Group    scenarios.Text      `json:"group"`
	Audience string              `json:"audience"`
	Actions  []string            `json:"actions"`
	Carriers []string            `json:"carriers"`
	Identity string              `json:"identity"`
	Claims   []string            `json:"claims"`
	Offline  *offlineDescription `json:"offline,omitempty"` // absent: online only
	Serves   []string            `json:"terminals"`
}

type offlineDescription struct {
	Unlimited      bool  `json:"unlimited"`
	Uses           int   `json:"uses"` // between two online contacts
	Fen            int64 `json:"fen"`
	SpacingSeconds int64 `json:"spacingSeconds"`
}

var identityWords = []string{"anonymous", "pseudonym", "record"}

func (s *Server) describe(context.Context, *Call) (description, error) {
	what := s.office.Scenario.Describe()
	d := description{ID: s.office.Scenario.ID(), Purpose: what.Purpose, Group: what.Group.Text(), Audience: what.Audience.String(),
		Actions: what.Actions, Identity: identityWords[what.Identity], Carriers: []string{}, Claims: []string{}}
	for _, c := range scenarios.AllCarriers() {
		if what.Carriers.Has(c) {
			d.Carriers = append(d.Carriers, c.String())
		}
	}
	if what.Claims&scenarios.BenefitClass != 0 {
		d.Claims = append(d.Claims, "benefit-class")
	}
	if what.Claims&scenarios.PartnerCode != 0 {
		d.Claims = append(d.Claims, "partner-code")
	}
	if what.Claims&scenarios.ShownCode != 0 {
		d.Claims = append(d.Claims, "shown-code")
	}
	if o := what.Offline; o.Policy != scenarios.OnlineOnly {
		d.Offline = &offlineDescription{o.Policy == scenarios.Unlimited, o.Uses, o.Fen, int64(o.Spacing / time.Second)}
	}
	for _, t := range s.order {
		d.Serves = append(d.Serves, t.name)
	}
	return d, nil
}

// health is whether the server can serve, and why not.
type health struct {
	OK       bool            `json:"ok"`
	Problems []string        `json:"problems"` // one word each
	Scenario scenarios.ID    `json:"scenario"`
	Now      time.Time       `json:"now"`
	Clock    clockHealth     `json:"clock"`
	Lists    []listHealth    `json:"lists"`
	Refused  int             `json:"listsRefused"` // newer ones that were not taken
	Journals []journalHealth `json:"journals"`
	Guarded  int             `json:"guarded"` // credentials that the replay guard remembers
	Cache    cacheHealth     `json:"cache"`
}

// HTTPStatus is what a load balancer looks at.
func (h health) HTTPStatus() int {
	if h.OK {
		return http.StatusOK
	}
	return http.StatusServiceUnavailable
}

type clockHealth struct {
	Floor time.Time `json:"floor"` // the highest signed time: it is not earlier than that
	OK    bool      `json:"ok"`
}

type listHealth struct {
	List       string    `json:"list"` // trust, or status of a key
	City       int       `json:"city"`
	Version    string    `json:"version"`
	AgeSeconds int64     `json:"ageSeconds"`
	Expires    time.Time `json:"expires"`
}

// cacheHealth is what is remembered of citizens who come again.
type cacheHealth struct {
	Credentials int `json:"credentials"`
	Bytes       int `json:"bytes"`
	MostBytes   int `json:"mostBytes"`
}

type journalHealth struct {
	Terminal string `json:"terminal"`
	Bytes    int64  `json:"bytes"`
}

func (s *Server) health(ctx context.Context, _ *Call) (health, error) {
	now, held := s.options.Now().UTC(), s.lists.current()
	h := health{Scenario: s.office.Scenario.ID(), Now: now, Refused: len(held.Refused), Guarded: s.guard.Len(), Problems: []string{}}
	fail := func(when bool, reason string) {
		if when {
			h.Problems = append(h.Problems, reason)
		}
	}
	h.Clock = clockHealth{held.Floor.UTC(), !now.Before(held.Floor.Add(-citycode.DefaultSkew))}
	fail(!h.Clock.OK, citycode.TerminalClockWrong.String())
	fail(now.After(held.Trust.Expires()) || held.Snapshot != nil && now.After(held.Snapshot.Expires()), citycode.TrustStale.String())
	fail(s.db.PingContext(ctx) != nil, "storage")
	age := func(from time.Time) int64 { return int64(now.Sub(from) / time.Second) }
	for _, trust := range append([]*citycode.TrustList{held.Trust}, held.Foreign...) {
		h.Lists = append(h.Lists, listHealth{"trust", trust.City(), trust.Version().String(), age(trust.IssuedAt()), trust.Expires().UTC()})
	}
	for _, l := range held.Status {
		h.Lists = append(h.Lists, listHealth{fmt.Sprintf("status %s#%d", l.Issuer(), l.List()), l.Issuer().City(), l.Version().String(), age(l.IssuedAt()), l.Expires().UTC()})
	}
	for _, t := range s.order {
		h.Journals = append(h.Journals, journalHealth{t.name, t.size()})
	}
	h.Cache.Credentials = s.cache.Len()
	h.Cache.Bytes, h.Cache.MostBytes = s.cache.Bytes()
	h.OK = len(h.Problems) == 0
	return h, nil
}

// metrics are numbers since the start; never a person.
type metrics struct {
	Decisions []decisionMetric   `json:"decisions"`
	Scenario  []scenarios.Metric `json:"scenario"`
}

type decisionMetric struct {
	Terminal string `json:"terminal"`
	Reason   string `json:"reason"`
	Repeated bool   `json:"repeated,omitempty"`
	Count    int64  `json:"count"`
}

func (s *Server) metrics(context.Context, *Call) (metrics, error) {
	m := metrics{Decisions: []decisionMetric{}, Scenario: []scenarios.Metric{}}
	s.counts.mu.Lock()
	for k, n := range s.counts.by {
		m.Decisions = append(m.Decisions, decisionMetric{k.terminal, k.reason, k.repeated, n})
	}
	s.counts.mu.Unlock()
	slices.SortFunc(m.Decisions, func(a, b decisionMetric) int {
		return cmp.Or(cmp.Compare(a.Terminal, b.Terminal), cmp.Compare(a.Reason, b.Reason), boolCompare(a.Repeated, b.Repeated))
	})
	if meter, ok := s.office.Scenario.(scenarios.Meter); ok {
		m.Scenario = append(m.Scenario, meter.Metrics()...)
	}
	return m, nil
}

func boolCompare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}

// totals are the two sides of all books, in fen. They are equal, or the store
// is damaged.
type totals struct {
	Debit  int64 `json:"debit"`
	Credit int64 `json:"credit"`
	Net    int64 `json:"net"`
}

func (s *Server) totals(ctx context.Context, _ *Call) (totals, error) {
	b, err := s.books.Ledger.Totals(ctx)
	return totals{b.Debit, b.Credit, b.Net()}, err
}
