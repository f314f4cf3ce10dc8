package main

import (
	"context"
	"crypto"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/refserver/store"
)

type keysCmd struct {
	Dir      string `required:"" help:"Directory of the city; missing or empty." placeholder:"DIR"`
	City     int    `required:"" help:"GB/T 2260 code of the city." placeholder:"CODE"`
	Profiles string `help:"JSON file with private profiles of the city, ids 0xf0 to 0xff." placeholder:"FILE"`
	JSON     bool   `name:"json" help:"Print what was made as JSON."`
	passphrase
	moment
}

// Help is what --help prints below the usage.
func (keysCmd) Help() string {
	return `DIR/authority holds the secret side: three root keys of which two sign, the keys that issue credentials for phones, for cards and in implicit mode, the ones for printed codes, status lists and snapshots, the one for seals, and the register. DIR/public holds what a gate needs and nothing secret.

Example:

    citycode keys --dir shenyang --city 210100`
}

// A madeKey is one line of what keys prints.
type madeKey struct {
	File string `json:"file"`
	Use  string `json:"use"`
	Key  string `json:"key"`
}

type madeCity struct {
	City      int       `json:"city"`
	Dir       string    `json:"dir"`
	Threshold int       `json:"threshold"`
	Keys      []madeKey `json:"keys"`
	Public    []string  `json:"public"`
}

// Run makes the city.
func (c *keysCmd) Run(ctx context.Context, std *stdio) error {
	if _, err := citycode.NewKeyID(c.City, 0); err != nil {
		return err
	}
	phrase, err := c.phrase()
	if err != nil {
		return err
	}
	if err := store.CheckEmpty(c.Dir); err != nil {
		return err
	}
	own, err := c.ownProfiles()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return err
	}
	// All of it is made aside and then moved into place: what stands under its
	// name is whole.
	aside, err := os.MkdirTemp(c.Dir, ".making-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(aside)
	made, err := c.found(ctx, aside, phrase, own)
	if err != nil {
		return err
	}
	for _, name := range []string{authorityName, store.PublicName} {
		if err := os.Rename(filepath.Join(aside, name), filepath.Join(c.Dir, name)); err != nil {
			return err
		}
	}
	return made.print(std, c.JSON)
}

// ownProfiles reads the private profiles of the new city.
func (c *keysCmd) ownProfiles() ([]citycode.Profile, error) {
	if c.Profiles == "" {
		return nil, nil
	}
	own, err := store.ReadOwnProfiles(c.Profiles)
	if err != nil {
		return nil, err
	}
	for _, p := range own {
		if p.City != c.City {
			return nil, fmt.Errorf("%s: profile %s is of city %06d, not of %06d", c.Profiles, p.Name, p.City, c.City)
		}
	}
	return own, nil
}

// found makes everything in dir.
func (c *keysCmd) found(ctx context.Context, dir string, phrase []byte, own []citycode.Profile) (*madeCity, error) {
	secret, public := filepath.Join(dir, authorityName), filepath.Join(dir, store.PublicName)
	if err := errors.Join(os.Mkdir(secret, 0o700), os.Mkdir(public, 0o755)); err != nil {
		return nil, err
	}
	made := &madeCity{City: c.City, Dir: c.Dir, Threshold: rootThreshold}
	makeKey := func(name, use string) (crypto.Signer, error) {
		key, err := engine.GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		point, err := citycode.PublicKeyOf(key)
		if err != nil {
			return nil, err
		}
		made.Keys = append(made.Keys, madeKey{filepath.Join(authorityName, name), use, point.String()})
		return key, store.CreateKey(filepath.Join(secret, name), key, phrase)
	}

	roots := &store.Roots{City: c.City, Epoch: 1, Threshold: rootThreshold}
	var rootSigners []crypto.Signer
	for i := range rootKeys {
		key, err := makeKey(rootName(1, i), "signs trust lists")
		if err != nil {
			return nil, err
		}
		point, err := citycode.PublicKeyOf(key)
		if err != nil {
			return nil, err
		}
		roots.Keys = append(roots.Keys, point)
		rootSigners = append(rootSigners, key)
	}
	draft := citycode.TrustDraft{City: c.City, Version: citycode.Version{Epoch: 1, Counter: 1}, IssuedAt: c.now(), Expires: c.now().Add(trustLife)}
	var issuers []citycode.KeyID
	for _, plan := range keyPlan(c.City, c.now(), append(citycode.Profiles(), own...)) {
		key, err := makeKey(roles[plan.role].file, plan.use())
		if err != nil {
			return nil, err
		}
		if err := enlist(&draft, plan.entry, key); err != nil {
			return nil, err
		}
		if plan.entry.Use < citycode.UseStatus { // it signs credentials
			issuers = append(issuers, plan.entry.ID)
		}
	}
	if _, err := makeKey(sealName, "closes seals; it is listed nowhere"); err != nil {
		return nil, err
	}
	msg, err := signTrust(draft, rootSigners[:rootThreshold])
	if err != nil {
		return nil, err
	}
	register := filepath.Join(secret, registerName)
	if err := store.CreateRegister(register, c.City, listSize, issuers...); err != nil {
		return nil, err
	}
	for _, d := range []string{secret, public} {
		if len(own) > 0 {
			if err := store.WriteProfiles(filepath.Join(d, store.ProfilesName), own); err != nil {
				return nil, err
			}
		}
		if err := errors.Join(roots.Write(filepath.Join(d, store.RootsName)),
			store.WriteFile(filepath.Join(d, store.TrustName), msg, store.Public)); err != nil {
			return nil, err
		}
	}
	made.Public = append(made.Public, filepath.Join(store.PublicName, store.RootsName), filepath.Join(store.PublicName, store.TrustName))
	return made, c.firstStatus(ctx, dir, phrase, made)
}

// firstStatus signs the status lists of a city that has issued nothing yet.
func (c *keysCmd) firstStatus(ctx context.Context, dir string, phrase []byte, made *madeCity) error {
	a, err := openAuthority(ctx, dir, phrase, c.now())
	if err != nil {
		return err
	}
	defer a.Close()
	if _, err := a.register.NextTrust(); err != nil { // the one that was just signed
		return err
	}
	for issuer, list := range a.register.Lists {
		if _, err := a.publishStatus(issuer, list, false, nil); err != nil {
			return err
		}
		made.Public = append(made.Public, filepath.Join(store.PublicName, store.StatusName(issuer, list)))
	}
	return nil
}

func (m *madeCity) print(std *stdio, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(std.Out).Encode(m)
	}
	text := fmt.Sprintf("city %06d in %s: %d of %d roots sign\n", m.City, m.Dir, m.Threshold, rootKeys)
	for _, k := range m.Keys {
		text += fmt.Sprintf("  %-22s %s\n", k.File, k.Use)
	}
	for _, name := range m.Public {
		text += "  " + name + "\n"
	}
	_, err := fmt.Fprint(std.Out, text)
	return err
}
