package vectors

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
)

// A listEntry is one entry of a trust list (../SPEC.md §6.3).
type listEntry struct {
	id                  uint32
	use                 byte
	key                 []byte
	scenes              uint16
	from, until, verify uint32
	lifetime            uint32
	pins                []pin
}

type pin struct {
	id     byte
	digest []byte
}

const (
	useStatic   = 0
	useExplicit = 1
	useImplicit = 2
	useStatus   = 0x10
	useSnapshot = 0x11
)

// A trustDraft is a trust list in the making. It is encoded as it stands: nothing is put in order.
type trustDraft struct {
	version, kind     byte
	city              uint32
	epoch, counter    uint32
	issuedAt, expires uint32
	entries           []listEntry
	count             *uint16 // in place of len(entries)
	grants            []grantDraft
	grantCount        *uint16 // in place of len(grants)
	signers           []string
}

func (t *trustDraft) body() []byte {
	b := []byte{t.version, t.kind}
	for _, v := range []uint32{t.city, t.epoch, t.counter, t.issuedAt, t.expires} {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	n := uint16(len(t.entries))
	if t.count != nil {
		n = *t.count
	}
	b = binary.BigEndian.AppendUint16(b, n)
	for _, e := range t.entries {
		b = binary.BigEndian.AppendUint32(b, e.id)
		b = append(append(b, e.use), e.key...)
		b = binary.BigEndian.AppendUint16(b, e.scenes)
		for _, v := range []uint32{e.from, e.until, e.verify, e.lifetime} {
			b = binary.BigEndian.AppendUint32(b, v)
		}
		b = appendPins(b, e.pins)
	}
	n = uint16(len(t.grants))
	if t.grantCount != nil {
		n = *t.grantCount
	}
	b = binary.BigEndian.AppendUint16(b, n)
	for _, g := range t.grants {
		b = g.append(b)
	}
	return b
}

func appendPins(b []byte, pins []pin) []byte {
	b = append(b, byte(len(pins)))
	for _, p := range pins {
		b = append(append(b, p.id), p.digest...)
	}
	return b
}

// A grantDraft is what a city takes of another one (../SPEC.md §6.8).
type grantDraft struct {
	city, epoch uint32
	threshold   byte
	roots       [][]byte
	scenes      uint16
	pins        []pin
}

func (g *grantDraft) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, g.city)
	b = binary.BigEndian.AppendUint32(b, g.epoch)
	b = append(b, g.threshold, byte(len(g.roots)))
	for _, r := range g.roots {
		b = append(b, r...)
	}
	return appendPins(binary.BigEndian.AppendUint16(b, g.scenes), g.pins)
}

// A rootSignature stands at the end of a trust list.
type rootSignature struct{ root, signature []byte }

// rootID names a root key in a list: the first 8 bytes of its SM3.
func rootID(public []byte) []byte { return sm3(public)[:8] }

func (t *trustDraft) signatures() []rootSignature {
	var list []rootSignature
	for _, name := range t.signers {
		s := signing{key: name, tag: "CC1/trst"}.sign(t.body())
		list = append(list, rootSignature{rootID(key(name).public()), s.signature})
	}
	slices.SortFunc(list, func(a, b rootSignature) int { return bytes.Compare(a.root, b.root) })
	return list
}

func (t *trustDraft) message() []byte { return assemble(t.body(), t.signatures()) }

func assemble(body []byte, sigs []rootSignature) []byte {
	b := append(slices.Clone(body), byte(len(sigs)))
	for _, s := range sigs {
		b = append(append(b, s.root...), s.signature...)
	}
	return b
}

// A statusDraft is a status list in the making (../SPEC.md §7.3).
type statusDraft struct {
	version, kind     byte
	signer, issuer    uint32
	list              byte
	epoch, counter    uint32
	issuedAt, expires uint32
	size              uint32
	revoked           []uint32
	suspended         []uint32
	changes           *uint32 // in place of the count of the states
	gaps              []byte  // in place of the coded states
	sign              signing
}

func (s *statusDraft) body() []byte {
	states := map[uint32]byte{}
	for _, i := range s.revoked {
		states[i] = 0
	}
	for _, i := range s.suspended {
		states[i] = 1
	}
	changes, gaps := uint32(len(states)), s.gaps
	if gaps == nil {
		gaps = riceCode(s.size, states)
	}
	if s.changes != nil {
		changes = *s.changes
	}
	b := []byte{s.version, s.kind}
	b = binary.BigEndian.AppendUint32(b, s.signer)
	b = binary.BigEndian.AppendUint32(b, s.issuer)
	b = append(b, s.list)
	for _, v := range []uint32{s.epoch, s.counter, s.issuedAt, s.expires, s.size, changes} {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return append(b, gaps...)
}

func (s *statusDraft) message() []byte {
	body := s.body()
	return append(body, s.sign.sign(body).signature...)
}

// riceCode codes states, 0 revoked and 1 suspended, as ../SPEC.md §7.3 says.
func riceCode(size uint32, states map[uint32]byte) []byte {
	m := uint64(len(states))
	k := 0
	if m > 0 {
		if q := uint64(size) * 69 / (100 * m); q > 0 {
			k = bits.Len64(q) - 1
		}
	}
	indices := make([]uint32, 0, m)
	for i := range states {
		indices = append(indices, i)
	}
	slices.Sort(indices)
	text := []byte{} // one byte a bit
	next := uint32(0)
	for _, i := range indices {
		gap := i - next
		text = append(text, bytes.Repeat([]byte{1}, int(gap>>k))...)
		text = append(text, 0)
		for bit := k - 1; bit >= 0; bit-- {
			text = append(text, byte(gap>>bit&1))
		}
		text = append(text, states[i])
		next = i + 1
	}
	return packBits(text)
}

// packBits fills bytes from the highest bit.
func packBits(text []byte) []byte {
	out := make([]byte, (len(text)+7)/8)
	for i, bit := range text {
		out[i/8] |= bit << (7 - i%8)
	}
	return out
}
