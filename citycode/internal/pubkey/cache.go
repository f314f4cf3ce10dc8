package pubkey

import (
	"sync"

	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/internal/recent"
)

// How often a credential must have come before its key is held, and before that
// key gets a table, which costs about as much as eight verifications.
const (
	heldAfter   = 2
	tabledAfter = 8
)

// A Cache holds the keys of holders who come again, by all that a key's
// authenticity follows from: the static part of the credential and the issuer's
// key. That never changes, so nothing in it can become wrong. It is safe
// for concurrent use.
type Cache struct {
	keys   *recent.Store[*Key]
	tables *recent.Store[*Key] // by ZA
	mu     sync.Mutex
	trust  [engine.DigestSize]byte
}

// NewCache returns a cache of at most about that many keys and tables.
func NewCache(keys, tables int) *Cache {
	return &Cache{keys: recent.New[*Key](keys, heldAfter), tables: recent.New[*Key](tables, tabledAfter)}
}

// appendName appends what a credential is called in a cache: those bytes, because
// to compare them takes less than to hash them.
func appendName(b, static []byte, issuer *Key) []byte {
	return append(append(b, static...), issuer.Public[:]...)
}

// find returns the holder's key of a credential, in its fastest form, or nil.
func (c *Cache) find(name []byte) *Key {
	k, ok := c.keys.Get(name)
	if !ok {
		return nil
	}
	if fast, ok := c.tables.Get(k.ZA[:]); ok {
		return fast
	}
	return k
}

// verified takes note that a signature of the holder of a credential was valid,
// and that the credential is authentic. holder is copied.
func (c *Cache) verified(name []byte, holder *Key) {
	if _, held := c.keys.Get(name); !held {
		if c.keys.Want(name) {
			if k, err := holder.suite.Prepare(holder.Public); err == nil {
				c.keys.Put(name, k)
			}
		}
		return
	}
	keeper, ok := holder.suite.Engine.(engine.SmallKeeper)
	if !ok || holder.TableBytes() > 0 || !c.tables.Want(holder.ZA[:]) {
		return
	}
	if kept, err := keeper.KeepSmall(holder.Key); err == nil { // a table that fails its check is not used
		fast := *holder
		fast.Key = kept
		c.tables.Put(fast.ZA[:], &fast)
	}
}

// Bind empties the cache unless it was bound to the same trust before. What it
// holds cannot become wrong, but nobody should have to argue so about a key that
// was taken off a list.
func (c *Cache) Bind(trust [engine.DigestSize]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if trust != c.trust {
		c.keys.Clear()
		c.tables.Clear()
	}
	c.trust = trust
}

// Len returns how many keys are held.
func (c *Cache) Len() int { return c.keys.Len() }

// Bytes returns how much memory the cache takes now, and at most.
func (c *Cache) Bytes() (now, most int) {
	const place, key, table = 40 + 4*8, 400 + 480, 86 << 10 // the longest name takes 480
	fixed := (c.keys.Cap() + c.tables.Cap()) * place
	return fixed + c.keys.Len()*key + c.tables.Len()*(key+table), fixed + c.keys.Cap()*key + c.tables.Cap()*(key+table)
}
