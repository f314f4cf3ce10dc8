package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/refserver/migrate"
)

type countFrom uint32

func (c *countFrom) Next() (uint32, error) { *c++; return uint32(*c), nil }

// A phone of the old code: its key, made from a published sentence.
func oldPhone(t testing.TB, n int) *citycode.SoftwareKey {
	h := engine.Default().NewSM3()
	fmt.Fprintf(h, "citizencode migration TEST phone %d", n)
	signer, err := engine.NewSigner(h.Sum(nil))
	require.NoError(t, err)
	key, err := citycode.NewSoftwareKey(signer, new(countFrom))
	require.NoError(t, err)
	return key
}

func reportOf(t testing.TB, out string) (r migrate.Report) {
	require.NoError(t, json.Unmarshal([]byte(out), &r), out)
	return r
}

func verdictsOf(t testing.TB, r migrate.Report, place string) map[string]int {
	for _, p := range r.Places {
		if p.ID == place {
			return p.Verdicts
		}
	}
	require.Fail(t, "no place "+place)
	return nil
}

const ownProfile = `[{"id":"0xf2","name":"social-card","city":210200,"kind":"person","keyMode":"explicit","source":"social-security","subject":32,"seal":40,"sourceSegment":0,"prefix":0,"challenge":"optional","assurance":"software","maxAge":60,"maxLifetime":604800,"statusAge":86400,"unknownStatusPasses":false,"anyAudience":false,"onlineScenes":"none"}]`

// Two cities with two source codes: medical with subjects of 8 bytes, and social
// security with subjects of 32 bytes and an identity that only the authority reads.
func TestMigrate(t *testing.T) {
	const people, now = 300, "2026-11-23T08:00:00+08:00"
	for _, city := range []struct {
		code, profile, scenes, verify, keys string
		subject                             int
	}{
		{"210100", "medical", "medical", "medical", "", 8},
		{"210200", "social-card", "affairs", "affairs", ownProfile, 32},
	} {
		t.Run(city.profile, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			at := func(name string) string { return filepath.Join(dir, name) }
			keys := []string{"keys", "--dir", at("city"), "--city", city.code, "--at", now}
			if city.keys != "" {
				require.NoError(t, os.WriteFile(at("own.json"), []byte(city.keys), 0o600))
				keys = append(keys, "--profiles", at("own.json"))
			}
			must(t, keys...)
			flags := func(command string, more ...string) []string {
				return append([]string{"migrate", command, "--dir", at("city"), "--profile", city.profile, "--scenes", city.scenes, "--at", now, "--json"}, more...)
			}
			phones := make(map[string]*citycode.SoftwareKey)
			header, base := "subject,key,benefit\n", strings.Builder{}
			if city.keys != "" {
				header = "subject,key,benefit,identity\n"
			}
			base.WriteString(header)
			row := func(subject string, key fmt.Stringer, benefit int) string {
				line := fmt.Sprintf("%s,%s,%d", subject, key, benefit)
				if city.keys != "" {
					line += ",测试人 " + subject[max(0, len(subject)-4):]
				}
				return line + "\n"
			}
			for n := range people {
				subject := fmt.Sprintf("%0*x", 2*city.subject, n+1)
				phones[subject] = oldPhone(t, n)
				base.WriteString(row(subject, phones[subject].PublicKey(), n%4))
			}
			first := fmt.Sprintf("%0*x", 2*city.subject, 1)
			other := oldPhone(t, 9999).PublicKey()
			base.WriteString(row(first, other, 0))                                                               // subject-twice
			base.WriteString(row("00", other, 0))                                                                // bad-subject
			base.WriteString(row(strings.Repeat("a", 2*city.subject), hexText("02"+strings.Repeat("f", 64)), 0)) // bad-key
			base.WriteString(row(strings.Repeat("b", 2*city.subject), other, 999))                               // bad-benefit
			base.WriteString("one,cell\n" + strings.Repeat("x", migrate.MaxLine+10) + "\n\"q\",,\n")             // columns, too-long, not-text
			require.NoError(t, os.WriteFile(at("base.csv"), []byte(base.String()), 0o600))
			left := map[migrate.Reason]int{migrate.SubjectTwice: 1, migrate.BadSubject: 1, migrate.BadKey: 1, migrate.BadBenefit: 1,
				migrate.Columns: 1, migrate.TooLong: 1, migrate.NotText: 1}
			if city.keys != "" {
				left[migrate.Columns], left[migrate.BadSubject] = 1, 1
			}

			r := reportOf(t, must(t, flags("report", at("base.csv"))...))
			assert.Equal(t, people, r.Rows)
			assert.Zero(t, r.Proven)
			assert.Equal(t, left, r.Left)
			assert.Contains(t, r.Errors, fmt.Sprintf("line %d: subject-twice", people+2))
			if city.profile == "medical" {
				assert.Equal(t, map[string]int{migrate.TakenOnline: people}, verdictsOf(t, r, "hospital"))
			} else {
				assert.Equal(t, map[string]int{migrate.OtherProfile: people}, verdictsOf(t, r, "hospital"))
			}
			assert.Equal(t, map[string]int{migrate.OtherProfile: people}, verdictsOf(t, r, "transit"))

			// The old application has its phones sign when they are opened: two in three so far, one of them wrongly.
			r = reportOf(t, must(t, flags("ask", "--out", at("asked.csv"), at("base.csv"))...))
			assert.Equal(t, people, r.Rows)
			asked, err := os.ReadFile(at("asked.csv"))
			require.NoError(t, err)
			lines := strings.Split(strings.TrimSpace(string(asked)), "\n")
			require.Len(t, lines, people+1)
			id, err := citycode.ParseKeyID(city.code + "/001")
			if err != nil {
				id = issuerOf(t, at("city"))
			}
			answer := func(n int) string {
				cells := strings.Split(lines[n], ",")
				var nonce [citycode.PossessionNonceSize]byte
				_, err := hex.Decode(nonce[:], []byte(cells[5]))
				require.NoError(t, err)
				proof, err := phones[cells[0]].ProvePossession(id, nonce)
				require.NoError(t, err)
				cells[6] = hex.EncodeToString(proof.Signature[:])
				return strings.Join(cells, ",")
			}
			answered, all := []string{lines[0]}, []string{lines[0]}
			for n := 1; n <= people; n++ {
				whole := answer(n)
				all = append(all, whole)
				switch {
				case n == 7: // signed by another phone
					cells := strings.Split(whole, ",")
					cells[6] = strings.Split(answer(8), ",")[6]
					answered = append(answered, strings.Join(cells, ","))
				case n == 9: // a number that the authority did not draw
					cells := strings.Split(whole, ",")
					cells[5] = strings.Repeat("0", 32)
					answered = append(answered, strings.Join(cells, ","))
				case n%3 == 0:
					answered = append(answered, lines[n])
				default:
					answered = append(answered, whole)
				}
			}
			require.NoError(t, os.WriteFile(at("answered.csv"), []byte(strings.Join(answered, "\n")+"\n"), 0o600))
			issue := flags("issue", "--out", at("credentials.csv"), at("answered.csv"))
			r = reportOf(t, must(t, issue...))
			assert.Equal(t, map[migrate.Reason]int{migrate.NoProof: people/3 - 1, migrate.BadNonce: 1, migrate.BadProof: 1}, r.Left)
			first1, err := os.ReadFile(at("credentials.csv"))
			require.NoError(t, err)

			// A crash in the middle of a line, and the rest of the people.
			require.NoError(t, os.WriteFile(at("credentials.csv"), first1[:len(first1)*2/3], 0o600))
			require.NoError(t, os.WriteFile(at("all.csv"), []byte(strings.Join(all, "\n")+"\n"), 0o600))
			must(t, flags("issue", "--out", at("credentials.csv"), at("all.csv"))...)
			b, err := os.ReadFile(at("credentials.csv"))
			require.NoError(t, err)
			issued := strings.Split(strings.TrimSpace(string(b)), "\n")
			require.Len(t, issued, people+1)
			serials, subjects := make(map[string]bool), make(map[string]bool)
			for _, line := range issued[1:] {
				cells := strings.Split(line, ",")
				assert.False(t, subjects[cells[0]] || serials[cells[1]], line)
				subjects[cells[0]], serials[cells[1]] = true, true
			}
			again := must(t, flags("issue", "--out", at("credentials.csv"), at("all.csv"))...)
			assert.Equal(t, people, reportOf(t, again).Rows)
			same, err := os.ReadFile(at("credentials.csv"))
			require.NoError(t, err)
			assert.Equal(t, b, same)

			// One of them is shown and accepted.
			cells := strings.Split(issued[5], ",")
			raw, err := hex.DecodeString(cells[2])
			require.NoError(t, err)
			cred, err := citycode.ParseCredential(raw)
			require.NoError(t, err)
			holder, err := citycode.NewHolder(cred, phones[cells[0]])
			require.NoError(t, err)
			moment, err := time.Parse(time.RFC3339, now)
			require.NoError(t, err)
			audience, err := citycode.ParseScenes(city.verify)
			require.NoError(t, err)
			token, err := holder.Present(citycode.Presentation{Time: moment, Audience: audience})
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(at("code"), token.Bytes(), 0o600))
			verify := []string{"verify", "--dir", at("city"), "--audience", city.verify, "--online", "--at", now, at("code")}
			if city.keys != "" {
				verify = append(verify, "--seal-key", at("city/authority/seal.pem"))
			}
			code, out, problem := call(context.Background(), strings.NewReader(""), verify...)
			require.Zero(t, code, out+problem)
			if city.keys != "" {
				assert.Contains(t, out, "测试人 ")
				assert.NotContains(t, string(raw), "测试人")
			}
		})
	}
}

type hexText string

func (h hexText) String() string { return string(h) }

// issuerOf returns the key that the city issues with.
func issuerOf(t testing.TB, dir string) citycode.KeyID {
	a, err := openAuthority(t.Context(), dir, nil, time.Now().AddDate(1, 0, 0))
	require.NoError(t, err)
	defer a.Close()
	return a.id(roleOf(citycode.MedicalProfile()))
}
