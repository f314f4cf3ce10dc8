package citycode

import (
	"fmt"
	"strconv"
	"strings"
)

// Bounds of a KeyID (SPEC §2.3).
const (
	MinCity  = 100000 // GB/T 2260 codes have six digits and begin with the province
	MaxCity  = 999999
	MaxIndex = 1<<12 - 1
)

// A KeyID names a key of a city: the GB/T 2260 code of the city in the upper 20
// bits and the index of the key in the lower 12 (SPEC §2.3).
type KeyID uint32

// NewKeyID returns the id of key index of a city.
func NewKeyID(city, index int) (KeyID, error) {
	if city < MinCity || city > MaxCity {
		return 0, fmt.Errorf("citycode: city %d is not in %d..%d", city, MinCity, MaxCity)
	}
	if index < 0 || index > MaxIndex {
		return 0, fmt.Errorf("citycode: key index %d is not in 0..%d", index, MaxIndex)
	}
	return KeyID(city<<12 | index), nil
}

// City returns the GB/T 2260 code.
func (id KeyID) City() int { return int(id >> 12) }

// Index returns the number of the key within its city.
func (id KeyID) Index() int { return int(id & MaxIndex) }

// String returns the city and the index, as in 210100/1.
func (id KeyID) String() string { return fmt.Sprintf("%06d/%d", id.City(), id.Index()) }

// ParseKeyID is the inverse of [KeyID.String].
func ParseKeyID(s string) (KeyID, error) {
	city, index, ok := strings.Cut(s, "/")
	c, err1 := strconv.Atoi(city)
	i, err2 := strconv.Atoi(index)
	if !ok || err1 != nil || err2 != nil {
		return 0, fmt.Errorf("citycode: %q is not a key id such as 210100/1", s)
	}
	id, err := NewKeyID(c, i)
	if err == nil && id.String() != s {
		err = fmt.Errorf("citycode: %q is not a key id such as 210100/1", s)
	}
	if err != nil {
		return 0, err
	}
	return id, nil
}

func (id KeyID) valid() bool { return id.City() >= MinCity && id.City() <= MaxCity }

// A Serial names one credential: the issuer, its status list and the index in
// that list. It is what a replay guard and a status list know a credential by.
type Serial struct {
	Issuer KeyID
	List   uint8
	Index  uint32 // 24 bits
}

// String returns issuer, list and index, as in 210100/1#0:4711.
func (s Serial) String() string { return fmt.Sprintf("%s#%d:%d", s.Issuer, s.List, s.Index) }

// ParseSerial is the inverse of [Serial.String].
func ParseSerial(text string) (Serial, error) {
	key, rest, _ := strings.Cut(text, "#")
	list, index, _ := strings.Cut(rest, ":")
	id, err := ParseKeyID(key)
	l, err1 := strconv.ParseUint(list, 10, 8)
	i, err2 := strconv.ParseUint(index, 10, 24)
	s := Serial{Issuer: id, List: uint8(l), Index: uint32(i)}
	if err != nil || err1 != nil || err2 != nil || s.String() != text {
		return Serial{}, fmt.Errorf("citycode: %.80q is not a serial such as 210100/1#0:4711", text)
	}
	return s, nil
}
