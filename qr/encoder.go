package qr

import (
	"errors"
	"fmt"

	"github.com/citizencode/citizencode/qr/internal/matrix"
)

// An Encoder draws one token after another with the same options, as the page of a code that changes every few
// seconds does. It keeps its memory between them. It is not for two goroutines at once.
type Encoder struct {
	options Options
	text    []byte
	modules matrix.Encoder
}

// NewEncoder returns an encoder for these options.
func NewEncoder(o Options) (*Encoder, error) {
	o, err := o.checked()
	if err != nil {
		return nil, err
	}
	return &Encoder{options: o}, nil
}

// EncodeInto draws the symbol of a token of MinToken to MaxToken bytes into dst, over whatever was there. From the
// second token of a size on it allocates nothing. On an error dst is unchanged.
func (e *Encoder) EncodeInto(dst *Symbol, token []byte) error {
	text, err := e.options.Form.appendText(e.text[:0], token)
	if err != nil {
		return err
	}
	e.text = text
	return e.draw(dst, text)
}

// draw draws any text.
func (e *Encoder) draw(dst *Symbol, text []byte) error {
	err := e.modules.Encode(&dst.modules, text, matrix.Request{
		Level: matrix.Level(e.options.Level - L), Raise: !e.options.ExactLevel, Mask: matrix.BestMask,
	})
	switch {
	case errors.Is(err, matrix.ErrEmpty):
		return refuse(ReasonDoesNotFit, "no text")
	case err != nil:
		return &Error{Reason: ReasonDoesNotFit, Detail: fmt.Sprintf("%d characters at level %s", len(text), e.options.Level), Err: err}
	}
	dst.text = append(dst.text[:0], text...)
	dst.quiet = e.options.Quiet
	return nil
}
