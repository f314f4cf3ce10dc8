package store

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
)

const (
	manifestHead = "citycode lists 1\n"
	maxManifest  = 32 << 20 // bytes; one of a city with two neighbours has three thousand
)

// A digest is the SM3 of a message: what its file is called.
type digest [engine.DigestSize]byte

func digestOf(b []byte) (d digest) {
	h := engine.Default().NewSM3()
	h.Write(b)
	h.Sum(d[:0])
	return d
}

// String returns it in hex.
func (d digest) String() string { return hex.EncodeToString(d[:]) }

// MarshalText writes it in hex.
func (d digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads it.
func (d *digest) UnmarshalText(b []byte) error {
	if n, err := hex.Decode(d[:], b[:min(len(b), 2*len(d))]); err != nil || n != len(d) || len(b) != 2*n {
		return errors.New("a digest in it is none")
	}
	return nil
}

// A manifest names every file of the set that is in use, and what must never be
// gone back behind. It is one line, a JSON object and a checksum, one under the
// other, and the whole set changes when it is replaced:
//
//	citycode lists 1
//	{"sequence":7,…}
//	8f1d0c6a…
//
// The checksum is the SM3 of everything before it. It finds damage, not an
// intruder: who may write the file may write another one.
type manifest struct {
	Sequence uint64         `json:"sequence"` // of the replacement
	Floor    uint32         `json:"floor"`    // highest signed time ever stored, seconds since 1970 UTC
	Roots    *rootsFile     `json:"roots"`    // null: no set was ever accepted
	Cities   []manifestCity `json:"cities"`   // ascending
}

// A manifestCity is what is held and remembered of one city.
type manifestCity struct {
	City     int              `json:"city"`
	Trust    manifestFile     `json:"trust"`
	Snapshot manifestFile     `json:"snapshot"`
	Status   []manifestStatus `json:"status"` // ascending
}

// A manifestFile is the highest version of a list and the file in use.
type manifestFile struct {
	Version versionJSON `json:"version"`
	File    *digest     `json:"file"` // null: none is in use
}

type manifestStatus struct {
	Issuer string `json:"issuer"`
	List   uint8  `json:"list"`
	manifestFile
	Deltas []digest `json:"deltas"` // that follow the file
}

type versionJSON struct {
	Epoch   uint32 `json:"epoch"`
	Counter uint32 `json:"counter"`
}

// encode returns the bytes of the manifest.
func (m *manifest) encode() ([]byte, error) {
	b, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	b = fmt.Appendf(nil, "%s%s\n", manifestHead, b)
	b = fmt.Appendf(b, "%s\n", digestOf(b))
	if len(b) > maxManifest {
		return nil, fmt.Errorf("the manifest would have more than %d bytes", maxManifest)
	}
	return b, nil
}

// parseManifest takes exactly what encode writes.
func parseManifest(b []byte) (*manifest, error) {
	const tail = 2*len(digest{}) + 1
	if len(b) < len(manifestHead)+tail {
		return nil, errors.New("it is not a manifest of lists")
	}
	body, sum := b[:len(b)-tail], b[len(b)-tail:]
	if string(sum) != digestOf(body).String()+"\n" {
		return nil, errors.New("its checksum does not match")
	}
	text, ok := bytes.CutPrefix(body, []byte(manifestHead))
	if !ok {
		return nil, errors.New("it is not a manifest of lists")
	}
	m := new(manifest)
	if err := parseJSON(text, m); err != nil {
		return nil, err
	}
	if again, err := m.encode(); err != nil || !bytes.Equal(again, b) {
		return nil, errors.New("it is not written as a manifest is")
	}
	return m, nil
}

// manifestOf returns the manifest of a set.
func manifestOf(s *set, sequence uint64) *manifest {
	m := &manifest{Sequence: sequence, Cities: []manifestCity{}}
	if s.roots == nil {
		return m
	}
	roots := s.roots.file()
	m.Roots, m.Floor = &roots, uint32(s.floor)
	for _, code := range slices.Sorted(maps.Keys(s.marks)) {
		mark, held := s.marks[code], s.cities[code]
		c := manifestCity{City: code, Status: []manifestStatus{},
			Trust:    manifestFile{versionJSON(mark.trust), fileOf(held.trust.Bytes)},
			Snapshot: manifestFile{Version: versionJSON(mark.snapshot)}}
		if held.snapshot != nil {
			c.Snapshot.File = fileOf(held.snapshot.Bytes)
		}
		for _, name := range sortedNames(mark.status) {
			k := held.status[name]
			status := manifestStatus{name.issuer.String(), name.list, manifestFile{versionJSON(mark.status[name]), fileOf(k.whole.Bytes)}, []digest{}}
			for _, d := range k.deltas {
				status.Deltas = append(status.Deltas, digestOf(d.Bytes))
			}
			c.Status = append(c.Status, status)
		}
		m.Cities = append(m.Cities, c)
	}
	return m
}

func fileOf(msg []byte) *digest {
	if msg == nil {
		return nil
	}
	d := digestOf(msg)
	return &d
}

// load fills a set with what the manifest says, reading each message by its
// digest. What it remembers is filled in also where a message cannot be read.
func (m *manifest) load(s *set, read func(digest) (Message, error)) error {
	s.marks, s.cities, s.floor = make(map[int]marks), make(map[int]stored), int64(m.Floor)
	if m.Roots == nil {
		return nil
	}
	var err error
	if s.roots, err = m.Roots.roots(); err != nil {
		return err
	}
	var lost error
	get := func(d *digest) (msg Message) {
		if d == nil || lost != nil {
			return msg
		}
		msg, lost = read(*d)
		return msg
	}
	for _, c := range m.Cities {
		mark := marks{citycode.Version(c.Trust.Version), citycode.Version(c.Snapshot.Version), make(map[statusName]citycode.Version)}
		held := stored{trust: get(c.Trust.File), status: make(map[statusName]chain)}
		if c.Snapshot.File != nil {
			msg := get(c.Snapshot.File)
			held.snapshot = &msg
		}
		for _, status := range c.Status {
			issuer, err := citycode.ParseKeyID(status.Issuer)
			if err != nil {
				return err
			}
			name := statusName{issuer, status.List}
			mark.status[name] = citycode.Version(status.Version)
			if status.File == nil {
				continue
			}
			k := chain{whole: get(status.File)}
			for i := range status.Deltas {
				k.deltas = append(k.deltas, get(&status.Deltas[i]))
			}
			held.status[name] = k
		}
		s.marks[c.City] = mark
		if c.Trust.File != nil {
			s.cities[c.City] = held
		}
	}
	return lost
}

// files returns every digest that the manifest names.
func (m *manifest) files() map[digest]bool {
	named := make(map[digest]bool)
	add := func(d *digest) {
		if d != nil {
			named[*d] = true
		}
	}
	for _, c := range m.Cities {
		add(c.Trust.File)
		add(c.Snapshot.File)
		for _, s := range c.Status {
			add(s.File)
			for i := range s.Deltas {
				add(&s.Deltas[i])
			}
		}
	}
	return named
}

// same reports whether two manifests say the same, whatever their sequence.
func (m *manifest) same(o *manifest) bool {
	a, b := *m, *o
	a.Sequence, b.Sequence = 0, 0
	x, err1 := a.encode()
	y, err2 := b.encode()
	return err1 == nil && err2 == nil && bytes.Equal(x, y)
}

// after returns the sequence number of the next replacement.
func (m *manifest) after() (uint64, error) {
	if m.Sequence == math.MaxUint64 {
		return 0, errors.New("its sequence numbers are used up")
	}
	return m.Sequence + 1, nil
}
