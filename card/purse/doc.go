// Package purse implements the formulas and the messages of the e-purse (电子钱包): what the card computes, what the
// terminal's SAM computes, and the bytes between them. It is pure functions; the balance is in the card, the keys are in
// the card and the SAM. SPEC.md §5 is the normative text.
//
//	terminal                                card
//	InitializePurchase(request)  ------->   draws a random, takes the next offline sequence
//	                             <-------   InitializePurchaseAnswer
//	SAM: PurchaseSession, PurchaseMAC1
//	DebitForPurchase(request)    ------->   checks MAC1, takes the money
//	                             <-------   DebitAnswer: TAC for the back office, MAC2 for the SAM
//
// The forms with 3DES are those of the PBOC e-purse (JR/T 0025 up to 2010, CJ/T 166, JT/T 978) and are held to
// published vectors. The forms with SM4 are our reading of the same formulas: no open text of them was at hand. Which of
// the two a purse has follows from the algorithm of its keys.
package purse
