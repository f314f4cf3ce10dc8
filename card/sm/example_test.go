package sm_test

import (
	"fmt"

	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/sm"
)

// Terminal and card prove to each other that they have the key, and exchange one command and its answer.
func Example() {
	k, _ := key.New(key.SM4, []byte("made-up gate key"))
	h := sm.Handshake{
		CardChallenge:     [16]byte([]byte("drawn by a card!")),
		TerminalChallenge: [16]byte([]byte("by the terminal!")),
	}
	fmt.Println(h.TerminalProof(k) != h.CardProof(k))
	terminal, card := h.Terminal(k), h.Card(k)

	secured, _ := terminal.Wrap(apdu.Command{INS: apdu.InsReadBinary, P1: 0x86, Ne: 4})
	fmt.Println(secured)
	command, _ := card.Unwrap(secured)
	fmt.Println(command)
	answer, _ := card.Wrap(apdu.Response{Data: []byte("Test"), Status: apdu.OK})
	opened, _ := terminal.Unwrap(answer)
	fmt.Printf("%s %v\n", opened.Data, opened.Status)

	_, err := card.Unwrap(secured)
	fmt.Println("again:", err)
	// Output:
	// true
	// 0CB08600 Nc=13 Ne=256
	// 00B08600 Nc=0 Ne=4
	// Test 9000 success 正确执行
	// again: sm: wrong-mac
}
