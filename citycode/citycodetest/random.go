package citycodetest

import (
	"encoding/binary"
	"io"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
)

// Random returns an endless TEST source: SM3(KeySentence ‖ name ‖ counter).
func Random(name string) io.Reader { return &random{name: name} }

type random struct {
	name string
	n    uint64
	rest []byte
}

func (r *random) Read(b []byte) (int, error) {
	for i := range b {
		if len(r.rest) == 0 {
			h := engine.Default().NewSM3()
			io.WriteString(h, KeySentence+r.name)
			h.Write(binary.BigEndian.AppendUint64(nil, r.n))
			r.rest = h.Sum(nil)
			r.n++
		}
		b[i], r.rest = r.rest[0], r.rest[1:]
	}
	return len(b), nil
}

// Answers keeps the answers of an implicit issuer in memory.
type Answers map[[engine.DigestSize]byte][]byte

var _ citycode.ImplicitStore = Answers{}

// Load implements citycode.ImplicitStore.
func (a Answers) Load(request [engine.DigestSize]byte) ([]byte, error) { return a[request], nil }

// Save implements citycode.ImplicitStore.
func (a Answers) Save(request [engine.DigestSize]byte, answer []byte) ([]byte, error) {
	if a[request] == nil {
		a[request] = answer
	}
	return a[request], nil
}
