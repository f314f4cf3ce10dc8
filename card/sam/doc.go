// Package sam is what holds the symmetric keys beside a card: the secure access module (安全存取模块, PSAM) of a gate,
// that of a load desk, that of the back office. Keys go in and never come out: what comes out are MACs for one
// transaction of one card, and verdicts. SPEC.md §8.2 is the normative text.
//
//	gate      purchase and gate access keys   Purchaser, Authenticator
//	hospital  hospital access keys            Authenticator
//	desk      load keys                       Loader
//	office    TAC keys                        Auditor
//
// Each module takes only the keys of its role: whoever steals a gate can let cards pay to his gate, and cannot load
// them, nor claim money for payments that no card made.
//
// Software is a module in memory. Module is a real one behind a reader, spoken to in APDUs; Emulator is the card side
// of it, over a Software.
package sam
