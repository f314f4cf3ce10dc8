package voucher

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// A Grant is one voucher of one person.
type Grant struct {
	Campaign string
	Person   string    // pseudonym, 32 hexadecimal digits
	Visit    string    // that claimed it, 32 hexadecimal digits
	Time     time.Time // of the claim, whole seconds
}

// What a Store answers with.
var (
	ErrSpent   = errors.New("voucher: the budget is spent")
	ErrNoGrant = errors.New("voucher: the person has no voucher")
	ErrNoVisit = errors.New("voucher: no such visit")
)

// MaxPage is how many grants a Store returns at once.
const MaxPage = 1000

// A Store keeps who has a voucher. Each call is whole or not at all.
// Implementations are safe for concurrent use; package vouchertest is the
// contract as a test.
type Store interface {
	// Grant stores g, and notes its visit, while fewer than limit are granted
	// in its campaign, else ErrSpent. A person who has one already is returned that one, also when
	// the budget is spent.
	Grant(ctx context.Context, g Grant, limit int64) (Grant, error)
	// Find returns the voucher of a person, or ErrNoGrant.
	Find(ctx context.Context, campaign, person string) (Grant, error)
	// Grants returns up to MaxPage grants of a campaign in the order of
	// persons, behind the person after.
	Grants(ctx context.Context, campaign, after string) ([]Grant, error)
	// Note remembers which voucher a visit was about. A visit that is noted
	// already keeps its first voucher.
	Note(ctx context.Context, visit, campaign, person string) error
	// Noted returns what Note remembered, or ErrNoVisit.
	Noted(ctx context.Context, visit string) (campaign, person string, err error)
}

// A Memory is a Store that a restart forgets.
type Memory struct {
	mu     sync.Mutex
	given  map[string]*given // by campaign
	visits map[string][2]string
}

// given is the grants of a campaign. order is put in order when it is read: it
// is written far more often.
type given struct {
	byPerson map[string]Grant
	order    []string
	sorted   int // so many are in order
}

var _ Store = (*Memory)(nil)

// NewMemory returns an empty store.
func NewMemory() *Memory {
	return &Memory{given: make(map[string]*given), visits: make(map[string][2]string)}
}

// Grant implements Store.
func (m *Memory) Grant(ctx context.Context, g Grant, limit int64) (Grant, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return Grant{}, err
	}
	c := m.given[g.Campaign]
	if c == nil {
		c = &given{byPerson: make(map[string]Grant)}
		m.given[g.Campaign] = c
	}
	if had, ok := c.byPerson[g.Person]; ok {
		return had, nil
	}
	if int64(len(c.byPerson)) >= limit {
		return Grant{}, ErrSpent
	}
	c.byPerson[g.Person] = g
	c.order = append(c.order, g.Person)
	m.note(g.Visit, g.Campaign, g.Person)
	return g, nil
}

// Find implements Store.
func (m *Memory) Find(ctx context.Context, campaign, person string) (Grant, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return Grant{}, err
	}
	if c := m.given[campaign]; c != nil {
		if g, ok := c.byPerson[person]; ok {
			return g, nil
		}
	}
	return Grant{}, ErrNoGrant
}

// Grants implements Store.
func (m *Memory) Grants(ctx context.Context, campaign, after string) ([]Grant, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.given[campaign]
	if err := ctx.Err(); err != nil || c == nil {
		return nil, err
	}
	if c.sorted < len(c.order) {
		slices.Sort(c.order)
		c.sorted = len(c.order)
	}
	from, found := slices.BinarySearch(c.order, after)
	if found {
		from++
	}
	var list []Grant
	for _, person := range c.order[from:min(len(c.order), from+MaxPage)] {
		list = append(list, c.byPerson[person])
	}
	return list, nil
}

// Note implements Store.
func (m *Memory) Note(ctx context.Context, visit, campaign, person string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	m.note(visit, campaign, person)
	return nil
}

func (m *Memory) note(visit, campaign, person string) {
	if _, noted := m.visits[visit]; !noted {
		m.visits[visit] = [2]string{campaign, person}
	}
}

// Noted implements Store.
func (m *Memory) Noted(ctx context.Context, visit string) (campaign, person string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return "", "", err
	}
	noted, ok := m.visits[visit]
	if !ok {
		return "", "", ErrNoVisit
	}
	return noted[0], noted[1], nil
}
