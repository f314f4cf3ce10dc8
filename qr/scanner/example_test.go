package scanner_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/citizencode/citizencode/qr"
	"github.com/citizencode/citizencode/qr/scanner"
)

func someText() string {
	token := make([]byte, 95)
	for i := range token {
		token[i] = byte(i)
	}
	text, _ := qr.EncodeDecimal(token)
	return text
}

// A scanner of the cheapest kind types into a computer with a French keyboard.
func ExampleReadTyped() {
	french := strings.NewReplacer("1", "&", "2", "é", "3", `"`, "4", "'", "5", "(", "6", "-", "7", "è", "8", "_", "9", "ç", "0", "à")
	typed := french.Replace(someText())
	fmt.Println(string([]rune(typed)[:16]))
	scan := scanner.ReadTyped(typed, scanner.Options{})
	fmt.Println(len(scan.Token), scan.Layout, scan.Err)
	scan = scanner.ReadTyped(typed[:100]+typed[102:], scanner.Options{})
	fmt.Println(scan.Err)
	// Output:
	// èèàààà&&à_&(é&(è
	// 95 French <nil>
	// qr: malformed-text: no token has this number of digits
}

// A serial port delivers a scan in pieces.
func ExampleLine_Push() {
	line, err := scanner.NewLine(scanner.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	stream := "]Q1" + someText() + "\r\n"
	now := time.Unix(1800000000, 0)
	for len(stream) > 0 {
		n := min(64, len(stream))
		for _, scan := range line.Push([]byte(stream[:n]), now) {
			fmt.Println(scan.Symbology, len(scan.Token), scan.Err)
		}
		stream, now = stream[n:], now.Add(16*time.Millisecond)
	}
	// Output:
	// Q1 95 <nil>
}
