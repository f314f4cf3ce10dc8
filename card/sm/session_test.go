package sm_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/sm"
)

var someHandshake = sm.Handshake{CardChallenge: random, TerminalChallenge: [16]byte(run(0xA0, 16))}

// sessions begins a session on both sides.
func sessions(t testing.TB) (*sm.TerminalSession, *sm.CardSession) {
	k := sm4Key(t, run(0x30, 16))
	return someHandshake.Terminal(k), someHandshake.Card(k)
}

func TestSessionRoundTrip(t *testing.T) {
	k := sm4Key(t, run(0x30, 16))
	size := rapid.OneOf(rapid.IntRange(0, 40), rapid.IntRange(0, 300), rapid.Just(apdu.MaxData-sm.Overhead))
	rapid.Check(t, func(t *rapid.T) {
		terminal, card := someHandshake.Terminal(k), someHandshake.Card(k)
		for range rapid.IntRange(1, 5).Draw(t, "exchanges") {
			c := apdu.Command{
				CLA: rapid.SampledFrom([]byte{0x00, 0x02, 0x80}).Draw(t, "cla"), INS: rapid.Byte().Draw(t, "ins"),
				P1: rapid.Byte().Draw(t, "p1"), P2: rapid.Byte().Draw(t, "p2"),
				Ne:   rapid.OneOf(size, rapid.Just(256), rapid.Just(65536)).Draw(t, "ne"),
				Data: bytes.Repeat([]byte{rapid.Byte().Draw(t, "fill")}, size.Draw(t, "nc")),
			}
			secured, err := terminal.Wrap(c)
			if err != nil {
				t.Fatal(err)
			}
			b, err := secured.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			if len(c.Data) > 8 && bytes.Contains(b, c.Data[:8]) {
				t.Fatal("the data is in the clear")
			}
			parsed, err := apdu.Parse(b)
			if err != nil {
				t.Fatal(err)
			}
			got, err := card.Unwrap(parsed)
			if err != nil || got.String() != c.String() || !bytes.Equal(got.Data, c.Data) {
				t.Fatalf("%v becomes %v, %v", c, got, err)
			}
			r := apdu.Response{
				Data:   bytes.Repeat([]byte{0x5A}, min(c.Ne, size.Draw(t, "answer"))),
				Status: rapid.SampledFrom([]apdu.Status{apdu.OK, apdu.EndOfFile, apdu.FileNotFound}).Draw(t, "status"),
			}
			answer, err := card.Wrap(r)
			if err != nil || answer.Status != apdu.OK || len(answer.Data) > secured.Ne {
				t.Fatalf("%d bytes for Ne %d, %v", len(answer.Data), secured.Ne, err)
			}
			opened, err := terminal.Unwrap(answer)
			if err != nil || opened.Status != r.Status || !bytes.Equal(opened.Data, r.Data) {
				t.Fatalf("%v becomes %v, %v", r, opened, err)
			}
		}
	})
}

// TestSessionEveryBit: no bit of a command or an answer may change on the way, and none gets a second try.
func TestSessionEveryBit(t *testing.T) {
	terminal, _ := sessions(t)
	c := apdu.Command{CLA: 0x80, INS: 0xD6, P1: 0x85, Data: run(1, 20), Ne: 16}
	secured, err := terminal.Wrap(c)
	require.NoError(t, err)
	for bit := range 8 * (4 + len(secured.Data)) {
		_, card := sessions(t)
		wrong := secured
		wrong.Data = bytes.Clone(secured.Data)
		switch at, mask := bit/8, byte(1)<<(bit%8); at {
		case 0:
			wrong.CLA ^= mask
		case 1:
			wrong.INS ^= mask
		case 2:
			wrong.P1 ^= mask
		case 3:
			wrong.P2 ^= mask
		default:
			wrong.Data[at-4] ^= mask
		}
		_, err := card.Unwrap(wrong)
		require.Error(t, err, "bit %d", bit)
		_, err = card.Unwrap(secured)
		require.Equal(t, sm.ReasonEnded, reasonOf(t, err))
	}

	_, card := sessions(t)
	_, err = card.Unwrap(secured)
	require.NoError(t, err)
	answer, err := card.Wrap(apdu.Response{Data: run(1, 16), Status: apdu.OK})
	require.NoError(t, err)
	for bit := range 8 * len(answer.Data) {
		terminal, _ := sessions(t)
		_, err := terminal.Wrap(c)
		require.NoError(t, err)
		wrong := answer
		wrong.Data = bytes.Clone(answer.Data)
		wrong.Data[bit/8] ^= 1 << (bit % 8)
		_, err = terminal.Unwrap(wrong)
		require.Error(t, err, "bit %d", bit)
		_, err = terminal.Unwrap(answer)
		require.Equal(t, sm.ReasonEnded, reasonOf(t, err))
	}
}

// TestSessionOrder: replayed, left out, swapped, reflected, out of turn, from elsewhere.
func TestSessionOrder(t *testing.T) {
	read := func(p2 byte) apdu.Command { return apdu.Command{INS: 0xB0, P2: p2, Ne: 8} }
	ok := apdu.Response{Status: apdu.OK}
	t.Run("a command replayed", func(t *testing.T) {
		terminal, card := sessions(t)
		first, err := terminal.Wrap(read(1))
		require.NoError(t, err)
		_, err = card.Unwrap(first)
		require.NoError(t, err)
		_, err = card.Wrap(ok)
		require.NoError(t, err)
		_, err = card.Unwrap(first)
		assert.Equal(t, sm.ReasonMAC, reasonOf(t, err))
	})
	t.Run("a command left out", func(t *testing.T) {
		terminal, card := sessions(t)
		_, other := sessions(t)
		first, err := terminal.Wrap(read(1))
		require.NoError(t, err)
		_, err = other.Unwrap(first)
		require.NoError(t, err)
		answer, err := other.Wrap(ok)
		require.NoError(t, err)
		_, err = terminal.Unwrap(answer)
		require.NoError(t, err)
		second, err := terminal.Wrap(read(2))
		require.NoError(t, err)
		_, err = card.Unwrap(second)
		assert.Equal(t, sm.ReasonMAC, reasonOf(t, err))
	})
	t.Run("an old answer", func(t *testing.T) {
		terminal, card := sessions(t)
		var answers []apdu.Response
		for p2 := range byte(2) {
			c, err := terminal.Wrap(read(p2))
			require.NoError(t, err)
			_, err = card.Unwrap(c)
			require.NoError(t, err)
			r, err := card.Wrap(ok)
			require.NoError(t, err)
			answers = append(answers, r)
			if p2 == 0 {
				_, err = terminal.Unwrap(r)
				require.NoError(t, err)
			}
		}
		_, err := terminal.Unwrap(answers[0])
		assert.Equal(t, sm.ReasonMAC, reasonOf(t, err))
	})
	t.Run("a command sent back as its answer", func(t *testing.T) {
		terminal, _ := sessions(t)
		c, err := terminal.Wrap(read(1))
		require.NoError(t, err)
		_, err = terminal.Unwrap(apdu.Response{Data: c.Data, Status: apdu.OK})
		assert.Equal(t, sm.ReasonMAC, reasonOf(t, err))
	})
	t.Run("two commands without an answer", func(t *testing.T) {
		terminal, card := sessions(t)
		c, err := terminal.Wrap(read(1))
		require.NoError(t, err)
		_, err = terminal.Wrap(read(2))
		assert.Equal(t, sm.ReasonOrder, reasonOf(t, err))
		_, err = card.Unwrap(c)
		require.NoError(t, err)
		_, err = card.Unwrap(c)
		assert.Equal(t, sm.ReasonOrder, reasonOf(t, err))
	})
	t.Run("an answer without a command", func(t *testing.T) {
		terminal, card := sessions(t)
		_, err := card.Wrap(ok)
		assert.Equal(t, sm.ReasonOrder, reasonOf(t, err))
		_, err = terminal.Unwrap(ok)
		assert.Equal(t, sm.ReasonOrder, reasonOf(t, err))
	})
	t.Run("another session's", func(t *testing.T) {
		k := sm4Key(t, run(0x30, 16))
		c, err := someHandshake.Terminal(k).Wrap(read(1))
		require.NoError(t, err)
		other := someHandshake
		other.TerminalChallenge[0] ^= 1
		_, err = other.Card(k).Unwrap(c)
		assert.Equal(t, sm.ReasonMAC, reasonOf(t, err))
	})
	t.Run("no session", func(t *testing.T) {
		var terminal sm.TerminalSession
		_, err := terminal.Wrap(read(1))
		assert.Equal(t, sm.ReasonEnded, reasonOf(t, err))
		var card sm.CardSession
		_, err = card.Unwrap(read(1))
		assert.Equal(t, sm.ReasonEnded, reasonOf(t, err))
	})
	t.Run("an answer in the clear", func(t *testing.T) {
		for _, r := range []apdu.Response{ok, {Data: []byte{1}, Status: apdu.EndOfFile}, {Status: apdu.SecurityDataWrong}} {
			terminal, _ := sessions(t)
			_, err := terminal.Wrap(read(1))
			require.NoError(t, err)
			_, err = terminal.Unwrap(r)
			assert.Equal(t, sm.ReasonAnswer, reasonOf(t, err))
		}
	})
	t.Run("a command in the clear, or chained", func(t *testing.T) {
		for _, cla := range []byte{0x00, 0x04, 0x08, 0x1C, 0x4C, 0x6C, 0xFF} {
			_, card := sessions(t)
			_, err := card.Unwrap(apdu.Command{CLA: cla, INS: 0xB0, Data: make([]byte, 10)})
			assert.Equal(t, sm.ReasonClass, reasonOf(t, err), "%02X", cla)
		}
	})
	t.Run("too long", func(t *testing.T) {
		terminal, _ := sessions(t)
		_, err := terminal.Wrap(apdu.Command{Data: make([]byte, apdu.MaxData-sm.Overhead+1)})
		assert.Equal(t, sm.ReasonTooLong, reasonOf(t, err))
	})
}

// TestSessionMalformed: under the right MAC, what Wrap would have written otherwise or not at all.
func TestSessionMalformed(t *testing.T) {
	v := vectors().ISO[0]
	iv := func(counter byte) []byte { return oracleBlock(v.EncryptionKey, append(make([]byte, 15), counter)) }
	secret := func(counter byte, padded []byte) []byte { return oracleCBC(v.EncryptionKey, iv(counter), padded) }
	signed := func(counter byte, head, body []byte) []byte {
		return join(body, []byte{0x8E, 8}, oracleMAC(v.MACKey, make([]byte, 16), join(make([]byte, 15), []byte{counter}, head, body))[:8])
	}
	object := func(tag byte, parts ...[]byte) []byte {
		value := join(parts...)
		return join([]byte{tag, byte(len(value))}, value)
	}
	one, two := []byte{1}, []byte{2}
	data := func(counter byte) []byte { return secret(counter, oraclePad([]byte("data"))) }
	le, status := object(0x97, []byte{8}), object(0x99, []byte{0x90, 0})

	for name, body := range map[string][]byte{
		"another padding indicator":  join(object(0x87, two, data(1)), le),
		"no padding":                 object(0x87, one, secret(1, make([]byte, 16))),
		"a block of padding alone":   object(0x87, one, secret(1, oraclePad(nil))),
		"no cryptogram":              object(0x87, one),
		"nothing at all":             object(0x87),
		"half a block":               object(0x87, one, data(1)[:8]),
		"a longer form of a length":  join([]byte{0x87, 0x81, 0x11, 1}, data(1)),
		"data in the clear":          object(0x81, []byte("data")),
		"Le first":                   join(le, object(0x87, one, data(1))),
		"Le twice":                   join(le, le),
		"Le of no byte":              object(0x97),
		"Le of three bytes":          object(0x97, []byte{0, 0, 8}),
		"a short Le in the long way": object(0x97, []byte{1, 0}),
		"filler":                     join(le, []byte{0}),
		"a status":                   status,
		"a MAC before the MAC":       object(0x8E, make([]byte, 8)),
	} {
		_, card := sessions(t)
		_, err := card.Unwrap(apdu.Command{CLA: 0x0C, INS: 0xD6, Data: signed(1, oraclePad([]byte{0x0C, 0xD6, 0, 0}), body), Ne: 256})
		assert.Equal(t, sm.ReasonMalformed, reasonOf(t, err), name)
	}
	for name, body := range map[string][]byte{
		"no status":                 object(0x87, one, data(2)),
		"nothing":                   nil,
		"half a status":             object(0x99, []byte{0x90}),
		"a status and a half":       object(0x99, []byte{0x90, 0, 0}),
		"status first":              join(status, object(0x87, one, data(2))),
		"two of them":               join(status, status),
		"another padding indicator": join(object(0x87, two, data(2)), status),
		"padding alone":             join(object(0x87, one, secret(2, oraclePad(nil))), status),
	} {
		terminal, _ := sessions(t)
		_, err := terminal.Wrap(apdu.Command{INS: 0xB0, Ne: 256})
		require.NoError(t, err)
		_, err = terminal.Unwrap(apdu.Response{Data: signed(2, nil, body), Status: apdu.OK})
		assert.Equal(t, sm.ReasonMalformed, reasonOf(t, err), name)
	}
	for name, data := range map[string][]byte{"no MAC": le, "a short MAC": object(0x8E, make([]byte, 7)), "a MAC in front": join(object(0x8E, make([]byte, 8)), le)} {
		_, card := sessions(t)
		_, err := card.Unwrap(apdu.Command{CLA: 0x0C, INS: 0xD6, Data: data})
		assert.Equal(t, sm.ReasonMissing, reasonOf(t, err), name)
	}
}

// TestHandshake: whoever answers for one of the four uses of the key answers for no other.
func TestHandshake(t *testing.T) {
	k := sm4Key(t, run(0x30, 16))
	assert.NotEqual(t, someHandshake.TerminalProof(k), someHandshake.CardProof(k))
	swapped := sm.Handshake{CardChallenge: someHandshake.TerminalChallenge, TerminalChallenge: someHandshake.CardChallenge}
	assert.NotEqual(t, someHandshake.TerminalProof(k), swapped.TerminalProof(k))
	assert.False(t, sm.Equal(someHandshake.TerminalProof(k), someHandshake.CardProof(k)))
	assert.True(t, sm.Equal(someHandshake.CardProof(k), someHandshake.CardProof(k)))
	tdes, err := key.New(key.TDES, run(0x30, 16))
	require.NoError(t, err)
	assert.Panics(t, func() { someHandshake.CardProof(tdes) })
}

// TestNoKeyIsPrinted: a session in a log shows no session key, whatever the verb.
func TestNoKeyIsPrinted(t *testing.T) {
	v := vectors().ISO[0]
	terminal, _ := sessions(t)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		for _, value := range []any{terminal, *terminal, struct{ s *sm.TerminalSession }{terminal}} {
			printed := strings.ToLower(fmt.Sprintf(verb, value))
			for _, k := range [][]byte{v.EncryptionKey, v.MACKey, v.Key} {
				assert.NotContains(t, printed, hex.EncodeToString(k[:4]))
				assert.NotContains(t, printed, strings.Trim(fmt.Sprint(k[:4]), "[]"))
			}
		}
	}
}

// A securedCard is a card that answers every secured command with what it is told.
type securedCard struct {
	session *sm.CardSession
	answer  apdu.Response
}

func (c *securedCard) Transmit(b []byte) ([]byte, error) {
	command, err := apdu.Parse(b)
	if err != nil {
		return nil, err
	}
	if _, err = c.session.Unwrap(command); err != nil {
		return nil, card.ErrCardLost
	}
	r, err := c.session.Wrap(c.answer)
	if err != nil {
		return nil, err
	}
	return r.Bytes()
}

func TestSend(t *testing.T) {
	ctx := context.Background()
	terminal, session := sessions(t)
	c := &securedCard{session, apdu.Response{Data: run(1, 8), Status: apdu.OK}}
	client := apdu.NewClient(c, apdu.Options{})
	r, err := terminal.Send(ctx, client, apdu.Command{INS: 0xB0, P1: 0x86, Ne: 8})
	require.NoError(t, err)
	assert.Equal(t, run(1, 8), r.Data)

	c.answer = apdu.Response{Status: apdu.FileNotFound}
	_, err = terminal.Send(ctx, client, apdu.Command{INS: 0xD6, Data: []byte("a secret")})
	assert.ErrorIs(t, err, apdu.FileNotFound)
	assert.NotContains(t, err.Error(), "secret")
	_, err = terminal.Send(ctx, client, apdu.Command{INS: 0xB0, Ne: 8})
	assert.ErrorIs(t, err, apdu.FileNotFound, "a refusal under the MAC does not end the session")

	*session = sm.CardSession{}
	_, err = terminal.Send(ctx, client, apdu.Command{INS: 0xB0, Ne: 8})
	assert.ErrorIs(t, err, card.ErrCardLost)
	_, err = terminal.Send(ctx, client, apdu.Command{INS: 0xB0, Ne: 8})
	assert.Equal(t, sm.ReasonEnded, reasonOf(t, err))
}

// FuzzUnwrap: any data, once as it is and once with the MAC that it would need. What a card takes it would have been
// sent in just these bytes.
func FuzzUnwrap(f *testing.F) {
	for _, x := range vectors().ISO[0].Exchanges {
		f.Add([]byte(x.SecuredCommand[:4]), []byte(x.SecuredCommand[5:len(x.SecuredCommand)-1]), false)
		f.Add([]byte(x.SecuredCommand[:4]), []byte(x.SecuredCommand[5:len(x.SecuredCommand)-11]), true)
		f.Add([]byte(x.SecuredCommand[:4]), []byte(x.SecuredAnswer[:len(x.SecuredAnswer)-12]), true)
	}
	k := sm4Key(f, run(0x30, 16))
	keys := pbocKeys(f)
	macKey := vectors().ISO[0].MACKey
	f.Fuzz(func(t *testing.T, header, data []byte, sign bool) {
		if len(header) != 4 || len(data) > 1024 {
			return
		}
		c := apdu.Command{CLA: header[0], INS: header[1], P1: header[2], P2: header[3], Data: data}
		refusal := func(err error) {
			var refused *sm.Error
			if !errors.As(err, &refused) || refused.Status == 0 || refused.Status == apdu.OK {
				t.Fatal(err)
			}
		}
		for _, p := range []sm.Protection{sm.MACOnly, sm.Encrypted} {
			challenge, signed := sm.NewChallenge(random), c
			if sign {
				message := join([]byte{c.CLA, c.INS, c.P1, c.P2, byte(len(data) + 4)}, data)
				signed.Data = join(data, oracleMAC(run(0x10, 16), random[:], message)[:4])
			}
			plain, err := sm.UnwrapPBOC(keys, &challenge, signed, p)
			if err != nil {
				refusal(err)
				continue
			}
			if again, err := sm.WrapPBOC(keys, random, plain, p); err != nil || !bytes.Equal(again.Data, signed.Data) || again.CLA != signed.CLA {
				t.Fatalf("%x is taken, %x is sent, %v", signed.Data, again.Data, err)
			}
		}

		// The card's counter is 1 for the first command, the terminal's 2 for its answer.
		seal := func(counter byte, head []byte) []byte {
			if !sign {
				return data
			}
			message := join(make([]byte, 15), []byte{counter}, head, data)
			return join(data, []byte{0x8E, 8}, oracleMAC(macKey, make([]byte, 16), message)[:8])
		}
		secured := c
		secured.Data = seal(1, oraclePad(header))
		plain, err := someHandshake.Card(k).Unwrap(secured)
		if err != nil {
			refusal(err)
		} else if again, err := someHandshake.Terminal(k).Wrap(plain); err != nil || !bytes.Equal(again.Data, secured.Data) || again.CLA != secured.CLA {
			t.Fatalf("%x is taken, %x is sent, %v", secured.Data, again.Data, err)
		}

		terminal, card := someHandshake.Terminal(k), someHandshake.Card(k)
		first, err := terminal.Wrap(apdu.Command{INS: 0xB0, Ne: 256})
		if err != nil {
			t.Fatal(err)
		}
		answer := apdu.Response{Data: seal(2, nil), Status: apdu.OK}
		opened, err := terminal.Unwrap(answer)
		if err != nil {
			refusal(err)
			return
		}
		if _, err := card.Unwrap(first); err != nil {
			t.Fatal(err)
		}
		if again, err := card.Wrap(opened); err != nil || !bytes.Equal(again.Data, answer.Data) {
			t.Fatalf("%x is taken, %x is sent, %v", answer.Data, again.Data, err)
		}
	})
}
