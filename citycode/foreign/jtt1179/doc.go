// Package jtt1179 writes and verifies ride codes in the layout of JT/T
// 1179-2018 (交通部乘车码), as deployed terminals read it.
//
// It is layout-compatible, to be certified: the text of the standard could not
// be read, and ../SPEC.md §3 says where each rule comes from and how sure it is.
//
// Three signatures hang together. A central CA certifies the key of a card
// issuer ([IssueCertificate]), the issuer authorises the key of a phone for days
// ([Issuer.Authorise]), and the phone signs each display ([Show]). A [Verifier]
// checks all three with the CA keys that it was given ([RootKey]); a [Lane]
// keeps a code from being used twice.
//
//	ride, err := verifier.Verify(scanned, jtt1179.Check{Amount: 200})
//	...
//	err = lane.Pass(ride)
//
// What the layout cannot do is said in ../SPEC.md §3.6: a code names no place,
// so it is good at every gate until it is too old, and it carries the payment
// account in clear.
package jtt1179
