// Package qr turns bytes into text, text into a QR symbol, a symbol into a picture, and all of that back.
// SPEC.md beside this file is the normative text.
//
//	token  --EncodeDecimal-->  text  --NewSymbol-->  Symbol  --PNG, SVG, Terminal, Image-->  picture
//	token  <--DecodeText-----  text  <--Decode, DecodePicture------------------------------  picture
//
// It carries bytes and knows no token: what the bytes mean, and whether they are authentic, is for the
// package citycode. Nothing that comes out of a picture has been verified.
//
// A city that shows a code:
//
//	symbol, err := qr.Encode(token, qr.Options{})   // decimal text, level M, quiet zone 4
//	file, err := symbol.PNG(8)                      // 8 pixels to a module
//
// A display whose code changes every few seconds, which allocates nothing after the first:
//
//	encoder, err := qr.NewEncoder(qr.Options{})
//	err = encoder.EncodeInto(&symbol, token)
//	file, err = symbol.AppendPNG(file[:0], 8)
//
// A gate that reads one:
//
//	results, err := qr.DecodePicture(upload, qr.ReadOptions{})   // or Decode and DecodeGray, for a camera frame
//	token, err := qr.DecodeText(results[0].Text)
//
// and one that looks into a camera all day:
//
//	reader, err := qr.NewReader(qr.ReaderOptions{})
//	results, err := reader.Push(qr.Frame{Pix: frame, W: 640, H: 480, Stride: 640})   // what is new in it
//
// and one with a scanner in place of a camera, for which package scanner knows more:
//
//	token, err := qr.DecodeText(qr.TrimScan(line))
//
// Where another system's code stands in front of the text, EncodePrefixed and DecodePrefixed take the place of
// EncodeDecimal and DecodeText. How many characters that is, the caller knows.
//
// # What it promises
//
// A token has exactly one text in each form, and DecodeText accepts exactly those. A symbol is the smallest
// that holds its text, with the most error correction that it has room for. Every clean symbol that this package
// draws, it reads. Every refusal is an [*Error] with a [Reason]; a picture from a stranger costs bounded memory and
// time and does not end the program.
//
// # What it refuses
//
// Tokens below MinToken or above MaxToken; texts with anything around them, lower case, or digits that
// are not ASCII; a quiet zone below 4; pictures above MaxPixels, files above MaxPictureBytes, and formats
// other than PNG and JPEG. It writes no ECI header. It neither draws nor reads Micro QR and rMQR. A symbol that is
// one part of a structured append is never returned as content, and one with FNC1 data is passed over.
package qr
