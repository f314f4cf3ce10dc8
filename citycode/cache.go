package citycode

import (
	"bytes"
	"errors"
	"slices"

	"github.com/citizencode/citizencode/citycode/internal/pubkey"
)

// Sizes of a cache that is not told any.
const (
	DefaultCachedCredentials = 4096 // 3 MiB
	DefaultCachedTables      = 16   // 1.4 MiB
)

// A CacheConfig bounds a cache. Its zero value is what a gate wants.
type CacheConfig struct {
	Credentials int // whose signature is not verified again, about 700 bytes each, the largest 1 KB; 0: DefaultCachedCredentials
	Tables      int // of holders' keys, 86 KiB each; 0: DefaultCachedTables
}

// A Cache remembers credentials whose signatures have been verified, so that a
// citizen who comes again costs one verification and not two, and one who comes
// again and again a fraction of one (SPEC §5.5). It caches authenticity, never
// validity: times, status and all else are judged each time. A credential enters
// it when it is shown the second time with a valid signature of its holder; codes
// that are shown once, however many, push nothing out. It is safe for concurrent
// use.
type Cache struct{ keys *pubkey.Cache }

// NewCache returns an empty cache.
func NewCache(cfg CacheConfig) (*Cache, error) {
	if cfg.Credentials < 0 || cfg.Tables < 0 {
		return nil, errors.New("citycode: cache: a negative size")
	}
	if cfg.Credentials == 0 {
		cfg.Credentials = DefaultCachedCredentials
	}
	if cfg.Tables == 0 {
		cfg.Tables = DefaultCachedTables
	}
	return &Cache{pubkey.NewCache(cfg.Credentials, cfg.Tables)}, nil
}

// Len returns how many credentials are remembered.
func (c *Cache) Len() int { return c.keys.Len() }

// Bytes returns about how much memory the cache takes now, and at most.
func (c *Cache) Bytes() (now, most int) { return c.keys.Bytes() }

// adopt takes over the cache, and counts what the lists brought along from another
// verifier.
func (v *Verifier) adopt(c *Cache) {
	v.scans.New = func() any { return &scan{signatures: v.signatures.NewSignatures()} }
	var digests [][]byte
	for _, l := range v.lists() {
		digests = append(digests, l.digest[:])
		for e := range l.keys() {
			v.signatures.Tables.Take(e.key)
		}
	}
	if c != nil {
		slices.SortFunc(digests, bytes.Compare)
		c.keys.Bind(v.signatures.Suite.Sum(slices.Concat(digests...)))
		v.signatures.Cache = c.keys
	}
}

// TableBytes returns how much memory the tables of listed keys take: at most
// 16 MiB under the default engine.
func (v *Verifier) TableBytes() int {
	n := 0
	for _, l := range v.lists() {
		for e := range l.keys() {
			n += e.key.Best().TableBytes()
		}
	}
	return n
}
