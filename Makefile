# Everything that this repository can be told to do. `make` lists it.

FUZZTIME ?= 60s
BENCH    ?= .

.PHONY: help demo page test long bench fuzz vectors build

help: ## list these targets
	@sed -nE 's/^([a-z]+):.*## (.*)$$/  make \1	\2/p' Makefile | expand -t 18

demo: ## play one scripted day of a small city in the terminal
	go run ./refserver/cmd/citycode demo --once

page: ## start the small city and its pages in the browser
	go run ./refserver/cmd/citycode demo

test: ## run every test, in parts, with a table at the end
	@bash .ci/test

long: ## run the long forms of tests that `make test` runs short
	go test -count=1 -timeout=60m ./scenarios/ledger -run '^TestRandom$$' -operations 1000000
	go test -count=1 -timeout=60m ./scenarios/ledger/sqlstore -run '^TestKill$$' -kills 1000

bench: ## measure every benchmark (BENCH=regexp), then print the table of ratios
	go test -run '^$$' -bench '$(BENCH)' -benchmem $$(grep -rl --include='*_test.go' '^func Benchmark' . | xargs -n 1 dirname | sort -u)
	go test ./benchmarks -run Ratio -v -count=1 -rounds 15

fuzz: ## run every fuzz target for FUZZTIME (60s)
	@bash .ci/fuzz --each $(FUZZTIME)

vectors: ## write the test vectors anew from their seeds
	go test ./citycode/vectors -update -count=1

build: ## build the commands into bin/
	CGO_ENABLED=0 go build -trimpath -o bin/ ./refserver/cmd/... ./benchmarks/...
