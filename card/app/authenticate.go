package app

import (
	"encoding/binary"
	"fmt"

	"github.com/citizencode/citizencode/card/apdu"
)

// The sizes of INTERNAL AUTHENTICATE in bytes.
const (
	ChallengeSize           = 16
	SignatureSize           = 64
	AuthenticateRequestSize = 4 + 2 + ChallengeSize
	AuthenticateAnswerSize  = 4 + SignatureSize

	// DynamicSize is the dynamic part of a card's token without the signature: time 4, counter 4, audience 2, length 1,
	// challenge 16.
	DynamicSize = 4 + 4 + 2 + 1 + ChallengeSize
)

// A LengthError is a message of a length that it cannot have.
type LengthError struct {
	Message   string
	Got, Want int // bytes
}

// Error returns one line.
func (e *LengthError) Error() string {
	return fmt.Sprintf("app: %s of %d bytes, not %d", e.Message, e.Got, e.Want)
}

// An AuthenticateRequest is what a terminal gives to a card that shall sign a token (SPEC §4). There is no other form
// and no other length: a card that took shorter challenges could be made to sign tokens for later.
type AuthenticateRequest struct {
	Time      uint32 // UTC seconds; the terminal's word, it proves nothing
	Audience  uint16 // one scene group
	Challenge [ChallengeSize]byte
}

// Bytes writes the data of the command.
func (r AuthenticateRequest) Bytes() []byte {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, AuthenticateRequestSize), r.Time)
	b = binary.BigEndian.AppendUint16(b, r.Audience)
	return append(b, r.Challenge[:]...)
}

// ParseAuthenticateRequest reads it. The error is a *LengthError.
func ParseAuthenticateRequest(b []byte) (r AuthenticateRequest, err error) {
	if len(b) != AuthenticateRequestSize {
		return r, &LengthError{"INTERNAL AUTHENTICATE", len(b), AuthenticateRequestSize}
	}
	return AuthenticateRequest{binary.BigEndian.Uint32(b), binary.BigEndian.Uint16(b[4:]), [ChallengeSize]byte(b[6:])}, nil
}

// Dynamic returns the dynamic part of the token without its signature, with the card's counter: time ‖ counter ‖
// audience ‖ 10 ‖ challenge. Card and terminal both make it from what they know; it never travels.
func (r AuthenticateRequest) Dynamic(counter uint32) []byte {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, DynamicSize), r.Time)
	b = binary.BigEndian.AppendUint32(b, counter)
	b = binary.BigEndian.AppendUint16(b, r.Audience)
	b = append(b, ChallengeSize)
	return append(b, r.Challenge[:]...)
}

// An AuthenticateAnswer is the card's side of its token.
type AuthenticateAnswer struct {
	Counter   uint32
	Signature [SignatureSize]byte // r ‖ s
}

// Bytes writes the answer.
func (a AuthenticateAnswer) Bytes() []byte {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, AuthenticateAnswerSize), a.Counter)
	return append(b, a.Signature[:]...)
}

// ParseAuthenticateAnswer reads it. The error is a *LengthError.
func ParseAuthenticateAnswer(b []byte) (a AuthenticateAnswer, err error) {
	if len(b) != AuthenticateAnswerSize {
		return a, &LengthError{"INTERNAL AUTHENTICATE answer", len(b), AuthenticateAnswerSize}
	}
	return AuthenticateAnswer{binary.BigEndian.Uint32(b), [SignatureSize]byte(b[4:])}, nil
}

// InternalAuthenticate is 00 88 00 00. Its answer is an AuthenticateAnswer.
func InternalAuthenticate(r AuthenticateRequest) apdu.Command {
	return apdu.Command{INS: apdu.InsInternalAuthenticate, Data: r.Bytes(), Ne: AuthenticateAnswerSize}
}
