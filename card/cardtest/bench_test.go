package cardtest_test

import (
	"bytes"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/transport/pcsc"
)

// identify is what a gate does with a card: SELECT, READ BINARY, INTERNAL AUTHENTICATE.
var identify = []apdu.Command{
	app.Select(app.TestAID),
	app.ReadBinary(app.SFICredential, 0, 256),
	app.InternalAuthenticate(app.AuthenticateRequest{Time: 1_795_334_400, Audience: 4}),
}

// measure sends the commands, one after the other, n times, and returns how long each time took, shortest first.
func measure(t testing.TB, c card.Transport, n int, commands ...apdu.Command) []time.Duration {
	var encoded [][]byte
	for _, command := range commands {
		b, err := command.Bytes()
		require.NoError(t, err)
		encoded = append(encoded, b)
	}
	took := make([]time.Duration, n)
	for i := range took {
		start := time.Now()
		for _, command := range encoded {
			answer, err := c.Transmit(command)
			if err != nil || !bytes.HasSuffix(answer, []byte{0x90, 0x00}) {
				require.Fail(t, "refused", "%X: %X %v", command, answer, err)
			}
		}
		took[i] = time.Since(start)
	}
	slices.Sort(took)
	return took
}

func percentile(sorted []time.Duration, p int) time.Duration { return sorted[(len(sorted)-1)*p/100] }

// virtual connects to a new card in the first reader.
func virtual(t testing.TB) card.Transport {
	s := openSlot(t, 0)
	s.insert(newCard(t))
	c, err := s.pcscd.Connect(t.Context(), s.name, pcsc.Exclusive)
	require.NoError(t, err)
	return c
}

// testTime prints what a command, and all that a gate does, cost through pcscd and vpcd. It asserts nothing: that is for
// the machine to say.
func testTime(t *testing.T) {
	c := virtual(t)
	took := measure(t, c, 1000, app.GetChallenge())
	t.Logf("a command: p50 %v, p99 %v", percentile(took, 50), percentile(took, 99))
	took = measure(t, c, 300, identify...)
	t.Logf("an identification, 3 commands and SM2: p50 %v, p99 %v", percentile(took, 50), percentile(took, 99))
}

// BenchmarkPCSC is a command, and an identification, through pcscd and the virtual reader; make readers runs it.
func BenchmarkPCSC(b *testing.B) {
	if os.Getenv("CARDTEST_PORT") == "" {
		b.Skip("needs pcscd: make readers")
	}
	for name, commands := range map[string][]apdu.Command{"challenge": {app.GetChallenge()}, "identify": identify} {
		b.Run(name, func(b *testing.B) {
			c := virtual(b)
			b.ResetTimer()
			took := measure(b, c, b.N, commands...)
			b.ReportMetric(float64(percentile(took, 50))/1e3, "p50-us")
			b.ReportMetric(float64(percentile(took, 99))/1e3, "p99-us")
		})
	}
}
