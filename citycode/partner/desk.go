package partner

import (
	"context"
	"errors"

	"github.com/citizencode/citizencode/citycode"
)

// A Directory is what a partner implements to bind (绑定): its own register of
// which subject is which account.
type Directory interface {
	// Account returns the partner's account that a subject is bound to. It
	// returns an *Error with NotBound or Suspended; any other error means that
	// it could not be asked.
	Account(ctx context.Context, s Subject) (account string, err error)
}

// A Desk is a place of a partner's where the citizen code is taken for an
// account of the partner's. It is safe for concurrent use if the directory is.
type Desk struct {
	partner   string
	verifier  *citycode.Verifier
	directory Directory
}

// NewDesk returns a desk. The name of the partner stands in its refusals.
func NewDesk(partner string, v *citycode.Verifier, d Directory) (*Desk, error) {
	if partner == "" || v == nil || d == nil {
		return nil, errors.New("partner: a desk needs a name, a verifier and a directory")
	}
	return &Desk{partner, v, d}, nil
}

// A Guest is somebody whose code was accepted and whom the partner knows.
type Guest struct {
	Citizen *citycode.Verified
	Account string // the partner's
}

// Admit verifies a code and then looks its subject up. A refusal is a
// *citycode.VerifyError or an *Error. A code that the verifier accepted is used
// up, whatever the directory says: the citizen shows a fresh one.
func (d *Desk) Admit(ctx context.Context, token *citycode.Token, check citycode.Check) (*Guest, error) {
	// Nothing that was not verified reaches the directory: anybody could ask it
	// for handles until one is known.
	citizen, err := d.verifier.Verify(token, check)
	if err != nil {
		return nil, err
	}
	account, err := d.directory.Account(ctx, SubjectOf(citizen))
	if err == nil {
		return &Guest{citizen, account}, nil
	}
	var refused *Error
	if errors.As(err, &refused) && (refused.Reason == NotBound || refused.Reason == Suspended) {
		return nil, &Error{Partner: d.partner, Reason: refused.Reason}
	}
	// A directory that is down says nothing about the citizen.
	return nil, &Error{Partner: d.partner, Reason: Unavailable, Err: err}
}
