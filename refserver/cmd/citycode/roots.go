package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/refserver/store"
)

type rootsCmd struct {
	Dir  string `required:"" help:"Directory of the city." placeholder:"DIR"`
	JSON bool   `name:"json" help:"Print the versions as JSON."`
	passphrase
	moment
}

// Help is what --help prints below the usage.
func (rootsCmd) Help() string {
	return `Draws three new root keys, has two of the old and two of the new ones sign the change (SPEC 6.6), and signs every list again in the new epoch. Lists of the old epoch are refused from then on; terminals that hold the old roots follow the change by themselves. If it is cut short, run citycode lists: it goes on where this one stopped.

Example:

    citycode lists roots --dir shenyang`
}

// Run changes the root keys.
func (c *rootsCmd) Run(ctx context.Context, std *stdio) error {
	a, err := openWith(ctx, c.Dir, c.passphrase, c.moment)
	if err != nil {
		return err
	}
	defer a.Close()
	if err := a.checkTrust(); err != nil {
		return err
	}
	if err := a.changeRoots(); err != nil {
		return err
	}
	epoch := a.lists.Roots.Epoch
	signed := []signedList{{store.ChangeName(epoch), citycode.Version{Epoch: epoch}.String()}}
	return a.publishAll(std, signed, publishOptions{trustIsSigned: true}, c.JSON)
}

// changeRoots makes a root change. What counts is the file of the change in the
// secret directory: until it stands there nothing has changed, and afterwards
// finishRootChange does the rest, now or at the next start.
func (a *authority) changeRoots() error {
	old, err := a.roots()
	if err != nil {
		return err
	}
	change := citycode.RootChange{City: a.register.City(), Epoch: a.lists.Roots.Epoch + 1, IssuedAt: a.now, Threshold: rootThreshold}
	fresh, err := a.drawRoots(&change)
	if err != nil {
		return err
	}
	body, err := change.Body()
	if err != nil {
		return err
	}
	sigs, err := signAll(body, append(slices.Clone(old), fresh[:rootThreshold]...), citycode.SignRootChange)
	if err != nil {
		return err
	}
	msg, err := citycode.AssembleRootChange(body, sigs...)
	if err != nil {
		return err
	}
	trust, err := signTrust(a.draft(citycode.Version{Epoch: change.Epoch, Counter: 1}, a.lists.Trust.Grants()), fresh[:rootThreshold])
	if err != nil {
		return err
	}
	if err := store.WriteFile(filepath.Join(a.secret, nextTrustName), trust, store.Public); err != nil {
		return err
	}
	if err := store.WriteFile(filepath.Join(a.secret, store.ChangeName(change.Epoch)), msg, store.Public); err != nil {
		return err
	}
	return a.finishRootChange()
}

// drawRoots makes the new root keys, in the order in which the change names
// them, and writes them.
func (a *authority) drawRoots(change *citycode.RootChange) ([]crypto.Signer, error) {
	type root struct {
		key    crypto.Signer
		public citycode.PublicKey
	}
	var fresh []root
	for range rootKeys {
		key, err := engine.GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		public, err := citycode.PublicKeyOf(key)
		if err != nil {
			return nil, err
		}
		fresh = append(fresh, root{key, public})
	}
	slices.SortFunc(fresh, func(x, y root) int { return bytes.Compare(x.public[:], y.public[:]) })
	var keys []crypto.Signer
	for i, r := range fresh {
		path := filepath.Join(a.secret, rootName(change.Epoch, i))
		// One that a run which was cut short has left never signed anything
		// that counts: there is no change of this epoch.
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if err := store.CreateKey(path, r.key, a.phrase); err != nil {
			return nil, err
		}
		keys, change.Roots = append(keys, r.key), append(change.Roots, r.public)
	}
	return keys, nil
}

// finishRootChange opens the authority's own lists. Where a root change was
// made and its trust list is not in place yet, it is put there first.
func (a *authority) finishRootChange() error {
	next := filepath.Join(a.secret, nextTrustName)
	if _, err := os.Stat(next); err == nil {
		var refused *citycode.ListError
		switch _, err := store.OpenTrustFile(a.secret, nextTrustName); {
		case errors.As(err, &refused) && refused.Reason == citycode.ListUnknownSigner: // the change was never made
			err = os.Remove(next)
			if err != nil {
				return err
			}
		case err != nil:
			return err
		default:
			if err := os.Rename(next, filepath.Join(a.secret, store.TrustName)); err != nil {
				return err
			}
		}
	}
	lists, err := store.OpenTrust(a.secret)
	if err != nil {
		return err
	}
	a.lists = lists
	return a.register.BeginEpoch(lists.Trust.Version())
}
