package qr

import (
	"fmt"

	skip2 "github.com/skip2/go-qrcode"
)

// maxSymbolText is more than the 7089 digits that the largest symbol holds. It keeps the foreign encoder,
// whose work grows faster than its input, away from texts that cannot fit.
const maxSymbolText = 7089

// matrix returns the modules of the smallest symbol for a text, row by row and without a quiet zone.
// It is the only place that knows the foreign encoder, and is replaced as a whole.
func matrix(text string, level Level) (rows [][]bool, err error) {
	if text == "" {
		return nil, refuse(ReasonDoesNotFit, "no text")
	}
	if len(text) > maxSymbolText {
		return nil, refuse(ReasonDoesNotFit, "text longer than any symbol holds")
	}
	// The foreign encoder reports some of its own faults by panicking; a fault there must not end a server.
	defer func() {
		if r := recover(); r != nil {
			rows, err = nil, &Error{Reason: ReasonDoesNotFit, Detail: "encoder failed", Err: fmt.Errorf("%v", r)}
		}
	}()
	code, err := skip2.New(text, foreignLevel[level])
	if err != nil {
		return nil, &Error{Reason: ReasonDoesNotFit, Detail: fmt.Sprintf("%d characters at level %s", len(text), level), Err: err}
	}
	code.DisableBorder = true // the quiet zone is ours
	return code.Bitmap(), nil
}

var foreignLevel = map[Level]skip2.RecoveryLevel{L: skip2.Low, M: skip2.Medium, Q: skip2.High, H: skip2.Highest}
