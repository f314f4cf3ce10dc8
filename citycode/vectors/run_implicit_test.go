package vectors_test

import (
	"bytes"
	"encoding/binary"
	"math/big"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
)

// checkImplicit checks every layer of an implicit credential (SPEC §4.5).
func checkImplicit(t *testing.T, e engine.Engine, l *layers) {
	i := l.Implicit
	assert.Equal(t, message("CC1/impl", l.Credential), []byte(i.Identity))
	assert.True(t, bytes.HasSuffix(l.Credential, i.ReconstructionPoint))
	issuer, err := e.Prepare(l.IssuerKey)
	require.NoError(t, err)
	w, err := e.Prepare(i.ReconstructionPoint)
	require.NoError(t, err)
	raw, p := w.Bytes(), issuer.Bytes()
	bits := binary.BigEndian.AppendUint16(nil, uint16(8*len(i.Identity)))
	assert.Equal(t, []byte(i.HA), digestOf(e, bits, i.Identity, engine.CurveParameters(), p[1:]))
	assert.Equal(t, []byte(i.Lambda), reduced(digestOf(e, raw[1:], i.HA)))
	combiner, ok := e.(thinned).Engine.(engine.Combiner)
	require.True(t, ok)
	holder, err := combiner.Combine(w, issuer, [32]byte(i.Lambda))
	require.NoError(t, err)
	point := engine.Compress(holder)
	assert.Equal(t, []byte(i.HolderPublicKey), point[:])
	key, err := engine.NewSigner(i.HolderScalar)
	require.NoError(t, err)
	public, err := citycode.PublicKeyOf(key)
	require.NoError(t, err)
	assert.Equal(t, []byte(i.HolderPublicKey), public[:])
}

func reduced(b []byte) []byte {
	n, _ := new(big.Int).SetString("fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123", 16)
	return n.Mod(new(big.Int).SetBytes(b), n).FillBytes(make([]byte, 32))
}

// noAnswers is a store that forgets.
type noAnswers struct{}

func (noAnswers) Load([32]byte) ([]byte, error)             { return nil, nil }
func (noAnswers) Save(_ [32]byte, a []byte) ([]byte, error) { return a, nil }

// checkImplicitIssue makes the credential by the library, which draws a w of its own, and completes the answer
// of the vector.
func checkImplicitIssue(t *testing.T, g tokenGroup, test tokenTest, id citycode.KeyID, profiles []citycode.Profile, c citycode.Claims) {
	l, i := test.Layers, test.Layers.Implicit
	master, err := engine.NewImplicitKey(scalarOf(t, g, l.IssuerKey))
	require.NoError(t, err)
	issuer, err := citycode.NewImplicitIssuer(citycode.ImplicitIssuerConfig{ID: id, Key: master, Answers: noAnswers{}, Profiles: profiles})
	require.NoError(t, err)
	requester, err := citycode.NewSoftwareKey(signer(t, g, i.Requester), fixed(1))
	require.NoError(t, err)
	c.Possession, err = requester.ProvePossession(id, [citycode.PossessionNonceSize]byte{})
	require.NoError(t, err)
	answer, err := issuer.Issue(c)
	require.NoError(t, err)
	head := len(l.Credential) - 33
	assert.Equal(t, []byte(l.Credential[:head]), answer.Credential.Bytes()[:head])

	cred, err := citycode.ParseCredential(l.Credential)
	require.NoError(t, err)
	given := citycode.ImplicitAnswer{Credential: cred, Share: engine.ImplicitShare(i.Share)}
	own, err := given.Complete(scalarOf(t, g, i.Requester), issuer.PublicKey())
	require.NoError(t, err)
	holderKey, err := citycode.NewSoftwareKey(own, fixed(l.Dynamic.Counter))
	require.NoError(t, err)
	checkPresent(t, g, test, holderKey)
}

func scalarOf(t *testing.T, g tokenGroup, public []byte) []byte {
	t.Helper()
	for _, k := range g.PrivateKeys {
		if bytes.Equal(k.Public, public) {
			return k.Scalar
		}
	}
	require.Fail(t, "no private key", "%x", public)
	return nil
}
