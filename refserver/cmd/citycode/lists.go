package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/refserver/store"
)

type listsCmd struct {
	Dir  string `required:"" help:"Directory of the city." placeholder:"DIR"`
	JSON bool   `name:"json" help:"Print the versions as JSON."`
	passphrase
	moment
}

// Help is what --help prints below the usage.
func (listsCmd) Help() string {
	return `Lists expire: a trust list after 30 days, a status list after 7, and a profile may ask for one that is younger (transit 3 days, medical and universal 1). A city signs them again every night. Nothing in them changes but the version and the dates. Two of the three root keys must be there.

Example:

    citycode lists --dir shenyang`
}

// A signedList is one line of what lists and revoke print.
type signedList struct {
	File    string `json:"file"`
	Version string `json:"version"`
}

// Run signs every list again.
func (c *listsCmd) Run(ctx context.Context, std *stdio) error {
	phrase, err := c.phrase()
	if err != nil {
		return err
	}
	a, err := openAuthority(ctx, c.Dir, phrase, c.now())
	if err != nil {
		return err
	}
	defer a.Close()
	version, err := a.publishTrust()
	if err != nil {
		return err
	}
	signed := []signedList{{store.TrustName, version.String()}}
	for issuer, list := range a.register.Lists {
		s, err := a.signStatus(issuer, list, nil)
		if err != nil {
			return err
		}
		signed = append(signed, s)
	}
	return printLists(std, signed, c.JSON)
}

func (a *authority) signStatus(issuer citycode.KeyID, list uint8, change func() error) (signedList, error) {
	version, err := a.publishStatus(issuer, list, change)
	return signedList{store.StatusName(issuer, list), version.String()}, err
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
