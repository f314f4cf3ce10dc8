package pubkey

import (
	"sync/atomic"

	"github.com/citizencode/citizencode/citycode/engine"
)

// A table makes an issuer's signatures cheap (engine.Keeper), and costs about
// as much as fifteen of them and 256 KiB. So a verifier has it computed for those
// listed keys whose codes come, when they come, and for a bounded number of them.
const (
	TableAfter = 16 // valid signatures of a key
	MaxTables  = 64 // of one verifier: 16 MiB
)

// A Listed is a key of a trust list. It may get a table at any time, and is
// safe for concurrent use.
type Listed struct {
	*Key
	valid  atomic.Uint32 // signatures of codes so far, up to TableAfter
	faster atomic.Pointer[Key]
}

// Best returns the key in its fastest form.
func (k *Listed) Best() *Key {
	if f := k.faster.Load(); f != nil {
		return f
	}
	return k.Key
}

// Verify is as that of [Key].
func (k *Listed) Verify(signature []byte, tag string, parts ...[]byte) bool {
	return k.Best().Verify(signature, tag, parts...)
}

// Tables is what a verifier has spent. The zero value is nothing.
type Tables struct{ begun atomic.Int32 }

// Take counts what a key brings along from another verifier.
func (t *Tables) Take(k *Listed) {
	if k.faster.Load() != nil {
		t.begun.Add(1)
	}
}

// Count takes note of a valid signature of k. Others must not count: a flood of
// forgeries that name every key of the lists would use up the tables.
func (t *Tables) Count(k *Listed) {
	if k.valid.Load() >= TableAfter || k.valid.Add(1) != TableAfter {
		return
	}
	keeper, ok := k.suite.Engine.(engine.Keeper)
	if !ok || t.begun.Add(1) > MaxTables {
		return
	}
	kept, err := keeper.Keep(k.Key.Key)
	if err != nil {
		return // a table that fails its check is not used
	}
	f := *k.Key
	f.Key = kept
	k.faster.Store(&f)
}
