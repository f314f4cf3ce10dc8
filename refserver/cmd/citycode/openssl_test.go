package main

import (
	"crypto/ecdsa"
	"encoding/asn1"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
)

const now = "2026-11-22T08:00:00Z"

// An openssl is OpenSSL 3 in a directory: an implementation of SM2 and SM3 that
// shares no line with ours, and signs with the key files that citycode made.
type openssl struct{ path, dir string }

func newOpenSSL(t *testing.T) openssl {
	t.Helper()
	path, err := exec.LookPath("openssl")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("openssl is missing: apt-get install openssl")
		}
		t.Skip("openssl is missing: apt-get install openssl")
	}
	return openssl{path, t.TempDir()}
}

func (o openssl) file(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(o.dir, name)
	require.NoError(t, os.WriteFile(path, content, 0o600))
	return path
}

func (o openssl) pkeyutl(args ...string) ([]byte, error) {
	return exec.Command(o.path, append([]string{"pkeyutl", "-rawin", "-digest", "sm3", "-pkeyopt", "distid:" + engine.DefaultID}, args...)...).CombinedOutput()
}

// rs is a signature in DER, as OpenSSL has it.
type rs struct{ R, S *big.Int }

// verify has OpenSSL verify r‖s over tag ‖ message under a compressed key.
func (o openssl) verify(t *testing.T, key string, tag string, message, signature []byte) error {
	t.Helper()
	point, err := hex.DecodeString(key)
	require.NoError(t, err)
	prepared, err := engine.Default().Prepare(point)
	require.NoError(t, err)
	raw := prepared.Bytes()
	spki, err := smx509.MarshalPKIXPublicKey(&ecdsa.PublicKey{Curve: sm2.P256(), X: new(big.Int).SetBytes(raw[1:33]), Y: new(big.Int).SetBytes(raw[33:])})
	require.NoError(t, err)
	der, err := asn1.Marshal(rs{new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])})
	require.NoError(t, err)
	out, err := o.pkeyutl("-verify", "-pubin",
		"-inkey", o.file(t, "public.pem", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki})),
		"-in", o.file(t, "message", append([]byte(tag), message...)),
		"-sigfile", o.file(t, "signature", der))
	t.Logf("%s over %d bytes: %s", tag, len(message), out)
	return err
}

// sign has OpenSSL sign tag ‖ message with a key file and returns r‖s.
func (o openssl) sign(t *testing.T, keyFile, tag string, message []byte) []byte {
	t.Helper()
	out := filepath.Join(o.dir, "signature")
	text, err := o.pkeyutl("-sign", "-inkey", keyFile, "-in", o.file(t, "message", append([]byte(tag), message...)), "-out", out)
	require.NoError(t, err, "%s", text)
	der, err := os.ReadFile(out)
	require.NoError(t, err)
	var sig rs
	_, err = asn1.Unmarshal(der, &sig)
	require.NoError(t, err)
	return append(sig.R.FillBytes(make([]byte, 32)), sig.S.FillBytes(make([]byte, 32))...)
}

// newCity makes a city and a wallet with the command.
func newCity(t testing.TB) (city, wallet string, made madeCity) {
	t.Helper()
	city, wallet = filepath.Join(t.TempDir(), "city"), filepath.Join(t.TempDir(), "wallet")
	require.NoError(t, json.Unmarshal([]byte(must(t, "keys", "--dir", city, "--city", "210100", "--json", "--at", now)), &made))
	must(t, "issue", "--dir", city, "--profile", "transit", "--wallet", wallet, "--at", now)
	return city, wallet, made
}

// OpenSSL verifies every signature in the codes of this command, over exactly
// the bytes that inspect names and under the keys that the trust list has.
func TestOpenSSLVerifiesOurCodes(t *testing.T) {
	o := newOpenSSL(t)
	city, wallet, made := newCity(t)
	place := filepath.Join(t.TempDir(), "park.code")
	must(t, "issue", "--dir", city, "--profile", "place", "--subject", "00000000000000a1", "--out", place, "--at", now)
	printed, err := os.ReadFile(place)
	require.NoError(t, err)
	issuer, printer := made.Keys[3], made.Keys[4]
	require.Equal(t, "authority/issuer.pem", filepath.ToSlash(issuer.File))

	for b, key := range map[string]string{must(t, "show", "--wallet", wallet, "--raw", "--at", now): issuer.Key, string(printed): printer.Key} {
		b := []byte(b)
		var i inspection
		require.NoError(t, json.Unmarshal([]byte(must(t, "inspect", "--dir", city, "--json", o.file(t, "code", b))), &i))
		require.True(t, i.Verified)
		require.NotEmpty(t, i.Signatures)
		require.Equal(t, key, i.Signatures[0].Key)
		for _, s := range i.Signatures {
			signature := b[s.Offset : s.Offset+s.Length]
			require.NoError(t, o.verify(t, s.Key, s.Tag, b[:s.Covers], signature))
			// It looks at what it is given.
			require.Error(t, o.verify(t, s.Key, "CC1/list", b[:s.Covers], signature))
			require.Error(t, o.verify(t, s.Key, s.Tag, b[:s.Covers-1], signature))
		}
	}
}

// A code whose every signature was made by OpenSSL is a code like any other.
func TestOpenSSLSignsACode(t *testing.T) {
	o := newOpenSSL(t)
	city, wallet, _ := newCity(t)
	cred, err := os.ReadFile(filepath.Join(wallet, "credential.code"))
	require.NoError(t, err)
	require.Len(t, cred, 128)

	// The authority's key file, in the hands of OpenSSL, says something else.
	copy(cred[23:31], "OpenSSL!")
	copy(cred[64:], o.sign(t, filepath.Join(city, "authority", "issuer.pem"), "CC1/cred", cred[:64]))
	require.NoError(t, os.WriteFile(filepath.Join(wallet, "credential.code"), cred, 0o600))
	check := func(code []byte) Facts {
		t.Helper()
		var v verdict
		require.NoError(t, json.Unmarshal([]byte(must(t, "verify", "--dir", city, "--at", now, o.file(t, "code", code))), &v))
		require.True(t, v.Valid)
		require.Equal(t, hex.EncodeToString([]byte("OpenSSL!")), v.Subject)
		return *v.Facts
	}
	require.EqualValues(t, 1, *check([]byte(must(t, "show", "--wallet", wallet, "--raw", "--at", now))).Counter)

	// And so does the wallet's.
	at, err := time.Parse(time.RFC3339, now)
	require.NoError(t, err)
	code := binary.BigEndian.AppendUint32(cred, uint32(at.Unix()))
	code = binary.BigEndian.AppendUint32(code, 4711)
	code = binary.BigEndian.AppendUint16(code, uint16(citycode.Transit))
	code = append(code, 0)
	code = append(code, o.sign(t, filepath.Join(wallet, "key.pem"), "CC1/tokn", code)...)
	require.EqualValues(t, 4711, *check(code).Counter)
	for _, e := range []string{"native", "gmsm", "tjfoc"} {
		must(t, "verify", "--dir", city, "--at", now, "--engine", e, o.file(t, "code", code))
	}
}
