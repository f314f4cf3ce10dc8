package jtt1179

import (
	"sync"
	"sync/atomic"

	"github.com/citizencode/citizencode/citycode/engine"
)

// MaxCertificates bounds the issuers that a verifier remembers. Each may come to
// hold a table of 256 KiB.
const MaxCertificates = 64

// tableAfter is how many good authorisations an issuer's key has verified when
// its table is made: it costs about as much as fifteen of them (engine.Keeper).
const tableAfter = 16

// An issuerKey is the key of a certificate that a CA's signature held for.
type issuerKey struct {
	key   atomic.Pointer[engine.Key]
	za    [engine.DigestSize]byte
	valid atomic.Uint64 // authorisations so far
}

// verify reports whether signature is the issuer's, and makes the key's table
// when it has earned it. Forgeries earn nothing.
func (i *issuerKey) verify(e engine.Engine, message, signature []byte) bool {
	key := *i.key.Load()
	if !key.Verify(digest(e, i.za, message), [engine.SignatureSize]byte(signature)) {
		return false
	}
	if i.valid.Add(1) == tableAfter {
		if keeper, ok := e.(engine.Keeper); ok {
			if kept, err := keeper.Keep(key); err == nil {
				i.key.Store(&kept)
			}
		}
	}
	return true
}

// certificates are those whose CA signature has held, by their bytes. What is
// kept is that they are authentic and never that they are valid. It belongs to
// one verifier, whose CA keys do not change.
type certificates struct {
	mu    sync.RWMutex
	known map[Certificate]*issuerKey
}

func (c *certificates) find(certificate *Certificate) *issuerKey {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.known[*certificate]
}

// add returns what is kept for the certificate. Where there is no room the one
// with the fewest authorisations goes: who comes by once does not displace who
// comes by all day.
func (c *certificates) add(certificate *Certificate, i *issuerKey) *issuerKey {
	c.mu.Lock()
	defer c.mu.Unlock()
	if same := c.known[*certificate]; same != nil {
		return same
	}
	if len(c.known) >= MaxCertificates {
		var least *Certificate
		for other := range c.known {
			if least == nil || c.known[other].valid.Load() < c.known[*least].valid.Load() {
				least = &other
			}
		}
		delete(c.known, *least)
	}
	c.known[*certificate] = i
	return i
}

func (c *certificates) len() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.known)
}

func (c *certificates) tableBytes() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	n := 0
	for _, i := range c.known {
		if t, ok := (*i.key.Load()).(engine.Tabled); ok {
			n += t.TableBytes()
		}
	}
	return n
}
