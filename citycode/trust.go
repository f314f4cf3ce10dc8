package citycode

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/internal/pubkey"
)

// Limits of a trust list (SPEC §6).
const (
	MaxTrustMessage = 1 << 20 // bytes
	MaxTrustEntries = 1024
	MaxRoots        = 16
	maxSameID       = pubkey.MaxIssuers // keys under one id: the old and the new while a key is exchanged
	maxProfiles     = 64
)

// A KeyUse says what a key of a trust list signs: credentials of one key mode,
// or status lists. A key has exactly one use (SPEC §6.3).
type KeyUse uint8

// The uses of SPEC §6.3. The first ones are numbered as the key modes.
const (
	UseStatic   KeyUse = KeyUse(Static)
	UseExplicit KeyUse = KeyUse(Explicit)
	UseImplicit KeyUse = KeyUse(Implicit)
	UseStatus   KeyUse = 0x10
	UseSnapshot KeyUse = 0x11
)

// A TrustEntry is what a city says about one of its keys (SPEC §6.3).
type TrustEntry struct {
	ID          KeyID
	Use         KeyUse
	Key         PublicKey
	Scenes      Scenes         // groups for which its codes may be valid
	IssueFrom   time.Time      // first and
	IssueUntil  time.Time      // last issuedAt that the key may have signed
	VerifyUntil time.Time      // last moment at which its signatures count
	MaxLifetime time.Duration  // of a credential
	Profiles    []TrustProfile // that it may speak for, ascending by id
}

// A TrustProfile pins a profile by the SM3 of its definition (SPEC §3.4).
type TrustProfile struct {
	ID     ProfileID
	Digest [engine.DigestSize]byte
}

// PinProfile returns the pin of a profile.
func PinProfile(p Profile) TrustProfile {
	return TrustProfile{p.ID, p.digest(engine.Default())}
}

// A TrustConfig says whose list is accepted and what is known so far.
type TrustConfig struct {
	City      int         // GB/T 2260 code whose list this is; required
	Epoch     uint32      // of the root keys; 0 means the first, 1
	Roots     []PublicKey // root keys of the city, distinct; required
	Threshold int         // how many distinct roots must have signed; required
	Have      Version     // highest version ever accepted: an older list is refused
	Engine    engine.Engine
}

// epoch is that of the root keys: a list of another epoch is not theirs.
func (c TrustConfig) epoch() uint32 { return max(1, c.Epoch) }

// A TrustList is a verified list of the keys of one city. It is immutable and
// safe for concurrent use.
type TrustList struct {
	suite    *pubkey.Suite
	city     int
	version  Version
	issuedAt int64
	expires  int64
	entries  map[KeyID][]*trustEntry
	grants   []Grant
	roots    Grant // whose list it is; only the root set is filled
	digest   [engine.DigestSize]byte
}

type trustEntry struct {
	TrustEntry
	key                                *pubkey.Listed
	issueFrom, issueUntil, verifyUntil int64
	maxLifetime                        int64
}

// City returns the GB/T 2260 code of the city.
func (l *TrustList) City() int { return l.city }

// Version returns the version, to be kept and given as [TrustConfig].Have.
func (l *TrustList) Version() Version { return l.version }

// IssuedAt returns when the list was signed.
func (l *TrustList) IssuedAt() time.Time { return timeOf(l.issuedAt) }

// Expires returns the last moment at which the list may be used.
func (l *TrustList) Expires() time.Time { return timeOf(l.expires) }

// keys yields every entry, in any order.
func (l *TrustList) keys() iter.Seq[*trustEntry] {
	return func(yield func(*trustEntry) bool) {
		for _, same := range l.entries {
			for _, e := range same {
				if !yield(e) {
					return
				}
			}
		}
	}
}

// Entries returns what the list says, ascending by key id and key: what an
// authority begins the next list with.
func (l *TrustList) Entries() []TrustEntry {
	var list []TrustEntry
	for e := range l.keys() {
		c := e.TrustEntry
		c.Profiles = slices.Clone(c.Profiles)
		list = append(list, c)
	}
	slices.SortFunc(list, TrustEntry.compare)
	return list
}

func (e TrustEntry) compare(o TrustEntry) int {
	if e.ID != o.ID {
		return int(e.ID) - int(o.ID)
	}
	return bytes.Compare(e.Key[:], o.Key[:])
}

const trustListName = "trust list"

// OpenTrustList implements SPEC §6.4: it parses and verifies a trust list in
// one step and prepares its keys. It accepts a list that has expired, because
// a verifier must be able to say trust-stale rather than nothing. A refusal is
// a *ListError; a configuration that could not refuse anything is another error.
func OpenTrustList(msg []byte, cfg TrustConfig) (*TrustList, error) {
	s := pubkey.NewSuite(cfg.Engine)
	roots, err := prepareRoots(s, cfg)
	if err != nil {
		return nil, err
	}
	body, sigs, draft, err := parseTrustList(msg)
	if err != nil {
		return nil, err
	}
	if draft.City != cfg.City {
		return nil, listError(trustListName, ListForeignCity, "it is that of city %06d, not of %06d", draft.City, cfg.City)
	}
	if err := checkRootSignatures(roots, cfg.Threshold, body, sigs); err != nil {
		return nil, err
	}
	switch {
	case draft.Version.Epoch > cfg.epoch():
		// Roots that could name a later epoch than their own could push a
		// terminal beyond the reach of their successors.
		return nil, listError(trustListName, ListUnknownSigner, "version %s, the roots are of epoch %d", draft.Version, cfg.epoch())
	case draft.Version.Epoch < cfg.epoch():
		return nil, listError(trustListName, ListRollback, "version %s, the roots are of epoch %d", draft.Version, cfg.epoch())
	}
	if draft.Version.Before(cfg.Have) {
		return nil, listError(trustListName, ListRollback, "version %s is older than %s", draft.Version, cfg.Have)
	}
	l := &TrustList{suite: s, city: draft.City, version: draft.Version, issuedAt: draft.IssuedAt.Unix(),
		expires: draft.Expires.Unix(), entries: make(map[KeyID][]*trustEntry), grants: draft.Grants, roots: rootSetOf(cfg), digest: s.Sum(body)}
	for _, e := range draft.Entries {
		if _, clash := roots[keyHash(s, e.Key)]; clash {
			return nil, listError(trustListName, ListMalformed, "key %s is a root key", e.ID)
		}
		key, err := s.Prepare(e.Key)
		if err != nil {
			return nil, listError(trustListName, ListMalformed, "key %s: %w", e.ID, err)
		}
		l.entries[e.ID] = append(l.entries[e.ID], &trustEntry{TrustEntry: e, key: &pubkey.Listed{Key: key}, issueFrom: e.IssueFrom.Unix(),
			issueUntil: e.IssueUntil.Unix(), verifyUntil: e.VerifyUntil.Unix(), maxLifetime: int64(e.MaxLifetime / time.Second)})
	}
	return l, nil
}

// rootID is how a list names the root key that signed it: the first 8 bytes of
// the SM3 of the compressed key. It follows from the key, so one key cannot
// stand under two names.
type rootID [8]byte

func keyHash(s *pubkey.Suite, k PublicKey) rootID {
	h := s.Engine.NewSM3()
	h.Write(k[:])
	return rootID(h.Sum(nil)[:8])
}

func prepareRoots(s *pubkey.Suite, cfg TrustConfig) (map[rootID]*pubkey.Key, error) {
	if cfg.City < MinCity || cfg.City > MaxCity {
		return nil, fmt.Errorf("citycode: trust configuration: city %d is not a GB/T 2260 code", cfg.City)
	}
	if len(cfg.Roots) == 0 || len(cfg.Roots) > MaxRoots || cfg.Threshold < 1 || cfg.Threshold > len(cfg.Roots) {
		return nil, fmt.Errorf("citycode: trust configuration: threshold %d of %d root keys (at most %d)", cfg.Threshold, len(cfg.Roots), MaxRoots)
	}
	roots := make(map[rootID]*pubkey.Key)
	for i, r := range cfg.Roots {
		key, err := s.Prepare(r)
		if err != nil {
			return nil, fmt.Errorf("citycode: trust configuration: root key %d: %w", i, err)
		}
		id := keyHash(s, r)
		// Two of three must be two keys: one key listed twice would meet the
		// threshold alone.
		if roots[id] != nil {
			return nil, fmt.Errorf("citycode: trust configuration: root key %d stands twice", i)
		}
		roots[id] = key
	}
	return roots, nil
}

func checkRootSignatures(roots map[rootID]*pubkey.Key, threshold int, body []byte, sigs []rootSignature) error {
	for _, s := range sigs {
		if roots[s.root] == nil {
			return listError(trustListName, ListUnknownSigner, "root key %x is not known", s.root)
		}
	}
	if len(sigs) < threshold {
		return listError(trustListName, ListBadSignature, "%d signatures, %d needed", len(sigs), threshold)
	}
	for _, s := range sigs {
		// Every signature must be valid, also beyond the threshold: otherwise
		// the same list has many forms.
		if !roots[s.root].Verify(s.sig[:], tagTrust, body) {
			return listError(trustListName, ListBadSignature, "signature of root key %x", s.root)
		}
	}
	return nil
}

// parseTrustList implements SPEC §6.3. body is what the roots have signed.
func parseTrustList(msg []byte) (body []byte, sigs []rootSignature, d *TrustDraft, err error) {
	malformed := func(format string, args ...any) error {
		return listError(trustListName, ListMalformed, format, args...)
	}
	r, err := openList(msg, trustListName, kindTrust, MaxTrustMessage)
	if err != nil {
		return nil, nil, nil, err
	}
	d = &TrustDraft{City: int(r.Uint32()), Version: readVersion(r), IssuedAt: readTime(r), Expires: readTime(r)}
	for n := int(r.Uint16()); n > 0 && r.OK(); n-- {
		e := TrustEntry{ID: KeyID(r.Uint32()), Use: KeyUse(r.Uint8())}
		r.Copy(e.Key[:])
		e.Scenes = Scenes(r.Uint16())
		e.IssueFrom, e.IssueUntil, e.VerifyUntil = readTime(r), readTime(r), readTime(r)
		e.MaxLifetime = time.Duration(r.Uint32()) * time.Second
		e.Profiles = readPins(r)
		d.Entries = append(d.Entries, e)
	}
	for n := int(r.Uint16()); n > 0 && r.OK(); n-- {
		d.Grants = append(d.Grants, readGrant(r))
	}
	if !r.OK() {
		return nil, nil, nil, malformed("%w", errShort)
	}
	body = msg[:len(msg)-r.Len()]
	if sigs, err = readRootSignatures(r, trustListName); err != nil {
		return nil, nil, nil, err
	}
	if err := d.check(); err != nil {
		return nil, nil, nil, err
	}
	return body, sigs, d, nil
}

// check implements the rules of SPEC §6.3 that one list must keep by itself.
func (d *TrustDraft) check() error {
	malformed := func(format string, args ...any) error {
		return listError(trustListName, ListMalformed, format, args...)
	}
	if d.City < MinCity || d.City > MaxCity {
		return malformed("city %d is not a GB/T 2260 code", d.City)
	}
	if len(d.Entries) > MaxTrustEntries {
		return malformed("%d entries, at most %d", len(d.Entries), MaxTrustEntries)
	}
	uses := make(map[PublicKey]KeyUse)
	same := 0
	for i, e := range d.Entries {
		// A city that could define another city's keys could issue its codes.
		if e.ID.City() != d.City {
			return listError(trustListName, ListForeignCity, "city %06d defines key %s", d.City, e.ID)
		}
		if i > 0 {
			prev := d.Entries[i-1]
			if e.ID < prev.ID || e.ID == prev.ID && bytes.Compare(prev.Key[:], e.Key[:]) >= 0 {
				return malformed("entry %s does not ascend", e.ID)
			}
			if e.ID != prev.ID {
				same = 0
			}
		}
		if same++; same > maxSameID {
			return malformed("more than %d keys have id %s", maxSameID, e.ID)
		}
		switch e.Use {
		case UseStatic, UseExplicit, UseImplicit:
		case UseStatus, UseSnapshot:
			if len(e.Profiles) > 0 || e.Scenes != 0 || e.MaxLifetime != 0 {
				return malformed("key %s signs lists and names profiles, scenes or a lifetime", e.ID)
			}
		default:
			return malformed("key %s has use %d", e.ID, e.Use)
		}
		// A key that signs lists never signs credentials: who may issue must
		// not be able to un-revoke.
		if use, seen := uses[e.Key]; seen && use != e.Use {
			return malformed("key %s has two uses", e.ID)
		}
		uses[e.Key] = e.Use
		if !checkPins(e.Profiles) {
			return malformed("profiles of key %s do not ascend, or are more than %d", e.ID, maxProfiles)
		}
	}
	return d.checkGrants()
}

// allows reports whether the key may sign credentials of the profile, key mode
// and scenes (SPEC §5.4).
func (e *trustEntry) allows(p *Profile, pin *[engine.DigestSize]byte, scenes Scenes) bool {
	if e.Use != KeyUse(p.Mode) || scenes&^e.Scenes != 0 {
		return false
	}
	for i := range e.Profiles {
		if e.Profiles[i].ID == p.ID {
			return e.Profiles[i].Digest == *pin
		}
	}
	return false
}

// checkListSignature verifies the signature of a list that one key of the
// trust list signs by itself (SPEC §6.4). It returns until when that key counts.
func (l *TrustList) checkListSignature(signer KeyID, use KeyUse, issuedAt int64, name, tag string, body, sig []byte) (verifyUntil int64, err error) {
	known := false
	for _, e := range l.entries[signer] {
		if e.Use != use || issuedAt < e.issueFrom || issuedAt > e.issueUntil {
			continue
		}
		known = true
		if e.key.Verify(sig, tag, body) {
			return e.verifyUntil, nil
		}
	}
	if !known {
		return 0, listError(name, ListUnknownSigner, "key %s may not sign it", signer)
	}
	return 0, listError(name, ListBadSignature, "signature of key %s", signer)
}

// rootSetOf returns the root set of a configuration in the form of a grant.
func rootSetOf(c TrustConfig) Grant {
	return Grant{City: c.City, Epoch: c.epoch(), Threshold: c.Threshold, Roots: slices.SortedFunc(slices.Values(c.Roots), comparePublicKeys)}
}

// sameRoots reports whether two sets are one city's same roots.
func (g *Grant) sameRoots(o *Grant) bool {
	return g.City == o.City && g.Epoch == o.Epoch && g.Threshold == o.Threshold && slices.Equal(g.Roots, o.Roots)
}
