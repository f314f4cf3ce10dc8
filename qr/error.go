package qr

// A Reason says in one stable word why this package refused something. Programs switch over it; people
// read [Error.Error]. SPEC.md §7 lists every reason.
type Reason string

const (
	// ReasonNotCitizenCode: the text has neither prefix, or cannot be one of ours by its length alone.
	// A recogniser hands such a text to the next reader; it is not a fault.
	ReasonNotCitizenCode Reason = "not-citizen-code"

	// ReasonMalformedText: the text claims to be a citizen code and is not exactly what an encoder emits.
	ReasonMalformedText Reason = "malformed-text"

	// ReasonTokenSize: the token is shorter than MinToken or longer than MaxToken.
	ReasonTokenSize Reason = "token-size"

	// ReasonDoesNotFit: the text is empty, or longer than the largest symbol of that level; or a logo hides too much.
	ReasonDoesNotFit Reason = "does-not-fit"

	// ReasonBadOption: an option, a scale or a prefix is outside the range that its documentation names.
	ReasonBadOption Reason = "bad-option"

	// ReasonNoCode: the picture was read to the end and no symbol was found in it.
	ReasonNoCode Reason = "no-code"

	// ReasonStructuredAppend: the only symbols in the picture are parts of a message that several of them make up. A
	// part must never pass for the whole.
	ReasonStructuredAppend Reason = "structured-append"

	// ReasonPictureTooLarge: the file has too many bytes or the picture too many pixels.
	ReasonPictureTooLarge Reason = "picture-too-large"

	// ReasonPictureUnreadable: not a PNG or JPEG file, a broken one, or a picture without pixels.
	ReasonPictureUnreadable Reason = "picture-unreadable"

	// ReasonIncompleteScan: what a scanner sent is not the whole of one scan, or is more than that.
	ReasonIncompleteScan Reason = "incomplete-scan"

	// ReasonWrongLayout: a scanner typed, and the host's keyboard layout made something else of it that cannot be put
	// right in one way only.
	ReasonWrongLayout Reason = "wrong-layout"

	// ReasonDeadline: the time allowed was used up before the picture was read to the end.
	ReasonDeadline Reason = "deadline"
)

// Error is the only error type that this package returns.
type Error struct {
	Reason Reason
	Detail string // what exactly, in a few words; never a part of the text or of the token
	Err    error  // the cause, where there is one
}

// Error returns one line. It never quotes the text that was refused: a citizen's code in a log file is a
// citizen's journey in a log file.
func (e *Error) Error() string {
	line := "qr: " + string(e.Reason)
	if e.Detail != "" {
		line += ": " + e.Detail
	}
	if e.Err != nil {
		line += ": " + e.Err.Error()
	}
	return line
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

func refuse(reason Reason, detail string) *Error {
	return &Error{Reason: reason, Detail: detail}
}
