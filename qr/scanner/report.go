package scanner

import (
	"bytes"
	"time"
)

// A Report is what a USB keyboard sends when a key goes down or up, in its boot protocol (Device Class Definition for
// HID 1.11, B.1): modifiers, a reserved byte, and up to six keys that are down. A host that reads them from the device itself needs no
// keyboard layout, and no other program sees the code.
type Report [8]byte

const (
	control  = 0x11 // left or right, in the modifiers
	shift    = 0x22
	other    = 0xCC // Alt and the logo key: shortcuts, never a character of a scan
	rollOver = 0x01 // more keys are down than a report can tell
)

// keys are the characters of usages 0x04 to 0x38 (HID Usage Tables, 10), alone and with shift. \x00 is none.
const (
	keys        = "abcdefghijklmnopqrstuvwxyz1234567890\r\x00\x00\t -=[]\\\x00;'`,./"
	keysShifted = "ABCDEFGHIJKLMNOPQRSTUVWXYZ!@#$%^&*()\r\x00\x00\t _+{}|\x00:\"~<>?"
	firstKey    = 0x04
	keypad      = "/*-+\r1234567890." // usages 0x54 to 0x63
	firstKeypad = 0x54
)

// Report takes one report, as Push takes a character. The scanner is one that types for the US layout, as it does out of its box.
func (k *Keyboard) Report(r Report, at time.Time) (scans []Scan) {
	was := k.held
	if r[2] == rollOver {
		k.lost, k.last = true, at
		return nil
	}
	k.held = r
	for i, key := range r[2:] {
		if key == 0 || r[0]&other != 0 || bytes.IndexByte(was[2:], key) >= 0 || bytes.IndexByte(r[2:2+i], key) >= 0 {
			continue
		}
		c := byte(0)
		switch {
		case key >= firstKey && int(key-firstKey) < len(keys):
			c = keys[key-firstKey]
			if r[0]&shift != 0 {
				c = keysShifted[key-firstKey]
			}
		case key >= firstKeypad && int(key-firstKeypad) < len(keypad):
			c = keypad[key-firstKeypad]
		}
		if r[0]&control != 0 {
			c &= 0x1F // some scanners type control characters this way: Ctrl+M is CR
		}
		if c != 0 {
			scans = append(scans, k.Push(rune(c), at)...)
		}
	}
	return scans
}
