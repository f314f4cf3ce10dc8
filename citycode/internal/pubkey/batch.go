package pubkey

import "github.com/citizencode/citizencode/citycode/engine"

// A Batch verifies the signatures of many tokens together, before each of them is
// checked. One goroutine at a time may use it.
type Batch struct {
	batch      engine.Batch
	statements []engine.Statement
	proofs     []*proof // where their verdicts go
}

// NewBatch returns an empty batch: of the engine's, or, where that has none, one
// that verifies one by one.
func (c *Checker) NewBatch() *Batch {
	if b, ok := c.Suite.Engine.(engine.Batcher); ok {
		return &Batch{batch: b.NewBatch()}
	}
	return &Batch{batch: oneByOne{}}
}

type oneByOne struct{}

func (oneByOne) Bytes() int { return 0 }

func (oneByOne) Verify(list []engine.Statement) {
	for i := range list {
		q := &list[i]
		q.Valid = q.Key.Verify(q.Digest, q.Signature)
	}
}

// Add adds the signatures of a token under the first key that may have issued it.
// A second one, in the days of a change of keys, is left to Check.
func (b *Batch) Add(s *Signatures, hint engine.Hint) {
	first := s.issuers[0]
	issuer := first.Best()
	s.recall(first)
	if s.claim.Mode != Implicit && s.issuedBy == open {
		if issuer.TableBytes() == 0 { // which it may get by this
			s.issuedBy = s.verifyIssuer(first)
		} else {
			message, signature := split(s.claim.Static)
			b.state(&s.issuedBy, issuer, engine.NoHint, signature, s.claim.issuerTag(), message)
		}
	}
	if s.claim.Mode == Static || s.issuedBy == invalid {
		return
	}
	if s.key == nil {
		var err error
		if s.claim.Mode == Implicit {
			s.key, err = s.place.Reconstruct(issuer, TagImplicit, s.claim.Static)
		} else {
			s.key, err = s.place.Prepare(s.claim.Point)
		}
		if err != nil {
			s.key = nil // Check will find the same
			return
		}
	}
	message, signature := split(s.claim.Token)
	b.state(&s.shown, s.key, hint, signature, TagToken, message)
}

func (b *Batch) state(p *proof, k *Key, hint engine.Hint, signature []byte, tag string, message []byte) {
	b.proofs = append(b.proofs, p)
	b.statements = append(b.statements, engine.Statement{Key: k.Key, Digest: k.Digest(tag, message), Signature: [engine.SignatureSize]byte(signature), Hint: hint})
}

// Verify finds the verdicts of all signatures that were added, for Check, and
// empties the batch.
func (b *Batch) Verify() {
	b.batch.Verify(b.statements)
	for i := range b.statements {
		*b.proofs[i] = proofOf(b.statements[i].Valid)
	}
	clear(b.statements)
	clear(b.proofs)
	b.statements, b.proofs = b.statements[:0], b.proofs[:0]
}
