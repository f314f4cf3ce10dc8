// Package fare computes what rides cost: from the taps (刷码记录) that gates and
// validators have recorded for one credential to a [Statement] in fen, with the
// line of the published feed behind every figure.
//
//	engine, err := fare.New(feed, fare.Config{DayStart: 3 * time.Hour})
//	statement, err := engine.Settle(taps)
//
// # Exact settlement
//
// [Engine.Settle] is a pure function of the set of taps. Their order does not
// matter, nor how often each one comes: gates send late, twice and over two
// uplinks. A back office settles again whenever a tap arrives, and posts the
// difference to what it posted before. What came before a pause without taps is
// final if the service day changed in the pause, and the pause is longer than
// [Config.MaxRide], Reentry and JoinWithin and every duration limit of the feed's
// transfer rules; a transfer rule without a limit reaches over any pause.
//
// # From taps to legs
//
// A [Ride] tap is a leg by itself, the flat bus. In a network with gates an [In]
// and the next [Out] are a leg if at most MaxRide lies between them. What is left
// is an incomplete leg: it costs the maximum fare of its network, or is completed
// by the [Autofill] policy. As in London, a maximum fare counts towards no cap.
//
// # From legs to fares
//
// Leg rules, transfer rules and join rules are those of GTFS Fares v2; package
// gtfs says how they are read. Where the specification is silent or leaves a
// choice, the engine does this:
//
//   - A rider buys at the prices of his category, of the default category, and
//     of no category, whichever is least. A category that has expired or that
//     the feed does not know is none: the full fare, never a refusal.
//   - A leg rule whose product the rider cannot buy does not match the leg.
//   - Of several leg rules that match, and of the transfers that each opens, the
//     cheapest whole is charged; of more than 64 ways to go on, the 64 that are
//     cheapest so far are followed. A transfer rule that matches is applied,
//     also where it costs more than not to transfer would.
//   - The duration of a transfer is measured from the first leg of an unbroken
//     run under one pair of leg groups; with two different groups that is the
//     leg before. A duration exactly at its limit is within it. Where it needs
//     a tap that is missing, as the exit from a bus, the rule does not match.
//   - fare_leg_join_rules.txt has no time limit, and people go out of a station
//     to come back in the evening: legs join within [Config.JoinWithin].
//   - No ride costs less than nothing. Where a transfer gives more than its leg
//     costs, the rest is taken from the legs before it in the same ride.
package fare
