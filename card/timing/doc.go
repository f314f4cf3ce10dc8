// Package timing estimates how long a conversation with a contactless card takes, from the bytes that were really
// exchanged: the air by ISO/IEC 14443-3 and -4, the chip by a [Chip] of stated numbers. It is a model: the air is
// computed, what a chip needs is an assumption until a chip is measured. SPEC.md §10 is the normative text.
package timing
