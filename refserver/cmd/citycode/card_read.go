package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/cityunion"
	"github.com/citizencode/citizencode/card/foreign"
	"github.com/citizencode/citizencode/card/sscard"
	"github.com/citizencode/citizencode/card/terminal"
	"github.com/citizencode/citizencode/card/tunion"
	"github.com/citizencode/citizencode/citycode"
)

type cardRead struct {
	carrier
	Person bool `help:"Also read who holds a social security card, if that person agrees."`
	JSON   bool `name:"json" help:"Print on one line."`
	application
}

// Help is what --help prints below the usage.
func (cardRead) Help() string {
	return `Lists every application of the card, by its own directories and by asking for those that are known, and then shows the public files of each. It only reads: a command that could change a card is refused before it is sent. What is shown is the card's word; whether it is true, tap finds out, for ours. Exit code 1 if there is nothing that is known.
Examples:
    citycode card read --reader any
    citycode card read --tcp 127.0.0.1:35970 --json`
}

// A readCard is what read prints.
type readCard struct {
	Applications []foreign.Entry `json:"applications"`
	Citizen      *citizenCard    `json:"citizen,omitempty"`
	TUnion       *tunion.Card    `json:"tUnion,omitempty"`
	CityUnion    *cityunion.Card `json:"cityUnion,omitempty"`
	Security     *sscard.Card    `json:"socialSecurity,omitempty"`
}

// A citizenCard is ours. Nothing in it has been verified.
type citizenCard struct {
	Serial    string              `json:"serial"`
	KeySet    byte                `json:"keySet"`
	Issuer    string              `json:"claimedIssuer"`
	Scenes    string              `json:"claimedScenes,omitempty"`
	NotAfter  *time.Time          `json:"claimedNotAfter,omitempty"`
	Category  byte                `json:"category"`
	Benefit   byte                `json:"benefit"`
	Public    *foreign.PublicInfo `json:"public,omitempty"`
	Balance   *int64              `json:"balanceFen,omitempty"`
	Movements []foreign.Movement  `json:"log,omitempty"`
}

// Run reads the card.
func (c *cardRead) Run(ctx context.Context, std *stdio) error {
	transport, closeCard, err := c.connect(ctx)
	if err != nil {
		return err
	}
	defer closeCard()
	client := foreign.Client(transport)
	out := new(readCard)
	out.Applications, err = foreign.List(ctx, client,
		foreign.Known{AID: string(c.AID), Name: "市民卡 citizen card"}, foreign.Known{AID: tunion.AID, Name: "交通联合 T-Union"},
		foreign.Known{AID: cityunion.AID, Name: "城市一卡通 City Union"}, foreign.Known{AID: sscard.Name, Name: "社会保障卡 social security card"})
	if err != nil {
		return err
	}
	known := false
	for _, e := range out.Applications {
		if !e.Selected {
			continue
		}
		known = known || e.Name != ""
		switch e.Bytes() {
		case string(c.AID):
			out.Citizen, err = c.citizen(ctx, transport, client)
		case tunion.AID:
			out.TUnion, err = tunion.Read(ctx, client)
		case cityunion.AID:
			out.CityUnion, err = cityunion.Read(ctx, client)
		case sscard.Name:
			out.Security, err = sscard.Read(ctx, client, sscard.Options{Person: c.Person})
		}
		if err != nil {
			return err
		}
	}
	return c.print(std.Out, out, known)
}

func (c *cardRead) print(w io.Writer, out *readCard, known bool) error {
	encoder := json.NewEncoder(w)
	if !c.JSON {
		encoder.SetIndent("", "  ")
	}
	if err := encoder.Encode(out); err != nil {
		return err
	}
	if !known {
		return refusal("there is no application on the card that is known here")
	}
	return nil
}

// citizen reads our application.
func (c *cardRead) citizen(ctx context.Context, transport card.Transport, client *apdu.Client) (*citizenCard, error) {
	reader, err := terminal.New(terminal.Config{AID: app.AID(c.AID)})
	if err != nil {
		return nil, err
	}
	s, err := reader.Open(ctx, foreign.ReadOnly(transport))
	if err != nil {
		return nil, err
	}
	fci := s.FCI()
	k := &citizenCard{Serial: fmt.Sprintf("%x", fci.Serial), KeySet: fci.KeySet, Issuer: citycode.KeyID(fci.IssuerKey).String()}
	if raw, err := s.ReadCredential(ctx); err == nil {
		k.credential(raw)
	}
	category, err := foreign.ReadBinary(ctx, client, app.SFICategory)
	if err != nil {
		return nil, err
	}
	if len(category) >= 2 {
		k.Category, k.Benefit = category[0], category[1]
	}
	public, err := foreign.ReadBinary(ctx, client, app.SFIPublic)
	if err != nil {
		return nil, err
	}
	k.Public, _ = foreign.ParsePublicInfo(public)
	if fen, err := s.Balance(ctx); err == nil {
		k.Balance = &fen
	}
	k.Movements, err = foreign.ReadMovements(ctx, client)
	return k, err
}

// credential names what the credential says.
func (k *citizenCard) credential(raw []byte) {
	c, err := citycode.ParseCredential(raw)
	if err != nil {
		return
	}
	for _, f := range c.Fields() {
		value := raw[f.Offset : f.Offset+f.Length]
		switch f.Name {
		case "scenes":
			k.Scenes = citycode.Scenes(binary.BigEndian.Uint16(value)).String()
		case "notAfter":
			ends := time.Unix(int64(binary.BigEndian.Uint32(value)), 0).UTC()
			k.NotAfter = &ends
		}
	}
}
