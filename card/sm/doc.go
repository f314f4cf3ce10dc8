// Package sm implements secure messaging (安全报文): commands that only the holder of a key can give, and answers that
// only the card can. SPEC.md §6 is the normative text. There are two modes, both with SM4.
//
// PBOC mode secures one command with the card's last challenge, without any session. It is what issuing tools know:
//
//	terminal: WrapPBOC(keys, challenge, command, MACOnly)
//	card:     UnwrapPBOC(keys, &challenge, command, MACOnly)
//
// ISO mode secures a session in both directions. Both sides draw a challenge, prove in EXTERNAL AUTHENTICATE that they
// have the key, and derive the session from it:
//
//	terminal: session := handshake.Terminal(k); c, err := session.Wrap(command); ...; r, err := session.Unwrap(answer)
//	card:     session := handshake.Card(k);     c, err := session.Unwrap(command); ...; r, err := session.Wrap(answer)
//
// A message that is wrong, replayed, left out or out of order ends the session. The two modes never share a key.
package sm
