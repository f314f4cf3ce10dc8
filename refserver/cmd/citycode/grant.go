package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/refserver/store"
)

type grantCmd struct {
	Dir      string   `required:"" help:"Directory of the city." placeholder:"DIR"`
	From     string   `help:"Public directory of the other city, with the roots.json that it has handed over." placeholder:"DIR" xor:"what" required:""`
	Scenes   sceneSet `help:"Scene groups in which its codes are taken." placeholder:"NAMES"`
	Profiles string   `help:"Profiles that are taken, as in transit,medical." placeholder:"NAMES"`
	End      int      `help:"Take no more codes of the city with this GB/T 2260 code." placeholder:"CODE" xor:"what" required:""`
	JSON     bool     `name:"json" help:"Print the versions as JSON."`
	passphrase
	moment
}

// Help is what --help prints below the usage.
func (grantCmd) Help() string {
	return `Writes into the trust list whose roots speak for the other city and what is taken of it (SPEC 6.8); what holds is what both cities list. After a root change of the other city it is done again. Its lists are published beside the own ones, so that a gate finds all of them in one place.

Examples:

    citycode lists grant --dir shenyang --from dalian/public --scenes transit --profiles transit
    citycode lists grant --dir shenyang --end 210200`
}

// Run signs the grant.
func (c *grantCmd) Run(ctx context.Context, std *stdio) error {
	a, err := openWith(ctx, c.Dir, c.passphrase, c.moment)
	if err != nil {
		return err
	}
	defer a.Close()
	grants := a.lists.Trust.Grants()
	without := func(city int) []citycode.Grant {
		return slices.DeleteFunc(slices.Clone(grants), func(g citycode.Grant) bool { return g.City == city })
	}
	if c.End != 0 {
		if len(without(c.End)) == len(grants) {
			return fmt.Errorf("no code of city %06d is taken", c.End)
		}
		if err := a.publishAllGranting(std, without(c.End), c.JSON); err != nil {
			return err
		}
		return os.RemoveAll(filepath.Join(a.public, store.ForeignName(c.End)))
	}
	g, err := c.grant()
	if err != nil {
		return err
	}
	if _, err := a.fetch(c.From, g); err != nil {
		return err
	}
	return a.publishAllGranting(std, append(without(g.City), g), c.JSON)
}

// grant returns what the flags say.
func (c *grantCmd) grant() (g citycode.Grant, err error) {
	if c.Scenes == 0 || c.Profiles == "" {
		return g, errors.New("--from needs --scenes and --profiles: what is taken")
	}
	// The other city's roots as they are now: a change that stands beside
	// roots.json has been signed by them.
	theirs, err := store.OpenTrust(c.From)
	if err != nil {
		return g, err
	}
	g = citycode.Grant{City: theirs.Roots.City, Epoch: theirs.Roots.Epoch, Threshold: theirs.Roots.Threshold, Scenes: citycode.Scenes(c.Scenes),
		Roots: slices.SortedFunc(slices.Values(theirs.Roots.Keys), func(a, b citycode.PublicKey) int { return bytes.Compare(a[:], b[:]) })}
	for name := range strings.SplitSeq(c.Profiles, ",") {
		p, err := profileNamed(name, citycode.Profiles())
		if err != nil {
			return g, err
		}
		g.Profiles = append(g.Profiles, citycode.PinProfile(p))
	}
	slices.SortFunc(g.Profiles, func(a, b citycode.TrustProfile) int { return int(a.ID) - int(b.ID) })
	return g, nil
}

// publishAllGranting signs a trust list with other grants, and the snapshot
// that names it.
func (a *authority) publishAllGranting(std *stdio, grants []citycode.Grant, asJSON bool) error {
	trust, err := a.publishTrust(grants)
	if err != nil {
		return err
	}
	snapshot, err := a.publishSnapshot(0)
	if err != nil {
		return err
	}
	return printLists(std, append([]signedList{trust}, snapshot...), asJSON)
}

type fetchCmd struct {
	Dir  string `required:"" help:"Directory of the city." placeholder:"DIR"`
	From string `required:"" help:"Public directory of the other city." placeholder:"DIR"`
	JSON bool   `name:"json" help:"Print the versions as JSON."`
	passphrase
	moment
}

// Help is what --help prints below the usage.
func (fetchCmd) Help() string {
	return `Verifies the other city's lists under the roots that are granted and copies them. A list that is refused never replaces the one that is published.

Example:

    citycode lists fetch --dir shenyang --from dalian/public`
}

// Run copies the lists.
func (c *fetchCmd) Run(ctx context.Context, std *stdio) error {
	a, err := openWith(ctx, c.Dir, c.passphrase, c.moment)
	if err != nil {
		return err
	}
	defer a.Close()
	theirs, err := store.ReadRoots(filepath.Join(c.From, store.RootsName))
	if err != nil {
		return err
	}
	g, ok := a.lists.Trust.Grant(theirs.City)
	if !ok {
		return refusal(fmt.Sprintf("no code of city %06d is taken: see citycode lists grant", theirs.City))
	}
	fetched, err := a.fetch(c.From, g)
	if err != nil {
		return err
	}
	return printLists(std, fetched, c.JSON)
}

// fetch verifies another city's lists as a gate will, and copies them.
func (a *authority) fetch(from string, g citycode.Grant) ([]signedList, error) {
	to := filepath.Join(a.public, store.ForeignName(g.City))
	published, err := store.OpenForeign(to, g)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		published = nil // of roots that are granted no more, or damaged: it says nothing
	}
	lists, err := store.OpenForeign(from, g)
	if err != nil {
		return nil, refusal(err.Error())
	}
	if published != nil && lists.Trust.Version().Before(published.Trust.Version()) {
		return nil, refusal(fmt.Sprintf("%s: version %s is older than %s, which is published", filepath.Join(from, store.TrustName), lists.Trust.Version(), published.Trust.Version()))
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return nil, err
	}
	fetched := []signedList{}
	copyOf := func(name string, version citycode.Version) error {
		b, err := store.ReadFile(filepath.Join(from, name), citycode.MaxStatusMessage)
		if err != nil {
			return err
		}
		fetched = append(fetched, signedList{filepath.Join(store.ForeignName(g.City), name), version.String()})
		return store.WriteFile(filepath.Join(to, name), b, store.Public)
	}
	for _, l := range lists.Status {
		if err := copyOf(store.StatusName(l.Issuer(), l.List()), l.Version()); err != nil {
			return nil, err
		}
		delta := store.DeltaName(l.Issuer(), l.List())
		if err := copyOf(delta, l.Version()); errors.Is(err, fs.ErrNotExist) {
			err = os.Remove(filepath.Join(to, delta))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
		} else if err != nil {
			return nil, err
		}
	}
	return fetched, copyOf(store.TrustName, lists.Trust.Version())
}
