package citycode_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
)

// What two operators of different groups can join (SPEC §8). Both keep the last
// code that they accepted of each citizen, every byte of it, and are curious.

const crowd = 200

// A logLine is what an operator has of one citizen, and who it was, which only
// the test knows.
type logLine struct {
	citizen int
	fields  map[string][]byte
}

// shown says what is issued to a citizen for a group, and how he shows it.
type shown struct {
	claims citycode.Claims
	key    string
	uses   int           // codes before the one that is logged
	when   time.Duration // of the day
}

// operate runs one operator's day.
func operate(t testing.TB, c *privateCity, e engine.Engine, group citycode.Scenes, day []shown) []logLine {
	t.Helper()
	order := make([]int, len(day))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return int(day[a].when - day[b].when) })
	c.Clock.Set(citycodetest.Start.Add(12 * time.Hour))
	v := c.verifier(e)
	var log []logLine
	for _, i := range order {
		d := day[i]
		cred, err := c.issuer.Issue(d.claims)
		require.NoError(t, err)
		h, err := citycode.NewHolder(cred, softwareKey(t, d.key, &counter{n: uint32(d.uses)}))
		require.NoError(t, err)
		c.Clock.Set(citycodetest.Start.Add(12*time.Hour + d.when))
		token := c.show(h, group, nil)
		verified, err := v.Verify(token, citycode.Check{Audience: group, Online: true})
		require.NoError(t, err)
		line := logLine{i, make(map[string][]byte)}
		for _, f := range token.Fields() {
			line.fields[f.Name] = verified.Bytes()[f.Offset : f.Offset+f.Length]
		}
		log = append(log, line)
	}
	return log
}

// sameValue is how many citizens somebody expects to find who takes, for each
// line of a, one of the lines of b with the same value of a field.
func sameValue(a, b []logLine, field string) (found float64) {
	for _, l := range a {
		candidates, right := 0, false
		for _, m := range b {
			if bytes.Equal(l.fields[field], m.fields[field]) {
				candidates++
				right = right || m.citizen == l.citizen
			}
		}
		if right {
			found += 1 / float64(candidates)
		}
	}
	return found
}

// sameRank is how many he finds who sorts both by the field and pairs them off.
func sameRank(a, b []logLine, field string) (found int) {
	sorted := func(lines []logLine) []logLine {
		return slices.SortedStableFunc(slices.Values(lines), func(x, y logLine) int { return bytes.Compare(x.fields[field], y.fields[field]) })
	}
	a, b = sorted(a), sorted(b)
	for i := range a {
		if a[i].citizen == b[i].citizen {
			found++
		}
	}
	return found
}

// permutation returns the indices first..first+crowd-1 in an order of chance.
func permutation(seed byte, first int) []uint32 {
	list := make([]uint32, crowd)
	for i, v := range rand.New(rand.NewChaCha8([32]byte{seed})).Perm(crowd) {
		list[i] = uint32(first + v)
	}
	return list
}

// aDay returns what every citizen shows to a group. index gives the citizen's
// slot; one drawn for each group joins nothing.
func aDay(t testing.TB, c *privateCity, p citycode.Profile, mask citycode.Scenes, name string, index []uint32) []shown {
	t.Helper()
	random := citycodetest.Random("the day of " + name)
	draw := func(n int) int {
		var b [4]byte
		_, err := random.Read(b[:])
		require.NoError(t, err)
		return int(binary.BigEndian.Uint32(b[:])) % n
	}
	var day []shown
	for i := range crowd {
		key := fmt.Sprint(name, " citizen ", i)
		claims := c.claims(key, p, mask)
		// Rounded to the day, and one of four ends.
		claims.IssuedAt = citycodetest.Start
		claims.NotAfter = citycodetest.Start.Add(time.Duration(21+draw(4)) * time.Hour)
		claims.Index = index[i]
		day = append(day, shown{claims, key, draw(50), time.Duration(draw(3600)) * time.Second})
	}
	return day
}

// TestPrivacyGroups: one credential for each purpose group, issued to the same
// people on the same day: no field of a code joins two operators' logs better
// than chance, which finds one citizen of the crowd.
func TestPrivacyGroups(t *testing.T) {
	if testing.Short() {
		t.Skip("eight hundred signatures and nothing concurrent: runs in full without -short")
	}
	// Poisson with mean 1: eight or more in one of 10^5; the draws are fixed.
	const chance = 8
	c := newPrivateCity(t, citycodetest.Shenyang, nil)
	ride := aDay(t, c, citycode.TransitProfile(), citycode.Transit, "ride", permutation(1, 2000))
	park := aDay(t, c, citycode.TransitProfile(), citycode.Parking, "park", permutation(2, 4000))
	for i := range ride {
		ride[i].claims.Benefit = uint8(i % 4) // only where it is needed
	}
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		a, b := operate(t, c, e, citycode.Transit, ride), operate(t, c, e, citycode.Parking, park)
		fields := a[0].fields
		for _, name := range []string{"subject", "holderKey", "statusIndex", "counter", "issuerSignature", "holderSignature", "issuedAt", "notAfter", "time"} {
			require.Contains(t, fields, name)
		}
		for name := range fields {
			assert.Less(t, sameValue(a, b, name), 3.0, "equal %s", name)
			// All lines equal are sorted by nothing.
			assert.Less(t, sameRank(a, b, name), chance, "order of %s", name)
		}
		for _, name := range []string{"subject", "holderKey", "statusIndex", "issuerSignature", "holderSignature"} {
			for _, l := range a {
				for _, m := range b {
					require.NotEqual(t, l.fields[name], m.fields[name], "%s of %d and %d", name, l.citizen, m.citizen)
				}
			}
		}
	})

	// Why the index is permuted: slots given out in one order in both groups
	// join everybody, though no index is in both logs.
	inOrder := func(first int) (list []uint32) {
		for i := range crowd {
			list = append(list, uint32(first+i))
		}
		return list
	}
	a := operate(t, c, engine.Default(), citycode.Transit, aDay(t, c, citycode.TransitProfile(), citycode.Transit, "ride", inOrder(2000)))
	b := operate(t, c, engine.Default(), citycode.Parking, aDay(t, c, citycode.TransitProfile(), citycode.Parking, "park", inOrder(4000)))
	assert.Equal(t, crowd, sameRank(a, b, "statusIndex"))
	assert.Zero(t, sameValue(a, b, "statusIndex"))
}

// TestPrivacyUniversal: one code for every scene can be joined by construction,
// as SPEC §3.2 and §8 say; whoever chooses it is told so.
func TestPrivacyUniversal(t *testing.T) {
	if testing.Short() {
		t.Skip("eight hundred signatures and nothing concurrent: runs in full without -short")
	}
	c := newPrivateCity(t, citycodetest.Shenyang, nil)
	both := aDay(t, c, citycode.UniversalProfile(), citycode.Transit|citycode.Parking, "universal", permutation(3, 2000))
	later := slices.Clone(both)
	random := rand.New(rand.NewChaCha8([32]byte{4}))
	for i := range later {
		later[i].uses += 1 + random.IntN(50)
		later[i].when = time.Duration(random.IntN(3600)) * time.Second
	}
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		a, b := operate(t, c, e, citycode.Transit, both), operate(t, c, e, citycode.Parking, later)
		for _, name := range []string{"subject", "holderKey", "statusIndex", "issuerSignature"} {
			assert.InDelta(t, crowd, sameValue(a, b, name), 0.001, name)
			assert.Equal(t, crowd, sameRank(a, b, name), name)
		}
		assert.Less(t, sameValue(a, b, "holderSignature"), 1.0, "but not by what is made anew")
	})
}
