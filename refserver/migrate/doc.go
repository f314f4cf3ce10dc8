// Package migrate brings the users of an existing code over to the citizen code
// without a flag day: a city has a base, a table of subjects and of the keys on
// their phones, and wants to know what of it would be accepted where, and to issue
// credentials to it while the old code goes on.
//
// A base is CSV with a line of names first. Every key has to prove that somebody
// holds it (citycode SPEC §4.2), so it takes two steps: the authority writes a
// number beside each row ([Asker]), the old application has its phones sign it the
// next time each is opened, and the rows that come back with a proof get
// credentials. The others wait; nothing stops for them.
//
// A row that is wrong is named with its line and left out, and the rest goes on.
// Reading takes memory for the subjects seen, some 40 bytes each, and for nothing
// else.
package migrate
