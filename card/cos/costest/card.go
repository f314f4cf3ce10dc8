// Package costest makes personalised cards for tests: every key is derived from a made-up master, every random number
// from a seed, so that the same card gives the same bytes in every run.
package costest

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/cos"
	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/nvm"
	"github.com/citizencode/citizencode/card/sm"
)

// PIN is the PIN of every card, 123456.
var PIN = []byte{0x12, 0x34, 0x56}

// Options say what a card is like. The zero value is a card of serial number 1 with an empty purse of at most 1000 yuan
// and a credential of 128 bytes that nobody signed.
type Options struct {
	Number     uint32                       // serial number and seed; 0: 1
	Create     func(*app.Create)            // changes what CREATE is given
	Credential func(p *Personaliser) []byte // is asked when the card has its key; nil: Stand
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
	data, status := Try(tb, t, c)
	require.Equal(tb, apdu.OK, status, "%s: %v", c, status)
	return data
}

// Try transmits a command and returns whatever the card answers.
func Try(tb testing.TB, t card.Transport, c apdu.Command) ([]byte, apdu.Status) {
	b, err := c.Bytes()
	require.NoError(tb, err)
	answer, err := t.Transmit(b)
	require.NoError(tb, err, "%s", c)
	r, err := apdu.ParseResponse(answer)
	require.NoError(tb, err)
	return r.Data, r.Status
}

// Secure secures a command in PBOC mode, with a challenge that it gets from the card.
func Secure(tb testing.TB, t card.Transport, k key.Key, c apdu.Command, p sm.Protection) apdu.Command {
	challenge := [sm.ChallengeSize]byte(Send(tb, t, app.GetChallenge()))
	c, err := sm.WrapPBOC(app.SecureKeys(k), challenge, c, p)
	require.NoError(tb, err)
	return c
}

// PutKey is PUT KEY, to be secured.
func PutKey(id app.KeyID, k, transport key.Key) apdu.Command { return app.PutKey(id, 1, k, transport) }

// PINBlock returns a PIN as PUT KEY carries it, before it is wrapped.
func PINBlock(pin []byte) key.Key {
	k, err := app.PINBlock(pin, [key.Size]byte{15: 0xA5})
	if err != nil {
		panic(err)
	}
	return k
}

// ProvePossession asks the card to prove its key to an issuer.
func (p *Personaliser) ProvePossession(issuer uint32, nonce [16]byte) (signature [64]byte) {
	p.TB.Helper()
	c := app.ProvePossession(issuer, nonce)
	return [64]byte(Send(p.TB, p.Card, Secure(p.TB, p.Card, Key(app.KeyTransport, p.Serial), c, sm.MACOnly)))
}

// A Step is one command of personalisation.
type Step struct {
	Name    string
	Make    func(p *Personaliser) apdu.Command // without MAC
	Protect sm.Protection
	Done    func(p *Personaliser, answer []byte) // nil: nothing to keep
}

// Run secures a step's command and sends it.
func (s Step) Run(p *Personaliser) {
	answer := Send(p.TB, p.Card, s.Secure(p))
	if s.Done != nil {
		s.Done(p, answer)
	}
}

// Secure returns the step's command with its MAC.
func (s Step) Secure(p *Personaliser) apdu.Command {
	return Secure(p.TB, p.Card, Key(app.KeyTransport, p.Serial), s.Make(p), s.Protect)
}

// Steps returns the personalisation of a card.
func Steps(o Options) []Step {
	serial := Serial(o.number())
	always := func(c apdu.Command) func(*Personaliser) apdu.Command {
		return func(*Personaliser) apdu.Command { return c }
	}
	create := app.Create{AID: app.TestAID, Serial: serial, Profile: 5, KeySet: 1, IssuerKey: 0x334b4001, MaxBalance: 100_000}
	if o.Create != nil {
		o.Create(&create)
	}
	steps := []Step{{Name: "CREATE", Make: always(app.CreateApplication(create))}}
	for id := app.KeyPurchase; id <= app.KeyPIN; id++ {
		k := PINBlock(PIN)
		if id != app.KeyPIN {
			k = Key(id, serial)
		}
		steps = append(steps, Step{Name: "PUT KEY " + id.String(), Make: always(PutKey(id, k, Key(app.KeyTransport, serial)))})
	}
	steps = append(steps, Step{Name: "GENERATE", Make: always(app.GenerateKeyPair(app.P1Generate)),
		Done: func(p *Personaliser, answer []byte) { p.Public = [app.CompressedPointSize]byte(answer) }})
	for _, f := range []struct {
		sfi     app.SFI
		content func(*Personaliser) []byte
	}{
		{app.SFICredential, o.credential()},
		{app.SFICategory, func(*Personaliser) []byte { return []byte{1, 1} }},
		{app.SFIPerson, func(*Personaliser) []byte { return []byte("Test Person A") }},
		{app.SFIPublic, func(*Personaliser) []byte { return app.PublicInfo{CardNumber: [10]byte{9: byte(o.number())}}.Bytes() }},
	} {
		step := Step{Name: fmt.Sprintf("UPDATE %02X", f.sfi), Make: func(p *Personaliser) apdu.Command {
			return app.UpdateBinary(f.sfi, f.content(p))
		}}
		if line, _ := app.FindFile(f.sfi); line.Encrypted {
			step.Protect = sm.Encrypted
		}
		steps = append(steps, step)
	}
	return append(steps, Step{Name: "ACTIVATE", Make: always(app.Activate())})
}

func (o Options) number() uint32 { return max(o.Number, 1) }

func (o Options) credential() func(*Personaliser) []byte {
	if o.Credential != nil {
		return o.Credential
	}
	return func(*Personaliser) []byte { return Stand() }
}

// Blank returns a card as the chip's maker delivers it, and who is to fill it.
func Blank(tb testing.TB, o Options) (*cos.Card, *Personaliser) {
	tb.Helper()
	mem := nvm.New(cos.Pages)
	serial := Serial(o.number())
	require.NoError(tb, cos.Format(mem, Key(app.KeyTransport, serial)))
	c, err := cos.New(mem, cos.Config{Rand: Random(o.number())})
	require.NoError(tb, err)
	return c, &Personaliser{TB: tb, Card: c, Serial: serial}
}

// New makes a card, issues it and resets it.
func New(tb testing.TB, o Options) *cos.Card {
	tb.Helper()
	c, p := Blank(tb, o)
	for _, s := range Steps(o) {
		s.Run(p)
	}
	_, err := c.Reset(true)
	require.NoError(tb, err)
	return c
}
