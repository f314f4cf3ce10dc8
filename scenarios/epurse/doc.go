// Package epurse settles the purse of cards (电子钱包): it takes what terminals
// and load desks claim, decides what became of each claim, books it, and names
// what does not fit.
//
// # What decides
//
// A card that moves money makes a certificate (TAC) over amount, kind, terminal,
// number and time. A claim with a certificate that verifies is proven, and
// nothing undoes it. The certificate does not cover the card's sequence number;
// so two proven claims under one number are both booked, and named.
//
// A card may be torn away when its answer is under way. Then the terminal does
// not know whether money moved, lets nobody through, and claims it as
// unresolved. What decides later, in this order:
//
//   - the terminal meets the card again and has the certificate (GET TRANSACTION
//     PROVE);
//   - another claim with the same number of the card is proven: this one moved
//     nothing;
//   - the card is proven to have gone on to later numbers, no claim with this
//     one is proven, and [Config.Wait] has passed for the last terminal to have
//     been heard: it did. Where several terminals claim the number, the card's
//     log, read by any terminal, tells which. The log is the card's word without
//     a certificate, so it decides between claims and makes none true.
//
// Money that moved for nothing is the holder's and is booked to him. If what was
// decided proves wrong because a terminal was heard very late, the booking is
// reversed and made anew. The same claims in any order, in any batches, any
// number of times, end in the same books.
//
// A load is decided by the card's own authentication (MAC1), which covers the
// number of its loads: [Office.Observe] of the number that was granted says that
// the grants before came to nothing, of a later number that the last of them was
// credited. Until then the money that was paid in is in suspense.
//
// # Money
//
// All accounts are the card issuer's. What the float owes is what all cards
// hold, once every claim is decided.
//
//	epurse.purchase  liability/epurse/float  to  liability/epurse/merchant/<merchant>
//	epurse.holder    liability/epurse/float  to  liability/epurse/holder/<card>
//	epurse.suspense  asset/epurse/till/<terminal>  to  liability/epurse/suspense
//	epurse.load      asset/epurse/till/<terminal>  to  liability/epurse/float
//	epurse.payback   asset/epurse/till/<terminal>  to  liability/epurse/payback/<card>
//
// # Events
//
// The record is one stream of package eventlog. Postings follow from decisions in
// it and carry their keys; a restart posts again what it does not know to stand.
// All claims of the stream are held in memory: a city runs several offices by a
// hash of the card, and begins new streams for a new series of cards.
package epurse
