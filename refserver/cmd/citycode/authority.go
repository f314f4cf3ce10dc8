package main

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/refserver/store"
)

// What keys makes.
const (
	rootKeys      = 3
	rootThreshold = 2
	issuerIndex   = 1       // credentials of people
	printerIndex  = 2       // printed codes of things and places
	statusIndex   = 3       // status lists
	listSize      = 1 << 18 // credentials of one issuer key; 64 KB in memory

	day           = 24 * time.Hour
	trustLife     = 30 * day // of a trust list; a terminal that gets no new one answers trust-stale
	statusLife    = 7 * day  // of a status list; profiles ask for fresher ones
	keyIssueLife  = 2 * 365 * day
	personLife    = 7 * day
	printedLife   = 3650 * day
	authorityName = "authority"
	registerName  = "register.json"
)

// An authority is the secret side of a city: DIR/authority. It has its own
// copies of roots.json and trust.list, because what it signs again must be what
// the roots agreed on, and not what somebody put into the public directory.
type authority struct {
	secret, public string
	phrase         []byte
	register       *store.Register
	lists          *store.Lists
	now            time.Time
	opened         map[string]crypto.Signer
}

// openAuthority opens the authority of a city directory. Close it.
func openAuthority(ctx context.Context, dir string, phrase []byte, now time.Time) (*authority, error) {
	a := &authority{secret: filepath.Join(dir, authorityName), public: filepath.Join(dir, store.PublicName), phrase: phrase, now: now, opened: make(map[string]crypto.Signer)}
	var err error
	if a.register, err = store.OpenRegister(ctx, filepath.Join(a.secret, registerName)); err != nil {
		return nil, err
	}
	if a.lists, err = store.OpenTrust(a.secret); err != nil {
		a.Close()
		return nil, err
	}
	// An authority whose clock went back would sign what every terminal
	// refuses, or what counts again after it had expired.
	if signed := a.lists.Trust.IssuedAt(); now.Before(signed) {
		a.Close()
		return nil, fmt.Errorf("the clock shows %s, but the last trust list was signed at %s", now.Format(time.RFC3339), signed.Format(time.RFC3339))
	}
	return a, nil
}

// Close lets others use the authority.
func (a *authority) Close() { a.register.Close() }

// id names a key of the city.
func (a *authority) id(index int) citycode.KeyID { return keyID(a.register.City(), index) }

// keyID names a key of a city whose code has been checked.
func keyID(city, index int) citycode.KeyID {
	id, err := citycode.NewKeyID(city, index)
	if err != nil {
		panic(err)
	}
	return id
}

// signer reads a key and finds its entry in the trust list: a key that stands
// there under another name, or not at all, would sign what nobody accepts.
func (a *authority) signer(name string, index int) (crypto.Signer, *citycode.TrustEntry, error) {
	path := filepath.Join(a.secret, name)
	key, err := a.read(path)
	if err != nil {
		return nil, nil, err
	}
	public, err := citycode.PublicKeyOf(key)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, e := range a.lists.Trust.Entries() {
		if e.ID == a.id(index) && e.Key == public {
			return key, &e, nil
		}
	}
	return nil, nil, fmt.Errorf("%s: it is not the key that the trust list names for %s", path, a.id(index))
}

// read reads a key once: a passphrase is made to cost time.
func (a *authority) read(path string) (crypto.Signer, error) {
	if key := a.opened[path]; key != nil {
		return key, nil
	}
	key, err := store.ReadKey(path, a.phrase)
	if err == nil {
		a.opened[path] = key
	}
	return key, err
}

// publishStatus signs a status list with the next version and publishes it.
// change, which may be nil, changes the register before; it is not called
// where it is plain that nothing could be published.
func (a *authority) publishStatus(issuer citycode.KeyID, list uint8, change func() error) (citycode.Version, error) {
	key, _, err := a.signer("status.pem", statusIndex)
	if err != nil {
		return citycode.Version{}, err
	}
	if err := a.checkStatus(issuer, list); err != nil {
		return citycode.Version{}, err
	}
	if change != nil {
		if err := change(); err != nil {
			return citycode.Version{}, err
		}
	}
	version, states, err := a.register.NextStatus(issuer, list)
	if err != nil {
		return citycode.Version{}, err
	}
	msg, err := states.Sign(citycode.StatusHeader{Signer: a.id(statusIndex), Version: version, IssuedAt: a.now, Expires: a.now.Add(statusLife)}, key)
	if err != nil {
		return citycode.Version{}, err
	}
	return version, store.WriteFile(filepath.Join(a.public, store.StatusName(issuer, list)), msg, store.Public)
}

// checkStatus looks at the list that is about to be replaced. A register that
// is older than it was restored from a backup, and would give out indices
// again and forget revocations.
func (a *authority) checkStatus(issuer citycode.KeyID, list uint8) error {
	signed, err := a.register.Status(issuer, list)
	if err != nil {
		return err
	}
	current, err := store.OpenStatus(a.public, a.lists.Trust, issuer, list)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // the register knows all that stood there
	}
	if err == nil && signed.Before(current.Version()) {
		err = a.tooOld(store.StatusName(issuer, list), current.Version(), signed)
	}
	return err
}

func (a *authority) tooOld(name string, published, signed citycode.Version) error {
	return fmt.Errorf("%s has version %s, but %s knows only of %s: was it restored from a backup?",
		filepath.Join(a.public, name), published, filepath.Join(a.secret, registerName), signed)
}

// publishTrust signs the entries of the trust list again, with the next
// version and new dates, and publishes it.
func (a *authority) publishTrust() (citycode.Version, error) {
	current, err := store.OpenTrust(a.public)
	switch {
	case errors.Is(err, fs.ErrNotExist): // the authority has its own copy
	case err != nil:
		return citycode.Version{}, err
	case a.register.Trust().Before(current.Trust.Version()):
		return citycode.Version{}, a.tooOld(store.TrustName, current.Trust.Version(), a.register.Trust())
	}
	roots, err := a.roots()
	if err != nil {
		return citycode.Version{}, err
	}
	version, err := a.register.NextTrust()
	if err != nil {
		return citycode.Version{}, err
	}
	msg, err := signTrust(citycode.TrustDraft{City: a.register.City(), Version: version, IssuedAt: a.now, Expires: a.now.Add(trustLife),
		Entries: a.lists.Trust.Entries(), Grants: a.lists.Trust.Grants(), Previous: a.lists.Trust}, roots)
	if err != nil {
		return citycode.Version{}, err
	}
	if err := store.WriteFile(filepath.Join(a.secret, store.TrustName), msg, store.Public); err != nil {
		return citycode.Version{}, err
	}
	return version, store.WriteFile(filepath.Join(a.public, store.TrustName), msg, store.Public)
}

// roots reads as many root keys as must sign. The others may be elsewhere.
func (a *authority) roots() ([]crypto.Signer, error) {
	var keys []crypto.Signer
	var missing error
	for i := 0; i < len(a.lists.Roots.Keys) && len(keys) < a.lists.Roots.Threshold; i++ {
		path := filepath.Join(a.secret, rootName(i))
		key, err := a.read(path)
		if errors.Is(err, fs.ErrNotExist) {
			missing = err
			continue
		}
		if err != nil {
			return nil, err
		}
		if public, err := citycode.PublicKeyOf(key); err != nil || public != a.lists.Roots.Keys[i] {
			return nil, fmt.Errorf("%s: it is not root key %d of %s", path, i+1, store.RootsName)
		}
		keys = append(keys, key)
	}
	if len(keys) < a.lists.Roots.Threshold {
		return nil, fmt.Errorf("%d root keys, %d must sign: %w", len(keys), a.lists.Roots.Threshold, missing)
	}
	return keys, nil
}

func rootName(i int) string { return fmt.Sprintf("root-%d.pem", i+1) }

// signTrust has every given root sign a trust list.
func signTrust(draft citycode.TrustDraft, roots []crypto.Signer) ([]byte, error) {
	body, err := draft.Body()
	if err != nil {
		return nil, err
	}
	var sigs []*citycode.RootSignature
	for _, root := range roots {
		sig, err := citycode.SignTrustList(body, root)
		if err != nil {
			return nil, err
		}
		sigs = append(sigs, sig)
	}
	return citycode.AssembleTrustList(body, sigs...)
}
