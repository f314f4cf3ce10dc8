// Package ecquery reads the medical insurance code (医保码, 医保电子凭证) online: an
// opaque text that changes within a minute, and of which nobody but the centre of
// the insurance knows whom it means. The call has the shape of ec.query of XJ-D01-2019
// as its users publish it; the text of the standard was not at hand, so this is
// layout-compatible, to be certified.
//
// A [Client] asks for one [Code] at one [Place] for one [Business], and what it
// gets serves there and for that only: an [Answer] gives its authorisation token
// to no other purpose. A decode has a number of its own. Asked again after a lost
// answer it has the same number, for which a centre has one answer, and an answer
// with another number, of another organisation or for another purpose is refused,
// whoever sent it.
//
// The text opens a person's record as long as it lives. It is in no URL, no error
// and no log: a Code prints as a word.
//
// Directory vectors has questions and answers for implementations in any language.
// Package refserver/partner has a simulated centre that misbehaves on demand.
package ecquery
