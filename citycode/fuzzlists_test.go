package citycode_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
)

// The lists that change other lists. The oracle of each is a second parser,
// written from SPEC §6.6, §6.7 and §7.6 as one would write it who has no reader
// of big-endian values: it says what is malformed, and nothing else may be.

// fuzzReason returns why a list was refused, and fails if nothing says so.
func fuzzReason(t *testing.T, b []byte, err error) citycode.ListReason {
	refused := new(citycode.ListError)
	if err == nil {
		return 0
	}
	if !errors.As(err, &refused) || refused.Reason.String() == "" {
		t.Fatalf("%x: %v", b, err)
	}
	return refused.Reason
}

// beginsAs is the first thing that is said of every list.
func beginsAs(b []byte, kind byte, limit int) citycode.ListReason {
	switch {
	case len(b) > limit || len(b) < 2 || b[0]>>4 != 1 || b[1] != kind:
		return citycode.ListMalformed
	case b[0] != 0x11:
		return citycode.ListUnsupported
	}
	return 0
}

// ascends reports whether records of n bytes, of which the first m are a name,
// strictly ascend.
func ascends(b []byte, n, m int) bool {
	for ; len(b) >= 2*n; b = b[n:] {
		if bytes.Compare(b[:m], b[n:n+m]) >= 0 {
			return false
		}
	}
	return true
}

func modelRootChange(b []byte) citycode.ListReason {
	if r := beginsAs(b, 'R', citycode.MaxTrustMessage); r != 0 {
		return r
	}
	if len(b) < 16 {
		return citycode.ListMalformed
	}
	threshold, n := int(b[14]), int(b[15])
	end := 16 + 33*n
	if len(b) <= end || len(b) != end+1+72*int(b[end]) || !ascends(b[16:end], 33, 33) || !ascends(b[end+1:], 72, 8) {
		return citycode.ListMalformed
	}
	if binary.BigEndian.Uint32(b[2:]) != citycodetest.Shenyang {
		return citycode.ListForeignCity
	}
	if n > citycode.MaxRoots || threshold < 1 || threshold > n {
		return citycode.ListMalformed
	}
	for i := range n {
		if _, err := engine.Default().Prepare(b[16+33*i:][:33]); err != nil {
			return citycode.ListMalformed
		}
	}
	return 0
}

func FuzzOpenRootChange(f *testing.F) {
	c := strangersRoot(f)
	whole := c.message(f)
	f.Add(whole)
	f.Add(c.body())
	f.Add(joinSignatures(c.body(), nil))
	c.roots, c.threshold = c.roots[:1], 1
	f.Add(joinSignatures(c.body(), [][]byte{make([]byte, 72)}))
	c.city = dalian
	f.Add(joinSignatures(c.body(), [][]byte{make([]byte, 72), append([]byte{1}, make([]byte, 71)...)}))
	held := heldRoots(f, nil)
	f.Fuzz(func(t *testing.T, b []byte) {
		next, err := citycode.OpenRootChange(b, held)
		reason := fuzzReason(t, b, err)
		if want := modelRootChange(b); want != 0 && reason != want || want == 0 && reason != 0 && reason < citycode.ListUnknownSigner {
			t.Fatalf("%x: %s, and not %s", b, reason, want)
		}
		// Nobody who fuzzes has the root keys.
		if reason == 0 && !bytes.Equal(b, whole) {
			t.Fatalf("%x is accepted", b)
		}
		if (reason == 0) != (next.Epoch == 2) {
			t.Fatalf("%x: %s, epoch %d", b, reason, next.Epoch)
		}
	})
}

func modelSnapshot(b []byte) citycode.ListReason {
	if r := beginsAs(b, 'N', citycode.MaxTrustMessage); r != 0 {
		return r
	}
	if len(b) < 24+64 {
		return citycode.ListMalformed
	}
	n := int(binary.BigEndian.Uint16(b[22:]))
	if n > citycode.MaxSnapshotEntries || len(b) != 24+46*n+64 || !ascends(b[24:24+46*n], 46, 6) {
		return citycode.ListMalformed
	}
	for i := range n {
		name := b[24+46*i:][:6]
		if name[0] != 'S' && !bytes.Equal(name, []byte{'T', 0, 0, 0, 0, 0}) {
			return citycode.ListMalformed
		}
	}
	if binary.BigEndian.Uint32(b[2:])>>12 != citycodetest.Shenyang {
		return citycode.ListForeignCity
	}
	return 0
}

func FuzzOpenSnapshot(f *testing.F) {
	s := newSnapshotStage(f)
	l := strangersSnapshot(bodies(s.TrustMessage(), s.StatusMessage(s.Issuer.ID())))
	whole := l.message(f)
	f.Add(whole)
	f.Add(l.body())
	l.lists = nil
	f.Add(l.message(f))
	l.signer = dalian << 12
	f.Add(l.message(f))
	trust := s.Trust(nil)
	f.Fuzz(func(t *testing.T, b []byte) {
		_, err := citycode.OpenSnapshot(b, trust, citycode.Version{})
		reason := fuzzReason(t, b, err)
		if want := modelSnapshot(b); want != 0 && reason != want || want == 0 && reason != 0 && reason < citycode.ListUnknownSigner {
			t.Fatalf("%x: %s, and not %s", b, reason, want)
		}
		// The seed without lists is signed too: it names no trust list.
		if reason == 0 && !bytes.Equal(b, whole) {
			t.Fatalf("%x is accepted", b)
		}
	})
}

func modelDelta(b []byte) citycode.ListReason {
	if r := beginsAs(b, 'D', citycode.MaxDeltaMessage); r != 0 {
		return r
	}
	if len(b) < 31+32+32+4+64 {
		return citycode.ListMalformed
	}
	signer, issuer := binary.BigEndian.Uint32(b[2:])>>12, binary.BigEndian.Uint32(b[6:])
	for _, city := range []uint32{signer, issuer >> 12} {
		if city < citycode.MinCity || city > citycode.MaxCity {
			return citycode.ListMalformed
		}
	}
	if binary.BigEndian.Uint32(b[27:]) > citycode.MaxStatusEntries {
		return citycode.ListMalformed
	}
	if issuer != citycodetest.Shenyang<<12|1 || b[10] != 7 || signer != citycodetest.Shenyang {
		return citycode.ListForeignCity
	}
	return 0
}

func FuzzApply(f *testing.F) {
	d := strangersDelta(f, 20, map[uint32]string{0: "01", 8: "00", 19: "10"})
	whole := d.message(f)
	f.Add(whole)
	f.Add(d.body())
	for _, other := range []strangerDelta{strangersDelta(f, 10, nil), strangersDelta(f, 10, map[uint32]string{3: "00"}), strangersDelta(f, 9, nil)} {
		f.Add(other.body())
	}
	trust := citycodetest.NewCity(f, citycodetest.Shenyang).Trust(nil)
	held := heldStatus(f, trust)
	before := held.Digest()
	f.Fuzz(func(t *testing.T, b []byte) {
		_, err := held.Apply(b, trust)
		reason := fuzzReason(t, b, err)
		if want := modelDelta(b); want != 0 && reason != want || want == 0 && reason != 0 && reason < citycode.ListUnknownSigner {
			t.Fatalf("%x: %s, and not %s", b, reason, want)
		}
		if reason == 0 && !bytes.Equal(b, whole) {
			t.Fatalf("%x is accepted", b)
		}
		if held.Digest() != before {
			t.Fatalf("%x changes the list that is held", b)
		}
	})
}

// FuzzApplySigned is about deltas that the city's own key signed: a terminal
// accepts one only if each of its changes changes something, and then it holds
// the list of which the delta has the digest.
func FuzzApplySigned(f *testing.F) {
	for _, d := range []strangerDelta{
		strangersDelta(f, 20, map[uint32]string{0: "01", 8: "00", 19: "10"}),
		strangersDelta(f, 10, nil),
		strangersDelta(f, 3000, map[uint32]string{0: "10", 1000: "01", 2999: "01"}),
		strangersDelta(f, 10, map[uint32]string{3: "10"}),
		strangersDelta(f, 10, map[uint32]string{0: "11"}),
		strangersDelta(f, 9, nil),
	} {
		f.Add(d.gaps, uint16(d.size), uint16(d.changes))
	}
	trust := citycodetest.NewCity(f, citycodetest.Shenyang).Trust(nil)
	held := heldStatus(f, trust)
	f.Fuzz(func(t *testing.T, gaps []byte, size, count uint16) {
		if len(gaps) > 1<<14 {
			return
		}
		changes := make(map[uint32]string)
		err := citycode.ReadDelta(gaps, uint32(size), uint32(count), func(i uint32, s citycode.Status) {
			changes[i] = string([]byte{'0' + byte(s>>1), '0' + byte(s&1)})
		})
		good := err == nil && size >= 10 && count <= size
		for i, v := range changes {
			was, _ := held.At(i)
			good = good && v != "11" && v != string([]byte{'0' + byte(was>>1), '0' + byte(was&1)}) && was != citycode.StatusRevoked
		}
		d := strangersDelta(t, int(size), changes)
		if err == nil && !bytes.Equal(d.gaps, gaps) {
			t.Fatalf("%x of %d in %d is written %x", gaps, count, size, d.gaps)
		}
		d.gaps, d.changes = gaps, uint32(count)
		msg := d.message(t)
		next, err := held.Apply(msg, trust)
		switch reason := fuzzReason(t, msg, err); {
		case good != (reason == 0):
			t.Fatalf("%x of %d in %d: %s", gaps, count, size, reason)
		case !good && reason != citycode.ListMalformed:
			t.Fatalf("%x of %d in %d: %s", gaps, count, size, reason)
		case good && (next.Digest() != d.result || next.Len() != int(size)):
			t.Fatalf("%x of %d in %d: %x of %d", gaps, count, size, next.Digest(), next.Len())
		}
	})
}
