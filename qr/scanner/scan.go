package scanner

import (
	"strings"

	"github.com/citizencode/citizencode/qr"
)

// A Scan is what a scanner sent for one symbol. Nothing in it is authentic.
type Scan struct {
	// Token is the bytes that a camera and qr.DecodeText would give. It is nil where Err is not.
	Token []byte

	// Content is what the symbol says, without what the scanner puts around it, for recognisers of other codes. Where
	// the text had to be put right it is the text put right. It is empty where that is not known.
	Content string

	// Symbology is the AIM identifier without its bracket, as "Q1"; it is empty where the scanner sent none.
	Symbology string

	// Layout is the keyboard layout that a typed scan had to be put right from; it is empty where that was not needed.
	Layout string

	// CapsLock says that this or a shift lock had to be undone.
	CapsLock bool

	// Err is nil or a *qr.Error. Its reason is qr.ReasonNotCitizenCode for somebody else's code, which is no fault.
	Err error
}

// lineEnds are what scanners put behind a scan, and before it.
const lineEnds = " \t\r\n"

// Read reads one scan, as a serial port delivers it.
func Read(text string, o Options) Scan {
	o, err := o.check()
	if err != nil {
		return Scan{Err: err}
	}
	return read(text, &o)
}

func read(text string, o *Options) Scan {
	if len(text) > MaxScan {
		return tooLong()
	}
	text = strings.Trim(text, lineEnds)
	inner, ok := strings.CutPrefix(text, o.Prefix)
	if ok {
		inner, ok = strings.CutSuffix(inner, o.Suffix)
	}
	if !ok {
		// A part of a scan must not pass for the whole, and a scanner that was set anew in the street is to be noticed.
		return Scan{Err: refuse(qr.ReasonIncompleteScan, "without the prefix or suffix that the scanner is set to")}
	}
	id, inner := cutIdentifier(inner)
	s := Scan{Symbology: string(id)}
	if s.Content, s.Err = id.content(inner); s.Err != nil {
		return s
	}
	if id != "" && id[0] != 'Q' {
		s.Err = refuse(qr.ReasonNotCitizenCode, "a symbol that is not QR Code")
		return s
	}
	if s.Token, s.Err = qr.DecodeText(s.Content); s.Err != nil {
		s.Token = nil
	}
	return s
}

func tooLong() Scan {
	return Scan{Err: refuse(qr.ReasonIncompleteScan, "longer than any scan")}
}
