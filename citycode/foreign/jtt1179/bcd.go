package jtt1179

import (
	"fmt"
	"time"
)

// isBCD reports whether every half byte is a digit.
func isBCD(b []byte) bool {
	for _, c := range b {
		if c>>4 > 9 || c&15 > 9 {
			return false
		}
	}
	return true
}

// putBCD packs digits, two a byte; there must be exactly as many as fit.
func putBCD(dst []byte, digits string) error {
	if len(digits) != 2*len(dst) {
		return fmt.Errorf("%d digits, want %d", len(digits), 2*len(dst))
	}
	for i := range dst {
		hi, lo := digits[2*i]-'0', digits[2*i+1]-'0'
		if hi > 9 || lo > 9 {
			return fmt.Errorf("a character that is no digit")
		}
		dst[i] = hi<<4 | lo
	}
	return nil
}

// China is the time by which a month ends.
var China = time.FixedZone("UTC+8", 8*60*60)

// A Month is the last month of a certificate or CA key: MMYY in BCD, of the
// years 2000 to 2099.
type Month [2]byte

// MonthOf returns the month in which t lies in China.
func MonthOf(t time.Time) (Month, error) {
	t = t.In(China)
	if t.Year() < 2000 || t.Year() > 2099 {
		return Month{}, fmt.Errorf("jtt1179: year %d cannot be written", t.Year())
	}
	bcd := func(n int) byte { return byte(n/10<<4 | n%10) }
	return Month{bcd(int(t.Month())), bcd(t.Year() - 2000)}, nil
}

func (m Month) valid() bool { return isBCD(m[:]) && m[0] >= 0x01 && m[0] <= 0x12 }

// End returns the first moment after the month, in China.
func (m Month) End() time.Time {
	n := func(b byte) int { return int(b>>4)*10 + int(b&15) }
	return time.Date(2000+n(m[1]), time.Month(n(m[0])+1), 1, 0, 0, 0, 0, China)
}

// String returns MM/YY.
func (m Month) String() string { return fmt.Sprintf("%02x/%02x", m[0], m[1]) }
