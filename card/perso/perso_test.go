package perso_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/cos"
	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/nvm"
	"github.com/citizencode/citizencode/card/perso"
	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
)

func masters(t testing.TB) *perso.Masters {
	m := new(perso.Masters)
	for i := range m {
		k, err := key.New(key.SM4, []byte(fmt.Sprintf("test master %04d", i)))
		require.NoError(t, err)
		m[i] = k
	}
	return m
}

// config is a run whose credentials a made-up city issues.
func config(t testing.TB) perso.Config {
	city := citycodetest.NewCity(t, citycodetest.Shenyang)
	issuer, now := city.Issuer, city.Clock.Now()
	var index atomic.Uint32
	return perso.Config{AID: app.TestAID, Profile: byte(citycode.ProfileCard), KeySet: 1, IssuerKey: uint32(issuer.ID()), MaxBalance: 100_000, Keys: masters(t),
		Issue: func(_ context.Context, a *perso.Applicant) ([]byte, error) {
			nonce := [16]byte{1}
			signature, err := a.Prove(uint32(issuer.ID()), nonce)
			if err != nil {
				return nil, err
			}
			c, err := issuer.Issue(citycode.Claims{Profile: citycode.ProfileCard, IssuedAt: now, NotAfter: now.Add(24 * time.Hour), Index: index.Add(1),
				Scenes: citycode.Transit, Benefit: a.Benefit, Subject: a.Subject,
				Possession: &citycode.Possession{Issuer: issuer.ID(), Nonce: nonce, Key: citycode.PublicKey(a.Public), Signature: signature}})
			if err != nil {
				return nil, &perso.RowError{Line: a.Line, Reason: perso.NotIssued}
			}
			return c.Bytes(), nil
		}}
}

const head = "serial,subject,category,benefit,validto,number,person,pin\n"

// people returns n made-up rows.
func people(n int) string {
	var b strings.Builder
	b.WriteString(head)
	for i := range n {
		fmt.Fprintf(&b, "99000000%08x,000000000000%04x,1,2,20301231,2101%06d,测试 %d,123456\n", i+1, i, i, i)
	}
	return b.String()
}

func serial(n byte) app.Serial { return app.Serial{0x99, 7: n} }

// run runs once over a file of people.
func run(t testing.TB, cfg perso.Config, dir, rows string) *perso.Report {
	r, err := try(t, cfg, dir, rows)
	require.NoError(t, err)
	return r
}

func try(t testing.TB, cfg perso.Config, dir, rows string) (*perso.Report, error) {
	source, err := perso.NewReader(strings.NewReader(rows))
	require.NoError(t, err)
	j, err := perso.OpenJournal(filepath.Join(dir, "journal"), cfg.Fingerprint())
	require.NoError(t, err)
	defer j.Close()
	d, err := perso.OpenDeck(filepath.Join(dir, "deck"), true, cfg.Keys)
	require.NoError(t, err)
	defer d.Close()
	return perso.Run(context.Background(), cfg, source, d, j)
}

func send(t testing.TB, c card.Transport, cmd apdu.Command) []byte {
	r, err := apdu.NewClient(c, apdu.Options{}).Send(cmd)
	require.NoError(t, err)
	return r.Data
}

func open(t testing.TB, dir string) *perso.Deck {
	d, err := perso.OpenDeck(filepath.Join(dir, "deck"), false, nil)
	require.NoError(t, err)
	t.Cleanup(func() { d.Close() })
	return d
}

// TestRun: every row has a card, with its own key, credential, files and PIN, and a second run makes none.
func TestRun(t *testing.T) {
	cfg, dir := config(t), t.TempDir()
	cfg.Batch, cfg.Workers = 4, 2
	var progress []int
	cfg.Progress = func(rows int, read int64) { progress = append(progress, rows) }
	rows := people(10)
	r := run(t, cfg, dir, rows)
	assert.Equal(t, 10, r.Made)
	assert.Empty(t, r.LeftOut)
	assert.Equal(t, []int{4, 8, 10}, progress)

	d := open(t, dir)
	assert.Len(t, d.Serials(), 10)
	seen := make(map[string]bool)
	for i, s := range d.Serials() {
		c, err := d.Card(s)
		require.NoError(t, err)
		fci, err := app.ParseFCI(send(t, c, app.Select(app.TestAID)))
		require.NoError(t, err)
		assert.Equal(t, s, fci.Serial)
		credential := send(t, c, app.ReadBinary(app.SFICredential, 0, 256))
		_, err = citycode.ParseCredential(credential)
		require.NoError(t, err)
		assert.False(t, seen[string(credential[31:64])], "two cards have one key")
		seen[string(credential[31:64])] = true
		assert.Equal(t, []byte{1, 2, 0x20, 0x30, 0x12, 0x31}, send(t, c, app.ReadBinary(app.SFICategory, 0, 256)))
		public, err := app.ParsePublicInfo(send(t, c, app.ReadBinary(app.SFIPublic, 0, 256)))
		require.NoError(t, err)
		assert.Equal(t, [10]byte{5: 0x21, 6: 0x01, 9: byte(i)}, public.CardNumber)
		send(t, c, app.Verify([]byte{0x12, 0x34, 0x56}))
	}
	second := run(t, cfg, dir, rows+people(11)[len(people(10)):])
	assert.Equal(t, 1, second.Made)
	assert.Equal(t, 10, second.Before)
}

// TestNoSecret: no key, wrapped or not, and no PIN is in the journal, in a report or in an error.
func TestNoSecret(t *testing.T) {
	cfg, dir := config(t), t.TempDir()
	r := run(t, cfg, dir, people(3)+strings.Replace(people(1)[len(head):], "123456", "9911223x", 1))
	journal, err := os.ReadFile(filepath.Join(dir, "journal"))
	require.NoError(t, err)
	said := string(journal) + fmt.Sprintf("%v %+v %#v", r, r, cfg.Keys)
	require.Contains(t, said, string(perso.BadPIN))
	for _, id := range []app.KeyID{0, 1, 2, 3, 4, 5, 6, 7} {
		for n := range byte(4) {
			k := cfg.Keys.(*perso.Masters)[id]
			if n > 0 {
				k, err = cfg.Keys.CardKey(id, serial(n))
				require.NoError(t, err)
				if id > 0 {
					assert.Contains(t, said, fmt.Sprintf("%x", k.CheckValue()), "the check value of each key is there")
				}
			}
			b := k.Bytes()
			for _, secret := range []string{string(b[:]), fmt.Sprintf("%x", b[:8]), fmt.Sprintf("%x", b[8:])} {
				assert.NotContains(t, said, secret)
				assert.NotContains(t, said, strings.ToUpper(secret))
			}
		}
	}
	assert.NotContains(t, said, "123456 ")
	assert.NotContains(t, said, "9911223")
}

// TestLeftOut: one wrong row costs one row.
func TestLeftOut(t *testing.T) {
	good := "9900000000000001,0000000000000001,,,,,,\n"
	for _, c := range []struct {
		reason perso.Reason
		row    string
	}{
		{perso.BadRow, "9900000000000002,00\n"},
		{perso.BadRow, strings.Repeat("9", perso.MaxLine+1) + "\n"},
		{perso.BadSerial, "99,0000000000000001,,,,,,\n"},
		{perso.BadSubject, "9900000000000002,,,,,,,\n"},
		{perso.BadSubject, "9900000000000002,0,,,,,,\n"},
		{perso.BadCategory, "9900000000000002,00,256,,,,,\n"},
		{perso.BadBenefit, "9900000000000002,00,,x,,,,\n"},
		{perso.BadValidTo, "9900000000000002,00,,,20301301,,,\n"},
		{perso.BadNumber, "9900000000000002,00,,,,123456789012345678901,,\n"},
		{perso.BadPerson, "9900000000000002,00,,,,,\xff,\n"},
		{perso.BadPIN, "9900000000000002,00,,,,,,123\n"},
		{perso.Duplicate, "9900000000000001,0000000000000001,,,,,,\n"},
		{perso.NotIssued, "9900000000000002,00,,,,,,\n"}, // a subject that the profile does not have
	} {
		r := run(t, config(t), t.TempDir(), head+good+c.row+"\r\n9900000000000003,0000000000000003,,,,,,")
		assert.Equal(t, 2, r.Made, c.reason)
		assert.Equal(t, map[perso.Reason]int{c.reason: 1}, r.LeftOut)
		assert.Equal(t, []string{"line 3: " + string(c.reason)}, r.Errors)
	}
	for _, names := range []string{"", "serial\n", "subject,serial,subject\n", "serial,subject,key\n", strings.Repeat("x", 2*perso.MaxLine)} {
		_, err := perso.NewReader(strings.NewReader(names))
		assert.Error(t, err, "%.20q", names)
	}
}

// A bench is one real card in a reader, which is torn away at a command.
type bench struct {
	mem  *nvm.Memory
	c    *cos.Card
	left int // commands until the card is lost; negative: never
	late bool
}

func newBench(t testing.TB, keys perso.Keys, s app.Serial) *bench {
	transport, err := keys.CardKey(app.KeyTransport, s)
	require.NoError(t, err)
	b := &bench{mem: nvm.New(cos.Pages), left: -1}
	require.NoError(t, cos.Format(b.mem, transport))
	b.c, err = cos.New(b.mem, cos.Config{})
	require.NoError(t, err)
	return b
}

func (b *bench) Transmit(command []byte) ([]byte, error) {
	if b.left == 0 {
		if b.late { // executed, and the answer lost
			b.c.Transmit(command)
		}
		return nil, card.ErrCardLost
	}
	b.left--
	return b.c.Transmit(command)
}

// TestTaken: a real card that is torn away at any command, before or behind it, is ended by the next run, with the key
// that it made; and no other card is made under its serial number.
func TestTaken(t *testing.T) {
	cfg := config(t)
	rows := people(1)
	for _, late := range []bool{false, true} {
		for left := 0; ; left++ {
			dir := t.TempDir()
			b := newBench(t, cfg.Keys, serial(1))
			once := func(c card.Transport) (*perso.Report, error) {
				source, err := perso.NewReader(strings.NewReader(rows))
				require.NoError(t, err)
				j, err := perso.OpenJournal(filepath.Join(dir, "journal"), cfg.Fingerprint())
				require.NoError(t, err)
				defer j.Close()
				return perso.Run(context.Background(), cfg, source, perso.ReaderSink(func(context.Context, app.Serial) (card.Transport, error) { return c, nil }), j)
			}
			b.left, b.late = left, late
			r, err := once(b)
			if err == nil {
				assert.Equal(t, 1, r.Made)
				assert.Greater(t, left, 30)
				break
			}
			require.ErrorIs(t, err, card.ErrCardLost)
			_, err = b.c.Reset(true)
			require.NoError(t, err)
			b.left = -1

			other := newBench(t, cfg.Keys, serial(1))
			if r, err = once(other); assert.NoError(t, err) {
				assert.Equal(t, map[perso.Reason]int{perso.BegunBefore: 1}, r.LeftOut, "another card under the serial number")
			}
			r, err = once(b)
			require.NoError(t, err, "%d %t", left, late)
			created := left > 2 || left == 2 && late // SELECT, GET CHALLENGE, CREATE
			if !created {
				assert.Equal(t, map[perso.Reason]int{perso.BegunBefore: 1}, r.LeftOut)
				j, err := perso.OpenJournal(filepath.Join(dir, "journal"), cfg.Fingerprint())
				require.NoError(t, err)
				require.NoError(t, j.Void(serial(1)))
				require.Error(t, j.Void(serial(1)))
				require.NoError(t, j.Close())
				r, err = once(b)
				require.NoError(t, err)
			}
			assert.Equal(t, 1, r.Made, "torn away at command %d, late %t", left, late)
			send(t, b, app.Select(app.TestAID))
			_, err = citycode.ParseCredential(send(t, b, app.ReadBinary(app.SFICredential, 0, 256)))
			assert.NoError(t, err)
			r, err = once(b)
			require.NoError(t, err)
			assert.Equal(t, 1, r.Before)
		}
	}
}

// TestInUse: a card that is somebody's is not touched, whatever the journal has lost.
func TestInUse(t *testing.T) {
	cfg := config(t)
	b := newBench(t, cfg.Keys, serial(1))
	once := func(rows string) *perso.Report {
		source, err := perso.NewReader(strings.NewReader(rows))
		require.NoError(t, err)
		j, err := perso.OpenJournal(filepath.Join(t.TempDir(), "journal"), cfg.Fingerprint())
		require.NoError(t, err)
		defer j.Close()
		r, err := perso.Run(context.Background(), cfg, source, perso.ReaderSink(func(context.Context, app.Serial) (card.Transport, error) { return b, nil }), j)
		require.NoError(t, err)
		return r
	}
	assert.Equal(t, 1, once(people(1)).Made)
	before := b.mem.Image()
	assert.Equal(t, map[perso.Reason]int{perso.AlreadyInUse: 1}, once(people(1)).LeftOut)
	assert.Equal(t, map[perso.Reason]int{perso.AlreadyInUse: 2}, once(head+people(3)[len(people(1)):]).LeftOut)
	assert.Equal(t, before, b.mem.Image())
}

// TestJournal: a line that was cut off is taken off, a byte that was changed is found, and other keys are refused.
func TestJournal(t *testing.T) {
	cfg, dir := config(t), t.TempDir()
	run(t, cfg, dir, people(2))
	path := filepath.Join(dir, "journal")
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	last := bytes.LastIndexByte(whole[:len(whole)-1], '\n') + 1
	for _, n := range []int{0, 5, last, last + 1, len(whole) - 1} {
		require.NoError(t, os.WriteFile(path, whole[:n], 0o600))
		r := run(t, cfg, dir, people(2))
		assert.Equal(t, 2, r.Made+r.Before)
		j, err := perso.OpenJournal(path, cfg.Fingerprint())
		require.NoError(t, err)
		ended, open := j.Count()
		assert.Equal(t, 2, ended)
		assert.Zero(t, open)
		require.NoError(t, j.Close())
		assert.Len(t, open2(t, dir), 2, "never a card twice")
	}
	for at := range whole {
		wrong := bytes.Clone(whole)
		wrong[at] ^= 1
		require.NoError(t, os.WriteFile(path, wrong, 0o600))
		j, err := perso.OpenJournal(path, cfg.Fingerprint())
		if wrong[len(wrong)-1] != '\n' { // a cut line
			if err == nil {
				j.Close()
			}
			continue
		}
		require.Error(t, err, "byte %d", at)
	}
	require.NoError(t, os.WriteFile(path, whole, 0o600))
	other := cfg
	other.KeySet++
	_, err = perso.OpenJournal(path, other.Fingerprint())
	assert.ErrorIs(t, err, perso.ErrJournal)
}

func open2(t testing.TB, dir string) []app.Serial {
	d, err := perso.OpenDeck(filepath.Join(dir, "deck"), false, nil)
	require.NoError(t, err)
	defer d.Close()
	return d.Serials()
}

// TestFaultEnds: what is no fault of a row ends the run, and what was done before is done.
func TestFaultEnds(t *testing.T) {
	cfg, dir := config(t), t.TempDir()
	cfg.Batch = 4
	issue, n := cfg.Issue, 0
	broken := errors.New("the issuer's module is gone")
	cfg.Issue = func(ctx context.Context, a *perso.Applicant) ([]byte, error) {
		if n++; n == 6 {
			return nil, broken
		}
		return issue(ctx, a)
	}
	r, err := try(t, cfg, dir, people(9))
	require.ErrorIs(t, err, broken)
	assert.Equal(t, 7, r.Made)
	r = run(t, cfg, dir, people(9))
	assert.Equal(t, 7, r.Before)
	assert.Equal(t, 2, r.Made)
}

func FuzzReader(f *testing.F) {
	f.Add([]byte(people(2)))
	f.Add([]byte("serial,subject\n1,2\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := perso.NewReader(bytes.NewReader(b))
		if err != nil {
			return
		}
		for rows := 0; ; rows++ {
			record, err := r.Next()
			var wrong *perso.RowError
			switch {
			case err == nil:
				assert.LessOrEqual(t, len(record.Subject), perso.MaxSubject)
				assert.LessOrEqual(t, len(record.Person), app.PersonSize)
				assert.LessOrEqual(t, len(record.PIN), app.MaxPIN)
			case !errors.As(err, &wrong):
				return
			}
			assert.LessOrEqual(t, rows, len(b))
		}
	})
}

// BenchmarkPersonalise prints how many cards one core makes: the card's key, 7 keys put, proof, credential, files, all
// through the card's own commands.
func BenchmarkPersonalise(b *testing.B) {
	cfg, dir := config(b), b.TempDir()
	cfg.Batch = 256
	source, err := perso.NewReader(strings.NewReader(people(b.N)))
	require.NoError(b, err)
	j, err := perso.OpenJournal(filepath.Join(dir, "journal"), cfg.Fingerprint())
	require.NoError(b, err)
	defer j.Close()
	d, err := perso.OpenDeck(filepath.Join(dir, "deck"), true, cfg.Keys)
	require.NoError(b, err)
	defer d.Close()
	cpu := func() time.Duration {
		var u syscall.Rusage
		require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	b.ReportAllocs()
	b.ResetTimer()
	before := cpu()
	r, err := perso.Run(context.Background(), cfg, source, d, j)
	require.NoError(b, err)
	require.Equal(b, b.N, r.Made)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "cards/s")
	b.ReportMetric(float64(b.N)/(cpu()-before).Seconds(), "cards/cpu-s") // what one core does that has nothing else to do
}
