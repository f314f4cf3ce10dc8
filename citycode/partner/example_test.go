package partner_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"testing"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/partner"
	"github.com/citizencode/citizencode/qr"
)

type exampleTB struct{ testing.TB }

func (exampleTB) Helper()                           {}
func (exampleTB) Errorf(format string, args ...any) { log.Print(fmt.Sprintf(format, args...)) }
func (exampleTB) FailNow()                          { log.Fatal("the example's city could not be built") }

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

// verdict is one word for what a terminal says.
func verdict(err error) string {
	var refused *citycode.VerifyError
	var byPartner *partner.Error
	switch {
	case err == nil:
		return "accepted"
	case errors.As(err, &refused):
		return refused.Reason.String()
	case errors.As(err, &byPartner):
		return string(byPartner.Reason)
	}
	return err.Error()
}

// picture is what the wallet shows: the partner's code and ours behind it.
func picture(front string, token *citycode.Token) []byte {
	symbol := must(qr.NewSymbol(must(qr.EncodePrefixed(front, token.Bytes(), qr.Decimal)), qr.Options{}))
	return must(symbol.PNG(4))
}

// scan is what a gate of the city does with a picture. It knows from its own
// profiles how many characters may stand in front.
func scan(gate *citycode.Verifier, file []byte, check citycode.Check) error {
	text := must(qr.DecodePicture(bytes.NewReader(file), qr.ReadOptions{}))[0].Text
	for _, size := range gate.PrefixSizes() {
		front, b, err := qr.DecodePrefixed(text, size)
		if err != nil {
			continue
		}
		token, err := citycode.ParseToken(b)
		if err != nil {
			continue
		}
		check.Prefix = front
		_, err = gate.Verify(token, check)
		return err
	}
	return errors.New("no citizen code")
}

// Fuse (融合): one picture. The medical insurance reads its own code in front, as
// it always did, and asks its own service; a car park and a bus read ours behind.
func Example_fuse() {
	city := citycodetest.NewCity(exampleTB{}, citycodetest.Shenyang)
	citizen := city.Citizen("Han Meimei", citycode.ProfileFused, citycode.Medical|citycode.Parking|citycode.Transit, nil)
	parking, bus := city.Verifier(nil), city.Verifier(nil)
	patients := map[string]string{"TESTCODE0000000000000000A001": "patient 7", "TESTCODE0000000000000000B002": "patient 8"}
	insurance := func(file []byte) string {
		text := must(qr.DecodePicture(bytes.NewReader(file), qr.ReadOptions{}))[0].Text
		if patient, ok := patients[text[:28]]; ok {
			return patient
		}
		return "not known"
	}
	show := func(front string) (file []byte, token *citycode.Token) {
		city.Clock.Advance(time.Second)
		token = must(citizen.Present(citycode.Presentation{Time: city.Clock.Now(), Prefix: front}))
		return picture(front, token), token
	}
	print := func(file []byte) {
		fmt.Println("insurance:", insurance(file),
			"- parking:", verdict(scan(parking, file, citycode.Check{Audience: citycode.Parking})),
			"- bus:", verdict(scan(bus, file, citycode.Check{Audience: citycode.Transit})))
	}

	file, token := show("TESTCODE0000000000000000A001")
	// Somebody puts another patient's code in front of the same token.
	swapped := picture("TESTCODE0000000000000000B002", token)
	fmt.Println("swapped:", verdict(scan(parking, swapped, citycode.Check{Audience: citycode.Parking})))
	print(file)
	// The insurance ends the patient's own code: that is all that ends.
	delete(patients, "TESTCODE0000000000000000A001")
	file, _ = show("TESTCODE0000000000000000A001")
	print(file)

	// Output:
	// swapped: source-mismatch
	// insurance: patient 7 - parking: accepted - bus: accepted
	// insurance: not known - parking: accepted - bus: accepted
}

// Bind (绑定): our code alone. The medical insurance looks the subject up; when
// the citizen unbinds it, its desk refuses the very code that car park and bus take.
func Example_bind() {
	city := citycodetest.NewCity(exampleTB{}, citycodetest.Shenyang)
	citizen := city.Citizen("Han Meimei", citycode.ProfileUniversal, citycode.Medical|citycode.Parking|citycode.Transit, nil)
	insurance := partner.NewBindings("insurance")
	medical := must(partner.NewDesk("insurance", city.Verifier(nil), insurance))
	parking, bus := city.Verifier(nil), city.Verifier(nil)

	// Once, logged in at the insurance: the code answers a challenge, so it is
	// no picture of somebody else's.
	challenge := must(citycode.NewChallenge(citycode.ChallengeConfig{Terminal: []byte("insurance, counter 1"), Now: city.Clock.Now()}))
	here := must(city.Verifier(nil).Verify(citizen.Answer(citycode.Medical, challenge.Bytes()), citycode.Check{Audience: citycode.Medical, Online: true, Challenge: challenge}))
	if err := insurance.Bind(here, "account 7"); err != nil {
		log.Fatal(err)
	}

	show := func() {
		city.Clock.Advance(time.Second)
		code := citizen.Show(0)
		_, atDesk := medical.Admit(context.Background(), code, citycode.Check{Audience: citycode.Medical, Online: true})
		_, atBarrier := parking.Verify(code, citycode.Check{Audience: citycode.Parking})
		_, inBus := bus.Verify(code, citycode.Check{Audience: citycode.Transit})
		fmt.Println("insurance:", verdict(atDesk), "- parking:", verdict(atBarrier), "- bus:", verdict(inBus))
	}
	show()
	if err := insurance.Unbind(partner.SubjectOf(here)); err != nil {
		log.Fatal(err)
	}
	show()

	// Output:
	// insurance: accepted - parking: accepted - bus: accepted
	// insurance: not-bound - parking: accepted - bus: accepted
}
