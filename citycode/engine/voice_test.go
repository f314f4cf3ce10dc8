package engine_test

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"os"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/smx509"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/engine/smcryptotest"
	"github.com/citizencode/citizencode/citycode/engine/tjfoc"
)

// A voice is an implementation of SM2 that judges statements.
type voice struct {
	name    string
	accepts func(t *testing.T, q statement) bool
	sign    func(t *testing.T, scalar []byte, id string, message []byte) [engine.SignatureSize]byte // nil if it only verifies
}

// voices returns all of them, in the order of the constants.
func voices(t *testing.T) []voice {
	return []voice{ofDefault: defaultVoice(), ofTjfoc: engineVoice(tjfoc.New()), ofOpenSSL: opensslVoice(t), ofSMCrypto: smcryptoVoice(t)}
}

const (
	ofDefault = iota
	ofTjfoc
	ofOpenSSL
	ofSMCrypto
)

// zaUnder returns ZA under any identifier (GB/T 32918.2-2016, 5.5). The engines
// themselves know only the default one.
func zaUnder(e engine.Engine, key engine.Key, id string) [engine.DigestSize]byte {
	if id == engine.DefaultID {
		return engine.ZA(e, key)
	}
	point := key.Bytes()
	h := e.NewSM3()
	h.Write([]byte{byte(len(id) >> 5), byte(len(id) << 3)})
	h.Write([]byte(id))
	h.Write(engine.CurveParameters())
	h.Write(point[1:])
	return [engine.DigestSize]byte(h.Sum(nil))
}

// digestUnder returns e = SM3(ZA‖M).
func digestUnder(e engine.Engine, key engine.Key, id string, message []byte) [engine.DigestSize]byte {
	za := zaUnder(e, key, id)
	h := e.NewSM3()
	h.Write(za[:])
	h.Write(message)
	return [engine.DigestSize]byte(h.Sum(nil))
}

func engineVoice(e engine.Engine) voice {
	return voice{
		name: e.Name(),
		accepts: func(t *testing.T, q statement) bool {
			key, err := e.Prepare(q.public)
			if err != nil {
				require.ErrorIs(t, err, engine.ErrPoint)
				return false
			}
			if !q.fits() {
				return false // there is no such [64]byte to ask about
			}
			if q.id == "" {
				return key.Verify([engine.DigestSize]byte(q.message), signatureOf(q.r, q.s))
			}
			return key.Verify(digestUnder(e, key, q.id, q.message), signatureOf(q.r, q.s))
		},
	}
}

// defaultVoice signs too, as issuers do.
func defaultVoice() voice {
	v := engineVoice(engine.Default())
	v.sign = func(t *testing.T, scalar []byte, id string, message []byte) [engine.SignatureSize]byte {
		signer, err := engine.NewSigner(scalar)
		require.NoError(t, err)
		public, err := engine.Point(signer.Public())
		require.NoError(t, err)
		key, err := engine.Default().Prepare(public[:])
		require.NoError(t, err)
		// Without a source of randomness the nonce comes from key and digest.
		signature, err := engine.SignDigest(nil, signer, digestUnder(engine.Default(), key, id, message))
		require.NoError(t, err)
		return signature
	}
	return v
}

// opensslVoice starts a process for each statement: OpenSSL 3 has no way to ask
// for many.
func opensslVoice(t *testing.T) voice {
	o := newOpenSSL(t)
	version, err := o.run("version")
	require.NoError(t, err, "%s", version)
	words := strings.Fields(string(version))
	require.Greater(t, len(words), 1)
	return voice{
		name: strings.Join(words[:2], " "),
		accepts: func(t *testing.T, q statement) bool {
			o.write(t, "public", spki(t, q.public))
			o.write(t, "message", q.message)
			o.write(t, "signature", q.der(t))
			args := []string{"-verify", "-pubin", "-inkey", "public", "-keyform", "DER", "-sigfile", "signature"}
			var output []byte
			var err error
			if q.id == "" {
				output, err = o.run(append([]string{"pkeyutl", "-in", "message"}, args...)...)
			} else {
				output, err = o.pkeyutl(q.id, args...)
			}
			if err == nil {
				return true
			}
			// Its exit status does not tell a refusal from wrong use.
			text := string(output)
			require.True(t, strings.Contains(text, "Signature Verification Failure") || strings.Contains(text, "Could not read public key"), text)
			return false
		},
		sign: func(t *testing.T, scalar []byte, id string, message []byte) [engine.SignatureSize]byte {
			signer, err := engine.NewSigner(scalar)
			require.NoError(t, err)
			private, err := smx509.MarshalPKCS8PrivateKey(signer)
			require.NoError(t, err)
			o.write(t, "private", private)
			o.write(t, "message", message)
			output, err := o.pkeyutl(id, "-sign", "-inkey", "private", "-keyform", "DER", "-out", "signature")
			require.NoError(t, err, "%s", output)
			der, err := os.ReadFile(o.file("signature"))
			require.NoError(t, err)
			signature, err := engine.SignDigest(nil, &cannedSigner{der: der}, [engine.DigestSize]byte{})
			require.NoError(t, err, "the strict reader takes what OpenSSL writes: %x", der)
			return signature
		},
	}
}

// spki wraps any bytes as the point of a public key file.
func spki(t *testing.T, point []byte) []byte {
	t.Helper()
	curve, err := asn1.Marshal(asn1.ObjectIdentifier{1, 2, 156, 10197, 1, 301})
	require.NoError(t, err)
	der, err := asn1.Marshal(struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}{
		pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}, Parameters: asn1.RawValue{FullBytes: curve}},
		asn1.BitString{Bytes: point, BitLength: 8 * len(point)},
	})
	require.NoError(t, err)
	return der
}

func smcryptoVoice(t *testing.T) voice {
	p := smcryptotest.Start(t, "testdata/smcrypto")
	return voice{
		name: smcryptotest.Name,
		accepts: func(t *testing.T, q statement) bool {
			if q.fits() {
				return p.VerifyRaw(q.public, q.id, q.message, signatureOf(q.r, q.s))
			}
			return p.Verify(q.public, q.id, q.message, q.der(t))
		},
		sign: func(t *testing.T, scalar []byte, id string, message []byte) [engine.SignatureSize]byte {
			return p.Sign(scalar, id, message)
		},
	}
}
