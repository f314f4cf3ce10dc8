package ticket

import (
	"context"
	"fmt"
	"time"
)

// These are the data of OCTO 1.0 (Open Connectivity for Tours, Activities and
// Attractions) as far as a venue's tickets have them, for resellers that speak
// it: the same names and forms, not a certified implementation.

// An OCTOAvailability is a slot as a reseller sees it.
type OCTOAvailability struct {
	ID                 string   `json:"id"`
	LocalDateTimeStart string   `json:"localDateTimeStart"` // RFC 3339, in China's time
	LocalDateTimeEnd   string   `json:"localDateTimeEnd"`
	AllDay             bool     `json:"allDay"`
	Available          bool     `json:"available"`
	Status             string   `json:"status"` // AVAILABLE, LIMITED, SOLD_OUT, CLOSED
	Vacancies          int      `json:"vacancies"`
	Capacity           int      `json:"capacity"`
	MaxUnits           int      `json:"maxUnits"`
	UTCCutoffAt        string   `json:"utcCutoffAt"`
	OpeningHours       []string `json:"openingHours"` // none: slots have start times
}

// An OCTOBooking is a booking as a reseller sees it.
type OCTOBooking struct {
	ID                string         `json:"id"`
	UUID              string         `json:"uuid"`
	TestMode          bool           `json:"testMode"`
	ResellerReference *string        `json:"resellerReference"`
	SupplierReference *string        `json:"supplierReference"`
	Status            string         `json:"status"` // ON_HOLD, CONFIRMED, REDEEMED, CANCELLED, EXPIRED
	UTCCreatedAt      string         `json:"utcCreatedAt"`
	UTCConfirmedAt    *string        `json:"utcConfirmedAt"`
	UTCRedeemedAt     *string        `json:"utcRedeemedAt"`
	ProductID         string         `json:"productId"`
	OptionID          string         `json:"optionId"` // always DEFAULT
	AvailabilityID    *string        `json:"availabilityId"`
	UnitItems         []OCTOUnitItem `json:"unitItems"`
}

// An OCTOUnitItem is one of a party.
type OCTOUnitItem struct {
	UUID          string  `json:"uuid"`
	UnitID        string  `json:"unitId"` // always adult
	Status        string  `json:"status"`
	UTCRedeemedAt *string `json:"utcRedeemedAt"`
}

// OCTOAvailability returns a slot, or false if there is none of that id.
func (s *Scenario) OCTOAvailability(ctx context.Context, slot string, now time.Time) (a OCTOAvailability, ok bool, err error) {
	sl := s.slots[slot]
	if sl == nil {
		return a, false, nil
	}
	taken, err := s.store.Taken(ctx, slot)
	if err != nil {
		return a, false, fmt.Errorf("octo: %w", err)
	}
	left := max(0, sl.Capacity-taken)
	a = OCTOAvailability{ID: sl.ID, LocalDateTimeStart: sl.Start.In(china).Format(time.RFC3339), LocalDateTimeEnd: sl.End.In(china).Format(time.RFC3339),
		Status: "AVAILABLE", Vacancies: left, Capacity: sl.Capacity, MaxUnits: min(left, s.products[sl.Product].MaxParty),
		UTCCutoffAt: sl.End.UTC().Format(time.RFC3339), OpeningHours: []string{}}
	switch {
	case !now.Before(sl.End):
		a.Status = "CLOSED"
	case left == 0:
		a.Status = "SOLD_OUT"
	case left*2 < sl.Capacity:
		a.Status = "LIMITED"
	}
	a.Available = a.Status == "AVAILABLE" || a.Status == "LIMITED"
	return a, true, nil
}

// OCTOBooking returns a booking; the error of an unknown one is ErrNoBooking.
func (s *Scenario) OCTOBooking(ctx context.Context, id string) (OCTOBooking, error) {
	b, err := s.store.Find(ctx, id)
	if err != nil {
		return OCTOBooking{}, err
	}
	uses, err := s.store.Uses(ctx, b.ID)
	if err != nil {
		return OCTOBooking{}, fmt.Errorf("octo: %w", err)
	}
	stamp := func(t time.Time) *string { text := t.UTC().Format(time.RFC3339); return &text }
	o := OCTOBooking{ID: b.ID, UUID: uuid(b.ID), SupplierReference: &b.ID, UTCCreatedAt: *stamp(b.Time), ProductID: b.Product, OptionID: "DEFAULT"}
	if !b.Pass {
		o.AvailabilityID = &b.Slot
	}
	switch b.State {
	case Held:
		o.Status = "ON_HOLD"
	case Confirmed:
		o.Status, o.UTCConfirmedAt = "CONFIRMED", stamp(b.Time)
	case Cancelling, Cancelled:
		o.Status = "CANCELLED"
		if b.CancelledBy == "" {
			o.Status = "EXPIRED"
		}
	}
	in := make([]time.Time, 0, b.Party) // of each person who went in
	for _, v := range Judge(uses, b.Party) {
		if v.Reason == OK {
			for range v.Use.People {
				in = append(in, v.Use.Time)
			}
		}
	}
	for i := range b.Party {
		item := OCTOUnitItem{UUID: uuid(digest(fmt.Sprint(b.ID, "/", i))), UnitID: "adult", Status: o.Status}
		if i < len(in) {
			item.Status, item.UTCRedeemedAt = "REDEEMED", stamp(in[i])
		}
		o.UnitItems = append(o.UnitItems, item)
	}
	if len(in) == b.Party {
		o.Status, o.UTCRedeemedAt = "REDEEMED", stamp(in[len(in)-1])
	}
	return o, nil
}

// uuid writes 32 hexadecimal digits as RFC 9562 does, in version 8.
func uuid(hex string) string {
	return hex[:8] + "-" + hex[8:12] + "-8" + hex[13:16] + "-8" + hex[17:20] + "-" + hex[20:]
}
