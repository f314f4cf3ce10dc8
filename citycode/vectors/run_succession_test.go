package vectors_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
)

// A signedGroup is a group of root changes or snapshots.
type signedGroup struct {
	Comment             string
	Config, World, Have json.RawMessage
	PrivateKeys         []privateKey
	Tests               []struct {
		common
		Config, Have json.RawMessage
		Message      data
		Content      json.RawMessage
	}
}

func TestRootChange(t *testing.T) {
	all := groups[signedGroup](t, "root_change")
	eachEngine(t, func(t *testing.T, e thinned) {
		for _, g := range all {
			for i, test := range g.Tests {
				e.run(t, i, test.ID, func(t *testing.T) {
					var config struct {
						City      int
						Epoch     uint32
						Roots     []data
						Threshold int
					}
					unmarshal(t, merge(t, g.Config, test.Config), &config)
					held := citycode.TrustConfig{City: config.City, Epoch: config.Epoch, Roots: publicKeys(config.Roots), Threshold: config.Threshold, Engine: e.Engine}
					next, err := citycode.OpenRootChange(test.Message, held)
					requireListOutcome(t, err, test.common)
					if err != nil {
						return
					}
					var want struct {
						Epoch     uint32
						Threshold int
						Roots     []data
					}
					unmarshal(t, test.Content, &want)
					held.Epoch, held.Threshold, held.Roots = want.Epoch, want.Threshold, publicKeys(want.Roots)
					assert.Equal(t, held, next)
				})
			}
		}
	})
}

func TestSnapshot(t *testing.T) {
	all := groups[signedGroup](t, "snapshot")
	eachEngine(t, func(t *testing.T, e thinned) {
		worlds := &worlds{engine: e.Engine, opened: map[string]*openWorld{}}
		for _, g := range all {
			for i, test := range g.Tests {
				e.run(t, i, test.ID, func(t *testing.T) {
					var have version
					unmarshal(t, merge(t, g.Have, test.Have), &have)
					s, err := citycode.OpenSnapshot(test.Message, worlds.open(t, g.World).trust, have.of())
					requireListOutcome(t, err, test.common)
					if err != nil {
						return
					}
					var want struct {
						Version version
						Expires int64
						Lists   int
					}
					unmarshal(t, test.Content, &want)
					assert.Equal(t, want.Version.of(), s.Version())
					assert.Equal(t, want.Expires, s.Expires().Unix())
					require.Len(t, test.Message, 24+46*want.Lists+64)
				})
			}
		}
	})
}

func TestStatusDelta(t *testing.T) {
	type group struct {
		Comment     string
		World       json.RawMessage
		Base        data
		PrivateKeys []privateKey
		Tests       []struct {
			statusTest
			Base, Message data
		}
	}
	all := groups[group](t, "status_delta")
	eachEngine(t, func(t *testing.T, e thinned) {
		worlds := &worlds{engine: e.Engine, opened: map[string]*openWorld{}}
		for _, g := range all {
			for i, test := range g.Tests {
				e.run(t, i, test.ID, func(t *testing.T) {
					trust := worlds.open(t, g.World).trust
					if test.Base == nil {
						test.Base = g.Base
					}
					base, err := citycode.OpenStatusList(test.Base, trust, citycode.Version{})
					require.NoError(t, err)
					list, err := base.Apply(test.Message, trust)
					requireListOutcome(t, err, test.common)
					if err == nil {
						checkStatus(t, test.statusTest, list)
					}
				})
			}
		}
	})
}
