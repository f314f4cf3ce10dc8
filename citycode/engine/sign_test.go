package engine_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"math/big"
	"path/filepath"
	"testing"

	"github.com/emmansun/gmsm/sm2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode/engine"
)

// A cannedSigner answers with der and err, and keeps what it was asked.
type cannedSigner struct {
	der    []byte
	err    error
	rand   io.Reader
	digest []byte
	opts   crypto.SignerOpts
}

func (s *cannedSigner) Public() crypto.PublicKey { return nil }

func (s *cannedSigner) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	s.rand, s.digest, s.opts = rand, digest, opts
	return s.der, s.err
}

// derOf returns the DER form of r‖s (GB/T 35276-2017, 7.3).
func derOf(t *testing.T, signature [engine.SignatureSize]byte) []byte {
	t.Helper()
	return statement{r: new(big.Int).SetBytes(signature[:32]), s: new(big.Int).SetBytes(signature[32:])}.der(t)
}

func TestSignDigest(t *testing.T) {
	t.Parallel()
	random := seeded(0x30)
	for range 4 {
		signer, err := engine.GenerateKey(random)
		require.NoError(t, err)
		var digest [engine.DigestSize]byte
		random.Read(digest[:])
		signature, err := engine.SignDigest(rand.Reader, signer, digest)
		require.NoError(t, err)
		requireVerdict(t, true, publicPoint(t, signer), digest, signature)
		digest[0] ^= 1
		requireVerdict(t, false, publicPoint(t, signer), digest, signature)
	}
}

// The same randomness gives the same key and signature, so that test vectors
// can be made again. Other randomness gives another nonce: two signatures by
// one nonce give the key away.
func TestSignDeterministic(t *testing.T) {
	sign := func(keySeed, nonceSeed byte) ([engine.PointSize]byte, [engine.SignatureSize]byte) {
		signer, err := engine.GenerateKey(seeded(keySeed))
		require.NoError(t, err)
		point, err := engine.Point(signer.Public())
		require.NoError(t, err)
		signature, err := engine.SignDigest(seeded(nonceSeed), signer, [engine.DigestSize]byte{1})
		require.NoError(t, err)
		return point, signature
	}
	point1, signature1 := sign(1, 2)
	point2, signature2 := sign(1, 2)
	point3, signature3 := sign(1, 3)
	assert.Equal(t, point1, point2)
	assert.Equal(t, signature1, signature2)
	assert.Equal(t, point1, point3)
	assert.NotEqual(t, signature1[:32], signature3[:32])
	point4, _ := sign(4, 2)
	assert.NotEqual(t, point1, point4)
}

func TestSignDigestAsks(t *testing.T) {
	signer := &cannedSigner{der: derOf(t, signatureOf(big.NewInt(1), big.NewInt(2)))}
	random := seeded(1)
	digest := [engine.DigestSize]byte{1, 2, 3}
	signature, err := engine.SignDigest(random, signer, digest)
	require.NoError(t, err)
	assert.Equal(t, signatureOf(big.NewInt(1), big.NewInt(2)), signature)
	assert.Equal(t, digest[:], signer.digest)
	assert.Equal(t, crypto.Hash(0), signer.opts)
	assert.Same(t, random, signer.rand)
}

func TestSignDigestRefuses(t *testing.T) {
	for name, der := range map[string][]byte{
		"nothing":       nil,
		"text":          []byte("rubbish"),
		"raw r‖s":       make([]byte, engine.SignatureSize),
		"zero r":        {0x30, 6, 2, 1, 0, 2, 1, 1},
		"trailing byte": {0x30, 6, 2, 1, 1, 2, 1, 1, 0},
		"r = n":         derOf(t, signatureOf(curveN, big.NewInt(1))),
	} {
		signature, err := engine.SignDigest(nil, &cannedSigner{der: der}, [engine.DigestSize]byte{})
		assert.ErrorIs(t, err, engine.ErrSignature, name)
		assert.Zero(t, signature, name)
	}

	failure := errors.New("card removed")
	signature, err := engine.SignDigest(nil, &cannedSigner{err: failure, der: derOf(t, signatureOf(big.NewInt(1), big.NewInt(1)))}, [engine.DigestSize]byte{})
	assert.ErrorIs(t, err, failure)
	assert.NotErrorIs(t, err, engine.ErrSignature)
	assert.Zero(t, signature)
}

type brokenReader struct{}

var errBroken = errors.New("no entropy")

func (brokenReader) Read([]byte) (int, error) { return 0, errBroken }

// A source of randomness that fails must never become a key or a nonce.
func TestSignWithoutRandomness(t *testing.T) {
	signer, err := engine.GenerateKey(brokenReader{})
	assert.ErrorIs(t, err, errBroken)
	assert.Nil(t, signer)

	signer, err = engine.GenerateKey(rand.Reader)
	require.NoError(t, err)
	_, err = engine.SignDigest(brokenReader{}, signer, [engine.DigestSize]byte{})
	assert.ErrorIs(t, err, errBroken)
}

// The private key of GB/T 32918.5-2017, Annex A.
func TestNewSigner(t *testing.T) {
	t.Parallel()
	signer, err := engine.NewSigner(unhex(t, "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"))
	require.NoError(t, err)
	assert.Equal(t, exampleKey, publicPoint(t, signer))
	digest := digestOf(exampleKey.x)
	signature, err := engine.SignDigest(rand.Reader, signer, digest)
	require.NoError(t, err)
	requireVerdict(t, true, exampleKey, digest, signature)

	for _, scalar := range []*big.Int{big.NewInt(1), big.NewInt(2), sub(curveN, big.NewInt(2)), sub(curveN, big.NewInt(3))} {
		signer, err := engine.NewSigner(scalar.FillBytes(make([]byte, 32)))
		require.NoError(t, err)
		assert.Equal(t, curveG.multiply(scalar), publicPoint(t, signer))
		signature, err := engine.SignDigest(rand.Reader, signer, digest)
		require.NoError(t, err)
		requireVerdict(t, true, publicPoint(t, signer), digest, signature)
	}
}

// n-1 has no signature: signing divides by d+1 (GB/T 32918.2-2016, 6.1, A6).
func TestNewSignerRefuses(t *testing.T) {
	fill := func(v *big.Int) []byte { return v.FillBytes(make([]byte, 32)) }
	for name, scalar := range map[string][]byte{
		"nil":      nil,
		"31 bytes": make([]byte, 31),
		"33 bytes": append([]byte{0}, fill(big.NewInt(1))...),
		"zero":     make([]byte, 32),
		"n-1":      fill(sub(curveN, big.NewInt(1))),
		"n":        fill(curveN),
		"n+1":      fill(new(big.Int).Add(curveN, big.NewInt(1))),
		"2^256-1":  fill(sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1))),
	} {
		signer, err := engine.NewSigner(scalar)
		assert.Error(t, err, name)
		assert.Nil(t, signer, name)
	}
}

func TestPoint(t *testing.T) {
	for _, p := range []point{exampleKey, exampleKey.negate(), curveG} {
		got, err := engine.Point(&ecdsa.PublicKey{Curve: sm2.P256(), X: p.x, Y: p.y})
		require.NoError(t, err)
		assert.Equal(t, p.compressed(), got[:])
	}
	// x with leading zero bytes keeps its 33 bytes.
	for i := int64(1); ; i++ {
		if p, exists := pointAt(big.NewInt(i)); exists {
			got, err := engine.Point(&ecdsa.PublicKey{Curve: sm2.P256(), X: p.x, Y: p.y})
			require.NoError(t, err)
			assert.Equal(t, p.compressed(), got[:])
			break
		}
	}
}

// A key off the curve or with two spellings must not become a point.
func TestPointRefuses(t *testing.T) {
	nist, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	edwards, _, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	small, exists := point{}, false
	for i := int64(1); !exists; i++ {
		small, exists = pointAt(big.NewInt(i))
	}
	key := func(x, y *big.Int) *ecdsa.PublicKey { return &ecdsa.PublicKey{Curve: sm2.P256(), X: x, Y: y} }
	for name, public := range map[string]crypto.PublicKey{
		"nil":               nil,
		"P-256":             nist.Public(),
		"ed25519":           edwards,
		"private key":       nist,
		"key by value":      *key(exampleKey.x, exampleKey.y),
		"no curve":          &ecdsa.PublicKey{},
		"no coordinates":    key(nil, nil),
		"no y":              key(exampleKey.x, nil),
		"no x":              key(nil, exampleKey.y),
		"infinity":          key(new(big.Int), new(big.Int)),
		"off the curve":     key(exampleKey.x, new(big.Int).Add(exampleKey.y, big.NewInt(1))),
		"swapped":           key(exampleKey.y, exampleKey.x),
		"P-256 coordinates": key(nist.X, nist.Y),
		"negative y":        key(exampleKey.x, new(big.Int).Neg(exampleKey.y)),
		"y-p":               key(exampleKey.x, sub(exampleKey.y, curveP)),
		"x+p":               key(new(big.Int).Add(small.x, curveP), small.y),
		"x+2^256":           key(new(big.Int).Add(exampleKey.x, new(big.Int).Lsh(big.NewInt(1), 256)), exampleKey.y),
	} {
		got, err := engine.Point(public)
		assert.Error(t, err, name)
		assert.Zero(t, got, name)
	}
}

// Engines take variable time, so no private key may come near one: the file
// that signs names nothing that verifies, and no file of an engine names
// anything private.
func TestSigningAndEnginesApart(t *testing.T) {
	assert.Empty(t, namesIn(t, "sign.go", "Engine", "Key", "Default", "gmsm", "gmsmKey", "Prepare", "Verify", "NewSM4"))
	engines, err := filepath.Glob("tjfoc/*.go")
	require.NoError(t, err)
	require.NotEmpty(t, engines)
	for _, file := range append(engines, "engine.go", "gmsm.go") {
		assert.Empty(t, namesIn(t, file, "Signer", "SignDigest", "Sm2Sign", "SignASN1", "PrivateKey", "NewPrivateKey",
			"GenerateKey", "NewSigner", "DecryptAsn1", "ParseRawPrivateKey"), file)
	}
	// The scan sees what is there.
	assert.NotEmpty(t, namesIn(t, "sign.go", "NewPrivateKey"))
	assert.NotEmpty(t, namesIn(t, "gmsm.go", "Verify"))
}

// namesIn returns those of names that file uses as identifiers.
func namesIn(t *testing.T, file string, names ...string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	var found []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			for _, name := range names {
				if id.Name == name {
					found = append(found, name)
				}
			}
		}
		return true
	})
	return found
}

func TestPointOfNil(t *testing.T) {
	_, err := engine.Point((*ecdsa.PublicKey)(nil))
	assert.Error(t, err)
}

func TestSignDigestWithoutRandomness(t *testing.T) {
	key, err := engine.GenerateKey(rand.Reader)
	require.NoError(t, err)
	once, err := engine.SignDigest(nil, key, [32]byte{1})
	require.NoError(t, err)
	again, err := engine.SignDigest(nil, key, [32]byte{1})
	require.NoError(t, err)
	assert.Equal(t, once, again)
	random, err := engine.SignDigest(rand.Reader, key, [32]byte{1})
	require.NoError(t, err)
	assert.NotEqual(t, once, random)
}
