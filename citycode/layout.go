package citycode

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/citizencode/citizencode/citycode/engine"
)

// Limits and fixed values of the token layout (SPEC §2).
const (
	WireVersion = 0x11 // first byte: 0x10 + version number
	MaxToken    = 512  // bytes

	suiteSM        = 1 // SM2 with SM3, SM4
	headerSize     = 22
	maxSegment     = 255
	sealOverhead   = 2 + 12 + 16 // key id, nonce, tag
	dynamicHead    = 4 + 4 + 2 + 1
	shortChallenge = 8  // bytes, on a lane that shows and reads pictures
	longChallenge  = 16 // bytes, cards and phones that talk back
)

func modeByte(mode KeyMode, sealed, sourced bool) byte {
	return suiteSM<<4 | flags(false, false, sealed, sourced) | byte(mode)
}

func validSubjectSize(n int) bool { return n == 8 || n == 16 || n == 32 || n == 64 }

func validChallengeSize(n int) bool { return n == 0 || n == shortChallenge || n == longChallenge }

// A layout holds where the parts of a token or credential begin. It follows
// from the mode byte and the length bytes alone (SPEC §2.2), so that a token
// of an unknown profile can be cut too.
type layout struct {
	mode      KeyMode
	subject   span
	seal      span // without its length byte; empty if not flagged
	source    span
	key       span // holder key, or W of an implicit token
	multiple  span // certified multiple
	issuerSig span
	static    int // end of the static part
	challenge span
	holderSig span
	end       int
}

type span struct{ from, to int }

func (s span) of(b []byte) []byte { return b[s.from:s.to] }
func (s span) len() int           { return s.to - s.from }

// header fields, at fixed places (SPEC §2.1).
func issuerOf(b []byte) KeyID      { return KeyID(binary.BigEndian.Uint32(b[3:])) }
func issuedAtOf(b []byte) int64    { return int64(binary.BigEndian.Uint32(b[7:])) }
func notAfterOf(b []byte) int64    { return int64(binary.BigEndian.Uint32(b[11:])) }
func listOf(b []byte) uint8        { return b[15] }
func indexOf(b []byte) uint32      { return binary.BigEndian.Uint32(b[15:]) & 0xffffff }
func scenesOf(b []byte) Scenes     { return Scenes(binary.BigEndian.Uint16(b[19:])) }
func benefitOf(b []byte) uint8     { return b[21] }
func serialOf(b []byte) Serial     { return Serial{issuerOf(b), listOf(b), indexOf(b)} }
func profileOf(b []byte) ProfileID { return ProfileID(b[2]) }

func (l *layout) timeOf(b []byte) int64      { return int64(binary.BigEndian.Uint32(b[l.static:])) }
func (l *layout) counterOf(b []byte) uint32  { return binary.BigEndian.Uint32(b[l.static+4:]) }
func (l *layout) audienceOf(b []byte) Scenes { return Scenes(binary.BigEndian.Uint16(b[l.static+8:])) }

var errShort = errors.New("it ends too early")

// cutStatic implements SPEC §2.1 to §2.8 up to the end of the static part.
func cutStatic(b []byte) (layout, *VerifyError) {
	var l layout
	// The first byte is judged before any length so that a code of another
	// system or version is called by its name.
	switch {
	case len(b) == 0:
		return l, refuse(Malformed, 0, "no bytes")
	case b[0]&0xf0 != 0x10:
		return l, refuse(Malformed, 0, "first byte 0x%02x is not that of a citizen code", b[0])
	case b[0] != WireVersion:
		return l, refuse(UnsupportedVersion, 0, "version %d", b[0]&0x0f)
	case len(b) > MaxToken:
		return l, refuse(Malformed, 0, "%d bytes, at most %d", len(b), MaxToken)
	case len(b) < 2:
		return l, refuse(Malformed, 0, "%w", errShort)
	case b[1]>>4 != suiteSM:
		// The sizes of keys and signatures of an unknown suite are unknown:
		// nothing behind this byte can be cut.
		return l, refuse(UnsupportedSuite, 0, "suite %d", b[1]>>4)
	case len(b) < headerSize:
		return l, refuse(Malformed, 0, "%w", errShort)
	}
	issuer := issuerOf(b)
	malformed := func(format string, args ...any) (layout, *VerifyError) {
		return l, refuse(Malformed, issuer, format, args...)
	}
	if !issuer.valid() {
		return malformed("city %d is not a GB/T 2260 code", issuer.City())
	}
	l.mode = KeyMode(b[1] & 3)
	if l.mode == Static && profileOf(b).Person() {
		// A printed code of a person could be copied by whoever sees it.
		return malformed("a static code with profile 0x%02x of a person", b[2])
	}
	at := headerSize
	segment := func(what string, valid func(int) bool) (s span, err error) {
		if at >= len(b) {
			return s, errShort
		}
		n := int(b[at])
		if !valid(n) {
			return s, fmt.Errorf("%s of %d bytes", what, n)
		}
		s = span{at + 1, at + 1 + n}
		at = s.to
		if at > len(b) {
			return s, errShort
		}
		return s, nil
	}
	fixed := func(n int) span {
		s := span{at, at + n}
		at += n
		return s
	}
	var err error
	if l.subject, err = segment("subject", validSubjectSize); err != nil {
		return malformed("%w", err)
	}
	if b[1]&4 != 0 {
		if l.seal, err = segment("seal", func(n int) bool { return n > sealOverhead }); err != nil {
			return malformed("%w", err)
		}
	}
	if b[1]&8 != 0 {
		if l.source, err = segment("source segment", func(n int) bool { return n > 0 }); err != nil {
			return malformed("%w", err)
		}
	}
	if l.mode != Static {
		l.key = fixed(engine.PointSize)
	}
	if l.mode == CertifiedMultiple {
		l.multiple = fixed(engine.PointSize)
	}
	if l.mode != Implicit {
		l.issuerSig = fixed(engine.SignatureSize)
	}
	if at > len(b) {
		return malformed("%w", errShort)
	}
	for _, point := range []span{l.key, l.multiple} {
		// Any other prefix would be a second spelling of a key, or infinity.
		if point.len() > 0 && b[point.from] != 2 && b[point.from] != 3 {
			return malformed("a point begins with 0x%02x", b[point.from])
		}
	}
	l.static, l.end = at, at
	return l, nil
}

// cutDynamic implements SPEC §2.9, the dynamic part behind a static one.
func (l *layout) cutDynamic(b []byte) *VerifyError {
	malformed := func(format string, args ...any) *VerifyError {
		return refuse(Malformed, issuerOf(b), format, args...)
	}
	at := l.static
	if len(b) < at+dynamicHead {
		// Includes a dynamic part that was stripped: what is left must not
		// pass as a code that never had one.
		return malformed("%w", errShort)
	}
	if audience := l.audienceOf(b); audience != 0 && !audience.single() {
		return malformed("audience %#04x is more than one scene group", uint16(audience))
	}
	n := int(b[at+dynamicHead-1])
	if !validChallengeSize(n) {
		return malformed("challenge of %d bytes", n)
	}
	l.challenge = span{at + dynamicHead, at + dynamicHead + n}
	l.holderSig = span{l.challenge.to, l.challenge.to + engine.SignatureSize}
	l.end = l.holderSig.to
	if len(b) < l.end {
		return malformed("%w", errShort)
	}
	return nil
}

// A Field is one named stretch of a token (SPEC §2).
type Field struct {
	Name           string
	Offset, Length int // bytes
}

// fields names every byte from the first to the last.
func (l *layout) fields(dynamic bool) []Field {
	list := []Field{
		{"version", 0, 1}, {"mode", 1, 1}, {"profile", 2, 1}, {"issuer", 3, 4}, {"issuedAt", 7, 4}, {"notAfter", 11, 4},
		{"statusList", 15, 1}, {"statusIndex", 16, 3}, {"scenes", 19, 2}, {"benefit", 21, 1},
	}
	add := func(name string, s span) {
		if s.len() > 0 {
			list = append(list, Field{name, s.from, s.len()})
		}
	}
	segment := func(name string, s span) {
		if s.len() > 0 {
			list = append(list, Field{name + "Length", s.from - 1, 1})
			add(name, s)
		}
	}
	segment("subject", l.subject)
	segment("seal", l.seal)
	segment("source", l.source)
	if l.mode == Implicit {
		add("reconstructionPoint", l.key)
	} else {
		add("holderKey", l.key)
	}
	add("certifiedMultiple", l.multiple)
	add("issuerSignature", l.issuerSig)
	if dynamic {
		at := l.static
		list = append(list, Field{"time", at, 4}, Field{"counter", at + 4, 4}, Field{"audience", at + 8, 2}, Field{"challengeLength", at + 10, 1})
		add("challenge", l.challenge)
		add("holderSignature", l.holderSig)
	}
	return list
}
