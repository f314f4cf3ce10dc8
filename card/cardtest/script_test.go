package cardtest_test

import (
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/cardtest"
	"github.com/citizencode/citizencode/card/cos/costest"
	"github.com/citizencode/citizencode/card/purse"
	"github.com/citizencode/citizencode/card/sm"
	"github.com/citizencode/citizencode/card/transport/fault"
	"github.com/citizencode/citizencode/card/transport/memory"
	"github.com/citizencode/citizencode/card/transport/record"
	"github.com/citizencode/citizencode/card/transport/tcp"
)

var update = flag.Bool("update", false, "write script.txt anew")

// A writer has a conversation with a card and writes it down.
type writer struct {
	t    testing.TB
	card card.Transport
	text strings.Builder
}

func (w *writer) comment(s string) { w.text.WriteString("\n# " + s + "\n") }

// say sends a command and wants a status word.
func (w *writer) say(want apdu.Status, c apdu.Command) []byte {
	w.t.Helper()
	command, err := c.Bytes()
	require.NoError(w.t, err)
	answer, err := w.card.Transmit(command)
	require.NoError(w.t, err)
	w.text.WriteString(record.Exchange{Command: command, Answer: answer}.String())
	r, err := apdu.ParseResponse(answer)
	require.NoError(w.t, err)
	require.Equal(w.t, want, r.Status, "%s", c)
	return r.Data
}

// name is that of everybody in package costest.
const name = "Test Person A"

// write has the conversation of script.txt with a new card.
func write(t testing.TB) string {
	w := &writer{t: t, card: newCard(t)}
	w.text.WriteString(record.Header + `
# The 40 commands of card/cardtest: card number 40 of card/cos/costest, just issued, its purse empty.
# Made by go test ./card/cardtest -run TestScript -update; short commands only, and none is answered 61xx or 6Cxx.
`)
	w.comment("who is there: SELECT, and what it says about itself")
	w.say(apdu.OK, app.Select(app.TestAID))
	w.say(apdu.OK, app.GetData(app.TagSerial, 8))
	w.say(apdu.OK, app.GetData(app.TagVersion, 2))

	w.comment("files: the credential whole and from its middle, category, public information; a hospital's, none, an empty log")
	w.say(apdu.OK, app.ReadBinary(app.SFICredential, 0, 256))
	w.say(apdu.OK, app.ReadBinary(app.SFICredential, 64, 64))
	w.say(apdu.OK, app.ReadBinary(app.SFICategory, 0, 2))
	w.say(apdu.OK, app.ReadBinary(app.SFIPublic, 0, app.PublicInfoSize))
	w.say(apdu.SecurityNotSatisfied, app.ReadBinary(app.SFIPerson, 0, 256))
	w.say(apdu.FileNotFound, app.ReadBinary(0x1D, 0, 256))
	w.say(apdu.RecordNotFound, app.ReadRecord(app.SFIPurseLog, 1, purse.LogRecordSize))

	w.comment("an unknown application takes the selection away, and with it all that was allowed")
	w.say(apdu.FileNotFound, app.Select("\xA0\x00\x00\x00\x03"))
	w.say(apdu.ConditionsNotSatisfied, purse.GetBalance())
	w.say(apdu.OK, app.Select(app.TestAID))

	w.comment("the PIN, wrong and right: the counter falls and rises")
	w.say(apdu.Tries(2), app.Verify([]byte{0x65, 0x43, 0x21}))
	w.say(apdu.OK, app.GetData(app.TagPINTries, 1))
	w.say(apdu.OK, app.Verify(costest.PIN))
	w.say(apdu.OK, app.GetData(app.TagPINTries, 1))

	w.comment("a load of 100 yuan, its replay, its proof")
	credit := load(t, w.say(apdu.OK, openLoad(10_000)), 10_000)
	w.say(apdu.OK, credit)
	w.say(apdu.ConditionsNotSatisfied, credit)
	w.say(apdu.OK, purse.GetTransactionProve(purse.ProveRequest{Kind: purse.Load, Seq: 0}))
	w.say(apdu.OK, purse.GetBalance())

	w.comment("a purchase with a wrong MAC, then one of 2.50 yuan, its replay, its proof, no proof of another")
	w.say(apdu.OK, openPurchase(250))
	w.say(apdu.MACError, purse.DebitForPurchase(purse.DebitRequest{TerminalSeq: 1, At: at}))
	debit := purchase(t, w.say(apdu.OK, openPurchase(250)), 250, 1)
	w.say(apdu.OK, debit)
	w.say(apdu.ConditionsNotSatisfied, debit)
	w.say(apdu.OK, purse.GetTransactionProve(purse.ProveRequest{Kind: purse.Purchase, Seq: 0}))
	w.say(apdu.NoMACAvailable, purse.GetTransactionProve(purse.ProveRequest{Kind: purse.Purchase, Seq: 1}))
	w.say(apdu.OK, purse.GetBalance())
	w.say(apdu.OK, app.ReadRecord(app.SFIPurseLog, 1, purse.LogRecordSize))
	w.say(apdu.InsufficientBalance, openPurchase(9_751))

	w.comment("the hospital: both prove their key, and a name travels encrypted under a MAC")
	hospital := costest.Key(app.KeyHospital, serial)
	h := sm.Handshake{
		CardChallenge:     [sm.ChallengeSize]byte(w.say(apdu.OK, app.GetChallenge())),
		TerminalChallenge: [sm.ChallengeSize]byte([]byte("a hospital's own")),
	}
	w.say(apdu.OK, app.ExternalAuthenticate(app.KeyHospital, h.TerminalChallenge, h.TerminalProof(hospital)))
	session := h.Terminal(hospital)
	secured, err := session.Wrap(app.ReadBinary(app.SFIPerson, 0, len(name)))
	require.NoError(t, err)
	answer, err := session.Unwrap(apdu.Response{Data: w.say(apdu.OK, secured), Status: apdu.OK})
	require.NoError(t, err)
	assert.Equal(t, name, string(answer.Data))

	w.comment("the gate: one signature a SELECT, over 16 bytes of challenge and no other number of them")
	request := app.AuthenticateRequest{Time: 1_795_334_400, Audience: 4, Challenge: [16]byte([]byte("sixteen bytes ok"))}
	short := app.InternalAuthenticate(request)
	short.Data = short.Data[:len(short.Data)-1]
	w.say(apdu.WrongLength, short)
	w.say(apdu.OK, app.InternalAuthenticate(request))
	w.say(apdu.ConditionsNotSatisfied, app.InternalAuthenticate(request))

	w.comment("what no card knows: an unknown instruction, the class that has every bit set")
	w.say(apdu.InsNotSupported, apdu.Command{INS: 0xFE})
	w.say(apdu.ClassNotSupported, apdu.Command{CLA: 0xFF, INS: apdu.InsGetChallenge, Ne: 8})
	return w.text.String()
}

// The script is what the emulator says today.
func TestScript(t *testing.T) {
	text := write(t)
	if *update {
		require.NoError(t, os.WriteFile("script.txt", []byte(text), 0o644))
		return
	}
	assert.Equal(t, cardtest.ScriptText, text)
	script := cardtest.Script()
	assert.Len(t, script.Exchanges, cardtest.Commands)
	for _, e := range script.Exchanges {
		assert.NotContains(t, []byte{0x61, 0x6C}, e.Answer[len(e.Answer)-2], "line %d: programs differ in who follows it", e.Line)
	}
}

// The same bytes over every carrier that needs no reader.
func TestCarriers(t *testing.T) {
	t.Run("memory", func(t *testing.T) {
		require.NoError(t, cardtest.Run(memory.New(newCard(t)), cardtest.Script()))
	})
	t.Run("replay", func(t *testing.T) {
		replay := cardtest.Script().Replay()
		require.NoError(t, cardtest.Run(replay, cardtest.Script()))
		assert.Zero(t, replay.Left())
	})
	t.Run("recorded", func(t *testing.T) {
		var text strings.Builder
		require.NoError(t, cardtest.Run(record.NewRecorder(newCard(t), &text, record.Options{InsecurePINs: true}), cardtest.Script()))
		recorded, err := record.Parse(strings.NewReader(text.String()))
		require.NoError(t, err)
		require.NoError(t, cardtest.Run(memory.New(newCard(t)), recorded))
	})
	t.Run("tcp", func(t *testing.T) {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		go tcp.Listen(t.Context(), ln, newCard(t), tcp.Options{}, nil)
		r, err := tcp.Connect(t.Context(), ln.Addr().String(), tcp.ReaderOptions{})
		require.NoError(t, err)
		defer r.Close()
		require.NoError(t, cardtest.Run(r, cardtest.Script()))
	})
}

// The example of SPEC §13.2: a card appears in the virtual reader, gives 16 random bytes, and is let go.
func TestFrames(t *testing.T) {
	reader, side := net.Pipe()
	done := make(chan error, 1)
	go func() { done <- tcp.Serve(t.Context(), side, newCard(t), tcp.Options{}) }()
	for _, frame := range []struct{ reader, card string }{
		{"000101", ""},
		{"000104", "000d3b888001434954494341443169"},
		{"00050084000010", "0012451fc6981da68d852c5db047b68d6f939000"},
		{"000100", ""},
	} {
		b, err := hex.DecodeString(frame.reader)
		require.NoError(t, err)
		_, err = reader.Write(b)
		require.NoError(t, err)
		got := make([]byte, len(frame.card)/2)
		_, err = io.ReadFull(reader, got)
		require.NoError(t, err)
		assert.Equal(t, frame.card, hex.EncodeToString(got))
	}
	reader.Close()
	require.NoError(t, <-done)
}

// Run notices each bit that a carrier changes, and each answer that does not come.
func TestRunNotices(t *testing.T) {
	for n, e := range cardtest.Script().Exchanges {
		link := fault.New(cardtest.Script().Replay(), fault.At(n, fault.Fault{Kind: fault.FlipAnswer, Bit: n}), fault.Options{})
		var mismatch *cardtest.Mismatch
		require.ErrorAs(t, cardtest.Run(link, cardtest.Script()), &mismatch)
		assert.Equal(t, e.Line, mismatch.Line)
		link = fault.New(cardtest.Script().Replay(), fault.At(n, fault.Fault{Kind: fault.TearAnswer}), fault.Options{})
		assert.ErrorIs(t, cardtest.Run(link, cardtest.Script()), card.ErrCardLost)
	}
}

func ExampleRun() {
	// A card whose answer to the third command has one bit wrong.
	c := fault.New(cardtest.Script().Replay(), fault.At(2, fault.Fault{Kind: fault.FlipAnswer}), fault.Options{})
	fmt.Println(cardtest.Run(c, cardtest.Script()))
	// Output: cardtest: line 10: 00CA9F0802 was answered 00009000, not 01009000
}
