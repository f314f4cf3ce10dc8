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
	grantCount        *uint16 // nil: as many as there are grants
	grants            []strangerGrant
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

// A strangerGrant is what a city takes of another one's codes (SPEC §6.8).
type strangerGrant struct {
	city, epoch uint32
	threshold   byte
	roots       [][]byte
	scenes      uint16
	pins        []strangerPin
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
		b = strangerPins(b, e.pins)
	}
	n = uint16(len(l.grants))
	if l.grantCount != nil {
		n = *l.grantCount
	}
	b = binary.BigEndian.AppendUint16(b, n)
	for _, g := range l.grants {
		b = binary.BigEndian.AppendUint32(b, g.city)
		b = binary.BigEndian.AppendUint32(b, g.epoch)
		b = append(b, g.threshold, byte(len(g.roots)))
		b = append(b, bytes.Join(g.roots, nil)...)
		b = binary.BigEndian.AppendUint16(b, g.scenes)
		b = strangerPins(b, g.pins)
	}
	return b
}

func strangerPins(b []byte, pins []strangerPin) []byte {
	b = append(b, byte(len(pins)))
	for _, p := range pins {
		b = append(append(b, p.id), p.digest[:]...)
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

// riceBits codes states as SPEC §7.3 says. states holds what is not valid, '0'
// revoked and '1' suspended, by index.
func riceBits(size int, states map[uint32]byte) []byte {
	values := make(map[uint32]string)
	for i, s := range states {
		values[i] = string(s)
	}
	return riceCode(size, values)
}

// riceCode is the coding of SPEC §7.3 and §7.6, with strings of '0' and '1'
// instead of shifts: slow, and hard to get wrong in the same way.
func riceCode(size int, values map[uint32]string) []byte {
	var indices []uint32
	for i := range values {
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
		bits = append(bits, values[i]...)
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

// A strangerRoot is a root change in the making (SPEC §6.6).
type strangerRoot struct {
	version, kind         byte
	city, epoch, issuedAt uint32
	threshold             byte
	count                 *byte // nil: as many as there are roots
	roots                 [][]byte
	signers               []crypto.Signer // in any order
	tag                   string          // empty: that of SPEC §1.2
}

func (c *strangerRoot) body() []byte {
	b := []byte{c.version, c.kind}
	for _, v := range []uint32{c.city, c.epoch, c.issuedAt} {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	n := byte(len(c.roots))
	if c.count != nil {
		n = *c.count
	}
	return append(append(b, c.threshold, n), bytes.Join(c.roots, nil)...)
}

func (c *strangerRoot) message(t testing.TB) []byte {
	t.Helper()
	tag := c.tag
	if tag == "" {
		tag = "CC1/root"
	}
	var sigs [][]byte
	for _, s := range c.signers {
		sigs = append(sigs, append(rootID(t, s), signMessage(t, s, tag, c.body())...))
	}
	slices.SortFunc(sigs, bytes.Compare)
	return joinSignatures(c.body(), sigs)
}

// A strangerSnapshot is a snapshot in the making (SPEC §6.7).
type strangerSnapshot struct {
	version, kind     byte
	signer            uint32
	epoch, counter    uint32
	issuedAt, expires uint32
	count             *uint16 // nil: as many as there are lists
	lists             []strangerNamed
	key               crypto.Signer
	tag               string // empty: that of SPEC §1.2
}

type strangerNamed struct {
	kind           byte
	issuer         uint32
	list           byte
	epoch, counter uint32
	digest         [32]byte
}

func (l *strangerSnapshot) body() []byte {
	b := []byte{l.version, l.kind}
	for _, v := range []uint32{l.signer, l.epoch, l.counter, l.issuedAt, l.expires} {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	n := uint16(len(l.lists))
	if l.count != nil {
		n = *l.count
	}
	b = binary.BigEndian.AppendUint16(b, n)
	for _, e := range l.lists {
		b = binary.BigEndian.AppendUint32(append(b, e.kind), e.issuer)
		b = append(b, e.list)
		b = binary.BigEndian.AppendUint32(b, e.epoch)
		b = binary.BigEndian.AppendUint32(b, e.counter)
		b = append(b, e.digest[:]...)
	}
	return b
}

func (l *strangerSnapshot) message(t testing.TB) []byte {
	t.Helper()
	tag := l.tag
	if tag == "" {
		tag = "CC1/snap"
	}
	return append(l.body(), signMessage(t, l.key, tag, l.body())...)
}

// A strangerDelta is a status delta in the making (SPEC §7.6): the fields of a
// list, with the digests in front of the changes.
type strangerDelta struct {
	strangerStatus
	base, result [32]byte
}

func (d *strangerDelta) body() []byte {
	b := d.strangerStatus.body()
	head := len(b) - len(d.gaps) - 4
	return slices.Concat(b[:head], d.base[:], d.result[:], b[head:])
}

func (d *strangerDelta) message(t testing.TB) []byte {
	t.Helper()
	tag := d.tag
	if tag == "" {
		tag = "CC1/dlta"
	}
	return append(d.body(), signMessage(t, d.key, tag, d.body())...)
}

func sm3(b []byte) [32]byte {
	h := engine.Default().NewSM3()
	h.Write(b)
	return [32]byte(h.Sum(nil))
}
