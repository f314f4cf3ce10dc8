package store

import (
	"encoding/binary"
	"time"

	"github.com/citizencode/citizencode/citycode"
)

// trustEntries reads the entries of a trust list (SPEC §6.3) that
// [citycode.OpenTrustList] has accepted: the authority needs them to sign the
// list again, an inspector to name the key behind a signature. Nothing is
// checked here that was checked there.
func trustEntries(msg []byte) []citycode.TrustEntry {
	at := 1 + 1 + 4 + 8 + 4 + 4 // version, kind, city, version, issuedAt, expires
	next := func(n int) []byte {
		at += n
		return msg[at-n : at]
	}
	u16 := func() uint16 { return binary.BigEndian.Uint16(next(2)) }
	u32 := func() uint32 { return binary.BigEndian.Uint32(next(4)) }
	date := func() time.Time { return time.Unix(int64(u32()), 0).UTC() }

	var list []citycode.TrustEntry
	for n := u16(); n > 0; n-- {
		e := citycode.TrustEntry{ID: citycode.KeyID(u32()), Use: citycode.KeyUse(next(1)[0])}
		copy(e.Key[:], next(len(e.Key)))
		e.Scenes = citycode.Scenes(u16())
		e.IssueFrom, e.IssueUntil, e.VerifyUntil = date(), date(), date()
		e.MaxLifetime = time.Duration(u32()) * time.Second
		for p := next(1)[0]; p > 0; p-- {
			pin := citycode.TrustProfile{ID: citycode.ProfileID(next(1)[0])}
			copy(pin.Digest[:], next(len(pin.Digest)))
			e.Profiles = append(e.Profiles, pin)
		}
		list = append(list, e)
	}
	return list
}
