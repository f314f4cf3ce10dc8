package hcert

import (
	"bytes"
	"compress/zlib"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/binary"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode/citycodetest"
)

const noon = 1795320000 // 2026-11-22 12:00 in China

// signer returns the TEST key of that name, derived as make.py does.
func signer(tb testing.TB, name string) *ecdsa.PrivateKey {
	digest := sha256.Sum256([]byte(citycodetest.KeySentence + name))
	n := new(big.Int).Sub(elliptic.P256().Params().N, big.NewInt(1))
	d := new(big.Int).SetBytes(digest[:])
	d.Mod(d, n).Add(d, big.NewInt(1))
	k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), d.FillBytes(make([]byte, 32)))
	require.NoError(tb, err)
	return k
}

func kidOf(name string) KID { return KIDOf([]byte("TEST certificate of " + name)) }

const issuer = "hcert TEST issuer"

func keyOf(tb testing.TB, name string) Key {
	return Key{ID: kidOf(name), Public: &signer(tb, name).PublicKey, NotBefore: time.Unix(noon-2*365*86400, 0), NotAfter: time.Unix(noon+365*86400, 0)}
}

func newVerifier(tb testing.TB, change func(*Config)) *Verifier {
	cfg := Config{Keys: []Key{keyOf(tb, issuer)}, Now: func() time.Time { return time.Unix(noon, 0) }}
	if change != nil {
		change(&cfg)
	}
	v, err := NewVerifier(cfg)
	require.NoError(tb, err)
	return v
}

// CBOR, written by hand: the encoder of the tests.

func head(major byte, n uint64) []byte {
	switch {
	case n < 24:
		return []byte{major<<5 | byte(n)}
	case n < 1<<8:
		return []byte{major<<5 | 24, byte(n)}
	case n < 1<<16:
		return binary.BigEndian.AppendUint16([]byte{major<<5 | 25}, uint16(n))
	case n < 1<<32:
		return binary.BigEndian.AppendUint32([]byte{major<<5 | 26}, uint32(n))
	}
	return binary.BigEndian.AppendUint64([]byte{major<<5 | 27}, n)
}

func integer(n int64) []byte {
	if n < 0 {
		return head(1, uint64(-1-n))
	}
	return head(0, uint64(n))
}

func data(b []byte) []byte { return append(head(2, uint64(len(b))), b...) }
func str(s string) []byte  { return append(head(3, uint64(len(s))), s...) }

func list(items ...[]byte) []byte {
	return append(head(4, uint64(len(items))), slices.Concat(items...)...)
}

func pairs(items ...[]byte) []byte {
	return append(head(5, uint64(len(items)/2)), slices.Concat(items...)...)
}

// A draft is a certificate before it is put together.
type draft struct {
	protected, unprotected []byte
	claims                 []byte
	by                     string
	front                  []byte // tags
	behind                 []byte
	signature              func(s []byte) []byte
	message                func(m []byte) []byte
}

func claims(issued, expires int64) []byte {
	return pairs(integer(1), str("XX"), integer(4), integer(expires), integer(6), integer(issued), integer(-260), pairs(integer(1), pairs(str("ver"), str("1.3.0"))))
}

func newDraft() *draft {
	kid := kidOf(issuer)
	return &draft{protected: pairs(integer(1), integer(-7), integer(4), data(kid[:])), unprotected: pairs(), claims: claims(noon-60, noon+60), by: issuer, front: []byte{0xd2}}
}

func (d *draft) cose(tb testing.TB) []byte {
	digest := sha256.Sum256(list(str("Signature1"), data(d.protected), data(nil), data(d.claims)))
	der, err := signer(tb, d.by).Sign(nil, digest[:], crypto.SHA256) // RFC 6979
	require.NoError(tb, err)
	signature := rs(der)
	if d.signature != nil {
		signature = d.signature(signature)
	}
	m := slices.Concat(d.front, list(data(d.protected), d.unprotected, data(d.claims), data(signature)), d.behind)
	if d.message != nil {
		m = d.message(m)
	}
	return m
}

func (d *draft) text(tb testing.TB) string { return Prefix + encode45(deflate(d.cose(tb))) }

// rs returns 32+32 bytes of a DER signature.
func rs(der []byte) []byte {
	out := make([]byte, 64)
	rest := der[2:]
	for i := range 2 {
		n := int(rest[1])
		v := bytes.TrimLeft(rest[2:2+n], "\x00")
		copy(out[32*(i+1)-len(v):], v)
		rest = rest[2+n:]
	}
	return out
}

func deflate(b []byte) []byte {
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	z.Write(b)
	z.Close()
	return out.Bytes()
}

func encode45(b []byte) string {
	var s strings.Builder
	for ; len(b) > 1; b = b[2:] {
		v := int(b[0])<<8 | int(b[1])
		s.Write([]byte{alphabet[v%45], alphabet[v/45%45], alphabet[v/45/45]})
	}
	if len(b) == 1 {
		s.Write([]byte{alphabet[b[0]%45], alphabet[b[0]/45]})
	}
	return s.String()
}

func reasonOf(err error) string {
	if e, ok := err.(*Error); ok {
		return e.Reason.String()
	}
	if err == nil {
		return ""
	}
	return "not a refusal: " + err.Error()
}
