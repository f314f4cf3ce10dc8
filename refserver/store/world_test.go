package store

import (
	"crypto"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
)

// A world is a test city that publishes bulletins, one after the other, with
// a snapshot, a root change and a neighbour.
type world struct {
	tb      testing.TB
	city    *citycodetest.City
	roots   []crypto.Signer
	config  citycode.TrustConfig
	counter uint32
	whole   map[citycode.KeyID]*citycode.StatusList // the last one published whole
}

const snapshotIndex = 9

func newWorld(tb testing.TB, code int) *world {
	w := &world{tb: tb, city: citycodetest.NewCity(tb, code), whole: make(map[citycode.KeyID]*citycode.StatusList)}
	w.config = w.city.TrustConfig()
	for i := range 3 {
		w.roots = append(w.roots, citycodetest.Key(fmt.Sprintf("%06d root %d", code, i)))
	}
	signer, err := citycode.NewIssuer(citycode.IssuerConfig{ID: w.city.ID(snapshotIndex), Key: w.key("snapshot")})
	require.NoError(tb, err)
	proof, err := signer.ProvePossession(signer.ID(), [16]byte{1})
	require.NoError(tb, err)
	like := w.city.Draft.Entries[2] // the key for status lists
	w.city.Draft.Entries = append(w.city.Draft.Entries, citycode.TrustEntry{ID: signer.ID(), Use: citycode.UseSnapshot, Key: signer.PublicKey(),
		IssueFrom: like.IssueFrom, IssueUntil: like.IssueUntil, VerifyUntil: like.VerifyUntil})
	w.city.Draft.Proofs = append(w.city.Draft.Proofs, proof)
	return w
}

func (w *world) key(role string) crypto.Signer {
	return citycodetest.Key(fmt.Sprintf("%06d %s", w.city.Code, role))
}

func (w *world) built() *Roots {
	c := w.city.TrustConfig()
	return &Roots{City: c.City, Epoch: 1, Threshold: c.Threshold, Keys: c.Roots}
}

func (w *world) header(index int) citycode.StatusHeader {
	now := w.city.Clock.Now()
	return citycode.StatusHeader{Signer: w.city.ID(index), Version: citycode.Version{Epoch: max(1, w.config.Epoch), Counter: w.counter}, IssuedAt: now, Expires: now.Add(5 * 24 * time.Hour)}
}

// publish signs everything at the next version, an hour later.
func (w *world) publish() *Bulletin { return w.sign(false) }

// publishDeltas signs deltas in place of whole status lists.
func (w *world) publishDeltas() *Bulletin { return w.sign(true) }

func (w *world) sign(deltas bool) *Bulletin {
	w.city.Clock.Advance(time.Hour)
	w.counter++
	d := &w.city.Draft
	d.Version, d.IssuedAt = citycode.Version{Epoch: max(1, w.config.Epoch), Counter: w.counter}, w.city.Clock.Now()
	body, err := d.Body()
	require.NoError(w.tb, err)
	var sigs []*citycode.RootSignature
	for _, root := range w.roots[:2] {
		sig, err := citycode.SignTrustList(body, root)
		require.NoError(w.tb, err)
		sigs = append(sigs, sig)
	}
	msg, err := citycode.AssembleTrustList(body, sigs...)
	require.NoError(w.tb, err)
	trust, err := citycode.OpenTrustList(msg, w.config)
	require.NoError(w.tb, err)
	b := &Bulletin{Publication: Publication{Trust: &Message{"trust", msg}}}
	var lists []*citycode.StatusList
	for _, id := range []citycode.KeyID{w.city.Issuer.ID(), w.city.Printer.ID(), w.city.Implicit.ID()} {
		name := StatusName(id, 0)
		var l *citycode.StatusList
		if deltas {
			msg, err := w.city.Register[id].SignDelta(w.whole[id], w.header(citycodetest.StatusIndex), w.key("status"))
			require.NoError(w.tb, err)
			b.Deltas = append(b.Deltas, Message{"delta " + name, msg})
			l, err = w.whole[id].Apply(msg, trust)
			require.NoError(w.tb, err)
		} else {
			msg, err := w.city.Register[id].Sign(w.header(citycodetest.StatusIndex), w.key("status"))
			require.NoError(w.tb, err)
			b.Status = append(b.Status, Message{name, msg})
			l, err = citycode.OpenStatusList(msg, trust, citycode.Version{})
			require.NoError(w.tb, err)
			w.whole[id] = l
		}
		lists = append(lists, l)
	}
	msg, err = citycode.SignSnapshot(w.header(snapshotIndex), w.key("snapshot"), trust, lists...)
	require.NoError(w.tb, err)
	b.Snapshot = &Message{"snapshot", msg}
	return b
}

// changeRoots hands the city's trust to a new set and returns the root change.
func (w *world) changeRoots() Message {
	change := citycode.RootChange{City: w.city.Code, Epoch: max(1, w.config.Epoch) + 1, IssuedAt: w.city.Clock.Now(), Threshold: 2}
	var next []crypto.Signer
	for i := range 3 {
		root := w.key(fmt.Sprintf("root %d of epoch %d", i, change.Epoch))
		public, err := citycode.PublicKeyOf(root)
		require.NoError(w.tb, err)
		next, change.Roots = append(next, root), append(change.Roots, public)
	}
	body, err := change.Body()
	require.NoError(w.tb, err)
	var sigs []*citycode.RootSignature
	for _, root := range slices.Concat(w.roots[:2], next[:2]) {
		sig, err := citycode.SignRootChange(body, root)
		require.NoError(w.tb, err)
		sigs = append(sigs, sig)
	}
	msg, err := citycode.AssembleRootChange(body, sigs...)
	require.NoError(w.tb, err)
	w.config, err = citycode.OpenRootChange(msg, w.config)
	require.NoError(w.tb, err)
	w.roots, w.counter = next, 0
	return Message{ChangeName(change.Epoch), msg}
}

// grant has the city take another one's ride codes.
func (w *world) grant(other *world) {
	g := citycode.Grant{City: other.city.Code, Epoch: max(1, other.config.Epoch), Threshold: other.config.Threshold, Roots: slices.Clone(other.config.Roots),
		Scenes: citycode.Transit, Profiles: []citycode.TrustProfile{citycode.PinProfile(citycode.TransitProfile())}}
	slices.SortFunc(g.Roots, func(a, b citycode.PublicKey) int { return strings.Compare(a.String(), b.String()) })
	w.city.Draft.Grants = []citycode.Grant{g}
}

// A story is the bulletins of a city's week, its codes, and what a terminal
// holds after each.
type story struct {
	roots     *Roots
	bulletins []*Bulletin
	prints    []string // of the sets
	clock     *citycodetest.Clock
	code      *citycode.Token // of the own city
	guest     *citycode.Token // of the neighbour, from the last bulletin on
}

// theStory has every kind of message: whole lists, deltas, a root change and
// another city's lists.
var theStory = sync.OnceValue(func() *story {
	tb := new(inert)
	w, neighbour := newWorld(tb, citycodetest.Shenyang), newWorld(tb, 210200)
	s := &story{roots: w.built(), clock: w.city.Clock}
	rider := w.city.Citizen("rider", citycode.ProfileTransit, citycode.Transit, nil)
	guest := neighbour.city.Citizen("guest", citycode.ProfileTransit, citycode.Transit, nil)
	abroad := neighbour.publish().Publication
	add := func(b *Bulletin) { s.bulletins = append(s.bulletins, b) }
	add(w.publish())
	require.NoError(tb, w.city.Register[w.city.Issuer.ID()].Set(3, citycode.StatusRevoked))
	add(w.publishDeltas())
	require.NoError(tb, w.city.Register[w.city.Issuer.ID()].Set(4, citycode.StatusRevoked))
	add(w.publishDeltas()) // from the same base
	change := w.changeRoots()
	b := w.publish()
	b.Changes = []Message{change}
	add(b)
	w.grant(neighbour)
	b = w.publish()
	b.Foreign = map[int]Publication{neighbour.city.Code: abroad}
	add(b)
	s.code, s.guest = rider.Show(citycode.Transit), nil
	neighbour.city.Clock.Set(w.city.Clock.Now())
	s.guest = guest.Show(citycode.Transit)

	held, err := openHolding("state", newCrashDisk(), nil)
	require.NoError(tb, err)
	for _, b := range s.bulletins {
		lists, err := held.Update(b, s.roots)
		require.NoError(tb, err)
		s.prints = append(s.prints, fingerprint(lists))
	}
	return s
})

// fingerprint names the lists of a set by their versions.
func fingerprint(l *Lists) string {
	text := fmt.Sprintf("roots %d trust %s floor %d", l.Roots.Epoch, l.Trust.Version(), l.Floor.Unix())
	if l.Snapshot != nil {
		text += " snapshot " + l.Snapshot.Version().String()
	}
	for _, f := range l.Foreign {
		text += fmt.Sprintf(" city %06d %s", f.City(), f.Version())
	}
	for _, s := range l.Status {
		text += fmt.Sprintf(" %s#%d %s", s.Issuer(), s.List(), s.Version())
	}
	return text
}

// accepts reports whether the set accepts a code at the end of the story.
func (s *story) accepts(t testing.TB, l *Lists, code *citycode.Token) bool {
	cfg := l.Config()
	cfg.InsecureNoReplayGuard, cfg.Now = true, s.clock.Now
	v, err := citycode.NewVerifier(cfg)
	require.NoError(t, err)
	_, err = v.Verify(code, citycode.Check{Audience: citycode.Transit})
	return err == nil
}

// inert stands in for a test where a story is made once for all of them.
type inert struct{ testing.TB }

func (*inert) Name() string              { return "story" }
func (*inert) Helper()                   {}
func (*inert) Errorf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }
func (*inert) FailNow()                  { panic("failed") }
