package engine_test

import (
	"crypto"
	"flag"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode/engine"
)

// A seed is 32 bytes of one value: seeded tests fail alike everywhere.
func seeded(b byte) *rand.ChaCha8 {
	var seed [32]byte
	for i := range seed {
		seed[i] = b
	}
	return rand.NewChaCha8(seed)
}

// signed returns a fresh key with a signature of digest.
func signed(t *testing.T, random *rand.ChaCha8, digest [engine.DigestSize]byte) (point, [engine.SignatureSize]byte) {
	t.Helper()
	signer, err := engine.GenerateKey(random)
	require.NoError(t, err)
	signature, err := engine.SignDigest(random, signer, digest)
	require.NoError(t, err)
	return publicPoint(t, signer), signature
}

func publicPoint(t *testing.T, signer crypto.Signer) point {
	t.Helper()
	b, err := engine.Point(signer.Public())
	require.NoError(t, err)
	p, exists := pointAt(new(big.Int).SetBytes(b[1:]))
	require.True(t, exists)
	if p.compressed()[0] != b[0] {
		p = p.negate()
	}
	return p
}

// GB/T 32918.5-2017, Annex A: the signature of "message digest".
func TestVerifyExample(t *testing.T) {
	t.Parallel()
	r := integer("f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3")
	s := integer("b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa")
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		key, err := e.Prepare(exampleKey.compressed())
		require.NoError(t, err)
		za := engine.ZA(e, key)
		h := e.NewSM3()
		h.Write(za[:])
		h.Write([]byte("message digest"))
		digest := [engine.DigestSize]byte(h.Sum(nil))
		assert.Equal(t, unhex(t, "f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640"), digest[:])
		assert.True(t, key.Verify(digest, signatureOf(r, s)))
		assert.False(t, key.Verify(digest, signatureOf(s, r)))
		assert.True(t, verifyAffine(exampleKey, digest, signatureOf(r, s)))
	})
}

// emmansun/gmsm#560: up to v0.44.0 the reduction of a product polluted a carry
// flag on CPUs with ADX and this valid signature was rejected.
func TestVerifyCarry(t *testing.T) {
	t.Parallel()
	public := point{
		integer("ef4de57af00ae424c00c4caadff7193f804a19dd73a7e2954db9d0d15ab4cbba"),
		integer("67728c3f4572878b7a674735da9fde1682fe2d9e0799c4a5cde57e3d473039a2"),
	}
	requireVerdict(t, true, public, [engine.DigestSize]byte{}, signatureOf(
		integer("be0ea64e1ec06f0d247093f3ccbbadcfb6260224272f86ddb78326e7cd6c7560"),
		integer("e9f6ab2fcc48a2cef94838e66b5c7e21fd8e4de25990dd98ca5243f4966f2853"),
	))
}

// A digest is any 32 bytes; e is taken modulo n.
func TestVerifyDigests(t *testing.T) {
	t.Parallel()
	one := big.NewInt(1)
	random := seeded(1)
	for _, e := range []*big.Int{new(big.Int), one, sub(curveN, one), curveN, new(big.Int).Add(curveN, one), curveP, sub(new(big.Int).Lsh(one, 256), one)} {
		public, signature := signed(t, random, digestOf(e))
		requireVerdict(t, true, public, digestOf(e), signature)
		// e and e+n are one number: a digest is not malleable only because it
		// is a hash.
		if other := new(big.Int).Add(e, curveN); other.BitLen() <= 256 {
			requireVerdict(t, true, public, digestOf(other), signature)
		}
		requireVerdict(t, false, public, digestOf(new(big.Int).Xor(e, big.NewInt(2))), signature)
	}
}

// Halves that begin with zero bytes are where fixed-length and big-integer
// handling part: implementations that drop the padding fail once in 128.
func TestVerifyShortHalves(t *testing.T) {
	t.Parallel()
	random := seeded(2)
	signer, err := engine.GenerateKey(random)
	require.NoError(t, err)
	public := publicPoint(t, signer)
	found := map[int]int{}
	for found[0] < 4 || found[32] < 4 {
		var digest [engine.DigestSize]byte
		random.Read(digest[:])
		signature, err := engine.SignDigest(random, signer, digest)
		require.NoError(t, err)
		for _, half := range []int{0, 32} {
			if signature[half] == 0 && found[half] < 4 {
				found[half]++
				requireVerdict(t, true, public, digest, signature)
			}
		}
	}
}

var long = flag.Bool("long", false, "verify many more signatures; make long does")

func TestVerifyAgreement(t *testing.T) {
	mutations := []func(r, s, e *big.Int, random *rand.ChaCha8){
		func(r, s, e *big.Int, random *rand.ChaCha8) { flip(r, random) },
		func(r, s, e *big.Int, random *rand.ChaCha8) { flip(s, random) },
		func(r, s, e *big.Int, random *rand.ChaCha8) { flip(e, random) },
		func(r, s, e *big.Int, random *rand.ChaCha8) { *r, *s = *s, *r },
		func(r, s, e *big.Int, random *rand.ChaCha8) { s.Sub(curveN, s) },
		func(r, s, e *big.Int, random *rand.ChaCha8) { r.Sub(curveN, r) },
		func(r, s, e *big.Int, random *rand.ChaCha8) { r.Set(randomScalar(random)) },
		func(r, s, e *big.Int, random *rand.ChaCha8) { s.Set(randomScalar(random)) },
		// The same t = r+s, and so the same t·P.
		func(r, s, e *big.Int, random *rand.ChaCha8) { r.Add(r, big.NewInt(1)); s.Sub(s, big.NewInt(1)) },
		// e goes along with r.
		func(r, s, e *big.Int, random *rand.ChaCha8) { r.Add(r, big.NewInt(1)); e.Add(e, big.NewInt(1)) },
	}
	signatures := rounds(50)
	if *long {
		signatures *= 20
	}
	for shard := range 4 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			random := seeded(byte(0x10 + shard))
			for i := range signatures {
				var digest [engine.DigestSize]byte
				random.Read(digest[:])
				public, signature := signed(t, random, digest)
				requireVerdict(t, true, public, digest, signature)
				r := new(big.Int).SetBytes(signature[:32])
				s := new(big.Int).SetBytes(signature[32:])
				e := new(big.Int).SetBytes(digest[:])
				mutations[i%len(mutations)](r, s, e, random)
				requireVerdict(t, false, public, digestOf(e), signatureOf(r, s))
				if i%10 == 0 {
					// -P shares x with P: only the prefix of the key differs.
					requireVerdict(t, false, public.negate(), digest, signature)
				}
			}
		})
	}
}

func flip(v *big.Int, random *rand.ChaCha8) {
	bit := int(random.Uint64() % 256)
	v.SetBit(v, bit, v.Bit(bit)^1)
}

// Zero lets r or s drop out of the equation; r+n and s+n would be second
// spellings of a signature.
func TestVerifyRange(t *testing.T) {
	t.Parallel()
	random := seeded(3)
	digest := digestOf(randomScalar(random))
	public, signature := signed(t, random, digest)
	r := new(big.Int).SetBytes(signature[:32])
	s := new(big.Int).SetBytes(signature[32:])
	one := big.NewInt(1)
	bounds := []*big.Int{new(big.Int), curveN, new(big.Int).Add(curveN, one), curveP, sub(new(big.Int).Lsh(one, 256), one)}
	for _, bad := range bounds {
		requireVerdict(t, false, public, digest, signatureOf(bad, s))
		requireVerdict(t, false, public, digest, signatureOf(r, bad))
		for _, other := range bounds {
			requireVerdict(t, false, public, digest, signatureOf(bad, other))
		}
	}
}

// A small r has a twin r+n that fits in 32 bytes, and so has s.
func TestVerifyTwins(t *testing.T) {
	t.Parallel()
	for i := range int64(3) {
		small := big.NewInt(5 + i)
		for _, swap := range []bool{false, true} {
			r, s := small, integer("1234567890abcdef1234567890abcdef1234567890abcdef1234567890abcdef")
			if swap {
				r, s = s, r
			}
			public := exampleKey
			x := curveG.multiply(s).add(public.multiply(mod(new(big.Int).Add(r, s), curveN))).x
			digest := digestOf(mod(sub(r, x), curveN))
			requireVerdict(t, true, public, digest, signatureOf(r, s))
			twin := new(big.Int).Add(small, curveN)
			if swap {
				requireVerdict(t, false, public, digest, signatureOf(r, twin))
			} else {
				requireVerdict(t, false, public, digest, signatureOf(twin, s))
			}
		}
	}
}

// t = 0 takes the public key out of the equation: with s = n-r, anyone makes
// R = s·G and e = r - x(R) fit.
func TestVerifyZeroT(t *testing.T) {
	t.Parallel()
	random := seeded(4)
	for range 2 {
		s := randomScalar(random)
		r := sub(curveN, s)
		e := mod(sub(r, curveG.multiply(s).x), curveN)
		requireVerdict(t, false, exampleKey, digestOf(e), signatureOf(r, s))
	}
}

func TestVerifyEveryBit(t *testing.T) {
	t.Parallel()
	random := seeded(5)
	digest := digestOf(randomScalar(random))
	public, signature := signed(t, random, digest)
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		key, err := e.Prepare(public.compressed())
		require.NoError(t, err)
		require.True(t, key.Verify(digest, signature))
		const signatureBits = 8 * engine.SignatureSize
		for i := 0; i < signatureBits; i += signatureBits / rounds(signatureBits) {
			flipped := signature
			flipped[i/8] ^= 1 << (i % 8)
			require.False(t, key.Verify(digest, flipped), "bit %d of r‖s", i)
		}
		const digestBits = 8 * engine.DigestSize
		for i := 0; i < digestBits; i += digestBits / rounds(digestBits) {
			flipped := digest
			flipped[i/8] ^= 1 << (i % 8)
			require.False(t, key.Verify(flipped, signature), "bit %d of e", i)
		}
	})
}
