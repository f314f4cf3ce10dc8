package cos_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/cos"
	"github.com/citizencode/citizencode/card/cos/costest"
)

// BenchmarkPersonalise fills a card by commands, key pair included. The issuer's signature is not in it.
func BenchmarkPersonalise(b *testing.B) {
	b.ReportAllocs()
	for range b.N {
		costest.New(b, costest.Options{})
	}
}

// BenchmarkIdentify is SELECT, READ BINARY and INTERNAL AUTHENTICATE.
func BenchmarkIdentify(b *testing.B) {
	c := costest.New(b, costest.Options{})
	b.ReportAllocs()
	for range b.N {
		sel(b, c)
		costest.Send(b, c, app.ReadBinary(app.SFICredential, 0, 256))
		costest.Send(b, c, app.InternalAuthenticate(authenticateRequest))
	}
}

// BenchmarkPurchase is INITIALIZE and DEBIT of 0 fen, with the SAM's share.
func BenchmarkPurchase(b *testing.B) {
	c := costest.New(b, costest.Options{})
	sel(b, c)
	b.ReportAllocs()
	for i := range b.N {
		if i%60_000 == 59_999 { // before the counter ends
			require.NoError(b, c.SetCounters(0, 0, 0))
		}
		costest.Send(b, c, openPurchase(b, c, 1, 0, uint32(i)))
	}
}

// BenchmarkPowerUp is what recovery costs when there is nothing to recover.
func BenchmarkPowerUp(b *testing.B) {
	mem := costest.New(b, costest.Options{}).Memory()
	b.ReportAllocs()
	for range b.N {
		if _, err := cos.New(mem, cos.Config{}); err != nil {
			b.Fatal(err)
		}
	}
}
