package tariff

// A Reason says in one stable word what is wrong with a tariff or a stay.
type Reason string

// The reasons.
const (
	Malformed  Reason = "malformed"    // not JSON of this form
	Missing    Reason = "missing"      // a required field
	Unknown    Reason = "unknown"      // a word that is not in its list
	OutOfRange Reason = "out-of-range" // a number or a time beyond its limits
	Duplicate  Reason = "duplicate"    // stands twice
	Order      Reason = "order"        // not in ascending order
	Forbidden  Reason = "forbidden"    // may not stand here

	ExitBeforeEntry Reason = "exit-before-entry"
	ClassNotListed  Reason = "class-not-listed"
	BadPayment      Reason = "bad-payment" // negative, or made outside the stay
)

// An Error says what is wrong and where.
type Error struct {
	Path   string // as in tariff.plans.car.workday[1].from, or the argument of a call
	Reason Reason
	Detail string // for a person
}

// Error names the place first.
func (e *Error) Error() string {
	text := "tariff: " + e.Path + ": " + string(e.Reason)
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	return text
}
