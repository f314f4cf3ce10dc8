package store

import (
	"crypto"
	"crypto/rand"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/citycodetest"
	"github.com/citizencode/citizencode/citycode/engine"
)

func TestAnswers(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "answers")
	a, err := OpenAnswers(dir)
	require.NoError(t, err)
	request := [engine.DigestSize]byte{1}
	b, err := a.Load(request)
	require.NoError(t, err)
	require.Nil(t, b)
	for _, answer := range []string{"one", "two", "one"} {
		kept, err := a.Save(request, []byte(answer))
		require.NoError(t, err)
		require.Equal(t, "one", string(kept), "the first one stands")
	}
	again, err := OpenAnswers(dir)
	require.NoError(t, err)
	b, err = again.Load(request)
	require.NoError(t, err)
	require.Equal(t, "one", string(b))
	require.Len(t, tree(t, dir), 1, "no temporary file is left")
}

// Of many processes that answer one request at once all give the same answer.
func TestAnswersOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var mu sync.Mutex
	given := make(map[string]int)
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			a, err := OpenAnswers(dir)
			if !assert.NoError(t, err) {
				return
			}
			kept, err := a.Save([engine.DigestSize]byte{2}, []byte{byte(i)})
			assert.NoError(t, err)
			mu.Lock()
			defer mu.Unlock()
			given[string(kept)]++
		})
	}
	wait.Wait()
	require.Len(t, given, 1)
}

func secretKey(t *testing.T, name string) crypto.Signer {
	key, err := engine.NewSigner(citycodetest.Scalar(name))
	require.NoError(t, err)
	return key
}

// An issuer that lost its memory sends the answer that it gave before.
func TestAnswersOfAnIssuer(t *testing.T) {
	t.Parallel()
	a, err := OpenAnswers(t.TempDir())
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "implicit.pem")
	require.NoError(t, CreateKey(path, secretKey(t, "implicit"), []byte("right")))
	_, err = ReadImplicitKey(path, []byte("wrong"))
	require.ErrorContains(t, err, path)
	master, err := ReadImplicitKey(path, []byte("right"))
	require.NoError(t, err)
	public, err := citycode.PublicKeyOf(citycodetest.Key("implicit"))
	require.NoError(t, err)
	require.Equal(t, public, citycode.PublicKey(master.Point()))

	holder, err := citycode.NewSoftwareKey(citycodetest.Key("holder"), new(Wallet))
	require.NoError(t, err)
	proof, err := holder.ProvePossession(issuerKey, [16]byte{1})
	require.NoError(t, err)
	var answers []string
	for range 2 {
		issuer, err := citycode.NewImplicitIssuer(citycode.ImplicitIssuerConfig{ID: issuerKey, Key: master, Answers: a, Rand: rand.Reader})
		require.NoError(t, err)
		answer, err := issuer.Issue(citycode.Claims{Profile: citycode.ProfileImplicit, Scenes: citycode.Transit, Subject: make([]byte, 8),
			IssuedAt: citycodetest.Start, NotAfter: citycodetest.Start, Possession: proof})
		require.NoError(t, err)
		answers = append(answers, string(answer.Credential.Bytes())+string(answer.Share[:]))
	}
	require.Equal(t, answers[0], answers[1])
}

func TestSealKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	keys := make(map[string]bool)
	for _, name := range []string{"one", "two"} {
		path := filepath.Join(dir, name)
		require.NoError(t, CreateKey(path, secretKey(t, name), nil))
		for range 2 {
			key, err := ReadSealKey(path, nil)
			require.NoError(t, err)
			require.Len(t, key, 16)
			keys[string(key)] = true
		}
	}
	require.Len(t, keys, 2)
	_, err := ReadSealKey(filepath.Join(dir, "three"), nil)
	require.ErrorIs(t, err, os.ErrNotExist)
}
