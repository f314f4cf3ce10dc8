package citycode_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
)

// Every parser has a fuzz target. Each has an oracle, not only "no panic": what
// is accepted is written again as the very same bytes, what is refused has a
// reason, and nothing takes memory that the input did not pay for. Failures are
// reported by hand: require is slow at a million a minute.

// fuzzTokens are real tokens and credentials of every kind.
func fuzzTokens(f *testing.F) {
	w := newMutationWorld(f)
	for _, b := range w.genuine {
		f.Add(b)
	}
	f.Add(w.genuine[0][:128])
	key := append([]byte{2}, make([]byte, 32)...)
	for mode := range byte(16) {
		f.Add(syntheticToken(&stranger{version: 0x11, mode: 0x10 | mode, profile: 0xef, issuer: 210100 << 12, subject: make([]byte, 16),
			seal: make([]byte, 40), source: make([]byte, 20), key: key, multiple: key, audience: 1, challenge: make([]byte, 8)}))
	}
	f.Add([]byte{0x11, 0x11})
	f.Add([]byte{0x12})
}

func FuzzParseToken(f *testing.F) {
	fuzzTokens(f)
	m := new(model)
	f.Fuzz(func(t *testing.T, b []byte) {
		token, err := citycode.ParseToken(b)
		_, reason := m.layout(b)
		if err != nil {
			var refused *citycode.VerifyError
			if !errors.As(err, &refused) || refused.Reason.String() != reason {
				t.Fatalf("%x: %v, and not %s", b, err, reason)
			}
			return
		}
		if reason != "" {
			t.Fatalf("%x is accepted and not %s", b, reason)
		}
		if !bytes.Equal(token.Bytes(), b) || len(b) > citycode.MaxToken {
			t.Fatalf("%x is written %x", b, token.Bytes())
		}
		end := 0
		for _, field := range token.Fields() {
			if field.Offset != end || field.Length <= 0 {
				t.Fatalf("%x: field %v", b, field)
			}
			end += field.Length
		}
		if end != len(b) {
			t.Fatalf("%x: fields end at %d", b, end)
		}
	})
}

func FuzzParseCredential(f *testing.F) {
	fuzzTokens(f)
	m := new(model)
	f.Fuzz(func(t *testing.T, b []byte) {
		cred, err := citycode.ParseCredential(b)
		if err != nil {
			var refused *citycode.VerifyError
			if !errors.As(err, &refused) || refused.Reason > citycode.UnsupportedSuite {
				t.Fatalf("%x: %v", b, err)
			}
			return
		}
		if !bytes.Equal(cred.Bytes(), b) {
			t.Fatalf("%x is written %x", b, cred.Bytes())
		}
		// It is the static part of a token, or a whole static one.
		token := bytes.Clone(b)
		if b[1]&3 != modeStatic {
			token = append(token, make([]byte, 75)...)
		}
		c, reason := m.layout(token)
		if len(token) <= citycode.MaxToken && (reason != "" || c.static != len(b)) {
			t.Fatalf("%x: %s, %d", b, reason, c.static)
		}
	})
}

func FuzzOpenTrustList(f *testing.F) {
	l := strangersTrust(f)
	whole := l.message(f)
	f.Add(whole)
	l.entries = l.entries[:1]
	f.Add(joinSignatures(l.body(), [][]byte{make([]byte, 72)}))
	l.grants = []strangerGrant{strangersGrant(f)}
	f.Add(joinSignatures(l.body(), [][]byte{make([]byte, 72)}))
	l.entries = nil
	f.Add(joinSignatures(l.body(), nil))
	f.Add(l.body())
	cfg := citycodetest.NewCity(f, citycodetest.Shenyang).TrustConfig()
	f.Fuzz(func(t *testing.T, b []byte) {
		refused := new(citycode.ListError)
		list, err := citycode.ParseTrustList(b)
		if err != nil {
			if !errors.As(err, &refused) {
				t.Fatalf("%x: %v", b, err)
			}
		} else {
			if 50*len(list.Entries) > len(b) || 13*len(list.Grants) > len(b) || 72*len(list.Sigs) > len(b) {
				t.Fatalf("%d entries and %d signatures of %d bytes", len(list.Entries), len(list.Sigs), len(b))
			}
			if again := encodeTrust(list); !bytes.Equal(again, b) {
				t.Fatalf("%x is written %x", b, again)
			}
		}
		// Nobody who fuzzes has the root keys.
		if _, err := citycode.OpenTrustList(b, cfg); err == nil && !bytes.Equal(b, whole) {
			t.Fatalf("%x is accepted", b)
		} else if err != nil && !errors.As(err, &refused) {
			t.Fatalf("%x: %v", b, err)
		}
	})
}

// encodeTrust writes a parsed list as the stranger writes it.
func encodeTrust(p *citycode.ParsedTrustList) []byte {
	l := strangerTrust{version: 0x11, kind: 'T', city: uint32(p.City), epoch: p.Version.Epoch, counter: p.Version.Counter,
		issuedAt: uint32(p.IssuedAt.Unix()), expires: uint32(p.Expires.Unix())}
	for _, e := range p.Entries {
		entry := strangerEntry{id: uint32(e.ID), use: byte(e.Use), key: e.Key[:], scenes: uint16(e.Scenes), from: uint32(e.IssueFrom.Unix()),
			until: uint32(e.IssueUntil.Unix()), verify: uint32(e.VerifyUntil.Unix()), life: uint32(e.MaxLifetime / 1e9)}
		for _, pin := range e.Profiles {
			entry.pins = append(entry.pins, strangerPin{byte(pin.ID), pin.Digest})
		}
		l.entries = append(l.entries, entry)
	}
	for _, g := range p.Grants {
		grant := strangerGrant{city: uint32(g.City), epoch: g.Epoch, threshold: byte(g.Threshold), scenes: uint16(g.Scenes)}
		for _, root := range g.Roots {
			grant.roots = append(grant.roots, root[:])
		}
		for _, pin := range g.Profiles {
			grant.pins = append(grant.pins, strangerPin{byte(pin.ID), pin.Digest})
		}
		l.grants = append(l.grants, grant)
	}
	var sigs [][]byte
	for i := range p.Sigs {
		sigs = append(sigs, append(p.Roots[i][:], p.Sigs[i][:]...))
	}
	return joinSignatures(l.body(), sigs)
}

func FuzzOpenStatusList(f *testing.F) {
	l := strangersStatus()
	f.Add(l.message(f))
	l.size, l.changes, l.gaps = 1<<24, 3, riceBits(1<<24, map[uint32]byte{1: '0', 1 << 20: '1', 1<<24 - 1: '0'})
	f.Add(l.message(f))
	l.size, l.changes, l.gaps = 0, 0, nil
	f.Add(l.message(f))
	f.Add(l.body())
	trust := citycodetest.NewCity(f, citycodetest.Shenyang).Trust(nil)
	f.Fuzz(func(t *testing.T, b []byte) {
		refused := new(citycode.ListError)
		m, err := citycode.ParseStatusList(b)
		if err != nil {
			if !errors.As(err, &refused) {
				t.Fatalf("%x: %v", b, err)
			}
			return
		}
		again := strangerStatus{version: 0x11, kind: 'S', signer: uint32(m.Signer), issuer: uint32(m.Issuer()), list: m.List(), epoch: m.Version().Epoch, counter: m.Version().Counter,
			issuedAt: uint32(m.IssuedAt().Unix()), expires: uint32(m.Expires().Unix()), size: uint32(m.Len()), changes: m.Changes, gaps: m.Gaps}
		if !bytes.Equal(again.body(), m.Body) || !bytes.Equal(append(again.body(), m.Sig...), b) {
			t.Fatalf("%x is written %x", b, again.body())
		}
		if list, err := citycode.OpenStatusList(b, trust, citycode.Version{}); err != nil && !errors.As(err, &refused) {
			t.Fatalf("%x: %v", b, err)
		} else if err == nil && list.Len() != m.Len() {
			t.Fatalf("%x has %d entries", b, list.Len())
		}
		if m.Len() > 1<<16 {
			return // a genuine signature is needed to have megabytes decoded
		}
		list, err := m.Decode()
		if err != nil {
			return // OpenStatusList says list-malformed
		}
		changes, gaps := list.Register().Encode()
		if changes != m.Changes || !bytes.Equal(gaps, m.Gaps) {
			t.Fatalf("%x of %d in %d is written %x of %d", m.Gaps, m.Changes, m.Len(), gaps, changes)
		}
	})
}

func FuzzReadChanges(f *testing.F) {
	for _, size := range []int{0, 1, 10, 1000, 1 << 24} {
		states := map[uint32]byte{}
		for i := 0; i < size; i += 1 + size/7 {
			states[uint32(i)] = '0' + byte(i&1)
		}
		f.Add(riceBits(size, states), uint32(size), uint32(len(states)))
	}
	f.Add(bytes.Repeat([]byte{0xff}, 40), uint32(1<<24), uint32(1))
	f.Add(bytes.Repeat([]byte{0xff}, 40), ^uint32(0), ^uint32(0))
	f.Fuzz(func(t *testing.T, b []byte, size, changes uint32) {
		states := make(map[uint32]citycode.Status)
		last := int64(-1)
		err := citycode.ReadChanges(b, size, changes, func(i uint32, s citycode.Status) {
			if int64(i) <= last || i >= size || s != citycode.StatusRevoked && s != citycode.StatusSuspended {
				t.Fatalf("%x of %d in %d: %d is %s after %d", b, changes, size, i, s, last)
			}
			last = int64(i)
			states[i] = s
		})
		// Two bits are the least that an entry takes.
		if 2*len(states) > 8*len(b) {
			t.Fatalf("%d states of %d bytes", len(states), len(b))
		}
		if err != nil || size > 1<<16 {
			return
		}
		count, again := citycode.EncodeChanges(int(size), states)
		if count != changes || !bytes.Equal(again, b) {
			t.Fatalf("%x of %d in %d is written %x of %d", b, changes, size, again, count)
		}
	})
}

func FuzzParseKeyID(f *testing.F) {
	for _, s := range []string{"210100/1", "100000/0", "999999/4095", "210100/01", "0/0", "/", "210100/+1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, err := citycode.ParseKeyID(s)
		if err != nil {
			if id != 0 {
				t.Fatalf("%q is refused and %s", s, id)
			}
			return
		}
		if id.String() != s || id.City() < citycode.MinCity || id.City() > citycode.MaxCity || id.Index() > citycode.MaxIndex {
			t.Fatalf("%q is %s", s, id)
		}
	})
}

func FuzzParseSerial(f *testing.F) {
	for _, s := range []string{"210100/1#0:4711", "999999/4095#255:16777215", "210100/1#256:0", "#:"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := citycode.ParseSerial(text)
		if err != nil {
			if s != (citycode.Serial{}) {
				t.Fatalf("%q is refused and %s", text, s)
			}
			return
		}
		if s.String() != text || s.Index >= 1<<24 {
			t.Fatalf("%q is %s", text, s)
		}
	})
}

func FuzzParseScenes(f *testing.F) {
	for _, s := range []string{"none", "transit", "transit|medical|bit15", "medical|transit", "bit9|bit9", "|", "bit16"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		set, err := citycode.ParseScenes(s)
		if err != nil {
			if set != 0 {
				t.Fatalf("%q is refused and %s", s, set)
			}
			return
		}
		if back, err := citycode.ParseScenes(set.String()); err != nil || back != set {
			t.Fatalf("%q is %s is %s: %v", s, set, back, err)
		}
	})
}

func FuzzParsePublicKey(f *testing.F) {
	f.Add("02" + "32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7")
	f.Add("04")
	f.Fuzz(func(t *testing.T, s string) {
		key, err := citycode.ParsePublicKey(s)
		if err != nil {
			if key != (citycode.PublicKey{}) {
				t.Fatalf("%q is refused and %s", s, key)
			}
			return
		}
		if back, err := citycode.ParsePublicKey(key.String()); err != nil || back != key {
			t.Fatalf("%q is %s: %v", s, key, err)
		}
	})
}
