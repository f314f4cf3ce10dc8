package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCardReader is emulate, tap, load and read through pcscd and its virtual reader. make readers runs it.
func TestCardReader(t *testing.T) {
	if os.Getenv("CITIZENCODE_READERS") == "" {
		t.Skip("no pcscd of its own: make readers")
	}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	require.NoError(t, os.WriteFile(at("people.csv"), []byte("serial,subject\n9900000000000001,0000000000000001\n"), 0o600))
	must(t, "keys", "--dir", at("city"), "--city", "210100", "--at", now)
	must(t, "card", "personalise", "--dir", at("city"), "--out", at("deck"), "--at", now, at("people.csv"))
	must(t, "card", "sam", "--dir", at("city"), "--terminal", "210100000007", "--out", at("gate.sam"), "--at", now)

	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"card", "emulate", "--deck", at("deck"), "--vpcd", "127.0.0.1:" + port()}, &stdio{strings.NewReader(""), io.Discard, io.Discard})
	}()
	reader := []string{"--reader", "Virtual PCD"}
	must(t, append([]string{"card", "load", "--dir", at("city"), "--state", at("desk"), "--at", now, "1000"}, reader...)...)
	out := must(t, append([]string{"card", "tap", "--dir", at("city"), "--state", at("gate"), "--pay", "200", "--sam", at("gate.sam"), "--at", now}, reader...)...)
	var tap struct {
		Valid   bool
		Card    tappedCard
		Payment tappedMoney
	}
	require.NoError(t, json.Unmarshal([]byte(out), &tap))
	assert.True(t, tap.Valid)
	assert.EqualValues(t, 800, tap.Payment.Balance)
	assert.Equal(t, 5, tap.Card.Commands)
	assert.Contains(t, must(t, append([]string{"card", "read", "--json"}, reader...)...), `"balanceFen":800`)
	cancel()
	assert.Zero(t, <-ended)
}

func port() string {
	if p := os.Getenv("CARDTEST_PORT"); p != "" {
		return p
	}
	return "35963"
}
