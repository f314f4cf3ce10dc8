// Package mutants proves that the vectors bite. It holds broken verifiers, each a small patch of the real
// source with the attack that it lets in, and tests that the vectors refuse every one of them: a vector that
// no broken verifier fails would be worth nothing.
//
// A second test breaks the verifier at random places and counts who notices: make mutation.
package mutants
