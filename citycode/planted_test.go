package citycode_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/engine/tjfoc"
)

// A person is a record that an issuer keeps. Nothing of it may be found in a
// code, in any form that somebody looking for it, or careless with it, would
// think of.
type person struct{ identity, telephone, plate string }

// madeUp returns a person that nobody is: born in month 13, reached at a number
// of no network, under a letter that no plate has.
func madeUp(i int) person {
	return person{
		identity:  fmt.Sprintf("210102%d13%02d%03d%c", 1930+i%70, 1+i%28, i*7%1000, "0123456789X"[i%11]),
		telephone: fmt.Sprintf("100%08d", i*49_999%100_000_000),
		plate:     fmt.Sprintf("辽I%05d", i*41%100_000),
	}
}

// values returns what is looked for, the plate also in GBK.
func (p person) values() []string {
	return []string{p.identity, p.telephone, p.plate, strings.Replace(p.plate, "辽", "\xc1\xc9", 1)}
}

// forms returns the forms of a value by their names.
func forms(value string) map[string][]byte {
	sm3 := engine.Default().NewSM3()
	sm3.Write([]byte(value))
	sha := sha256.Sum256([]byte(value))
	forms := map[string][]byte{"text": []byte(value), "reversed": backwards([]byte(value)), "SM3": sm3.Sum(nil)[:windowSize], "SHA-256": sha[:windowSize]}
	digits := strings.TrimRight(value, "X")
	if n, ok := new(big.Int).SetString(digits, 10); ok {
		forms["integer"], forms["little-endian integer"] = n.Bytes(), backwards(n.Bytes())
		for start, name := range []string{"BCD", "BCD from the low nibble"} {
			form, _ := hex.DecodeString(digits[start : start+(len(digits)-start)/2*2])
			forms[name] = form
		}
	}
	return forms
}

func backwards(b []byte) []byte {
	b = bytes.Clone(b)
	slices.Reverse(b)
	return b
}

// A hoard is what everybody's records would leave in a code: all eight bytes of
// every form that has as many, since eight is what fits a subject. Shorter ones
// are met by chance among so many codes; they are looked for in the code of
// their own person.
type hoard map[[windowSize]byte]struct{}

const windowSize = 8

func newHoard(people int) hoard {
	h := make(hoard)
	for i := range people {
		for _, value := range madeUp(i).values() {
			for _, form := range forms(value) {
				for ; len(form) >= windowSize; form = form[1:] {
					h[[windowSize]byte(form)] = struct{}{}
				}
			}
		}
	}
	return h
}

// find returns what it finds in the code of p, or nil.
func (h hoard) find(code []byte, p person) []byte {
	for rest := code; len(rest) >= windowSize; rest = rest[1:] {
		if _, found := h[[windowSize]byte(rest)]; found {
			return rest[:windowSize]
		}
	}
	for _, value := range p.values() {
		for _, form := range forms(value) {
			if bytes.Contains(code, form) {
				return form
			}
		}
	}
	return nil
}

// A desk makes claims out of records, as an issuer does: subject and index come
// from the record under a key (SPEC §2.7), the identity goes under the seal.
type desk struct {
	*privateCity
	holder citycode.HolderSigner
	blank  citycode.Claims
	taken  map[uint32]bool
}

const slots = 1 << 18

func newDesk(t *testing.T, name string, sealer citycode.Sealer) *desk {
	t.Helper()
	c := newPrivateCity(t, citycodetest.Shenyang, sealer, sealedProfile())
	var err error
	c.Register[c.Issuer.ID()], err = citycode.NewStatusRegister(c.Issuer.ID(), 0, slots)
	require.NoError(t, err)
	return &desk{c, softwareKey(t, name, new(counter)), c.claims(name, sealedProfile(), citycode.Transit), make(map[uint32]bool)}
}

func (d *desk) claims(p person) citycode.Claims {
	h := hmac.New(engine.Default().NewSM3, citycodetest.Scalar("pseudonyms"))
	fmt.Fprint(h, p.identity, p.telephone, p.plate)
	mac := h.Sum(nil)
	k := d.blank
	k.Subject = mac[:8]
	k.Index = binary.BigEndian.Uint32(mac[8:]) % slots
	for d.taken[k.Index] {
		k.Index = (k.Index + 1) % slots
	}
	d.taken[k.Index] = true
	k.Identity = []byte(p.identity + p.telephone + p.plate)
	return k
}

func (d *desk) code(t *testing.T, k citycode.Claims) *citycode.Token {
	t.Helper()
	cred, err := d.issuer.Issue(k)
	require.NoError(t, err)
	h, err := citycode.NewHolder(cred, d.holder)
	require.NoError(t, err)
	return d.show(h, citycode.Transit, nil)
}

// TestSealHidesIdentities: identity numbers, telephone numbers and plates, from
// which an issuer made subject, index and seal, are in no form in its codes:
// nobody's in anybody's, of 10,000 people, and of 100,000 in the long form.
func TestSealHidesIdentities(t *testing.T) {
	t.Parallel()
	const shards = 2
	people := cases(200, 10_000, 100_000)
	h := newHoard(people)
	for shard := range shards {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			key := newSealKey(t, uint16(shard), nil)
			d := newDesk(t, fmt.Sprint("citizen ", shard), key)
			readers := []*citycode.Verifier{d.verifier(engine.Default()), d.verifier(tjfoc.New())}
			for i := shard; i < people; i += shards {
				p := madeUp(i)
				k := d.claims(p)
				token := d.code(t, k)
				found := h.find(token.Bytes(), p)
				require.Nil(t, found, "%x of %v in %x", found, p, token.Bytes())
				if i%(people/20) > 1 {
					continue
				}
				for _, v := range readers {
					verified, err := v.Verify(token, atTheGate)
					require.NoError(t, err)
					got, err := verified.Unseal(newUnsealer(t, key))
					require.NoError(t, err)
					require.Equal(t, k.Identity, got, "it is there all the same")
				}
			}
		})
	}
}

// TestSealSearchFinds: what careless issuers do is found by the search that
// finds nothing in ours.
func TestSealSearchFinds(t *testing.T) {
	t.Parallel()
	const people = 50
	h := newHoard(people)
	p := madeUp(17)
	for _, value := range p.values() {
		for name, form := range forms(value) {
			assert.NotNil(t, h.find(slices.Concat([]byte{1, 2, 3}, form, []byte{4}), p), "%s of %q", name, value)
			if len(form) >= windowSize {
				assert.NotNil(t, h.find(slices.Concat([]byte{1, 2, 3}, form[len(form)-windowSize:], []byte{4}), madeUp(people+1)), "the end of %s of somebody else's %q", name, value)
			}
		}
	}
	key := newSealKey(t, 7, nil)
	open := sealerFunc(func(aad, plaintext []byte) ([]byte, error) {
		seal, err := key.Seal(aad, plaintext)
		return append(append(seal[:14:14], plaintext...), seal[14+len(plaintext):]...), err
	})
	subject := func(b []byte) func(*citycode.Claims) { return func(k *citycode.Claims) { k.Subject = b } }
	for name, careless := range map[string]struct {
		sealer citycode.Sealer
		change func(*citycode.Claims)
	}{
		"a seal that is open":                   {open, func(*citycode.Claims) {}},
		"an unsalted hash as the subject":       {key, subject(forms(p.identity)["SM3"])},
		"a date of birth as the subject":        {key, subject([]byte(p.identity[6:14]))},
		"packed digits as the subject":          {key, subject(forms(p.identity)["BCD"][:8])},
		"a number as the subject":               {key, subject(new(big.Int).SetBytes(forms(p.telephone)["integer"]).FillBytes(make([]byte, 8)))},
		"the subject of somebody else's number": {key, subject(forms(madeUp(3).identity)["SHA-256"])},
	} {
		d := newDesk(t, "citizen", careless.sealer)
		k := d.claims(p)
		careless.change(&k)
		assert.NotNil(t, h.find(d.code(t, k).Bytes(), p), name)
	}
}
