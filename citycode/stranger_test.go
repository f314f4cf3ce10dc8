package citycode_test

import (
	"crypto"
	"encoding/binary"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode/engine"
)

// A stranger knows SPEC.md and SM2, and no line of the library: what he builds
// is what an attacker, or another implementer, puts in front of a terminal. The
// library's own issuer refuses to make most of the tokens that are needed here.

// The key modes of SPEC §2.2, as numbers on the wire.
const (
	modeStatic   = 0
	modeExplicit = 1
	modeImplicit = 2
	modeMultiple = 3
)

// A stranger is one token in the making (SPEC §2.1), with the keys that sign it.
type stranger struct {
	version, mode, profile byte
	issuer                 uint32
	issuedAt, notAfter     uint32
	list                   byte
	index                  uint32
	scenes                 uint16
	benefit                byte
	subject                []byte
	seal, source           []byte // nil: not flagged
	key                    []byte // 33 bytes; empty: that of holder
	multiple               []byte
	issuerKey, holder      crypto.Signer
	issuerTag, holderTag   string // empty: as SPEC §1.2 has it

	time, counter uint32
	audience      uint16
	challenge     []byte
}

// keyMode is the key mode in the mode byte.
func (s *stranger) keyMode() byte { return s.mode & 3 }

// unsigned returns the token up to the issuer's signature. key is the holder's.
func (s *stranger) unsigned(key []byte) []byte {
	b := []byte{s.version, s.mode, s.profile}
	b = binary.BigEndian.AppendUint32(b, s.issuer)
	b = binary.BigEndian.AppendUint32(b, s.issuedAt)
	b = binary.BigEndian.AppendUint32(b, s.notAfter)
	b = binary.BigEndian.AppendUint32(b, uint32(s.list)<<24|s.index)
	b = binary.BigEndian.AppendUint16(b, s.scenes)
	b = append(b, s.benefit)
	segments := [][]byte{s.subject}
	if s.mode&4 != 0 {
		segments = append(segments, s.seal)
	}
	if s.mode&8 != 0 {
		segments = append(segments, s.source)
	}
	for _, segment := range segments {
		b = append(append(b, byte(len(segment))), segment...)
	}
	if s.keyMode() != modeStatic {
		b = append(b, key...)
	}
	if s.keyMode() == modeMultiple {
		b = append(b, s.multiple...)
	}
	return b
}

// static returns the token up to the end of the issuer's signature, or of W.
func (s *stranger) static(t testing.TB) []byte {
	t.Helper()
	key := s.key
	if len(key) == 0 && s.holder != nil {
		key = compressed(t, s.holder)
	}
	b := s.unsigned(key)
	if s.keyMode() == modeImplicit {
		return b
	}
	tag := s.issuerTag
	switch {
	case tag != "":
	case s.keyMode() == modeStatic:
		tag = "CC1/stat"
	default:
		tag = "CC1/cred"
	}
	return append(b, signMessage(t, s.issuerKey, tag, b)...)
}

// token returns the whole token.
func (s *stranger) token(t testing.TB) []byte {
	t.Helper()
	b := s.static(t)
	if s.keyMode() == modeStatic {
		return b
	}
	return s.show(t, b)
}

// show puts the dynamic part of SPEC §2.9 behind a static part.
func (s *stranger) show(t testing.TB, static []byte) []byte {
	t.Helper()
	b := append([]byte(nil), static...)
	b = binary.BigEndian.AppendUint32(b, s.time)
	b = binary.BigEndian.AppendUint32(b, s.counter)
	b = binary.BigEndian.AppendUint16(b, s.audience)
	b = append(append(b, byte(len(s.challenge))), s.challenge...)
	tag := s.holderTag
	if tag == "" {
		tag = "CC1/tokn"
	}
	return append(b, signMessage(t, s.holder, tag, b)...)
}

// The curve of GB/T 32918.5-2017: a, b and G, and the order n.
var (
	curveA, _     = hex.DecodeString("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFC")
	curveB, _     = hex.DecodeString("28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93")
	curveG, _     = hex.DecodeString("32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7" + "BC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0")
	curveOrder, _ = hex.DecodeString("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123")
	curveP, _     = hex.DecodeString("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF")
)

// digestOf is e of GB/T 32918.2-2016, 6.1, over tag ‖ message (SPEC §1.2).
func digestOf(t testing.TB, key crypto.Signer, tag string, message []byte) [32]byte {
	t.Helper()
	point, err := engine.Default().Prepare(compressed(t, key))
	require.NoError(t, err)
	raw := point.Bytes()
	h := engine.Default().NewSM3()
	h.Write([]byte{0, 128})
	h.Write([]byte("1234567812345678"))
	h.Write(curveA)
	h.Write(curveB)
	h.Write(curveG)
	h.Write(raw[1:])
	za := h.Sum(nil)
	h = engine.Default().NewSM3()
	h.Write(za)
	h.Write([]byte(tag))
	h.Write(message)
	return [32]byte(h.Sum(nil))
}

// signMessage returns r‖s over tag ‖ message.
func signMessage(t testing.TB, key crypto.Signer, tag string, message []byte) []byte {
	t.Helper()
	sig, err := engine.SignDigest(nil, key, digestOf(t, key, tag, message))
	require.NoError(t, err)
	return sig[:]
}

// compressed returns the 33 bytes of a key.
func compressed(t testing.TB, key crypto.Signer) []byte {
	t.Helper()
	p, err := engine.Point(key.Public())
	require.NoError(t, err)
	return p[:]
}

// randomised is a signer that draws a nonce, unlike those of citycodetest: two
// signatures over one message differ. The numbers come from a fixed seed.
type randomised struct {
	crypto.Signer
	source *rand.ChaCha8
}

func newRandomised(t testing.TB, scalar []byte) crypto.Signer {
	t.Helper()
	key, err := engine.NewSigner(scalar)
	require.NoError(t, err)
	return &randomised{key, rand.NewChaCha8([32]byte(scalar))}
}

func (r *randomised) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return r.Signer.Sign(r.source, digest, opts)
}
