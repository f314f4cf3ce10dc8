package tlv_test

import (
	"fmt"

	"github.com/citizencode/citizencode/card/tlv"
)

func ExampleParse() {
	fci := []byte{0x00, 0x6F, 0x08, 0x84, 0x81, 0x02, 0xF0, 0x43, 0xA5, 0x01, 0x00, 0xFF}
	_, err := tlv.Parse(fci, tlv.Strict)
	fmt.Println(err)
	objects, err := tlv.Parse(fci, tlv.Lenient)
	name, ok := objects.Find(0x6F, 0x84)
	fmt.Printf("%X %v %v\n", name.Value, ok, err)
	plain, err := objects.Bytes()
	fmt.Printf("%X %v\n", plain, err)
	// Output:
	// tlv: bad-tag at byte 0
	// F043 true <nil>
	// 6F068402F043A500 <nil>
}
