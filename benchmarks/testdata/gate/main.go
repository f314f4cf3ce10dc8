// Command gate verifies the ride code in a picture: gate PICTURE TRUSTLIST STATUSLIST ROOT ROOT ROOT
package main

import (
	"fmt"
	"log"
	"os"
	"slices"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/qr"
)

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

func main() {
	var roots []citycode.PublicKey
	for _, hex := range os.Args[4:] {
		roots = append(roots, must(citycode.ParsePublicKey(hex)))
	}
	trust := must(citycode.OpenTrustList(must(os.ReadFile(os.Args[2])), citycode.TrustConfig{City: 210100, Roots: roots, Threshold: 2}))
	status := must(citycode.OpenStatusList(must(os.ReadFile(os.Args[3])), trust, citycode.Version{}))
	var journal []citycode.Accepted // what this gate accepted before it was restarted
	guard := must(citycode.NewReplayGuard(citycode.ReplayConfig{Boot: time.Now(), Journal: slices.Values(journal)}))
	verifier := must(citycode.NewVerifier(citycode.VerifierConfig{Trust: trust, Status: []*citycode.StatusList{status}, Replay: guard}))

	codes := must(qr.DecodePicture(must(os.Open(os.Args[1])), qr.ReadOptions{}))
	token := must(citycode.ParseToken(must(qr.DecodeText(codes[0].Text))))
	citizen := must(verifier.Verify(token, citycode.Check{Audience: citycode.Transit}))
	fmt.Printf("open: %s, subject %x, benefit class %d\n", citizen.Serial(), citizen.Subject(), citizen.Benefit())
}
