package pubkey

import (
	"slices"

	"github.com/citizencode/citizencode/citycode/engine"
)

// A Batch verifies the signatures of many tokens together, before each of them is
// checked. One goroutine at a time may use it.
type Batch struct {
	batch      engine.Batch
	sums       sums
	pending    []pending
	statements []engine.Statement
	proofs     []*proof // where their verdicts go
}

// NewBatch returns an empty batch: of the engine's, or, where that has none, one
// that verifies one by one.
func (c *Checker) NewBatch() *Batch {
	b := &Batch{batch: oneByOne{}, sums: sums{suite: c.Suite}}
	if batcher, ok := c.Suite.Engine.(engine.Batcher); ok {
		b.batch = batcher.NewBatch()
	}
	return b
}

type oneByOne struct{}

func (oneByOne) Bytes() int { return 0 }

func (oneByOne) Verify(list []engine.Statement) {
	for i := range list {
		q := &list[i]
		q.Valid = q.Key.Verify(q.Digest, q.Signature)
	}
}

// hashedTogether tokens are prepared at a time: some vectors full, and few enough
// for what they hash to stay near.
const hashedTogether = 64

// pending is a token on its way to statements.
type pending struct {
	*Signatures
	hint engine.Hint
}

// Add adds the signatures of a token under the first key that may have issued it.
// A second one, in the days of a change of keys, is left to Check.
func (b *Batch) Add(s *Signatures, hint engine.Hint) {
	b.pending = append(b.pending, pending{s, hint})
	if len(b.pending) == hashedTogether {
		b.prepare()
	}
}

// prepare makes statements of the signatures of pending tokens. All take a step
// before any takes the next, and after each what they had to hash is hashed
// together.
func (b *Batch) prepare() {
	b.statements = slices.Grow(b.statements, 2*len(b.pending)) // sums go there: they must not move
	for _, step := range [...]func(*Batch, pending) bool{(*Batch).issuer, (*Batch).lambda, (*Batch).holder, (*Batch).shown} {
		left := b.pending[:0]
		for _, p := range b.pending {
			if step(b, p) {
				left = append(left, p)
			}
		}
		clear(b.pending[len(left):])
		b.pending = left
		b.sums.compute()
	}
}

// issuer is the step that asks for the issuer's signature, or for HA. As all steps
// it reports whether there is a next one.
func (b *Batch) issuer(p pending) bool {
	first := p.issuers[0]
	p.recall(first)
	if p.claim.Mode == Implicit {
		if p.key != nil {
			return true
		}
		if p.place.setW(p.claim.Static) != nil {
			return false // Check will find the same
		}
		b.sums.buffer = appendHA(b.sums.buffer, first.Key.Key, TagImplicit, p.claim.Static)
		b.sums.end(&p.place.lambda)
		return true
	}
	if p.issuedBy == open {
		if issuer := first.Best(); issuer.TableBytes() == 0 { // which it may get by this
			p.issuedBy = p.verifyIssuer(first)
		} else {
			message, signature := split(p.claim.Static)
			b.state(&p.issuedBy, issuer, engine.NoHint, signature, p.claim.issuerTag(), message)
		}
	}
	return p.claim.Mode != Static && p.issuedBy != invalid
}

func (b *Batch) lambda(p pending) bool {
	if p.claim.Mode == Implicit && p.key == nil {
		b.sums.buffer = appendLambda(b.sums.buffer, p.place.w, &p.place.lambda)
		b.sums.end(&p.place.lambda)
	}
	return true
}

// holder is the step to the holder's key.
func (b *Batch) holder(p pending) bool {
	if p.key != nil {
		return true
	}
	var err error
	if p.claim.Mode == Implicit {
		err = p.place.combine(p.issuers[0].Best(), engine.ReduceScalar(p.place.lambda))
	} else {
		err = p.place.setPoint(p.claim.Point)
	}
	if err != nil {
		return false // Check will find the same
	}
	p.key = &p.place.key
	b.sums.buffer = engine.AppendZA(b.sums.buffer, p.key.Key)
	b.sums.end(&p.key.ZA)
	return true
}

// shown is the step that asks for the holder's signature.
func (b *Batch) shown(p pending) bool {
	message, signature := split(p.claim.Token)
	b.state(&p.Signatures.shown, p.key, p.hint, signature, TagToken, message)
	return false
}

func (b *Batch) state(p *proof, k *Key, hint engine.Hint, signature []byte, tag string, message []byte) {
	b.proofs = append(b.proofs, p)
	b.statements = append(b.statements, engine.Statement{Key: k.Key, Signature: [engine.SignatureSize]byte(signature), Hint: hint})
	b.sums.buffer = append(append(append(b.sums.buffer, k.ZA[:]...), tag...), message...)
	b.sums.end(&b.statements[len(b.statements)-1].Digest)
}

// Verify finds the verdicts of all signatures that were added, for Check, and
// empties the batch.
func (b *Batch) Verify() {
	b.prepare()
	b.batch.Verify(b.statements)
	for i := range b.statements {
		*b.proofs[i] = proofOf(b.statements[i].Valid)
	}
	clear(b.statements)
	clear(b.proofs)
	b.statements, b.proofs = b.statements[:0], b.proofs[:0]
}
