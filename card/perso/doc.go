// Package perso fills cards in bulk (个人化, 批量制卡): a file of people goes in, and for each a card comes out that made
// its own key, has a credential for it, and keys that only it and the city's security modules can derive.
//
//	rows, err := perso.NewReader(file)
//	deck, err := perso.OpenDeck("cards.deck")            // emulated cards in one file
//	journal, err := perso.OpenJournal("cards.journal", cfg.Fingerprint())
//	report, err := perso.Run(ctx, cfg, rows, deck, journal)
//
// # What a crash leaves
//
// A serial number is in the [Journal] before the first command to its card, and once more when the card is kept. A run
// that was killed is begun again with the same file: what is done stays, and a card that was begun is taken up where it
// is, or made anew where the old one can be destroyed, and never made twice under one serial number.
//
// # Keys
//
// Nothing of this package prints a key or a PIN. The journal has the check values (KCV) of every card's keys, which the
// card itself compared when it took them.
//
// The package knows no token: the credential comes from a function, which is given the card's key and a way to have it
// proven.
package perso
