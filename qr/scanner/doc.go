// Package scanner makes of what a scanner sends the same bytes that a camera reads. A scanner is a serial port, or it
// types: the host sees a keyboard, with a layout that the scanner knows nothing of.
//
// Section 9 of ../SPEC.md is the normative text.
//
//	line, err := scanner.NewLine(scanner.Options{})
//	for {
//		n, err := port.Read(buffer)          // a port with a read timeout, so that Push sees the pause at the end
//		for _, scan := range line.Push(buffer[:n], time.Now()) {
//			if scan.Err == nil {
//				verify(scan.Token)
//			}
//		}
//	}
//
// A [Line] takes the bytes of a serial port, a [Keyboard] characters or reports of a USB keyboard, and [Read] and [ReadTyped] a
// scan that somebody else has cut out, such as the content of a form's field. All of them are for one goroutine at a time.
//
// # What it promises
//
// A token comes out exactly if the text is one that qr.DecodeText takes, after what the scanner put around it is off
// and, for typed digits, what the keyboard layout made of them is undone. What cannot be undone in exactly one way is an
// [*qr.Error], which says which layout it was, and never quotes the text. Memory is bounded by MaxScan, and time by the
// bytes that come in.
//
// # What it does not do
//
// It searches for no token inside other text: what stands around one is named in Options or the scan is refused. Two
// keystrokes lost together may leave a well-formed text: then it is the token's signature that does not verify.
package scanner
