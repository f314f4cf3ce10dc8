package ticket

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/citizencode/citizencode/scenarios"
)

// A Product is what a venue sells.
type Product struct {
	ID       string // a word, as in "zoo-adult"
	Name     scenarios.Text
	Price    int64 // fen, for each person; 0: free
	MaxParty int   // people in one booking; 0 means 1
	// PassDays makes it a pass for one person: it is valid for so many days
	// from the day on which it is bought. 0: a ticket for a slot.
	PassDays int
}

// A Slot is a time in which a venue has room for so many people.
type Slot struct {
	ID       string // a word, as in "zoo-2026-11-22-am"
	Product  string
	Start    time.Time
	End      time.Time // exclusive
	Capacity int       // people
}

// Bounds of a venue.
const (
	MaxPrice    = 10_000_000 // fen
	MaxParty    = 100
	MaxPassDays = 3 * 366
	MaxCapacity = 1_000_000
	maxWord     = 48
)

var wordForm = regexp.MustCompile(`^[a-z0-9]+([._-][a-z0-9]+)*$`)

func isWord(s string) bool { return len(s) <= maxWord && wordForm.MatchString(s) }

var errWord = fmt.Errorf("not a word of up to %d of a-z, 0-9 and, inside, . _ -", maxWord)

// check completes a product and returns what is wrong with it.
func (p *Product) check() error {
	if p.MaxParty == 0 {
		p.MaxParty = 1
	}
	switch {
	case !isWord(p.ID):
		return fmt.Errorf("id: %w", errWord)
	case p.Name.Zh == "" || p.Name.En == "":
		return errors.New("name: not in both languages")
	case p.Price < 0 || p.Price > MaxPrice:
		return fmt.Errorf("price: not 0 to %d fen", MaxPrice)
	case p.MaxParty < 1 || p.MaxParty > MaxParty:
		return fmt.Errorf("maxParty: not 1 to %d", MaxParty)
	case p.PassDays < 0 || p.PassDays > MaxPassDays:
		return fmt.Errorf("passDays: not 0 to %d", MaxPassDays)
	case p.PassDays > 0 && p.MaxParty > 1:
		return errors.New("maxParty: a pass is for one person")
	}
	return nil
}

func (s *Slot) check(products map[string]*Product) error {
	p := products[s.Product]
	switch {
	case !isWord(s.ID):
		return fmt.Errorf("id: %w", errWord)
	case p == nil || p.PassDays > 0:
		return errors.New("product: no product that is sold by the slot")
	case s.Start.IsZero() || !s.End.After(s.Start) || s.End.Sub(s.Start) > 24*time.Hour:
		return errors.New("end: not up to a day after start")
	case s.Capacity < 1 || s.Capacity > MaxCapacity:
		return fmt.Errorf("capacity: not 1 to %d", MaxCapacity)
	}
	return nil
}
