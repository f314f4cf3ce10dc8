package store

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/emmansun/gmsm/sm2"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
)

func sampleKey(t testing.TB) crypto.Signer { return testKey(t, "store") }

// testKey returns a TEST key as the library has it.
func testKey(t testing.TB, name string) crypto.Signer {
	t.Helper()
	key, err := engine.NewSigner(citycodetest.Scalar(name))
	require.NoError(t, err)
	return key
}

// samplePEM returns a TEST key. Few iterations keep the tests short.
func samplePEM(t testing.TB, passphrase string) []byte {
	t.Helper()
	b, err := encodeKey(sampleKey(t), []byte(passphrase), 3)
	require.NoError(t, err)
	return b
}

func TestKey(t *testing.T) {
	t.Parallel()
	for _, passphrase := range [][]byte{nil, []byte("市民码 secret")} {
		path := filepath.Join(t.TempDir(), "key.pem")
		key := sampleKey(t)
		require.NoError(t, CreateKey(path, key, passphrase))
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, Secret, info.Mode().Perm())

		again, err := ReadKey(path, passphrase)
		require.NoError(t, err)
		want, err := citycode.PublicKeyOf(key)
		require.NoError(t, err)
		got, err := citycode.PublicKeyOf(again)
		require.NoError(t, err)
		require.Equal(t, want, got)

		require.ErrorIs(t, CreateKey(path, key, nil), os.ErrExist)
	}
}

func TestKeyWithoutItsPassphrase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	plain := put(t, filepath.Join(dir, "plain.pem"), string(samplePEM(t, "")))
	locked := put(t, filepath.Join(dir, "locked.pem"), string(samplePEM(t, "right")))
	_, err := ReadKey(plain, []byte("right"))
	require.EqualError(t, err, plain+": a passphrase is given, but the key is not encrypted")
	_, err = ReadKey(locked, nil)
	require.EqualError(t, err, locked+": the key is encrypted and needs a passphrase")
	_, err = ReadKey(locked, []byte("wrong"))
	require.EqualError(t, err, locked+": the passphrase is wrong or the file is damaged")
}

// A key that lost one bit is another key: nobody has listed it, and nobody
// would know why the gates refuse what it signs.
func TestKeyDamaged(t *testing.T) {
	t.Parallel()
	for _, passphrase := range []string{"", "right"} {
		whole := samplePEM(t, passphrase)
		block, _ := pem.Decode(whole)
		for i := range block.Bytes {
			for bit := range 8 {
				der := bytes.Clone(block.Bytes)
				der[i] ^= 1 << bit
				key, err := parseKey(pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: der}), []byte(passphrase))
				if err == nil && passphrase != "" {
					// A parameter of the encryption that says nothing.
					require.Equal(t, sampleKey(t).Public(), key.Public(), "byte %d bit %d", i, bit)
					continue
				}
				require.Error(t, err, "byte %d bit %d", i, bit)
			}
		}
		for i := range whole {
			_, err := parseKey(whole[:i], []byte(passphrase))
			require.Error(t, err, "cut at %d", i)
		}
		for _, more := range []string{"\n", "x", string(whole)} {
			_, err := parseKey(append(bytes.Clone(whole), more...), []byte(passphrase))
			require.Error(t, err)
			_, err = parseKey(append([]byte(more), whole...), []byte(passphrase))
			require.Error(t, err)
		}
	}
}

func TestKeyOfAnotherKind(t *testing.T) {
	t.Parallel()
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(p256)
	require.NoError(t, err)
	_, err = parseKey(pem.EncodeToMemory(&pem.Block{Type: plainKey, Bytes: der}), nil)
	require.EqualError(t, err, "it is not an SM2 key")
	_, err = parseKey(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil)
	require.ErrorContains(t, err, `type "CERTIFICATE"`)
	last := new(big.Int).Sub(sm2.P256().Params().N, big.NewInt(1))
	useless := &sm2.PrivateKey{PrivateKey: ecdsa.PrivateKey{D: last}}
	useless.Curve = sm2.P256()
	useless.X, useless.Y = useless.Curve.ScalarBaseMult(last.Bytes())
	b, err := encodeKey(useless, nil, 0)
	require.NoError(t, err)
	_, err = parseKey(b, nil)
	require.Error(t, err)
	block, _ := pem.Decode(samplePEM(t, ""))
	block.Headers = map[string]string{"Proc-Type": "4,ENCRYPTED"}
	_, err = parseKey(pem.EncodeToMemory(block), nil)
	require.Error(t, err)
}

// The parameters of the encryption stand in the clear and say how much work to
// do: a planted file must not stop the city for a day.
func TestKeyThatCostsTooMuch(t *testing.T) {
	t.Parallel()
	block, _ := pem.Decode(samplePEM(t, "right"))
	cheap, err := asn1.Marshal(3)
	require.NoError(t, err)
	dear, err := asn1.Marshal(1<<31 - 1)
	require.NoError(t, err)
	require.Equal(t, 1, bytes.Count(block.Bytes, cheap))
	der := bytes.Replace(block.Bytes, cheap, dear, 1)
	// Four sequences around it are three bytes longer now.
	grow := len(dear) - len(cheap)
	for _, at := range []int{2, 4, 17, 19, 32} {
		der[at] += byte(grow)
	}
	_, err = parseKey(pem.EncodeToMemory(&pem.Block{Type: encryptedKey, Bytes: der}), []byte("right"))
	require.ErrorContains(t, err, "2147483647 iterations, at most 1000000")
}

func TestReadPassphrase(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "phrase")
	for _, good := range []string{"secret", "secret\n", "secret\r\n"} {
		got, err := ReadPassphrase(put(t, path, good))
		require.NoError(t, err)
		require.Equal(t, "secret", string(got))
	}
	for _, bad := range []string{"", "\n", "two\nlines\n", "a\x00b"} {
		_, err := ReadPassphrase(put(t, path, bad))
		require.ErrorContains(t, err, path)
	}
}

// The keys that keys makes are ones that OpenSSL makes and reads.
func TestKeyOfOpenSSL(t *testing.T) {
	t.Parallel()
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("openssl is missing: apt-get install openssl")
		}
		t.Skip("openssl is missing: apt-get install openssl")
	}
	dir := t.TempDir()
	run := func(args ...string) {
		t.Helper()
		command := exec.Command(openssl, args...)
		command.Dir = dir
		out, err := command.CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	run("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2", "-out", "theirs.pem")
	run("pkcs8", "-topk8", "-in", "theirs.pem", "-v2", "sm4-cbc", "-v2prf", "hmacWithSHA256", "-passout", "pass:secret", "-out", "locked.pem")
	theirs, err := ReadKey(filepath.Join(dir, "theirs.pem"), nil)
	require.NoError(t, err)
	locked, err := ReadKey(filepath.Join(dir, "locked.pem"), []byte("secret"))
	require.NoError(t, err)
	require.Equal(t, theirs.Public(), locked.Public())

	require.NoError(t, CreateKey(filepath.Join(dir, "ours.pem"), theirs, nil))
	run("pkey", "-in", "ours.pem", "-out", "again.pem")
	ours, err := os.ReadFile(filepath.Join(dir, "ours.pem"))
	require.NoError(t, err)
	again, err := os.ReadFile(filepath.Join(dir, "again.pem"))
	require.NoError(t, err)
	require.Equal(t, string(ours), string(again))
}
