// Package ticket is admission (门票、入园): a park or a museum sells tickets for a
// time slot and passes for a year, and its gates let in who holds one. There is
// no ticket to show: the citizen code is what is shown, and the booking is
// found by its pseudonym.
//
//	book      {"slot": "zoo-am", "people": 3}
//	buy-pass  {"product": "zoo-year"}
//	enter     {}  or  {"people": 2}      some of the party; else all who are left
//	cancel    {"booking": "…"}
//
// book, buy-pass and cancel need the network. enter does not: a gate that is
// offline has the [Manifest] of its day, which is what was booked when it was
// last online.
//
// # Offline gates
//
// Two gates that are offline cannot know of each other, so one ticket can be
// used at both. Every use is kept, with the time of its gate; when they are
// synchronised the first in wins ([Judge]), whichever gate is heard first, and
// both stay in the log. A pass lets its holder in once on each day.
//
// # Money
//
// A booking holds its places, is posted in the ledger, and is then confirmed:
//
//	ticket.sale     asset/receivable/<person>   income/ticket/<venue>/<product>
//	ticket.cancel   the reversal of that
//
// What a fault left in between is settled by [Scenario.Reconcile]: the ledger
// decides. A booking that is not in it is released and charges nobody.
package ticket
