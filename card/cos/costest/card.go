// Package costest makes personalised cards for tests: every key is derived from a made-up master, every random number
// from a seed, so that the same card gives the same bytes in every run.
package costest

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/cos"
	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/nvm"
)

// PIN is the PIN of every card, 123456.
var PIN = []byte{0x12, 0x34, 0x56}

// Options say what a card is like. The zero value is a card of serial number 1 with an empty purse of at most 1000 yuan
// and a credential of 128 bytes that nobody signed.
type Options struct {
	Number     uint32 // serial number and seed
	Create     func(*app.Create)
	Credential func(card *Personaliser) []byte // nil: Stand
}

// Stand stands for a credential: the right size, and worth nothing.
func Stand() []byte {
	b := make([]byte, 128)
	copy(b, "stands for a credential in tests of the card alone")
	return b
}

// Master returns the master of a key: SM4, made up.
func Master(id app.KeyID) key.Key {
	b := [key.Size]byte{'t', 'e', 's', 't', ' ', 'm', 'a', 's', 't', 'e', 'r', ' ', byte(id)}
	k, err := key.New(key.SM4, b[:])
	if err != nil {
		panic(err)
	}
	return k
}

// Key returns a card's own key.
func Key(id app.KeyID, serial app.Serial) key.Key { return Master(id).Diversify(key.Factor(serial)) }

// Serial returns the serial number of a card.
func Serial(number uint32) (s app.Serial) {
	s[0] = 0x99 // no city
	binary.BigEndian.PutUint32(s[4:], number)
	return s
}

// Random returns the randomness of a card: the same for one number in every run.
func Random(number uint32) *rand.ChaCha8 {
	seed := [32]byte{'c', 'a', 'r', 'd'}
	binary.BigEndian.PutUint32(seed[28:], number)
	return rand.NewChaCha8(seed)
}

// A Personaliser is the terminal that fills a card.
type Personaliser struct {
	TB     testing.TB
	Card   card.Transport
	Serial app.Serial
	Public [app.CompressedPointSize]byte // the card's key
}

// Send transmits a command and wants the status word 9000.
func Send(tb testing.TB, t card.Transport, c apdu.Command) []byte {
	tb.Helper()
	data, status := Try(tb, t, c)
	require.Equal(tb, apdu.OK, status, "%s: %v", c, status)
	return data
}

// Try transmits a command and returns whatever the card answers.
func Try(tb testing.TB, t card.Transport, c apdu.Command) ([]byte, apdu.Status) {
	tb.Helper()
	b, err := c.Bytes()
	require.NoError(tb, err)
	answer, err := t.Transmit(b)
	require.NoError(tb, err, "%s", c)
	r, err := apdu.ParseResponse(answer)
	require.NoError(tb, err)
	return r.Data, r.Status
}

// Secure puts the MAC to a command, with a challenge that it gets from the card.
func Secure(tb testing.TB, t card.Transport, k key.Key, c apdu.Command) apdu.Command {
	tb.Helper()
	challenge := Send(tb, t, app.GetChallenge(app.ChallengeOfMAC))
	c.CLA |= 0x04
	c.Data = append(append([]byte(nil), c.Data...), 0, 0, 0, 0)
	copy(c.Data[len(c.Data)-4:], cos.MAC(k, challenge, c))
	return c
}

func (p *Personaliser) secured(c apdu.Command) []byte {
	p.TB.Helper()
	return Send(p.TB, p.Card, Secure(p.TB, p.Card, Key(app.KeyTransport, p.Serial), c))
}

// PutKey is PUT KEY, to be secured.
func PutKey(id app.KeyID, k, transport key.Key) apdu.Command {
	wrapped, check := k.Wrap(transport), k.CheckValue()
	data := append([]byte{1, k.Algorithm().ID()}, wrapped[:]...)
	return apdu.Command{CLA: 0x80, INS: app.InsPutKey, P2: byte(id), Data: append(data, check[:]...)}
}

// PINBlock returns a PIN as PUT KEY and PIN UNBLOCK carry it, before it is wrapped.
func PINBlock(pin []byte) key.Key {
	b := [key.Size]byte{byte(len(pin)), 15: 0xA5}
	copy(b[1:], pin)
	k, err := key.New(key.SM4, b[:])
	if err != nil {
		panic(err)
	}
	return k
}

// ProvePossession asks the card to prove its key to an issuer.
func (p *Personaliser) ProvePossession(issuer uint32, nonce [16]byte) (signature [64]byte) {
	p.TB.Helper()
	data := append(binary.BigEndian.AppendUint32(nil, issuer), nonce[:]...)
	return [64]byte(p.secured(apdu.Command{CLA: 0x80, INS: app.InsProvePossession, Data: data, Ne: 64}))
}

// New makes a card, issues it and resets it.
func New(tb testing.TB, o Options) *cos.Card {
	tb.Helper()
	if o.Number == 0 {
		o.Number = 1
	}
	serial := Serial(o.Number)
	mem := nvm.New(cos.Pages)
	transport := Key(app.KeyTransport, serial)
	require.NoError(tb, cos.Format(mem, transport))
	c, err := cos.New(mem, cos.Config{Rand: Random(o.Number)})
	require.NoError(tb, err)

	create := app.Create{AID: app.TestAID, Serial: serial, Profile: 5, KeySet: 1, IssuerKey: 0x334b4001, MaxBalance: 100_000}
	if o.Create != nil {
		o.Create(&create)
	}
	p := &Personaliser{TB: tb, Card: c, Serial: serial}
	p.secured(apdu.Command{CLA: 0x80, INS: app.InsCreate, Data: create.Bytes()})
	for id := app.KeyPurchase; id < app.KeyPIN; id++ {
		p.secured(PutKey(id, Key(id, serial), transport))
	}
	p.secured(PutKey(app.KeyPIN, PINBlock(PIN), transport))
	p.Public = [app.CompressedPointSize]byte(p.secured(apdu.Command{INS: app.InsGenerateKeyPair, Ne: app.CompressedPointSize}))
	credential := Stand()
	if o.Credential != nil {
		credential = o.Credential(p)
	}
	p.Update(app.SFICredential, credential)
	p.Update(app.SFICategory, []byte{1, 1})
	p.Update(app.SFIPerson, []byte("Test Person A"))
	p.Update(app.SFIPublic, app.PublicInfo{CardNumber: [10]byte{9: byte(o.Number)}}.Bytes())
	p.secured(apdu.Command{INS: app.InsActivate})
	_, err = c.Reset(true)
	require.NoError(tb, err)
	return c
}

// Update writes a file of a card that is being personalised.
func (p *Personaliser) Update(s app.SFI, content []byte) {
	p.TB.Helper()
	p.secured(apdu.Command{INS: app.InsUpdateBinary, P1: 0x80 | byte(s), Data: content})
}
