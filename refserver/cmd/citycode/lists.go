package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/refserver/store"
)

type listsCmd struct {
	Sign  signCmd  `cmd:"" default:"withargs" help:"Sign the trust list and the status lists again, with new dates. This is what lists does by itself."`
	Roots rootsCmd `cmd:"" help:"Hand the city's trust to new root keys."`
	Grant grantCmd `cmd:"" help:"Take codes of another city, or stop taking them."`
	Fetch fetchCmd `cmd:"" help:"Publish another city's newest lists beside the own ones."`
	Take  takeCmd  `cmd:"" help:"Bring a terminal's state up to date, as verify --state does."`
}

// Help is what --help prints below the usage.
func (listsCmd) Help() string {
	return `Lists expire: a trust list after 30 days, a status list after 7, a snapshot after hours, and a profile may ask for a status list that is younger (transit 3 days, medical and universal 1). A city signs them again every night.

Examples:

    citycode lists --dir shenyang
    citycode lists roots --dir shenyang
    citycode lists take --from shenyang/public --state gate`
}

type signCmd struct {
	Dir      string        `required:"" help:"Directory of the city." placeholder:"DIR"`
	Snapshot time.Duration `help:"Sign a snapshot too, which lives that long, such as 6h. Where there is one it is signed again in any case, for a day." placeholder:"TIME"`
	Delta    bool          `help:"Sign deltas from the whole status lists that are published, in place of new whole ones."`
	JSON     bool          `name:"json" help:"Print the versions as JSON."`
	passphrase
	moment
}

// Help is what --help prints below the usage.
func (signCmd) Help() string {
	return `Nothing in the lists changes but the version and the dates. Two of the three root keys must be there. With a snapshot, terminals say trust-stale when it ends: they are being kept from newer lists.

Examples:

    citycode lists --dir shenyang
    citycode lists --dir shenyang --snapshot 6h
    citycode lists --dir shenyang --delta`
}

// A signedList is one line of what lists and revoke print.
type signedList struct {
	File    string `json:"file"`
	Version string `json:"version"`
}

// Run signs every list again.
func (c *signCmd) Run(ctx context.Context, std *stdio) error {
	if c.Snapshot < 0 || c.Snapshot%time.Second != 0 {
		return fmt.Errorf("--snapshot %s is not a time in whole seconds", c.Snapshot)
	}
	a, err := openWith(ctx, c.Dir, c.passphrase, c.moment)
	if err != nil {
		return err
	}
	defer a.Close()
	return a.publishAll(std, nil, publishOptions{delta: c.Delta, snapshot: c.Snapshot}, c.JSON)
}

// openWith opens an authority as the flags say.
func openWith(ctx context.Context, dir string, p passphrase, m moment) (*authority, error) {
	phrase, err := p.phrase()
	if err != nil {
		return nil, err
	}
	return openAuthority(ctx, dir, phrase, m.now())
}

type publishOptions struct {
	trustIsSigned bool // and is only to be published
	delta         bool
	snapshot      time.Duration
}

// publishAll signs and publishes every list, and prints them behind what was
// signed before.
func (a *authority) publishAll(std *stdio, signed []signedList, o publishOptions, asJSON bool) error {
	trust, err := a.publishOrShowTrust(o)
	if err != nil {
		return err
	}
	signed = append(signed, trust)
	for issuer, list := range a.register.Lists {
		s, err := a.publishStatus(issuer, list, o.delta, nil)
		if err != nil {
			return err
		}
		signed = append(signed, s)
	}
	snapshot, err := a.publishSnapshot(o.snapshot)
	if err != nil {
		return err
	}
	return printLists(std, append(signed, snapshot...), asJSON)
}

func (a *authority) publishOrShowTrust(o publishOptions) (signedList, error) {
	if !o.trustIsSigned {
		return a.publishTrust(a.lists.Trust.Grants())
	}
	msg, err := store.ReadFile(filepath.Join(a.secret, store.TrustName), citycode.MaxTrustMessage)
	if err != nil {
		return signedList{}, err
	}
	return signedList{store.TrustName, a.lists.Trust.Version().String()}, a.showTrust(msg)
}

func printLists(std *stdio, signed []signedList, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(std.Out).Encode(signed)
	}
	for _, s := range signed {
		if _, err := fmt.Fprintf(std.Out, "%-20s version %s\n", s.File, s.Version); err != nil {
			return err
		}
	}
	return nil
}
