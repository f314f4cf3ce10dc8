package cos_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/cos"
	"github.com/citizencode/citizencode/card/cos/costest"
	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/nvm"
	"github.com/citizencode/citizencode/card/purse"
	"github.com/citizencode/citizencode/card/sm"
)

// funded returns a card with 100 yuan, selected.
func funded(t testing.TB) *cos.Card {
	c := costest.New(t, costest.Options{})
	sel(t, c)
	costest.Send(t, c, openLoad(t, c, 1, 10_000))
	return c
}

func TestFCI(t *testing.T) {
	t.Parallel()
	c := costest.New(t, costest.Options{})
	f, err := app.ParseFCI(costest.Send(t, c, app.Select(app.TestAID)))
	require.NoError(t, err)
	assert.Equal(t, app.FCI{AID: app.TestAID, Serial: costest.Serial(1), Profile: 5, KeySet: 1, IssuerKey: 0x334b4001, Version: app.Version}, f)
	for tag, want := range map[uint16][]byte{app.TagSerial: f.Serial[:], app.TagVersion: {1, 0}, app.TagPINTries: {3}, app.TagKeySet: {1}} {
		assert.Equal(t, want, costest.Send(t, c, app.GetData(tag, 256)))
	}
}

// TestPurse: the receipts are those of the formulas, the log is in order, and a receipt can be had again.
func TestPurse(t *testing.T) {
	t.Parallel()
	c := costest.New(t, costest.Options{})
	sel(t, c)
	dtk := costest.Key(app.KeyTAC, costest.Serial(1))
	want := purse.Amount(0)
	for i := range 15 {
		amount, kind := purse.Amount(100+i), purse.Purchase
		if i%3 == 0 {
			amount, kind = 1000, purse.Load
		}
		tx := purse.Transaction{Amount: amount, Kind: kind, Terminal: terminal, At: at}
		inside := c.Inside()
		seq, tac, mac2 := inside.Offline, purse.MAC{}, purse.MAC{}
		if kind == purse.Load {
			seq, want = inside.Online, want+amount
			cmd := openLoad(t, c, 1, amount)
			a, err := purse.ParseCreditAnswer(costest.Send(t, c, cmd))
			require.NoError(t, err)
			tac, mac2 = a.TAC, purse.MAC(cmd.Data[7:])
			require.Equal(t, purse.LoadTAC(dtk, want, seq, tx), tac)
		} else {
			want -= amount
			a, err := purse.ParseDebitAnswer(costest.Send(t, c, openPurchase(t, c, 1, amount, uint32(i))))
			require.NoError(t, err)
			tac, mac2 = a.TAC, a.MAC2
			require.Equal(t, purse.PurchaseTAC(dtk, uint32(i), tx), tac)
		}
		require.Equal(t, want, balance(t, c))
		p, err := purse.ParseProveAnswer(costest.Send(t, c, purse.GetTransactionProve(purse.ProveRequest{Kind: kind, Seq: seq})))
		require.NoError(t, err)
		require.Equal(t, purse.ProveAnswer{MAC2: mac2, TAC: tac}, p)
		_, status := costest.Try(t, c, purse.GetTransactionProve(purse.ProveRequest{Kind: kind, Seq: seq - 1}))
		require.Equal(t, apdu.NoMACAvailable, status, "an older one")
		r, err := purse.ParseLogRecord(costest.Send(t, c, app.ReadRecord(app.SFIPurseLog, 1, 23)))
		require.NoError(t, err)
		require.Equal(t, purse.LogRecord{Seq: seq, Transaction: tx}, r)
	}
	tenth, err := purse.ParseLogRecord(costest.Send(t, c, app.ReadRecord(app.SFIPurseLog, 10, 23)))
	require.NoError(t, err)
	assert.EqualValues(t, 105, tenth.Amount)
}

// TestReplay: a DEBIT or CREDIT that a terminal kept is worth nothing, at once, after a reset, and after a new INITIALIZE.
func TestReplay(t *testing.T) {
	t.Parallel()
	for _, open := range []func(testing.TB, *cos.Card) apdu.Command{credit, debit} {
		c := funded(t)
		cmd := open(t, c)
		costest.Send(t, c, cmd)
		was := balance(t, c)
		_, status := costest.Try(t, c, cmd)
		assert.Equal(t, apdu.ConditionsNotSatisfied, status)
		for _, cold := range []bool{false, true} {
			_, err := c.Reset(cold)
			require.NoError(t, err)
			sel(t, c)
			_, status = costest.Try(t, c, cmd)
			assert.Equal(t, apdu.ConditionsNotSatisfied, status)
		}
		open(t, c)
		_, status = costest.Try(t, c, cmd)
		assert.Equal(t, apdu.MACError, status)
		assert.Equal(t, was, balance(t, c))
	}
}

// TestTries: 15 wrong MACs in a row block the purse's key and leave the identity alone; a right one gives all tries
// back; UNBLOCK does so too.
func TestTries(t *testing.T) {
	t.Parallel()
	c := funded(t)
	for range 14 {
		_, status := costest.Try(t, c, spoil(debit)(t, c))
		require.Equal(t, apdu.MACError, status)
	}
	costest.Send(t, c, debit(t, c))
	require.EqualValues(t, 15, c.Inside().Tries[app.KeyPurchase])
	for range 15 {
		_, status := costest.Try(t, c, spoil(debit)(t, c))
		require.Equal(t, apdu.MACError, status)
	}
	_, status := costest.Try(t, c, initialize(1, 1))
	require.Equal(t, apdu.AuthBlocked, status)
	costest.Send(t, c, credit(t, c)) // with its own key
	costest.Send(t, c, app.InternalAuthenticate(authenticateRequest))
	costest.Send(t, c, maintain(app.KeyMaintenance, sm.MACOnly, apdu.Command{CLA: 0x80, INS: app.InsAppUnblock})(t, c))
	costest.Send(t, c, debit(t, c))

	for range 15 {
		_, status := costest.Try(t, c, spoil(update(app.SFICategory, sm.MACOnly, []byte{1}))(t, c))
		require.Equal(t, apdu.SecurityDataWrong, status)
	}
	_, status = costest.Try(t, c, update(app.SFICategory, sm.MACOnly, []byte{1})(t, c))
	assert.Equal(t, apdu.AuthBlocked, status)
}

func TestPIN(t *testing.T) {
	t.Parallel()
	c := costest.New(t, costest.Options{Create: func(c *app.Create) { c.LoadNeedsPIN, c.LogNeedsPIN = true, true }})
	sel(t, c)
	_, status := costest.Try(t, c, initialize(0, 1))
	assert.Equal(t, apdu.SecurityNotSatisfied, status)
	costest.Send(t, c, app.Verify(costest.PIN))
	costest.Send(t, c, credit(t, c))
	costest.Send(t, c, app.ReadRecord(app.SFIPurseLog, 1, 23))
	_, status = costest.Try(t, c, app.Verify(otherPIN))
	require.Equal(t, apdu.Tries(2), status)
	_, status = costest.Try(t, c, initialize(0, 1))
	assert.Equal(t, apdu.SecurityNotSatisfied, status, "a wrong PIN takes the right one back")
	costest.Send(t, c, app.Verify(costest.PIN))
	sel(t, c)
	_, status = costest.Try(t, c, app.ReadRecord(app.SFIPurseLog, 1, 23))
	assert.Equal(t, apdu.SecurityNotSatisfied, status, "SELECT forgets the PIN")
	costest.Send(t, c, app.Verify(costest.PIN))
	_, err := c.Reset(false)
	require.NoError(t, err)
	sel(t, c)
	_, status = costest.Try(t, c, initialize(0, 1))
	assert.Equal(t, apdu.SecurityNotSatisfied, status, "a warm reset forgets the PIN")

	for range 3 {
		costest.Try(t, c, app.Verify(otherPIN))
	}
	_, status = costest.Try(t, c, app.Verify(costest.PIN))
	require.Equal(t, apdu.AuthBlocked, status)
	costest.Send(t, c, maintain(app.KeyUnblock, sm.Encrypted, apdu.Command{CLA: 0x80, INS: app.InsPINUnblock, Data: otherPIN})(t, c))
	costest.Send(t, c, app.Verify(otherPIN))
}

// TestSession: a hospital reads a person's data, encrypted, and a gate writes its line; whatever disturbs the session
// ends it.
func TestSession(t *testing.T) {
	t.Parallel()
	c := funded(t)
	read := app.ReadBinary(app.SFIPerson, 0, apdu.MaxShortNe)
	exchange := func(s *sm.TerminalSession, cmd apdu.Command) apdu.Response {
		sealed, err := s.Wrap(cmd)
		require.NoError(t, err)
		data, status := costest.Try(t, c, sealed)
		require.Equal(t, apdu.OK, status)
		assert.NotContains(t, string(data), "Test Person")
		r, err := s.Unwrap(apdu.Response{Data: data, Status: status})
		require.NoError(t, err)
		return r
	}
	hospital := authenticate(t, c, app.KeyHospital)
	assert.Equal(t, "Test Person A", string(exchange(hospital, read).Data))
	assert.Equal(t, apdu.SecurityNotSatisfied, exchange(hospital, app.ReadRecord(app.SFIGateLog, 1, 48)).Status)
	assert.Equal(t, apdu.InsNotSupported, exchange(hospital, app.Select(app.TestAID)).Status)
	assert.Equal(t, []byte{0, 0, 0x27, 0x10}, exchange(hospital, purse.GetBalance()).Data)

	sealed, err := hospital.Wrap(read)
	require.NoError(t, err)
	costest.Send(t, c, sealed)
	_, status := costest.Try(t, c, sealed)
	assert.Equal(t, apdu.SecurityDataWrong, status, "the same command again")
	_, status = costest.Try(t, c, sealed)
	assert.Equal(t, apdu.ConditionsNotSatisfied, status, "the session is over")

	gate := authenticate(t, c, app.KeyGate)
	assert.Equal(t, apdu.SecurityNotSatisfied, exchange(gate, read).Status)
	for i := range app.GateLogRecords + 3 {
		costest.Send(t, c, apdu.Command{INS: app.InsAppendRecord, P2: 0xF0, Data: bytes.Repeat([]byte{byte(i)}, 48)})
	}
	for n := range app.GateLogRecords {
		assert.Equal(t, byte(app.GateLogRecords+2-n), costest.Send(t, c, app.ReadRecord(app.SFIGateLog, byte(n+1), 48))[0])
	}
	// What the authentication allowed ends with the session: by a message that is not of it, and by SELECT.
	_, status = costest.Try(t, c, apdu.Command{CLA: 0x0C, INS: apdu.InsReadBinary, P1: 0x86, Data: make([]byte, 13), Ne: 256})
	assert.Equal(t, apdu.SecurityDataMissing, status)
	_, status = costest.Try(t, c, app.ReadRecord(app.SFIGateLog, 1, 48))
	assert.Equal(t, apdu.SecurityNotSatisfied, status)
	authenticate(t, c, app.KeyGate)
	sel(t, c)
	_, status = costest.Try(t, c, app.ReadRecord(app.SFIGateLog, 1, 48))
	assert.Equal(t, apdu.SecurityNotSatisfied, status)
}

func TestUpdateBinary(t *testing.T) {
	t.Parallel()
	c := funded(t)
	read := func() string { return string(costest.Send(t, c, app.ReadBinary(app.SFICredential, 0, 256))) }
	write := func(offset byte, content string) apdu.Status {
		_, status := costest.Try(t, c, maintain(app.KeyMaintenance, sm.MACOnly, apdu.Command{INS: app.InsUpdateBinary, P1: 0x81, P2: offset, Data: []byte(content)})(t, c))
		return status
	}
	require.Equal(t, apdu.OK, write(0, strings.Repeat("a", 200)))
	require.Equal(t, apdu.OK, write(200, strings.Repeat("b", 50)))
	require.Equal(t, apdu.OK, write(100, "c"))
	assert.Equal(t, strings.Repeat("a", 100)+"c"+strings.Repeat("a", 99)+strings.Repeat("b", 50), read())
	assert.Equal(t, apdu.NotEnoughMemory, write(249, "xx"))
	assert.Equal(t, apdu.WrongOffset, write(251, "x"))
	assert.Equal(t, apdu.WrongLength, write(0, ""))
	require.Equal(t, apdu.OK, write(0, "short"))
	assert.Equal(t, "short", read())
	assert.Equal(t, "or", string(costest.Send(t, c, apdu.Command{INS: apdu.InsReadBinary, P2: 2, Ne: 2})), "the current file")
}

// TestGetResponse: what does not fit is kept for one GET RESPONSE, in the parts that the terminal asks for, and for
// nothing else.
func TestGetResponse(t *testing.T) {
	t.Parallel()
	c := costest.New(t, costest.Options{})
	whole := raw(t, c, selectHex)
	withoutLe := strings.TrimSuffix(selectHex, "00")
	assert.Equal(t, "6130", raw(t, c, withoutLe))
	assert.Equal(t, whole, raw(t, c, "00C0000030"))
	assert.Equal(t, "6985", raw(t, c, "00C0000030"), "once")

	assert.Equal(t, whole[:20]+"6126", raw(t, c, strings.TrimSuffix(selectHex, "00")+"0A"))
	assert.Equal(t, "6A86", raw(t, c, "00C0010026"))
	assert.Equal(t, whole[20:40]+"611C", raw(t, c, "00C000000A"))
	assert.Equal(t, whole[40:], raw(t, c, "00C0000000"))

	// Another command forgets it and is answered.
	assert.Equal(t, "6130", raw(t, c, withoutLe))
	assert.Equal(t, "000000009000", raw(t, c, "805C000204"))
	assert.Equal(t, "6985", raw(t, c, "00C0000030"))

	// GET RESPONSE stands between INITIALIZE and DEBIT where T=0 is spoken.
	assert.Equal(t, "9000", raw(t, c, selectHex)[len(whole)-4:])
	open := initialize(1, 0)
	open.Ne = 0
	_, status := costest.Try(t, c, open)
	require.Equal(t, apdu.MoreData|15, status)
	m, err := purse.ParseInitializePurchaseAnswer(costest.Send(t, c, apdu.Command{INS: apdu.InsGetResponse, Ne: 15}))
	require.NoError(t, err)
	tx := purse.Transaction{Kind: purse.Purchase, Terminal: terminal, At: at}
	session := purse.PurchaseSession(costest.Key(app.KeyPurchase, costest.Serial(1)), m.Random, m.Seq, 1)
	costest.Send(t, c, purse.DebitForPurchase(purse.DebitRequest{TerminalSeq: 1, At: at, MAC1: purse.PurchaseMAC1(session, tx)}))

	// The client library follows 6Cxx.
	client := apdu.NewClient(c, apdu.Options{})
	r, err := client.Send(apdu.Command{CLA: 0x80, INS: purse.InsGetBalance, P2: 2, Ne: 7})
	require.NoError(t, err)
	assert.Len(t, r.Data, 4)
}

// TestChain: a command in parts is the command; anything between ends the chain and is answered.
func TestChain(t *testing.T) {
	t.Parallel()
	c := costest.New(t, costest.Options{})
	whole := raw(t, c, selectHex)
	first, last := "10A40400 05 F043495449", "00A40400 04 43414431 00"
	assert.Equal(t, "9000", raw(t, c, first))
	assert.Equal(t, whole, raw(t, c, last))
	assert.Equal(t, "6A82", raw(t, c, last), "the parts are gone")

	sel(t, c)
	for _, between := range []struct{ command, want string }{
		{"805C000204", "000000009000"},                // another command
		{"10200000 02 1234", "9000"},                  // the beginning of another chain
		{"00C0000004", "6985"},                        // GET RESPONSE
		{"FFA40400 01 00", "6E00"},                    // no class
		{"01A40400 01 00", "6881"},                    // another channel
		{"00A404000500", "6700"},                      // no command
		{"10A40400", "6700"},                          // a part of nothing
		{"10A40400 01 00 00", "6700"},                 // a part that asks for an answer
		{"90A40400 05 F043495449", "9000"},            // the same instruction of another class
		{"00A4040C 04 43414431", "6A86"},              // other parameters
		{"00A40400 09 F04349544943414431 00", "6A82"}, // the rest is taken as the rest
	} {
		assert.Equal(t, "9000", raw(t, c, first))
		assert.Equal(t, between.want, raw(t, c, between.command), between.command)
		sel(t, c)
		assert.Equal(t, "6A82", raw(t, c, last), "after %s", between.command)
		sel(t, c)
	}
	assert.Equal(t, "9000", raw(t, c, first))
	_, err := c.Reset(false)
	require.NoError(t, err)
	assert.Equal(t, "6A82", raw(t, c, last), "after a reset")

	// A chain that grows too long ends.
	part := "10D68500 FF" + strings.Repeat("00", 255)
	for range 4 {
		assert.Equal(t, "9000", raw(t, c, part))
	}
	assert.Equal(t, "6700", raw(t, c, part))

	// By the client library: a MAC'd command does not travel in parts, a PIN may.
	sel(t, c)
	assert.Equal(t, "9000", raw(t, c, "10200000 01 12"))
	assert.Equal(t, "9000", raw(t, c, "00200000 02 3456"))
}

// TestBetween: whatever comes between INITIALIZE and DEBIT, or between GET CHALLENGE and the command that uses it, ends
// what was begun; a GET RESPONSE does not, nor does a command that comes in parts.
func TestBetween(t *testing.T) {
	t.Parallel()
	c := funded(t)
	for _, between := range []string{"805C000204", "FF54010000", "0154010000", "00", "10200000 01 12", "1020000000", "00020000", "0084000010", "00A4"} {
		cmd := debit(t, c)
		raw(t, c, between)
		_, status := costest.Try(t, c, cmd)
		assert.Equal(t, apdu.ConditionsNotSatisfied, status, between)

		cmd = update(app.SFICategory, sm.MACOnly, []byte{1})(t, c)
		raw(t, c, between)
		_, status = costest.Try(t, c, cmd)
		want := apdu.ReferenceDataInvalid
		if between == "0084000010" {
			want = apdu.SecurityDataWrong // another challenge
		}
		assert.Equal(t, want, status, between)
	}
	cmd := debit(t, c)
	assert.Equal(t, "6985", raw(t, c, "00C0000000"))
	costest.Send(t, c, cmd)

	cmd = debit(t, c)
	first, last := cmd, cmd
	first.CLA, first.Data, first.Ne, last.Data = cmd.CLA|apdu.ClassChained, cmd.Data[:5], 0, cmd.Data[5:]
	costest.Send(t, c, first)
	costest.Send(t, c, last)
}

// TestDeterministic: two cards of one seed give the same bytes, signature included; another seed gives others.
func TestDeterministic(t *testing.T) {
	t.Parallel()
	run := func(number uint32) string {
		c := costest.New(t, costest.Options{Number: number})
		var out strings.Builder
		out.WriteString(raw(t, c, selectHex))
		out.WriteString(raw(t, c, "0084000010"))
		for _, cmd := range []apdu.Command{openLoad(t, c, number, 1000), app.InternalAuthenticate(authenticateRequest)} {
			data := costest.Send(t, c, cmd)
			out.Write(data)
		}
		return out.String()
	}
	assert.Equal(t, run(1), run(1))
	assert.NotEqual(t, run(1), run(2))
}

// TestTripleDES: a purse whose keys are of the old kind has the old formulas; its name on the wire is 00.
func TestTripleDES(t *testing.T) {
	t.Parallel()
	c, p := costest.Blank(t, costest.Options{})
	k, err := key.New(key.TDES, []byte{0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11})
	require.NoError(t, err)
	for _, s := range costest.Steps(costest.Options{}) {
		for id := app.KeyPurchase; id <= app.KeyTAC; id++ {
			if s.Name == "PUT KEY "+id.String() {
				cmd := costest.PutKey(id, k, costest.Key(app.KeyTransport, p.Serial))
				s.Make = func(*costest.Personaliser) apdu.Command { return cmd }
			}
		}
		s.Run(p)
	}
	sel(t, c)
	m, err := purse.ParseInitializeLoadAnswer(costest.Send(t, c, initialize(0, 0x1000)))
	require.NoError(t, err)
	assert.Equal(t, key.TDES, m.Algorithm)
	tx := purse.Transaction{Amount: 0x1000, Kind: purse.Load, Terminal: terminal, At: at}
	session := purse.LoadSession(k, m.Random, m.Seq)
	assert.Equal(t, purse.LoadMAC1(session, 0, tx), m.MAC1)
	a, err := purse.ParseCreditAnswer(costest.Send(t, c, purse.CreditForLoad(purse.CreditRequest{At: at, MAC2: purse.LoadMAC2(session, tx)})))
	require.NoError(t, err)
	assert.Equal(t, purse.LoadTAC(k, 0x1000, 0, tx), a.TAC)
}

func TestMemory(t *testing.T) {
	t.Parallel()
	_, err := cos.New(nvm.New(cos.Pages), cos.Config{})
	assert.ErrorIs(t, err, cos.ErrMemory, "never formatted")
	_, err = cos.New(nvm.New(cos.Pages-1), cos.Config{})
	assert.ErrorIs(t, err, cos.ErrMemory)
	assert.ErrorIs(t, cos.Format(nvm.New(1), costest.Master(0)), cos.ErrMemory)
	assert.Equal(t, 70, cos.Pages)

	// A card is its memory: kept and taken up again, it is the same.
	c := funded(t)
	mem, err := nvm.FromImage(c.Memory().Image())
	require.NoError(t, err)
	again, err := cos.New(mem, cos.Config{ATR: []byte{0x3B, 0x00}})
	require.NoError(t, err)
	atr, err := again.Reset(false)
	require.NoError(t, err)
	assert.Equal(t, []byte{0x3B, 0x00}, atr)
	sel(t, again)
	assert.Equal(t, balance(t, c), balance(t, again))
	assert.Equal(t, costest.Send(t, c, app.ReadBinary(app.SFICredential, 0, 256)), costest.Send(t, again, app.ReadBinary(app.SFICredential, 0, 256)))
	var _ card.Resetter = again
}

func TestATR(t *testing.T) {
	var check byte
	for _, b := range cos.DefaultATR[1:] {
		check ^= b
	}
	assert.Zero(t, check, "TCK")
}
