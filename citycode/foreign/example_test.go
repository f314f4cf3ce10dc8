package foreign_test

import (
	"fmt"

	"github.com/citizencode/citizencode/citycode/foreign"
	"github.com/citizencode/citizencode/citycode/foreign/jtt1179/jtt1179test"
)

// A bus gate that serves the citizen code alone, and what it says to who shows
// something else.
func ExampleRouter() {
	recogniser, err := foreign.NewRecogniser(foreign.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	type handler func(code []byte)
	router, err := foreign.NewRouter(recogniser, map[foreign.Kind]handler{
		foreign.CitizenCode: func([]byte) { fmt.Println("to the citizen code's own reader") },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, scanned := range [][]byte{
		[]byte("CC1:100KB0*M0DY0W016C1PN1"),
		jtt1179test.New().Bytes(),
		[]byte("281234567890123456"),
		[]byte("https://example.org/poster"),
		[]byte("hello"),
	} {
		handle, code, err := router.Route(scanned)
		if refusal, refused := err.(*foreign.Refusal); refused {
			fmt.Println(refusal.Kind, refusal.Reason, "-", refusal.Next.En)
			continue
		}
		handle(code.Bytes())
	}
	// Output:
	// to the citizen code's own reader
	// ride-jtt1179 not-served - This is a national ride code, which is not taken here; open your citizen code and choose transit
	// pay-alipay not-served - This is an Alipay payment code; do not show it here, open your citizen code
	// web-link not-served - This is a link to a web page and no citizen code; open your citizen code
	// unknown unknown-code - This code is not known here; open your citizen code and try again, or ask the staff
}
