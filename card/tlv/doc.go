// Package tlv reads and writes BER-TLV data objects (数据对象) as cards have them (ISO/IEC 7816-4 §6.3), and data object
// lists (DOL, EMV Book 3 §5.4).
//
//	objects, err := tlv.Parse(fci, tlv.Strict)
//	name, ok := objects.Find(0x6F, 0x84)
//
// Strict takes exactly what Bytes writes. Lenient is for cards of others: it passes over the filler 00 and FF between
// objects and takes lengths in longer forms than they need. Both refuse the indefinite length, more than MaxDepth
// levels and more than MaxSize bytes; memory stays within a small multiple of the input.
package tlv
