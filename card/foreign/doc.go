// Package foreign looks at the cards that people already carry: which applications are on one, and what their public
// files say. It has no key, proves nothing and changes nothing: [ReadOnly] refuses every command that could.
//
//	t := foreign.ReadOnly(transport)
//	list, err := foreign.List(ctx, t, foreign.Known{AID: tunion.AID, Name: "交通联合 T-Union"}, …)
//
// A card often has several applications, and readers that took the first one that answered have shown people another
// card's balance. So List finds all of them, by the card's own directories and by asking for those that are known, before
// any is chosen. What is read is the card's word: nothing in it has been verified. SPEC.md §12 is the text.
//
// Packages tunion, cityunion and sscard know the files.
package foreign
