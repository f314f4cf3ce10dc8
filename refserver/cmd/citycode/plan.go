package main

import (
	"crypto"
	"crypto/rand"
	"time"

	"github.com/citizencode/citizencode/citycode"
)

// A plannedKey is a key of a new city and what the trust list says about it.
type plannedKey struct {
	file, use string
	entry     citycode.TrustEntry // without the key
}

// keyPlan returns the keys of a new city. A key's time begins with the day,
// because issuedAt is rounded to it.
func keyPlan(city int, now time.Time) []plannedKey {
	entry := func(index int, use citycode.KeyUse, scenes citycode.Scenes, life time.Duration, profiles ...citycode.Profile) citycode.TrustEntry {
		from := now.Truncate(day)
		e := citycode.TrustEntry{ID: keyID(city, index), Use: use, Scenes: scenes, MaxLifetime: life,
			IssueFrom: from, IssueUntil: from.Add(keyIssueLife), VerifyUntil: from.Add(keyIssueLife + life)}
		for _, p := range profiles {
			e.Profiles = append(e.Profiles, citycode.PinProfile(p))
		}
		return e
	}
	all := citycode.Transit | citycode.Medical | citycode.Parking | citycode.Tourism | citycode.Lodging |
		citycode.Library | citycode.Payment | citycode.Affairs | citycode.Care
	return []plannedKey{
		{"issuer.pem", "issues credentials of people", entry(issuerIndex, citycode.UseExplicit, all, personLife,
			citycode.MedicalProfile(), citycode.TransitProfile(), citycode.UniversalProfile())},
		{"printer.pem", "signs printed codes of things and places", entry(printerIndex, citycode.UseStatic, all, printedLife,
			citycode.ThingProfile(), citycode.PlaceProfile())},
		{"status.pem", "signs status lists", entry(statusIndex, citycode.UseStatus, 0, 0)},
	}
}

// enlist adds an entry with its key and the proof that somebody holds it.
func enlist(draft *citycode.TrustDraft, e citycode.TrustEntry, key crypto.Signer) error {
	owner, err := citycode.NewIssuer(citycode.IssuerConfig{ID: e.ID, Key: key})
	if err != nil {
		return err
	}
	var nonce [citycode.PossessionNonceSize]byte
	rand.Read(nonce[:])
	proof, err := owner.ProvePossession(e.ID, nonce)
	if err != nil {
		return err
	}
	e.Key = owner.PublicKey()
	draft.Entries = append(draft.Entries, e)
	draft.Proofs = append(draft.Proofs, proof)
	return nil
}
