package gtfs

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"time"
)

// A FareLegRule says what one leg costs (fare_leg_rules.txt). What an empty
// match means depends on [Feed.HasPriority].
type FareLegRule struct {
	Group         string // for transfers; empty: none
	Network       string
	From, To      string // areas
	FromTimeframe string // of the entry; empty: any time
	ToTimeframe   string // of the exit; empty: any time
	Product       string // its prices are not negative
	Priority      int
	Ref           Ref
}

// MaxLegGroups is how many leg groups a feed has at most.
const MaxLegGroups = 1024

// LegRules lists the leg rules.
func (f *Feed) LegRules() []FareLegRule { return f.legRules }

// HasPriority reports whether fare_leg_rules.txt has the column rule_priority.
// With it an empty network or area matches everything, and the highest priority
// rules. Without it an empty network or area matches those that no rule names.
func (f *Feed) HasPriority() bool { return f.priority }

func (f *Feed) readLegRules(fsys fs.FS) error {
	t := open(fsys, "fare_leg_rules.txt", false)
	group, network, from, to := t.column("leg_group_id"), t.column("network_id"), t.column("from_area_id"), t.column("to_area_id")
	fromFrame, toFrame := t.column("from_timeframe_group_id"), t.column("to_timeframe_group_id")
	product, priority := t.must("fare_product_id"), t.column("rule_priority")
	f.priority = t.has(priority)
	type key struct{ network, from, to, fromFrame, toFrame, product string }
	seen := make(map[key]bool)
	for t.nextKept() {
		r := FareLegRule{Network: t.optional(network, &f.networks.index), From: t.optional(from, &f.areas.index), To: t.optional(to, &f.areas.index),
			FromTimeframe: t.optional(fromFrame, &f.timeframes.index), ToTimeframe: t.optional(toFrame, &f.timeframes.index),
			Product: t.reference(product, &f.products.index), Priority: t.option(priority, 1<<30, 0), Ref: Ref{t.name, t.line}}
		once(t, seen, key{r.Network, r.From, r.To, r.FromTimeframe, r.ToTimeframe, r.Product})
		if name := t.bytes(group); len(name) > 0 {
			if _, ok := f.legGroups.at[string(name)]; !ok {
				f.legGroups.add(t, group, t.id(group))
			}
			if len(f.legGroups.ids) > MaxLegGroups {
				t.fail(group, TooMany, fmt.Errorf("more than %d leg groups", MaxLegGroups))
			}
			r.Group = t.reference(group, &f.legGroups)
		}
		// A negative fare would pay people to ride.
		if f.discounts[r.Product] {
			t.fail(product, BadValue, fmt.Errorf("%q has a negative price, which only a transfer may have", r.Product))
		}
		f.legRules = append(f.legRules, r)
	}
	return t.close()
}

// A FareLegJoinRule makes two legs one effective leg (fare_leg_join_rules.txt),
// as where riders leave one station and enter another to change lines (站外换乘).
type FareLegJoinRule struct {
	FromNetwork, ToNetwork string
	FromStop, ToStop       string // stops or stations; both empty: any change within one station
	Ref                    Ref
}

// JoinRules lists the join rules.
func (f *Feed) JoinRules() []FareLegJoinRule { return f.joinRules }

func (f *Feed) readJoinRules(fsys fs.FS) error {
	t := open(fsys, "fare_leg_join_rules.txt", false)
	from, to, fromStop, toStop := t.must("from_network_id"), t.must("to_network_id"), t.column("from_stop_id"), t.column("to_stop_id")
	type key struct{ from, to, fromStop, toStop string }
	seen := make(map[key]bool)
	for t.nextKept() {
		r := FareLegJoinRule{t.reference(from, &f.networks.index), t.reference(to, &f.networks.index),
			t.optional(fromStop, &f.stops.index), t.optional(toStop, &f.stops.index), Ref{t.name, t.line}}
		once(t, seen, key{r.FromNetwork, r.ToNetwork, r.FromStop, r.ToStop})
		if r.FromStop == "" && r.ToStop != "" {
			t.fail(fromStop, MissingValue, errors.New("to_stop_id needs it"))
		} else if r.FromStop != "" && r.ToStop == "" {
			t.fail(toStop, MissingValue, errors.New("from_stop_id needs it"))
		}
		f.joinRules = append(f.joinRules, r)
	}
	return t.close()
}

// A TransferType says what a transfer from leg A to leg B costs, with AB the
// product of the transfer rule (fare_transfer_rules.txt, fare_transfer_type).
type TransferType int

// The transfer types.
const (
	FromLegAndTransfer      TransferType = 0 // A + AB
	FromLegTransferAndToLeg TransferType = 1 // A + AB + B
	TransferOnly            TransferType = 2 // AB
)

// A DurationType says between which taps the duration of a transfer is measured.
type DurationType int

// The duration types: departure is the entry tap, arrival the exit tap.
const (
	DepartureToArrival   DurationType = 0
	DepartureToDeparture DurationType = 1
	ArrivalToDeparture   DurationType = 2
	ArrivalToArrival     DurationType = 3
)

// Unlimited is the transfer count of a rule without limit.
const Unlimited = -1

// A FareTransferRule says what it costs to go on from one leg to another. What
// an empty group means: every group that no rule names in the same column.
type FareTransferRule struct {
	From, To     string        // leg groups
	Count        int           // consecutive transfers; Unlimited; 0 where From and To differ
	Duration     time.Duration // 0: no limit
	DurationType DurationType  // of a Duration
	Type         TransferType
	Product      string // empty: costs nothing
	Ref          Ref
}

// TransferRules lists the transfer rules.
func (f *Feed) TransferRules() []FareTransferRule { return f.transfers }

// The bounds of a transfer rule.
const (
	maxTransferCount = 1 << 20
	maxDuration      = 366 * 24 * 3600 // seconds
)

func (f *Feed) readTransferRules(fsys fs.FS) error {
	t := open(fsys, "fare_transfer_rules.txt", false)
	from, to, count := t.column("from_leg_group_id"), t.column("to_leg_group_id"), t.column("transfer_count")
	duration, durationType := t.column("duration_limit"), t.column("duration_limit_type")
	kind, product := t.must("fare_transfer_type"), t.column("fare_product_id")
	type key struct {
		from, to, product string
		count             int
		duration          time.Duration
	}
	seen := make(map[key]bool)
	for t.nextKept() {
		r := FareTransferRule{From: t.optional(from, &f.legGroups), To: t.optional(to, &f.legGroups), Count: t.count(count),
			Type: TransferType(t.option(kind, 2, -1)), Product: t.optional(product, &f.products.index), Ref: Ref{t.name, t.line}}
		if r.From == r.To && r.Count == 0 {
			t.fail(count, MissingValue, errors.New("required where both leg groups are the same"))
		} else if r.From != r.To && r.Count != 0 {
			t.fail(count, ForbiddenValue, errors.New("forbidden where the leg groups differ"))
		}
		seconds := t.option(duration, maxDuration, 0)
		limited := len(t.bytes(duration)) > 0
		if limited && seconds == 0 {
			t.bad(duration, "a positive number of seconds")
		}
		r.Duration = time.Duration(seconds) * time.Second
		switch typed := len(t.bytes(durationType)) > 0; {
		case limited && !typed:
			t.fail(durationType, MissingValue, errors.New("duration_limit needs it"))
		case typed && !limited:
			t.fail(durationType, ForbiddenValue, errors.New("there is no duration_limit"))
		case typed:
			r.DurationType = DurationType(t.option(durationType, 3, -1))
		}
		once(t, seen, key{r.From, r.To, r.Product, r.Count, r.Duration})
		f.transfers = append(f.transfers, r)
	}
	return t.close()
}

// count returns -1 or a positive number; an empty value is 0.
func (t *table) count(column int) int {
	b := t.bytes(column)
	if len(b) == 0 {
		return 0
	}
	n, err := strconv.Atoi(string(b))
	if err != nil || n == 0 || n < Unlimited || n > maxTransferCount {
		t.bad(column, "-1 or a positive number")
	}
	return n
}
