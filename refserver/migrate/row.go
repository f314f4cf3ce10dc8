package migrate

import (
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
)

// A Row is one user of a base.
type Row struct {
	Line     int // in the file, from 1
	Subject  []byte
	Key      citycode.PublicKey
	Scenes   citycode.Scenes // 0: what the import says
	Benefit  uint8
	Identity string // what is sealed, in a profile with a seal
	Nonce    [citycode.PossessionNonceSize]byte
	Proof    []byte // 64 bytes, or nil: not proven yet
}

// A Reason is why a row is left out.
type Reason string

// The reasons.
const (
	Columns      Reason = "columns"       // not as many as the first line names
	TooLong      Reason = "too-long"      // the line
	BadSubject   Reason = "bad-subject"   // not hexadecimal of the profile's size
	BadKey       Reason = "bad-key"       // no compressed point of the curve in hexadecimal
	BadScenes    Reason = "bad-scenes"    // no scene groups, or not ones of the issuer's and of one credential
	BadBenefit   Reason = "bad-benefit"   // not 0 to 255
	BadIdentity  Reason = "bad-identity"  // too long for the seal, or the profile has none
	BadNonce     Reason = "bad-nonce"     // not the number that was asked
	BadProof     Reason = "bad-proof"     // not 64 bytes in hexadecimal, or it does not verify
	SubjectTwice Reason = "subject-twice" // an earlier line has it
	NotText      Reason = "not-text"      // quotes, or bytes that are not UTF-8
	NoProof      Reason = "no-proof"      // nobody has shown that the key is held
)

// A RowError is a row that is left out. It has nothing of the row in it: a base
// is personal data, and a report travels.
type RowError struct {
	Line   int
	Reason Reason
}

// Error returns one line.
func (e *RowError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Reason) }

// columns are the names that a first line may have. Only the first two are required.
var columns = []string{"subject", "key", "scenes", "benefit", "identity", "nonce", "proof"}

// parse reads the cells of a row by the names of the columns.
func parse(line int, names, cells []string, p citycode.Profile) (*Row, *RowError) {
	fail := func(r Reason) (*Row, *RowError) { return nil, &RowError{line, r} }
	r := &Row{Line: line}
	var err error
	for i, name := range names {
		cell := cells[i]
		switch name {
		case "subject":
			if r.Subject, err = hex.DecodeString(cell); err != nil || len(r.Subject) != p.SubjectSize {
				return fail(BadSubject)
			}
		case "key":
			if r.Key, err = citycode.ParsePublicKey(cell); err == nil {
				_, err = engine.Default().Prepare(r.Key[:])
			}
			if err != nil {
				return fail(BadKey)
			}
		case "scenes":
			if cell != "" {
				if r.Scenes, err = citycode.ParseScenes(cell); err != nil || r.Scenes == 0 {
					return fail(BadScenes)
				}
			}
		case "benefit":
			if cell != "" {
				n, err := strconv.ParseUint(cell, 10, 8)
				if err != nil {
					return fail(BadBenefit)
				}
				r.Benefit = uint8(n)
			}
		case "identity":
			// One byte of the seal is the length.
			if r.Identity = cell; len(cell) > max(0, min(p.SealSize-1, 255)) {
				return fail(BadIdentity)
			}
		case "nonce":
			if cell != "" {
				if n, err := hex.Decode(r.Nonce[:], []byte(cell)); err != nil || n != len(r.Nonce) {
					return fail(BadNonce)
				}
			}
		case "proof":
			if cell != "" {
				if r.Proof, err = hex.DecodeString(cell); err != nil || len(r.Proof) != 64 {
					return fail(BadProof)
				}
			}
		}
	}
	return r, nil
}
