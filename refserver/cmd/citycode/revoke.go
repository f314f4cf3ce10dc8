package main

import (
	"context"

	"github.com/citizencode/citizencode/citycode"
)

type revokeCmd struct {
	Dir     string `required:"" help:"Directory of the city." placeholder:"DIR"`
	Serial  serial `required:"" help:"Serial of the credential, as issue printed it." placeholder:"SERIAL"`
	Suspend bool   `help:"Suspend it until further notice." xor:"state"`
	Resume  bool   `help:"Make a suspended one valid again." xor:"state"`
	Delta   bool   `help:"Sign a delta from the whole status list that is published, in place of a new whole one."`
	JSON    bool   `name:"json" help:"Print the new versions as JSON."`
	passphrase
	moment
}

// Help is what --help prints below the usage.
func (revokeCmd) Help() string {
	return `A revocation is for good; a suspension is not. The register is changed and a new status list is signed. Gates refuse the code from the moment they have it.

Examples:

    citycode revoke --dir shenyang --serial '210100/1#0:4711'
    citycode revoke --dir shenyang --serial '210100/1#0:4711' --suspend --delta`
}

// Run changes the state and publishes it.
func (c *revokeCmd) Run(ctx context.Context, std *stdio) error {
	a, err := openWith(ctx, c.Dir, c.passphrase, c.moment)
	if err != nil {
		return err
	}
	defer a.Close()
	signed, err := a.publishStatus(c.Serial.Issuer, c.Serial.List, c.Delta, func() error {
		return a.register.SetStatus(citycode.Serial(c.Serial), c.state())
	})
	if err != nil {
		return err
	}
	snapshot, err := a.publishSnapshot(0)
	if err != nil {
		return err
	}
	return printLists(std, append([]signedList{signed}, snapshot...), c.JSON)
}

func (c *revokeCmd) state() citycode.Status {
	switch {
	case c.Suspend:
		return citycode.StatusSuspended
	case c.Resume:
		return citycode.StatusValid
	}
	return citycode.StatusRevoked
}
