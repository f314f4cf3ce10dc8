package store

import (
	"fmt"

	"github.com/citizencode/citizencode/citycode"
)

const maxRootsFile = 64 << 10

// Roots are what a terminal is built to trust: the root keys of a city and how
// many of them must sign a trust list. Whoever can change this file can change
// who may let people in; it comes with the terminal and never over the network.
// Later sets follow from it by root changes (SPEC §6.6).
type Roots struct {
	City      int    // GB/T 2260
	Epoch     uint32 // 1 for the first set
	Threshold int
	Keys      []citycode.PublicKey
}

type rootsFile struct {
	City      int      `json:"city"`
	Epoch     uint32   `json:"epoch"` // 0 or none: 1
	Threshold int      `json:"threshold"`
	Roots     []string `json:"roots"` // compressed keys in hex
}

// ReadRoots reads roots.json.
func ReadRoots(path string) (*Roots, error) {
	b, err := ReadFile(path, maxRootsFile)
	if err != nil {
		return nil, err
	}
	r, err := parseRoots(b)
	if err != nil {
		return nil, &DamagedError{path, err}
	}
	return r, nil
}

func parseRoots(b []byte) (*Roots, error) {
	var file rootsFile
	if err := parseJSON(b, &file); err != nil {
		return nil, err
	}
	return file.roots()
}

func (file rootsFile) roots() (*Roots, error) {
	if file.City < citycode.MinCity || file.City > citycode.MaxCity {
		return nil, fmt.Errorf("city %d is not a GB/T 2260 code", file.City)
	}
	r := &Roots{City: file.City, Epoch: max(1, file.Epoch), Threshold: file.Threshold}
	for i, text := range file.Roots {
		key, err := citycode.ParsePublicKey(text)
		if err != nil {
			return nil, fmt.Errorf("root key %d: %w", i, err)
		}
		r.Keys = append(r.Keys, key)
	}
	return r, nil
}

// Write writes roots.json.
func (r *Roots) Write(path string) error { return writeJSON(path, r.file(), Public) }

func (r *Roots) file() rootsFile {
	file := rootsFile{City: r.City, Epoch: r.Epoch, Threshold: r.Threshold}
	for _, k := range r.Keys {
		file.Roots = append(file.Roots, k.String())
	}
	return file
}

// Config returns the roots as [citycode.OpenTrustList] takes them, which also
// decides whether they can be roots at all.
func (r *Roots) Config() citycode.TrustConfig {
	return citycode.TrustConfig{City: r.City, Epoch: r.Epoch, Roots: r.Keys, Threshold: r.Threshold}
}

// follow returns the set that root changes make of r, or r itself where there
// is none. A change that begins an epoch up to r's own has been followed before.
func (r *Roots) follow(changes []Message) (*Roots, error) {
	cfg := r.Config()
	for _, m := range changes {
		if m.epoch() <= cfg.Epoch {
			continue
		}
		next, err := citycode.OpenRootChange(m.Bytes, cfg)
		if err != nil {
			return nil, &DamagedError{m.Name, err}
		}
		cfg = next
	}
	return &Roots{City: cfg.City, Epoch: cfg.Epoch, Threshold: cfg.Threshold, Keys: cfg.Roots}, nil
}
