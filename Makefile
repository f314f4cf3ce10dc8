# Everything that this repository can be told to do. `make` lists it.

FUZZTIME ?= 60s
BENCH    ?= .
SAMPLE   ?= 60
SEED     ?= 1

.PHONY: help demo page test interop peers long bench fuzz vectors mutants mutation build

help: ## list these targets
	@sed -nE 's/^([a-z]+):.*## (.*)$$/  make \1	\2/p' Makefile | expand -t 18

demo: ## play one scripted day of a small city in the terminal
	go run ./refserver/cmd/citycode demo --once

page: ## start the small city and its pages in the browser
	go run ./refserver/cmd/citycode demo

test: ## run every test, in parts, with a table at the end
	@bash .ci/test

interop: ## put 10,000 signatures and faults to the default engine, tjfoc, OpenSSL and sm-crypto-v2
	cd citycode/engine/testdata/smcrypto && npm ci --prefer-offline --ignore-scripts --no-audit --no-fund
	CI=true go test ./citycode/engine -run '^TestInterop$$' -v -count=1 -timeout 60m -statements 10000
	CI=true go test ./citycode -run '^TestSeal(OtherCipher|InToken)$$' -count=1

peers: ## put 504 spoilt pictures to our QR reader and five others, and print the table
	cd qr/internal/degrade/testdata/peers && npm ci --prefer-offline --ignore-scripts --no-audit --no-fund
	go test ./qr/internal/degrade -run '^TestPeers$$' -v -count=1 -timeout 60m -peers

long: ## run the long forms of the tests that have one
	go test ./citycode -run '^(TestStatusListOfACityBits|TestSealHidesIdentities)$$' -v -count=1 -timeout 60m -long
	go test -count=1 -timeout=60m ./citycode/internal/sm2verify -long
	go test -count=1 -timeout=60m ./citycode/engine -run '^TestVerifyAgreement$$' -long
	go test ./qr -run EverySymbol -v -count=1 -timeout 60m -masks
	go test -count=1 -timeout=60m ./qr/internal/degrade ./qr/internal/reader -run '^TestSet$$' -whole
	go test -count=1 -timeout=60m ./scenarios/ledger -run '^TestRandom$$' -operations 1000000
	go test -count=1 -timeout=60m ./scenarios/ledger/sqlstore -run '^TestKill$$' -kills 1000
	CITIZENCODE_LONG=1 go test -count=1 -timeout=60m ./scenarios/hospital/... ./scenarios/parking ./scenarios/transit/... ./refserver/store
	go test -count=1 -timeout=60m ./refserver/cmd/citycode -run '^TestKill$$' -kills 50
	go test -count=1 -timeout=60m ./scenarios/voucher -run '^TestRow41Rush$$' -requests 1000000

bench: ## measure every benchmark (BENCH=regexp), then print the table of ratios
	go test -run '^$$' -bench '$(BENCH)' -benchmem $$(grep -rl --include='*_test.go' '^func Benchmark' . | xargs -n 1 dirname | sort -u)
	go test ./benchmarks -run Ratio -v -count=1 -rounds 15

fuzz: ## run every fuzz target for FUZZTIME (60s)
	@bash .ci/fuzz --each $(FUZZTIME)

vectors: ## write the test vectors anew from their seeds
	go test ./citycode/vectors ./citycode/foreign/vectors -update -count=1

mutants: ## let the vectors refuse every broken verifier of citycode/mutants
	@bash .ci/test mutants

mutation: ## break the verifier at SAMPLE (60) random places (SEED) and count who notices
	go test ./citycode/mutants -run '^TestScore$$' -v -count=1 -timeout 0 -sample $(SAMPLE) -seed $(SEED)

build: ## build the commands into bin/
	CGO_ENABLED=0 go build -trimpath -o bin/ ./refserver/cmd/... ./benchmarks/...
