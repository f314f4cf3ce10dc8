package citycode

import (
	"sync/atomic"

	"github.com/citizencode/citizencode/citycode/engine"
)

// A table makes an issuer's signatures cheap (engine.Keeper), and costs about
// as much as fifteen of them and 256 KiB. So a verifier has it computed for those
// listed keys whose codes come, when they come, and for a bounded number of them.
const (
	tableAfter = 16 // valid signatures of a key
	maxTables  = 64 // of one verifier: 16 MiB
)

// tables is what a verifier has spent.
type tables struct{ begun atomic.Int32 }

// newTables counts what the lists brought along from another verifier.
func newTables(lists []*TrustList) *tables {
	t := &tables{}
	for _, l := range lists {
		for _, same := range l.entries {
			for _, e := range same {
				if e.key.faster.Load() != nil {
					t.begun.Add(1)
				}
			}
		}
	}
	return t
}

// A listedKey is a key of a trust list. It may get a table at any time, and is
// safe for concurrent use.
type listedKey struct {
	*verifyKey
	valid  atomic.Uint32 // signatures of codes so far, up to tableAfter
	faster atomic.Pointer[verifyKey]
}

// best returns the key in its fastest form.
func (k *listedKey) best() *verifyKey {
	if f := k.faster.Load(); f != nil {
		return f
	}
	return k.verifyKey
}

// verify is as that of [verifyKey].
func (k *listedKey) verify(signature []byte, tag string, parts ...[]byte) bool {
	return k.best().verify(signature, tag, parts...)
}

// count takes note of a valid signature of k. Others must not count: a flood of
// forgeries that name every key of the lists would use up the tables.
func (t *tables) count(k *listedKey) {
	if k.valid.Load() >= tableAfter || k.valid.Add(1) != tableAfter {
		return
	}
	keeper, ok := k.suite.engine.(engine.Keeper)
	if !ok || t.begun.Add(1) > maxTables {
		return
	}
	kept, err := keeper.Keep(k.key)
	if err != nil {
		return // a table that fails its check is not used
	}
	f := *k.verifyKey
	f.key = kept
	k.faster.Store(&f)
}

// TableBytes returns how much memory the tables of listed keys take: at most
// 16 MiB under the default engine.
func (v *Verifier) TableBytes() int {
	n := 0
	for _, l := range v.lists() {
		for _, same := range l.entries {
			for _, e := range same {
				if t, ok := e.key.best().key.(engine.Tabled); ok {
					n += t.TableBytes()
				}
			}
		}
	}
	return n
}
