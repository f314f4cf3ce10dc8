package cardtest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/cos/costest"
	"github.com/citizencode/citizencode/card/purse"
)

// The script's card: its serial number, which is its seed too.
const number = 40

var (
	serial   = costest.Serial(number)
	terminal = purse.TerminalID{0x00, 0x00, 0x00, 0x00, 0x47, 0x11}
	at       = purse.DateTime{0x20, 0x26, 0x11, 0x22, 0x16, 0x00, 0x00}
)

func newCard(t testing.TB) card.Transport { return costest.New(t, costest.Options{Number: number}) }

// openLoad is INITIALIZE FOR LOAD.
func openLoad(amount purse.Amount) apdu.Command {
	return purse.InitializeForLoad(purse.InitializeRequest{KeyIndex: 1, Amount: amount, Terminal: terminal})
}

// load returns the CREDIT that decides a load, from the answer that opened it.
func load(t testing.TB, answer []byte, amount purse.Amount) apdu.Command {
	m, err := purse.ParseInitializeLoadAnswer(answer)
	require.NoError(t, err)
	s := purse.LoadSession(costest.Key(app.KeyLoad, serial), m.Random, m.Seq)
	tx := purse.Transaction{Amount: amount, Kind: purse.Load, Terminal: terminal, At: at}
	return purse.CreditForLoad(purse.CreditRequest{At: at, MAC2: purse.LoadMAC2(s, tx)})
}

// openPurchase is INITIALIZE FOR PURCHASE.
func openPurchase(amount purse.Amount) apdu.Command {
	return purse.InitializeForPurchase(purse.InitializeRequest{KeyIndex: 1, Amount: amount, Terminal: terminal})
}

// purchase returns the DEBIT that decides a purchase, from the answer that opened it.
func purchase(t testing.TB, answer []byte, amount purse.Amount, terminalSeq uint32) apdu.Command {
	m, err := purse.ParseInitializePurchaseAnswer(answer)
	require.NoError(t, err)
	s := purse.PurchaseSession(costest.Key(app.KeyPurchase, serial), m.Random, m.Seq, terminalSeq)
	tx := purse.Transaction{Amount: amount, Kind: purse.Purchase, Terminal: terminal, At: at}
	return purse.DebitForPurchase(purse.DebitRequest{TerminalSeq: terminalSeq, At: at, MAC1: purse.PurchaseMAC1(s, tx)})
}

func balance(t testing.TB, c card.Transport) purse.Amount {
	a, err := purse.ParseBalance(costest.Send(t, c, purse.GetBalance()))
	require.NoError(t, err)
	return a
}
