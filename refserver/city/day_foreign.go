package city

import (
	"crypto"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/foreign"
	"github.com/citizencode/citizencode/citycode/foreign/jtt1179"
	"github.com/citizencode/citizencode/scenarios"
)

// nationalRide draws a ride code in the layout of JT/T 1179, of a CA, an issuer
// and an account that exist for this moment only.
func (p *cast) nationalRide() ([]byte, error) {
	var keys [3]crypto.Signer // of the CA, the issuer and the phone
	var public [3]citycode.PublicKey
	for i := range keys {
		var err error
		if keys[i], err = engine.GenerateKey(rand.Reader); err != nil {
			return nil, err
		}
		if public[i], err = citycode.PublicKeyOf(keys[i]); err != nil {
			return nil, err
		}
	}
	now := p.clock.Now()
	month, err := jtt1179.MonthOf(now)
	if err != nil {
		return nil, err
	}
	certificate, err := jtt1179.IssueCertificate(rand.Reader, keys[0], jtt1179.CertificateClaims{CAIndex: 1, Issuer: "99990001", Expires: month, Key: public[1]})
	if err != nil {
		return nil, err
	}
	issuer, err := jtt1179.NewIssuer(certificate, keys[1])
	if err != nil {
		return nil, err
	}
	authorised, err := issuer.Authorise(rand.Reader, jtt1179.Authorisation{PaymentAccount: "TEST-ACCOUNT-001", CardAccount: "99990000000000000001",
		Issuer: "99990001", Cap: 2000, UserKey: public[2], Expires: now.Add(day).Truncate(time.Second), Validity: 10 * time.Minute})
	if err != nil {
		return nil, err
	}
	code, err := jtt1179.Show(rand.Reader, authorised, keys[2], now)
	if err != nil {
		return nil, err
	}
	return plain(string(code))()
}

// isNamed checks that a refusal says which code was shown.
func isNamed(k foreign.Kind) func(*scenarios.Decision) error {
	return func(d *scenarios.Decision) error {
		if next := k.Next(); d.Message.Zh != next.Zh || d.Message.En != next.En {
			return fmt.Errorf("%s is not named: %s", k, d.Message.En)
		}
		return nil
	}
}
