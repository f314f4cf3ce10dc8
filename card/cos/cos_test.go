package cos_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/cos/costest"
	"github.com/citizencode/citizencode/card/purse"
)

var (
	terminal = purse.TerminalID{0x00, 0x00, 0x00, 0x00, 0x47, 0x11}
	at       = purse.DateTime{0x20, 0x26, 0x11, 0x22, 0x16, 0x00, 0x00}
)

func sel(t testing.TB, c card.Transport) { costest.Send(t, c, app.Select(app.TestAID)) }

// openLoad opens a load and returns the CREDIT that decides it.
func openLoad(t testing.TB, c card.Transport, number uint32, amount purse.Amount) apdu.Command {
	m, err := purse.ParseInitializeLoadAnswer(costest.Send(t, c, purse.InitializeForLoad(purse.InitializeRequest{KeyIndex: 1, Amount: amount, Terminal: terminal})))
	require.NoError(t, err)
	s := purse.LoadSession(costest.Key(app.KeyLoad, costest.Serial(number)), m.Random, m.Seq)
	tx := purse.Transaction{Amount: amount, Kind: purse.Load, Terminal: terminal, At: at}
	require.Equal(t, m.MAC1, purse.LoadMAC1(s, m.Balance, tx))
	return purse.CreditForLoad(purse.CreditRequest{At: at, MAC2: purse.LoadMAC2(s, tx)})
}

// openPurchase opens a purchase and returns the DEBIT that decides it.
func openPurchase(t testing.TB, c card.Transport, number uint32, amount purse.Amount, terminalSeq uint32) apdu.Command {
	m, err := purse.ParseInitializePurchaseAnswer(costest.Send(t, c, purse.InitializeForPurchase(purse.InitializeRequest{KeyIndex: 1, Amount: amount, Terminal: terminal})))
	require.NoError(t, err)
	s := purse.PurchaseSession(costest.Key(app.KeyPurchase, costest.Serial(number)), m.Random, m.Seq, terminalSeq)
	tx := purse.Transaction{Amount: amount, Kind: purse.Purchase, Terminal: terminal, At: at}
	return purse.DebitForPurchase(purse.DebitRequest{TerminalSeq: terminalSeq, At: at, MAC1: purse.PurchaseMAC1(s, tx)})
}

func balance(t testing.TB, c card.Transport) purse.Amount {
	a, err := purse.ParseBalance(costest.Send(t, c, purse.GetBalance()))
	require.NoError(t, err)
	return a
}

func TestLoadAndPurchase(t *testing.T) {
	c := costest.New(t, costest.Options{})
	sel(t, c)
	costest.Send(t, c, openLoad(t, c, 1, 10_000))
	assert.EqualValues(t, 10_000, balance(t, c))
	costest.Send(t, c, openPurchase(t, c, 1, 250, 7))
	assert.EqualValues(t, 9_750, balance(t, c))
}
