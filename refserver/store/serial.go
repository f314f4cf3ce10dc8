package store

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/citizencode/citizencode/citycode"
)

// ParseSerial is the inverse of [citycode.Serial.String], as in 210100/1#0:4711.
func ParseSerial(text string) (citycode.Serial, error) {
	key, rest, _ := strings.Cut(text, "#")
	list, index, _ := strings.Cut(rest, ":")
	id, err := citycode.ParseKeyID(key)
	l, err1 := strconv.ParseUint(list, 10, 8)
	i, err2 := strconv.ParseUint(index, 10, 24)
	s := citycode.Serial{Issuer: id, List: uint8(l), Index: uint32(i)}
	if err != nil || err1 != nil || err2 != nil || s.String() != text {
		return citycode.Serial{}, fmt.Errorf("%.80q is not a serial such as 210100/1#0:4711", text)
	}
	return s, nil
}
