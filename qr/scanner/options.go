package scanner

import (
	"fmt"
	"time"

	"github.com/citizencode/citizencode/qr"
)

// Limits.
const (
	// MaxScan is the longest scan in bytes: the digits of the largest symbol, each of three bytes, which is what a full-width
	// digit has.
	MaxScan = 3*7089 + 2*MaxAffix

	// MaxAffix is the longest Prefix or Suffix in bytes.
	MaxAffix = 32

	// DefaultIdle is the pause that ends a scan when Options.Idle is zero. A scanner pauses for up to 16 ms between
	// keys and a serial adapter for as long between packets; nobody holds two codes into a scanner within a tenth of a second.
	DefaultIdle = 100 * time.Millisecond
)

// Options say what the scanner is set to. The zero value is a scanner as it comes out of its box.
type Options struct {
	// Prefix and Suffix are what the scanner puts around every scan, beside the AIM identifier and the line end: printable
	// ASCII. A scan without them is refused, for it is not whole. Prefix stands before the AIM identifier.
	Prefix, Suffix string

	// Idle is the pause that ends a scan; zero means DefaultIdle.
	Idle time.Duration

	// Layout is the host's keyboard layout, where it is known: one of Layouts. It lets typed Base45 texts be put right,
	// which are only reported otherwise. Digits need no layout.
	Layout string
}

// check returns the options with their defaults, or ReasonBadOption.
func (o Options) check() (Options, error) {
	for _, affix := range []string{o.Prefix, o.Suffix} {
		if len(affix) > MaxAffix {
			return o, refuse(qr.ReasonBadOption, fmt.Sprintf("a prefix or suffix of %d bytes, at most %d", len(affix), MaxAffix))
		}
		for i := range len(affix) {
			if affix[i] < ' ' || affix[i] > '~' {
				return o, refuse(qr.ReasonBadOption, "a prefix or suffix that is not printable ASCII")
			}
		}
	}
	if o.Idle < 0 {
		return o, refuse(qr.ReasonBadOption, "a negative time")
	}
	if o.Idle == 0 {
		o.Idle = DefaultIdle
	}
	if o.Layout != "" && layoutNamed(o.Layout) == nil {
		return o, refuse(qr.ReasonBadOption, "an unknown keyboard layout")
	}
	return o, nil
}

func refuse(reason qr.Reason, detail string) *qr.Error {
	return &qr.Error{Reason: reason, Detail: detail}
}
