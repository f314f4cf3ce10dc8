package cos_test

import (
	"bytes"
	"encoding/hex"
	"math"
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
	"github.com/citizencode/citizencode/card/purse"
	"github.com/citizencode/citizencode/card/sm"
)

// raw sends bytes and returns data and status word as hexadecimal digits.
func raw(t testing.TB, c card.Transport, command string) string {
	b, err := hex.DecodeString(strings.ReplaceAll(command, " ", ""))
	require.NoError(t, err)
	answer, err := c.Transmit(b)
	require.NoError(t, err)
	return strings.ToUpper(hex.EncodeToString(answer))
}

const selectHex = "00A40400 09 F04349544943414431 00"

// initialize opens a purchase or a load of some fen.
func initialize(p1 byte, amount uint32) apdu.Command {
	m := purse.InitializeRequest{KeyIndex: 1, Amount: purse.Amount(amount), Terminal: terminal}
	if p1 == 0 {
		return purse.InitializeForLoad(m)
	}
	return purse.InitializeForPurchase(m)
}

// A refusal is a command and the status word that it is answered with (SPEC §11).
type refusal struct {
	name    string
	prepare func(t *testing.T, c *cos.Card) // after SELECT
	command apdu.Command
	status  apdu.Status
}

func counters(online, offline uint16, signed uint32) func(*testing.T, *cos.Card) {
	return func(t *testing.T, c *cos.Card) { require.NoError(t, c.SetCounters(online, offline, signed)) }
}

// wrongly gives a wrong command n times.
func wrongly(n int, make func(testing.TB, *cos.Card) apdu.Command) func(*testing.T, *cos.Card) {
	return func(t *testing.T, c *cos.Card) {
		for range n {
			costest.Try(t, c, spoil(make)(t, c))
		}
	}
}

func administered(cmd apdu.Command) func(*testing.T, *cos.Card) {
	return func(t *testing.T, c *cos.Card) {
		costest.Send(t, c, maintain(app.KeyMaintenance, sm.MACOnly, cmd)(t, c))
	}
}

// refusals is the table of SPEC §11.
func refusals() []refusal {
	fourBytes := make([]byte, 4)
	block := apdu.Command{CLA: 0x80, INS: app.InsAppBlock}
	return []refusal{
		{"GET RESPONSE without an answer", nil, apdu.Command{INS: apdu.InsGetResponse, Ne: 4}, apdu.ConditionsNotSatisfied},
		{"class FF", nil, apdu.Command{CLA: 0xFF, INS: apdu.InsReadBinary}, apdu.ClassNotSupported},
		{"class 20", nil, apdu.Command{CLA: 0x20, INS: apdu.InsSelect}, apdu.ClassNotSupported},
		{"channel 1", nil, apdu.Command{CLA: 0x01, INS: apdu.InsSelect}, apdu.ChannelNotSupported},
		{"channel 1, chained", nil, apdu.Command{CLA: 0x11, INS: apdu.InsSelect, Data: fourBytes}, apdu.ChannelNotSupported},
		{"channel 4", nil, apdu.Command{CLA: 0x40, INS: apdu.InsSelect}, apdu.ChannelNotSupported},
		{"secure messaging without header", nil, apdu.Command{CLA: 0x08, INS: apdu.InsReadBinary}, apdu.SecurityNotSupported},
		{"instruction unknown", nil, apdu.Command{INS: 0x02}, apdu.InsNotSupported},
		{"instruction of the other class", nil, apdu.Command{CLA: 0x80, INS: apdu.InsReadBinary, Ne: 1}, apdu.InsNotSupported},
		{"personalisation of an issued card", nil, apdu.Command{CLA: 0x84, INS: app.InsPutKey, Data: fourBytes}, apdu.InsNotSupported},
		{"chain of nothing", nil, apdu.Command{CLA: 0x10, INS: apdu.InsVerify}, apdu.WrongLength},
		{"chain too long", nil, apdu.Command{CLA: 0x10, INS: apdu.InsVerify, Data: make([]byte, 1025)}, apdu.WrongLength},

		{"SELECT by FID", nil, apdu.Command{INS: apdu.InsSelect, Data: []byte{0x3F, 0}}, apdu.FunctionNotSupported},
		{"SELECT next", nil, apdu.Command{INS: apdu.InsSelect, P1: 4, P2: 2, Data: []byte(app.TestAID)}, apdu.WrongP1P2},
		{"SELECT of another", nil, app.Select("\xA0\x00\x00\x06\x32\x01\x01\x05"), apdu.FileNotFound},
		{"SELECT by a part of the name", nil, app.Select(app.TestAID[:5]), apdu.FileNotFound},
		{"after a failed SELECT", func(t *testing.T, c *cos.Card) { costest.Try(t, c, app.Select("other")) }, purse.GetBalance(), apdu.ConditionsNotSatisfied},
		{"SELECT of a blocked application", administered(block), app.Select(app.TestAID), apdu.FileInvalidated},
		{"INTERNAL AUTHENTICATE of a blocked application", administered(block), app.InternalAuthenticate(authenticateRequest), apdu.ConditionsNotSatisfied},
		{"UPDATE BINARY of a blocked application", administered(block), apdu.Command{CLA: 0x04, INS: app.InsUpdateBinary, P1: 0x85, Data: fourBytes}, apdu.ConditionsNotSatisfied},
		{"SELECT of an application blocked for good", administered(apdu.Command{CLA: 0x80, INS: app.InsAppBlock, P1: 1}), app.Select(app.TestAID), apdu.AppBlocked},
		{"GET BALANCE of an application blocked for good", administered(apdu.Command{CLA: 0x80, INS: app.InsAppBlock, P1: 1}), purse.GetBalance(), apdu.AppBlocked},
		{"UNBLOCK of an application blocked for good", administered(apdu.Command{CLA: 0x80, INS: app.InsAppBlock, P1: 1}), apdu.Command{CLA: 0x84, INS: app.InsAppUnblock, Data: fourBytes}, apdu.AppBlocked},
		{"SELECT of a blocked card", administered(apdu.Command{CLA: 0x80, INS: app.InsCardBlock}), app.Select(app.TestAID), apdu.FunctionNotSupported},

		{"READ BINARY without Le", nil, apdu.Command{INS: apdu.InsReadBinary, P1: 0x81}, apdu.WrongLength},
		{"READ BINARY of no file", nil, app.ReadBinary(2, 0, 1), apdu.FileNotFound},
		{"READ BINARY without a file", nil, apdu.Command{INS: apdu.InsReadBinary, Ne: 1}, apdu.NoCurrentFile},
		{"READ BINARY of records", nil, app.ReadBinary(app.SFIPurseLog, 0, 1), apdu.WrongFileType},
		{"READ BINARY with odd P1", nil, apdu.Command{INS: apdu.InsReadBinary, P1: 0xC1, Ne: 1}, apdu.WrongP1P2},
		{"READ BINARY behind the end", nil, app.ReadBinary(app.SFICredential, 128, 1), apdu.WrongOffset},
		{"READ BINARY of more than there is", nil, app.ReadBinary(app.SFICredential, 100, 29), apdu.WrongLe | 28},
		{"READ BINARY of a person", nil, app.ReadBinary(app.SFIPerson, 0, 0x100), apdu.SecurityNotSatisfied},
		{"READ BINARY of a person by a hospital, in the clear", func(t *testing.T, c *cos.Card) { authenticate(t, c, app.KeyHospital) }, app.ReadBinary(app.SFIPerson, 0, 0x100), apdu.SecurityNotSatisfied},
		{"READ RECORD 0", nil, app.ReadRecord(app.SFIPurseLog, 0, 23), apdu.WrongP1P2},
		{"READ RECORD of bytes", nil, app.ReadRecord(app.SFICredential, 1, 23), apdu.WrongFileType},
		{"READ RECORD of no file", nil, app.ReadRecord(3, 1, 23), apdu.FileNotFound},
		{"READ RECORD that is not there", nil, app.ReadRecord(app.SFIPurseLog, 2, 23), apdu.RecordNotFound},
		{"READ RECORD beyond the ring", nil, app.ReadRecord(app.SFIPurseLog, 11, 23), apdu.RecordNotFound},
		{"READ RECORD of another size", nil, app.ReadRecord(app.SFIPurseLog, 1, 22), apdu.WrongLe | 23},
		{"READ RECORD of the gates", nil, app.ReadRecord(app.SFIGateLog, 1, 48), apdu.SecurityNotSatisfied},
		{"APPEND RECORD without a gate", nil, apdu.Command{INS: app.InsAppendRecord, P2: 0xF0, Data: make([]byte, 48)}, apdu.SecurityNotSatisfied},
		{"APPEND RECORD to the purse's log", nil, apdu.Command{INS: app.InsAppendRecord, P2: 0xC0, Data: make([]byte, 23)}, apdu.SecurityNotSatisfied},
		{"APPEND RECORD of another size", func(t *testing.T, c *cos.Card) { authenticate(t, c, app.KeyGate) }, apdu.Command{INS: app.InsAppendRecord, P2: 0xF0, Data: make([]byte, 47)}, apdu.WrongLength},
		{"GET DATA unknown", nil, app.GetData(0x9F36, 4), apdu.ReferenceDataNotFound},
		{"GET DATA of another size", nil, app.GetData(app.TagSerial, 7), apdu.WrongLe | 8},
		{"GET CHALLENGE of 3", nil, apdu.Command{INS: apdu.InsGetChallenge, Ne: 3}, apdu.WrongLe | 16},
		{"GET CHALLENGE with data", nil, apdu.Command{INS: apdu.InsGetChallenge, Data: fourBytes, Ne: 16}, apdu.WrongLength},

		{"VERIFY wrong", nil, app.Verify(otherPIN), apdu.Tries(2)},
		{"VERIFY asks", nil, apdu.Command{INS: apdu.InsVerify}, apdu.Tries(3)},
		{"VERIFY of one byte", nil, app.Verify([]byte{1}), apdu.WrongLength},
		{"VERIFY of another PIN", nil, apdu.Command{INS: apdu.InsVerify, P2: 1, Data: costest.PIN}, apdu.WrongP1P2},
		{"VERIFY blocked", wrongly(3, plainly(app.Verify(costest.PIN))), app.Verify(costest.PIN), apdu.AuthBlocked},
		{"VERIFY blocked asks", wrongly(3, plainly(app.Verify(costest.PIN))), apdu.Command{INS: apdu.InsVerify}, apdu.AuthBlocked},
		{"CHANGE PIN without FF", nil, apdu.Command{CLA: 0x80, INS: app.InsChangePIN, P1: 1, Data: costest.PIN}, apdu.WrongLength},
		{"CHANGE PIN wrong", nil, apdu.Command{CLA: 0x80, INS: app.InsChangePIN, P1: 1, Data: []byte{0x65, 0x43, 0x21, 0xFF, 0x11, 0x11}}, apdu.Tries(2)},
		{"EXTERNAL AUTHENTICATE with another key", nil, apdu.Command{INS: apdu.InsExternalAuthenticate, P2: byte(app.KeyLoad), Data: make([]byte, 24)}, apdu.WrongP1P2},
		{"EXTERNAL AUTHENTICATE of another size", nil, apdu.Command{INS: apdu.InsExternalAuthenticate, P2: byte(app.KeyGate), Data: make([]byte, 16)}, apdu.WrongLength},
		{"EXTERNAL AUTHENTICATE without a challenge", nil, apdu.Command{INS: apdu.InsExternalAuthenticate, P2: byte(app.KeyGate), Data: make([]byte, 24)}, apdu.ReferenceDataInvalid},
		{"EXTERNAL AUTHENTICATE wrong", func(t *testing.T, c *cos.Card) { costest.Send(t, c, app.GetChallenge()) }, apdu.Command{INS: apdu.InsExternalAuthenticate, P2: byte(app.KeyGate), Data: make([]byte, 24)}, apdu.Tries(14)},
		{"UPDATE BINARY without secure messaging", nil, apdu.Command{INS: app.InsUpdateBinary, P1: 0x85, Data: fourBytes}, apdu.InsNotSupported},
		{"UPDATE BINARY without a challenge", nil, apdu.Command{CLA: 0x04, INS: app.InsUpdateBinary, P1: 0x85, Data: make([]byte, 8)}, apdu.ReferenceDataInvalid},
		{"UPDATE BINARY without a MAC", func(t *testing.T, c *cos.Card) { costest.Send(t, c, app.GetChallenge()) }, apdu.Command{CLA: 0x04, INS: app.InsUpdateBinary, P1: 0x85, Data: []byte{1}}, apdu.SecurityDataMissing},
		{"UPDATE BINARY with a wrong MAC", func(t *testing.T, c *cos.Card) { costest.Send(t, c, app.GetChallenge()) }, apdu.Command{CLA: 0x04, INS: app.InsUpdateBinary, P1: 0x85, Data: make([]byte, 8)}, apdu.SecurityDataWrong},
		{"session without EXTERNAL AUTHENTICATE", nil, apdu.Command{CLA: 0x0C, INS: apdu.InsReadBinary, P1: 0x86, Data: make([]byte, 10)}, apdu.ConditionsNotSatisfied},

		{"INTERNAL AUTHENTICATE without a challenge", nil, apdu.Command{INS: apdu.InsInternalAuthenticate, Data: make([]byte, 6), Ne: 68}, apdu.WrongLength},
		{"INTERNAL AUTHENTICATE with a challenge of 8", nil, apdu.Command{INS: apdu.InsInternalAuthenticate, Data: make([]byte, 14), Ne: 68}, apdu.WrongLength},
		{"INTERNAL AUTHENTICATE of a digest", nil, apdu.Command{INS: apdu.InsInternalAuthenticate, Data: make([]byte, 32), Ne: 68}, apdu.WrongLength},
		{"INTERNAL AUTHENTICATE with a key's number", nil, apdu.Command{INS: apdu.InsInternalAuthenticate, P2: 1, Data: make([]byte, 22), Ne: 68}, apdu.WrongP1P2},
		{"INTERNAL AUTHENTICATE twice", func(t *testing.T, c *cos.Card) { costest.Send(t, c, app.InternalAuthenticate(authenticateRequest)) }, app.InternalAuthenticate(authenticateRequest), apdu.ConditionsNotSatisfied},
		{"INTERNAL AUTHENTICATE at the end of the counter", counters(1, 0, math.MaxUint32), app.InternalAuthenticate(authenticateRequest), apdu.CounterEnd},

		{"INITIALIZE for a passbook", nil, apdu.Command{CLA: 0x80, INS: purse.InsInitialize, P2: 1, Data: make([]byte, 11), Ne: 16}, apdu.FunctionNotSupported},
		{"INITIALIZE for a compound", nil, apdu.Command{CLA: 0x80, INS: purse.InsInitialize, P1: 3, P2: 2, Data: make([]byte, 11), Ne: 16}, apdu.WrongP1P2},
		{"INITIALIZE of another size", nil, apdu.Command{CLA: 0x80, INS: purse.InsInitialize, P1: 1, P2: 2, Data: make([]byte, 10), Ne: 16}, apdu.WrongLength},
		{"INITIALIZE with another key", nil, apdu.Command{CLA: 0x80, INS: purse.InsInitialize, P1: 1, P2: 2, Data: make([]byte, 11), Ne: 16}, apdu.KeyIndexNotSupported},
		{"INITIALIZE FOR PURCHASE of more than there is", nil, initialize(1, 10_001), apdu.InsufficientBalance},
		{"INITIALIZE FOR LOAD beyond the largest balance", nil, initialize(0, 90_001), apdu.NotEnoughMemory},
		{"INITIALIZE FOR LOAD beyond 32 bits", nil, initialize(0, math.MaxUint32), apdu.NotEnoughMemory},
		{"INITIALIZE FOR PURCHASE at the end of the counter", counters(1, math.MaxUint16, 0), initialize(1, 1), apdu.CounterEnd},
		{"INITIALIZE FOR LOAD at the end of the counter", counters(math.MaxUint16, 1, 0), initialize(0, 1), apdu.CounterEnd},
		{"INITIALIZE FOR PURCHASE after 15 wrong MACs", wrongly(15, debit), initialize(1, 1), apdu.AuthBlocked},
		{"INITIALIZE FOR LOAD after 15 wrong MACs", wrongly(15, credit), initialize(0, 1), apdu.AuthBlocked},
		{"DEBIT without INITIALIZE", nil, purse.DebitForPurchase(purse.DebitRequest{}), apdu.ConditionsNotSatisfied},
		{"DEBIT of another size", nil, apdu.Command{CLA: 0x80, INS: purse.InsDebit, P1: 1, Data: fourBytes, Ne: 8}, apdu.WrongLength},
		{"DEBIT with other parameters", nil, apdu.Command{CLA: 0x80, INS: purse.InsDebit, Data: make([]byte, 15), Ne: 8}, apdu.WrongP1P2},
		{"DEBIT after INITIALIZE FOR LOAD", func(t *testing.T, c *cos.Card) { costest.Send(t, c, initialize(0, 1)) }, purse.DebitForPurchase(purse.DebitRequest{}), apdu.ConditionsNotSatisfied},
		{"DEBIT with a command between", func(t *testing.T, c *cos.Card) {
			costest.Send(t, c, initialize(1, 1))
			balance(t, c)
		}, purse.DebitForPurchase(purse.DebitRequest{}), apdu.ConditionsNotSatisfied},
		{"DEBIT with a wrong MAC", func(t *testing.T, c *cos.Card) { costest.Send(t, c, initialize(1, 1)) }, purse.DebitForPurchase(purse.DebitRequest{}), apdu.MACError},
		{"DEBIT twice with a wrong MAC", func(t *testing.T, c *cos.Card) {
			costest.Send(t, c, initialize(1, 1))
			costest.Try(t, c, purse.DebitForPurchase(purse.DebitRequest{}))
		}, purse.DebitForPurchase(purse.DebitRequest{}), apdu.ConditionsNotSatisfied},
		{"CREDIT without INITIALIZE", nil, purse.CreditForLoad(purse.CreditRequest{}), apdu.ConditionsNotSatisfied},
		{"CREDIT of another size", nil, apdu.Command{CLA: 0x80, INS: purse.InsCredit, Data: fourBytes, Ne: 4}, apdu.WrongLength},
		{"CREDIT with a wrong MAC", func(t *testing.T, c *cos.Card) { costest.Send(t, c, initialize(0, 1)) }, purse.CreditForLoad(purse.CreditRequest{}), apdu.MACError},
		{"GET BALANCE of a passbook", nil, apdu.Command{CLA: 0x80, INS: purse.InsGetBalance, P2: 1, Ne: 4}, apdu.FunctionNotSupported},
		{"GET BALANCE of another size", nil, apdu.Command{CLA: 0x80, INS: purse.InsGetBalance, P2: 2, Ne: 3}, apdu.WrongLe | 4},
		{"PROVE of no transaction", nil, purse.GetTransactionProve(purse.ProveRequest{Kind: purse.Purchase, Seq: 0}), apdu.NoMACAvailable},
		{"PROVE of another sequence", nil, purse.GetTransactionProve(purse.ProveRequest{Kind: purse.Load, Seq: 1}), apdu.NoMACAvailable},
		{"PROVE of an unknown kind", nil, purse.GetTransactionProve(purse.ProveRequest{Kind: 0x77, Seq: 0}), apdu.WrongP1P2},
		{"PROVE of another size", nil, apdu.Command{CLA: 0x80, INS: purse.InsProve, P2: 6, Data: []byte{1}, Ne: 8}, apdu.WrongLength},
	}
}

// TestStatusWords: each command of the table, on a card with 100 yuan and one load in its log.
func TestStatusWords(t *testing.T) {
	t.Parallel()
	issued := costest.New(t, costest.Options{})
	sel(t, issued)
	costest.Send(t, issued, openLoad(t, issued, 1, 10_000))
	for _, r := range refusals() {
		t.Run(r.name, func(t *testing.T) {
			c, err := cos.New(issued.Memory().Clone(), cos.Config{Rand: costest.Random(5)})
			require.NoError(t, err)
			sel(t, c)
			if r.prepare != nil {
				r.prepare(t, c)
			}
			before := c.Memory().Image()
			data, status := costest.Try(t, c, r.command)
			assert.Equal(t, r.status, status, "%v", status)
			if status != apdu.FileInvalidated {
				assert.Empty(t, data)
			}
			// A refusal writes nothing, unless something was compared.
			switch status {
			case apdu.MACError, apdu.SecurityDataWrong, apdu.Tries(2), apdu.Tries(14):
			default:
				assert.Equal(t, before, c.Memory().Image())
			}
		})
	}
}

// TestNoCommand: what cannot be parsed is 6700, and never a fault.
func TestNoCommand(t *testing.T) {
	t.Parallel()
	c := costest.New(t, costest.Options{})
	for _, b := range []string{"", "00", "00A404", "00A4040002F0", "00B081000000", "00B081000000000000"} {
		assert.Equal(t, "6700", raw(t, c, b), b)
	}
	// Even these end a chain and an answer that was begun.
	assert.Equal(t, "9000", raw(t, c, "10A40400 05 F043495449"))
	assert.Equal(t, "6700", raw(t, c, "00A4"))
	assert.Equal(t, "6A82", raw(t, c, "00A40400 04 43414431"))
}

func TestBlankCard(t *testing.T) {
	t.Parallel()
	c, p := costest.Blank(t, costest.Options{})
	assert.Equal(t, "6A82", raw(t, c, selectHex))
	assert.Equal(t, "6985", raw(t, c, "805C000204"))
	all := costest.Steps(costest.Options{})
	_, status := costest.Try(t, c, all[1].Secure(p))
	assert.Equal(t, apdu.ConditionsNotSatisfied, status, "a key before CREATE")
	all[0].Run(p)
	_, status = costest.Try(t, c, all[0].Secure(p))
	assert.Equal(t, apdu.ConditionsNotSatisfied, status, "CREATE twice")
	sel(t, c)
	_, status = costest.Try(t, c, initialize(0, 1))
	assert.Equal(t, apdu.ConditionsNotSatisfied, status, "money before ACTIVATE")
	activate := all[len(all)-1]
	_, status = costest.Try(t, c, activate.Secure(p))
	assert.Equal(t, apdu.ReferenceDataNotFound, status, "ACTIVATE without a key pair")
	for _, s := range all[1:] {
		if s.Name == "UPDATE 01" {
			_, status = costest.Try(t, c, activate.Secure(p))
			assert.Equal(t, apdu.FileNotFound, status, "ACTIVATE without a credential")
		}
		s.Run(p)
		if s.Name == "GENERATE" {
			_, status = costest.Try(t, c, s.Secure(p))
			assert.Equal(t, apdu.ConditionsNotSatisfied, status, "a second key pair")
			public := costest.Send(t, c, costest.Secure(t, c, costest.Key(app.KeyTransport, p.Serial), apdu.Command{INS: app.InsGenerateKeyPair, P1: app.P1ReadPublicKey, Ne: 33}, sm.MACOnly))
			assert.Equal(t, p.Public[:], public)
		}
	}
	_, status = costest.Try(t, c, all[1].Secure(p))
	assert.Equal(t, apdu.InsNotSupported, status, "a key after ACTIVATE")
}

func TestPutKey(t *testing.T) {
	t.Parallel()
	c, p := costest.Blank(t, costest.Options{})
	costest.Steps(costest.Options{})[0].Run(p)
	transport := costest.Key(app.KeyTransport, p.Serial)
	good := costest.PutKey(app.KeyLoad, costest.Key(app.KeyLoad, p.Serial), transport)
	try := func(change func(*apdu.Command)) apdu.Status {
		cmd := good
		cmd.Data = bytes.Clone(good.Data)
		change(&cmd)
		_, status := costest.Try(t, c, costest.Secure(t, c, transport, cmd, sm.MACOnly))
		return status
	}
	assert.Equal(t, apdu.OK, try(func(*apdu.Command) {}))
	assert.Equal(t, apdu.WrongData, try(func(c *apdu.Command) { c.Data[20] ^= 1 }), "check value")
	assert.Equal(t, apdu.WrongData, try(func(c *apdu.Command) { c.Data[5] ^= 1 }), "wrapped key")
	assert.Equal(t, apdu.WrongData, try(func(c *apdu.Command) { c.Data[1] = 0x77 }), "algorithm")
	assert.Equal(t, apdu.WrongP1P2, try(func(c *apdu.Command) { c.P2 = 0 }), "the transport key itself")
	assert.Equal(t, apdu.WrongP1P2, try(func(c *apdu.Command) { c.P2 = 9 }))
	assert.Equal(t, apdu.WrongLength, try(func(c *apdu.Command) { c.Data = c.Data[1:] }))
	assert.Equal(t, apdu.WrongData, try(func(c *apdu.Command) { c.P2 = byte(app.KeyPIN) }), "a key is no PIN")
	for _, b := range [][16]byte{{1}, {7}, {255}} {
		k, err := key.New(key.SM4, b[:])
		require.NoError(t, err)
		_, status := costest.Try(t, c, costest.Secure(t, c, transport, costest.PutKey(app.KeyPIN, k, transport), sm.MACOnly))
		assert.Equal(t, apdu.WrongData, status, "PIN of %d bytes", b[0])
	}
}
