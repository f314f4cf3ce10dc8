package citycode_test

import (
	"bytes"
	"crypto"
	"encoding/asn1"
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
)

// TestFieldBugs: faults of verifiers that are deployed today, and what their
// users complained about. Each was found in code that decides about people at a
// gate; each has one test here that it would fail. The rest of the tests says
// what is right, this one what went wrong.
func TestFieldBugs(t *testing.T) {
	stage := newStage(t)
	engines := thin(engines(), 2)
	// refuses runs a scan under both engines.
	refuses := func(t *testing.T, want citycode.Reason, change func(s *scan)) {
		t.Helper()
		for _, e := range engines {
			s := stage.scan()
			change(s)
			_, reason := s.run(e)
			assert.Equal(t, want.String(), reason.String(), e.Name())
		}
	}
	accepts := func(t *testing.T, change func(s *scan)) { t.Helper(); refuses(t, 0, change) }
	attacker := citycodetest.Key("attacker")

	t.Run("certificate checked with the key inside it", func(t *testing.T) {
		// All that the chain needs is in the code, and all of it is the attacker's.
		refuses(t, citycode.BadIssuerSignature, func(s *scan) { s.code.issuerKey, s.code.holder = attacker, attacker })
	})
	t.Run("issuer's authorisation not checked", func(t *testing.T) {
		// A genuine credential in which the holder's key was exchanged, and a
		// holder's signature that is good under the new one.
		refuses(t, citycode.BadIssuerSignature, func(s *scan) {
			genuine := s.code.static(t)
			s.onTheWay = append(s.onTheWay, func(b []byte) []byte {
				static := bytes.Clone(genuine)
				copy(static[31:64], compressed(t, attacker))
				code := s.code
				code.holder, code.challenge = attacker, s.challenge().Bytes()
				return code.show(t, static)
			})
		})
	})
	t.Run("eight hours early and late accepted", func(t *testing.T) {
		for _, hours := range []int64{-8, 8} {
			want := citycode.CodeTooOld
			if hours > 0 {
				want = citycode.ClockAhead
			}
			refuses(t, want, func(s *scan) {
				s.code.time = uint32(noon + hours*hour)
				s.code.issuedAt, s.code.notAfter = uint32(noon-13*hour), uint32(noon+13*hour)
			})
		}
	})
	t.Run("epoch 2000 instead of 1970", func(t *testing.T) {
		const epoch2000 = 946656000 // 2000-01-01 in China, as deployed
		refuses(t, citycode.IssuerKeyNotValid, func(s *scan) {
			s.code.issuedAt -= epoch2000
			s.code.notAfter -= epoch2000
			s.code.time -= epoch2000
		})
		refuses(t, citycode.NotYetValid, func(s *scan) { s.code.time -= epoch2000 }) // only the phone's
		refuses(t, citycode.TerminalClockWrong, func(s *scan) { s.now = time.Date(2000, 1, 1, 0, 0, 9, 0, time.UTC).Unix() })
	})
	t.Run("fields in another order", func(t *testing.T) {
		refuses(t, citycode.Malformed, func(s *scan) { // signature before key
			s.onTheWay = append(s.onTheWay, func(b []byte) []byte {
				return slices.Concat(b[:31], []byte{7}, b[65:128], b[31:64], b[128:])
			})
		})
		refuses(t, citycode.BadIssuerSignature, func(s *scan) { // issuedAt and notAfter
			s.onTheWay = append(s.onTheWay, func(b []byte) []byte { return slices.Concat(b[:7], b[11:15], b[7:11], b[15:]) })
		})
		refuses(t, citycode.BadHolderSignature, func(s *scan) { // time and counter
			s.onTheWay = append(s.onTheWay, func(b []byte) []byte { return slices.Concat(b[:128], b[132:136], b[128:132], b[136:]) })
		})
	})
	t.Run("length byte in decimal", func(t *testing.T) {
		for _, length := range []byte{0x16, 0x08 + 8, 10} { // of an 8-byte challenge, a 16-byte subject
			refuses(t, citycode.Malformed, func(s *scan) { s.onTheWay = append(s.onTheWay, putByte(22, length)) })
		}
	})
	t.Run("value read as two of its three bytes", func(t *testing.T) {
		// Index 0x011267: one that forgets the first byte looks up 0x1267.
		for _, e := range engines {
			s := stage.scan()
			s.code.index, s.statusSize = 0x011267, 100_000
			v, reason := s.run(e)
			require.Zero(t, reason)
			assert.EqualValues(t, 0x011267, v.Serial().Index)
		}
		refuses(t, citycode.Revoked, func(s *scan) {
			s.code.index, s.statusSize, s.state = 0x011267, 100_000, citycode.StatusRevoked
		})
	})
	t.Run("class 0 refused by one and issued by another", func(t *testing.T) {
		for class := range 256 {
			if class%51 == 0 {
				accepts(t, func(s *scan) { s.code.benefit = byte(class) })
			}
		}
	})
	t.Run("replay known of the last code only", func(t *testing.T) {
		for _, e := range engines {
			guard := newGuard(t, citycode.ReplayConfig{Boot: at(noon), Journal: emptyJournal})
			show := func(index uint32) citycode.Reason {
				s := stage.scan()
				s.guard, s.code.index, s.asked, s.answer = guard, index, false, noAnswer
				s.check.Lane = "north"
				_, reason := s.run(e)
				return reason
			}
			assert.Zero(t, show(1))
			assert.Zero(t, show(2))
			assert.Equal(t, citycode.Replayed, show(1))
			assert.Zero(t, show(3))
			assert.Equal(t, citycode.Replayed, show(2))
		}
	})
	t.Run("no tolerance for the phone's clock", func(t *testing.T) {
		for _, ahead := range []int64{0, 20, 30} {
			accepts(t, func(s *scan) { s.code.time = uint32(noon + ahead) })
		}
		refuses(t, citycode.ClockAhead, func(s *scan) { s.code.time = uint32(noon + 31) })
	})
	t.Run("algorithm tag ignored", func(t *testing.T) {
		for suite := range byte(16) {
			if suite != 1 {
				refuses(t, citycode.UnsupportedSuite, func(s *scan) { s.code.mode = suite<<4 | modeExplicit })
			}
		}
	})
	t.Run("valid everywhere", func(t *testing.T) {
		for bit := range 16 {
			want := citycode.WrongAudience
			if bit == 0 {
				want = 0
			}
			refuses(t, want, func(s *scan) { s.check.Audience = 1 << bit })
		}
	})
	t.Run("one account number in every code", func(t *testing.T) {
		// Two groups of one citizen have nothing to be joined by.
		c := citycodetest.NewCity(t, citycodetest.Shenyang)
		ride := c.Citizen("zhang rides", citycode.ProfileTransit, citycode.Transit, nil)
		park := c.Citizen("zhang parks", citycode.ProfileTransit, citycode.Parking, nil)
		a, b := ride.Show(citycode.Transit), park.Show(citycode.Parking)
		for i, f := range a.Fields() {
			g := b.Fields()[i]
			require.Equal(t, f, g)
			x, y := a.Bytes()[f.Offset:f.Offset+f.Length], b.Bytes()[g.Offset:g.Offset+g.Length]
			switch f.Name {
			case "statusIndex", "scenes", "subject", "holderKey", "issuerSignature", "audience", "holderSignature":
				assert.NotEqual(t, x, y, f.Name)
			default: // what a crowd has in common
				assert.Equal(t, x, y, f.Name)
			}
		}
	})

	// PROTOCOL §11.

	t.Run("duplicate id adds its rights", func(t *testing.T) {
		// TestTrustTwoKeysOneID has every case; this is the one that was seen.
		refuses(t, citycode.BadIssuerSignature, func(s *scan) {
			second := *s.entry()
			second.Key = citycode.PublicKey(compressed(t, citycodetest.Key("new issuer")))
			second.Scenes = citycode.Medical
			s.entries = append(s.entries, second)
			stage.prove("new issuer", second.ID)
			s.code.issuerKey = citycodetest.Key("new issuer")
		})
	})
	t.Run("duplicate id tried once", func(t *testing.T) {
		for _, name := range []string{"new issuer", "210100 issuer"} {
			accepts(t, func(s *scan) {
				second := *s.entry()
				second.Key = citycode.PublicKey(compressed(t, citycodetest.Key("new issuer")))
				s.entries = append(s.entries, second)
				s.code.issuerKey = citycodetest.Key(name)
			})
		}
	})
	t.Run("threshold met by one key under two names", func(t *testing.T) {
		l := strangersTrust(t)
		body := l.body()
		sig := append(rootID(t, root(0)), signMessage(t, root(0), "CC1/trst", body)...)
		renamed := append(rootID(t, root(1)), sig[8:]...)
		sigs := [][]byte{sig, renamed}
		slices.SortFunc(sigs, bytes.Compare)
		for _, e := range engines {
			_, reason := openTrust(t, e, joinSignatures(body, sigs), nil)
			assert.Equal(t, citycode.ListBadSignature, reason)
			_, err := citycode.OpenTrustList(body, citycode.TrustConfig{City: 210100, Roots: []citycode.PublicKey{{2}, {2}}, Threshold: 2, Engine: e})
			assert.Error(t, err)
		}
	})
	t.Run("one city defines another's key", func(t *testing.T) {
		for _, id := range []uint32{220100<<12 | 1, 1000000<<12&(1<<32-1) | 1, 1<<32 - 1} {
			l := strangersTrust(t)
			l.entries = append(l.entries, l.entries[0])
			l.entries[len(l.entries)-1].id = id
			slices.SortFunc(l.entries, func(a, b strangerEntry) int { return int(int64(a.id) - int64(b.id)) })
			for _, e := range engines {
				_, reason := openTrust(t, e, l.message(t), nil)
				assert.Equal(t, citycode.ListForeignCity, reason)
			}
		}
	})
	t.Run("city 1000000", func(t *testing.T) {
		for _, city := range []uint32{0, 99999, 1000000, 1<<20 - 1} {
			refuses(t, citycode.Malformed, func(s *scan) { s.code.issuer = city<<12 | 1 })
		}
		for _, city := range []uint32{100000, 999999} {
			refuses(t, citycode.UnknownIssuer, func(s *scan) { s.code.issuer, s.noStatus = city<<12|1, true })
		}
	})
	t.Run("time + maxAge wraps", func(t *testing.T) {
		century := 100 * 366 * 24 * time.Hour
		forever := func(s *scan) {
			s.profile.MaxLifetime, s.entry().MaxLifetime = century, century
			s.entry().Profiles = []citycode.TrustProfile{citycode.PinProfile(s.profile)}
			s.code.notAfter = math.MaxUint32
		}
		accepts(t, forever)
		for back := range uint32(4) {
			refuses(t, citycode.ClockAhead, func(s *scan) { forever(s); s.code.time = math.MaxUint32 - back })
		}
		refuses(t, citycode.LifetimeExceeded, func(s *scan) { s.code.notAfter = math.MaxUint32 })
		refuses(t, citycode.NotYetValid, func(s *scan) {
			forever(s)
			s.entry().IssueUntil = at(math.MaxUint32)
			s.code.issuedAt = math.MaxUint32
		})
		// notAfter - issuedAt below zero is no huge number.
		refuses(t, citycode.Expired, func(s *scan) { s.code.notAfter = 0 })
	})
	t.Run("new signature, old counter", func(t *testing.T) {
		refuses(t, citycode.Replayed, func(s *scan) {
			s.replayed = true
			s.code.holder = newRandomised(t, citycodetest.Scalar("210100 citizen"))
		})
	})
	t.Run("card without, with another's or with a used challenge", func(t *testing.T) {
		card := func(s *scan) {
			s.profile.Challenge, s.profile.Assurance, s.drawn = citycode.ChallengeRequired, citycode.AssuranceCard, noon-1
			s.entry().Profiles = []citycode.TrustProfile{citycode.PinProfile(s.profile)}
		}
		accepts(t, card)
		refuses(t, citycode.ChallengeMissing, func(s *scan) { card(s); s.answer = noAnswer })
		refuses(t, citycode.ChallengeMissing, func(s *scan) { card(s); s.answer, s.asked = noAnswer, false })
		refuses(t, citycode.ChallengeMismatch, func(s *scan) { card(s); s.answer = otherAnswer })
		refuses(t, citycode.ChallengeMismatch, func(s *scan) { card(s); s.answer, s.asked = otherAnswer, false })
		refuses(t, citycode.ChallengeExpired, func(s *scan) { card(s); s.drawn = noon - 3 })
		refuses(t, citycode.ChallengeReused, func(s *scan) { card(s); s.used = true })
		for _, n := range []int{1, 4, 7, 9, 15, 17, 32, 255} {
			refuses(t, citycode.Malformed, func(s *scan) { card(s); s.answer, s.code.challenge = ownAnswer, make([]byte, n) })
		}
	})
	t.Run("dynamic part stripped", func(t *testing.T) {
		strip := func(cut func(b []byte) []byte) func(s *scan) {
			return func(s *scan) { s.onTheWay = append(s.onTheWay, cut) }
		}
		refuses(t, citycode.Malformed, strip(func(b []byte) []byte { return b[:128] }))
		refuses(t, citycode.Malformed, strip(func(b []byte) []byte { return b[:len(b)-64] }))
		// Called static, it is a person on a printed code.
		refuses(t, citycode.Malformed, strip(func(b []byte) []byte { b[1] = 0x10; return slices.Concat(b[:31], b[64:128]) }))
		// Called a printed place as well, the issuer never signed that.
		refuses(t, citycode.IssuerNotAllowed, func(s *scan) {
			s.known = []citycode.Profile{s.profile, citycode.PlaceProfile()}
			s.onTheWay = append(s.onTheWay, func(b []byte) []byte { b[1], b[2] = 0x10, 0x82; return slices.Concat(b[:31], b[64:128]) })
		})
		// Zeros in place of the signature, and the signature of an earlier code.
		refuses(t, citycode.BadHolderSignature, strip(func(b []byte) []byte { clear(b[len(b)-64:]); return b }))
		refuses(t, citycode.BadHolderSignature, func(s *scan) {
			earlier := stage.scan()
			earlier.code.time -= 3600
			old := earlier.bytes()
			s.onTheWay = append(s.onTheWay, func(b []byte) []byte { return slices.Concat(b[:len(b)-64], old[len(old)-64:]) })
		})
	})
	t.Run("static code of a person", func(t *testing.T) {
		for _, profile := range []byte{0x00, 0x01, 0x03, 0x7f, 0xf0, 0xf7} {
			for _, e := range engines {
				s := stage.place()
				s.code.profile = profile
				_, reason := s.run(e)
				assert.Equal(t, citycode.Malformed, reason, "0x%02x", profile)
			}
		}
	})
	t.Run("mode nibble flipped", func(t *testing.T) {
		for mode := range byte(16) {
			if mode != modeExplicit {
				refuses(t, citycode.Malformed, func(s *scan) { s.onTheWay = append(s.onTheWay, putByte(1, 0x10|mode)) })
			}
		}
	})
	t.Run("implicit key signs an explicit credential", func(t *testing.T) {
		refuses(t, citycode.IssuerNotAllowed, func(s *scan) { s.entry().Use = citycode.UseImplicit })
		refuses(t, citycode.IssuerNotAllowed, func(s *scan) { s.entry().Use = citycode.UseStatic })
		// A key of credentials on a printed code, and the other way round.
		for _, e := range engines {
			s := stage.place()
			s.code.issuer, s.code.issuerKey = uint32(stage.Issuer.ID()), citycodetest.Key("210100 issuer")
			_, reason := s.run(e)
			assert.Equal(t, citycode.IssuerNotAllowed, reason)
		}
	})
	t.Run("trailing byte", func(t *testing.T) {
		for _, tail := range []string{"\x00", "\n", "\r\n", " ", "\x11"} {
			refuses(t, citycode.Malformed, func(s *scan) {
				s.onTheWay = append(s.onTheWay, func(b []byte) []byte { return append(b, tail...) })
			})
		}
	})
	t.Run("leading zero of r or s", func(t *testing.T) {
		// One code in 128 has one. Some deployed signers drop the byte, some
		// verifiers want it dropped: rare, random refusals that nobody can repeat.
		for _, half := range []int{0, 32} {
			s := stage.scan()
			static := s.code.static(t)
			s.code.challenge = s.challenge().Bytes()
			for b := static; len(b) == len(static) || b[len(b)-64+half] != 0; s.code.counter++ {
				b = s.code.show(t, static)
			}
			found := s.code.counter - 1
			short := func(s *scan) { s.code.counter = found }
			accepts(t, short)
			refuses(t, citycode.Malformed, func(s *scan) {
				short(s)
				s.onTheWay = append(s.onTheWay, func(b []byte) []byte {
					at := len(b) - 64 + half
					return slices.Concat(b[:at], b[at+1:])
				})
			})
			refuses(t, citycode.BadHolderSignature, func(s *scan) { // padded on the wrong side
				short(s)
				s.onTheWay = append(s.onTheWay, func(b []byte) []byte {
					at := len(b) - 64 + half
					return slices.Concat(b[:at], b[at+1:at+32], []byte{0}, b[at+32:])
				})
			})
		}
	})
	t.Run("second spelling of a signature", func(t *testing.T) {
		n := new(big.Int).SetBytes(curveOrder)
		spell := func(change func(r, s *big.Int) (*big.Int, *big.Int)) func(s *scan) {
			return func(s *scan) {
				s.onTheWay = append(s.onTheWay, func(b []byte) []byte {
					at := len(b) - 64
					r, v := change(new(big.Int).SetBytes(b[at:at+32]), new(big.Int).SetBytes(b[at+32:]))
					r.FillBytes(b[at : at+32])
					v.FillBytes(b[at+32:])
					return b
				})
			}
		}
		zero := new(big.Int)
		for name, change := range map[string]func(r, s *big.Int) (*big.Int, *big.Int){
			"r = 0":     func(r, s *big.Int) (*big.Int, *big.Int) { return zero, s },
			"s = 0":     func(r, s *big.Int) (*big.Int, *big.Int) { return r, zero },
			"r = n":     func(r, s *big.Int) (*big.Int, *big.Int) { return n, s },
			"s = n":     func(r, s *big.Int) (*big.Int, *big.Int) { return r, n },
			"n - s":     func(r, s *big.Int) (*big.Int, *big.Int) { return r, new(big.Int).Sub(n, s) },
			"n - r":     func(r, s *big.Int) (*big.Int, *big.Int) { return new(big.Int).Sub(n, r), s },
			"r + s = n": func(r, s *big.Int) (*big.Int, *big.Int) { return r, new(big.Int).Sub(n, r) },
			"s, r":      func(r, s *big.Int) (*big.Int, *big.Int) { return s, r },
			"all ones":  func(r, s *big.Int) (*big.Int, *big.Int) { return ones(), ones() },
			"n-1 and n-1": func(r, s *big.Int) (*big.Int, *big.Int) {
				return new(big.Int).Sub(n, big.NewInt(1)), new(big.Int).Sub(n, big.NewInt(1))
			},
		} {
			t.Run(name, func(t *testing.T) { refuses(t, citycode.BadHolderSignature, spell(change)) })
		}
		// DER, padded to the room there is and as it is.
		refuses(t, citycode.Malformed, func(s *scan) {
			s.onTheWay = append(s.onTheWay, func(b []byte) []byte {
				at := len(b) - 64
				der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(b[at : at+32]), new(big.Int).SetBytes(b[at+32:])})
				require.NoError(t, err)
				return append(b[:at:at], der...)
			})
		})
	})
	t.Run("second spelling of a key", func(t *testing.T) {
		raw := func() [65]byte {
			k, err := engines[0].Prepare(compressed(t, citycodetest.Key("210100 citizen")))
			require.NoError(t, err)
			return k.Bytes()
		}()
		refuses(t, citycode.Malformed, func(s *scan) { s.code.key = raw[:] })                                // 04, x, y
		refuses(t, citycode.Malformed, func(s *scan) { s.code.key = append([]byte{0}, raw[1:33]...) })       // as one library compresses
		refuses(t, citycode.Malformed, func(s *scan) { s.code.key = append([]byte{6}, raw[1:33]...) })       // hybrid
		refuses(t, citycode.Malformed, func(s *scan) { s.code.key = make([]byte, 33) })                      // infinity
		refuses(t, citycode.BadHolderSignature, func(s *scan) { s.code.key = append([]byte{2}, curveP...) }) // x = p
		refuses(t, citycode.BadHolderSignature, func(s *scan) {                                              // the other y
			s.code.key = compressed(t, s.code.holder)
			s.code.key[0] ^= 1
		})
	})
	t.Run("signature without ZA, or with another id", func(t *testing.T) {
		for name, digest := range map[string]func(key crypto.Signer, message []byte) [32]byte{
			"no ZA": func(_ crypto.Signer, message []byte) [32]byte {
				h := engine.Default().NewSM3()
				h.Write(message)
				return [32]byte(h.Sum(nil))
			},
			"the issuer's ZA": func(_ crypto.Signer, message []byte) [32]byte {
				return digestOf(t, citycodetest.Key("210100 issuer"), "", message)
			},
			"no tag": func(key crypto.Signer, message []byte) [32]byte {
				return digestOf(t, key, "", bytes.TrimPrefix(message, []byte("CC1/tokn")))
			},
			"hashed twice": func(key crypto.Signer, message []byte) [32]byte {
				d := digestOf(t, key, "", message)
				return digestOf(t, key, "", d[:])
			},
		} {
			refuses(t, citycode.BadHolderSignature, func(s *scan) {
				s.onTheWay = append(s.onTheWay, func(b []byte) []byte {
					message := append([]byte("CC1/tokn"), b[:len(b)-64]...)
					sig, err := engine.SignDigest(nil, s.code.holder, digest(s.code.holder, message))
					require.NoError(t, err, name)
					return append(b[:len(b)-64:len(b)-64], sig[:]...)
				})
			})
		}
	})
	t.Run("credential of one, code of another", func(t *testing.T) {
		refuses(t, citycode.BadHolderSignature, func(s *scan) { // another's phone in front of a genuine credential
			genuine := s.code.static(t)
			other := s.code
			other.holder, other.challenge = attacker, s.challenge().Bytes()
			s.onTheWay = append(s.onTheWay, func([]byte) []byte { return other.show(t, genuine) })
		})
		refuses(t, citycode.BadHolderSignature, func(s *scan) { // one's own dynamic part behind one's other credential
			other := s.code
			other.index++
			static := other.static(t)
			s.onTheWay = append(s.onTheWay, func(b []byte) []byte { return slices.Concat(static, b[len(static):]) })
		})
	})

	// Complaints of users elsewhere (standards.md §6).

	t.Run("failed download treated as valid", func(t *testing.T) {
		refuses(t, citycode.StatusUnknown, func(s *scan) { s.noStatus = true })
	})
	t.Run("failed download called revoked", func(t *testing.T) {
		refuses(t, citycode.StatusUnknown, func(s *scan) { s.statusExpires = noon - 1 })
	})
	t.Run("nation's verifiers stop with a cron job and say unknown", func(t *testing.T) {
		refuses(t, citycode.TrustStale, func(s *scan) { s.expires = noon - 1; s.code.issuer |= 0x40 })
	})
	t.Run("revocation by signature hash", func(t *testing.T) {
		// The serial is what is revoked: a credential that was signed again, with
		// another nonce, is revoked as well.
		refuses(t, citycode.Revoked, func(s *scan) {
			s.state = citycode.StatusRevoked
			s.code.issuerKey = newRandomised(t, citycodetest.Scalar("210100 issuer"))
		})
	})
	t.Run("offline scan accepts what is not signed", func(t *testing.T) {
		for _, e := range engines {
			s := stage.scan()
			s.check.Online = false
			s.code.issuerKey, s.code.holder = attacker, attacker
			_, reason := s.run(e)
			assert.Equal(t, citycode.BadIssuerSignature, reason)
		}
	})
	t.Run("first byte of another system", func(t *testing.T) {
		for _, first := range []byte{0x00, 0x02, 0x54, 0x55, '0', '1', '2', '9', 'T', '{', 'h', 0x80, 0x81, 0xff} {
			refuses(t, citycode.Malformed, func(s *scan) { s.onTheWay = append(s.onTheWay, putByte(0, first)) })
		}
		for version := range byte(16) {
			if version != 1 {
				refuses(t, citycode.UnsupportedVersion, func(s *scan) { s.onTheWay = append(s.onTheWay, putByte(0, 0x10|version)) })
			}
		}
	})
	t.Run("counter that wraps", func(t *testing.T) {
		for _, e := range engines {
			guard := newGuard(t, citycode.ReplayConfig{Boot: at(noon), Journal: emptyJournal})
			for _, step := range []struct {
				counter uint32
				want    citycode.Reason
			}{{math.MaxUint32, 0}, {0, citycode.Replayed}, {1, citycode.Replayed}} {
				s := stage.scan()
				s.guard, s.code.counter = guard, step.counter
				_, reason := s.run(e)
				assert.Equal(t, step.want, reason, fmt.Sprint(step.counter))
			}
		}
	})
	t.Run("little-endian", func(t *testing.T) {
		refuses(t, citycode.IssuerKeyNotValid, func(s *scan) {
			swap := func(v uint32) uint32 { return binary.LittleEndian.Uint32(binary.BigEndian.AppendUint32(nil, v)) }
			s.code.issuedAt, s.code.notAfter, s.code.time = swap(s.code.issuedAt), swap(s.code.notAfter), swap(s.code.time)
		})
	})
}

func ones() *big.Int { return new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1)) }
