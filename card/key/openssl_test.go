package key_test

import (
	"bytes"
	"encoding/hex"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card/key"
)

// openssl encrypts whole blocks with OpenSSL. Where it is missing the test is skipped, but fails in CI, where a missing
// oracle would go unseen.
func openssl(t *testing.T, cipher string, k, iv, data []byte) []byte {
	t.Helper()
	path, err := exec.LookPath("openssl")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("openssl is missing: apt-get install openssl")
		}
		t.Skip("openssl is missing: apt-get install openssl")
	}
	args := []string{"enc", "-e", "-" + cipher, "-nopad", "-K", hex.EncodeToString(k)}
	if iv != nil {
		args = append(args, "-iv", hex.EncodeToString(iv))
	}
	command := exec.Command(path, args...)
	command.Stdin = bytes.NewReader(data)
	var out, stderr bytes.Buffer
	command.Stdout, command.Stderr = &out, &stderr
	require.NoError(t, command.Run(), stderr.String())
	return out.Bytes()
}

// TestOpenSSL: diversification, check value, wrapping, encryption and MAC, with the program's ECB and CBC modes.
func TestOpenSSL(t *testing.T) {
	for _, tc := range []struct {
		algorithm    key.Algorithm
		ecb, cbc     string
		master, card string // the examples of SPEC §3
	}{
		{key.SM4, "sm4-ecb", "sm4-cbc", specMaster, specCardKey},
		{key.TDES, "des-ede", "des-ede-cbc", tdesMaster, tdesCardKey},
	} {
		t.Run(tc.algorithm.String(), func(t *testing.T) {
			master := unhex(t, tc.master)
			assert.Equal(t, tc.card, hex.EncodeToString(openssl(t, tc.ecb, master, nil, unhex(t, "2101000000000042defeffffffffffbd"))))

			random := rand.NewChaCha8([32]byte{0x5C})
			for n := range 6 {
				secret, data := make([]byte, key.Size), make([]byte, 16*n+3)
				random.Read(secret)
				random.Read(data)
				k := newKey(t, tc.algorithm, secret)
				size := k.Block().BlockSize()
				iv := make([]byte, size)
				random.Read(iv)

				kcv := k.CheckValue()
				assert.Equal(t, openssl(t, tc.ecb, secret, nil, make([]byte, size))[:3], kcv[:])
				wrapped := newKey(t, tc.algorithm, master).Wrap(k)
				assert.Equal(t, openssl(t, tc.ecb, secret, nil, master), wrapped[:])

				padded := append(bytes.Clone(data), 0x80)
				for len(padded)%size != 0 {
					padded = append(padded, 0)
				}
				want := openssl(t, tc.cbc, secret, iv, padded)
				assert.Equal(t, want[len(want)-size:], key.MAC(k.Block(), iv, data))
				assert.Equal(t, want, key.Encrypt(k.Block(), iv, padded))
				assert.Equal(t, padded, key.Decrypt(k.Block(), iv, want))
			}
		})
	}
}
