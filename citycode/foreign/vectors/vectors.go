// Package vectors holds test vectors of foreign codes, for implementations in
// any language: v1/ride_jtt1179.json, ride codes in the layout of JT/T 1179-2018
// with the verdict of ../SPEC.md §3.
//
// They say what this library decides about that layout, and where deployed
// terminals have gone wrong. They are not the standard's: its text could not be
// read. README.md says how to run them. No code of a real person is among them;
// the keys are TEST keys, known to everybody.
//
// go test -update writes the file anew; without it, the test fails if a byte
// differs.
package vectors

import "embed"

// Vectors holds v1/*.json with its licence (CC0-1.0).
//
//go:embed v1
var Vectors embed.FS
