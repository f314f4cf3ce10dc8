package cos_test

import (
	"encoding/asn1"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/cos"
	"github.com/citizencode/citizencode/card/cos/costest"
	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
)

// elder returns options of a card whose credential the city issues: an elder of the city, made up, who rides the bus.
// The credential is kept in *credential.
func elder(t testing.TB, city *citycodetest.City, credential **citycode.Credential) costest.Options {
	issuer := city.Issuer.ID()
	return costest.Options{
		Create: func(c *app.Create) { c.IssuerKey = uint32(issuer) },
		Credential: func(p *costest.Personaliser) []byte {
			nonce := [16]byte{0x70, 0x6f, 0x70, 0x70}
			cred, err := city.Issuer.Issue(citycode.Claims{Profile: citycode.ProfileCard, IssuedAt: citycodetest.Start, NotAfter: citycodetest.Start.Add(7 * 24 * time.Hour),
				Index: 4712, Scenes: citycode.Transit, Benefit: 2, Subject: []byte{0x0e, 0x1d, 0xe4, 0, 0, 0, 0, 1},
				Possession: &citycode.Possession{Issuer: issuer, Nonce: nonce, Key: p.Public, Signature: p.ProvePossession(uint32(issuer), nonce)}})
			require.NoError(t, err)
			*credential = cred
			return cred.Bytes()
		},
	}
}

// A cardKey is the card as citycode sees it. It keeps to the card's own rules: nothing but its time, audience and challenge
// reaches it.
type cardKey struct {
	card   card.Transport
	public citycode.PublicKey
}

func (k cardKey) PublicKey() citycode.PublicKey { return k.public }

func (k cardKey) SignToken(_, dynamic []byte) ([]byte, error) {
	data := append(append(append([]byte(nil), dynamic[:4]...), dynamic[8:10]...), dynamic[11:]...)
	command, err := apdu.Command{INS: apdu.InsInternalAuthenticate, Data: data, Ne: app.AuthenticateAnswerSize}.Bytes()
	if err != nil {
		return nil, err
	}
	for _, b := range [][]byte{must(app.Select(app.TestAID).Bytes()), command} {
		answer, err := k.card.Transmit(b)
		if err != nil {
			return nil, err
		}
		r, err := apdu.ParseResponse(answer)
		if err != nil {
			return nil, err
		}
		if r.Status != apdu.OK {
			return nil, r.Status
		}
		data = r.Data
	}
	return data, nil
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

// TestToken: the issuer takes the card's proof, the card makes its side of the token, and a verifier that knows nothing
// of cards accepts it, once.
func TestToken(t *testing.T) {
	t.Parallel()
	city := citycodetest.NewCity(t, citycodetest.Shenyang)
	var credential *citycode.Credential
	c := costest.New(t, elder(t, city, &credential))
	sel(t, c)
	assert.Equal(t, credential.Bytes(), costest.Send(t, c, app.ReadBinary(app.SFICredential, 0, 256)))

	key := cardKey{c, citycode.PublicKey(credential.Bytes()[31:64])}
	holder, err := citycode.NewHolder(credential, key)
	require.NoError(t, err)
	verifier := city.Verifier(nil)
	challenge := func() *citycode.Challenge {
		ch, err := citycode.NewChallenge(citycode.ChallengeConfig{Terminal: []byte("bus 1"), Now: city.Clock.Now(), Rand: citycodetest.Random("challenge")})
		require.NoError(t, err)
		return ch
	}
	drawn := challenge()
	token, err := holder.Present(citycode.Presentation{Time: city.Clock.Now(), Audience: citycode.Transit, Challenge: drawn.Bytes()})
	require.NoError(t, err)
	assert.Len(t, token.Bytes(), 219)
	verified, err := verifier.Verify(token, citycode.Check{Audience: citycode.Transit, Challenge: drawn})
	require.NoError(t, err)
	assert.Equal(t, citycode.ProfileCard, verified.Profile().ID)
	assert.EqualValues(t, 1, c.Inside().Signed)

	refused := func(token *citycode.Token, check citycode.Check, want citycode.Reason) {
		_, err := verifier.Verify(token, check)
		var refusal *citycode.VerifyError
		require.True(t, errors.As(err, &refusal), "%v", err)
		assert.Equal(t, want, refusal.Reason)
	}
	refused(token, citycode.Check{Audience: citycode.Transit, Challenge: drawn, Lane: "2"}, citycode.ChallengeReused)
	other, err := citycode.NewChallenge(citycode.ChallengeConfig{Terminal: []byte("bus 2"), Now: city.Clock.Now()})
	require.NoError(t, err)
	refused(token, citycode.Check{Audience: citycode.Transit, Challenge: other}, citycode.ChallengeMismatch)
	refused(token, citycode.Check{Audience: citycode.Transit}, citycode.ChallengeMismatch)

	// A terminal that wants tokens for later gets none: no other challenge is answered.
	for _, n := range []int{0, 8} {
		_, err := holder.Present(citycode.Presentation{Time: city.Clock.Now(), Audience: citycode.Transit, Challenge: make([]byte, n)})
		assert.ErrorIs(t, err, apdu.WrongLength)
	}
	assert.EqualValues(t, 1, c.Inside().Signed)
}

// TestCounterIsDurable: whenever the power fails, no counter is under two signatures.
func TestCounterIsDurable(t *testing.T) {
	t.Parallel()
	c := costest.New(t, costest.Options{})
	var last uint32
	for i := range 20 {
		sel(t, c)
		if i%3 == 1 {
			c.Memory().PowerOff()
			_, err := c.Transmit(must(app.InternalAuthenticate(authenticateRequest).Bytes()))
			require.ErrorIs(t, err, card.ErrCardLost)
		} else {
			a, err := app.ParseAuthenticateAnswer(costest.Send(t, c, app.InternalAuthenticate(authenticateRequest)))
			require.NoError(t, err)
			require.Greater(t, a.Counter, last)
			last = a.Counter
		}
		_, err := c.Reset(true)
		require.NoError(t, err)
	}
	// A random source that fails after the counter was written costs a number, never a second signature.
	broken, err := cos.New(c.Memory(), cos.Config{Rand: noRandom{}})
	require.NoError(t, err)
	sel(t, broken)
	_, status := costest.Try(t, broken, app.InternalAuthenticate(authenticateRequest))
	assert.Equal(t, apdu.NoPreciseDiagnosis, status)
	assert.Equal(t, last+1, broken.Inside().Signed)
	_, status = costest.Try(t, broken, app.GetChallenge())
	assert.Equal(t, apdu.NoPreciseDiagnosis, status)
}

type noRandom struct{}

func (noRandom) Read([]byte) (int, error) { return 0, errors.New("no randomness") }

// TestOpenSSLVerifies: what the card signs is the message of the standard, by a library that shares nothing with it.
func TestOpenSSLVerifies(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("openssl")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("openssl is missing: apt-get install openssl")
		}
		t.Skip("openssl is missing: apt-get install openssl")
	}
	dir := t.TempDir()
	file := func(name string, content []byte) string {
		name = filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(name, content, 0o600))
		return name
	}
	var public [33]byte
	var proof [64]byte
	issuer, nonce := uint32(0x334b4001), [16]byte{7}
	c := costest.New(t, costest.Options{Credential: func(p *costest.Personaliser) []byte {
		public, proof = p.Public, p.ProvePossession(issuer, nonce)
		return costest.Stand()
	}})
	x, y := decompress(public)
	spki, err := smx509.MarshalPKIXPublicKey(must2(sm2.NewPublicKey(append(append([]byte{4}, x...), y...))))
	require.NoError(t, err)
	key := file("public.pem", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki}))
	verify := func(signature [64]byte, message []byte) error {
		der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])})
		require.NoError(t, err)
		out, err := exec.Command(path, "pkeyutl", "-verify", "-pubin", "-inkey", key, "-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678",
			"-in", file("message", message), "-sigfile", file("signature", der)).CombinedOutput()
		if err != nil {
			t.Logf("%s", out)
		}
		return err
	}

	sel(t, c)
	a, err := app.ParseAuthenticateAnswer(costest.Send(t, c, app.InternalAuthenticate(authenticateRequest)))
	require.NoError(t, err)
	// By hand, as SPEC §4 has it.
	message := append([]byte("CC1/tokn"), costest.Stand()...)
	message = append(message, 0x6b, 0x02, 0xa1, 0x00, 0, 0, 0, 1, 0, 1, 16)
	message = append(message, authenticateRequest.Challenge[:]...)
	assert.NoError(t, verify(a.Signature, message))
	message[len(message)-1] ^= 1
	assert.Error(t, verify(a.Signature, message))

	possession := binary.BigEndian.AppendUint32([]byte("CC1/popp\x02"), issuer)
	possession = append(append(possession, nonce[:]...), public[:]...)
	assert.NoError(t, verify(proof, possession))
}

func must2[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// decompress returns both coordinates of a point of the SM2 curve.
func decompress(point [33]byte) (x, y []byte) {
	p := sm2.P256().Params()
	vx := new(big.Int).SetBytes(point[1:])
	// y^2 = x^3 - 3x + b; p is 3 mod 4
	y2 := new(big.Int).Exp(vx, big.NewInt(3), p.P)
	y2.Sub(y2, new(big.Int).Mul(big.NewInt(3), vx)).Add(y2, p.B).Mod(y2, p.P)
	vy := new(big.Int).ModSqrt(y2, p.P)
	if vy.Bit(0) != uint(point[0]&1) {
		vy.Sub(p.P, vy)
	}
	return vx.FillBytes(make([]byte, 32)), vy.FillBytes(make([]byte, 32))
}
