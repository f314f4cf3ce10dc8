package citycode_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
)

// A toy of a version 2, to see whether one can come (SPEC §10): first byte 0x12,
// issuer 4, notAfter 4, subject 8, signature 64 under CC2/cred. It has nothing
// that a real one would need.
const (
	toyVersion = 0x12
	toySize    = 1 + 4 + 4 + 8 + 64
)

func toyCode(t testing.TB, issuer citycode.KeyID, keyName string, notAfter int64, subject string) []byte {
	b := binary.BigEndian.AppendUint32([]byte{toyVersion}, uint32(issuer))
	b = binary.BigEndian.AppendUint32(b, uint32(notAfter))
	b = append(b, subject...)
	return append(b, signMessage(t, citycodetest.Key(keyName), "CC2/cred", b)...)
}

// A toyVerifier is the verifier of version 2.
type toyVerifier struct {
	engine engine.Engine
	keys   map[citycode.KeyID]citycode.PublicKey
	now    func() time.Time
}

var errToy = errors.New("not a code of version 2")

func (v *toyVerifier) verify(b []byte) (subject []byte, err error) {
	if len(b) != toySize || b[0] != toyVersion {
		return nil, errToy
	}
	public := v.keys[citycode.KeyID(binary.BigEndian.Uint32(b[1:]))]
	key, err := v.engine.Prepare(public[:])
	if err != nil {
		return nil, errToy
	}
	za := engine.ZA(v.engine, key)
	h := v.engine.NewSM3()
	for _, part := range [][]byte{za[:], []byte("CC2/cred"), b[:toySize-64]} {
		h.Write(part)
	}
	if !key.Verify([32]byte(h.Sum(nil)), [64]byte(b[toySize-64:])) || v.now().Unix() > int64(binary.BigEndian.Uint32(b[5:])) {
		return nil, errToy
	}
	return b[9:17], nil
}

// A newGate knows both versions; one byte decides which verifier sees a code.
type newGate struct {
	one *citycode.Verifier
	two *toyVerifier
}

func (g newGate) scan(b []byte) (subject []byte, err error) {
	if len(b) > 0 && b[0] == toyVersion {
		return g.two.verify(b)
	}
	return scanOne(g.one, b)
}

// scanOne is all that an old gate does.
func scanOne(v *citycode.Verifier, b []byte) (subject []byte, err error) {
	token, err := citycode.ParseToken(b)
	if err != nil {
		return nil, err
	}
	verified, err := v.Verify(token, citycode.Check{Audience: citycode.Transit})
	if err != nil {
		return nil, err
	}
	return verified.Subject(), nil
}

// TestVersionTwoBesideOne: the city brings version 2 to some gates and some
// citizens while every credential of version 1 goes on as it is.
func TestVersionTwoBesideOne(t *testing.T) {
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		s := newStage(t)
		s.Clock.Set(at(noon))
		// Before version 2 there was.
		citizen := s.Citizen("Li Lei", citycode.ProfileTransit, citycode.Transit, nil)
		issued := bytes.Clone(citizen.Cred.Bytes())
		trust := s.Trust(e)
		oldGate := s.Verifier(e)

		// The worst case: the city signs version 2 with the key of version 1.
		s.Clock.Advance(time.Hour)
		young := newGate{s.Verifier(e), &toyVerifier{e, map[citycode.KeyID]citycode.PublicKey{s.Issuer.ID(): s.Issuer.PublicKey()}, s.Clock.Now}}
		two := toyCode(t, s.Issuer.ID(), "210100 issuer", noon+dayLong, "version2")

		one := citizen.Show(citycode.Transit).Bytes()
		subject, err := young.scan(one)
		require.NoError(t, err)
		assert.Equal(t, citizen.Claims.Subject, subject)
		assert.Equal(t, issued, one[:len(issued)], "the credential is the one of before")
		_, err = scanOne(oldGate, citizen.Show(citycode.Transit).Bytes())
		assert.NoError(t, err, "and old gates take it as well")

		subject, err = young.scan(two)
		require.NoError(t, err)
		assert.Equal(t, "version2", string(subject))
		_, err = scanOne(oldGate, two)
		assert.Equal(t, citycode.UnsupportedVersion, reasonOf(t, err))

		// What was relabelled verifies in neither, under one key for both.
		other := citizen.Show(citycode.Transit).Bytes()
		_, err = young.scan(putByte(0, toyVersion)(bytes.Clone(other)))
		assert.ErrorIs(t, err, errToy)
		_, err = young.scan(putByte(0, citycode.WireVersion)(bytes.Clone(two)))
		assert.Equal(t, citycode.UnsupportedSuite, reasonOf(t, err), "its second byte is no suite of version 1")
		// A toy that is the shape of version 1, and a code of version 1 that is the
		// shape of the toy, under the other's tag.
		shaped := s.scan()
		shaped.asked, shaped.answer = false, noAnswer
		b := shaped.bytes()
		copy(b[64:], signMessage(t, citycodetest.Key("210100 issuer"), "CC2/cred", b[:64]))
		_, err = young.scan(b)
		assert.Equal(t, citycode.BadIssuerSignature, reasonOf(t, err))
		copy(two[toySize-64:], signMessage(t, citycodetest.Key("210100 issuer"), "CC1/cred", two[:toySize-64]))
		_, err = young.scan(two)
		assert.ErrorIs(t, err, errToy)

		// The lists of version 2 are messages of their own; an old gate keeps its own.
		list := s.TrustMessage()
		_, err = citycode.OpenTrustList(putByte(0, toyVersion)(bytes.Clone(list)), s.TrustConfig())
		assert.ErrorContains(t, err, "list-unsupported")
		_, err = citycode.OpenStatusList(putByte(0, toyVersion)(s.StatusMessage(s.Issuer.ID())), trust, citycode.Version{})
		assert.ErrorContains(t, err, "list-unsupported")
		s.Clock.Advance(time.Minute)
		_, err = scanOne(oldGate, citizen.Show(citycode.Transit).Bytes())
		assert.NoError(t, err)
	})
}

// TestVersionIsTheFirstByte: an old gate tells a later version from what is no
// citizen code by that byte alone, whatever follows and however long it is.
func TestVersionIsTheFirstByte(t *testing.T) {
	code := newStage(t).scan().bytes()
	for first := range 256 {
		for _, rest := range [][]byte{nil, {0xff}, make([]byte, toySize-1), code[1:], make([]byte, 4*citycode.MaxToken)} {
			_, err := citycode.ParseToken(append([]byte{byte(first)}, rest...))
			switch {
			case first == citycode.WireVersion && bytes.Equal(rest, code[1:]):
				assert.NoError(t, err)
			case first == citycode.WireVersion:
				assert.Contains(t, []citycode.Reason{citycode.Malformed, citycode.UnsupportedSuite}, reasonOf(t, err))
			case first>>4 == 1:
				assert.Equal(t, citycode.UnsupportedVersion, reasonOf(t, err), "0x%02x and %d bytes", first, len(rest))
			default:
				assert.Equal(t, citycode.Malformed, reasonOf(t, err), "0x%02x and %d bytes", first, len(rest))
			}
		}
	}
}

// TestVersionOneGrows: a profile that an old gate does not know is cut as any
// other; a use that it does not know stops the list.
func TestVersionOneGrows(t *testing.T) {
	s := newStage(t).scan()
	s.profile.ID, s.code.profile = 0x20, 0x20
	s.entry().Profiles = []citycode.TrustProfile{citycode.PinProfile(s.profile)}
	_, reason := s.run(engine.Default())
	assert.Zero(t, reason, "a gate that knows the new profile")
	s.known = citycode.Profiles()
	_, reason = s.run(engine.Default())
	assert.Equal(t, citycode.UnsupportedProfile, reason, "one that does not")

	l := strangersTrust(t)
	l.entries[2].use = 0x12
	_, listReason := openTrust(t, engine.Default(), l.message(t), nil)
	assert.Equal(t, citycode.ListMalformed, listReason)
}

// TestPrefixSizes: what a reader of texts has to try.
func TestPrefixSizes(t *testing.T) {
	p := private(citycode.TransitProfile(), 0xf2, citycodetest.Shenyang, func(p *citycode.Profile) { p.PrefixSize = 10 })
	assert.Equal(t, []int{0, 10, 28}, newPrivateCity(t, citycodetest.Shenyang, nil, p).verifier(nil).PrefixSizes())
	v := newStage(t).scan().verifier(engine.Default())
	assert.Equal(t, []int{0}, v.PrefixSizes())
}
