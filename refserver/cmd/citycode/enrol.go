package main

import (
	"context"
	"crypto"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/refserver/store"
)

// The seal key of a city. It has one number for as long as the city has one.
const (
	sealName = "seal.pem"
	sealID   = 1
)

// A sealer counts each seal in the register before it is made.
type sealer struct {
	authority *authority
	key       []byte
}

// Seal implements [citycode.Sealer].
func (s *sealer) Seal(aad, plaintext []byte) ([]byte, error) {
	used, err := s.authority.register.NextSeal()
	if err != nil {
		return nil, err
	}
	key, err := citycode.NewSealKey(citycode.SealKeyConfig{ID: sealID, Key: s.key, Used: used})
	if err != nil {
		return nil, err
	}
	return key.Seal(aad, plaintext)
}

// sealer returns who closes the seals of a profile, nil where it has none.
func (a *authority) sealer(p citycode.Profile) (citycode.Sealer, error) {
	if p.SealSize == 0 {
		return nil, nil
	}
	key, err := store.ReadSealKey(filepath.Join(a.secret, sealName), a.phrase)
	if err != nil {
		return nil, err
	}
	return &sealer{a, key}, nil
}

// entry returns the key that issues for a profile, after a look at what every
// gate would refuse: whoever issues it should hear it first.
func (a *authority) entry(p citycode.Profile, claims *citycode.Claims) (crypto.Signer, *citycode.TrustEntry, error) {
	key, entry, err := a.signer(roleOf(p))
	if err != nil {
		return nil, nil, err
	}
	if at := claims.IssuedAt; at.Before(entry.IssueFrom) || at.After(entry.IssueUntil) {
		return nil, nil, fmt.Errorf("key %s issues from %s to %s", entry.ID, entry.IssueFrom.Format(time.RFC3339), entry.IssueUntil.Format(time.RFC3339))
	}
	if claims.Scenes&^entry.Scenes != 0 {
		return nil, nil, fmt.Errorf("key %s issues for %s, not for %s", entry.ID, entry.Scenes, claims.Scenes&^entry.Scenes)
	}
	return key, entry, nil
}

// issuer opens the key that issues for a profile.
func (a *authority) issuer(p citycode.Profile, claims *citycode.Claims) (*citycode.Issuer, error) {
	key, entry, err := a.entry(p, claims)
	if err != nil {
		return nil, err
	}
	sealer, err := a.sealer(p)
	if err != nil {
		return nil, err
	}
	return citycode.NewIssuer(citycode.IssuerConfig{ID: entry.ID, Key: key, Profiles: a.profiles, Sealer: sealer})
}

// enrol makes a wallet and issues a credential to its key.
func (a *authority) enrol(ctx context.Context, p citycode.Profile, claims *citycode.Claims, dir string) error {
	issuer, err := a.issuer(p, claims)
	if err != nil {
		return err
	}
	key, err := engine.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	wallet, err := store.CreateWallet(ctx, dir, key)
	if err != nil {
		return err
	}
	defer wallet.Close()
	if err := a.credential(issuer, claims, wallet); err != nil {
		wallet.Discard()
		return err
	}
	return nil
}

// credential has the wallet prove its key and issues the credential.
func (a *authority) credential(issuer *citycode.Issuer, claims *citycode.Claims, wallet *store.Wallet) error {
	if err := prove(wallet.Key(), issuer.ID(), claims); err != nil {
		return err
	}
	cred, err := a.reserveAndIssue(issuer, claims)
	if err != nil {
		return err
	}
	return wallet.SetCredential(cred)
}

// prove has a holder's key answer a number that is drawn for this request.
func prove(key *citycode.SoftwareKey, issuer citycode.KeyID, claims *citycode.Claims) error {
	drawn := nonce()
	proof, err := key.ProvePossession(issuer, drawn)
	if err != nil {
		return err
	}
	if proof.Nonce != drawn {
		return errors.New("the proof of possession was made for another request")
	}
	claims.Possession = proof
	return nil
}

// enrolImplicit issues an implicit credential: the wallet's key follows from a
// secret of its own, the credential, and the share in the answer (SPEC §4.5).
func (a *authority) enrolImplicit(ctx context.Context, p citycode.Profile, claims *citycode.Claims, dir string) error {
	if err := store.CheckEmpty(dir); err != nil {
		return err
	}
	_, entry, err := a.entry(p, claims)
	if err != nil {
		return err
	}
	master, err := store.ReadImplicitKey(filepath.Join(a.secret, roles[roleImplicit].file), a.phrase)
	if err != nil {
		return err
	}
	answers, err := store.OpenAnswers(filepath.Join(a.secret, answersName))
	if err != nil {
		return err
	}
	sealer, err := a.sealer(p)
	if err != nil {
		return err
	}
	issuer, err := citycode.NewImplicitIssuer(citycode.ImplicitIssuerConfig{ID: entry.ID, Key: master, Answers: answers, Profiles: a.profiles, Sealer: sealer})
	if err != nil {
		return err
	}
	own := make([]byte, 32)
	rand.Read(own)
	secret, err := engine.NewSigner(own) // fails for one number in four billion: ask again
	if err != nil {
		return err
	}
	requester, err := citycode.NewSoftwareKey(secret, noCounter{})
	if err != nil {
		return err
	}
	if err := prove(requester, issuer.ID(), claims); err != nil {
		return err
	}
	if err := a.reserve(issuer.ID(), claims); err != nil {
		return err
	}
	answer, err := issuer.Issue(*claims)
	if err != nil {
		return err
	}
	key, err := answer.Complete(own, issuer.PublicKey())
	if err != nil {
		return err
	}
	wallet, err := store.CreateWallet(ctx, dir, key)
	if err != nil {
		return err
	}
	defer wallet.Close()
	return wallet.SetCredential(answer.Credential)
}

// noCounter is that of a key that shows no codes.
type noCounter struct{}

func (noCounter) Next() (uint32, error) { return 0, errors.New("this key shows no codes") }

// print issues a static code.
func (a *authority) print(p citycode.Profile, claims *citycode.Claims, path string) error {
	issuer, err := a.issuer(p, claims)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(path); err == nil {
		return &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	}
	cred, err := a.reserveAndIssue(issuer, claims)
	if err != nil {
		return err
	}
	return store.CreateFile(path, cred.Bytes(), store.Public)
}

// reserveAndIssue takes an index and issues. What fails afterwards wastes the
// index and uses none twice.
func (a *authority) reserveAndIssue(issuer *citycode.Issuer, claims *citycode.Claims) (*citycode.Credential, error) {
	if err := a.reserve(issuer.ID(), claims); err != nil {
		return nil, err
	}
	return issuer.Issue(*claims)
}

// reserve takes an index, which is on disk before it is signed.
func (a *authority) reserve(issuer citycode.KeyID, claims *citycode.Claims) error {
	serial, err := a.register.Reserve(issuer)
	if err != nil {
		return err
	}
	claims.List, claims.Index = serial.List, serial.Index
	return nil
}
