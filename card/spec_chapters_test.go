package card_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/purse"
)

// chapter returns a chapter of SPEC.md in capitals and without spaces, so that bytes are found however they are set.
func chapter(t *testing.T, number string) string {
	t.Helper()
	text, err := os.ReadFile("SPEC.md")
	require.NoError(t, err)
	_, rest, ok := strings.Cut(string(text), "\n## "+number+". ")
	require.True(t, ok, "no chapter %s", number)
	part, _, _ := strings.Cut(rest, "\n## ")
	return strings.ToUpper(strings.NewReplacer(" ", "", "`", "").Replace(part))
}

func specKey(t *testing.T, a key.Algorithm, s string) key.Key {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	k, err := key.New(a, b)
	require.NoError(t, err)
	return k
}

func has(t *testing.T, text string, b []byte) {
	t.Helper()
	assert.Contains(t, text, strings.ToUpper(hex.EncodeToString(b)))
}

// TestSpecKeys: the examples of SPEC §3.4.
func TestSpecKeys(t *testing.T) {
	text := chapter(t, "3")
	factor := key.Factor{0x21, 0x01, 0, 0, 0, 0, 0, 0x42}
	for _, master := range []key.Key{specKey(t, key.SM4, "0123456789abcdeffedcba9876543210"), specKey(t, key.TDES, "11223344556677888877665544332211")} {
		b, check := master.Bytes(), master.CheckValue()
		has(t, text, b[:])
		has(t, text, check[:])
		card := master.Diversify(factor).Bytes()
		has(t, text, card[:])
	}
	master := specKey(t, key.SM4, "0123456789abcdeffedcba9876543210")
	card := master.Diversify(factor)
	check, wrapped := card.CheckValue(), card.Wrap(master)
	has(t, text, check[:])
	has(t, text, wrapped[:])
	two := master.Diversify(key.Factor{0x21, 0x01, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF}).Diversify(factor).Bytes()
	has(t, text, two[:])
}

// TestSpecPurse: the conversation of SPEC §5.7, command by command, and what its MACs say.
func TestSpecPurse(t *testing.T) {
	_, example, ok := strings.Cut(chapter(t, "5"), "5.7LOG")
	require.True(t, ok)
	var said [][]byte
	for line := range strings.Lines(example) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, ">") || strings.HasPrefix(line, "<") {
			b, err := hex.DecodeString(line[1:])
			require.NoError(t, err, line)
			said = append(said, b)
		}
	}
	require.Len(t, said, 12)
	command := func(i int) []byte {
		c, err := apdu.Parse(said[i])
		require.NoError(t, err)
		return c.Data
	}
	answer := func(i int) []byte {
		r, err := apdu.ParseResponse(said[i])
		require.NoError(t, err)
		require.Equal(t, apdu.OK, r.Status)
		return r.Data
	}
	factor := key.Factor{0x21, 0x01, 0, 0, 0, 0, 0, 0x42}
	load := specKey(t, key.SM4, "0123456789abcdeffedcba9876543210").Diversify(factor)
	dpk := specKey(t, key.SM4, "0123456789abcdeffedcba9876543211").Diversify(factor)
	dtk := specKey(t, key.SM4, "00112233445566778899aabbccddeeff").Diversify(factor)

	request, err := purse.ParseInitializeRequest(command(0))
	require.NoError(t, err)
	opened, err := purse.ParseInitializeLoadAnswer(answer(1))
	require.NoError(t, err)
	credit, err := purse.ParseCreditRequest(command(2))
	require.NoError(t, err)
	receipt, err := purse.ParseCreditAnswer(answer(3))
	require.NoError(t, err)
	tx := purse.Transaction{Amount: request.Amount, Kind: purse.Load, Terminal: request.Terminal, At: credit.At}
	s := purse.LoadSession(load, opened.Random, opened.Seq)
	assert.Equal(t, purse.LoadMAC1(s, opened.Balance, tx), opened.MAC1)
	assert.Equal(t, purse.LoadMAC2(s, tx), credit.MAC2)
	assert.Equal(t, purse.LoadTAC(dtk, opened.Balance+tx.Amount, opened.Seq, tx), receipt.TAC)

	request, err = purse.ParseInitializeRequest(command(4))
	require.NoError(t, err)
	buying, err := purse.ParseInitializePurchaseAnswer(answer(5))
	require.NoError(t, err)
	debit, err := purse.ParseDebitRequest(command(6))
	require.NoError(t, err)
	paid, err := purse.ParseDebitAnswer(answer(7))
	require.NoError(t, err)
	tx = purse.Transaction{Amount: request.Amount, Kind: purse.Purchase, Terminal: request.Terminal, At: debit.At}
	s = purse.PurchaseSession(dpk, buying.Random, buying.Seq, debit.TerminalSeq)
	assert.Equal(t, purse.PurchaseMAC1(s, tx), debit.MAC1)
	assert.Equal(t, purse.DebitAnswer{TAC: purse.PurchaseTAC(dtk, debit.TerminalSeq, tx), MAC2: purse.PurchaseMAC2(s, tx.Amount)}, paid)
	proof, err := purse.ParseProveAnswer(answer(9))
	require.NoError(t, err)
	assert.Equal(t, purse.ProveAnswer{MAC2: paid.MAC2, TAC: paid.TAC}, proof)
	balance, err := purse.ParseBalance(answer(11))
	require.NoError(t, err)
	assert.Equal(t, buying.Balance-tx.Amount, balance)
	has(t, example, purse.LogRecord{Seq: buying.Seq, Transaction: tx}.Bytes())
}

// TestSpecSecureMessaging: the examples of SPEC §6 are those of sm/testdata, which package sm computes.
func TestSpecSecureMessaging(t *testing.T) {
	file, err := os.ReadFile("sm/testdata/sm.json")
	require.NoError(t, err)
	var vectors struct {
		PBOC []struct{ Secured string }
		ISO  []struct {
			TerminalProof, CardProof, EncryptionKey, MACKey string
			Exchanges                                       []struct{ SecuredCommand, SecuredAnswer string }
		}
	}
	require.NoError(t, json.Unmarshal(file, &vectors))
	text, iso := chapter(t, "6"), vectors.ISO[0]
	want := []string{vectors.PBOC[0].Secured, vectors.PBOC[1].Secured, iso.TerminalProof, iso.CardProof, iso.EncryptionKey, iso.MACKey}
	for _, x := range iso.Exchanges[:2] {
		want = append(want, x.SecuredCommand, x.SecuredAnswer)
	}
	for _, s := range want {
		assert.Contains(t, text, strings.ToUpper(s))
	}
}
