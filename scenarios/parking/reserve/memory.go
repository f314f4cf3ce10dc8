package reserve

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
)

// A MemoryStore keeps everything in memory, for tests, demonstrations and
// simulations. The zero value is an empty store.
type MemoryStore struct {
	mu           sync.Mutex
	reservations map[string]Reservation
	open         map[string]bool // ids
	keys         map[string]string
	offers       map[string]Offer
	offerKeys    map[string]string
	slots        map[slotKey]slotRow
}

type slotKey struct {
	place string
	slot  int64
}

type slotRow struct {
	offer string
	taken int
}

var _ Store = (*MemoryStore)(nil)

// Update implements Store: one transaction at a time.
func (s *MemoryStore) Update(ctx context.Context, f func(Tx) error) (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.slots == nil {
		s.reservations, s.open, s.keys = map[string]Reservation{}, map[string]bool{}, map[string]string{}
		s.offers, s.offerKeys, s.slots = map[string]Offer{}, map[string]string{}, map[slotKey]slotRow{}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	tx := &memoryTx{MemoryStore: s}
	done := false
	defer func() { // after a panic too
		if !done {
			for _, undo := range slices.Backward(tx.undo) {
				undo()
			}
		}
	}()
	if err := f(tx); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	done = true
	return nil
}

// A memoryTx changes the store in place and remembers how to undo it.
type memoryTx struct {
	*MemoryStore
	undo []func()
}

// set changes an entry of a map.
func set[K comparable, V any](tx *memoryTx, m map[K]V, k K, v V) {
	old, was := m[k]
	tx.undo = append(tx.undo, func() {
		delete(m, k)
		if was {
			m[k] = old
		}
	})
	m[k] = v
}

func remove[K comparable, V any](tx *memoryTx, m map[K]V, k K) {
	if old, was := m[k]; was {
		tx.undo = append(tx.undo, func() { m[k] = old })
		delete(m, k)
	}
}

func (tx *memoryTx) Reservation(id string) (Reservation, bool, error) {
	r, found := tx.reservations[id]
	return r, found, nil
}

func (tx *memoryTx) ReservationOfKey(key string) (Reservation, bool, error) {
	r, found := tx.reservations[tx.keys[key]]
	return r, found, nil
}

func (tx *memoryTx) Put(r Reservation) error {
	old, found := tx.reservations[r.ID]
	if found != (r.Version > 0) || old.Version != r.Version {
		return ErrConflict
	}
	if _, used := tx.keys[r.Key]; used && !found {
		return ErrConflict
	}
	r.Version++
	set(tx, tx.reservations, r.ID, r)
	set(tx, tx.keys, r.Key, r.ID)
	if r.Open() {
		set(tx, tx.open, r.ID, true)
	} else {
		remove(tx, tx.open, r.ID)
	}
	return nil
}

func (tx *memoryTx) Due(s State, by time.Time, limit int) ([]Reservation, error) {
	list := tx.openWhere(func(r *Reservation) bool { return r.State == s && r.Deadline().Before(by) })
	return list[:min(limit, len(list))], nil
}

func (tx *memoryTx) OpenOf(offer string) ([]Reservation, error) {
	return tx.openWhere(func(r *Reservation) bool { return r.Offer == offer }), nil
}

func (tx *memoryTx) openWhere(f func(*Reservation) bool) []Reservation {
	var list []Reservation
	for id := range tx.open {
		if r := tx.reservations[id]; f(&r) {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b Reservation) int {
		if c := a.Deadline().Compare(b.Deadline()); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return list
}

func (tx *memoryTx) Offer(id string) (Offer, bool, error) {
	o, found := tx.offers[id]
	return o, found, nil
}

func (tx *memoryTx) OfferOfKey(key string) (Offer, bool, error) { return tx.Offer(tx.offerKeys[key]) }

func (tx *memoryTx) OfferAt(bay string, slot int64) (Offer, bool, error) {
	return tx.Offer(tx.slots[slotKey{bay, slot}].offer)
}

func (tx *memoryTx) Open(o Offer) (bool, error) {
	for n := Slot(o.From); n < Slot(o.Until); n++ {
		if _, exists := tx.slots[slotKey{o.Bay, n}]; exists {
			return false, nil
		}
		set(tx, tx.slots, slotKey{o.Bay, n}, slotRow{offer: o.ID})
	}
	set(tx, tx.offers, o.ID, o)
	set(tx, tx.offerKeys, o.Key, o.ID)
	return true, nil
}

func (tx *memoryTx) Shut(o Offer, from, until int64) error {
	for n := from; n < until; n++ {
		k := slotKey{o.Bay, n}
		row := tx.slots[k]
		if row.offer != o.ID {
			continue
		}
		if row.taken > 0 {
			return ErrConflict
		}
		remove(tx, tx.slots, k)
	}
	return nil
}

func (tx *memoryTx) Take(place, offer string, from, until int64, bays int) (bool, error) {
	for n := from; n < until; n++ {
		k := slotKey{place, n}
		row, exists := tx.slots[k]
		if row.taken >= bays || row.offer != offer || !exists && offer != "" {
			return false, nil
		}
		set(tx, tx.slots, k, slotRow{offer, row.taken + 1})
	}
	return true, nil
}

func (tx *memoryTx) Release(place string, from, until int64) error {
	for n := from; n < until; n++ {
		k := slotKey{place, n}
		row := tx.slots[k]
		if row.taken == 0 {
			return errNotTaken
		}
		set(tx, tx.slots, k, slotRow{row.offer, row.taken - 1})
	}
	return nil
}

func (tx *memoryTx) Taken(place string, from, until int64) (taken, slots int, err error) {
	for n := from; n < until; n++ {
		if row, exists := tx.slots[slotKey{place, n}]; exists {
			taken, slots = max(taken, row.taken), slots+1
		}
	}
	return taken, slots, nil
}
