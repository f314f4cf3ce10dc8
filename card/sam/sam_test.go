package sam_test

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/purse"
	"github.com/citizencode/citizencode/card/sam"
)

var (
	ctx    = context.Background()
	gateID = purse.TerminalID{0x21, 0x01, 0, 0, 0, 7}
	secret = "00112233445566778899AABBCCDDEEFF"
)

func newKey(tb testing.TB, a key.Algorithm, text string) key.Key {
	tb.Helper()
	b, err := hex.DecodeString(text)
	require.NoError(tb, err)
	k, err := key.New(a, b)
	require.NoError(tb, err)
	return k
}

func software(tb testing.TB, role sam.Role, usages ...sam.Usage) *sam.Software {
	tb.Helper()
	s, err := sam.NewSoftware(sam.Config{Role: role, Terminal: gateID, Numbers: &sam.Counter{}})
	require.NoError(tb, err)
	for _, u := range usages {
		require.NoError(tb, s.Inject(sam.Ref{Usage: u, Version: 1, Algorithm: key.SM4}, newKey(tb, key.SM4, secret)))
	}
	return s
}

func order() sam.Transaction {
	return sam.Transaction{Card: key.Factor{7: 1}, KeyVersion: 1, Random: purse.Random{1, 2, 3, 4}, Sequence: 5,
		Transaction: purse.Transaction{Amount: 200, Kind: purse.Purchase, Terminal: gateID, At: purse.DateTime{0x20, 0x26, 0x11, 0x22, 0x12, 0, 0}}}
}

// TestRoles: the table of who holds what. A gate can neither load a card nor claim a payment that no card made.
func TestRoles(t *testing.T) {
	usages := []sam.Usage{sam.Purchase, sam.Load, sam.TAC, sam.GateAccess, sam.HospitalAccess}
	holds := map[sam.Role][]sam.Usage{sam.Gate: {sam.Purchase, sam.GateAccess}, sam.Hospital: {sam.HospitalAccess}, sam.Desk: {sam.Load}, sam.Office: {sam.TAC}}
	for role, may := range holds {
		s := software(t, role)
		for _, u := range usages {
			err := s.Inject(sam.Ref{Usage: u, Version: 1, Algorithm: key.SM4}, newKey(t, key.SM4, secret))
			if assert.Equal(t, contains(may, u), role.Holds(u)); contains(may, u) {
				assert.NoError(t, err)
			} else {
				assert.ErrorIs(t, err, sam.ErrUsage, "role %d, %s", role, u)
			}
		}
	}
	gate := software(t, sam.Gate, sam.Purchase)
	assert.ErrorIs(t, gate.CheckLoad(ctx, order(), 0, purse.MAC{}), sam.ErrNoKey)
	_, err := gate.Load(ctx, order(), 0, purse.MAC{})
	assert.ErrorIs(t, err, sam.ErrNoKey)
	assert.ErrorIs(t, gate.CheckPurchaseTAC(ctx, order(), 1, purse.MAC{}), sam.ErrNoKey)
	assert.ErrorIs(t, gate.CheckLoadTAC(ctx, order(), 1, purse.MAC{}), sam.ErrNoKey)
	_, _, err = software(t, sam.Office, sam.TAC).Purchase(ctx, order())
	assert.ErrorIs(t, err, sam.ErrNoKey)
	// No key of money encrypts what somebody chose.
	_, _, err = gate.Authenticate(ctx, key.Factor{}, sam.Ref{Usage: sam.Purchase, Version: 1}, [16]byte{})
	assert.ErrorIs(t, err, sam.ErrUsage)

	for _, bad := range []sam.Config{{}, {Role: 99}, {Role: sam.Gate}} {
		_, err := sam.NewSoftware(bad)
		assert.Error(t, err)
	}
	assert.Error(t, gate.Inject(sam.Ref{Usage: sam.Purchase, Version: 1, Algorithm: key.SM4}, newKey(t, key.SM4, secret)), "there is one")
	assert.Error(t, gate.Inject(sam.Ref{Usage: sam.Purchase, Version: 2, Algorithm: key.TDES}, newKey(t, key.SM4, secret)))
	assert.Error(t, gate.Inject(sam.Ref{Usage: sam.Purchase, Version: 2, Algorithm: key.SM4}, key.Key{}))
}

func contains(list []sam.Usage, u sam.Usage) bool {
	for _, x := range list {
		if x == u {
			return true
		}
	}
	return false
}

// TestKeysStayIn: no way of printing a module has a byte of a key, and Close wipes.
func TestKeysStayIn(t *testing.T) {
	s := software(t, sam.Gate, sam.Purchase, sam.GateAccess)
	j, err := json.Marshal(s)
	require.NoError(t, err)
	raw, err := hex.DecodeString(secret)
	require.NoError(t, err)
	for _, printed := range []string{fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s %x %d %q", s, s, s, s, s, s, s), string(j),
		fmt.Sprint(sam.Ref{Usage: sam.Purchase, Version: 1})} {
		for _, form := range []string{secret[:8], strings.ToLower(secret[:8]), fmt.Sprint(raw[1:5]), fmt.Sprint(raw[4]) + " " + fmt.Sprint(raw[5])} {
			assert.NotContains(t, printed, strings.Trim(form, "[]"))
		}
	}
	mine := newKey(t, key.SM4, secret)
	require.NoError(t, s.Inject(sam.Ref{Usage: sam.Purchase, Version: 9, Algorithm: key.SM4}, mine))
	require.NoError(t, s.Close())
	_, _, err = s.Purchase(ctx, order())
	assert.ErrorIs(t, err, sam.ErrClosed)
	assert.ErrorIs(t, s.CheckPurchase(ctx, order(), 1, purse.MAC{}), sam.ErrClosed)
	assert.ErrorIs(t, s.Inject(sam.Ref{Usage: sam.Purchase, Version: 3, Algorithm: key.SM4}, mine), sam.ErrClosed)
	assert.Equal(t, newKey(t, key.SM4, secret).CheckValue(), mine.CheckValue(), "the caller's key is his")
	assert.NoError(t, s.Close())
}

// TestFormulas: the module computes what package purse computes with the card's key.
func TestFormulas(t *testing.T) {
	s := software(t, sam.Gate, sam.Purchase, sam.GateAccess)
	o := order()
	dpk := newKey(t, key.SM4, secret).Diversify(o.Card)
	for want := uint32(1); want < 4; want++ {
		number, mac1, err := s.Purchase(ctx, o)
		require.NoError(t, err)
		assert.Equal(t, want, number)
		session := purse.PurchaseSession(dpk, o.Random, o.Sequence, number)
		assert.Equal(t, purse.PurchaseMAC1(session, o.Transaction), mac1)
		mac2 := purse.PurchaseMAC2(session, o.Amount)
		assert.NoError(t, s.CheckPurchase(ctx, o, number, mac2))
		for i := range mac2 {
			wrong := mac2
			wrong[i] ^= 1
			assert.ErrorIs(t, s.CheckPurchase(ctx, o, number, wrong), sam.ErrWrongMAC)
		}
		assert.ErrorIs(t, s.CheckPurchase(ctx, o, number+1, mac2), sam.ErrWrongMAC)
	}
	// What no key is for, or is not a purchase here, costs no number.
	for _, change := range []func(*sam.Transaction){func(o *sam.Transaction) { o.KeyVersion = 2 }, func(o *sam.Transaction) { o.Algorithm = key.TDES },
		func(o *sam.Transaction) { o.Kind = purse.Load }, func(o *sam.Transaction) { o.Terminal[0] = 9 }} {
		bad := order()
		change(&bad)
		_, _, err := s.Purchase(ctx, bad)
		assert.Error(t, err)
	}
	number, _, err := s.Purchase(ctx, o)
	require.NoError(t, err)
	assert.EqualValues(t, 4, number)

	desk := software(t, sam.Desk, sam.Load)
	o.Kind = purse.Load
	session := purse.LoadSession(dpk, o.Random, o.Sequence)
	mac1 := purse.LoadMAC1(session, 70, o.Transaction)
	require.NoError(t, desk.CheckLoad(ctx, o, 70, mac1))
	mac2, err := desk.Load(ctx, o, 70, mac1)
	require.NoError(t, err)
	assert.Equal(t, purse.LoadMAC2(session, o.Transaction), mac2)
	mac2, err = desk.Load(ctx, o, 71, mac1)
	assert.ErrorIs(t, err, sam.ErrWrongMAC, "another balance than the card's")
	assert.Zero(t, mac2)

	ref := sam.Ref{Usage: sam.GateAccess, Version: 1}
	h, proof, err := s.Authenticate(ctx, o.Card, ref, [16]byte{1})
	require.NoError(t, err)
	assert.Equal(t, [16]byte{1}, h.CardChallenge)
	assert.Equal(t, h.TerminalProof(dpk), proof)
	again, _, err := s.Authenticate(ctx, o.Card, ref, [16]byte{1})
	require.NoError(t, err)
	assert.NotEqual(t, h.TerminalChallenge, again.TerminalChallenge)
	_, err = s.Session(ctx, o.Card, ref, h, h.TerminalProof(dpk))
	assert.ErrorIs(t, err, sam.ErrWrongMAC, "its own proof sent back")
	secure, err := s.Session(ctx, o.Card, ref, h, h.CardProof(dpk))
	require.NoError(t, err)
	assert.NotNil(t, secure)
}

// TestModule: a module behind a reader is a Purchaser as the one in memory, with the numbers of its own.
func TestModule(t *testing.T) {
	s := software(t, sam.Gate, sam.Purchase)
	e, err := sam.NewEmulator(s)
	require.NoError(t, err)
	m, err := sam.OpenModule(ctx, e)
	require.NoError(t, err)
	assert.Equal(t, gateID, m.Terminal())
	o := order()
	dpk := newKey(t, key.SM4, secret).Diversify(o.Card)
	mac2 := func(number uint32) purse.MAC {
		return purse.PurchaseMAC2(purse.PurchaseSession(dpk, o.Random, o.Sequence, number), o.Amount)
	}
	number, mac1, err := m.Purchase(ctx, o)
	require.NoError(t, err)
	assert.EqualValues(t, 1, number)
	assert.Equal(t, purse.PurchaseMAC1(purse.PurchaseSession(dpk, o.Random, o.Sequence, 1), o.Transaction), mac1)
	assert.NoError(t, m.CheckPurchase(ctx, o, 1, mac2(1)))
	assert.NoError(t, m.CheckPurchase(ctx, o, 1, mac2(1)), "asked again, by the other command")
	number, _, err = m.Purchase(ctx, o)
	require.NoError(t, err)
	assert.ErrorIs(t, m.CheckPurchase(ctx, o, number, mac2(1)), sam.ErrWrongMAC)
	assert.NoError(t, m.CheckPurchase(ctx, o, number, mac2(number)))

	// After a restart of the terminal and of the module.
	_, err = e.Reset(true)
	require.NoError(t, err)
	m, err = sam.OpenModule(ctx, e)
	require.NoError(t, err)
	assert.NoError(t, m.CheckPurchase(ctx, o, 1, mac2(1)))
	number, _, err = m.Purchase(ctx, o)
	require.NoError(t, err)
	assert.EqualValues(t, 3, number)

	old := transportFunc(func(command []byte) ([]byte, error) {
		if command[1] == sam.InsRecheck {
			return []byte{0x6D, 0}, nil
		}
		return e.Transmit(command)
	})
	m, err = sam.OpenModule(ctx, old)
	require.NoError(t, err)
	assert.ErrorIs(t, m.CheckPurchase(ctx, o, 1, mac2(1)), sam.ErrForgotten)

	o.KeyVersion = 7
	_, _, err = m.Purchase(ctx, o)
	assert.ErrorIs(t, err, sam.ErrNoKey)
	o.Terminal[0] = 9
	_, _, err = m.Purchase(ctx, o)
	assert.Error(t, err)
	_, err = sam.NewEmulator(software(t, sam.Desk))
	assert.ErrorIs(t, err, sam.ErrUsage)
	for _, said := range [][]byte{{0x90, 0}, {1, 0x90, 0}, {0x6A, 0x82}, {}} {
		_, err = sam.OpenModule(ctx, transportFunc(func([]byte) ([]byte, error) { return said, nil }))
		assert.Error(t, err)
	}
}

type transportFunc func(command []byte) ([]byte, error)

func (f transportFunc) Transmit(command []byte) ([]byte, error) { return f(command) }

// TestEmulator: each status word of the module.
func TestEmulator(t *testing.T) {
	e, err := sam.NewEmulator(software(t, sam.Gate, sam.Purchase))
	require.NoError(t, err)
	send := func(text string) apdu.Status {
		b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
		require.NoError(t, err)
		answer, err := e.Transmit(b)
		require.NoError(t, err)
		r, err := apdu.ParseResponse(answer)
		require.NoError(t, err)
		return r.Status
	}
	const good = "80700000 1C 01020304 0005 000000C8 06 20261122120000 01 04 0000000000000001 08"
	for _, x := range []struct {
		command string
		want    apdu.Status
	}{
		{"00B09600 06", apdu.OK},
		{"00B09500 06", apdu.FileNotFound},
		{"80720000 04 01020304", apdu.ConditionsNotSatisfied},
		{good, apdu.OK},
		{"80720000 04 01020304", apdu.MACError},
		{"80720000 04 01020304", apdu.ConditionsNotSatisfied},
		{good, apdu.OK},
		{"00B09600 06", apdu.OK},
		{"80720000 03 010203", apdu.WrongLength},
		{"80720000 04 01020304", apdu.ConditionsNotSatisfied},
		{strings.Replace(good, "01 04 00", "02 04 00", 1), apdu.KeyIndexNotSupported},
		{strings.Replace(good, "01 04 00", "01 05 00", 1), apdu.WrongData},
		{strings.Replace(good, "C8 06", "C8 02", 1), apdu.NoPreciseDiagnosis},
		{"80700000 02 0102 08", apdu.WrongLength},
		{"80700100 02 0102 08", apdu.WrongP1P2},
		{"80760000 02 0102", apdu.WrongLength},
		{"00700000", apdu.ClassNotSupported},
		{"80990000", apdu.InsNotSupported},
		{"80", apdu.WrongLength},
	} {
		assert.Equal(t, x.want, send(x.command), x.command)
	}
}

// FuzzEmulator: no command makes it panic, answer more than it should, or draw a number for nothing.
func FuzzEmulator(f *testing.F) {
	f.Add([]byte{0x80, 0x70, 0, 0, 2, 1, 2, 8})
	f.Add([]byte{0, 0xB0, 0x96, 0, 6})
	f.Fuzz(func(t *testing.T, command []byte) {
		e, err := sam.NewEmulator(software(t, sam.Gate, sam.Purchase))
		require.NoError(t, err)
		answer, err := e.Transmit(command)
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(answer), 2)
		require.LessOrEqual(t, len(answer), 10)
		_, err = apdu.ParseResponse(answer)
		require.NoError(t, err)
	})
}

// TestNumbers: the file gives every number once, through restarts and torn writes.
func TestNumbers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "numbers")
	last := uint32(0)
	for range 5 {
		n, err := sam.OpenNumbers(path)
		require.NoError(t, err)
		for range 3 {
			number, err := n.Next(ctx)
			require.NoError(t, err)
			require.Equal(t, last+1, number)
			last = number
		}
		require.NoError(t, n.Close())
		_, err = n.Next(ctx)
		require.ErrorIs(t, err, sam.ErrClosed)
	}
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Len(t, whole, 16)
	reopen := func(b []byte) (uint32, error) {
		require.NoError(t, os.WriteFile(path, b, 0o600))
		n, err := sam.OpenNumbers(path)
		if err != nil {
			return 0, err
		}
		defer n.Close()
		return n.Next(ctx)
	}
	// The write of 16 is torn anywhere in its place, which is the even one: 15 was the last that was durable.
	for i := range 8 {
		for _, left := range []byte{0x00, 0xFF} {
			torn := append([]byte(nil), whole...)
			for j := i; j < 8; j++ {
				torn[j] = left
			}
			number, err := reopen(torn)
			require.NoError(t, err)
			require.Equal(t, last+1, number)
		}
	}
	for name, bad := range map[string][]byte{"empty": {}, "short": whole[:15], "long": append(whole[:16:16], 1), "both torn": []byte("not numbers at a")} {
		_, err := reopen(bad)
		assert.Error(t, err, name)
	}
	_, err = sam.OpenNumbers(filepath.Join(t.TempDir(), "no", "directory"))
	assert.Error(t, err)

	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	n, err := sam.OpenNumbers(filepath.Join(t.TempDir(), "fresh"))
	require.NoError(t, err)
	defer n.Close()
	_, err = n.Next(cancelled)
	assert.ErrorIs(t, err, context.Canceled)
	number, err := n.Next(ctx)
	require.NoError(t, err)
	assert.EqualValues(t, 1, number)
}

// TestNumberEnd: the numbers do not begin again.
func TestNumberEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "numbers")
	b := binary.BigEndian.AppendUint32(nil, math.MaxUint32-1)
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(append([]byte("number"), b...)))
	require.NoError(t, os.WriteFile(path, append(b, b...), 0o600))
	n, err := sam.OpenNumbers(path)
	require.NoError(t, err)
	defer n.Close()
	number, err := n.Next(ctx)
	require.NoError(t, err)
	assert.EqualValues(t, uint32(math.MaxUint32), number)
	_, err = n.Next(ctx)
	assert.ErrorIs(t, err, sam.ErrNumberEnd)
}

// TestSpecExample: the conversation with a gate's module in SPEC §8.2.
func TestSpecExample(t *testing.T) {
	e, err := sam.NewEmulator(software(t, sam.Gate, sam.Purchase))
	require.NoError(t, err)
	for _, x := range [][2]string{
		{"00B09600 06", "210100000007 9000"},
		{"80700000 1C 01020304 0005 000000C8 06 20261122120000 01 04 0000000000000001 08", "00000001 E0949C45 9000"},
		{"80720000 04 392BBC22", "9000"},
		{"80760000 1C 01020304 0005 000000C8 00000001 01 04 0000000000000001 392BBC22", "9000"},
	} {
		command, err := hex.DecodeString(strings.ReplaceAll(x[0], " ", ""))
		require.NoError(t, err)
		answer, err := e.Transmit(command)
		require.NoError(t, err)
		assert.Equal(t, strings.ReplaceAll(x[1], " ", ""), fmt.Sprintf("%X", answer))
	}
}
