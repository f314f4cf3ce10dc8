// Package hcert reads EU digital certificates (hcert): Base45 behind "HC1:",
// zlib, a CBOR Web Token signed with COSE_Sign1 and ES256. It shows that the
// shape of the citizen code's verifier is not particular to it: a trust list of
// keys, no I/O, one stable reason for each refusal, nothing said about a
// certificate before its signature has held.
//
//	certificate, err := verifier.Verify(scanned)
//
// Such a certificate has no holder's key, no dynamic part and no audience: it
// says what somebody was given and not that who shows it is that person. It
// opens nothing by itself. What is inside ([Certificate].HCert) is handed out as
// the CBOR that was signed. Revocation is not looked at (../SPEC.md §4).
//
// Nothing that ships in citycode imports this package; who does not import it does
// not link it.
package hcert
