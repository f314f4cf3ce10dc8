// Command ferry opens the gates of Dalian's ferries to its citizen code: ferry DALIAN/public. A scanner types one code a line.
package main

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/qr"
	"github.com/citizencode/citizencode/refserver/store"
	"github.com/citizencode/citizencode/scenarios"
)

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

type ferry struct{}

func (ferry) ID() scenarios.ID                { return "dalian.ferry" }
func (ferry) Accepts(p citycode.Profile) bool { return p.Mode != citycode.Static }
func (ferry) Describe() scenarios.Description {
	return scenarios.Description{Purpose: scenarios.Text{Zh: "乘船", En: "to take the ferry"}, Group: scenarios.Public, Audience: citycode.Transit, Actions: []string{"board"},
		Claims: scenarios.BenefitClass, Offline: scenarios.Offline{Policy: scenarios.WithinBudget, Uses: 10, Spacing: 3 * time.Second}}
}
func (ferry) Handle(_ context.Context, v *scenarios.Visit) (*scenarios.Decision, error) {
	if v.Citizen.Benefit() == 1 {
		return scenarios.Allowed(scenarios.Text{Zh: "敬老免费，欢迎登船", En: "Free for seniors; welcome aboard"}, nil)
	}
	return scenarios.Allowed(scenarios.Text{Zh: "欢迎登船", En: "Welcome aboard"}, nil)
}

func main() {
	ctx := context.Background()
	lists := must(store.OpenLists(ctx, store.ListsConfig{Dir: os.Args[1]}))
	journal := must(store.OpenJournal(ctx, "pier-1.journal")) // what was accepted before a restart
	guard := must(citycode.NewReplayGuard(citycode.ReplayConfig{Boot: time.Now(), Journal: journal.Accepted()}))
	config := lists.Config()
	config.Replay = guard
	verifier := must(citycode.NewVerifier(config))
	gate := must(scenarios.NewTerminal(scenarios.TerminalConfig{Name: "pier 1", Scenario: ferry{}, Verifier: verifier, Journal: journal}))
	for scanner := bufio.NewScanner(os.Stdin); scanner.Scan(); {
		code, err := qr.DecodeText(qr.TrimScan(scanner.Text()))
		if err != nil {
			fmt.Println("closed:", err)
			continue
		}
		decision := must(gate.Scan(ctx, code, "board", nil))
		fmt.Println(decision.Allow, decision.Message.Zh, decision.Message.En)
	}
}
