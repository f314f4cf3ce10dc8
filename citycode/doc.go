// Package citycode implements the citizen code (市民码), the one code with which
// a city's people see a doctor, park, ride, check in and claim. SPEC.md beside
// this file is the standard; every wire function names its section.
//
// Three roles meet in a code. An [Issuer] signs a [Credential] that lives for
// days. A [Holder], a phone or a card, turns it into a [Token] that lives for
// seconds and is what a gate scans. A [Verifier] decides about the token with
// the lists that it holds, a [TrustList] of keys and a [StatusList] of
// credentials, and without any network:
//
//	token, err := citycode.ParseToken(scanned)
//	...
//	citizen, err := verifier.Verify(token, citycode.Check{Audience: citycode.Transit})
//
// A Token is opaque. Only Verify makes a [Verified], and only a Verified has
// fields to read. A refusal is a [*VerifyError] with exactly one [Reason], the
// first in the order of SPEC §5; nothing about a credential is said before its
// signatures have held. A [ReplayGuard] keeps a code from being used twice.
//
// The package does no I/O, keeps no global state and reads no clock but the one
// that it is given. SM2, SM3 and SM4 come through package engine. Text and
// pictures are package qr's.
//
// # Compatibility
//
// A version of the standard is its first byte. Within version 1 profiles and
// uses of keys may be added; no byte moves.
package citycode
