// Package terminal is the terminal's side of the card: it identifies who holds it, takes money from it, puts money on
// it, reads its log, and finds out what became of an order whose answer was lost. SPEC.md §8 is the normative text.
//
//	session, err := t.Open(ctx, transport)          SELECT
//	identity, err := session.Identify(ctx, request) READ BINARY, INTERNAL AUTHENTICATE
//	receipt, err := session.Purchase(ctx, 200)      INITIALIZE, DEBIT
//
// # Money
//
// A card can be torn away at any moment, and the answer that would have said that it paid is gone. So an order is in
// the [Journal] before it is sent, as unresolved. When the same card is seen again, GET TRANSACTION PROVE tells; when
// another terminal has been between, only the back office can tell, from what all terminals claim and from the
// certificates (TAC) that the card made.
//
// Three things hold whatever the card, the reader and the power do: nobody is let through unless the module has
// verified that the card paid; no order is sent while an earlier one to the same card may still be found to have been
// followed, unless it is found first; every order is claimed once, as what it is.
//
// What a card answers is a stranger's word. Each answer has a length and a time, and each failure has one [Reason].
package terminal
