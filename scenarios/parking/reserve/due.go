package reserve

// A Role is a side of a due.
type Role string

// The roles.
const (
	Holder   Role = "holder"
	Owner    Role = "owner"
	Operator Role = "operator"
)

// A DueKind says what a due is for.
type DueKind string

// The kinds of dues.
const (
	Price      DueKind = "price"       // of a shared bay
	Commission DueKind = "commission"  // the operator's part of it
	Penalty    DueKind = "no-show"     // the hold expired
	LateCancel DueKind = "late-cancel" // cancelled without the notice
	Overstayed DueKind = "overstay"    // slots begun after Until
	TakenBack  DueKind = "withdrawn"   // the owner pays the guest
)

// A Due is an amount that one side owes another. It is data for a ledger: Key is
// the idempotency key of the posting.
type Due struct {
	Key      string
	Kind     DueKind
	From, To Role
	Fen      int64 // above 0
}

// Dues returns what a reservation that has ended owes; of an open one nothing.
// It depends on nothing but the reservation. A penalty goes to whom the empty
// bay belongs.
func (r *Reservation) Dues() []Due {
	var list []Due
	add := func(kind DueKind, from, to Role, fen int64) {
		if fen > 0 {
			list = append(list, Due{"reserve/" + r.ID + "/" + string(kind), kind, from, to, fen})
		}
	}
	landlord := Operator
	if r.Owner != "" {
		landlord = Owner
	}
	switch r.State {
	case Completed:
		price := (Slot(r.Until) - Slot(r.From)) * r.FenPerSlot
		share := price * r.Terms.OwnerPercent / 100
		add(Price, Holder, landlord, share)
		add(Commission, Holder, Operator, price-share)
		if over := r.Overstay(r.EndedAt); over > 0 {
			add(Overstayed, Holder, landlord, int64((over+SlotLength-1)/SlotLength)*r.Terms.OverstayFen)
		}
	case NoShow:
		add(Penalty, Holder, landlord, r.Terms.NoShowFen)
	case Cancelled:
		if r.Late {
			add(LateCancel, Holder, landlord, r.Terms.LateCancelFen)
		}
	case Withdrawn:
		add(TakenBack, Owner, Holder, r.Terms.WithdrawFen)
	}
	return list
}
