// Package nvm models the non-volatile memory (非易失存储器) of a card whose power may fail at any moment: pages that are
// written one at a time, and what is found in a page whose writing was cut short.
//
//	m := nvm.New(64)
//	m.Arm(nvm.Tear{Write: 2, Mode: nvm.Half}) // the power fails in the second write from now
//	err := m.Write(7, page)                   // nil
//	err = m.Write(8, page)                    // ErrPower: page 8 is half written
//	m.PowerOn()
//
// Everything is deterministic under Tear.Seed. It is a model: real cells fail in more ways, and a memory of a real chip
// adds error correction and wear levelling below what a card's program sees. SPEC.md §9 says what is assumed.
package nvm
