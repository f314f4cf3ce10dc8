package jtt1179_test

import (
	"fmt"
	"time"

	"github.com/citizencode/citizencode/citycode/foreign"
	"github.com/citizencode/citizencode/citycode/foreign/jtt1179"
	"github.com/citizencode/citizencode/citycode/foreign/jtt1179/jtt1179test"
)

// A gate that takes ride codes beside the citizen code.
func Example() {
	now := time.Unix(jtt1179test.Noon+5, 0)
	root, err := jtt1179.ParseRootKey(jtt1179test.RootKey(jtt1179test.CA, jtt1179test.CAIndex, "1235"))
	if err != nil {
		fmt.Println(err)
		return
	}
	verifier, err := jtt1179.NewVerifier(jtt1179.Config{Roots: []jtt1179.RootKey{*root}, Now: func() time.Time { return now }})
	if err != nil {
		fmt.Println(err)
		return
	}
	now = now.Add(-time.Minute)
	lane, err := verifier.NewLane(jtt1179.LaneConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	now = now.Add(time.Minute)

	scanned := jtt1179test.New().Bytes()
	for range 3 {
		ride, err := verifier.Verify(scanned, jtt1179.Check{Amount: 200})
		if err == nil {
			err = lane.Pass(ride)
		}
		if err != nil {
			refusal := foreign.Refused(foreign.RideJTT1179, err)
			fmt.Println(refusal.Reason, "-", refusal.Next.En)
		} else {
			fmt.Println("issuer", ride.Issuer, "pays at most", ride.Cap, "fen")
		}
		now = now.Add(9 * time.Minute)
	}
	// Output:
	// issuer 99990001 pays at most 2000 fen
	// replayed - This ride code has been used; refresh it
	// code-too-old - This ride code is too old; refresh it
}
