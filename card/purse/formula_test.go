package purse_test

import (
	"bytes"
	"crypto/cipher"
	"crypto/des"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tjfoc/gmsm/sm4"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/purse"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

func testKey(t testing.TB, a key.Algorithm, s string) key.Key {
	t.Helper()
	k, err := key.New(a, unhex(t, s))
	require.NoError(t, err)
	return k
}

func mac(t testing.TB, s string) purse.MAC { return purse.MAC(unhex(t, s)) }

var cardRandom = purse.Random{0x11, 0x22, 0x33, 0x44}

// TestPublishedVectors holds the 3DES form to what was published for the PBOC e-purse. The two TAC were not: they are
// ours, and TestOracle computes them another way.
func TestPublishedVectors(t *testing.T) {
	k := testKey(t, key.TDES, "11223344556677888877665544332211")
	terminal := purse.TerminalID{0, 0x11, 0x22, 0x33, 0x44, 0x55}

	load := purse.Transaction{Amount: 0x1000, Kind: purse.LoadED, Terminal: terminal, At: purse.DateTime(unhex(t, "20111221214822"))}
	s := purse.LoadSession(k, cardRandom, 0)
	assert.Equal(t, mac(t, "2988AE5A"), purse.LoadMAC1(s, 0, load))
	assert.Equal(t, mac(t, "3A845BF0"), purse.LoadMAC2(s, load))

	purchase := purse.Transaction{Amount: 0x1000, Kind: purse.Purchase, Terminal: terminal, At: purse.DateTime(unhex(t, "20120229135100"))}
	s = purse.PurchaseSession(k, cardRandom, 0, 1)
	assert.Equal(t, mac(t, "F15CAB75"), purse.PurchaseMAC1(s, purchase))
	assert.Equal(t, mac(t, "56988A13"), purse.PurchaseMAC2(s, 0x1000))
}

// The keys of SPEC §5.7: the masters of the test city, diversified for the card 2101000000000042.
func specKeys(t testing.TB) (load, purchase, tac key.Key) {
	card := key.Factor{0x21, 0x01, 0, 0, 0, 0, 0, 0x42}
	return testKey(t, key.SM4, "0123456789abcdeffedcba9876543210").Diversify(card),
		testKey(t, key.SM4, "0123456789abcdeffedcba9876543211").Diversify(card),
		testKey(t, key.SM4, "00112233445566778899aabbccddeeff").Diversify(card)
}

// TestSpec prints the conversation of SPEC §5.7, and holds it to the bytes there.
func TestSpec(t *testing.T) {
	load, purchase, tac := specKeys(t)
	terminal := purse.TerminalID{0x21, 0x01, 0, 0, 0, 0x07}
	at := purse.DateTime(unhex(t, "20261122083000"))
	var got bytes.Buffer
	line := func(name string, b []byte) { fmt.Fprintf(&got, "%s %X\n", name, b) }
	kcv := func(k key.Key) []byte { v := k.CheckValue(); return v[:] }
	line("DLK", kcv(load))
	line("DPK", kcv(purchase))
	line("DTK", kcv(tac))

	request := purse.InitializeRequest{KeyIndex: 1, Amount: 10000, Terminal: terminal}
	tx := purse.Transaction{Amount: 10000, Kind: purse.Load, Terminal: terminal, At: at}
	session := purse.LoadSession(load, cardRandom, 0)
	command := func(c interface{ Bytes() ([]byte, error) }) {
		b, err := c.Bytes()
		require.NoError(t, err)
		line(">", b)
	}
	answer := func(b []byte) { line("<", append(b, 0x90, 0x00)) }
	command(purse.InitializeForLoad(request))
	answer(purse.InitializeLoadAnswer{Balance: 0, Seq: 0, KeyVersion: 1, Algorithm: key.SM4, Random: cardRandom,
		MAC1: purse.LoadMAC1(session, 0, tx)}.Bytes())
	command(purse.CreditForLoad(purse.CreditRequest{At: at, MAC2: purse.LoadMAC2(session, tx)}))
	answer(purse.CreditAnswer{TAC: purse.LoadTAC(tac, 10000, 0, tx)}.Bytes())

	request.Amount, tx.Amount, tx.Kind = 200, 200, purse.Purchase
	session = purse.PurchaseSession(purchase, cardRandom, 0, 1)
	receipt := purse.DebitAnswer{TAC: purse.PurchaseTAC(tac, 1, tx), MAC2: purse.PurchaseMAC2(session, 200)}
	command(purse.InitializeForPurchase(request))
	answer(purse.InitializePurchaseAnswer{Balance: 10000, Seq: 0, KeyVersion: 1, Algorithm: key.SM4, Random: cardRandom}.Bytes())
	command(purse.DebitForPurchase(purse.DebitRequest{TerminalSeq: 1, At: at, MAC1: purse.PurchaseMAC1(session, tx)}))
	answer(receipt.Bytes())
	command(purse.GetTransactionProve(purse.ProveRequest{Kind: purse.Purchase, Seq: 0}))
	answer(purse.ProveAnswer{MAC2: receipt.MAC2, TAC: receipt.TAC}.Bytes())
	command(purse.GetBalance())
	answer(purse.Amount(9800).Bytes())
	line("log", purse.LogRecord{Seq: 0, Transaction: tx}.Bytes())
	assert.Equal(t, spec57, got.String())
}

const spec57 = `DLK 84DFA6
DPK 1452EE
DTK 520868
> 805000020B010000271021010000000710
< 00000000000001041122334423B67BAA9000
> 805200000B20261122083000FBCEE76704
< 2D5F44019000
> 805001020B01000000C82101000000070F
< 0000271000000000000104112233449000
> 805401000F00000001202611220830008AB1F52A08
< CCD5C5561600B3679000
> 805A000602000008
< 1600B367CCD5C5569000
> 805C000204
< 000026489000
log 0000000000000000C80621010000000720261122083000
`

// TestOracle: every formula, in both forms, is what its words in SPEC §5.3 and §5.4 say, computed from the words with
// another SM4 and with DES by hand.
func TestOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string, n int) []byte { return rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, name) }
		a := rapid.SampledFrom([]key.Algorithm{key.SM4, key.TDES}).Draw(t, "algorithm")
		raw, random, seq, termSeq := draw("key", 16), draw("random", 4), draw("seq", 2), draw("terminal seq", 4)
		balance, amount, kind, terminal, at := draw("balance", 4), draw("amount", 4), draw("kind", 1), draw("terminal", 6), draw("at", 7)
		k, err := key.New(a, raw)
		if err != nil {
			t.Fatal(err)
		}
		tx := purse.Transaction{
			Amount: purse.Amount(binary.BigEndian.Uint32(amount)), Kind: purse.Kind(kind[0]),
			Terminal: purse.TerminalID(terminal), At: purse.DateTime(at),
		}
		seqNumber, termNumber := binary.BigEndian.Uint16(seq), binary.BigEndian.Uint32(termSeq)
		balanceFen := purse.Amount(binary.BigEndian.Uint32(balance))

		o := oracle{a}
		load := purse.LoadSession(k, purse.Random(random), seqNumber)
		buy := purse.PurchaseSession(k, purse.Random(random), seqNumber, termNumber)
		loadKey := o.session(raw, random, seq, []byte{0x80, 0x00})
		buyKey := o.session(raw, random, seq, termSeq[2:])
		for name, pair := range map[string][2]purse.MAC{
			"load MAC1":     {purse.LoadMAC1(load, balanceFen, tx), o.mac(loadKey, balance, amount, kind, terminal)},
			"load MAC2":     {purse.LoadMAC2(load, tx), o.mac(loadKey, amount, kind, terminal, at)},
			"load TAC":      {purse.LoadTAC(k, balanceFen, seqNumber, tx), o.mac(o.tacKey(raw), balance, seq, amount, kind, terminal, at)},
			"purchase MAC1": {purse.PurchaseMAC1(buy, tx), o.mac(buyKey, amount, kind, terminal, at)},
			"purchase MAC2": {purse.PurchaseMAC2(buy, tx.Amount), o.mac(buyKey, amount)},
			"purchase TAC":  {purse.PurchaseTAC(k, termNumber, tx), o.mac(o.tacKey(raw), amount, kind, terminal, termSeq, at)},
		} {
			if !pair[0].Equal(pair[1]) || pair[0] != pair[1] {
				t.Fatalf("%s of %v: %x, and not %x", name, a, pair[0], pair[1])
			}
		}
	})
}

type oracle struct{ a key.Algorithm }

func (o oracle) block(k, b []byte) []byte {
	var c cipher.Block
	switch {
	case o.a == key.SM4:
		c, _ = sm4.NewCipher(k)
	case len(k) == 8:
		c, _ = des.NewCipher(k)
	default: // E(K1) D(K2) E(K1)
		return o.block(k[:8], o.inverse(k[8:], o.block(k[:8], b)))
	}
	out := make([]byte, len(b))
	c.Encrypt(out, b)
	return out
}

func (oracle) inverse(k, b []byte) []byte {
	c, _ := des.NewCipher(k)
	out := make([]byte, len(b))
	c.Decrypt(out, b)
	return out
}

func (o oracle) session(k, random, seq, tail []byte) []byte {
	b := bytes.Join([][]byte{random, seq, tail}, nil)
	if o.a == key.SM4 {
		b = append(b, 0x80, 0, 0, 0, 0, 0, 0, 0)
	}
	return o.block(k, b)
}

func (o oracle) tacKey(k []byte) []byte {
	if o.a == key.SM4 {
		return k
	}
	out := make([]byte, 8)
	for i := range out {
		out[i] = k[i] ^ k[8+i]
	}
	return out
}

func (o oracle) mac(k []byte, parts ...[]byte) purse.MAC {
	size := 8
	if o.a == key.SM4 {
		size = 16
	}
	b := append(bytes.Join(parts, nil), 0x80)
	for len(b)%size != 0 {
		b = append(b, 0)
	}
	state := make([]byte, size)
	for ; len(b) > 0; b = b[size:] {
		for i := range state {
			state[i] ^= b[i]
		}
		state = o.block(k, state)
	}
	return purse.MAC(state[:4])
}
