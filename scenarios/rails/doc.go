// Package rails is the money world outside of the city: a bank that charges by
// mandate, a credit account, a wallet that is given a grant. Each is a small
// interface that a city implements for its partner. Package railstest has
// simulators that misbehave on demand.
//
// # Contract
//
// An order has an idempotency key. Whoever sends the same key again gets the
// answer of the first time and moves nothing a second time, whatever else the
// order says. An answer is accepted, declined or unknown; the first two are final
// for the key. A network that fails, a partner that is still thinking and a
// context that ends all mean the same: unknown, and nothing else. In
// particular no answer does not mean no.
//
// So nobody decides by one call. [Settler.Settle] sends an order again with the
// same key, asks for it, and ends when it knows; then it books the order in the
// ledger under the same key, once. It keeps no state. A caller writes down what
// he is going to settle before he does, and after a restart settles it again:
// it ends as it would have ended.
//
// At the end of a day [Reconcile] (对账) compares the partner's own list with the
// ledger. What differs has a name, and is settled again or looked into.
package rails
