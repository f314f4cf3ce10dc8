package main

import (
	"cmp"
	"crypto"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"github.com/citizencode/citizencode/citycode"
)

// What keys makes.
const (
	rootKeys      = 3
	rootThreshold = 2
	listSize      = 1 << 18 // credentials of one issuer key; 64 KB in memory

	day          = 24 * time.Hour
	trustLife    = 30 * day // of a trust list; a terminal that gets no new one answers trust-stale
	statusLife   = 7 * day  // of a status list; profiles ask for fresher ones
	snapshotLife = day
	keyIssueLife = 2 * 365 * day
	personLife   = 7 * day
	cardLife     = 1830 * day
	printedLife  = 3650 * day
)

// A role is what one key of a city is for. Its number is the index of the key.
type role int

const (
	roleIssuer role = iota + 1
	rolePrinter
	roleStatus
	roleImplicit
	roleCards
	roleSnapshot
)

// roles says where each key stands and what it does.
var roles = map[role]struct{ file, does string }{
	roleIssuer:   {"issuer.pem", "issues credentials of people"},
	rolePrinter:  {"printer.pem", "signs printed codes"},
	roleStatus:   {"status.pem", "signs status lists"},
	roleImplicit: {"implicit.pem", "issues implicit credentials"},
	roleCards:    {"cards.pem", "issues credentials of cards"},
	roleSnapshot: {"snapshot.pem", "signs snapshots"},
}

// roleOf returns whose key issues credentials of a profile. Cards live for years
// and have a key of their own, so that the one for phones can go sooner.
func roleOf(p citycode.Profile) role {
	switch {
	case p.Mode == citycode.Static:
		return rolePrinter
	case p.Mode == citycode.Implicit:
		return roleImplicit
	case p.Assurance == citycode.AssuranceCard:
		return roleCards
	}
	return roleIssuer
}

// A plannedKey is a key of a new city and what the trust list says about it.
type plannedKey struct {
	role  role
	entry citycode.TrustEntry // without the key
}

func (k plannedKey) use() string { return fmt.Sprintf("%s %s", k.entry.ID, roles[k.role].does) }

// keyPlan returns the keys of a new city that issues the profiles. A key's
// time begins with the day, because issuedAt is rounded to it.
func keyPlan(city int, now time.Time, profiles []citycode.Profile) []plannedKey {
	entry := func(r role, use citycode.KeyUse, scenes citycode.Scenes, life time.Duration) plannedKey {
		from := now.Truncate(day)
		e := citycode.TrustEntry{ID: keyID(city, int(r)), Use: use, Scenes: scenes, MaxLifetime: life,
			IssueFrom: from, IssueUntil: from.Add(keyIssueLife), VerifyUntil: from.Add(keyIssueLife + life)}
		for _, p := range profiles {
			if life > 0 && roleOf(p) == r {
				e.Profiles = append(e.Profiles, citycode.PinProfile(p))
			}
		}
		slices.SortFunc(e.Profiles, func(a, b citycode.TrustProfile) int { return cmp.Compare(a.ID, b.ID) })
		return plannedKey{r, e}
	}
	all := citycode.Transit | citycode.Medical | citycode.Parking | citycode.Tourism | citycode.Lodging |
		citycode.Library | citycode.Payment | citycode.Affairs | citycode.Care
	return []plannedKey{
		entry(roleIssuer, citycode.UseExplicit, all, personLife),
		entry(rolePrinter, citycode.UseStatic, all, printedLife),
		entry(roleStatus, citycode.UseStatus, 0, 0),
		entry(roleImplicit, citycode.UseImplicit, all, personLife),
		entry(roleCards, citycode.UseExplicit, all, cardLife),
		entry(roleSnapshot, citycode.UseSnapshot, 0, 0),
	}
}

// enlist adds an entry with its key and the proof that somebody holds it.
func enlist(draft *citycode.TrustDraft, e citycode.TrustEntry, key crypto.Signer) error {
	owner, err := citycode.NewIssuer(citycode.IssuerConfig{ID: e.ID, Key: key})
	if err != nil {
		return err
	}
	proof, err := owner.ProvePossession(e.ID, nonce())
	if err != nil {
		return err
	}
	e.Key = owner.PublicKey()
	draft.Entries = append(draft.Entries, e)
	draft.Proofs = append(draft.Proofs, proof)
	return nil
}

// nonce draws the number that a proof of possession answers.
func nonce() (n [citycode.PossessionNonceSize]byte) {
	rand.Read(n[:]) // never fails: crypto/rand ends the program first
	return n
}
