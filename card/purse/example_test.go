package purse_test

import (
	"fmt"
	"time"

	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/purse"
)

// A SAM authorises a purchase that a card has opened, and the card checks that it was this SAM.
func Example() {
	master, _ := key.New(key.SM4, []byte("made-up master 1"))
	card := master.Diversify(key.Factor{0x21, 0x01, 0, 0, 0, 0, 0, 0x42})
	answer, _ := purse.ParseInitializePurchaseAnswer([]byte{0, 0, 0x27, 0x10, 0, 7, 0, 0, 0, 1, 4, 1, 2, 3, 4})
	fmt.Printf("the card has %d fen, and done %d purchases\n", answer.Balance.Fen(), answer.Seq)

	at, _ := purse.NewDateTime(time.Date(2026, 11, 22, 0, 30, 0, 0, time.UTC))
	t := purse.Transaction{Amount: 200, Kind: purse.Purchase, Terminal: purse.TerminalID{0x21, 1, 0, 0, 0, 7}, At: at}
	sam := purse.PurchaseSession(card, answer.Random, answer.Seq, 1)
	debit, _ := purse.DebitForPurchase(purse.DebitRequest{TerminalSeq: 1, At: at, MAC1: purse.PurchaseMAC1(sam, t)}).Bytes()
	fmt.Printf("%X\n", debit)

	request, _ := purse.ParseDebitRequest(debit[5:20])
	session := purse.PurchaseSession(card, answer.Random, answer.Seq, request.TerminalSeq)
	t.At = request.At
	fmt.Println(request.MAC1.Equal(purse.PurchaseMAC1(session, t)))
	t.Amount = 2
	fmt.Println(request.MAC1.Equal(purse.PurchaseMAC1(session, t)))
	// Output:
	// the card has 10000 fen, and done 7 purchases
	// 805401000F0000000120261122083000CE38FF6208
	// true
	// false
}
