// Package foreign tells the codes apart that people already carry, so that a
// gate can say the right thing about each: which code this is, and what its
// holder can do next. SPEC.md beside this file says what is known of each kind,
// and how surely.
//
//	code := recogniser.Recognise(scanned)
//	switch code.Kind {
//	case foreign.CitizenCode: // qr.DecodeText, citycode.ParseToken
//	case foreign.RideJTT1179: // jtt1179.Verifier
//	default: // code.Next() tells the person what to do
//	}
//
// A [Router] does this from a table of what a place serves. Packages jtt1179 and
// hcert verify two of the kinds and are linked only by who imports them.
//
// Recognising is looking at first bytes, prefix, length and alphabet. It
// verifies nothing, keeps no state and does no I/O. Nothing that is not named a
// [CitizenCode] has any business at a citycode.Verifier.
package foreign
