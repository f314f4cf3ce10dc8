package cos_test

import (
	"encoding/hex"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/cos"
	"github.com/citizencode/citizencode/card/cos/costest"
	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/nvm"
	"github.com/citizencode/citizencode/card/purse"
	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
)

// What SPEC.md says and what the card does are compared here, so that neither can move alone.

// section returns what stands between a heading and the next of its kind.
func section(t *testing.T, heading string) string {
	t.Helper()
	text, err := os.ReadFile("../SPEC.md")
	require.NoError(t, err)
	_, rest, ok := strings.Cut(string(text), "\n"+heading)
	require.True(t, ok, "no section %q", heading)
	level := heading[:strings.IndexByte(heading, ' ')+1]
	part, _, _ := strings.Cut(rest, "\n"+level)
	return part
}

// An exchange is a command and its answer, as a section writes them.
type exchange struct{ command, answer []byte }

// dialogue reads the lines that begin with > and <.
func dialogue(t *testing.T, text string) (list []exchange) {
	t.Helper()
	for _, m := range regexp.MustCompile(`(?m)^    > (.*)\n((?:      .*\n)*)    < (.*)\n((?:      .*\n)*)`).FindAllStringSubmatch(text, -1) {
		var e exchange
		for i, to := range []*[]byte{&e.command, &e.answer} {
			b, err := hex.DecodeString(strings.Join(strings.Fields(m[1+2*i]+m[2+2*i]), ""))
			require.NoError(t, err, m[0])
			*to = b
		}
		list = append(list, e)
	}
	require.NotEmpty(t, list)
	return list
}

// held sends the commands of a dialogue to a card and compares the answers.
func held(t *testing.T, c *cos.Card, list []exchange) (answers [][]byte) {
	t.Helper()
	for _, e := range list {
		answer, err := c.Transmit(e.command)
		require.NoError(t, err)
		require.Equal(t, fmt.Sprintf("%X", e.answer), fmt.Sprintf("%X", answer), "answer to %X", e.command)
		require.Equal(t, []byte{0x90, 0}, answer[len(answer)-2:])
		answers = append(answers, answer[:len(answer)-2])
	}
	return answers
}

// exampleCard is the card of SPEC §0: an elder's, made up, with 100 yuan on it.
func exampleCard(t *testing.T, city *citycodetest.City) *cos.Card {
	var credential *citycode.Credential
	c := costest.New(t, elder(t, city, &credential))
	sel(t, c)
	costest.Send(t, c, openLoad(t, c, 1, 10_000))
	_, err := c.Reset(true)
	require.NoError(t, err)
	return c
}

func TestSpecExample(t *testing.T) {
	t.Parallel()
	city := citycodetest.NewCity(t, citycodetest.Shenyang)
	c := exampleCard(t, city)
	text := section(t, "## 0. ")
	list := dialogue(t, text)
	require.Len(t, list, 6)
	answers := held(t, c, list)
	bytes := 0
	for _, e := range list[:3] {
		bytes += len(e.command) + len(e.answer)
	}
	assert.Contains(t, section(t, "## 4. "), fmt.Sprintf("they are %d bytes", bytes))

	// The person: the terminal puts the token together from what it sent and what it got.
	city.Clock.Advance(8 * time.Hour)
	sent := list[2].command[5:27]
	request, err := app.ParseAuthenticateRequest(sent)
	require.NoError(t, err)
	assert.EqualValues(t, city.Clock.Now().Unix(), request.Time)
	answer, err := app.ParseAuthenticateAnswer(answers[2])
	require.NoError(t, err)
	raw := append(append(append([]byte(nil), answers[1]...), request.Dynamic(answer.Counter)...), answer.Signature[:]...)
	token, err := citycode.ParseToken(raw)
	require.NoError(t, err)
	assert.Contains(t, strings.Join(strings.Fields(text), ""), strings.ToUpper(hex.EncodeToString(request.Dynamic(answer.Counter))))
	challenge := citycode.RestoreChallenge(request.Challenge[:], city.Clock.Now(), false)
	_, err = city.Verifier(nil).Verify(token, citycode.Check{Audience: citycode.Transit, Challenge: challenge})
	require.NoError(t, err)

	// The money, by the keys that the text prints.
	printed := func(name string) key.Key {
		m := regexp.MustCompile(name + "\\s`([0-9A-F]{32})`").FindStringSubmatch(text)
		require.NotNil(t, m, name)
		b, err := hex.DecodeString(m[1])
		require.NoError(t, err)
		k, err := key.New(key.SM4, b)
		require.NoError(t, err)
		return k
	}
	opened, err := purse.ParseInitializePurchaseAnswer(answers[3])
	require.NoError(t, err)
	debit, err := purse.ParseDebitRequest(list[4].command[5:20])
	require.NoError(t, err)
	tx := purse.Transaction{Amount: 200, Kind: purse.Purchase, Terminal: purse.TerminalID(list[3].command[10:16]), At: debit.At}
	session := purse.PurchaseSession(printed("DPK"), opened.Random, opened.Seq, debit.TerminalSeq)
	assert.Equal(t, purse.PurchaseMAC1(session, tx), debit.MAC1)
	receipt, err := purse.ParseDebitAnswer(answers[4])
	require.NoError(t, err)
	assert.Equal(t, purse.DebitAnswer{TAC: purse.PurchaseTAC(printed("DTK"), debit.TerminalSeq, tx), MAC2: purse.PurchaseMAC2(session, 200)}, receipt)
	assert.EqualValues(t, 9800, balance(t, c))
}

func TestSpecFiles(t *testing.T) {
	t.Parallel()
	access := map[app.Access]string{app.Free: "free", app.Never: "never", app.Gate: "gate", app.Hospital: "hospital", app.Maintenance: "maintenance", app.FreeOrPIN: "free or PIN"}
	var want []string
	for _, f := range app.Files() {
		size := strconv.Itoa(f.Size)
		kind := "bytes"
		if f.Structure == app.Cyclic {
			kind, size = "records", fmt.Sprintf("%d × %d", f.Records, f.Size)
		}
		read := access[f.Read]
		if f.Encrypted {
			read += ", sealed"
		}
		want = append(want, fmt.Sprintf("%04X|%02X|%s|%s|%s|%s", f.FID, byte(f.SFI), kind, size, read, access[f.Write]))
	}
	var got []string
	for _, row := range rows(section(t, "### 1.3 ")) {
		if strings.HasPrefix(row[0], "EF") {
			got = append(got, strings.Join(row[:6], "|"))
		}
	}
	assert.Equal(t, want, got)
}

func TestSpecKeys(t *testing.T) {
	t.Parallel()
	var got []app.KeyID
	for _, row := range rows(section(t, "### 3.1 ")) {
		id, err := strconv.ParseUint(row[0], 16, 8)
		if err != nil {
			continue // the heading
		}
		got = append(got, app.KeyID(id))
		want := strconv.Itoa(app.MaxTries)
		switch app.KeyID(id) {
		case app.KeyPIN:
			want = strconv.Itoa(app.MaxPINTries)
		case app.KeyTAC:
			want = "–" // no command compares anything with it
		}
		assert.Equal(t, want, row[4], row[1])
	}
	assert.Equal(t, []app.KeyID{0, 1, 2, 3, 4, 5, 6, 7, 8}, got)
}

// rows returns the cells of tables.
func rows(text string) (list [][]string) {
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "|") {
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.Trim(cells[i], " `")
		}
		list = append(list, cells)
	}
	return list
}

// TestSpecStatusWords: the table of §11 has every status word that the table of refusals causes, and no other.
func TestSpecStatusWords(t *testing.T) {
	t.Parallel()
	caused := map[string]bool{"9000": true, "61xx": true} // TestGetResponse
	for _, r := range refusals() {
		s := r.status.String()
		switch {
		case r.status>>8 == 0x6C:
			s = "6Cxx"
		case r.status>>4 == 0x63C:
			s = "63Cx"
		}
		caused[s] = true
	}
	caused["6F00"] = true // TestCounterIsDurable
	caused["6A80"] = true // TestPutKey
	listed := make(map[string]bool)
	for _, row := range rows(section(t, "## 11. ")) {
		if len(row[0]) == 4 && row[0] != "----" {
			listed[row[0]] = true
			n, err := strconv.ParseUint(strings.NewReplacer("xx", "00", "x", "0").Replace(row[0]), 16, 16)
			require.NoError(t, err)
			assert.Equal(t, apdu.Status(n).Name(), row[1], row[0])
		}
	}
	assert.Equal(t, keysOf(caused), keysOf(listed))
}

func keysOf(m map[string]bool) (list []string) {
	for k := range m {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}

func TestSpecPersonalisation(t *testing.T) {
	t.Parallel()
	c, _ := costest.Blank(t, costest.Options{})
	held(t, c, dialogue(t, section(t, "## 7. ")))
}

// TestSpecNumbers: what §9 says of the memory.
func TestSpecNumbers(t *testing.T) {
	t.Parallel()
	text := section(t, "## 9. ")
	for _, want := range []string{
		fmt.Sprintf("%d pages of %d bytes", cos.Pages, nvm.PageSize), fmt.Sprintf("%d times", cos.FirmReadings),
		fmt.Sprintf("%d + 1", app.PurseLogRecords), fmt.Sprintf("%d + 1", app.GateLogRecords),
	} {
		assert.Contains(t, text, want)
	}
	for _, m := range nvm.Modes() {
		assert.Contains(t, text, "| "+m.String()+" |")
	}
}
