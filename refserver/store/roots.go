package store

import (
	"fmt"

	"github.com/citizencode/citizencode/citycode"
)

const maxRootsFile = 64 << 10

// Roots are what a terminal is built to trust: the root keys of a city and how
// many of them must sign a trust list. Whoever can change this file can change
// who may let people in; it comes with the terminal and never over the network.
type Roots struct {
	City      int // GB/T 2260
	Threshold int
	Keys      []citycode.PublicKey
}

type rootsFile struct {
	City      int      `json:"city"`
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
	r := &Roots{City: file.City, Threshold: file.Threshold}
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
func (r *Roots) Write(path string) error {
	file := rootsFile{City: r.City, Threshold: r.Threshold}
	for _, k := range r.Keys {
		file.Roots = append(file.Roots, k.String())
	}
	return writeJSON(path, file, Public)
}

// Config returns the roots as [citycode.OpenTrustList] takes them, which also
// decides whether they can be roots at all.
func (r *Roots) Config() citycode.TrustConfig {
	return citycode.TrustConfig{City: r.City, Roots: r.Keys, Threshold: r.Threshold}
}
