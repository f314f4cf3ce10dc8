// Package service is what the reference servers of the scenarios have in
// common: a hospital, a car park and a transit operator differ in an
// [Application], which is a scenario, the names of its terminals and the routes
// of its back office. Everything else is here:
//
//   - lists are opened from a directory, held, and taken again when they change
//     there; where codes are recorded, the lists of each moment are kept to verify
//     them by again; one journal a terminal, one replay guard for all of them, and one
//     cache of citizens who come again (Options.Cache);
//   - one SQLite file, in which scenarios keep their events and their ledger;
//   - JSON over HTTP with strict bodies, problem details (RFC 9457), and answers
//     that are kept under the Idempotency-Key of their request;
//   - a stop that finishes what has begun, and a start that finds all of it.
//
// # Routes of every server
//
//	POST /v1/terminals/{terminal}/visits        what is shown: Decision
//	POST /v1/terminals/{terminal}/challenges    draws what a card answers: {"challenge": …}
//	POST /v1/reversals                          takes a visit back (scenarios.Reverser): Decision
//	POST /v1/slips                              a staffed desk prints a slip; with a desk token only
//	GET  /v1/settlements/{day}                  what a business day came to (scenarios.Settler)
//	GET  /v1/ledger/totals                      both sides of all books; they are equal
//	GET  /v1/description                        what the scenario declares
//	GET  /v1/health                             lists, clock, journals, storage, memory of the cache; 503 if it cannot serve
//	GET  /v1/metrics                            decisions by reason, and the scenario's numbers
//
// A refusal is a decision and comes with status 200. Every POST that changes
// something needs an Idempotency-Key; for a visit by code it may be left out,
// because such a visit is named by what is shown. A visit that a crash cut short
// is answered as replayed where the code was used up: the person shows a new one.
//
// Nobody is asked who he is, but at the desk: a server stands behind a gateway
// that does.
package service
