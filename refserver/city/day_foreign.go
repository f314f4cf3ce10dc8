package city

import (
	"crypto/ecdsa"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/foreign"
	"github.com/citizencode/citizencode/citycode/foreign/jtt1179"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/transit"
)

// A taker decides about a code of somebody else.
type taker func(code []byte) (*scenarios.Decision, error)

// national is an issuer of ride codes in the layout of JT/T 1179, under a CA that
// exists for this day only.
type national struct {
	clock  *Clock
	root   jtt1179.RootKey
	issuer *jtt1179.Issuer
}

func newNational(clock *Clock) (*national, error) {
	ca, err := engine.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	key, err := engine.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	public, err := citycode.PublicKeyOf(key)
	if err != nil {
		return nil, err
	}
	month, err := jtt1179.MonthOf(clock.Now())
	if err != nil {
		return nil, err
	}
	n := &national{clock: clock, root: jtt1179.RootKey{Index: 1, Expires: month}}
	point := ca.Public().(*ecdsa.PublicKey)
	point.X.FillBytes(n.root.Key[:32])
	point.Y.FillBytes(n.root.Key[32:])
	certificate, err := jtt1179.IssueCertificate(rand.Reader, ca, jtt1179.CertificateClaims{CAIndex: 1, Issuer: "99990001", Expires: month, Key: public})
	if err != nil {
		return nil, err
	}
	n.issuer, err = jtt1179.NewIssuer(certificate, key)
	return n, err
}

// ride draws the code of an account, on a phone that was last online at a time and
// was given a day then.
func (n *national) ride(card jtt1179.Account, online time.Duration) picture {
	return func() ([]byte, error) {
		phone, err := engine.GenerateKey(rand.Reader)
		if err != nil {
			return nil, err
		}
		public, err := citycode.PublicKeyOf(phone)
		if err != nil {
			return nil, err
		}
		now := n.clock.Now()
		authorised, err := n.issuer.Authorise(rand.Reader, jtt1179.Authorisation{PaymentAccount: "TEST-ACCOUNT-001", CardAccount: card, Issuer: "99990001",
			Cap: 2000, UserKey: public, Expires: now.Add(day - online).Truncate(time.Second), Validity: 10 * time.Minute})
		if err != nil {
			return nil, err
		}
		code, err := jtt1179.Show(rand.Reader, authorised, phone, now)
		if err != nil {
			return nil, err
		}
		return plain(string(code))()
	}
}

// takes returns what takes the ride codes at one lane. What it remembers is its
// own: the verifier of citizen codes, its guard and its journal see none of it.
func (n *national) takes(now func() time.Time) (*foreign.Router[taker], error) {
	verifier, err := jtt1179.NewVerifier(jtt1179.Config{Roots: []jtt1179.RootKey{n.root}, Now: now})
	if err != nil {
		return nil, err
	}
	lane, err := verifier.NewLane(jtt1179.LaneConfig{})
	if err != nil {
		return nil, err
	}
	return foreign.NewRouter(new(foreign.Recogniser), map[foreign.Kind]taker{foreign.RideJTT1179: func(code []byte) (*scenarios.Decision, error) {
		ride, err := verifier.Verify(code, jtt1179.Check{Amount: fare})
		if err == nil {
			err = lane.Pass(ride)
		}
		repeated := errors.Is(err, &jtt1179.Error{Reason: jtt1179.Debounced})
		if err != nil && !repeated {
			return scenarios.RefusedForeign(foreign.Refused(foreign.RideJTT1179, err)), nil
		}
		d, err := scenarios.Allowed(text("乘车码已受理，请上车", "The ride code is taken; welcome aboard"), scenarios.ForeignCode{Kind: foreign.RideJTT1179.String()})
		if err == nil {
			d.Repeated = repeated // the same person in front of the reader: it opens once
		}
		return d, err
	}})
}

// fare is what a ride costs at most where national ride codes are taken, in fen.
const fare = 200

// nationalRides is a line that takes the national ride code beside the citizen
// code, at one gate without a network.
func (p *cast) nationalRides() ([]Step, error) {
	n, err := newNational(p.clock)
	if err != nil {
		return nil, err
	}
	p.national = n
	gate, err := p.newGate(&Gate{Name: text("30路公交", "bus 30"), scenario: transit.New(transit.Config{Lines: []string{"30"}}), action: transit.Board, params: json.RawMessage(`{"line":"30"}`)}, p.newest())
	if err != nil {
		return nil, err
	}
	if gate.others, err = n.takes(gate.now); err != nil {
		return nil, err
	}
	const first, second = "99990000000000000001", "99990000000000000002"
	var shown screenshot
	because := func(r jtt1179.Reason) Want { return Want{Reason: r.String()} }
	says := func(r jtt1179.Reason) func(*scenarios.Decision) error {
		return func(d *scenarios.Decision) error {
			if next := (&jtt1179.Error{Reason: r}).Next(); d.Message.Zh != next.Zh || next.Zh == "" {
				return fmt.Errorf("no next step for %s: %s", r, d.Message.En)
			}
			return nil
		}
	}
	return []Step{
		{At: at(8, 40, 0), Who: p.guest.Short, Gate: gate, What: text("本线并受全国乘车码：断网上车", "a line that takes the national ride code too: boards without a network"),
			Picture: shown.of(n.ride(first, 0)), Want: allowed()},
		{At: at(8, 40, 30), Who: p.j.Short, Gate: gate, What: text("前一乘车码的截屏", "a picture of that ride code"),
			Picture: shown.again, Want: because(jtt1179.Replayed), Also: says(jtt1179.Replayed)},
		{At: at(8, 41, 0), Who: p.guest.Short, Gate: gate, What: text("乘车码授权过期：说明如何续期", "a ride code whose authorisation has ended: told how to renew it"),
			Picture: n.ride(second, 25*time.Hour), Want: because(jtt1179.AuthorisationExpired), Also: says(jtt1179.AuthorisationExpired)},
		{At: at(8, 42, 0), Who: p.a.Short, Gate: gate, What: text("同一闸机，市民码上车", "the same gate, a citizen code"),
			Picture: code(p.ride[p.a], citycode.Transit), Want: allowed()},
	}, nil
}

// nationalRide draws a ride code at a gate that takes none.
func (p *cast) nationalRide() ([]byte, error) {
	return p.national.ride("99990000000000000003", 0)()
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
