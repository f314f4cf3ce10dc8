// Package qrcode has the exported names of github.com/skip2/go-qrcode over the encoder of package qr: a program
// changes its import line and nothing else.
//
//	import qrcode "github.com/citizencode/citizencode/qr/skip2"
//
// It draws the same symbols in a small part of the time, with three differences. Mixed texts are divided into
// segments in the shortest way, so that a symbol may be of a smaller version. The mask may be another, because
// the light area in rule N3 of ISO/IEC 18004, 7.8.3.1 is taken to include the quiet zone. And a picture is at most MaxSide
// pixels wide, a level is one of the four, and a failing WriteColorFile returns its error.
//
// New programs take package qr: it refuses a missing quiet zone and fractions of pixels, which this one has
// because the other has them.
package qrcode
