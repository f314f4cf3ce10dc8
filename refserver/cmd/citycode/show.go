package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/qr"
	"github.com/citizencode/citizencode/refserver/store"
)

type showCmd struct {
	Wallet    string   `help:"Wallet whose key signs a code now." placeholder:"DIR" xor:"what" required:""`
	Code      string   `help:"File with a static code, to draw it." placeholder:"FILE" xor:"what" required:""`
	Audience  sceneSet `help:"The scene group that the citizen chooses. Default: that of the credential; none where it has several." placeholder:"NAME"`
	Challenge hexBytes `help:"Challenge of the terminal, 8 or 16 bytes." placeholder:"HEX"`
	Prefix    string   `help:"Partner's code, which goes in front of the text in a profile with a prefix (SPEC 9.2)." placeholder:"TEXT"`
	PNG       string   `name:"png" help:"Write the picture as PNG; - is stdout." placeholder:"FILE"`
	SVG       string   `name:"svg" help:"Write the picture as SVG; - is stdout." placeholder:"FILE"`
	Text      bool     `help:"Print the decimal text." xor:"text"`
	Base45    bool     `name:"base45" help:"Print the Base45 text, and draw that." xor:"text"`
	Raw       bool     `help:"Print the bytes." xor:"text"`
	Scale     int      `help:"Pixels of a module in the PNG." default:"8"`
	moment
}

// Help is what --help prints below the usage.
func (showCmd) Help() string {
	return `Draws in the terminal unless something else is asked for. Everything that one call writes is the same code. A code of a wallet lives for a minute; each call signs a new one.

Examples:

    citycode show --wallet zhang
    citycode show --wallet li --audience parking --png code.png
    citycode show --wallet fused --prefix 6901234567890123456789012345 --png code.png
    citycode show --code park.code --svg park.svg`
}

// Run shows one code.
func (c *showCmd) Run(ctx context.Context, std *stdio) error {
	token, err := c.token(ctx, std)
	if err != nil {
		return err
	}
	form, encode := qr.Decimal, qr.EncodeDecimal
	if c.Base45 {
		form, encode = qr.Base45, qr.EncodeBase45
	}
	text, err := encode(token.Bytes())
	if c.Prefix != "" {
		text, err = qr.EncodePrefixed(c.Prefix, token.Bytes(), form)
	}
	if err != nil {
		return err
	}
	symbol, err := qr.NewSymbol(text, qr.Options{})
	if err != nil {
		return err
	}
	if err := c.draw(std, symbol); err != nil {
		return err
	}
	switch {
	case c.Raw:
		_, err = std.Out.Write(token.Bytes())
	case c.Text, c.Base45:
		_, err = fmt.Fprintln(std.Out, text)
	case c.PNG == "" && c.SVG == "":
		_, err = fmt.Fprint(std.Out, symbol.Terminal())
	}
	return err
}

// draw writes the pictures.
func (c *showCmd) draw(std *stdio, symbol *qr.Symbol) error {
	write := func(path string, picture []byte) error {
		if path == "-" {
			_, err := std.Out.Write(picture)
			return err
		}
		return store.WriteFile(path, picture, store.Public)
	}
	if c.PNG != "" {
		picture, err := symbol.PNG(c.Scale)
		if err != nil {
			return err
		}
		if err := write(c.PNG, picture); err != nil {
			return err
		}
	}
	if c.SVG != "" {
		return write(c.SVG, []byte(symbol.SVG()))
	}
	return nil
}

// token signs a code, or reads a static one.
func (c *showCmd) token(ctx context.Context, std *stdio) (*citycode.Token, error) {
	if c.Code != "" {
		return c.static(ctx, std)
	}
	wallet, err := store.OpenWallet(ctx, c.Wallet)
	if err != nil {
		return nil, err
	}
	defer wallet.Close()
	holder, err := wallet.Holder()
	if err != nil {
		return nil, err
	}
	if err := c.checkPrefix(wallet); err != nil {
		return nil, err
	}
	audience := citycode.Scenes(c.Audience)
	if audience == 0 {
		if audience, err = wallet.OnlyScene(); err != nil {
			return nil, err
		}
	}
	return holder.Present(citycode.Presentation{Time: c.now(), Audience: audience, Challenge: c.Challenge, Prefix: c.Prefix})
}

// checkPrefix refuses a text in front of a code that no verifier takes with one.
func (c *showCmd) checkPrefix(wallet *store.Wallet) error {
	cred, err := wallet.Credential()
	if err != nil || c.Prefix == "" {
		return err
	}
	id := citycode.ProfileID(cred.Bytes()[2])
	for _, p := range citycode.Profiles() {
		if p.ID == id && p.PrefixSize == 0 {
			return fmt.Errorf("profile %s has nothing in front of its text", p.Name)
		}
	}
	return nil
}

func (c *showCmd) static(ctx context.Context, std *stdio) (*citycode.Token, error) {
	if c.Audience != 0 || len(c.Challenge) != 0 || c.Prefix != "" {
		return nil, errors.New("a static code has no audience, answers no challenge and binds no text in front")
	}
	input, err := readInput(ctx, c.Code, std.In)
	if err != nil {
		return nil, err
	}
	f, err := recognise(input)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Code, err)
	}
	cred, err := citycode.ParseCredential(f.token)
	if err != nil {
		return nil, refusal(c.Code + ": " + err.Error())
	}
	token, err := cred.Static()
	if err != nil {
		return nil, refusal(c.Code + ": " + err.Error())
	}
	return token, nil
}
