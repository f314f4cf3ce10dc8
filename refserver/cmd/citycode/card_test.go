package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/foreign/foreigntest"
	"github.com/citizencode/citizencode/card/sscard"
	"github.com/citizencode/citizencode/card/transport/tcp"
	"github.com/citizencode/citizencode/card/tunion"
)

// serial-of puts the serial of a verdict into SERIAL. Use: serial-of stdout
func scriptSerialOf(ts *testscript.TestScript, neg bool, args []string) {
	var v struct{ Serial string }
	// The card's serial number is deeper, under another name.
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &v))
	ts.Setenv("SERIAL", v.Serial)
}

// carried is a card of a deck that emulate holds out.
type carried struct {
	cancel context.CancelFunc
	done   chan error
}

// carry starts emulate and puts its address into a variable. Use: carry deck serial ADDR
func scriptCarry(ts *testscript.TestScript, neg bool, args []string) {
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	c := &carried{cancel, make(chan error, 1)}
	go func() {
		var code int
		code = run(ctx, []string{"card", "emulate", "--deck", ts.MkAbs(args[0]), "--serial", args[1], "--listen", "127.0.0.1:0"},
			&stdio{strings.NewReader(""), w, io.Discard})
		w.Close()
		if code != 0 {
			c.done <- os.ErrInvalid
		}
		close(c.done)
	}()
	b := make([]byte, 200)
	n, err := r.Read(b)
	ts.Check(err)
	_, address, ok := strings.Cut(strings.TrimSpace(string(b[:n])), "waits at ")
	if !ok {
		ts.Fatalf("%q", b[:n])
	}
	go io.Copy(io.Discard, r)
	ts.Setenv(args[2], address)
	carrying[ts.Getenv("WORK")] = c
	ts.Defer(cancel)
}

// carrying are the cards of scripts that run, by directory. Scripts with cards do not run side by side.
var carrying = map[string]*carried{}

// uncarry ends it. Use: uncarry
func scriptUncarry(ts *testscript.TestScript, neg bool, args []string) {
	c := carrying[ts.Getenv("WORK")]
	c.cancel()
	ts.Check(<-c.done)
}

// TestReadOthers: a card with two applications of others shows both, and nothing is written to it.
func TestReadOthers(t *testing.T) {
	k := &foreigntest.Card{Applications: map[string]*foreigntest.Application{
		tunion.AID:  {Balances: map[byte]uint32{3: 8000}},
		sscard.Name: {Records: map[app.SFI][][]byte{5: {{2, 1, '1'}}, 6: {append([]byte{9, 30}, "Test Person A                 "...)}}},
	}}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go tcp.Listen(ctx, listener, k, tcp.Options{}, nil)
	out := must(t, "card", "read", "--tcp", listener.Addr().String(), "--json")
	var card readCard
	require.NoError(t, json.Unmarshal([]byte(out), &card))
	require.Len(t, card.Applications, 2)
	assert.EqualValues(t, 8000, *card.TUnion.Balance)
	assert.Equal(t, "1", card.Security.Class)
	assert.NotContains(t, out, "Test Person")
	assert.Contains(t, must(t, "card", "read", "--tcp", listener.Addr().String(), "--person"), `"name": "Test Person A"`)
	assert.Empty(t, k.Wrote)
}

// TestCardSecrets: nothing that the commands print or keep for others has a key in it.
func TestCardSecrets(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	require.NoError(t, os.WriteFile(at("people.csv"), []byte("serial,subject,pin\n9900000000000001,0000000000000001,918273\n"), 0o600))
	said := must(t, "keys", "--dir", at("city"), "--city", "210100", "--at", now)
	said += must(t, "card", "personalise", "--dir", at("city"), "--out", at("deck"), "--at", now, at("people.csv"))
	said += must(t, "card", "sam", "--dir", at("city"), "--terminal", "210100000007", "--out", at("gate.sam"), "--at", now)
	said += must(t, "card", "load", "--dir", at("city"), "--state", at("desk"), "--deck", at("deck"), "--at", now, "500")
	said += must(t, "card", "tap", "--dir", at("city"), "--state", at("gate"), "--deck", at("deck"), "--pay", "1", "--sam", at("gate.sam"), "--at", now)
	said += must(t, "card", "read", "--deck", at("deck"))
	for _, file := range []string{"deck.journal", "desk/desk.journal", "gate/purse.journal"} {
		b, err := os.ReadFile(at(file))
		require.NoError(t, err)
		said += string(b)
	}
	var module samFile
	b, err := os.ReadFile(at("gate.sam"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, &module))
	for _, secret := range []string{module.Purchase, module.Gate, "918273"} {
		require.NotEmpty(t, secret)
		assert.NotContains(t, strings.ToLower(said), secret[:min(len(secret), 8)])
	}
	for _, file := range []string{"gate.sam", "deck", "city/authority/cards.pem"} {
		info, err := os.Stat(at(file))
		require.NoError(t, err)
		assert.Zero(t, info.Mode().Perm()&0o077, file)
	}
}
