package perso

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/key"
)

// Keys are where the keys of cards come from: masters in memory, or a module that keeps them.
type Keys interface {
	// CardKey returns a card's own key, KeyTransport to KeyUnblock.
	CardKey(id app.KeyID, serial app.Serial) (key.Key, error)
	// CheckValue returns the check value of the master, which tells two sets of masters apart.
	CheckValue(id app.KeyID) [3]byte
}

// Masters are master keys in memory, by KeyID: KeyTransport to KeyUnblock.
type Masters [app.KeyUnblock + 1]key.Key

var _ Keys = (*Masters)(nil)

// CardKey implements [Keys] by diversification (SPEC §3.2).
func (m *Masters) CardKey(id app.KeyID, serial app.Serial) (key.Key, error) {
	if int(id) >= len(m) || m[id].IsZero() {
		return key.Key{}, fmt.Errorf("perso: no master of the %s key", id)
	}
	return m[id].Diversify(key.Factor(serial)), nil
}

// CheckValue implements [Keys].
func (m *Masters) CheckValue(id app.KeyID) (v [3]byte) {
	if int(id) < len(m) && !m[id].IsZero() {
		v = m[id].CheckValue()
	}
	return v
}

// An Applicant is a card that asks for its credential.
type Applicant struct {
	*Record
	Public [app.CompressedPointSize]byte // the key that the card made
	// Prove lets the card prove its key to an issuer (SPEC §7.3).
	Prove func(issuer uint32, nonce [16]byte) (signature [app.SignatureSize]byte, err error)
}

// An Issuer returns the credential for an applicant, at most app.MaxCredential bytes. It is called by several goroutines
// at a time. A *RowError leaves the row out; any other error ends the run.
type Issuer func(ctx context.Context, a *Applicant) (credential []byte, err error)

// A Config is what the cards of a run have in common.
type Config struct {
	AID          app.AID // required
	Profile      byte    // of the credential
	KeySet       byte    // version of the keys
	IssuerKey    uint32  // issuer of the credential
	MaxBalance   uint32  // fen
	LoadNeedsPIN bool
	LogNeedsPIN  bool

	Keys  Keys      // required
	Issue Issuer    // required
	Rand  io.Reader // of PIN blocks; nil: crypto/rand

	// Batch is how many cards are begun between two writes to disk; 0: 1. More than 1 is for emulated cards.
	Batch int
	// Workers is how many cards are filled at a time, of a Batch; 0: 1.
	Workers int
	// Progress, if not nil, is called after each batch: rows that are done or left out so far, bytes of the source read.
	Progress func(rows int, read int64)
}

// The limits of a Config.
const (
	MaxBatch   = 4096
	MaxWorkers = 256
)

func (c *Config) check() error {
	switch {
	case c.AID.Validate() != nil:
		return c.AID.Validate()
	case c.Keys == nil || c.Issue == nil:
		return errors.New("perso: keys and an issuer are required")
	case c.Batch < 0 || c.Batch > MaxBatch || c.Workers < 0 || c.Workers > MaxWorkers:
		return errors.New("perso: a batch has at most 4096 cards and 256 workers")
	}
	return nil
}

// Fingerprint names what all cards of one journal have in common: a run that goes on with other masters or another
// issuer would make cards that no module opens.
func (c *Config) Fingerprint() string {
	text := fmt.Sprintf("%s %02x %02x %08x %d %t %t", c.AID, c.Profile, c.KeySet, c.IssuerKey, c.MaxBalance, c.LoadNeedsPIN, c.LogNeedsPIN)
	for id := app.KeyTransport; id <= app.KeyUnblock; id++ {
		text += fmt.Sprintf(" %x", c.Keys.CheckValue(id))
	}
	return text
}
