package apdu

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/citizencode/citizencode/card"
)

// A Response is an answer APDU (响应): data, and the status word behind it.
type Response struct {
	Data   []byte // at most MaxNe bytes
	Status Status
}

// Bytes writes the answer. The error is an *Error.
func (r Response) Bytes() ([]byte, error) {
	if len(r.Data) > MaxNe {
		return nil, &Error{Reason: ReasonTooLong, Detail: fmt.Sprintf("%d bytes of data", len(r.Data))}
	}
	if !r.Status.valid() {
		return nil, &Error{Reason: ReasonStatusWord, Detail: r.Status.String()}
	}
	b := make([]byte, 0, len(r.Data)+2)
	b = append(b, r.Data...)
	return binary.BigEndian.AppendUint16(b, uint16(r.Status)), nil
}

// ParseResponse reads an answer APDU. The data is a copy. Fewer than two bytes are an *Error and card.ErrCardLost, more
// than card.MaxAnswer an *Error and card.ErrAnswerTooLong; a status word that ISO/IEC 7816-3 §12.1.4 calls invalid
// (60xx and all outside 61xx..6Fxx and 9xxx) is an *Error.
func ParseResponse(b []byte) (Response, error) {
	if len(b) < card.MinAnswer {
		return Response{}, &Error{Reason: ReasonShort, Detail: fmt.Sprintf("%d bytes", len(b)), Err: card.ErrCardLost}
	}
	if len(b) > card.MaxAnswer {
		return Response{}, &Error{Reason: ReasonTooLong, Detail: fmt.Sprintf("%d bytes", len(b)), Err: card.ErrAnswerTooLong}
	}
	n := len(b) - 2
	r := Response{Status: Status(binary.BigEndian.Uint16(b[n:]))}
	if !r.Status.valid() {
		return Response{}, &Error{Reason: ReasonStatusWord, Detail: r.Status.String()}
	}
	if n > 0 {
		r.Data = append([]byte(nil), b[:n]...)
	}
	return r, nil
}

// A StatusError is the refusal of one command by a card. errors.Is finds it by its Status, errors.As gives the Status.
type StatusError struct {
	Command Command // without its data
	Status  Status
}

// Error names the command by its header, and the status word.
func (e *StatusError) Error() string { return "apdu: " + e.Command.header() + ": " + e.Status.Error() }

// Unwrap returns the status.
func (e *StatusError) Unwrap() error { return e.Status }

// StatusOf returns the status word inside err: OK for nil, the status of a refusal, false for anything else. A card
// whose functions return errors turns them into answers with it.
func StatusOf(err error) (Status, bool) {
	if err == nil {
		return OK, true
	}
	var s Status
	ok := errors.As(err, &s)
	return s, ok
}
