// Package network is the hospitals of a city (31 家医院): which there are and what
// each can do. It is read from a configuration, so that a hospital is added
// with no new software and appears on the one page of the citizen's wallet.
//
//	{"version": 1, "hospitals": [
//	  {"id": "sy-01", "name": {"zh": "示例第一医院", "en": "Example Hospital No. 1"}, "district": "和平区",
//	   "capabilities": ["appointments", "check-in", "credit"], "departments": ["internal", "eyes"]}]}
package network

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/hospital"
)

// Bounds of a configuration.
const (
	MaxBytes     = 1 << 20
	MaxHospitals = 1000
	MaxName      = 120 // bytes
)

// Version is that of the configuration's form.
const Version = 1

// Example is a configuration of 31 made-up hospitals.
//
//go:embed example.json
var Example []byte

// A Hospital is one entry.
type Hospital struct {
	ID           string                `json:"id"`
	Name         scenarios.Text        `json:"name"`
	District     string                `json:"district,omitempty"`
	Capabilities []hospital.Capability `json:"capabilities"`
	Departments  []string              `json:"departments,omitempty"`
}

// Can reports whether the hospital has a capability.
func (h *Hospital) Can(c hospital.Capability) bool { return slices.Contains(h.Capabilities, c) }

// config returns what the hospital adds to what all of them have in common.
func (h *Hospital) config(common hospital.Config) hospital.Config {
	common.Hospital, common.Departments = h.ID, h.Departments
	common.Capabilities = append([]hospital.Capability{}, h.Capabilities...) // never nil, which is everything
	return common
}

// A Network is the hospitals in the order of the configuration.
type Network struct{ hospitals []Hospital }

// Read reads a configuration. It is strict: what is not known is refused with
// the path, as in hospitals[3].capabilities[1]. The error is a
// *scenarios.RequestError.
func Read(raw []byte) (*Network, error) {
	var file struct {
		Version   int        `json:"version"`
		Hospitals []Hospital `json:"hospitals"`
	}
	if err := scenarios.ReadStrict("network", raw, MaxBytes, &file); err != nil {
		return nil, err
	}
	wrong := func(path, text string) (*Network, error) {
		return nil, &scenarios.RequestError{Path: "network." + path, Err: errors.New(text)}
	}
	switch {
	case file.Version != Version:
		return wrong("version", "not a version that this program knows")
	case len(file.Hospitals) == 0 || len(file.Hospitals) > MaxHospitals:
		return wrong("hospitals", fmt.Sprintf("not 1 to %d", MaxHospitals))
	}
	seen := make(map[string]bool)
	for i, h := range file.Hospitals {
		path := fmt.Sprintf("hospitals[%d]", i)
		switch {
		case h.ID == "" || seen[h.ID]:
			return wrong(path+".id", "missing, or stands twice")
		case h.Name.Zh == "" || h.Name.En == "" || len(h.Name.Zh) > MaxName || len(h.Name.En) > MaxName || len(h.District) > MaxName:
			return wrong(path+".name", "missing in one language, or too long")
		}
		seen[h.ID] = true
		for j, c := range h.Capabilities {
			if !slices.Contains(hospital.Capabilities(), c) || slices.Contains(h.Capabilities[:j], c) {
				return wrong(fmt.Sprintf("%s.capabilities[%d]", path, j), "unknown, or stands twice")
			}
		}
		if cfg := h.config(hospital.Config{}); cfg.Validate() != nil {
			return wrong(path, cfg.Validate().Error())
		}
	}
	return &Network{file.Hospitals}, nil
}

// Hospitals lists the hospitals, for the wallet's page; those with a capability
// if any is named.
func (n *Network) Hospitals(with ...hospital.Capability) (list []Hospital) {
	for _, h := range n.hospitals {
		if !slices.ContainsFunc(with, func(c hospital.Capability) bool { return !h.Can(c) }) {
			list = append(list, h)
		}
	}
	return list
}

// Find returns a hospital.
func (n *Network) Find(id string) (Hospital, bool) {
	i := slices.IndexFunc(n.hospitals, func(h Hospital) bool { return h.ID == id })
	if i < 0 {
		return Hospital{}, false
	}
	return n.hospitals[i], true
}

// Open opens every hospital over what they have in common, by id: each has its
// own events in the common store.
func (n *Network) Open(ctx context.Context, common hospital.Config) (map[string]*hospital.Scenario, error) {
	opened := make(map[string]*hospital.Scenario, len(n.hospitals))
	for _, h := range n.hospitals {
		s, err := hospital.Open(ctx, h.config(common))
		if err != nil {
			return nil, fmt.Errorf("open %s: %w", h.ID, err)
		}
		opened[h.ID] = s
	}
	return opened, nil
}
