// Package tokenstatuslist writes a status list of the citizen code as a Token
// Status List (IETF draft-ietf-oauth-status-list, sections as in version 20), for
// wallets and relying parties that read that format and not ours.
//
// It makes the compressed byte array (§4.1 there) and the claims set (§5.1) and
// signs nothing: the city's JWT or CWT signer does, with a key of its own. The
// states and their numbers are the same in both, so nothing is translated. Only
// a list that was opened, and so verified, can be written.
//
// A gate has no use for it. Its list has two bits for each credential whatever
// their states are, and a version, a base and a snapshot are not in it.
package tokenstatuslist

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/citizencode/citizencode/citycode"
)

// Bits is how many bits each entry has (draft §4.1): states 0 valid, 1 invalid,
// which is our revoked, and 2 suspended (draft §7.1) need two.
const Bits = 2

const entriesPerByte = 8 / Bits

// MaxTTL bounds [Options].TTL.
const MaxTTL = 366 * 24 * time.Hour

// A ByteArray is a compressed byte array (draft §4.1): ZLIB, and as JSON
// base64url without padding. In a CWT it stands as it is, a byte string.
type ByteArray []byte

// MarshalText returns base64url.
func (b ByteArray) MarshalText() ([]byte, error) {
	return base64.RawURLEncoding.AppendEncode(nil, b), nil
}

// A StatusList is the claim of that name (draft §4.2; in a CWT §4.3).
type StatusList struct {
	Bits int       `json:"bits"`
	List ByteArray `json:"lst"`
}

// Claims are the claims set of a Status List Token, unsigned. In a JWT (draft
// §5.1) the typ of the header is statuslist+jwt; in a CWT (draft §5.2) it is
// application/statuslist+cwt, and the keys are 2 sub, 6 iat, 4 exp, 65534 ttl,
// 65533 status_list.
type Claims struct {
	Subject    string     `json:"sub"`           // URI of the list, equal to uri in the tokens that refer to it
	IssuedAt   int64      `json:"iat"`           // seconds since 1970 UTC
	Expires    int64      `json:"exp"`           // likewise
	TTL        int64      `json:"ttl,omitempty"` // seconds for which a copy may be kept
	StatusList StatusList `json:"status_list"`
}

// Options say what the list does not.
type Options struct {
	URI string        // where the list is served; required, absolute
	TTL time.Duration // whole seconds, at most MaxTTL; 0: none
}

// New returns the claims of a list. iat and exp are the list's own, so that this
// form of it is never trusted for longer than the other. It holds the compressed
// bytes, at most 4 MB and some hundred bytes for the largest list.
func New(list *citycode.StatusList, o Options) (*Claims, error) {
	if list == nil {
		return nil, errors.New("tokenstatuslist: no status list")
	}
	if u, err := url.Parse(o.URI); err != nil || !u.IsAbs() || u.Fragment != "" {
		return nil, fmt.Errorf("tokenstatuslist: %.80q is not an absolute URI", o.URI)
	}
	if o.TTL < 0 || o.TTL > MaxTTL || o.TTL%time.Second != 0 {
		return nil, fmt.Errorf("tokenstatuslist: a ttl of %s is not whole seconds in 0..%s", o.TTL, MaxTTL)
	}
	lst, err := compress(list.Len(), func(i uint32) byte {
		s, _ := list.At(i)
		return byte(s)
	})
	if err != nil {
		return nil, err
	}
	return &Claims{Subject: o.URI, IssuedAt: list.IssuedAt().Unix(), Expires: list.Expires().Unix(), TTL: int64(o.TTL / time.Second),
		StatusList: StatusList{Bits, lst}}, nil
}

// compress implements draft §4.1: the entries fill each byte from its lowest
// bits; what is left of the last byte is 0.
func compress(n int, at func(i uint32) byte) (ByteArray, error) {
	var out bytes.Buffer
	z, err := zlib.NewWriterLevel(&out, zlib.BestCompression)
	if err != nil {
		return nil, err
	}
	var block [4096]byte // the array itself is never held: it is 4 MB for the largest list
	for from := 0; from < n; from += len(block) * entriesPerByte {
		entries := min(n-from, len(block)*entriesPerByte)
		used := block[:(entries+entriesPerByte-1)/entriesPerByte]
		clear(used)
		for i := range entries {
			used[i/entriesPerByte] |= at(uint32(from+i)) << (i % entriesPerByte * Bits)
		}
		if _, err := z.Write(used); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
