# Everything that this repository can be told to do. `make` lists it.

FUZZTIME ?= 60s
BENCH    ?= .
SAMPLE   ?= 60
SEED     ?= 1

.PHONY: help demo page test interop readers peers long tear bench results fuzz vectors mutants mutation arm64 build

help: ## list these targets
	@sed -nE 's/^([a-z0-9]+):.*## (.*)$$/  make \1	\2/p' Makefile | expand -t 18

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

readers: ## send the 40 commands of card/cardtest through pcscd by five programs, time a command, and tap a card
	CI=true go test ./card/cardtest -run '^TestReaders$$' -v -count=1
	bash card/cardtest/readers.sh go test ./card/cardtest -run '^$$' -bench '^BenchmarkPCSC$$' -count=1
	CITIZENCODE_READERS=1 bash card/cardtest/readers.sh go test ./refserver/cmd/citycode -run '^TestCardReader$$' -count=1

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
	CITIZENCODE_LONG=1 go test -count=1 -timeout=60m ./card/cos -run Tear
	CITIZENCODE_LONG=1 go test -count=1 -timeout=60m ./card/terminal -run '^TestKill$$'
	go test -count=1 -timeout=60m ./refserver/cmd/citycode -run '^TestKill(Migrate)?$$' -kills 50
	go test -count=1 -timeout=60m ./scenarios/voucher -run '^TestRow41Rush$$' -requests 1000000

tear: ## play 1,000,000 visits of cards to terminals with tears and lost answers, and count the money
	go test -count=1 -timeout=60m ./refserver/cardpurse -run '^TestHistories$$' -v -steps 1000000

bench: ## measure every benchmark (BENCH=regexp), then print the table of ratios
	go test -run '^$$' -bench '$(BENCH)' -benchmem $$(grep -rl --include='*_test.go' '^func Benchmark' . | xargs -n 1 dirname | sort -u)
	go test ./benchmarks -run Ratio -v -count=1 -rounds 15 -openssl

results: ## measure SM2 with all of our assembly, without IFMA, and without any, and write the tables to benchmarks/results
	bash benchmarks/results.sh

fuzz: ## run every fuzz target for FUZZTIME (60s)
	@bash .ci/fuzz --each $(FUZZTIME)

vectors: ## write the test vectors anew from their seeds
	go test ./citycode/vectors ./citycode/foreign/vectors ./citycode/foreign/hcert -run '^(TestGenerate|TestVectors)$$' -update -count=1

mutants: ## let the vectors refuse every broken verifier of citycode/mutants
	@bash .ci/test mutants

mutation: ## break the verifier at SAMPLE (60) random places (SEED) and count who notices
	go test ./citycode/mutants -run '^TestScore$$' -v -count=1 -timeout 0 -sample $(SAMPLE) -seed $(SEED)

arm64: ## run the tests of SM2 verification on an emulated arm64 (minutes)
	@command -v qemu-aarch64 >/dev/null || { echo "skipped: qemu-aarch64 is missing (Debian: qemu-user)"; [ -z "$$CI" ]; exit; }; \
	GOOS=linux GOARCH=arm64 CGO_ENABLED=0 go test -count=1 -short -exec qemu-aarch64 ./citycode/internal/sm2verify

build: ## build the commands into bin/
	CGO_ENABLED=0 go build -trimpath -o bin/ ./refserver/cmd/... ./benchmarks/...
