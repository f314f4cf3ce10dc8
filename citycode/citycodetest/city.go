package citycodetest

import (
	"crypto"
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
)

// Shenyang is the GB/T 2260 code of the city that most tests play in.
const Shenyang = 210100

// Start is when the clock of every test city begins.
var Start = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// Indices of the keys of a test city.
const (
	IssuerIndex   = 1 // explicit credentials
	StaticIndex   = 2 // printed codes
	StatusIndex   = 3 // status lists
	ImplicitIndex = 4 // implicit credentials
)

// A Clock is a time of day that only moves when it is told to.
type Clock struct{ unix atomic.Int64 }

// NewClock returns a clock that shows t.
func NewClock(t time.Time) *Clock {
	c := new(Clock)
	c.Set(t)
	return c
}

// Now returns what the clock shows.
func (c *Clock) Now() time.Time { return time.Unix(c.unix.Load(), 0).UTC() }

// Set sets the clock.
func (c *Clock) Set(t time.Time) { c.unix.Store(t.Unix()) }

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) { c.unix.Add(int64(d / time.Second)) }

// Elapsed is the clock as one that only runs forward, for a replay guard. It
// is right as long as the test only advances the clock.
func (c *Clock) Elapsed() time.Duration { return c.Now().Sub(Start) }

// A City is a deterministic city: three root keys of which two sign, one key
// for credentials, one for printed codes, one for status lists.
type City struct {
	TB       testing.TB
	Code     int
	Clock    *Clock
	Issuer   *citycode.Issuer // explicit credentials
	Printer  *citycode.Issuer // static codes
	Implicit *citycode.ImplicitIssuer
	Roots    []citycode.PublicKey
	Draft    citycode.TrustDraft // of the list in TrustMessage
	Register map[citycode.KeyID]*citycode.StatusRegister

	next    uint32
	version uint32
}

// NewCity returns the city with the given GB/T 2260 code.
func NewCity(tb testing.TB, code int) *City {
	tb.Helper()
	c := &City{TB: tb, Code: code, Clock: NewClock(Start), next: 100}
	var err error
	c.Issuer, err = citycode.NewIssuer(citycode.IssuerConfig{ID: c.ID(IssuerIndex), Key: Key(c.name("issuer"))})
	require.NoError(tb, err)
	c.Printer, err = citycode.NewIssuer(citycode.IssuerConfig{ID: c.ID(StaticIndex), Key: Key(c.name("printer"))})
	require.NoError(tb, err)
	status, err := citycode.NewIssuer(citycode.IssuerConfig{ID: c.ID(StatusIndex), Key: Key(c.name("status"))})
	require.NoError(tb, err)
	master, err := engine.NewImplicitKey(Scalar(c.name("implicit")))
	require.NoError(tb, err)
	c.Implicit, err = citycode.NewImplicitIssuer(citycode.ImplicitIssuerConfig{ID: c.ID(ImplicitIndex), Key: master, Answers: make(Answers), Rand: Random(c.name("implicit w"))})
	require.NoError(tb, err)
	for i := range 3 {
		root, err := citycode.PublicKeyOf(Key(c.name(fmt.Sprintf("root %d", i))))
		require.NoError(tb, err)
		c.Roots = append(c.Roots, root)
	}

	entry := func(i *citycode.Issuer, use citycode.KeyUse, scenes citycode.Scenes, life time.Duration, profiles ...citycode.Profile) citycode.TrustEntry {
		proof, err := i.ProvePossession(i.ID(), [16]byte{1})
		require.NoError(tb, err)
		c.Draft.Proofs = append(c.Draft.Proofs, proof)
		e := citycode.TrustEntry{ID: i.ID(), Use: use, Key: i.PublicKey(), Scenes: scenes, IssueFrom: Start.Add(-30 * day),
			IssueUntil: Start.Add(60 * day), VerifyUntil: Start.Add(4000 * day), MaxLifetime: life}
		for _, p := range profiles {
			e.Profiles = append(e.Profiles, citycode.PinProfile(p))
		}
		return e
	}
	master2 := citycode.TrustEntry{ID: c.Implicit.ID(), Use: citycode.UseImplicit, Key: c.Implicit.PublicKey(), Scenes: citycode.Transit,
		IssueFrom: Start.Add(-30 * day), IssueUntil: Start.Add(60 * day), VerifyUntil: Start.Add(4000 * day), MaxLifetime: 7 * day,
		Profiles: []citycode.TrustProfile{citycode.PinProfile(citycode.ImplicitTransitProfile())}}
	owner, err := citycode.NewIssuer(citycode.IssuerConfig{ID: c.Implicit.ID(), Key: Key(c.name("implicit"))})
	require.NoError(tb, err)
	proof, err := owner.ProvePossession(c.Implicit.ID(), [16]byte{1})
	require.NoError(tb, err)
	c.Draft.Proofs = append(c.Draft.Proofs, proof)
	c.Draft.City = code
	c.Draft.Version = citycode.Version{Epoch: 1, Counter: 1}
	c.Draft.IssuedAt = Start.Add(-time.Hour)
	c.Draft.Expires = Start.Add(30 * day)
	c.Draft.Entries = []citycode.TrustEntry{
		entry(c.Issuer, citycode.UseExplicit, citycode.Transit|citycode.Medical|citycode.Parking|citycode.Tourism, 7*day,
			profilesOf(citycode.Explicit)...),
		entry(c.Printer, citycode.UseStatic, 0xffff, 3650*day, profilesOf(citycode.Static)...),
		entry(status, citycode.UseStatus, 0, 0),
		master2,
	}
	c.Register = make(map[citycode.KeyID]*citycode.StatusRegister)
	for _, id := range []citycode.KeyID{c.Issuer.ID(), c.Printer.ID(), c.Implicit.ID()} {
		c.Register[id], err = citycode.NewStatusRegister(id, 0, 10_000)
		require.NoError(tb, err)
	}
	return c
}

const day = 24 * time.Hour

// profilesOf returns the standard profiles of a key mode.
func profilesOf(mode citycode.KeyMode) (list []citycode.Profile) {
	for _, p := range citycode.Profiles() {
		if p.Mode == mode {
			list = append(list, p)
		}
	}
	return list
}

func (c *City) name(role string) string { return fmt.Sprintf("%06d %s", c.Code, role) }

// ID returns a key id of the city.
func (c *City) ID(index int) citycode.KeyID {
	id, err := citycode.NewKeyID(c.Code, index)
	require.NoError(c.TB, err)
	return id
}

// TrustMessage signs the draft with two of the three roots.
func (c *City) TrustMessage() []byte {
	c.TB.Helper()
	body, err := c.Draft.Body()
	require.NoError(c.TB, err)
	return c.SignTrust(body, 0, 1)
}

// SignTrust signs a list body with the named roots.
func (c *City) SignTrust(body []byte, roots ...int) []byte {
	c.TB.Helper()
	var sigs []*citycode.RootSignature
	for _, i := range roots {
		sig, err := citycode.SignTrustList(body, Key(c.name(fmt.Sprintf("root %d", i))))
		require.NoError(c.TB, err)
		sigs = append(sigs, sig)
	}
	msg, err := citycode.AssembleTrustList(body, sigs...)
	require.NoError(c.TB, err)
	return msg
}

// TrustConfig is what a terminal of the city is built with.
func (c *City) TrustConfig() citycode.TrustConfig {
	return citycode.TrustConfig{City: c.Code, Roots: c.Roots, Threshold: 2}
}

// Trust opens the current trust list with an engine; nil is the default one.
func (c *City) Trust(e engine.Engine) *citycode.TrustList {
	c.TB.Helper()
	cfg := c.TrustConfig()
	cfg.Engine = e
	list, err := citycode.OpenTrustList(c.TrustMessage(), cfg)
	require.NoError(c.TB, err)
	return list
}

// StatusMessage signs the register of an issuer at the clock's time.
func (c *City) StatusMessage(issuer citycode.KeyID) []byte {
	c.TB.Helper()
	c.version++
	msg, err := c.Register[issuer].Sign(citycode.StatusHeader{Signer: c.ID(StatusIndex), Version: citycode.Version{Epoch: 1, Counter: c.version},
		IssuedAt: c.Clock.Now(), Expires: c.Clock.Now().Add(7 * day)}, Key(c.name("status")))
	require.NoError(c.TB, err)
	return msg
}

// Status opens the status lists of the city as they are now.
func (c *City) Status(trust *citycode.TrustList) []*citycode.StatusList {
	c.TB.Helper()
	var lists []*citycode.StatusList
	for _, issuer := range []citycode.KeyID{c.Issuer.ID(), c.Printer.ID(), c.Implicit.ID()} {
		l, err := citycode.OpenStatusList(c.StatusMessage(issuer), trust, citycode.Version{})
		require.NoError(c.TB, err)
		lists = append(lists, l)
	}
	return lists
}

// Verifier returns a verifier with the lists as they are now and a guard that
// begins with an empty journal.
func (c *City) Verifier(e engine.Engine) *citycode.Verifier {
	c.TB.Helper()
	trust := c.Trust(e)
	v, err := citycode.NewVerifier(citycode.VerifierConfig{Trust: trust, Status: c.Status(trust), Replay: c.Guard(), Now: c.Clock.Now})
	require.NoError(c.TB, err)
	return v
}

// Guard returns a replay guard on the city's clock with an empty journal.
func (c *City) Guard() *citycode.ReplayGuard {
	c.TB.Helper()
	g, err := citycode.NewReplayGuard(citycode.ReplayConfig{Boot: c.Clock.Now(), Elapsed: c.Clock.Elapsed,
		Journal: func(func(citycode.Accepted) bool) {}})
	require.NoError(c.TB, err)
	return g
}

// A Citizen is a made-up person with one credential.
type Citizen struct {
	*citycode.Holder
	city   *City
	Claims citycode.Claims
	Cred   *citycode.Credential
	Key    *citycode.SoftwareKey
}

// Citizen issues a credential of a profile for scenes, valid from the clock's
// time for a day. change, which may be nil, changes the claims before.
func (c *City) Citizen(name string, profile citycode.ProfileID, scenes citycode.Scenes, change func(*citycode.Claims)) *Citizen {
	c.TB.Helper()
	return c.CitizenWithKey(Key(c.name("citizen "+name)), profile, scenes, change)
}

// CitizenWithKey is [City.Citizen] for a key of the caller's.
func (c *City) CitizenWithKey(signer crypto.Signer, profile citycode.ProfileID, scenes citycode.Scenes, change func(*citycode.Claims)) *Citizen {
	c.TB.Helper()
	key, err := citycode.NewSoftwareKey(signer, new(memoryCounter))
	require.NoError(c.TB, err)
	proof, err := key.ProvePossession(c.Issuer.ID(), [16]byte{2})
	require.NoError(c.TB, err)
	c.next++
	now := c.Clock.Now()
	p := &Citizen{city: c, Key: key, Claims: citycode.Claims{Profile: profile, IssuedAt: now, NotAfter: now.Add(day), Index: c.next,
		Scenes: scenes, Subject: binary.BigEndian.AppendUint64(nil, uint64(c.next)<<32|0x0c1712e5), Possession: proof}}
	if change != nil {
		change(&p.Claims)
	}
	p.Cred, err = c.Issuer.Issue(p.Claims)
	require.NoError(c.TB, err)
	p.Holder, err = citycode.NewHolder(p.Cred, key)
	require.NoError(c.TB, err)
	return p
}

// ImplicitCitizen issues an implicit credential for transit.
func (c *City) ImplicitCitizen(name string, change func(*citycode.Claims)) *Citizen {
	c.TB.Helper()
	name = "citizen " + name
	proof, err := c.key(name).ProvePossession(c.Implicit.ID(), [16]byte{2})
	require.NoError(c.TB, err)
	c.next++
	now := c.Clock.Now()
	p := &Citizen{city: c, Claims: citycode.Claims{Profile: citycode.ProfileImplicit, IssuedAt: now, NotAfter: now.Add(day), Index: c.next,
		Scenes: citycode.Transit, Subject: binary.BigEndian.AppendUint64(nil, uint64(c.next)<<32|0x0c1712e5), Possession: proof}}
	if change != nil {
		change(&p.Claims)
	}
	answer, err := c.Implicit.Issue(p.Claims)
	require.NoError(c.TB, err)
	signer, err := answer.Complete(Scalar(c.name(name)), c.Implicit.PublicKey())
	require.NoError(c.TB, err)
	p.Cred = answer.Credential
	p.Key, err = citycode.NewSoftwareKey(deterministic{signer}, new(memoryCounter))
	require.NoError(c.TB, err)
	p.Holder, err = citycode.NewHolder(p.Cred, p.Key)
	require.NoError(c.TB, err)
	return p
}

func (c *City) key(name string) *citycode.SoftwareKey {
	key, err := citycode.NewSoftwareKey(Key(c.name(name)), new(memoryCounter))
	require.NoError(c.TB, err)
	return key
}

// Show presents a code for an audience at the clock's time.
func (p *Citizen) Show(audience citycode.Scenes) *citycode.Token {
	p.city.TB.Helper()
	return p.Answer(audience, nil)
}

// Answer presents a code that answers a challenge.
func (p *Citizen) Answer(audience citycode.Scenes, challenge []byte) *citycode.Token {
	p.city.TB.Helper()
	t, err := p.Present(citycode.Presentation{Time: p.city.Clock.Now(), Audience: audience, Challenge: challenge})
	require.NoError(p.city.TB, err)
	return t
}

// Place issues the printed code of a place.
func (c *City) Place(change func(*citycode.Claims)) *citycode.Token {
	c.TB.Helper()
	c.next++
	now := c.Clock.Now()
	claims := citycode.Claims{Profile: citycode.ProfilePlace, IssuedAt: now, NotAfter: now.Add(365 * day), Index: c.next,
		Subject: binary.BigEndian.AppendUint64(nil, uint64(c.next))}
	if change != nil {
		change(&claims)
	}
	cred, err := c.Printer.Issue(claims)
	require.NoError(c.TB, err)
	t, err := cred.Static()
	require.NoError(c.TB, err)
	return t
}

type memoryCounter struct{ n uint32 }

func (m *memoryCounter) Next() (uint32, error) { m.n++; return m.n, nil }
