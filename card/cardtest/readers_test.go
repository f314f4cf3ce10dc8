package cardtest_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/cardtest"
	"github.com/citizencode/citizencode/card/cos/costest"
	"github.com/citizencode/citizencode/card/purse"
	"github.com/citizencode/citizencode/card/transport/fault"
	"github.com/citizencode/citizencode/card/transport/memory"
	"github.com/citizencode/citizencode/card/transport/pcsc"
	"github.com/citizencode/citizencode/card/transport/tcp"
)

// TestReaders starts this test once more beside a pcscd of its own, where the tests below run: see readers.sh.
func TestReaders(t *testing.T) {
	if os.Getenv("CARDTEST_PORT") != "" {
		t.Run("clients", testClients)
		t.Run("getresponse", testWhoFollows)
		t.Run("torn", testTorn)
		alone := []func(*testing.T, *slot){testExtended, testSharing, testWait}
		t.Run("alone", func(t *testing.T) {
			share(t, len(alone), func(t *testing.T, s *slot, i int) { alone[i](t, s) })
		})
		t.Run("time", testTime)
		return
	}
	if testing.Short() {
		t.Skip("starts a pcscd of its own and waits for readers: runs without -short")
	}
	for _, needs := range append([]client{{needs: []string{"bash", "bash"}}}, clients...) {
		for i := 0; i < len(needs.needs); i += 2 {
			if _, err := exec.LookPath(needs.needs[i]); err != nil {
				missing(t, needs.needs[i]+" is missing: apt-get install "+needs.needs[i+1])
			}
		}
	}
	if err := exec.Command(python, "-c", "import smartcard").Run(); err != nil {
		missing(t, "pyscard is missing: apt-get install python3-pyscard")
	}
	if err := exec.Command("pkg-config", "--exists", "libpcsclite").Run(); err != nil {
		missing(t, "libpcsclite is missing: apt-get install libpcsclite-dev")
	}
	scard := filepath.Join(t.TempDir(), "scardclient")
	build := exec.Command("go", "build", "-tags", "scard", "-o", scard, "./scardclient")
	build.Env = append(os.Environ(), "CGO_ENABLED=1")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)

	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), "bash", "readers.sh", self, "-test.run=^TestReaders$", "-test.v", "-test.timeout=60s", "-test.parallel=2")
	cmd.Env = append(os.Environ(), scardVariable+"="+scard)
	cmd.WaitDelay = time.Second
	out, err = cmd.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 77 {
		missing(t, string(out))
	}
	require.NoError(t, err, "%s", out)
	t.Logf("%s", out)
}

// missing skips the test, but fails it in CI, where a missing reader would go unseen.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what + ": no command goes through a real reader service")
}

// slots is how many virtual readers there are. A second entry in pcscd's configuration gives no more: the driver of
// vpcd 3.3 keeps one state for each slot number.
const slots = 2

// A slot is one of them.
type slot struct {
	t      testing.TB
	name   string
	port   int
	pcscd  *pcsc.Context
	reader pcsc.Reader
	remove func()
}

func openSlot(t testing.TB, n int) *slot {
	port, err := strconv.Atoi(os.Getenv("CARDTEST_PORT"))
	require.NoError(t, err)
	p, err := pcsc.Establish(t.Context(), pcsc.Options{})
	require.NoError(t, err)
	s := &slot{t: t, name: fmt.Sprintf("Virtual PCD 00 %02d", n), port: port + n, pcscd: p}
	t.Cleanup(func() {
		s.take()
		p.Close()
	})
	return s
}

// insert puts a card into the reader, in place of the one before.
func (s *slot) insert(c card.Transport) {
	s.take()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = tcp.Dial(ctx, net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)), c, tcp.Options{})
	}()
	s.remove = func() {
		cancel()
		<-done
	}
	s.reader = s.wait(func(ctx context.Context) (pcsc.Reader, error) { return s.pcscd.WaitForCard(ctx, s.name) })
}

// take takes the card out and waits until the reader has noticed.
func (s *slot) take() {
	if s.remove == nil {
		return
	}
	s.remove()
	s.remove = nil
	s.wait(func(ctx context.Context) (pcsc.Reader, error) { return s.pcscd.WaitForRemoval(ctx, s.reader) })
}

func (s *slot) wait(f func(context.Context) (pcsc.Reader, error)) pcsc.Reader {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	r, err := f(ctx)
	require.NoError(s.t, err, "%s", s.name)
	return r
}

// share does a job for each i below n, in all readers side by side.
func share(t *testing.T, n int, job func(t *testing.T, s *slot, i int)) {
	jobs := make(chan int, n)
	for i := range n {
		jobs <- i
	}
	close(jobs)
	for k := range slots {
		t.Run(fmt.Sprint("reader", k), func(t *testing.T) {
			t.Parallel()
			s := openSlot(t, k)
			for i := range jobs {
				job(t, s, i)
			}
		})
	}
}

// The 40 commands through real pcscd and vpcd, by five programs: the same bytes, and those of the script.
func testClients(t *testing.T) {
	script := cardtest.Script()
	var commands [][]byte
	for _, e := range script.Exchanges {
		commands = append(commands, e.Command)
	}
	share(t, len(clients), func(t *testing.T, s *slot, i int) {
		s.insert(newCard(t))
		answers, err := clients[i].send(t.Context(), s.name, commands)
		require.NoError(t, err, clients[i].name)
		require.Len(t, answers, len(commands), clients[i].name)
		same := 0
		for n, e := range script.Exchanges {
			if assert.Equal(t, e.Answer, answers[n], "%s: line %d, %X", clients[i].name, e.Line, e.Command) {
				same++
			}
		}
		t.Logf("%-18s %s: %d of %d answers are those of the script", clients[i].name, s.name, same, len(commands))
	})
}

// A talker answers 6Cxx and 61xx as real cards do.
type talker struct{ rest []byte }

func (c *talker) Transmit(command []byte) ([]byte, error) {
	cmd, err := apdu.Parse(command)
	if err != nil {
		return apdu.Response{Status: apdu.WrongLength}.Bytes()
	}
	rest := c.rest
	c.rest = nil
	switch {
	case cmd.INS == apdu.InsGetResponse && rest != nil:
		return apdu.Response{Data: rest, Status: apdu.OK}.Bytes()
	case cmd.INS == apdu.InsReadBinary && cmd.Ne != 3:
		return apdu.Response{Status: apdu.WrongLe | 3}.Bytes()
	case cmd.INS == apdu.InsReadBinary:
		return apdu.Response{Data: []byte{1, 2, 3}, Status: apdu.OK}.Bytes()
	case cmd.INS == apdu.InsSelect:
		c.rest = []byte{4, 5, 6}
		return apdu.Response{Status: apdu.MoreData | 3}.Bytes()
	}
	return apdu.Response{Status: apdu.InsNotSupported}.Bytes()
}

// Who follows 61xx and 6Cxx: opensc-tool by itself, and where the command has no Le it says 9000 in place of 61xx and
// the data is lost. All others show what the card said; package apdu follows it where there is an Le.
func testWhoFollows(t *testing.T) {
	read := []byte{0x00, 0xB0, 0x00, 0x00, 0x08}
	sel := []byte{0x00, 0xA4, 0x04, 0x00, 0x02, 0x3F, 0x00, 0x00}
	bare := sel[:7]
	plain := [][]byte{{0x6C, 0x03}, {0x61, 0x03}, {0x61, 0x03}}
	followed := [][]byte{{1, 2, 3, 0x90, 0x00}, {4, 5, 6, 0x90, 0x00}, {0x90, 0x00}}
	share(t, len(clients), func(t *testing.T, s *slot, i int) {
		if s.remove == nil { // it has no state that a program could leave behind
			s.insert(&talker{})
		}
		answers, err := clients[i].send(t.Context(), s.name, [][]byte{read, sel, bare})
		require.NoError(t, err, clients[i].name)
		want := plain
		if clients[i].name == "opensc-tool" {
			want = followed
		}
		assert.Equal(t, want, answers, clients[i].name)
		if i > 0 {
			return
		}
		c, err := s.pcscd.Connect(t.Context(), s.name, pcsc.Exclusive)
		require.NoError(t, err)
		cl := apdu.NewClient(c, apdu.Options{})
		for _, command := range []apdu.Command{{INS: apdu.InsReadBinary, Ne: 8}, {INS: apdu.InsSelect, Ne: 256}} {
			r, err := cl.Send(command)
			require.NoError(t, err)
			assert.Len(t, r.Data, 3)
		}
		_, err = cl.Send(apdu.Command{INS: apdu.InsSelect})
		assert.ErrorIs(t, err, apdu.MoreData, "who asks for nothing gets nothing")
		require.NoError(t, c.Disconnect(pcsc.Reset))
	})
}

// An echo answers with what it got, as far as a frame goes.
type echo struct{}

func (echo) Transmit(command []byte) ([]byte, error) {
	return append(command[:min(len(command), tcp.MaxFrame-2)], 0x90, 0x00), nil
}

// Extended commands up to the limit of the virtual reader, and none beyond.
func testExtended(t *testing.T, s *slot) {
	s.insert(memory.New(echo{}))
	c, err := s.pcscd.Connect(t.Context(), s.name, pcsc.Exclusive)
	require.NoError(t, err)
	for _, n := range []int{4, 5, 261, 262, 4096, 65533, pcsc.MaxCommand} {
		command := make([]byte, n)
		command[n-1] = byte(n)
		answer, err := c.Transmit(command)
		require.NoError(t, err, "%d bytes", n)
		require.Equal(t, append(command[:min(n, tcp.MaxFrame-2)], 0x90, 0x00), answer)
	}
	_, err = c.Transmit(make([]byte, pcsc.MaxCommand+1))
	require.Error(t, err)
	_, err = c.Transmit(make([]byte, 4))
	require.NoError(t, err, "the card is still there")
	require.NoError(t, c.Disconnect(pcsc.Reset))
}

// A wait for a card that is given up leaves a connection that works.
func testWait(t *testing.T, s *slot) {
	for range 50 {
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		_, err := s.pcscd.WaitForCard(ctx, "no such reader")
		require.ErrorIs(t, err, context.Canceled)
		readers, err := s.pcscd.Readers(t.Context())
		require.NoError(t, err)
		require.Len(t, readers, slots)
	}
}

// Two programs at one card: a transaction keeps the other one out, an exclusive connection all others, and who finds
// that the card was reset behind his back has lost it.
func testSharing(t *testing.T, s *slot) {
	ctx := t.Context()
	s.insert(newCard(t))
	a, err := s.pcscd.Connect(ctx, s.name, pcsc.Shared)
	require.NoError(t, err)
	second, err := pcsc.Establish(ctx, pcsc.Options{})
	require.NoError(t, err)
	defer second.Close()
	b, err := second.Connect(ctx, s.name, pcsc.Shared)
	require.NoError(t, err)
	challenge := []byte{0x00, 0x84, 0x00, 0x00, 0x10}

	require.NoError(t, a.Begin(ctx))
	_, err = b.Transmit(challenge)
	assert.ErrorIs(t, err, pcsc.SharingViolation)
	ended, cancel := context.WithCancel(ctx)
	cancel()
	assert.ErrorIs(t, b.Begin(ended), context.Canceled)
	waiting := make(chan error, 1)
	go func() { waiting <- b.Begin(ctx) }()
	_, err = a.Transmit(challenge)
	require.NoError(t, err)
	require.NoError(t, a.End(pcsc.Leave))
	require.NoError(t, <-waiting)
	_, err = b.Transmit(challenge)
	require.NoError(t, err)

	atr, err := b.Reset(true)
	require.NoError(t, err)
	assert.Equal(t, s.reader.ATR, atr)
	require.NoError(t, b.End(pcsc.Leave))
	assert.ErrorIs(t, a.Status(ctx), pcsc.ResetCard)
	_, err = a.Transmit(challenge)
	assert.ErrorIs(t, err, pcsc.ResetCard)
	assert.ErrorIs(t, err, card.ErrCardLost)
	_, err = a.Reset(false)
	require.NoError(t, err)
	_, err = a.Transmit(challenge)
	require.NoError(t, err)

	_, err = second.Connect(ctx, s.name, pcsc.Exclusive)
	assert.ErrorIs(t, err, pcsc.SharingViolation)
	_, err = second.Connect(ctx, "no such reader", pcsc.Shared)
	assert.ErrorIs(t, err, pcsc.UnknownReader)
	require.NoError(t, b.Disconnect(pcsc.Leave))
	require.NoError(t, a.Disconnect(pcsc.Reset))
}

// A dozen purchases of which the card is torn away: before it has the DEBIT, or before the answer has left. The
// terminal sees a lost card, lets it go, waits for it, and learns from the card alone whether it was paid.
func testTorn(t *testing.T) {
	const tears, price, loaded = 12 / slots, 250, 100_000
	share(t, slots, func(t *testing.T, s *slot, i int) {
		chip := costest.New(t, costest.Options{Number: number})
		costest.Send(t, chip, app.Select(app.TestAID))
		costest.Send(t, chip, load(t, costest.Send(t, chip, openLoad(loaded)), loaded))
		var kind fault.Kind
		link := fault.New(chip, func(_ int, command []byte) fault.Fault {
			if len(command) > 1 && command[1] == purse.InsDebit {
				return fault.Fault{Kind: kind}
			}
			return fault.Fault{}
		}, fault.Options{})
		s.insert(link)
		c, err := s.pcscd.Connect(t.Context(), s.name, pcsc.Exclusive)
		require.NoError(t, err)
		costest.Send(t, c, app.Select(app.TestAID))
		paid := 0
		for n := range tears {
			kind = []fault.Kind{fault.TearCommand, fault.TearAnswer}[(n+i)%2]
			open := costest.Send(t, c, openPurchase(price))
			m, err := purse.ParseInitializePurchaseAnswer(open)
			require.NoError(t, err)
			debit, err := purchase(t, open, price, uint32(n)).Bytes()
			require.NoError(t, err)
			_, err = c.Transmit(debit)
			require.ErrorIs(t, err, card.ErrCardLost)
			require.True(t, link.Torn())

			// A person holds it there again. The reader must have noticed that it was away, or it refuses it.
			s.insert(link)
			_, err = c.Reset(true)
			require.NoError(t, err, "%s, tear %d", s.name, n)
			costest.Send(t, c, app.Select(app.TestAID))
			_, status := costest.Try(t, c, purse.GetTransactionProve(purse.ProveRequest{Kind: purse.Purchase, Seq: m.Seq}))
			want := apdu.NoMACAvailable
			if kind == fault.TearAnswer {
				want = apdu.OK
				paid++
			}
			assert.Equal(t, want, status)
			assert.EqualValues(t, loaded-paid*price, balance(t, c))
		}
		require.NoError(t, c.Disconnect(pcsc.Reset))
		t.Logf("%s: torn away %d times, paid %d times, no fen lost", s.name, tears, paid)
	})
}
