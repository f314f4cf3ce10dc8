package city

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
)

const day = 24 * time.Hour

// Indices of an authority's keys in its trust list.
const (
	indexIssuer = 1 + iota
	indexPrinter
	indexStatus
	indexRetired
	indexPilot
	indexReplacement
	indexCards
)

// How long the lists of an authority may be used.
const (
	trustLife  = 30 * day
	statusLife = 7 * day
)

// An authority issues the codes of one city and publishes its lists. Its root
// key is three keys of which two must sign.
type authority struct {
	code    int
	roots   []crypto.Signer
	public  []citycode.PublicKey // of the roots
	entries []citycode.TrustEntry
	grants  []citycode.Grant
	proofs  []*citycode.Possession
	issuer  *citycode.Issuer // credentials of people
	printer *citycode.Issuer // printed codes
	status  crypto.Signer

	mu        sync.Mutex
	registers map[citycode.KeyID]*register
	subjects  map[subjectOf][]byte
	trusts    uint32 // trust lists and
	lists     uint32 // status lists published so far
}

// subjectOf names a pseudonym: one for each person and purpose group, the same
// on every phone and in every renewed credential.
type subjectOf struct {
	citizen string
	profile citycode.ProfileID
	scenes  citycode.Scenes
}

// newAuthority draws the keys of a city. Its issuer speaks for the profiles.
func newAuthority(code int, now time.Time, profiles ...citycode.Profile) (*authority, error) {
	a := &authority{code: code, registers: make(map[citycode.KeyID]*register), subjects: make(map[subjectOf][]byte)}
	for range 3 {
		root, err := engine.GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		public, err := citycode.PublicKeyOf(root)
		if err != nil {
			return nil, err
		}
		a.roots, a.public = append(a.roots, root), append(a.public, public)
	}
	var err error
	if a.issuer, err = a.addIssuer(indexIssuer, now, profiles, nil); err != nil {
		return nil, err
	}
	if a.printer, err = a.addIssuer(indexPrinter, now, []citycode.Profile{citycode.ThingProfile(), citycode.PlaceProfile()}, func(e *citycode.TrustEntry) {
		e.Use, e.MaxLifetime = citycode.UseStatic, 3650*day
	}); err != nil {
		return nil, err
	}
	return a, a.addStatusKey(now)
}

// addKey draws a key and writes it, with its proof of possession, into the
// trust list to come.
func (a *authority) addKey(index int, profiles []citycode.Profile, change func(*citycode.TrustEntry)) (crypto.Signer, *citycode.Issuer, error) {
	id, err := citycode.NewKeyID(a.code, index)
	if err != nil {
		return nil, nil, err
	}
	key, err := engine.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	issuer, err := citycode.NewIssuer(citycode.IssuerConfig{ID: id, Key: key, Profiles: profiles})
	if err != nil {
		return nil, nil, err
	}
	proof, err := issuer.ProvePossession(id, nonce())
	if err != nil {
		return nil, nil, err
	}
	e := citycode.TrustEntry{ID: id, Key: issuer.PublicKey()}
	for _, p := range profiles {
		e.Profiles = append(e.Profiles, citycode.PinProfile(p))
	}
	change(&e)
	a.entries, a.proofs = append(a.entries, e), append(a.proofs, proof)
	return key, issuer, nil
}

func (a *authority) addIssuer(index int, now time.Time, profiles []citycode.Profile, change func(*citycode.TrustEntry)) (*citycode.Issuer, error) {
	_, issuer, err := a.addKey(index, profiles, func(e *citycode.TrustEntry) {
		e.Use, e.Scenes, e.MaxLifetime = citycode.UseExplicit, citycode.Transit|citycode.Medical|citycode.Parking, 7*day
		e.IssueFrom, e.IssueUntil, e.VerifyUntil = now.Add(-60*day), now.Add(365*day), now.Add(4000*day)
		if change != nil {
			change(e)
		}
	})
	if err != nil {
		return nil, err
	}
	a.registers[issuer.ID()], err = newRegister(issuer.ID())
	return issuer, err
}

func (a *authority) addStatusKey(now time.Time) (err error) {
	a.status, _, err = a.addKey(indexStatus, nil, func(e *citycode.TrustEntry) {
		e.Use, e.IssueFrom, e.IssueUntil, e.VerifyUntil = citycode.UseStatus, now.Add(-60*day), now.Add(365*day), now.Add(4000*day)
	})
	return err
}

// A bulletin is what an authority publishes at one time: its trust list and
// its status lists, signed, so that it does not matter how they travel.
type bulletin struct {
	trust   []byte
	status  [][]byte
	foreign []*bulletin // of other cities
}

// publish signs the lists as they are now.
func (a *authority) publish(at time.Time) (*bulletin, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.trusts++
	draft := citycode.TrustDraft{City: a.code, Version: citycode.Version{Epoch: 1, Counter: a.trusts}, IssuedAt: at, Expires: at.Add(trustLife),
		Entries: a.entries, Grants: a.grants, Proofs: a.proofs}
	body, err := draft.Body()
	if err != nil {
		return nil, err
	}
	var sigs []*citycode.RootSignature
	for _, root := range a.roots[:2] {
		sig, err := citycode.SignTrustList(body, root)
		if err != nil {
			return nil, err
		}
		sigs = append(sigs, sig)
	}
	b := new(bulletin)
	if b.trust, err = citycode.AssembleTrustList(body, sigs...); err != nil {
		return nil, err
	}
	signer, err := citycode.NewKeyID(a.code, indexStatus)
	if err != nil {
		return nil, err
	}
	a.lists++
	for _, e := range a.entries {
		r := a.registers[e.ID]
		if r == nil {
			continue
		}
		msg, err := r.states.Sign(citycode.StatusHeader{Signer: signer, Version: citycode.Version{Epoch: 1, Counter: a.lists},
			IssuedAt: at, Expires: at.Add(statusLife)}, a.status)
		if err != nil {
			return nil, err
		}
		b.status = append(b.status, msg)
	}
	return b, nil
}

// trustConfig is what a terminal that trusts the authority is built with.
func (a *authority) trustConfig() citycode.TrustConfig {
	return citycode.TrustConfig{City: a.code, Roots: a.public, Threshold: 2}
}

// grant is what another city writes into its trust list to take codes of this
// one, for the scenes and profiles that the two agreed on.
func (a *authority) grant(scenes citycode.Scenes, profiles ...citycode.Profile) citycode.Grant {
	roots := slices.SortedFunc(slices.Values(a.public), func(x, y citycode.PublicKey) int { return bytes.Compare(x[:], y[:]) })
	g := citycode.Grant{City: a.code, Epoch: 1, Threshold: 2, Roots: roots, Scenes: scenes}
	for _, p := range profiles {
		g.Profiles = append(g.Profiles, citycode.PinProfile(p))
	}
	return g
}

// replaceIssuer is what an authority does when its issuer's key is stolen: the
// key leaves the list, and with it everything that it ever signed; a new one,
// under an id that was never used, takes its place.
func (a *authority) replaceIssuer(now time.Time) error {
	old := a.issuer.ID()
	var profiles []citycode.Profile
	for _, p := range citycode.Profiles() {
		if slices.ContainsFunc(a.entries, func(e citycode.TrustEntry) bool {
			return e.ID == old && slices.Contains(e.Profiles, citycode.PinProfile(p))
		}) {
			profiles = append(profiles, p)
		}
	}
	a.entries = slices.DeleteFunc(a.entries, func(e citycode.TrustEntry) bool { return e.ID == old })
	var err error
	a.issuer, err = a.addIssuer(indexReplacement, now, profiles, nil)
	return err
}

// claim fills in what the authority's registers decide: the status index,
// which is never used again, and the pseudonym.
func (a *authority) claim(issuer citycode.KeyID, citizen string, c *citycode.Claims) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := a.registers[issuer]
	if r == nil {
		return fmt.Errorf("city: %s issues nothing here", issuer)
	}
	var err error
	if c.Index, err = r.next(); err != nil {
		return err
	}
	of := subjectOf{citizen, c.Profile, c.Scenes}
	if a.subjects[of] == nil {
		a.subjects[of] = random(8)
	}
	c.Subject = a.subjects[of]
	return nil
}

// setStatus changes what the next status list will say.
func (a *authority) setStatus(s citycode.Serial, to citycode.Status) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := a.registers[s.Issuer]
	if r == nil {
		return fmt.Errorf("city: %s issues nothing here", s.Issuer)
	}
	return r.states.Set(s.Index, to)
}

func nonce() [citycode.PossessionNonceSize]byte {
	return [citycode.PossessionNonceSize]byte(random(citycode.PossessionNonceSize))
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails: crypto/rand ends the program first
	return b
}
