package ledger

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sort"
	"strings"
	"sync"
)

// A Memory is a Store that a restart forgets, for tests and demonstrations.
type Memory struct {
	mu       sync.Mutex
	records  map[string]*Record // by key
	accounts map[Account]*memoryAccount
	byID     ordered[*memoryAccount]
	days     map[Day]*ordered[*Transaction]
	closings []*Closing
	total    Balance
}

var _ Store = (*Memory)(nil)

// NewMemory returns an empty ledger.
func NewMemory() *Memory {
	return &Memory{records: make(map[string]*Record), accounts: make(map[Account]*memoryAccount), days: make(map[Day]*ordered[*Transaction])}
}

type memoryAccount struct {
	account Account
	id      string
	total   Balance
	lines   ordered[Line]
	open    map[Day]Balance // turnovers of the days that are not closed
	closed  []dayBalance    // at the end of closed days, in their order
}

type dayBalance struct {
	day     Day
	balance Balance
}

// closedOn returns the balance at the end of a day, as far as it is closed.
func (a *memoryAccount) closedOn(day Day) (Balance, bool) {
	i := sort.Search(len(a.closed), func(i int) bool { return a.closed[i].day.Compare(day) > 0 })
	if i == 0 {
		return Balance{}, false
	}
	return a.closed[i-1].balance, true
}

// openUntil returns the open days up to a day, in their order.
func (a *memoryAccount) openUntil(day Day) []Day {
	days := slices.SortedFunc(maps.Keys(a.open), Day.Compare)
	return slices.DeleteFunc(days, func(d Day) bool { return d.Compare(day) > 0 })
}

// ordered is a list that is put in order when it is read: it is written far
// more often.
type ordered[T any] struct {
	list   []T
	sorted int // so many are in order
}

func (o *ordered[T]) add(v T) { o.list = append(o.list, v) }

// behind returns up to limit elements from the first that is not before.
func (o *ordered[T]) behind(limit int, compare func(a, b T) int, before func(T) bool) []T {
	if o.sorted < len(o.list) {
		slices.SortFunc(o.list, compare)
		o.sorted = len(o.list)
	}
	i := sort.Search(len(o.list), func(i int) bool { return !before(o.list[i]) })
	return o.list[i:min(len(o.list), i+limit)]
}

func (m *Memory) account(a Account) *memoryAccount {
	account := m.accounts[a]
	if account == nil {
		account = &memoryAccount{account: a, id: a.ID(), open: make(map[Day]Balance)}
		m.accounts[a] = account
		m.byID.add(account)
	}
	return account
}

// lastClosing returns nil if nothing is closed.
func (m *Memory) lastClosing() *Closing {
	if len(m.closings) == 0 {
		return nil
	}
	return m.closings[len(m.closings)-1]
}

// Commit implements Store.
func (m *Memory) Commit(ctx context.Context, txs []*Transaction, atomic bool) ([]Verdict, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var closed Day
	if last := m.lastClosing(); last != nil {
		closed = last.Day
	}
	batch := NewBatch(closed)
	for _, t := range txs {
		for _, key := range []string{t.Key(), t.Corrects()} {
			if r := m.records[key]; r != nil {
				batch.Know(r)
			}
		}
		for _, p := range t.draft.Postings {
			if a := m.accounts[p.Account]; a != nil {
				batch.KnowTurnover(Movement{p.Account, t.Day()}, a.open[t.Day()])
			}
		}
	}
	verdicts := make([]Verdict, len(txs))
	refused := false
	for i, t := range txs {
		verdicts[i] = batch.Post(t)
		refused = refused || verdicts[i].Refused != nil
	}
	if !atomic || !refused {
		m.write(batch)
	}
	return verdicts, nil
}

func (m *Memory) write(batch *Batch) {
	for _, t := range batch.Added() {
		m.records[t.Key()] = &Record{Transaction: t, Taken: make([]int64, len(t.draft.Postings))}
		if m.days[t.Day()] == nil {
			m.days[t.Day()] = &ordered[*Transaction]{}
		}
		m.days[t.Day()].add(t)
		for _, p := range t.draft.Postings {
			a := m.account(p.Account)
			a.lines.add(Line{Place: Place{t.Day(), t.Time().Unix(), t.ID()}, Key: t.Key(), Kind: t.Kind(),
				Time: t.Time(), Origin: t.Origin(), Debit: p.Debit, Credit: p.Credit})
			a.total.Debit += p.Debit
			a.total.Credit += p.Credit
			m.total.Debit += p.Debit
			m.total.Credit += p.Credit
		}
	}
	for _, r := range batch.Corrected() {
		m.records[r.Transaction.Key()] = r
	}
	for _, t := range batch.Turnovers() {
		m.account(t.Account).open[t.Day] = t.Balance
	}
}

// Find implements Store.
func (m *Memory) Find(ctx context.Context, key string) (*Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r := m.records[key]
	if r == nil {
		return nil, ErrNotFound
	}
	return &Record{r.Transaction, slices.Clone(r.Taken), r.Reversed}, nil
}

// Balance implements Store.
func (m *Memory) Balance(ctx context.Context, account Account, day Day) (Balance, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a := m.accounts[account]
	if err := ctx.Err(); err != nil || a == nil {
		return Balance{}, err
	}
	if day.IsZero() {
		return a.total, nil
	}
	sum, _ := a.closedOn(day)
	for _, open := range a.openUntil(day) {
		var err error
		if sum, err = sum.Add(a.open[open]); err != nil {
			return Balance{}, err
		}
	}
	return sum, nil
}

// Compare orders places as statements do.
func (p Place) Compare(q Place) int {
	return cmp.Or(p.Day.Compare(q.Day), cmp.Compare(p.Time, q.Time), strings.Compare(p.ID, q.ID))
}

// Lines implements Store.
func (m *Memory) Lines(ctx context.Context, account Account, from, to Day, after Place, limit int) ([]Line, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a := m.accounts[account]
	if err := ctx.Err(); err != nil || a == nil {
		return nil, err
	}
	lines := a.lines.behind(limit, func(a, b Line) int { return a.Place.Compare(b.Place) },
		func(l Line) bool { return l.Place.Day.Compare(from) < 0 || l.Place.Compare(after) <= 0 })
	end := sort.Search(len(lines), func(i int) bool { return lines[i].Place.Day.Compare(to) > 0 })
	return slices.Clone(lines[:end]), nil
}

// Transactions implements Store.
func (m *Memory) Transactions(ctx context.Context, from, to Day, after Place, limit int) ([]*Transaction, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if after.Day.Compare(from) > 0 {
		from = after.Day
	}
	var page []*Transaction
	for _, day := range slices.SortedFunc(maps.Keys(m.days), Day.Compare) {
		if day.Compare(from) < 0 || day.Compare(to) > 0 {
			continue
		}
		page = append(page, m.days[day].behind(limit-len(page), func(a, b *Transaction) int { return strings.Compare(a.id, b.id) },
			func(t *Transaction) bool { return day == after.Day && t.id <= after.ID })...)
	}
	return page, nil
}

// CloseDay implements Store.
func (m *Memory) CloseDay(ctx context.Context, day Day) (*Closing, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	last := m.lastClosing()
	if last != nil && day.Compare(last.Day) <= 0 {
		return m.closing(day)
	}
	var transactions int64
	for booked, list := range m.days {
		if booked.Compare(day) <= 0 && (last == nil || booked.Compare(last.Day) > 0) {
			transactions += int64(len(list.list))
		}
	}
	closer, err := NewCloser(last, day, transactions)
	if err != nil {
		return nil, err
	}
	closed := make(map[*memoryAccount][]dayBalance)
	for _, a := range m.inOrder("", len(m.accounts)) {
		before, _ := a.closedOn(day)
		balance := before
		for _, open := range a.openUntil(day) {
			if balance, err = balance.Add(a.open[open]); err != nil {
				return nil, err
			}
			closed[a] = append(closed[a], dayBalance{open, balance})
		}
		if closed[a] == nil {
			continue
		}
		if err := closer.Add(a.account, before, balance); err != nil {
			return nil, err
		}
	}
	closing, err := closer.Close()
	if err != nil {
		return nil, err
	}
	for a, days := range closed {
		a.closed = append(a.closed, days...)
		for _, d := range days {
			delete(a.open, d.day)
		}
	}
	m.closings = append(m.closings, closing)
	copied := *closing
	return &copied, nil
}

func (m *Memory) inOrder(after string, limit int) []*memoryAccount {
	return m.byID.behind(limit, func(a, b *memoryAccount) int { return strings.Compare(a.id, b.id) },
		func(a *memoryAccount) bool { return a.id <= after })
}

// Closing implements Store.
func (m *Memory) Closing(ctx context.Context, day Day) (*Closing, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return m.closing(day)
}

func (m *Memory) closing(day Day) (*Closing, error) {
	for _, c := range slices.Backward(m.closings) {
		if c.Day == day || day.IsZero() {
			copied := *c
			return &copied, nil
		}
	}
	return nil, ErrNotFound
}

// TrialBalance implements Store.
func (m *Memory) TrialBalance(ctx context.Context, day Day, after string, limit int) ([]TrialLine, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var lines []TrialLine
	for _, a := range m.inOrder(after, len(m.accounts)) {
		if len(lines) == limit {
			break
		}
		if balance, ok := a.closedOn(day); ok {
			lines = append(lines, TrialLine{a.account, balance})
		}
	}
	return lines, nil
}

// Totals implements Store.
func (m *Memory) Totals(ctx context.Context) (Balance, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.total, ctx.Err()
}
