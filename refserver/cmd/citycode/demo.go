package main

import (
	"context"

	"github.com/citizencode/citizencode/refserver/city"
	"github.com/citizencode/citizencode/refserver/pages"
)

type demoCmd struct {
	Once   bool   `help:"Play one scripted day in the terminal and end; 1 if a step ends otherwise than the script says."`
	Cities int    `help:"2 adds an evening on which two cities accept each other's ride codes and an issuer's key is stolen." enum:"1,2" default:"1"`
	Addr   string `help:"Where the page is served." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
}

// Help is what --help prints below the usage.
func (demoCmd) Help() string {
	return `Without --once a page opens at the address: a live code, gates with and without a network, a box for pictures and the camera. The city is made anew at each start; its people are invented.

Examples:

    citycode demo --once
    citycode demo --once --cities 2
    citycode demo
    citycode demo --addr 127.0.0.1:9000`
}

// Run plays the day or serves the page until ctx ends.
func (c *demoCmd) Run(ctx context.Context, std *stdio) error {
	if c.Once {
		return city.Play(ctx, std.Out, city.Config{Cities: c.Cities})
	}
	return pages.Serve(ctx, c.Addr, std.Err)
}
