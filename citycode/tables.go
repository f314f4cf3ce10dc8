package citycode

import (
	"sync/atomic"

	"github.com/citizencode/citizencode/citycode/engine"
)

// A table makes an issuer's signatures cheap (engine.Keeper), and costs about
// as much as fifteen of them and 256 KiB. So it is computed for those keys of a
// list whose codes come, when they come, and for a bounded number of them.
const (
	tableAfter = 16 // valid signatures of a key
	maxTables  = 64 // in one trust list: 16 MiB
)

// tables is what the keys of one list share.
type tables struct {
	keeper engine.Keeper // nil: the engine has no tables
	begun  atomic.Int32
}

func newTables(e engine.Engine) *tables {
	keeper, _ := e.(engine.Keeper)
	return &tables{keeper: keeper}
}

// A listedKey is a key of a list, from its tableAfter-th valid signature on with
// a table. It is safe for concurrent use.
type listedKey struct {
	*verifyKey
	tables *tables
	valid  atomic.Uint32 // signatures so far, up to tableAfter
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
	if !k.best().verify(signature, tag, parts...) {
		return false
	}
	k.count()
	return true
}

// count takes note of a valid signature. Others do not count: a flood of
// forgeries that name every key of the list must not use up the tables.
func (k *listedKey) count() {
	if k.tables.keeper == nil || k.valid.Load() >= tableAfter || k.valid.Add(1) != tableAfter {
		return
	}
	if k.tables.begun.Add(1) > maxTables {
		return
	}
	kept, err := k.tables.keeper.Keep(k.key)
	if err != nil {
		return // a table that fails its check is not used
	}
	f := *k.verifyKey
	f.key = kept
	k.faster.Store(&f)
}

// TableBytes returns how much memory the tables of the list's keys take. It is
// at most 16 MiB under the default engine.
func (l *TrustList) TableBytes() int {
	n := 0
	for _, same := range l.entries {
		for _, e := range same {
			if t, ok := e.key.best().key.(engine.Tabled); ok {
				n += t.TableBytes()
			}
		}
	}
	return n
}
