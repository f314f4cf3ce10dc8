package apdu_test

import (
	"errors"
	"fmt"

	"github.com/citizencode/citizencode/card/apdu"
)

// reluctant is a card that gives its answer in two parts, and knows one application.
type reluctant struct{}

func (reluctant) Transmit(command []byte) ([]byte, error) {
	c, err := apdu.Parse(command)
	if err != nil {
		return apdu.Response{Status: apdu.WrongLength}.Bytes()
	}
	fmt.Println(">", c)
	switch {
	case c.INS == apdu.InsSelect && string(c.Data) == "CITICARD":
		return apdu.Response{Status: apdu.MoreData | 5}.Bytes()
	case c.INS == apdu.InsGetResponse:
		return apdu.Response{Data: []byte("hello"), Status: apdu.OK}.Bytes()
	}
	return apdu.Response{Status: apdu.FileNotFound}.Bytes()
}

func Example() {
	client := apdu.NewClient(reluctant{}, apdu.Options{})
	for _, name := range []string{"CITICARD", "ELSEWHERE"} {
		answer, err := client.Send(apdu.Command{INS: apdu.InsSelect, P1: 4, Data: []byte(name), Ne: apdu.MaxShortNe})
		if errors.Is(err, apdu.FileNotFound) {
			fmt.Println("not this card:", err)
			continue
		}
		fmt.Printf("%s %v\n", answer.Data, answer.Status)
	}
	// Output:
	// > 00A40400 Nc=8 Ne=256
	// > 00C00000 Nc=0 Ne=5
	// hello 9000 success 正确执行
	// > 00A40400 Nc=9 Ne=256
	// not this card: apdu: 00A40400: 6A82 file or application not found 文件或应用未找到
}
