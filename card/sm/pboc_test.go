package sm_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/sm"
)

func reasonOf(t testing.TB, err error) sm.Reason {
	t.Helper()
	var refused *sm.Error
	require.ErrorAs(t, err, &refused)
	status, ok := apdu.StatusOf(err)
	require.True(t, ok, "a card has a status word for it")
	require.NotEqual(t, apdu.OK, status)
	require.NotZero(t, status)
	return refused.Reason
}

func pbocKeys(t testing.TB) sm.Keys {
	return sm.Keys{MAC: sm4Key(t, run(0x10, 16)), Encryption: sm4Key(t, run(0x20, 16))}
}

var random = [sm.ChallengeSize]byte(run(0xC0, 16))

func TestPBOCRoundTrip(t *testing.T) {
	k := pbocKeys(t)
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom([]sm.Protection{sm.MACOnly, sm.Encrypted}).Draw(t, "protection")
		most := map[sm.Protection]int{sm.MACOnly: sm.MaxPBOCData, sm.Encrypted: sm.MaxPBOCSecret}[p]
		c := apdu.Command{
			CLA: rapid.SampledFrom([]byte{0x00, 0x03, 0x80, 0x82}).Draw(t, "cla"), INS: rapid.Byte().Draw(t, "ins"),
			P1: rapid.Byte().Draw(t, "p1"), P2: rapid.Byte().Draw(t, "p2"), Ne: rapid.IntRange(0, 256).Draw(t, "ne"),
			Data: rapid.SliceOfN(rapid.Byte(), 0, most+2).Draw(t, "data"),
		}
		before := bytes.Clone(c.Data)
		challenge := [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "challenge"))
		secured, err := sm.WrapPBOC(k, challenge, c, p)
		if len(c.Data) > most {
			if err == nil {
				t.Fatalf("%d bytes fit", len(c.Data))
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		live := sm.NewChallenge(challenge)
		back, err := sm.UnwrapPBOC(k, &live, secured, p)
		if err != nil {
			t.Fatal(err)
		}
		if back.String() != c.String() || !bytes.Equal(back.Data, before) || !bytes.Equal(c.Data, before) {
			t.Fatalf("%v %x becomes %v %x", c, before, back, back.Data)
		}
	})
}

// TestPBOCEveryBit: no bit of header, data and MAC may change on the way.
func TestPBOCEveryBit(t *testing.T) {
	k := pbocKeys(t)
	for _, p := range []sm.Protection{sm.MACOnly, sm.Encrypted} {
		secured, err := sm.WrapPBOC(k, random, apdu.Command{CLA: 0x80, INS: 0xD6, P1: 0x85, Data: run(1, 20)}, p)
		require.NoError(t, err)
		b, err := secured.Bytes()
		require.NoError(t, err)
		for bit := range 8 * len(b) {
			if bit/8 == 4 {
				continue // with another Lc it is not a command any more
			}
			wrong := bytes.Clone(b)
			wrong[bit/8] ^= 1 << (bit % 8)
			c, err := apdu.Parse(wrong)
			require.NoError(t, err)
			challenge := sm.NewChallenge(random)
			_, err = sm.UnwrapPBOC(k, &challenge, c, p)
			reason := reasonOf(t, err)
			if reason != sm.ReasonMAC && bit >= 8 {
				t.Fatalf("bit %d: %v", bit, err)
			}
			_, ok := challenge.Take()
			assert.False(t, ok, "a refused command uses up the challenge")
		}
	}
}

func TestPBOCRefuses(t *testing.T) {
	k := pbocKeys(t)
	update := apdu.Command{INS: 0xD6, P1: 0x85, Data: run(1, 20)}
	secured, err := sm.WrapPBOC(k, random, update, sm.MACOnly)
	require.NoError(t, err)
	encrypted, err := sm.WrapPBOC(k, random, update, sm.Encrypted)
	require.NoError(t, err)
	empty, err := sm.WrapPBOC(k, random, apdu.Command{INS: 0xD6}, sm.MACOnly)
	require.NoError(t, err)
	other := random
	other[15] ^= 1
	with := func(c apdu.Command, change func(*apdu.Command)) apdu.Command {
		c.Data = bytes.Clone(c.Data)
		change(&c)
		return c
	}
	// A command whose MAC is right, and whose plaintext is one that nobody writes.
	forge := func(plain []byte) apdu.Command {
		c := apdu.Command{INS: 0xD6, P1: 0x85, Data: key.Encrypt(k.Encryption.Block(), random[:], plain)}
		c, err := sm.WrapPBOC(k, random, c, sm.MACOnly)
		require.NoError(t, err)
		return c
	}
	for name, tc := range map[string]struct {
		command   apdu.Command
		challenge sm.Challenge
		p         sm.Protection
		keys      sm.Keys
		reason    sm.Reason
	}{
		"no challenge":                   {secured, sm.Challenge{}, sm.MACOnly, k, sm.ReasonChallenge},
		"another challenge":              {secured, sm.NewChallenge(other), sm.MACOnly, k, sm.ReasonMAC},
		"another key":                    {secured, sm.NewChallenge(random), sm.MACOnly, sm.Keys{MAC: k.Encryption}, sm.ReasonMAC},
		"no MAC":                         {apdu.Command{CLA: 4, INS: 0xD6, Data: []byte{1, 2, 3}}, sm.NewChallenge(random), sm.MACOnly, k, sm.ReasonMissing},
		"not secured":                    {update, sm.NewChallenge(random), sm.MACOnly, k, sm.ReasonClass},
		"the other mode":                 {with(secured, func(c *apdu.Command) { c.CLA = 0x0C }), sm.NewChallenge(random), sm.MACOnly, k, sm.ReasonClass},
		"chained":                        {with(secured, func(c *apdu.Command) { c.CLA |= 0x10 }), sm.NewChallenge(random), sm.MACOnly, k, sm.ReasonClass},
		"class FF":                       {with(secured, func(c *apdu.Command) { c.CLA = 0xFF }), sm.NewChallenge(random), sm.MACOnly, k, sm.ReasonClass},
		"long":                           {apdu.Command{CLA: 4, INS: 0xD6, Data: make([]byte, 256)}, sm.NewChallenge(random), sm.MACOnly, k, sm.ReasonTooLong},
		"a plain text for an encrypted":  {secured, sm.NewChallenge(random), sm.Encrypted, k, sm.ReasonMalformed},
		"nothing for an encrypted":       {empty, sm.NewChallenge(random), sm.Encrypted, k, sm.ReasonMissing},
		"no key to decrypt with":         {encrypted, sm.NewChallenge(random), sm.Encrypted, sm.Keys{MAC: k.MAC}, sm.ReasonKey},
		"one key for both":               {encrypted, sm.NewChallenge(random), sm.Encrypted, sm.Keys{MAC: k.MAC, Encryption: k.MAC}, sm.ReasonKey},
		"length beyond the block":        {forge(join([]byte{16}, run(1, 15))), sm.NewChallenge(random), sm.Encrypted, k, sm.ReasonMalformed},
		"padding not 80":                 {forge(join([]byte{3, 1, 2, 3, 0x81}, make([]byte, 11))), sm.NewChallenge(random), sm.Encrypted, k, sm.ReasonMalformed},
		"padding not zeros":              {forge(join([]byte{3, 1, 2, 3, 0x80}, make([]byte, 10), []byte{1})), sm.NewChallenge(random), sm.Encrypted, k, sm.ReasonMalformed},
		"length below the padding":       {forge(join([]byte{2, 1, 2, 3, 0x80}, make([]byte, 11))), sm.NewChallenge(random), sm.Encrypted, k, sm.ReasonMalformed},
		"a whole block of padding extra": {forge(join([]byte{15}, run(1, 15), []byte{0x80}, make([]byte, 15))), sm.NewChallenge(random), sm.Encrypted, k, sm.ReasonMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := sm.UnwrapPBOC(tc.keys, &tc.challenge, tc.command, tc.p)
			assert.Equal(t, tc.reason, reasonOf(t, err))
			_, ok := tc.challenge.Take()
			assert.False(t, ok)
		})
	}

	// A replay: the same command, and the challenge that it was for.
	challenge := sm.NewChallenge(random)
	_, err = sm.UnwrapPBOC(k, &challenge, secured, sm.MACOnly)
	require.NoError(t, err)
	_, err = sm.UnwrapPBOC(k, &challenge, secured, sm.MACOnly)
	assert.Equal(t, sm.ReasonChallenge, reasonOf(t, err))
	challenge = sm.NewChallenge(other)
	_, err = sm.UnwrapPBOC(k, &challenge, secured, sm.MACOnly)
	assert.Equal(t, sm.ReasonMAC, reasonOf(t, err))
}

func TestWrapPBOCRefuses(t *testing.T) {
	k := pbocKeys(t)
	tdes, err := key.New(key.TDES, run(0x10, 16))
	require.NoError(t, err)
	for name, tc := range map[string]struct {
		keys    sm.Keys
		command apdu.Command
		p       sm.Protection
		reason  sm.Reason
	}{
		"no key":             {sm.Keys{}, apdu.Command{}, sm.MACOnly, sm.ReasonKey},
		"3DES":               {sm.Keys{MAC: tdes}, apdu.Command{}, sm.MACOnly, sm.ReasonKey},
		"secured already":    {k, apdu.Command{CLA: 4}, sm.MACOnly, sm.ReasonClass},
		"chained":            {k, apdu.Command{CLA: 0x10}, sm.MACOnly, sm.ReasonClass},
		"a further channel":  {k, apdu.Command{CLA: 0x40}, sm.MACOnly, sm.ReasonClass},
		"too long":           {k, apdu.Command{Data: make([]byte, sm.MaxPBOCData+1)}, sm.MACOnly, sm.ReasonTooLong},
		"too long encrypted": {k, apdu.Command{Data: make([]byte, sm.MaxPBOCSecret+1)}, sm.Encrypted, sm.ReasonTooLong},
	} {
		_, err := sm.WrapPBOC(tc.keys, random, tc.command, tc.p)
		assert.Equal(t, tc.reason, reasonOf(t, err), name)
	}
}
