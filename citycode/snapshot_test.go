package citycode_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
)

const snapshot = "snapshot"

// snapshotIndex is that of the city's key for snapshots.
const snapshotIndex = 5

// newSnapshotStage is a city at noon that has a key for snapshots.
func newSnapshotStage(t testing.TB) *stage {
	t.Helper()
	s := newStage(t)
	s.Clock.Set(at(noon))
	s.prove("210100 snapshot", s.ID(snapshotIndex))
	e := s.Draft.Entries[2]
	e.ID, e.Use, e.Key = s.ID(snapshotIndex), citycode.UseSnapshot, citycode.PublicKey(compressed(t, citycodetest.Key("210100 snapshot")))
	s.Draft.Entries = append(s.Draft.Entries, e)
	return s
}

// snapshotHeader is that of a snapshot of now, good for four hours.
func (s *stage) snapshotHeader(counter uint32) citycode.StatusHeader {
	return citycode.StatusHeader{Signer: s.ID(snapshotIndex), Version: citycode.Version{Epoch: 1, Counter: counter},
		IssuedAt: s.Clock.Now(), Expires: s.Clock.Now().Add(4 * time.Hour)}
}

func (s *stage) snapshotMessage(counter uint32, trust *citycode.TrustList, lists ...*citycode.StatusList) []byte {
	s.t.Helper()
	msg, err := citycode.SignSnapshot(s.snapshotHeader(counter), citycodetest.Key("210100 snapshot"), trust, lists...)
	require.NoError(s.t, err)
	return msg
}

func openSnapshot(t testing.TB, msg []byte, trust *citycode.TrustList, have citycode.Version) (*citycode.Snapshot, citycode.ListReason) {
	t.Helper()
	s, err := citycode.OpenSnapshot(msg, trust, have)
	if err != nil {
		require.Nil(t, s)
	}
	return s, listReason(t, snapshot, err)
}

// strangersSnapshot names the trust list of the city and one of its status
// lists, as the stranger writes it.
func strangersSnapshot(trustBody, statusBody []byte) strangerSnapshot {
	return strangerSnapshot{version: 0x11, kind: 'N', signer: 210100<<12 | snapshotIndex, epoch: 1, counter: 9,
		issuedAt: uint32(noon), expires: uint32(noon + 4*hour), key: citycodetest.Key("210100 snapshot"),
		lists: []strangerNamed{
			{kind: 'S', issuer: 210100<<12 | 1, epoch: 1, counter: 1, digest: sm3(statusBody)},
			{kind: 'T', epoch: 1, counter: 1, digest: sm3(trustBody)},
		}}
}

// bodies are what is signed of a trust list with two signatures and of a
// status list.
func bodies(trust, status []byte) (trustBody, statusBody []byte) {
	return trust[:len(trust)-1-2*72], status[:len(status)-64]
}

// TestSnapshot: the library and the stranger write the same snapshot, and a
// terminal that has it accepts what it accepted without.
func TestSnapshot(t *testing.T) {
	s := newSnapshotStage(t)
	status := s.StatusMessage(s.Issuer.ID())
	stranger := strangersSnapshot(bodies(s.TrustMessage(), status))
	citizen := s.Citizen("Li Lei", citycode.ProfileTransit, citycode.Transit, nil)
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		trust := s.Trust(e)
		list, reason := openStatus(t, trust, status, citycode.Version{})
		require.Zero(t, reason)
		msg := s.snapshotMessage(9, trust, list)
		assert.Equal(t, stranger.message(t), msg)
		snap, reason := openSnapshot(t, msg, trust, citycode.Version{})
		require.Zero(t, reason)
		assert.Equal(t, citycode.Version{Epoch: 1, Counter: 9}, snap.Version())
		assert.Equal(t, at(noon+4*hour), snap.Expires())

		v, err := citycode.NewVerifier(citycode.VerifierConfig{Trust: trust, Snapshot: snap, Status: []*citycode.StatusList{list}, InsecureNoReplayGuard: true, Now: s.Clock.Now})
		require.NoError(t, err)
		_, reason2 := verdict(t, v, citizen.Show(citycode.Transit), citycode.Check{Audience: citycode.Transit})
		assert.Zero(t, reason2)
	})
	// The order in which lists are named is the snapshot's.
	trust := s.Trust(nil)
	lists := s.Status(trust)
	one := s.snapshotMessage(1, trust, lists...)
	slices.Reverse(lists)
	assert.Equal(t, one, s.snapshotMessage(1, trust, lists...))
}

// TestSnapshotFreeze: a terminal that is kept from newer lists finds out within
// hours, and a snapshot that says it is of later than the clock moves the floor.
func TestSnapshotFreeze(t *testing.T) {
	for _, e := range engines() {
		s := newSnapshotStage(t)
		trust := s.Trust(e)
		lists := s.Status(trust)
		snap, reason := openSnapshot(t, s.snapshotMessage(1, trust, lists...), trust, citycode.Version{})
		require.Zero(t, reason)
		cfg := citycode.VerifierConfig{Trust: trust, Snapshot: snap, Status: lists, InsecureNoReplayGuard: true, Now: s.Clock.Now}
		citizen := s.Citizen("Han Meimei", citycode.ProfileTransit, citycode.Transit, nil)
		scan := func() citycode.Reason {
			v, err := citycode.NewVerifier(cfg)
			require.NoError(t, err)
			_, reason := verdict(t, v, citizen.Show(citycode.Transit), citycode.Check{Audience: citycode.Transit})
			return reason
		}
		s.Clock.Advance(4 * time.Hour)
		assert.Zero(t, scan(), "in its last second")
		s.Clock.Advance(time.Second)
		assert.Equal(t, citycode.TrustStale, scan())
		// The next one, of the same lists, and all is well again.
		cfg.Snapshot, reason = openSnapshot(t, s.snapshotMessage(2, trust, lists...), trust, snap.Version())
		require.Zero(t, reason)
		assert.Zero(t, scan())
		v, err := citycode.NewVerifier(cfg)
		require.NoError(t, err)
		assert.Equal(t, s.Clock.Now(), v.TimeFloor())
		// Whoever turns the clock back to make the old one last is found out.
		s.Clock.Advance(-time.Minute)
		assert.Equal(t, citycode.TerminalClockWrong, scan())
		// And the old one does not come back.
		_, reason = openSnapshot(t, s.snapshotMessage(1, trust, lists...), trust, cfg.Snapshot.Version())
		assert.Equal(t, citycode.ListRollback, reason)
	}
}

// TestSnapshotMixAndMatch: lists that are each genuine, and of two days.
func TestSnapshotMixAndMatch(t *testing.T) {
	for _, e := range engines() {
		s := newSnapshotStage(t)
		trust := s.Trust(e)
		yesterday := s.Status(trust)
		s.Clock.Advance(time.Hour)
		require.NoError(t, s.Register[s.Issuer.ID()].Set(4711, citycode.StatusRevoked))
		today := s.Status(trust)
		snap, reason := openSnapshot(t, s.snapshotMessage(2, trust, today...), trust, citycode.Version{})
		require.Zero(t, reason)
		use := func(snap *citycode.Snapshot, trust *citycode.TrustList, lists ...*citycode.StatusList) error {
			_, err := citycode.NewVerifier(citycode.VerifierConfig{Trust: trust, Snapshot: snap, Status: lists, InsecureNoReplayGuard: true, Now: s.Clock.Now})
			return err
		}
		assert.NoError(t, use(snap, trust, today...))
		assert.NoError(t, use(snap, trust, today[0]), "a terminal need not hold every list")
		assert.NoError(t, use(snap, trust))
		assert.ErrorContains(t, use(snap, trust, yesterday...), "snapshot does not name status list")
		assert.ErrorContains(t, use(snap, trust, yesterday[0], today[1], today[2]), "snapshot does not name status list")
		assert.ErrorContains(t, use(snap, trust, today[0], yesterday[1]), "snapshot does not name status list")
		assert.NoError(t, use(nil, trust, yesterday...), "without a snapshot nobody can know")

		// One version, two contents: the digest tells them apart.
		r := today[0].Register()
		require.NoError(t, r.Set(4712, citycode.StatusSuspended))
		msg, err := r.Sign(citycode.StatusHeader{Signer: s.ID(citycodetest.StatusIndex), Version: today[0].Version(),
			IssuedAt: today[0].IssuedAt(), Expires: today[0].IssuedAt().Add(7 * 24 * time.Hour)}, citycodetest.Key("210100 status"))
		require.NoError(t, err)
		twin, reason := openStatus(t, trust, msg, today[0].Version())
		require.Zero(t, reason)
		assert.Error(t, use(snap, trust, twin))

		// A list that the city never named, of an issuer that it did.
		r, err = citycode.NewStatusRegister(s.Issuer.ID(), 1, 10)
		require.NoError(t, err)
		msg, err = r.Sign(citycode.StatusHeader{Signer: s.ID(citycodetest.StatusIndex), Version: citycode.Version{Epoch: 1}, IssuedAt: at(noon), Expires: at(noon + hour)}, citycodetest.Key("210100 status"))
		require.NoError(t, err)
		other, reason := openStatus(t, trust, msg, citycode.Version{})
		require.Zero(t, reason)
		assert.Error(t, use(snap, trust, other))

		// Another issue of the trust list, or another list of that version.
		for _, change := range []func(d *citycode.TrustDraft){
			func(d *citycode.TrustDraft) { d.Version.Counter++ },
			func(d *citycode.TrustDraft) { d.Expires = d.Expires.Add(time.Second) },
		} {
			draft := s.Draft
			change(&s.Draft)
			next := s.Trust(e)
			s.Draft = draft
			_, reason = openSnapshot(t, s.snapshotMessage(2, trust, today...), next, citycode.Version{})
			assert.Equal(t, citycode.ListWrongBase, reason)
			assert.ErrorContains(t, use(snap, next), "snapshot does not name trust list")
		}
	}
}

// TestSnapshotAndOtherCities: a snapshot speaks of its own city's lists.
func TestSnapshotAndOtherCities(t *testing.T) {
	n := newNeighbours(t)
	s := newSnapshotStage(t)
	s.Draft.Grants = n.here.Draft.Grants
	n.here = s.City
	cfg := n.config(nil)
	snap, reason := openSnapshot(t, s.snapshotMessage(1, cfg.Trust, cfg.Status[:3]...), cfg.Trust, citycode.Version{})
	require.Zero(t, reason)
	cfg.Snapshot = snap
	assert.Zero(t, n.verdict(cfg, n.code()))
	s.Clock.Advance(4*time.Hour + time.Second)
	assert.Equal(t, citycode.TrustStale, n.verdict(cfg, n.code()), "its own terminals are kept from newer lists, whoever comes")
}

// TestSnapshotRules: SPEC §6.7.
func TestSnapshotRules(t *testing.T) {
	s := newSnapshotStage(t)
	trustMsg, status := s.TrustMessage(), s.StatusMessage(s.Issuer.ID())
	v := func(counter uint32) citycode.Version { return citycode.Version{Epoch: 1, Counter: counter} }
	count := func(n uint16) *uint16 { return &n }
	somebody := citycodetest.Key("somebody")
	many := func(n int) func(l *strangerSnapshot) {
		return func(l *strangerSnapshot) {
			named := l.lists[1]
			l.lists = l.lists[:0:0]
			for i := range n - 1 {
				l.lists = append(l.lists, strangerNamed{kind: 'S', issuer: 210100<<12 | uint32(i/256), list: byte(i)})
			}
			l.lists = append(l.lists, named)
		}
	}
	for _, c := range []struct {
		name   string
		want   citycode.ListReason
		have   citycode.Version
		change func(l *strangerSnapshot)
	}{
		{"nothing wrong", 0, v(0), func(l *strangerSnapshot) {}},
		{"the same again", 0, v(9), func(l *strangerSnapshot) {}},
		{"only the trust list", 0, v(0), func(l *strangerSnapshot) { l.lists = l.lists[1:] }},
		{"4096 lists", 0, v(0), many(citycode.MaxSnapshotEntries)},
		{"it expired long ago", 0, v(0), func(l *strangerSnapshot) { l.expires = 1 }}, // so that the terminal can say trust-stale
		{"older than the one held", citycode.ListRollback, v(10), func(l *strangerSnapshot) {}},
		{"of an epoch before", citycode.ListRollback, citycode.Version{Epoch: 2}, func(l *strangerSnapshot) { l.counter = 1<<32 - 1 }},

		{"version 2", citycode.ListUnsupported, v(0), func(l *strangerSnapshot) { l.version = 0x12 }},
		{"version of something else", citycode.ListMalformed, v(0), func(l *strangerSnapshot) { l.version = 0x01 }},
		{"a status list's kind", citycode.ListMalformed, v(0), func(l *strangerSnapshot) { l.kind = 'S' }},
		{"lists that descend", citycode.ListMalformed, v(0), func(l *strangerSnapshot) { slices.Reverse(l.lists) }},
		{"a list twice", citycode.ListMalformed, v(0), func(l *strangerSnapshot) { l.lists = append(l.lists[:1:1], l.lists...) }},
		{"two versions of a list", citycode.ListMalformed, v(0), func(l *strangerSnapshot) {
			second := l.lists[0]
			second.counter++
			l.lists = []strangerNamed{l.lists[0], second, l.lists[1]}
		}},
		{"a list of another kind", citycode.ListMalformed, v(0), func(l *strangerSnapshot) { l.lists[0].kind = 'D' }},
		{"a trust list of an issuer", citycode.ListMalformed, v(0), func(l *strangerSnapshot) {
			l.lists = append(l.lists, strangerNamed{kind: 'T', issuer: 1})
		}},
		{"a second trust list", citycode.ListMalformed, v(0), func(l *strangerSnapshot) {
			l.lists = append(l.lists, strangerNamed{kind: 'T', list: 1})
		}},
		{"4097 lists", citycode.ListMalformed, v(0), many(citycode.MaxSnapshotEntries + 1)},
		{"a list that is not there", citycode.ListMalformed, v(0), func(l *strangerSnapshot) { l.count = count(3) }},
		{"a list too many", citycode.ListMalformed, v(0), func(l *strangerSnapshot) { l.count = count(1) }},
		{"65535 lists that are not there", citycode.ListMalformed, v(0), func(l *strangerSnapshot) { l.count = count(0xffff) }},

		{"another city signs", citycode.ListForeignCity, v(0), func(l *strangerSnapshot) { l.signer = dalian<<12 | snapshotIndex }},
		{"city 0 signs", citycode.ListForeignCity, v(0), func(l *strangerSnapshot) { l.signer = snapshotIndex }},
		{"a key that is not listed", citycode.ListUnknownSigner, v(0), func(l *strangerSnapshot) { l.signer |= 0x40 }},
		{"the status key", citycode.ListUnknownSigner, v(0), func(l *strangerSnapshot) {
			l.signer, l.key = 210100<<12|citycodetest.StatusIndex, citycodetest.Key("210100 status")
		}},
		{"the issuer's key", citycode.ListUnknownSigner, v(0), func(l *strangerSnapshot) { l.signer, l.key = 210100<<12|1, citycodetest.Key("210100 issuer") }},
		{"before the key's time", citycode.ListUnknownSigner, v(0), func(l *strangerSnapshot) {
			l.issuedAt = uint32(citycodetest.Start.Unix() - 30*dayLong - 1)
		}},
		{"after the key's time", citycode.ListUnknownSigner, v(0), func(l *strangerSnapshot) {
			l.issuedAt = uint32(citycodetest.Start.Unix() + 60*dayLong + 1)
		}},
		{"somebody's signature", citycode.ListBadSignature, v(0), func(l *strangerSnapshot) { l.key = somebody }},
		{"the status key's signature", citycode.ListBadSignature, v(0), func(l *strangerSnapshot) { l.key = citycodetest.Key("210100 status") }},
		{"a root's signature", citycode.ListBadSignature, v(0), func(l *strangerSnapshot) { l.key = root(0) }},
		{"under the tag of status lists", citycode.ListBadSignature, v(0), func(l *strangerSnapshot) { l.tag = "CC1/list" }},

		{"no trust list", citycode.ListWrongBase, v(0), func(l *strangerSnapshot) { l.lists = l.lists[:1] }},
		{"nothing", citycode.ListWrongBase, v(0), func(l *strangerSnapshot) { l.lists = nil }},
		{"another version of the trust list", citycode.ListWrongBase, v(0), func(l *strangerSnapshot) { l.lists[1].counter++ }},
		{"another trust list of that version", citycode.ListWrongBase, v(0), func(l *strangerSnapshot) { l.lists[1].digest[31] ^= 1 }},
	} {
		l := strangersSnapshot(bodies(trustMsg, status))
		c.change(&l)
		msg := l.message(t)
		for _, e := range thin(engines(), 2) {
			_, reason := openSnapshot(t, msg, s.Trust(e), c.have)
			assert.Equal(t, c.want.String(), reason.String(), "%s (%s)", c.name, e.Name())
		}
	}
	// The snapshot key signs no status lists.
	l := strangersStatus()
	l.signer, l.key = 210100<<12|snapshotIndex, citycodetest.Key("210100 snapshot")
	_, reason := openStatus(t, s.Trust(nil), l.message(t), citycode.Version{})
	assert.Equal(t, citycode.ListUnknownSigner, reason)

	_, err := citycode.OpenSnapshot(nil, nil, v(0))
	refused := new(citycode.ListError)
	assert.Error(t, err)
	assert.NotErrorAs(t, err, &refused)
}

// TestSnapshotEveryBit: no bit of a snapshot can be flipped, nor can it be cut
// or made longer.
func TestSnapshotEveryBit(t *testing.T) {
	t.Parallel()
	s := newSnapshotStage(t)
	l := strangersSnapshot(bodies(s.TrustMessage(), s.StatusMessage(s.Issuer.ID())))
	msg, body := l.message(t), len(l.body())
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		trust := s.Trust(e)
		_, reason := openSnapshot(t, msg, trust, citycode.Version{})
		require.Zero(t, reason)
		reasons := make(map[citycode.ListReason]int)
		for bit := range 8 * len(msg) {
			if !every(e, bit, 7, 101) {
				continue
			}
			_, reason := openSnapshot(t, flip(msg, bit), trust, citycode.Version{})
			require.NotZero(t, reason, "byte %d", bit/8)
			reasons[reason]++
			want := []citycode.ListReason{citycode.ListBadSignature}
			switch offset := bit / 8; {
			case offset == 0:
				want = []citycode.ListReason{citycode.ListMalformed, citycode.ListUnsupported}
			case offset == 1, offset == 22, offset == 23: // kind, count
				want = []citycode.ListReason{citycode.ListMalformed}
			case offset < 6:
				want = []citycode.ListReason{citycode.ListForeignCity, citycode.ListUnknownSigner}
			case 14 <= offset && offset < 18: // issuedAt, beside the signer's window
				want = append(want, citycode.ListUnknownSigner)
			case offset >= 24 && offset < body: // names
				want = append(want, citycode.ListMalformed)
			}
			require.Contains(t, want, reason, "byte %d, bit %d", bit/8, 7-bit%8)
		}
		t.Log(len(msg), reasons)
	})
	trust := s.Trust(nil)
	for n := range msg {
		_, reason := openSnapshot(t, msg[:n], trust, citycode.Version{})
		require.Equal(t, citycode.ListMalformed, reason, "cut at %d", n)
	}
	for _, tail := range []string{"\x00", "\xff\xff", string(msg[len(msg)-64:])} {
		_, reason := openSnapshot(t, append(bytes.Clone(msg), tail...), trust, citycode.Version{})
		require.Equal(t, citycode.ListMalformed, reason)
	}
}

// TestSnapshotNamesDelta: a list that was reached by a delta is, to a snapshot,
// the same list sent whole.
func TestSnapshotNamesDelta(t *testing.T) {
	s := newSnapshotStage(t)
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		trust := s.Trust(e)
		before, reason := openStatus(t, trust, s.StatusMessage(s.Issuer.ID()), citycode.Version{})
		require.Zero(t, reason)
		r := before.Register()
		require.NoError(t, r.Set(7, citycode.StatusRevoked))
		require.NoError(t, r.Set(8, citycode.StatusSuspended))
		h := citycode.StatusHeader{Signer: s.ID(citycodetest.StatusIndex), Version: citycode.Version{Epoch: 1, Counter: 1000}, IssuedAt: at(noon), Expires: at(noon + dayLong)}
		whole, err := r.Sign(h, citycodetest.Key("210100 status"))
		require.NoError(t, err)
		sent, reason := openStatus(t, trust, whole, before.Version())
		require.Zero(t, reason)
		delta, err := r.SignDelta(before, h, citycodetest.Key("210100 status"))
		require.NoError(t, err)
		reached, err := before.Apply(delta, trust)
		require.NoError(t, err)
		assert.Equal(t, sent.Digest(), reached.Digest())

		snap, reason := openSnapshot(t, s.snapshotMessage(1, trust, sent), trust, citycode.Version{})
		require.Zero(t, reason)
		cfg := citycode.VerifierConfig{Trust: trust, Snapshot: snap, Status: []*citycode.StatusList{reached}, InsecureNoReplayGuard: true, Now: s.Clock.Now}
		_, err = citycode.NewVerifier(cfg)
		assert.NoError(t, err)
		cfg.Status[0] = before
		_, err = citycode.NewVerifier(cfg)
		assert.Error(t, err)
	})
}

// TestSignSnapshotRefuses: the authority's own mistakes.
func TestSignSnapshotRefuses(t *testing.T) {
	s := newSnapshotStage(t)
	trust := s.Trust(nil)
	lists := s.Status(trust)
	key := citycodetest.Key("210100 snapshot")
	h := s.snapshotHeader(1)
	elsewhere := h
	elsewhere.Signer = dalian<<12 | snapshotIndex
	early, late := h, h
	early.IssuedAt, late.Expires = at(-1), at(1<<32)
	for name, err := range map[string]error{
		"no trust list":        second(citycode.SignSnapshot(h, key, nil, lists...)),
		"another city's key":   second(citycode.SignSnapshot(elsewhere, key, trust)),
		"issuedAt before 1970": second(citycode.SignSnapshot(early, key, trust)),
		"expires after 2106":   second(citycode.SignSnapshot(late, key, trust)),
		"a list twice":         second(citycode.SignSnapshot(h, key, trust, lists[0], lists[1], lists[0])),
		"two of one list":      second(citycode.SignSnapshot(h, key, trust, lists[0], s.Status(trust)[0])),
		"4096 status lists":    second(citycode.SignSnapshot(h, key, trust, make([]*citycode.StatusList, citycode.MaxSnapshotEntries)...)),
		"another curve":        second(citycode.SignSnapshot(h, otherCurve(t), trust)),
		"an HSM that fails":    second(citycode.SignSnapshot(h, brokenHSM{key, errHSM}, trust)),
	} {
		assert.Error(t, err, name)
	}
}

func second(_ []byte, err error) error { return err }

// TestCompromisedIssuerDrill: an issuer's key got out. The city takes it from
// the list, lists another under a new id, and gates that get the new lists
// refuse what the old key signed, whoever signed it, and nothing else.
func TestCompromisedIssuerDrill(t *testing.T) {
	for _, e := range engines() {
		s := newSnapshotStage(t)
		trust := s.Trust(e)
		lists := s.Status(trust)
		guard := s.Guard()
		gate := func(snap []byte, have citycode.Version) (*citycode.Verifier, citycode.Version) {
			opened, reason := openSnapshot(t, snap, trust, have)
			require.Zero(t, reason)
			v, err := citycode.NewVerifier(citycode.VerifierConfig{Trust: trust, Snapshot: opened, Status: lists, Replay: guard, Now: s.Clock.Now})
			require.NoError(t, err)
			return v, opened.Version()
		}
		scan := func(v *citycode.Verifier, token *citycode.Token) citycode.Reason {
			_, reason := verdict(t, v, token, citycode.Check{Audience: citycode.Transit})
			return reason
		}
		before, have := gate(s.snapshotMessage(1, trust, lists...), citycode.Version{})
		citizen := s.Citizen("Li Lei", citycode.ProfileTransit, citycode.Transit, nil)
		printed := s.Place(nil)
		require.Zero(t, scan(before, citizen.Show(citycode.Transit)))
		s.Clock.Advance(time.Minute)

		// The key is removed, not retired: it could sign with any date.
		oldList := s.TrustMessage()
		forger := *s.Issuer
		const newIndex = 6
		s.prove("210100 second issuer", s.ID(newIndex))
		entry := s.Draft.Entries[0]
		entry.ID, entry.Key = s.ID(newIndex), citycode.PublicKey(compressed(t, citycodetest.Key("210100 second issuer")))
		s.Draft.Entries = append(s.Draft.Entries[1:], entry)
		s.Draft.Version.Counter++
		s.Draft.IssuedAt = s.Clock.Now()
		s.Draft.Previous = trust
		var err error
		s.Issuer, err = citycode.NewIssuer(citycode.IssuerConfig{ID: s.ID(newIndex), Key: citycodetest.Key("210100 second issuer")})
		require.NoError(t, err)
		s.Register[s.Issuer.ID()], err = citycode.NewStatusRegister(s.Issuer.ID(), 0, 10_000)
		require.NoError(t, err)
		trust = s.Trust(e)
		oldStatus := lists[0]
		lists = append(s.Status(trust), oldStatus)
		after, have := gate(s.snapshotMessage(2, trust, lists...), have)

		assert.Equal(t, citycode.UnknownIssuer, scan(after, citizen.Show(citycode.Transit)), "a citizen's of before")
		proof, err := citizen.Key.ProvePossession(forger.ID(), [16]byte{2})
		require.NoError(t, err)
		claims := citizen.Claims
		claims.Possession, claims.IssuedAt, claims.Index = proof, s.Clock.Now().Add(-12*time.Hour), 9999
		forged, err := forger.Issue(claims)
		require.NoError(t, err)
		thief, err := citycode.NewHolder(forged, citizen.Key)
		require.NoError(t, err)
		token, err := thief.Present(citycode.Presentation{Time: s.Clock.Now(), Audience: citycode.Transit})
		require.NoError(t, err)
		assert.Equal(t, citycode.UnknownIssuer, scan(after, token), "the thief's, dated back")
		assert.Zero(t, scan(before, token), "a gate that is kept from the new lists, until its snapshot expires")
		again := s.Citizen("Li Lei", citycode.ProfileTransit, citycode.Transit, nil)
		assert.Zero(t, scan(after, again.Show(citycode.Transit)), "the citizen's new one")
		v, err := citycode.NewVerifier(citycode.VerifierConfig{Trust: trust, InsecureNoReplayGuard: true, Now: s.Clock.Now})
		require.NoError(t, err)
		assert.Zero(t, scan(v, printed), "printed codes of another key")

		// The old list does not come back, nor does the old snapshot.
		cfg := s.TrustConfig()
		cfg.Have, cfg.Engine = trust.Version(), e
		_, err = citycode.OpenTrustList(oldList, cfg)
		assert.Equal(t, citycode.ListRollback, listReason(t, trustList, err))
		_, reason := openSnapshot(t, s.snapshotMessage(1, trust, lists...), trust, have)
		assert.Equal(t, citycode.ListRollback, reason)
		s.Clock.Advance(4 * time.Hour)
		assert.Equal(t, citycode.TrustStale, scan(before, token))
	}
}
