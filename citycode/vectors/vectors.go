// Package vectors holds the test vectors of the citizen code: bytes, and the one verdict that every
// implementation of ../SPEC.md must give about them, in whatever language it is written.
//
// The vectors are JSON files in v1/, each described by a JSON Schema (draft 2020-12) of the same name in
// schema/:
//
//   - token_parse: bytes that can, or cannot, be cut as a token
//   - token_verify: tokens, the world of a terminal, and its verdict
//   - trust_list, status_list: signed lists, and whether they open
//   - root_change, snapshot, status_delta: whether they are accepted, and what they make
//   - qr_text: the text of a symbol, and the token in it
//   - signature: known answers for SM2, SM3 and SM4
//
// README.md says how to read them and how to run them from another language; the files need nothing but
// themselves. A Go program finds them in [Vectors], as v1/token_verify.json and so on.
//
// Every invalid vector has one fault and one right reason, except those that test which of two faults is named.
// No vector says "acceptable": a reference implementation has no undefined verdicts.
//
// The data, v1/ and schema/, is in the public domain (CC0-1.0, v1/LICENSE), so that nobody has to ask. The
// private keys in it are derived from published sentences: they are known to everybody and protect nothing.
//
// go test -update writes the files anew from their seeds; without it, the test fails if a byte differs.
package vectors

import "embed"

// Vectors holds v1/*.json with its licence, and schema/*.json.
//
//go:embed v1 schema
var Vectors embed.FS
