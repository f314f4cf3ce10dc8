package engine

import (
	"crypto/rand"

	"github.com/emmansun/gmsm/sm3"

	"github.com/citizencode/citizencode/citycode/internal/sm2verify"
	"github.com/citizencode/citizencode/citycode/internal/sm3lanes"
)

// Options says what a native engine may spend. The zero value is what a gate
// wants.
type Options struct {
	// WideTables makes the table of a kept key 832 KiB in place of 256 KiB, for
	// about a tenth of the time of a verification: for a back office.
	WideTables bool
	// BatchTables makes it 2.75 MiB, which pays where signatures are verified in
	// batches.
	BatchTables bool
}

// Default returns New(Options{}).
func Default() Engine { return New(Options{}) }

// New returns the engine that verifies by this module's own code, with SM3 and
// SM4 of github.com/emmansun/gmsm, but for the SM3 of many messages at once, which is
// ours where the processor has AVX-512. It is a [Combiner], a [Keeper],
// a [SmallKeeper], a [Reuser], a [Batcher] and a [Summer], and its keys are
// [Hinter]s. The first verification of a process also computes the table of G,
// 832 KiB, which all engines share.
func New(options Options) Engine {
	e := native{tableWidth: sm2verify.Narrow}
	switch {
	case options.BatchTables:
		e.tableWidth = sm2verify.Widest
	case options.WideTables:
		e.tableWidth = sm2verify.Wide
	}
	return e
}

// native is the only thing here that reaches package sm2verify. Nothing that
// holds a private key may call it: its running time depends on what it is given.
type native struct {
	gmsm       // SM3 and SM4
	tableWidth int
}

var (
	_ Combiner    = native{}
	_ Keeper      = native{}
	_ SmallKeeper = native{}
	_ Reuser      = native{}
	_ Batcher     = native{}
	_ Summer      = native{}
	_ Tabled      = nativeKey{}
	_ Hinter      = nativeKey{}
)

func (native) Name() string { return "citizencode, SM3 and SM4 of " + gmsm{}.Name() }

// Build says with what verification computes on this processor, for a table of
// measurements: Go, or the instructions that its assembly uses.
func (native) Build() string { return sm2verify.Build() }

// SumSM3 implements [Summer]: in lanes, if that is faster here.
func (native) SumSM3(sums [][DigestSize]byte, messages [][]byte) {
	if sm3lanes.Fast() {
		sm3lanes.Sum(sums, messages)
		return
	}
	for i, m := range messages {
		sums[i] = sm3.Sum(m)
	}
}

func (e native) Prepare(point []byte) (Key, error) { return e.PrepareIn(nil, point) }

// PrepareIn implements [Reuser].
func (native) PrepareIn(old Key, point []byte) (Key, error) {
	k := memoryOf(old)
	if k.Set(point) != nil {
		return nil, ErrPoint
	}
	return nativeKey{k}, nil
}

// Keep implements [Keeper].
func (e native) Keep(key Key) (Key, error) { return keep(key, e.tableWidth) }

// KeepSmall implements [SmallKeeper] with a table of 86 KiB.
func (native) KeepSmall(key Key) (Key, error) { return keep(key, sm2verify.Small) }

func keep(key Key, width int) (Key, error) {
	k, err := nativeOf(key)
	if err != nil {
		return nil, err
	}
	kept, err := k.WithTable(width)
	if err != nil {
		return nil, err
	}
	return nativeKey{kept}, nil
}

// Combine implements [Combiner].
func (e native) Combine(w, p Key, k [32]byte) (Key, error) { return e.CombineIn(nil, w, p, k) }

// CombineIn implements [Reuser].
func (native) CombineIn(old, w, p Key, k [32]byte) (Key, error) {
	wk, err := nativeOf(w)
	if err != nil {
		return nil, err
	}
	pk, err := nativeOf(p)
	if err != nil {
		return nil, err
	}
	sum := memoryOf(old)
	if sum.SetCombined(wk, pk, &k) != nil {
		return nil, ErrPoint
	}
	return nativeKey{sum}, nil
}

// memoryOf returns a key to be set: old itself, if it is one of this engine.
func memoryOf(old Key) *sm2verify.Key {
	if k, ok := old.(nativeKey); ok {
		return k.Key
	}
	return new(sm2verify.Key)
}

// nativeOf takes keys of other engines too.
func nativeOf(key Key) (*sm2verify.Key, error) {
	if k, ok := key.(nativeKey); ok {
		return k.Key, nil
	}
	point := Compress(key)
	return sm2verify.NewKey(point[:])
}

type nativeKey struct{ *sm2verify.Key }

func (k nativeKey) Verify(digest [DigestSize]byte, signature [SignatureSize]byte) bool {
	return k.Key.Verify(&digest, &signature)
}

// VerifyHint implements [Hinter].
func (k nativeKey) VerifyHint(digest [DigestSize]byte, signature [SignatureSize]byte) (Hint, bool) {
	hint, ok := k.Key.VerifyHint(&digest, &signature)
	return Hint(hint), ok
}

// NewBatch implements [Batcher]. The first batch of a process also computes a
// second table of G, 2.75 MiB.
func (native) NewBatch() Batch {
	return &nativeBatch{batch: sm2verify.NewBatch(rand.Reader), items: make([]sm2verify.Item, 0, batchChunk)}
}

const batchChunk = 1024 // statements that are verified together

type nativeBatch struct {
	batch *sm2verify.Batch
	items []sm2verify.Item
}

func (b *nativeBatch) Bytes() int {
	const itemBytes = 112
	return b.batch.Bytes() + batchChunk*itemBytes
}

func (b *nativeBatch) Verify(list []Statement) {
	for len(list) > 0 {
		chunk := list[:min(batchChunk, len(list))]
		list = list[len(chunk):]
		b.items = b.items[:0]
		for i := range chunk {
			q := &chunk[i]
			key, err := nativeOf(q.Key)
			if q.Valid = err == nil; q.Valid {
				b.items = append(b.items, sm2verify.Item{Key: key, Digest: q.Digest, Signature: q.Signature, Hint: sm2verify.Hint(q.Hint)})
			}
		}
		b.batch.Verify(b.items)
		n := 0
		for i := range chunk {
			if q := &chunk[i]; q.Valid { // it has an item
				q.Valid = b.items[n].Valid
				n++
			}
		}
	}
	clear(b.items) // keep no keys alive
}
