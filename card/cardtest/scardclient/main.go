//go:build scard

// Scardclient sends the commands on its standard input, one a line in hexadecimal digits, to the card in the
// reader that its argument names, through libpcsclite, and prints the answers the same way.
package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"log"
	"os"

	"github.com/citizencode/citizencode/card/transport/scard"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: scardclient READER <commands")
	}
	if err := run(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func run(reader string) error {
	c, err := scard.Connect(reader)
	if err != nil {
		return err
	}
	defer c.Close()
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<18)
	for lines.Scan() {
		command, err := hex.DecodeString(lines.Text())
		if err != nil {
			return err
		}
		answer, err := c.Transmit(command)
		if err != nil {
			return err
		}
		fmt.Printf("%X\n", answer)
	}
	return lines.Err()
}
