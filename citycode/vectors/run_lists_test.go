package vectors_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
)

type version struct{ Epoch, Counter uint32 }

func (v version) of() citycode.Version { return citycode.Version{Epoch: v.Epoch, Counter: v.Counter} }

// requireListOutcome compares an error with what a vector says. A "configuration" is a fault of whoever set
// the terminal up, so it is an error and no refusal of the list.
func requireListOutcome(t *testing.T, err error, want common) {
	t.Helper()
	if want.Result == "valid" {
		require.NoError(t, err)
		return
	}
	require.Error(t, err)
	var refused *citycode.ListError
	if want.Reason == "configuration" {
		require.NotErrorAs(t, err, &refused)
		return
	}
	require.ErrorAs(t, err, &refused)
	require.Equal(t, want.Reason, refused.Reason.String(), "%v", err)
	require.Equal(t, want.Number, int(refused.Reason))
	require.Equal(t, "6.5", want.Section)
}

type trustGroup struct {
	Comment     string
	Config      json.RawMessage
	PrivateKeys []privateKey
	Tests       []trustTest
}

type trustTest struct {
	common
	Config  json.RawMessage
	List    data
	Content *trustContent
}

type trustContent struct {
	City              int
	Version           version
	IssuedAt, Expires int64
	Entries           []struct {
		ID, Use                                         string
		Key                                             data
		Scenes                                          int
		IssueFrom, IssueUntil, VerifyUntil, MaxLifetime int64
		Profiles                                        []struct {
			ID  int
			SM3 data
		}
	}
	Grants  []grant
	Signers []data
}

type grant struct {
	City, Epoch, Threshold int
	Roots                  []data
	Scenes                 int
	Profiles               []struct {
		ID  int
		SM3 data
	}
}

func (g grant) of() citycode.Grant {
	granted := citycode.Grant{City: g.City, Epoch: uint32(g.Epoch), Threshold: g.Threshold, Roots: publicKeys(g.Roots), Scenes: citycode.Scenes(g.Scenes)}
	for _, p := range g.Profiles {
		granted.Profiles = append(granted.Profiles, citycode.TrustProfile{ID: citycode.ProfileID(p.ID), Digest: [32]byte(p.SM3)})
	}
	return granted
}

func TestTrustList(t *testing.T) {
	all := groups[trustGroup](t, "trust_list")
	eachEngine(t, func(t *testing.T, e thinned) {
		for _, g := range all {
			for i, test := range g.Tests {
				e.run(t, i, test.ID, func(t *testing.T) {
					var config struct {
						City      int
						Epoch     uint32
						Roots     []data
						Threshold int
						Have      version
					}
					unmarshal(t, merge(t, g.Config, test.Config), &config)
					list, err := citycode.OpenTrustList(test.List, citycode.TrustConfig{City: config.City, Epoch: config.Epoch, Roots: publicKeys(config.Roots),
						Threshold: config.Threshold, Have: config.Have.of(), Engine: e.Engine})
					requireListOutcome(t, err, test.common)
					if err != nil {
						return
					}
					want := test.Content
					require.NotNil(t, want)
					assert.Equal(t, want.City, list.City())
					assert.Equal(t, want.Version.of(), list.Version())
					assert.Equal(t, want.IssuedAt, list.IssuedAt().Unix())
					assert.Equal(t, want.Expires, list.Expires().Unix())
					for _, g := range want.Grants {
						granted, ok := list.Grant(g.City)
						require.True(t, ok)
						assert.Equal(t, g.of(), granted)
					}
				})
			}
		}
	})
	for _, g := range all {
		for _, test := range g.Tests {
			if test.Result == "valid" {
				t.Run("draft/"+test.ID, func(t *testing.T) { checkDraft(t, g, test) })
			}
		}
	}
}

// checkDraft makes the body of the list from what it says: it must be the one that was signed.
func checkDraft(t *testing.T, g trustGroup, test trustTest) {
	c := test.Content
	d := citycode.TrustDraft{City: c.City, Version: c.Version.of(), IssuedAt: time.Unix(c.IssuedAt, 0), Expires: time.Unix(c.Expires, 0)}
	uses := map[string]citycode.KeyUse{"static": citycode.UseStatic, "explicit": citycode.UseExplicit, "implicit": citycode.UseImplicit, "status": citycode.UseStatus,
		"snapshot": citycode.UseSnapshot}
	for _, e := range c.Entries {
		id, err := citycode.ParseKeyID(e.ID)
		require.NoError(t, err)
		entry := citycode.TrustEntry{ID: id, Use: uses[e.Use], Key: citycode.PublicKey(e.Key), Scenes: citycode.Scenes(e.Scenes), IssueFrom: time.Unix(e.IssueFrom, 0),
			IssueUntil: time.Unix(e.IssueUntil, 0), VerifyUntil: time.Unix(e.VerifyUntil, 0), MaxLifetime: time.Duration(e.MaxLifetime) * time.Second}
		for _, p := range e.Profiles {
			entry.Profiles = append(entry.Profiles, citycode.TrustProfile{ID: citycode.ProfileID(p.ID), Digest: [32]byte(p.SM3)})
		}
		d.Entries = append(d.Entries, entry)
		owner, err := citycode.NewIssuer(citycode.IssuerConfig{ID: id, Key: signer(t, tokenGroup{PrivateKeys: g.PrivateKeys}, e.Key)})
		require.NoError(t, err)
		proof, err := owner.ProvePossession(id, [citycode.PossessionNonceSize]byte{})
		require.NoError(t, err)
		d.Proofs = append(d.Proofs, proof)
	}
	for _, g := range c.Grants {
		d.Grants = append(d.Grants, g.of())
	}
	body, err := d.Body()
	require.NoError(t, err)
	require.Equal(t, []byte(test.List[:len(body)]), body)
	require.Equal(t, len(c.Signers), int(test.List[len(body)]))
	var ids [][]byte
	for i := range c.Signers {
		at := len(body) + 1 + 72*i
		ids = append(ids, test.List[at:at+8])
	}
	for _, key := range c.Signers {
		assert.Contains(t, ids, digestOf(engine.Default(), key)[:8])
	}
}

type statusTest struct {
	common
	Have    json.RawMessage
	List    data
	Content *struct {
		Signer, Issuer     string
		List               int
		Version            version
		IssuedAt, Expires  int64
		Entries            int
		Revoked, Suspended []uint32
	}
}

func TestStatusList(t *testing.T) {
	type group struct {
		Comment     string
		World       json.RawMessage
		Have        json.RawMessage
		PrivateKeys []privateKey
		Tests       []statusTest
	}
	all := groups[group](t, "status_list")
	eachEngine(t, func(t *testing.T, e thinned) {
		worlds := &worlds{engine: e.Engine, opened: map[string]*openWorld{}}
		for _, g := range all {
			for i, test := range g.Tests {
				e.run(t, i, test.ID, func(t *testing.T) {
					var have version
					unmarshal(t, merge(t, g.Have, test.Have), &have)
					list, err := citycode.OpenStatusList(test.List, worlds.open(t, g.World).trust, have.of())
					requireListOutcome(t, err, test.common)
					if err == nil {
						checkStatus(t, test, list)
					}
					if err == nil && e.Name() == engine.Default().Name() {
						checkRegister(t, g.PrivateKeys, test, list)
					}
				})
			}
		}
	})
}

func checkStatus(t *testing.T, test statusTest, list *citycode.StatusList) {
	c := test.Content
	require.NotNil(t, c)
	assert.Equal(t, c.Issuer, list.Issuer().String())
	assert.Equal(t, c.List, int(list.List()))
	assert.Equal(t, c.Version.of(), list.Version())
	assert.Equal(t, c.IssuedAt, list.IssuedAt().Unix())
	assert.Equal(t, c.Entries, list.Len())
	states := map[uint32]citycode.Status{}
	for _, i := range c.Revoked {
		states[i] = citycode.StatusRevoked
	}
	for _, i := range c.Suspended {
		states[i] = citycode.StatusSuspended
	}
	for i := max(0, c.Entries-5000); i < c.Entries; i++ {
		state, covered := list.At(uint32(i))
		if !covered || state != states[uint32(i)] {
			t.Errorf("index %d is %s", i, state)
		}
	}
	_, covered := list.At(uint32(c.Entries))
	assert.False(t, covered)
}

// checkRegister checks that the library codes the states of the content, and those that it has read, into the
// bytes of the list.
func checkRegister(t *testing.T, keys []privateKey, test statusTest, list *citycode.StatusList) {
	c := test.Content
	if c.Entries > 1_000_000 && raceEnabled() {
		return // sixteen million entries take the race detector seconds, and they share nothing
	}
	issuer, err := citycode.ParseKeyID(c.Issuer)
	require.NoError(t, err)
	signerID, err := citycode.ParseKeyID(c.Signer)
	require.NoError(t, err)
	fresh, err := citycode.NewStatusRegister(issuer, uint8(c.List), c.Entries)
	require.NoError(t, err)
	for _, i := range c.Revoked {
		require.NoError(t, fresh.Set(i, citycode.StatusRevoked))
	}
	for _, i := range c.Suspended {
		require.NoError(t, fresh.Set(i, citycode.StatusSuspended))
	}
	header := citycode.StatusHeader{Signer: signerID, Version: c.Version.of(), IssuedAt: time.Unix(c.IssuedAt, 0), Expires: time.Unix(c.Expires, 0)}
	i := slices.IndexFunc(keys, func(k privateKey) bool { return k.Name == "210100 status" })
	key := signer(t, tokenGroup{PrivateKeys: keys}, keys[i].Public)
	for _, register := range []*citycode.StatusRegister{fresh, list.Register()} {
		msg, err := register.Sign(header, key)
		require.NoError(t, err)
		require.Equal(t, []byte(test.List[:len(test.List)-64]), msg[:len(msg)-64])
	}
}
