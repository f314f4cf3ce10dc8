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
	suite *Suite
	key   Key
	w     engine.Key // of an implicit credential
}

// NewPlace returns a place.
func (s *Suite) NewPlace() Place { return Place{suite: s} }

// Prepare returns the key of a compressed point.
func (p *Place) Prepare(public []byte) (*Key, error) {
	key, err := p.suite.prepareIn(p.key.Key, public)
	if err != nil {
		return nil, err
	}
	p.key = Key{p.suite, [engine.PointSize]byte(public), key, p.suite.za(key)}
	return &p.key, nil
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
	combiner, ok := s.Engine.(engine.Combiner)
	if !ok {
		return nil, ErrNoCombiner
	}
	w, err := s.prepareIn(p.w, static[len(static)-engine.PointSize:])
	if err != nil {
		return nil, err
	}
	p.w = w
	l := s.Lambda(w, issuer.Key, tag, static)
	if l == [engine.DigestSize]byte{} {
		return nil, engine.ErrPoint
	}
	var key engine.Key
	if reuser, ok := s.Engine.(engine.Reuser); ok {
		key, err = reuser.CombineIn(p.key.Key, w, issuer.Key, l)
	} else {
		key, err = combiner.Combine(w, issuer.Key, l)
	}
	if err != nil {
		return nil, err
	}
	// ZA is over the key that was reconstructed: without it a signature
	// could be moved to another key.
	p.key = Key{s, engine.Compress(key), key, s.za(key)}
	return &p.key, nil
}

// Lambda implements GM/T 0130-2023, 6.2: SM3(xW ‖ yW ‖ HA) mod n, where HA
// binds the identity, the curve and the issuer's key. The identity is the tag and
// every byte up to and including W. What lambda is made of must name W: if it did
// not, anybody could choose a key and compute the W for words of his own.
func (s *Suite) Lambda(w, issuer engine.Key, tag string, static []byte) [engine.DigestSize]byte {
	h := s.hash()
	h.buffer = binary.BigEndian.AppendUint16(h.buffer[:0], uint16(8*(len(tag)+len(static))))
	h.buffer = append(h.buffer, tag...)
	h.Write(h.buffer)
	h.Write(static)
	h.buffer = engine.AppendCurve(h.buffer[:0])
	p := issuer.Bytes()
	h.buffer = append(h.buffer, p[1:]...)
	h.Write(h.buffer)
	ha := s.finish(h)
	h = s.hash()
	q := w.Bytes()
	h.buffer = append(append(h.buffer[:0], q[1:]...), ha[:]...)
	h.Write(h.buffer)
	return engine.ReduceScalar(s.finish(h))
}
