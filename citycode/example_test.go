package citycode_test

import (
	"crypto"
	"errors"
	"fmt"
	"log"
	"slices"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
)

// A flash is where a phone keeps its counter; a real one is durable.
type flash struct{ n uint32 }

func (f *flash) Next() (uint32, error) { f.n++; return f.n, nil }

// must keeps the examples short. A real program handles each error where it is.
func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

// listOf signs a trust list with one root, which a real city never does.
func listOf(root crypto.Signer, draft citycode.TrustDraft) []byte {
	body := must(draft.Body())
	return must(citycode.AssembleTrustList(body, must(citycode.SignTrustList(body, root))))
}

// A city with one issuer gives a citizen a ride code; his phone shows it; a bus
// that has no network decides.
func Example() {
	now := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	issuerID, statusID := must(citycode.NewKeyID(210100, 1)), must(citycode.NewKeyID(210100, 3))

	// The city: an issuer, a key for status lists, a root that vouches for both.
	root, statusKey := citycodetest.Key("root"), citycodetest.Key("status")
	issuer := must(citycode.NewIssuer(citycode.IssuerConfig{ID: issuerID, Key: citycodetest.Key("issuer")}))
	keeper := must(citycode.NewIssuer(citycode.IssuerConfig{ID: statusID, Key: statusKey}))
	entry := func(i *citycode.Issuer, use citycode.KeyUse) citycode.TrustEntry {
		return citycode.TrustEntry{ID: i.ID(), Use: use, Key: i.PublicKey(), IssueFrom: now.AddDate(0, -1, 0), IssueUntil: now.AddDate(1, 0, 0), VerifyUntil: now.AddDate(2, 0, 0)}
	}
	credentials := entry(issuer, citycode.UseExplicit)
	credentials.Scenes, credentials.MaxLifetime = citycode.Transit, 7*24*time.Hour
	credentials.Profiles = []citycode.TrustProfile{citycode.PinProfile(citycode.TransitProfile())}
	trustMessage := listOf(root, citycode.TrustDraft{City: 210100, Version: citycode.Version{Epoch: 1, Counter: 1}, IssuedAt: now, Expires: now.AddDate(0, 1, 0),
		Entries: []citycode.TrustEntry{credentials, entry(keeper, citycode.UseStatus)},
		Proofs:  []*citycode.Possession{must(issuer.ProvePossession(issuerID, [16]byte{1})), must(keeper.ProvePossession(statusID, [16]byte{2}))}})
	register := must(citycode.NewStatusRegister(issuerID, 0, 1000))
	statusMessage := must(register.Sign(citycode.StatusHeader{Signer: statusID, Version: citycode.Version{Epoch: 1, Counter: 1}, IssuedAt: now, Expires: now.AddDate(0, 0, 7)}, statusKey))

	// The citizen: a key of his own, a credential that names it.
	phone := must(citycode.NewSoftwareKey(citycodetest.Key("phone"), new(flash)))
	credential := must(issuer.Issue(citycode.Claims{Profile: citycode.ProfileTransit, IssuedAt: now, NotAfter: now.Add(24 * time.Hour), Index: 471,
		Scenes: citycode.Transit, Subject: []byte("pseudony"), Possession: must(phone.ProvePossession(issuerID, [16]byte{3}))}))
	holder := must(citycode.NewHolder(credential, phone))
	token := must(holder.Present(citycode.Presentation{Time: now, Audience: citycode.Transit}))
	fmt.Println(len(credential.Bytes()), "bytes of credential,", len(token.Bytes()), "bytes shown")

	// The bus: the city's root key, both lists, a guard against second uses.
	trust := must(citycode.OpenTrustList(trustMessage, citycode.TrustConfig{City: 210100, Roots: []citycode.PublicKey{must(citycode.PublicKeyOf(root))}, Threshold: 1}))
	status := must(citycode.OpenStatusList(statusMessage, trust, citycode.Version{}))
	guard := must(citycode.NewReplayGuard(citycode.ReplayConfig{Boot: now, Journal: slices.Values([]citycode.Accepted(nil))}))
	bus := must(citycode.NewVerifier(citycode.VerifierConfig{Trust: trust, Status: []*citycode.StatusList{status}, Replay: guard, Now: func() time.Time { return now }}))
	scanned := must(citycode.ParseToken(token.Bytes()))
	verified, err := bus.Verify(scanned, citycode.Check{Audience: citycode.Transit})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("valid: %s, subject %s, %s\n", verified.Profile().Name, verified.Subject(), verified.Serial())

	// Output:
	// 128 bytes of credential, 203 bytes shown
	// valid: transit, subject pseudony, 210100/1#0:471
}

// A refusal has one reason: the first check in the order of SPEC §5 that fails.
func ExampleVerifier_Verify_refused() {
	city := citycodetest.NewCity(exampleTB{}, citycodetest.Shenyang)
	gate := city.Verifier(nil)
	code := city.Citizen("zhang", citycode.ProfileTransit, citycode.Transit, nil).Show(citycode.Transit)

	ask := func(token *citycode.Token, check citycode.Check) {
		_, err := gate.Verify(token, check)
		var refused *citycode.VerifyError
		if errors.As(err, &refused) {
			fmt.Printf("%s (SPEC §%s)\n", refused.Reason, refused.Section)
		} else {
			fmt.Println("valid")
		}
	}
	ask(code, citycode.Check{Audience: citycode.Parking})
	ask(code, citycode.Check{Audience: citycode.Transit})
	ask(code, citycode.Check{Audience: citycode.Transit})
	_, err := citycode.ParseToken([]byte("TX2030405"))
	fmt.Println(err)

	// Output:
	// wrong-audience (SPEC §5.10)
	// valid
	// replayed (SPEC §5.12)
	// citycode: malformed: first byte 0x54 is not that of a citizen code
}

// A printed code of a place has no holder: it says where somebody stands, opens
// nothing and pays nothing.
func ExampleCredential_Static() {
	city := citycodetest.NewCity(exampleTB{}, citycodetest.Shenyang)
	credential := must(city.Printer.Issue(citycode.Claims{Profile: citycode.ProfilePlace, IssuedAt: citycodetest.Start, NotAfter: citycodetest.Start.AddDate(5, 0, 0),
		Index: 8, Subject: []byte("platform")}))
	sticker := must(credential.Static())
	for _, f := range sticker.Fields() {
		fmt.Printf("%2d %2d %s\n", f.Offset, f.Length, f.Name)
	}
	verified := must(city.Verifier(nil).Verify(must(citycode.ParseToken(sticker.Bytes())), citycode.Check{}))
	fmt.Printf("%s %s until %s\n", verified.Profile().Name, verified.Subject(), verified.NotAfter().Format(time.DateOnly))

	// Output:
	//  0  1 version
	//  1  1 mode
	//  2  1 profile
	//  3  4 issuer
	//  7  4 issuedAt
	// 11  4 notAfter
	// 15  1 statusList
	// 16  3 statusIndex
	// 19  2 scenes
	// 21  1 benefit
	// 22  1 subjectLength
	// 23  8 subject
	// 31 64 issuerSignature
	// place platform until 2031-11-22
}

// A terminal that can speak asks, and a card answers: the code is for this gate.
func ExampleNewChallenge() {
	city := citycodetest.NewCity(exampleTB{}, citycodetest.Shenyang)
	gate := city.Verifier(nil)
	citizen := city.Citizen("zhang", citycode.ProfileTransit, citycode.Transit, nil)

	challenge := must(citycode.NewChallenge(citycode.ChallengeConfig{Terminal: []byte("gate 7"), Now: city.Clock.Now()}))
	code := citizen.Answer(citycode.Transit, challenge.Bytes())
	verified := must(gate.Verify(code, citycode.Check{Audience: citycode.Transit, Challenge: challenge}))
	fmt.Println("a picture of another screen:", verified.OneWay())

	_, err := gate.Verify(code, citycode.Check{Audience: citycode.Transit})
	fmt.Println(err)

	// Output:
	// a picture of another screen: false
	// citycode: challenge-mismatch: it answers a challenge that was not asked
}

// A gate takes the same memory for each code and notes the hint beside it. At
// night the back office judges all of them together, by the gate's time.
func ExampleVerifier_VerifyBatch() {
	city := citycodetest.NewCity(exampleTB{}, citycodetest.Shenyang)
	trust := city.Trust(nil)
	lists := citycode.VerifierConfig{Trust: trust, Status: city.Status(trust), Now: city.Clock.Now}
	atGate := lists
	atGate.Replay, atGate.Hints = city.Guard(), true
	atGate.Cache = must(citycode.NewCache(citycode.CacheConfig{}))
	gate := must(citycode.NewVerifier(atGate))

	check := citycode.Check{Audience: citycode.Transit}
	var token citycode.Token
	var verified citycode.Verified
	var taps []citycode.Tap
	for _, name := range []string{"zhang", "li", "wang"} {
		code := city.Citizen(name, citycode.ProfileTransit, citycode.Transit, nil).Show(citycode.Transit).Bytes()
		if err := token.Parse(code); err != nil {
			log.Fatal(err)
		}
		if err := gate.VerifyInto(&verified, &token, check); err != nil {
			log.Fatal(err)
		}
		taps = append(taps, citycode.Tap{Token: must(citycode.ParseToken(code)), Check: check, At: verified.At(), Hint: verified.Hint()})
	}

	city.Clock.Advance(8 * time.Hour)
	inOffice := lists
	inOffice.InsecureNoReplayGuard = true // a second use is found in the books
	office := must(citycode.NewVerifier(inOffice))
	office.VerifyBatch(taps)
	for _, tap := range taps {
		fmt.Println(tap.Err, tap.Verified.Serial())
	}

	// Output:
	// <nil> 210100/1#0:101
	// <nil> 210100/1#0:102
	// <nil> 210100/1#0:103
}
