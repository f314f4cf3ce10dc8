package cos_test

import (
	"fmt"

	"github.com/citizencode/citizencode/card/cos"
	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/nvm"
)

// A blank card has no application yet, and says so.
func Example() {
	transport, err := key.New(key.SM4, []byte("a transport key!"))
	if err != nil {
		panic(err)
	}
	mem := nvm.New(cos.Pages)
	if err := cos.Format(mem, transport); err != nil {
		panic(err)
	}
	card, err := cos.New(mem, cos.Config{})
	if err != nil {
		panic(err)
	}
	atr, err := card.Reset(true)
	fmt.Printf("%X %v\n", atr, err)
	answer, err := card.Transmit([]byte{0x00, 0xA4, 0x04, 0x00, 0x05, 0xF0, 'C', 'I', 'T', 'I'})
	fmt.Printf("%X %v\n", answer, err)
	// Output:
	// 3B888001434954494341443169 <nil>
	// 6A82 <nil>
}
