package sm_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tjfoc/gmsm/sm4"

	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/sm"
)

var update = flag.Bool("update", false, "write testdata/sm.json anew")

// A hexBytes is written in hexadecimal.
type hexBytes []byte

func (b hexBytes) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(b)), nil }
func (b *hexBytes) UnmarshalText(text []byte) (err error) {
	*b, err = hex.DecodeString(string(text))
	return err
}

// An oracle computes every value of SPEC §6 from its words, one step after another, with another library's SM4.

func oracleBlock(k, block []byte) []byte {
	c, err := sm4.NewCipher(k)
	if err != nil {
		panic(err)
	}
	out := make([]byte, 16)
	c.Encrypt(out, block)
	return out
}

func oracleXOR(a, b []byte) []byte {
	out := make([]byte, 16)
	for i := range out {
		out[i] = a[i] ^ b[i]
	}
	return out
}

func oraclePad(b []byte) []byte {
	b = append(bytes.Clone(b), 0x80)
	for len(b)%16 != 0 {
		b = append(b, 0)
	}
	return b
}

func oracleCBC(k, iv, b []byte) []byte {
	var out []byte
	for ; len(b) > 0; b = b[16:] {
		iv = oracleBlock(k, oracleXOR(iv, b[:16]))
		out = append(out, iv...)
	}
	return out
}

func oracleMAC(k, iv, b []byte) []byte {
	c := oracleCBC(k, iv, oraclePad(b))
	return c[len(c)-16:]
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// A pbocVector is one command of SPEC §6.1.
type pbocVector struct {
	Name          string
	MACKey        hexBytes
	EncryptionKey hexBytes `json:",omitempty"`
	Challenge     hexBytes
	Command       hexBytes
	Secured       hexBytes
}

func (v *pbocVector) compute() {
	head, data := bytes.Clone(v.Command[:4]), v.Command[5:]
	if len(v.EncryptionKey) > 0 {
		data = join([]byte{byte(len(data))}, data)
		if len(data)%16 != 0 {
			data = oraclePad(data)
		}
		data = oracleCBC(v.EncryptionKey, v.Challenge, data)
	}
	head[0] |= 4
	message := join(head, []byte{byte(len(data) + 4)}, data)
	v.Secured = join(message, oracleMAC(v.MACKey, v.Challenge, message)[:4])
}

// An isoVector is a handshake and a conversation of SPEC §6.2.
type isoVector struct {
	Name              string
	Key               hexBytes
	CardChallenge     hexBytes
	TerminalChallenge hexBytes
	TerminalProof     hexBytes
	CardProof         hexBytes
	EncryptionKey     hexBytes
	MACKey            hexBytes
	Exchanges         []isoExchange
}

type isoExchange struct {
	Command        hexBytes // header, and Lc and data if there is any
	Ne             int
	SecuredCommand hexBytes
	Answer         hexBytes // with the status word
	SecuredAnswer  hexBytes
}

func (v *isoVector) compute() {
	derive := func(label string) []byte {
		return oracleMAC(v.Key, make([]byte, 16), join([]byte(label), v.CardChallenge, v.TerminalChallenge))
	}
	v.TerminalProof = derive("CC1/sm terminal ")[:8]
	v.CardProof = derive("CC1/sm card     ")[:8]
	v.EncryptionKey = derive("CC1/sm encrypt  ")
	v.MACKey = derive("CC1/sm mac      ")
	zeros := make([]byte, 16)
	for i := range v.Exchanges {
		x := &v.Exchanges[i]
		length := func(n int) []byte {
			if n < 128 {
				return []byte{byte(n)}
			}
			return []byte{0x81, byte(n)}
		}
		secret := func(counter, data []byte) []byte {
			if len(data) == 0 {
				return nil
			}
			c := oracleCBC(v.EncryptionKey, oracleBlock(v.EncryptionKey, counter), oraclePad(data))
			return join([]byte{0x87}, length(1+len(c)), []byte{0x01}, c)
		}
		counter := append(make([]byte, 15), byte(2*i+1))
		head := bytes.Clone(x.Command[:4])
		head[0] |= 0x0C
		var data []byte
		if len(x.Command) > 5 {
			data = x.Command[5:]
		}
		body := secret(counter, data)
		switch {
		case x.Ne > 256:
			body = join(body, []byte{0x97, 2, byte(x.Ne >> 8), byte(x.Ne)})
		case x.Ne > 0:
			body = join(body, []byte{0x97, 1, byte(x.Ne)})
		}
		body = join(body, []byte{0x8E, 8}, oracleMAC(v.MACKey, zeros, join(counter, oraclePad(head), body))[:8])
		if x.Ne+35 > 256 {
			x.SecuredCommand = join(head, []byte{0, 0, byte(len(body))}, body, []byte{0, 0})
		} else {
			x.SecuredCommand = join(head, []byte{byte(len(body))}, body, []byte{0})
		}

		counter[15]++
		n := len(x.Answer) - 2
		body = join(secret(counter, x.Answer[:n]), []byte{0x99, 2}, x.Answer[n:])
		x.SecuredAnswer = join(body, []byte{0x8E, 8}, oracleMAC(v.MACKey, zeros, join(counter, body))[:8], []byte{0x90, 0})
	}
}

type vectorFile struct {
	PBOC []pbocVector
	ISO  []isoVector
}

// run returns n bytes: first, first+1, …
func run(first byte, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = first + byte(i)
	}
	return b
}

func vectors() *vectorFile {
	update := []byte{0x00, 0xD6, 0x85, 0x00}
	f := &vectorFile{
		PBOC: []pbocVector{
			{Name: "SPEC 6.1: UPDATE BINARY under a MAC", Command: join(update, []byte{4}, run(0xD1, 4))},
			{Name: "SPEC 6.1: UPDATE BINARY, encrypted", EncryptionKey: run(0x20, 16), Command: join(update, []byte{4}, run(0xD1, 4))},
			{Name: "no data", Command: []byte{0x80, 0x1E, 0, 0, 0}},
			{Name: "a block with its length, no padding", EncryptionKey: run(0x20, 16), Command: join(update, []byte{15}, run(1, 15))},
			{Name: "the most under a MAC", Command: join(update, []byte{251}, run(1, 251))},
			{Name: "the most encrypted", EncryptionKey: run(0x20, 16), Command: join(update, []byte{239}, run(1, 239))},
		},
		ISO: []isoVector{{
			Name: "SPEC 6.2", Key: run(0x30, 16), CardChallenge: run(0xC0, 16), TerminalChallenge: run(0xA0, 16),
			Exchanges: []isoExchange{
				{Command: join(update, []byte{4}, run(0xD1, 4)), Answer: []byte{0x90, 0}},
				{Command: []byte{0x00, 0xB0, 0x86, 0x00}, Ne: 8, Answer: join(run(1, 8), []byte{0x90, 0})},
				{Command: []byte{0x00, 0xB0, 0x86, 0x00}, Ne: 256, Answer: join(run(1, 128), []byte{0x62, 0x82})},
				{Command: []byte{0x80, 0xCA, 0x01, 0x02}, Ne: 300, Answer: []byte{0x6A, 0x88}},
				{Command: join([]byte{0x80, 0x50, 0, 2, 11}, run(7, 11)), Ne: 16, Answer: join(run(1, 16), []byte{0x90, 0})},
				{Command: []byte{0x80, 0x1E, 0, 0}, Answer: []byte{0x90, 0}},
			},
		}},
	}
	for i := range f.PBOC {
		f.PBOC[i].MACKey, f.PBOC[i].Challenge = run(0x10, 16), run(0xC0, 16)
		f.PBOC[i].compute()
	}
	for i := range f.ISO {
		f.ISO[i].compute()
	}
	return f
}

func sm4Key(t testing.TB, b []byte) key.Key {
	t.Helper()
	k, err := key.New(key.SM4, b)
	require.NoError(t, err)
	return k
}

// TestVectors: the file is what the oracle computes, and what the package computes.
func TestVectors(t *testing.T) {
	const path = "testdata/sm.json"
	text, err := json.MarshalIndent(vectors(), "", "\t")
	require.NoError(t, err)
	text = append(text, '\n')
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, text, 0o644))
	}
	stored, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(text), string(stored), "go test ./card/sm -update writes it anew")
	var f vectorFile
	require.NoError(t, json.Unmarshal(stored, &f))

	for _, v := range f.PBOC {
		k, p := sm.Keys{MAC: sm4Key(t, v.MACKey)}, sm.MACOnly
		if len(v.EncryptionKey) > 0 {
			k.Encryption, p = sm4Key(t, v.EncryptionKey), sm.Encrypted
		}
		c := apdu.Command{CLA: v.Command[0], INS: v.Command[1], P1: v.Command[2], P2: v.Command[3]}
		if len(v.Command) > 5 {
			c.Data = v.Command[5:]
		}
		secured, err := sm.WrapPBOC(k, [16]byte(v.Challenge), c, p)
		require.NoError(t, err, v.Name)
		b, err := secured.Bytes()
		require.NoError(t, err)
		assert.Equal(t, []byte(v.Secured), b, v.Name)
		challenge := sm.NewChallenge([16]byte(v.Challenge))
		back, err := sm.UnwrapPBOC(k, &challenge, secured, p)
		require.NoError(t, err, v.Name)
		assert.Equal(t, c, back, v.Name)
	}
	for _, v := range f.ISO {
		h := sm.Handshake{CardChallenge: [16]byte(v.CardChallenge), TerminalChallenge: [16]byte(v.TerminalChallenge)}
		k := sm4Key(t, v.Key)
		assert.Equal(t, [8]byte(v.TerminalProof), h.TerminalProof(k))
		assert.Equal(t, [8]byte(v.CardProof), h.CardProof(k))
		terminal, card := h.Terminal(k), h.Card(k)
		for _, x := range v.Exchanges {
			c := apdu.Command{CLA: x.Command[0], INS: x.Command[1], P1: x.Command[2], P2: x.Command[3], Ne: x.Ne}
			if len(x.Command) > 5 {
				c.Data = x.Command[5:]
			}
			secured, err := terminal.Wrap(c)
			require.NoError(t, err)
			b, err := secured.Bytes()
			require.NoError(t, err)
			assert.Equal(t, []byte(x.SecuredCommand), b)
			sent, err := apdu.Parse(b)
			require.NoError(t, err)
			back, err := card.Unwrap(sent)
			require.NoError(t, err)
			assert.Equal(t, c, back)

			r, err := apdu.ParseResponse(x.Answer)
			require.NoError(t, err)
			securedAnswer, err := card.Wrap(r)
			require.NoError(t, err)
			b, err = securedAnswer.Bytes()
			require.NoError(t, err)
			assert.Equal(t, []byte(x.SecuredAnswer), b)
			opened, err := terminal.Unwrap(securedAnswer)
			require.NoError(t, err)
			assert.Equal(t, r, opened)
		}
	}
}
