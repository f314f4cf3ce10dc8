package hcert_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"time"

	"github.com/citizencode/citizencode/citycode/foreign"
	"github.com/citizencode/citizencode/citycode/foreign/hcert"
)

// A desk that takes certificates signed by one key, today and in two years.
func Example() {
	var made struct {
		Key          struct{ KID, X, Y string }
		Clock        int64
		Certificates map[string]string
	}
	file, err := os.ReadFile("testdata/independent.json")
	if err == nil {
		err = json.Unmarshal(file, &made)
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	key := hcert.Key{Public: &ecdsa.PublicKey{Curve: elliptic.P256(), X: new(big.Int), Y: new(big.Int)},
		NotBefore: time.Unix(made.Clock, 0).AddDate(-1, 0, 0), NotAfter: time.Unix(made.Clock, 0).AddDate(3, 0, 0)}
	hex.Decode(key.ID[:], []byte(made.Key.KID))
	key.Public.X.SetString(made.Key.X, 16)
	key.Public.Y.SetString(made.Key.Y, 16)

	now := time.Unix(made.Clock, 0)
	verifier, err := hcert.NewVerifier(hcert.Config{Keys: []hcert.Key{key}, Now: func() time.Time { return now }})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		certificate, err := verifier.Verify(made.Certificates["as most issuers make it"])
		if err != nil {
			refusal := foreign.Refused(foreign.HCert, err)
			fmt.Println(refusal.Reason, "-", refusal.Next.En)
			continue
		}
		fmt.Println("issued by", certificate.Issuer, "until", certificate.Expires.Format(time.DateOnly))
		now = now.AddDate(2, 0, 0)
	}
	// Output:
	// issued by XX until 2027-05-21
	// expired - This certificate has expired; ask its issuer for a new one
}
