package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/foreign"
	"github.com/citizencode/citizencode/qr"
	"github.com/citizencode/citizencode/qr/gozxing"
)

// maxInput is the largest picture, text or token that is looked at. A picture
// of a telephone's camera has three or four megabytes.
const maxInput = 8 << 20

// Reasons of this command beside those of package qr and of the code standard.
const (
	reasonInputTooLarge = "input-too-large"
	reasonSeveralCodes  = "several-codes"
)

// A scanError says why no token was found in what was shown. It is a refusal:
// whatever bytes somebody holds in front of a camera are an answer, no fault.
type scanError struct {
	reason string
	detail string
	code   foreign.Code // whose it is, where that is known
}

// Error names the reason first.
func (e *scanError) Error() string {
	if e.detail == "" {
		return e.reason
	}
	return e.reason + ": " + e.detail
}

// ExitCode makes it a refusal.
func (e *scanError) ExitCode() int { return exitRefused }

// readInput reads a file, or stdin for "-". It returns when ctx is done, also
// while nobody writes into the other end of a pipe.
func readInput(ctx context.Context, name string, in io.Reader) ([]byte, error) {
	type result struct {
		b   []byte
		err error
	}
	done := make(chan result, 1)
	go func() {
		var r result
		if name != "-" {
			f, err := os.Open(name)
			if err != nil {
				done <- result{nil, err}
				return
			}
			defer f.Close()
			in = f
		}
		r.b, r.err = io.ReadAll(io.LimitReader(in, maxInput+1))
		done <- r
	}()
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("read %s: %w", name, context.Cause(ctx))
	case r := <-done:
		if r.err == nil && len(r.b) > maxInput {
			return nil, &scanError{reason: reasonInputTooLarge, detail: fmt.Sprintf("more than %d bytes", maxInput)}
		}
		return r.b, r.err
	}
}

// A found is what was recognised in an input: the bytes of a token, and a
// partner's code that stood in front of its text (SPEC §9.2).
type found struct {
	token  []byte
	prefix string
}

// recognise returns the token in a PNG or JPEG picture, in a text as a scanner
// gives it, or the bytes as they are. It tells them apart by their content,
// never by a name, and guesses nothing: what is none of the three is handed on
// to the parser, which says what is wrong with it. A partner's code in front of
// a text is cut off where it has the length of profile fused, or one of prefixes.
func recognise(input []byte, prefixes ...int) (found, error) {
	prefixes = append(prefixes, citycode.FusedProfile().PrefixSize)
	switch {
	case bytes.HasPrefix(input, []byte("\x89PNG\r\n\x1a\n")), bytes.HasPrefix(input, []byte("\xff\xd8\xff")):
		return fromPicture(input, prefixes)
	case len(input) > 0 && input[0]&0xf0 == citycode.WireVersion&0xf0:
		return found{token: input}, nil // no text begins with this control character
	case len(input) > 0 && utf8.Valid(input) && bytes.IndexByte(input, 0) < 0:
		return fromText(qr.TrimScan(string(input)), prefixes)
	}
	if err := stranger(input, &qr.Error{Reason: qr.ReasonNotCitizenCode}); err != nil {
		return found{}, err
	}
	return found{token: input}, nil
}

// stranger names a code of somebody else; nil where nobody knows whose it is.
func stranger(shown []byte, err error) error {
	var known foreign.Recogniser
	code := known.Recognise(shown)
	if code.Kind == foreign.Unknown || code.Kind == foreign.CitizenCode && code.Fault == foreign.Intact {
		return nil
	}
	failure := scanFailure(err)
	var scan *scanError
	if errors.As(failure, &scan) {
		scan.code = code
	}
	return failure
}

func fromText(text string, prefixes []int) (found, error) {
	token, err := qr.DecodeText(text)
	if err == nil {
		return found{token: token}, nil
	}
	for _, n := range prefixes {
		if prefix, behind, err := qr.DecodePrefixed(text, n); err == nil {
			return found{behind, prefix}, nil
		}
	}
	if named := stranger([]byte(text), err); named != nil {
		return found{}, named
	}
	return found{}, scanFailure(err)
}

func fromPicture(picture []byte, prefixes []int) (found, error) {
	results, err := qr.DecodePicture(bytes.NewReader(picture), qr.ReadOptions{Second: gozxing.Reader{}})
	if err != nil {
		return found{}, scanFailure(err)
	}
	return choose(results, prefixes)
}

// choose returns the token of the one citizen code among what was found. Codes
// of others may stand beside it, as on any poster; between two citizen codes
// nobody but the citizen may choose.
func choose(results []qr.Result, prefixes []int) (found, error) {
	var one found
	var first error
	for _, r := range results {
		f, err := fromText(r.Text, prefixes)
		if err != nil { // bytes that are no text have lost what they began with
			err = cmp.Or(stranger(r.Bytes, &qr.Error{Reason: qr.ReasonNotCitizenCode}), err)
		}
		switch {
		case err != nil:
			first = cmp.Or(first, err)
		case one.token != nil && (!bytes.Equal(one.token, f.token) || one.prefix != f.prefix):
			return found{}, &scanError{reason: reasonSeveralCodes}
		default:
			one = f
		}
	}
	if one.token == nil {
		return found{}, first
	}
	return one, nil
}

// scanFailure turns an error of package qr into a refusal with its word.
func scanFailure(err error) error {
	var refused *qr.Error
	if !errors.As(err, &refused) {
		return err
	}
	return &scanError{reason: string(refused.Reason), detail: refused.Detail}
}
