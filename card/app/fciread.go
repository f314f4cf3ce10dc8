package app

import (
	"encoding/binary"
	"errors"

	"github.com/citizencode/citizencode/card/tlv"
)

var errFCI = errors.New("app: SELECT answered another application's FCI")

// ParseFCI reads what SELECT answered. Objects that it does not know are passed over: a later version may have more.
func ParseFCI(b []byte) (f FCI, err error) {
	objects, err := tlv.Parse(b, tlv.Strict)
	if err != nil {
		return f, err
	}
	ok := true
	take := func(n int, path ...tlv.Tag) []byte {
		o, found := objects.Find(path...)
		if !found || n > 0 && len(o.Value) != n {
			ok = false
			return make([]byte, n)
		}
		return o.Value
	}
	in := func(tag tlv.Tag) []tlv.Tag { return []tlv.Tag{tagFCI, tagProprietary, tagDiscretion, tag} }
	f.AID = AID(take(0, tagFCI, tagDFName))
	f.Serial = Serial(take(SerialSize, in(TagSerial)...))
	f.Profile = take(1, in(tagProfile)...)[0]
	f.KeySet = take(1, in(TagKeySet)...)[0]
	f.IssuerKey = binary.BigEndian.Uint32(take(4, in(tagIssuerKey)...))
	f.Version = binary.BigEndian.Uint16(take(2, in(TagVersion)...))
	if !ok || f.AID.Validate() != nil {
		return FCI{}, errFCI
	}
	return f, nil
}
