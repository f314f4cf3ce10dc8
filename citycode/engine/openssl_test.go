package engine_test

import (
	"encoding/pem"
	"math/big"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/emmansun/gmsm/smx509"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode/engine"
)

// tool returns the path of a program of the Debian package named. Without it
// the test is skipped, but fails in CI, where a missing oracle would go unseen.
func tool(t *testing.T, name, debianPackage string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing: apt-get install %s", name, debianPackage)
	}
	t.Skipf("%s is missing: apt-get install %s", name, debianPackage)
	return ""
}

// An openssl runs OpenSSL 3 in a directory of its own.
type openssl struct{ path, dir string }

func newOpenSSL(t *testing.T) openssl {
	return openssl{tool(t, "openssl", "openssl"), t.TempDir()}
}

func (o openssl) file(name string) string { return filepath.Join(o.dir, name) }

func (o openssl) write(t *testing.T, name string, content []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(o.file(name), content, 0o600))
}

func (o openssl) run(args ...string) ([]byte, error) {
	command := exec.Command(o.path, args...)
	command.Dir = o.dir
	return command.CombinedOutput()
}

// pkeyutl signs or verifies the file message with SM3 under the identifier id.
func (o openssl) pkeyutl(id string, args ...string) ([]byte, error) {
	return o.run(append([]string{"pkeyutl", "-rawin", "-digest", "sm3", "-pkeyopt", "distid:" + id, "-in", "message"}, args...)...)
}

// digestOfMessage returns SM3(ZA‖M) by e.
func digestOfMessage(t *testing.T, e engine.Engine, public point, message []byte) [engine.DigestSize]byte {
	t.Helper()
	key, err := e.Prepare(public.compressed())
	require.NoError(t, err)
	za := engine.ZA(e, key)
	h := e.NewSM3()
	h.Write(za[:])
	h.Write(message)
	return [engine.DigestSize]byte(h.Sum(nil))
}

func randomMessage(random *rand.ChaCha8) []byte {
	message := make([]byte, 1+random.Uint64()%300)
	random.Read(message)
	return message
}

func TestOpenSSLVerifies(t *testing.T) {
	t.Parallel()
	o := newOpenSSL(t)
	random := seeded(0x40)
	for i := range 20 {
		signer, err := engine.GenerateKey(random)
		require.NoError(t, err)
		spki, err := smx509.MarshalPKIXPublicKey(signer.Public())
		require.NoError(t, err)
		o.write(t, "public.pem", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki}))
		message := randomMessage(random)
		o.write(t, "message", message)
		digest := digestOfMessage(t, engines()[i%2], publicPoint(t, signer), message)
		signature, err := engine.SignDigest(random, signer, digest)
		require.NoError(t, err)
		o.write(t, "signature", derOf(t, signature))

		verify := []string{"-verify", "-pubin", "-inkey", "public.pem", "-sigfile", "signature"}
		output, err := o.pkeyutl(engine.DefaultID, verify...)
		require.NoError(t, err, "%s", output)
		if i > 0 {
			continue
		}
		// It looks at what it is given.
		output, err = o.pkeyutl("ALICE123@YAHOO.COM", verify...)
		assert.Error(t, err, "%s", output)
		o.write(t, "message", append(message, 0))
		output, err = o.pkeyutl(engine.DefaultID, verify...)
		assert.Error(t, err, "%s", output)
	}
}

func TestOpenSSLSigns(t *testing.T) {
	t.Parallel()
	o := newOpenSSL(t)
	random := seeded(0x41)
	for range 20 {
		output, err := o.run("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2", "-out", "private.pem")
		require.NoError(t, err, "%s", output)
		output, err = o.run("pkey", "-in", "private.pem", "-pubout", "-out", "public.pem")
		require.NoError(t, err, "%s", output)
		message := randomMessage(random)
		o.write(t, "message", message)
		output, err = o.pkeyutl(engine.DefaultID, "-sign", "-inkey", "private.pem", "-out", "signature")
		require.NoError(t, err, "%s", output)

		encoded, err := os.ReadFile(o.file("public.pem"))
		require.NoError(t, err)
		block, _ := pem.Decode(encoded)
		require.NotNil(t, block)
		parsed, err := smx509.ParsePKIXPublicKey(block.Bytes)
		require.NoError(t, err)
		compressed, err := engine.Point(parsed)
		require.NoError(t, err)
		public, exists := pointAt(new(big.Int).SetBytes(compressed[1:]))
		require.True(t, exists)
		if public.compressed()[0] != compressed[0] {
			public = public.negate()
		}

		der, err := os.ReadFile(o.file("signature"))
		require.NoError(t, err)
		for _, e := range engines() {
			digest := digestOfMessage(t, e, public, message)
			// The strict reader takes what OpenSSL writes.
			signature, err := engine.SignDigest(nil, &cannedSigner{der: der}, digest)
			require.NoError(t, err, "%x", der)
			key, err := e.Prepare(compressed[:])
			require.NoError(t, err)
			require.True(t, key.Verify(digest, signature), "%s: key %x message %x signature %x", e.Name(), compressed, message, signature)
			digest[0] ^= 1
			require.False(t, key.Verify(digest, signature))
		}
	}
}
