package main

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/citizencode/citizencode/card/transport/tcp"
)

type cardEmulate struct {
	deckFlags
	VPCD   string `name:"vpcd" help:"Virtual reader (vsmartcard) to hold the card to." placeholder:"HOST:PORT" xor:"to"`
	Listen string `help:"Wait here for terminals instead; port 0 is a free one." placeholder:"HOST:PORT" xor:"to"`
}

// Help is what --help prints below the usage.
func (cardEmulate) Help() string {
	return `What terminals change on the card is in the deck before the card answers. Ends with Ctrl-C. Nothing protects the port: whoever reaches it can read the card and, with the keys, charge it.
Examples:
    citycode card emulate --deck cards.deck --serial 9900000000000001 --listen 127.0.0.1:35970
    citycode card emulate --deck cards.deck --serial 9900000000000001 --vpcd 127.0.0.1:35963`
}

// Run serves the card until ctx ends.
func (c *cardEmulate) Run(ctx context.Context, std *stdio) error {
	if c.Deck == "" {
		return errors.New("missing flags: --deck=FILE")
	}
	if c.VPCD == "" && c.Listen == "" {
		return errors.New("where is the reader? --vpcd or --listen")
	}
	live, close, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer close()
	report := func(err error) { fmt.Fprintf(std.Err, "citycode: note: %s\n", oneLine(err.Error())) }
	if c.VPCD != "" {
		fmt.Fprintf(std.Out, "the card is held to %s\n", c.VPCD)
		err = tcp.Keep(ctx, c.VPCD, live, tcp.Options{}, report)
	} else {
		listener, wrong := net.Listen("tcp", c.Listen)
		if wrong != nil {
			return wrong
		}
		fmt.Fprintf(std.Out, "the card waits at %s\n", listener.Addr())
		err = tcp.Listen(ctx, listener, live, tcp.Options{}, report)
	}
	if ctx.Err() != nil { // asked to end
		return nil
	}
	return err
}
