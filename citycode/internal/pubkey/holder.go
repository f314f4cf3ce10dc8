package pubkey

import (
	"encoding/binary"
	"errors"

	"github.com/citizencode/citizencode/citycode/engine"
)

// A Place is the memory for one holder's key: most holders come once, and the
// next one's key is put over the last one's. What it returns counts until it is
// asked again.
type Place struct {
	suite  *Suite
	key    Key
	w      engine.Key              // of an implicit credential
	lambda [engine.DigestSize]byte // the same, in a batch
}

// NewPlace returns a place.
func (s *Suite) NewPlace() Place { return Place{suite: s} }

// Prepare returns the key of a compressed point.
func (p *Place) Prepare(public []byte) (*Key, error) {
	if err := p.setPoint(public); err != nil {
		return nil, err
	}
	p.key.ZA = p.suite.za(p.key.Key)
	return &p.key, nil
}

// setPoint sets the key, but for ZA, to a compressed point.
func (p *Place) setPoint(public []byte) error {
	key, err := p.suite.prepareIn(p.key.Key, public)
	if err == nil {
		p.key = Key{suite: p.suite, Public: [engine.PointSize]byte(public), Key: key}
	}
	return err
}

func (s *Suite) prepareIn(old engine.Key, public []byte) (engine.Key, error) {
	if reuser, ok := s.Engine.(engine.Reuser); ok {
		return reuser.PrepareIn(old, public)
	}
	return s.Engine.Prepare(public)
}

// ErrNoCombiner means that the engine cannot do what implicit mode needs.
var ErrNoCombiner = errors.New("citycode: the engine cannot combine points, as implicit mode needs")

// Reconstruct returns the holder's key of an implicit static part, which ends
// with W. It fails for a W that is no point, for lambda 0 and for infinity. What
// it returns is no proof of anything: any W gives some key, and only a signature
// of that key makes the static part authentic.
func (p *Place) Reconstruct(issuer *Key, tag string, static []byte) (*Key, error) {
	s := p.suite
	if err := p.setW(static); err != nil {
		return nil, err
	}
	l := s.Lambda(p.w, issuer.Key, tag, static)
	if err := p.combine(issuer, l); err != nil {
		return nil, err
	}
	// ZA is over the key that was reconstructed: without it a signature
	// could be moved to another key.
	p.key.ZA = s.za(p.key.Key)
	return &p.key, nil
}

// setW sets W to the point at the end of an implicit static part.
func (p *Place) setW(static []byte) error {
	w, err := p.suite.prepareIn(p.w, static[len(static)-engine.PointSize:])
	if err == nil {
		p.w = w
	}
	return err
}

// combine sets the key, but for ZA, to what follows from W and lambda.
func (p *Place) combine(issuer *Key, lambda [engine.DigestSize]byte) error {
	combiner, ok := p.suite.Engine.(engine.Combiner)
	if !ok {
		return ErrNoCombiner
	}
	if lambda == [engine.DigestSize]byte{} {
		return engine.ErrPoint
	}
	var key engine.Key
	var err error
	if reuser, ok := p.suite.Engine.(engine.Reuser); ok {
		key, err = reuser.CombineIn(p.key.Key, p.w, issuer.Key, lambda)
	} else {
		key, err = combiner.Combine(p.w, issuer.Key, lambda)
	}
	if err == nil {
		p.key = Key{suite: p.suite, Public: engine.Compress(key), Key: key}
	}
	return err
}

// Lambda implements GM/T 0130-2023, 6.2: SM3(xW ‖ yW ‖ HA) mod n, where HA
// binds the identity, the curve and the issuer's key. The identity is the tag and
// every byte up to and including W. What lambda is made of must name W: if it did
// not, anybody could choose a key and compute the W for words of his own.
func (s *Suite) Lambda(w, issuer engine.Key, tag string, static []byte) [engine.DigestSize]byte {
	h := s.hash()
	h.buffer = appendHA(h.buffer[:0], issuer, tag, static)
	ha := s.sum(h)
	h = s.hash()
	h.buffer = appendLambda(h.buffer[:0], w, &ha)
	return engine.ReduceScalar(s.sum(h))
}

// appendHA appends what HA is the SM3 of.
func appendHA(b []byte, issuer engine.Key, tag string, static []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(8*(len(tag)+len(static))))
	b = append(append(b, tag...), static...)
	p := issuer.Bytes()
	return append(engine.AppendCurve(b), p[1:]...)
}

// appendLambda appends what lambda, before it is reduced, is the SM3 of.
func appendLambda(b []byte, w engine.Key, ha *[engine.DigestSize]byte) []byte {
	q := w.Bytes()
	return append(append(b, q[1:]...), ha[:]...)
}
