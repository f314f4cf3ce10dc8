package pubkey

import (
	"slices"

	"github.com/citizencode/citizencode/citycode/engine"
)

// A sums is messages that are hashed together, which is cheaper than one by one
// where the engine is an [engine.Summer].
type sums struct {
	suite    *Suite
	buffer   []byte // the messages, one after the other
	ends     []int
	targets  []*[engine.DigestSize]byte
	messages [][]byte
	results  [][engine.DigestSize]byte
}

// end says that what was appended to the buffer since the last call is a message,
// and where its sum is to be.
func (s *sums) end(target *[engine.DigestSize]byte) {
	s.ends = append(s.ends, len(s.buffer))
	s.targets = append(s.targets, target)
}

// compute computes the sums, and forgets the messages.
func (s *sums) compute() {
	from := 0
	for _, end := range s.ends {
		s.messages = append(s.messages, s.buffer[from:end])
		from = end
	}
	s.results = slices.Grow(s.results[:0], len(s.messages))[:len(s.messages)]
	if summer, ok := s.suite.Engine.(engine.Summer); ok {
		summer.SumSM3(s.results, s.messages)
	} else {
		for i, m := range s.messages {
			s.results[i] = s.suite.Sum(m)
		}
	}
	for i, target := range s.targets {
		*target = s.results[i]
	}
	clear(s.messages)
	clear(s.targets)
	s.buffer, s.ends, s.targets, s.messages = s.buffer[:0], s.ends[:0], s.targets[:0], s.messages[:0]
}
