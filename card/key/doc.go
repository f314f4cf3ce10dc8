// Package key holds the symmetric keys of cards and SAMs: SM4, and two-key triple DES for cards of the old kind. A Key
// cannot be printed. SPEC.md §3 is the normative text.
//
//	master, err := key.New(key.SM4, bytes)
//	card := master.Diversify(factor)   // the key of one card
//	fmt.Println(card)                  // SM4 key, check value 0D3A67
//
// A function here panics when it is given the zero Key, which is none: no input from outside can bring one about.
package key
