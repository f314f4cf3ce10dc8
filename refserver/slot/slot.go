// Package slot decides what an authority writes into a credential beside what
// it was asked for: which status index it gets and from when to when it counts.
// A slot is one credential of one person on one carrier for one purpose
// (citycode/SPEC.md §7.1). Both are chosen so that they tell as little as
// possible: indices in the order of issue, or times to the second, would join
// the codes that one person fetched together.
package slot

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
)

// KeySize is the size in bytes of the key of an [Order].
const KeySize = 16

// rounds of the Feistel network. Four make a good permutation of large sets;
// small ones need more.
const rounds = 10

// An Order is a secret order of the indices of one status list: the n-th
// credential gets the index At(n), every index once. It is a Feistel network
// over SM3 on the next power of four, walked until it lands in the list
// (J. Black, P. Rogaway, Ciphers with Arbitrary Finite Domains, 2002). Who does
// not have the key cannot tell which indices were given out one after the
// other. It is immutable.
type Order struct {
	key  [KeySize]byte
	size uint32
	half int // bits of one half
}

// NewOrder returns the order of a key for a list of size entries. A key is
// drawn for one list of one epoch and never used for another.
func NewOrder(key []byte, size uint32) (*Order, error) {
	if len(key) != KeySize || size == 0 || size > citycode.MaxStatusEntries {
		return nil, fmt.Errorf("slot: an order of %d entries with a key of %d bytes", size, len(key))
	}
	o := &Order{size: size, half: max(1, (bits.Len32(size-1)+1)/2)}
	copy(o.key[:], key)
	return o, nil
}

// At returns the index of the n-th credential, n from 0 to size-1.
func (o *Order) At(n uint32) uint32 { return o.walk(n, o.forth) }

// Place is the inverse of At: as which credential an index is given out.
func (o *Order) Place(index uint32) uint32 { return o.walk(index, o.back) }

// walk steps along a cycle of the larger set until it is in the list again.
// The cycle contains v, so it comes back at the latest there.
func (o *Order) walk(v uint32, step func(uint32) uint32) uint32 {
	if v >= o.size {
		panic(fmt.Sprintf("slot: %d of %d", v, o.size)) // a caller's fault: it would walk for ever
	}
	for v = step(v); v >= o.size; {
		v = step(v)
	}
	return v
}

func (o *Order) forth(v uint32) uint32 {
	mask := uint32(1)<<o.half - 1
	l, r := v>>o.half, v&mask
	for i := range rounds {
		l, r = r, l^o.mix(i, r)&mask
	}
	return l<<o.half | r
}

func (o *Order) back(v uint32) uint32 {
	mask := uint32(1)<<o.half - 1
	l, r := v>>o.half, v&mask
	for i := rounds - 1; i >= 0; i-- {
		l, r = r^o.mix(i, l)&mask, l
	}
	return l<<o.half | r
}

func (o *Order) mix(round int, half uint32) uint32 {
	h := engine.Default().NewSM3()
	h.Write(o.key[:])
	h.Write(binary.BigEndian.AppendUint32([]byte{byte(round)}, half))
	return binary.BigEndian.Uint32(h.Sum(nil))
}
