package tariff

import "time"

// A Payment is what was paid for a stay so far, and when the last of it was.
// The zero Payment is none.
type Payment struct {
	Fen int64
	At  time.Time
}

// A Due is what is still to pay at the barrier.
type Due struct {
	Fen     int64
	LeaveBy time.Time // zero, or until when the payment opens the barrier
	Charge  Charge    // of the whole stay until the exit, or until the payment while that is good
}

// Due returns what is still to pay. Who has paid all that was due at that
// moment has the grace minutes to drive out; after them the stay is charged to
// its end, less what was paid. Nothing paid gives no grace: it would lengthen
// the free minutes.
func (t *Tariff) Due(entry, exit time.Time, class Class, paid Payment, passes ...Pass) (Due, error) {
	if paid.Fen < 0 || paid.Fen > 0 && (paid.At.Before(entry) || paid.At.After(exit)) {
		return Due{}, &Error{"paid", BadPayment, ""}
	}
	c, err := t.Fee(entry, exit, class, passes...)
	if err != nil {
		return Due{}, err
	}
	if paid.Fen > 0 {
		then, err := t.Fee(entry, paid.At, class, passes...)
		if err != nil {
			return Due{}, err
		}
		leaveBy := paid.At.Add(seconds(t.grace))
		if paid.Fen >= then.Fen && !exit.After(leaveBy) {
			return Due{LeaveBy: leaveBy, Charge: then}, nil
		}
	}
	return Due{Fen: max(0, c.Fen-paid.Fen), Charge: c}, nil
}
