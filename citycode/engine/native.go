package engine

import "github.com/citizencode/citizencode/citycode/internal/sm2verify"

// Options says what a native engine may spend. The zero value is what a gate
// wants.
type Options struct {
	// WideTables makes the table of a kept key 832 KiB in place of 256 KiB, for
	// about a tenth of the time of a verification: for a back office.
	WideTables bool
}

// Default returns New(Options{}).
func Default() Engine { return New(Options{}) }

// New returns the engine that verifies by this module's own code,
// with SM3 and SM4 of github.com/emmansun/gmsm. It is a [Combiner] and a
// [Keeper]. The first verification of a process also computes the table of G,
// 832 KiB, which all engines share.
func New(options Options) Engine {
	e := native{tableWidth: sm2verify.Narrow}
	if options.WideTables {
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
	_ Combiner = native{}
	_ Keeper   = native{}
	_ Tabled   = nativeKey{}
)

func (native) Name() string { return "citizencode, SM3 and SM4 of " + gmsm{}.Name() }

func (native) Prepare(point []byte) (Key, error) {
	k, err := sm2verify.NewKey(point)
	if err != nil {
		return nil, ErrPoint
	}
	return nativeKey{k}, nil
}

// Keep implements [Keeper].
func (e native) Keep(key Key) (Key, error) {
	k, err := nativeOf(key)
	if err != nil {
		return nil, err
	}
	kept, err := k.WithTable(e.tableWidth)
	if err != nil {
		return nil, err
	}
	return nativeKey{kept}, nil
}

// Combine implements [Combiner].
func (native) Combine(w, p Key, k [32]byte) (Key, error) {
	wk, err := nativeOf(w)
	if err != nil {
		return nil, err
	}
	pk, err := nativeOf(p)
	if err != nil {
		return nil, err
	}
	sum, err := sm2verify.Combine(wk, pk, &k)
	if err != nil {
		return nil, ErrPoint
	}
	return nativeKey{sum}, nil
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
