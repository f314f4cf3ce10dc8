package citycode

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/internal/pubkey"
	"github.com/citizencode/citizencode/citycode/internal/wire"
)

const rootChangeName = "root change"

// A RootChange hands a city's trust from one set of root keys to the next
// (SPEC §6.6). It is signed by the threshold of the old set and by the
// threshold of the new one: the old roots say who follows, the new ones that
// they are there.
type RootChange struct {
	City      int
	Epoch     uint32 // of the new set: the old one's plus 1
	IssuedAt  time.Time
	Threshold int
	Roots     []PublicKey // distinct, in any order
}

// Body returns the bytes that both sets sign (SPEC §6.6).
func (c *RootChange) Body() ([]byte, error) {
	at, err := seconds("issuedAt", c.IssuedAt)
	if err != nil {
		return nil, err
	}
	if c.Epoch < 2 {
		return nil, fmt.Errorf("citycode: root change: epoch %d follows none", c.Epoch)
	}
	// The authority finds its own mistakes before two sets are brought together.
	if _, err := prepareRoots(pubkey.NewSuite(nil), TrustConfig{City: c.City, Roots: c.Roots, Threshold: c.Threshold}); err != nil {
		return nil, fmt.Errorf("citycode: root change: %w", err)
	}
	b := []byte{WireVersion, kindRoot}
	b = binary.BigEndian.AppendUint32(b, uint32(c.City))
	b = binary.BigEndian.AppendUint32(b, c.Epoch)
	b = binary.BigEndian.AppendUint32(b, at)
	b = append(b, byte(c.Threshold), byte(len(c.Roots)))
	for _, r := range slices.SortedFunc(slices.Values(c.Roots), comparePublicKeys) {
		b = append(b, r[:]...)
	}
	return b, nil
}

func comparePublicKeys(a, b PublicKey) int { return bytes.Compare(a[:], b[:]) }

// SignRootChange signs the body of a root change with one root key, old or new.
func SignRootChange(body []byte, root crypto.Signer) (*RootSignature, error) {
	return signRoot(body, root, tagRoot, rand.Reader)
}

// AssembleRootChange puts a body and its signatures together as the message
// that [OpenRootChange] reads.
func AssembleRootChange(body []byte, sigs ...*RootSignature) ([]byte, error) {
	return assembleRootSignatures(body, 2*MaxRoots, sigs)
}

// OpenRootChange implements SPEC §6.6: it verifies that a root change follows
// from the set that is held and returns the configuration with the new set.
// The new one must be stored before it is used. A refusal is a *ListError.
func OpenRootChange(msg []byte, held TrustConfig) (TrustConfig, error) {
	fail := func(r ListReason, format string, args ...any) (TrustConfig, error) {
		return TrustConfig{}, listError(rootChangeName, r, format, args...)
	}
	s := pubkey.NewSuite(held.Engine)
	old, err := prepareRoots(s, held)
	if err != nil {
		return TrustConfig{}, err
	}
	r, err := openList(msg, rootChangeName, kindRoot, MaxTrustMessage)
	if err != nil {
		return TrustConfig{}, err
	}
	next := held
	city, epoch, _ := int(r.Uint32()), r.Uint32(), r.Uint32()
	next.Epoch, next.Threshold, next.Roots = epoch, int(r.Uint8()), nil
	for n := int(r.Uint8()); n > 0 && r.OK(); n-- {
		var k PublicKey
		r.Copy(k[:])
		if i := len(next.Roots); i > 0 && comparePublicKeys(next.Roots[i-1], k) >= 0 {
			return fail(ListMalformed, "root keys do not ascend")
		}
		next.Roots = append(next.Roots, k)
	}
	body := msg[:len(msg)-r.Len()]
	sigs, err := readRootSignatures(r, rootChangeName)
	if err != nil {
		return TrustConfig{}, err
	}
	if city != held.City {
		return fail(ListForeignCity, "it is that of city %06d, not of %06d", city, held.City)
	}
	set, err := prepareRoots(s, next)
	if err != nil {
		return fail(ListMalformed, "%w", err)
	}
	var byOld, byNew int
	for _, sig := range sigs {
		if old[sig.root] != nil {
			byOld++
		}
		if set[sig.root] != nil {
			byNew++
		}
		if old[sig.root] == nil && set[sig.root] == nil {
			return fail(ListUnknownSigner, "root key %x is of neither set", sig.root)
		}
	}
	for _, sig := range sigs {
		key := old[sig.root]
		if key == nil {
			key = set[sig.root]
		}
		if !key.Verify(sig.sig[:], tagRoot, body) {
			return fail(ListBadSignature, "signature of root key %x", sig.root)
		}
	}
	// Each set must reach its own threshold: the new one alone could be
	// anybody, the old one alone could name keys that nobody holds.
	if byOld < held.Threshold || byNew < next.Threshold {
		return fail(ListBadSignature, "%d of %d old and %d of %d new signatures", byOld, held.Threshold, byNew, next.Threshold)
	}
	// One step at a time: a set that was skipped could not object. After the
	// highest epoch comes none, and not the first.
	if uint64(epoch) != uint64(held.epoch())+1 {
		return fail(ListRollback, "epoch %d does not follow %d", epoch, held.epoch())
	}
	return next, nil
}

// signRoot signs a body under a tag that root keys sign.
func signRoot(body []byte, root crypto.Signer, tag string, random io.Reader) (*RootSignature, error) {
	key, err := newSignKey(root, random)
	if err != nil {
		return nil, err
	}
	sig, err := key.sign(tag, body)
	if err != nil {
		return nil, err
	}
	return &RootSignature{key.Public, sig}, nil
}

func assembleRootSignatures(body []byte, limit int, sigs []*RootSignature) ([]byte, error) {
	if len(sigs) == 0 || len(sigs) > limit {
		return nil, fmt.Errorf("citycode: %d root signatures, 1 to %d needed", len(sigs), limit)
	}
	s := pubkey.NewSuite(nil)
	id := func(r *RootSignature) rootID { return keyHash(s, r.Root) }
	sorted := slices.SortedFunc(slices.Values(sigs), func(a, b *RootSignature) int {
		x, y := id(a), id(b)
		return bytes.Compare(x[:], y[:])
	})
	msg := append(slices.Clone(body), byte(len(sorted)))
	for _, r := range sorted {
		root := id(r)
		msg = append(msg, root[:]...)
		msg = append(msg, r.sig...)
	}
	return msg, nil
}

// readRootSignatures reads the end of a message that root keys sign, strictly
// ascending, and nothing behind it.
func readRootSignatures(r *wire.Reader, name string) (sigs []rootSignature, err error) {
	for n := int(r.Uint8()); n > 0 && r.OK(); n-- {
		var s rootSignature
		r.Copy(s.root[:])
		r.Copy(s.sig[:])
		if k := len(sigs); k > 0 && bytes.Compare(sigs[k-1].root[:], s.root[:]) >= 0 {
			return nil, listError(name, ListMalformed, "signatures do not ascend by root key")
		}
		sigs = append(sigs, s)
	}
	if !r.OK() {
		return nil, listError(name, ListMalformed, "%w", errShort)
	}
	if r.Len() > 0 {
		return nil, listError(name, ListMalformed, "%d bytes behind the end", r.Len())
	}
	return sigs, nil
}

type rootSignature struct {
	root rootID
	sig  [engine.SignatureSize]byte
}
