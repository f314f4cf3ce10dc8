package reserve_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/citizencode/citizencode/scenarios/parking/reserve"
)

// An owner shares her bay for a working day; a guest books two hours, stays too
// long, and both are settled.
func Example() {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	desk, err := reserve.NewDesk(reserve.Config{
		Store: new(reserve.MemoryStore),
		Place: func(id string) (reserve.Place, bool) { return reserve.Place{Owner: "owner-7"}, id == "bay-7" },
		Rules: reserve.Rules{Terms: reserve.Terms{OverstayFen: 300, OwnerPercent: 80}},
		Now:   func() time.Time { return now },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	day := reserve.OfferRequest{Key: "offer-1", Bay: "bay-7", Owner: "owner-7", From: now, Until: now.Add(10 * time.Hour), FenPerSlot: 100}
	_, err = desk.Offer(ctx, day)
	fmt.Println("offered:", err)
	day.Key = "offer-2"
	_, err = desk.Offer(ctx, day)
	fmt.Println("offered twice:", err)

	booking := reserve.Request{Key: "app-1", Place: "bay-7", Holder: "guest-3", From: now.Add(time.Hour), Until: now.Add(3 * time.Hour)}
	r, err := desk.Reserve(ctx, booking)
	fmt.Println(r.State, "until", r.ArriveBy.Format("15:04"), err)
	booking.Key, booking.Holder = "app-2", "guest-4"
	_, err = desk.Reserve(ctx, booking)
	var no *reserve.RefusedError
	fmt.Println("another guest:", errors.As(err, &no) && no.Reason == reserve.Full)

	now = now.Add(time.Hour)
	r, err = desk.Enter(ctx, r.ID)
	fmt.Println(r.State, err)
	now = now.Add(2*time.Hour + 20*time.Minute)
	r, err = desk.Leave(ctx, r.ID)
	fmt.Println(r.State, err)
	for _, due := range r.Dues() {
		fmt.Println(due.Kind, due.From, "->", due.To, due.Fen)
	}
	// Output:
	// offered: <nil>
	// offered twice: reserve: offer-overlaps
	// held until 09:30 <nil>
	// another guest: true
	// entered <nil>
	// completed <nil>
	// price holder -> owner 640
	// commission holder -> operator 160
	// overstay holder -> owner 600
}
