package citycode_test

import (
	"bytes"
	"crypto"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/citizencode/citizencode/citycode/engine"
)

// The stranger's lists, from SPEC §6.3 and §7.3 alone: what a city that is
// careless, or not itself, may publish.

// A strangerTrust is a trust list in the making.
type strangerTrust struct {
	version, kind     byte
	city              uint32
	epoch, counter    uint32
	issuedAt, expires uint32
	count             *uint16 // nil: as many as there are entries
	entries           []strangerEntry
	roots             []crypto.Signer // that sign, in any order
	tag               string          // empty: that of SPEC §1.2
}

type strangerEntry struct {
	id                  uint32
	use                 byte
	key                 []byte
	scenes              uint16
	from, until, verify uint32
	life                uint32
	pins                []strangerPin
}

type strangerPin struct {
	id     byte
	digest [32]byte
}

func (l *strangerTrust) body() []byte {
	b := []byte{l.version, l.kind}
	for _, v := range []uint32{l.city, l.epoch, l.counter, l.issuedAt, l.expires} {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	n := uint16(len(l.entries))
	if l.count != nil {
		n = *l.count
	}
	b = binary.BigEndian.AppendUint16(b, n)
	for _, e := range l.entries {
		b = binary.BigEndian.AppendUint32(b, e.id)
		b = append(append(b, e.use), e.key...)
		b = binary.BigEndian.AppendUint16(b, e.scenes)
		for _, v := range []uint32{e.from, e.until, e.verify, e.life} {
			b = binary.BigEndian.AppendUint32(b, v)
		}
		b = append(b, byte(len(e.pins)))
		for _, p := range e.pins {
			b = append(append(b, p.id), p.digest[:]...)
		}
	}
	return b
}

// message signs the list with its roots.
func (l *strangerTrust) message(t testing.TB) []byte {
	t.Helper()
	body := l.body()
	tag := l.tag
	if tag == "" {
		tag = "CC1/trst"
	}
	var sigs [][]byte
	for _, root := range l.roots {
		sigs = append(sigs, append(rootID(t, root), signMessage(t, root, tag, body)...))
	}
	slices.SortFunc(sigs, bytes.Compare)
	return joinSignatures(body, sigs)
}

func joinSignatures(body []byte, sigs [][]byte) []byte {
	return append(append(bytes.Clone(body), byte(len(sigs))), bytes.Join(sigs, nil)...)
}

// rootID is how a list names a root (SPEC §6.3).
func rootID(t testing.TB, root crypto.Signer) []byte {
	h := engine.Default().NewSM3()
	h.Write(compressed(t, root))
	return h.Sum(nil)[:8]
}

// A strangerStatus is a status list in the making.
type strangerStatus struct {
	version, kind     byte
	signer, issuer    uint32
	list              byte
	epoch, counter    uint32
	issuedAt, expires uint32
	size, changes     uint32
	gaps              []byte
	key               crypto.Signer
	tag               string // empty: that of SPEC §1.2
}

func (l *strangerStatus) body() []byte {
	b := []byte{l.version, l.kind}
	b = binary.BigEndian.AppendUint32(b, l.signer)
	b = binary.BigEndian.AppendUint32(b, l.issuer)
	b = append(b, l.list)
	for _, v := range []uint32{l.epoch, l.counter, l.issuedAt, l.expires, l.size, l.changes} {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return append(b, l.gaps...)
}

func (l *strangerStatus) message(t testing.TB) []byte {
	t.Helper()
	tag := l.tag
	if tag == "" {
		tag = "CC1/list"
	}
	body := l.body()
	return append(body, signMessage(t, l.key, tag, body)...)
}

// riceBits codes states as SPEC §7.3 says, with strings of '0' and '1' instead
// of shifts: slow, and hard to get wrong in the same way. states holds what is
// not valid, '0' revoked and '1' suspended, by index.
func riceBits(size int, states map[uint32]byte) []byte {
	var indices []uint32
	for i := range states {
		indices = append(indices, i)
	}
	slices.Sort(indices)
	k := 0
	if m := len(indices); m > 0 {
		for q := 69 * size / (100 * m); q > 1; q /= 2 {
			k++
		}
	}
	var bits []byte
	next := uint32(0)
	for _, i := range indices {
		gap := i - next
		for range gap >> k {
			bits = append(bits, '1')
		}
		bits = append(bits, '0')
		for bit := k - 1; bit >= 0; bit-- {
			bits = append(bits, '0'+byte(gap>>bit&1))
		}
		bits = append(bits, states[i])
		next = i + 1
	}
	for len(bits)%8 != 0 {
		bits = append(bits, '0')
	}
	out := make([]byte, len(bits)/8)
	for i, bit := range bits {
		if bit == '1' {
			out[i/8] |= 0x80 >> (i % 8)
		}
	}
	return out
}
