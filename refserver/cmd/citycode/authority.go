package main

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/refserver/store"
)

// Names in the secret directory of a city.
const (
	authorityName = "authority"
	registerName  = "register.json"
	answersName   = "answers"    // of the implicit issuer
	nextTrustName = "trust.next" // the first trust list of an epoch that begins
)

// An authority is the secret side of a city: DIR/authority. It has its own
// copies of roots.json and trust.list, because what it signs again must be what
// the roots agreed on, and not what somebody put into the public directory.
type authority struct {
	secret, public string
	phrase         []byte
	register       *store.Register
	lists          *store.Lists
	profiles       []citycode.Profile
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
	if err := a.open(); err != nil {
		a.Close()
		return nil, err
	}
	return a, nil
}

func (a *authority) open() (err error) {
	if a.profiles, err = store.ReadProfiles(a.secret); err != nil {
		return err
	}
	if err := a.finishRootChange(); err != nil {
		return err
	}
	// An authority whose clock went back would sign what every terminal
	// refuses, or what counts again after it had expired.
	if signed := a.lists.Trust.IssuedAt(); a.now.Before(signed) {
		return fmt.Errorf("the clock shows %s, but the last trust list was signed at %s", a.now.Format(time.RFC3339), signed.Format(time.RFC3339))
	}
	return nil
}

// Close lets others use the authority.
func (a *authority) Close() { a.register.Close() }

// id names a key of the city.
func (a *authority) id(r role) citycode.KeyID { return keyID(a.register.City(), int(r)) }

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
func (a *authority) signer(r role) (crypto.Signer, *citycode.TrustEntry, error) {
	path := filepath.Join(a.secret, roles[r].file)
	key, err := a.read(path)
	if err != nil {
		return nil, nil, err
	}
	public, err := citycode.PublicKeyOf(key)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, e := range a.lists.Trust.Entries() {
		if e.ID == a.id(r) && e.Key == public {
			return key, &e, nil
		}
	}
	return nil, nil, fmt.Errorf("%s: it is not the key that the trust list names for %s", path, a.id(r))
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

// publishStatus signs a status list with the next version, whole or as a delta
// from the whole one that is published, and publishes it. change, which may be
// nil, changes the register before; it is not called where it is plain that
// nothing could be published.
func (a *authority) publishStatus(issuer citycode.KeyID, list uint8, delta bool, change func() error) (signedList, error) {
	name := store.StatusName(issuer, list)
	fail := func(err error) (signedList, error) { return signedList{}, err }
	key, _, err := a.signer(roleStatus)
	if err != nil {
		return fail(err)
	}
	whole, err := a.checkStatus(issuer, list)
	if err != nil {
		return fail(err)
	}
	if delta && whole == nil {
		return fail(fmt.Errorf("%s: there is no list that a delta could follow", filepath.Join(a.public, name)))
	}
	if change != nil {
		if err := change(); err != nil {
			return fail(err)
		}
	}
	version, states, err := a.register.NextStatus(issuer, list)
	if err != nil {
		return fail(err)
	}
	header := a.header(roleStatus, version, statusLife)
	deltaPath := filepath.Join(a.public, store.DeltaName(issuer, list))
	if delta {
		msg, err := states.SignDelta(whole, header, key)
		if err != nil {
			return fail(err)
		}
		return signedList{filepath.Base(deltaPath), version.String()}, store.WriteFile(deltaPath, msg, store.Public)
	}
	msg, err := states.Sign(header, key)
	if err != nil {
		return fail(err)
	}
	if err := store.WriteFile(filepath.Join(a.public, name), msg, store.Public); err != nil {
		return fail(err)
	}
	// It followed the list that was replaced. Left behind by a crash it is
	// passed over, because it is older.
	if err := os.Remove(deltaPath); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fail(err)
	}
	return signedList{name, version.String()}, nil
}

func (a *authority) header(signer role, version citycode.Version, life time.Duration) citycode.StatusHeader {
	return citycode.StatusHeader{Signer: a.id(signer), Version: version, IssuedAt: a.now, Expires: a.now.Add(life)}
}

// checkStatus looks at the list that is about to be replaced and returns the
// whole one, nil where there is none. A register that is older than it was
// restored from a backup, and would give out indices again and forget
// revocations.
func (a *authority) checkStatus(issuer citycode.KeyID, list uint8) (*citycode.StatusList, error) {
	signed, err := a.register.Status(issuer, list)
	if err != nil {
		return nil, err
	}
	current, whole, err := store.OpenStatus(a.public, a.lists.Trust, issuer, list)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // the register knows all that stood there
	}
	if err == nil && signed.Before(current.Version()) {
		err = a.tooOld(store.StatusName(issuer, list), current.Version(), signed)
	}
	return whole, err
}

func (a *authority) tooOld(name string, published, signed citycode.Version) error {
	return fmt.Errorf("%s has version %s, but %s knows only of %s: was it restored from a backup?",
		filepath.Join(a.public, name), published, filepath.Join(a.secret, registerName), signed)
}

// checkTrust looks at the trust list that is about to be replaced.
func (a *authority) checkTrust() error {
	current, err := store.OpenTrust(a.public)
	var refused *citycode.ListError
	switch {
	case errors.Is(err, fs.ErrNotExist): // the authority has its own copy
	case errors.As(err, &refused) && a.lists.Roots.Epoch > 1 && (refused.Reason == citycode.ListRollback || refused.Reason == citycode.ListUnknownSigner):
		// A root change whose publishing was cut short.
	case err != nil:
		return err
	case a.register.Trust().Before(current.Trust.Version()):
		return a.tooOld(store.TrustName, current.Trust.Version(), a.register.Trust())
	}
	return nil
}

// publishTrust signs the entries and grants of a trust list with the next
// version and new dates, and publishes it with the root changes that lead to
// it.
func (a *authority) publishTrust(grants []citycode.Grant) (signedList, error) {
	if err := a.checkTrust(); err != nil {
		return signedList{}, err
	}
	roots, err := a.roots()
	if err != nil {
		return signedList{}, err
	}
	version, err := a.register.NextTrust()
	if err != nil {
		return signedList{}, err
	}
	msg, err := signTrust(a.draft(version, grants), roots)
	if err != nil {
		return signedList{}, err
	}
	if err := store.WriteFile(filepath.Join(a.secret, store.TrustName), msg, store.Public); err != nil {
		return signedList{}, err
	}
	if a.lists, err = store.OpenTrust(a.secret); err != nil {
		return signedList{}, err
	}
	return signedList{store.TrustName, version.String()}, a.showTrust(msg)
}

// draft returns the next trust list: the entries of the last one.
func (a *authority) draft(version citycode.Version, grants []citycode.Grant) citycode.TrustDraft {
	return citycode.TrustDraft{City: a.register.City(), Version: version, IssuedAt: a.now, Expires: a.now.Add(trustLife),
		Entries: a.lists.Trust.Entries(), Grants: grants, Previous: a.lists.Trust}
}

// showTrust puts a trust list and the roots that lead to it into the public
// directory.
func (a *authority) showTrust(msg []byte) error {
	for epoch := uint32(2); epoch <= a.lists.Roots.Epoch; epoch++ {
		change, err := store.ReadFile(filepath.Join(a.secret, store.ChangeName(epoch)), citycode.MaxTrustMessage)
		if err != nil {
			return err
		}
		if err := store.WriteFile(filepath.Join(a.public, store.ChangeName(epoch)), change, store.Public); err != nil {
			return err
		}
	}
	if err := store.WriteFile(filepath.Join(a.public, store.TrustName), msg, store.Public); err != nil {
		return err
	}
	return a.lists.Roots.Write(filepath.Join(a.public, store.RootsName))
}

// publishSnapshot signs a snapshot of what is published. With life 0 it does so
// only where there is one already: a terminal that has had one asks for the next.
func (a *authority) publishSnapshot(life time.Duration) ([]signedList, error) {
	path := filepath.Join(a.public, store.SnapshotName)
	if life == 0 {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		life = snapshotLife
	}
	key, _, err := a.signer(roleSnapshot)
	if err != nil {
		return nil, err
	}
	var lists []*citycode.StatusList
	for issuer, list := range a.register.Lists {
		current, _, err := store.OpenStatus(a.public, a.lists.Trust, issuer, list)
		if err != nil {
			return nil, err
		}
		lists = append(lists, current)
	}
	version, err := a.register.NextSnapshot()
	if err != nil {
		return nil, err
	}
	msg, err := citycode.SignSnapshot(a.header(roleSnapshot, version, life), key, a.lists.Trust, lists...)
	if err != nil {
		return nil, err
	}
	return []signedList{{store.SnapshotName, version.String()}}, store.WriteFile(path, msg, store.Public)
}

// roots reads as many root keys as must sign. The others may be elsewhere.
func (a *authority) roots() ([]crypto.Signer, error) {
	var keys []crypto.Signer
	var missing error
	held := a.lists.Roots
	for i := 0; i < len(held.Keys) && len(keys) < held.Threshold; i++ {
		path := filepath.Join(a.secret, rootName(held.Epoch, i))
		key, err := a.read(path)
		if errors.Is(err, fs.ErrNotExist) {
			missing = err
			continue
		}
		if err != nil {
			return nil, err
		}
		if public, err := citycode.PublicKeyOf(key); err != nil || public != held.Keys[i] {
			return nil, fmt.Errorf("%s: it is not root key %d of %s", path, i+1, store.RootsName)
		}
		keys = append(keys, key)
	}
	if len(keys) < held.Threshold {
		return nil, fmt.Errorf("%d root keys, %d must sign: %w", len(keys), held.Threshold, missing)
	}
	return keys, nil
}

// rootName returns where the i-th root key of an epoch stands.
func rootName(epoch uint32, i int) string {
	if epoch > 1 {
		return fmt.Sprintf("root-%d-epoch-%d.pem", i+1, epoch)
	}
	return fmt.Sprintf("root-%d.pem", i+1)
}

// signTrust has every given root sign a trust list.
func signTrust(draft citycode.TrustDraft, roots []crypto.Signer) ([]byte, error) {
	body, err := draft.Body()
	if err != nil {
		return nil, err
	}
	sigs, err := signAll(body, roots, citycode.SignTrustList)
	if err != nil {
		return nil, err
	}
	return citycode.AssembleTrustList(body, sigs...)
}

func signAll(body []byte, roots []crypto.Signer, sign func([]byte, crypto.Signer) (*citycode.RootSignature, error)) (sigs []*citycode.RootSignature, err error) {
	for _, root := range roots {
		sig, err := sign(body, root)
		if err != nil {
			return nil, err
		}
		sigs = append(sigs, sig)
	}
	return sigs, nil
}
