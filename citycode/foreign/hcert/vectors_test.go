package hcert

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/big"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the vectors anew")

const vectorsPath = "../vectors/v1/hcert.json"

type vectorFile struct {
	Version       string        `json:"version"`
	Generator     string        `json:"generator"`
	NumberOfTests int           `json:"numberOfTests"`
	Clock         int64         `json:"clock"`
	Skew          int           `json:"skew"`
	Keys          []vectorKey   `json:"keys"`
	Groups        []vectorGroup `json:"groups"`
}

type vectorKey struct {
	ID        string `json:"id"`
	X         string `json:"x"`
	Y         string `json:"y"`
	NotBefore int64  `json:"notBefore"`
	NotAfter  int64  `json:"notAfter"`
}

type vectorGroup struct {
	Comment string       `json:"comment"`
	Tests   []vectorTest `json:"tests"`
}

type vectorTest struct {
	ID          string             `json:"id"`
	Comment     string             `json:"comment"`
	Text        string             `json:"text"`
	Result      string             `json:"result"`
	Reason      string             `json:"reason,omitempty"`
	Certificate *vectorCertificate `json:"certificate,omitempty"`
}

type vectorCertificate struct {
	Issuer   string `json:"issuer"`
	IssuedAt int64  `json:"issuedAt"`
	Expires  int64  `json:"expires"`
	KeyID    string `json:"keyId"`
	HCert    string `json:"hcert"`
}

func told(c *Certificate) *vectorCertificate {
	return &vectorCertificate{c.Issuer, c.IssuedAt.Unix(), c.Expires.Unix(), hex.EncodeToString(c.KeyID[:]), hex.EncodeToString(c.HCert)}
}

// makeVectors writes what the tests of this package know to be right: the reasons
// are theirs, and only what is in an accepted certificate is read by the verifier.
func makeVectors(t *testing.T) *vectorFile {
	v := newVerifier(t, nil)
	f := &vectorFile{Version: "1", Generator: "go test ./citycode/foreign/hcert -update", Clock: noon, Skew: int(DefaultSkew / time.Second)}
	ended := keyOf(t, "second")
	ended.ID, ended.NotAfter = kidOf(issuer), time.Unix(noon-1, 0)
	for _, k := range []Key{keyOf(t, issuer), ended} {
		f.Keys = append(f.Keys, vectorKey{hex.EncodeToString(k.ID[:]), fmt.Sprintf("%064x", k.Public.X), fmt.Sprintf("%064x", k.Public.Y), k.NotBefore.Unix(), k.NotAfter.Unix()})
	}
	group := func(comment string) { f.Groups = append(f.Groups, vectorGroup{Comment: comment}) }
	add := func(comment, text, reason string) {
		f.NumberOfTests++
		test := vectorTest{ID: fmt.Sprintf("hc-%04d", f.NumberOfTests), Comment: comment, Text: text, Result: "invalid", Reason: reason}
		if reason == "" {
			c, err := v.Verify(text)
			require.NoError(t, err, comment)
			test.Result, test.Certificate = "valid", told(c)
		}
		g := &f.Groups[len(f.Groups)-1]
		g.Tests = append(g.Tests, test)
	}
	group("Made by other implementations of everything")
	made := independent(t)
	for _, name := range slices.Sorted(maps.Keys(made.Certificates)) {
		add(name, made.Certificates[name], "")
	}
	group("Messages")
	for _, c := range alterations() {
		d := newDraft()
		c.change(d)
		add(c.what, d.text(t), c.reason)
	}
	d := newDraft()
	d.by = "second"
	add("signed by the second key of the id, which has ended", d.text(t), "key-not-valid")
	group("Texts")
	for _, c := range framings(t) {
		add(c.what, c.text, "malformed")
	}
	return f
}

// What zlib makes of a message may change with the Go release, so the file is
// compared by what is in it.
func TestVectors(t *testing.T) {
	want := makeVectors(t)
	if *update {
		var b bytes.Buffer
		out := json.NewEncoder(&b)
		out.SetEscapeHTML(false)
		out.SetIndent("", "  ")
		require.NoError(t, out.Encode(want))
		require.NoError(t, os.WriteFile(vectorsPath, b.Bytes(), 0o666))
		return
	}
	b, err := os.ReadFile(vectorsPath)
	require.NoError(t, err)
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	f := new(vectorFile)
	require.NoError(t, d.Decode(f))

	cfg := Config{Now: func() time.Time { return time.Unix(f.Clock, 0) }, Skew: time.Duration(f.Skew) * time.Second}
	number := func(digits string) *big.Int { n, _ := new(big.Int).SetString(digits, 16); return n }
	for _, k := range f.Keys {
		id, err := hex.DecodeString(k.ID)
		require.NoError(t, err)
		cfg.Keys = append(cfg.Keys, Key{KID(id), &ecdsa.PublicKey{Curve: elliptic.P256(), X: number(k.X), Y: number(k.Y)}, time.Unix(k.NotBefore, 0), time.Unix(k.NotAfter, 0)})
	}
	v, err := NewVerifier(cfg)
	require.NoError(t, err)
	tests := func(f *vectorFile) (list []vectorTest) {
		for _, g := range f.Groups {
			list = append(list, g.Tests...)
		}
		return list
	}
	have, generated := tests(f), tests(want)
	require.Len(t, have, len(generated), "go test ./citycode/foreign/hcert -update")
	assert.Len(t, have, f.NumberOfTests)
	for i, test := range have {
		c, err := v.Verify(test.Text)
		assert.Equal(t, test.Reason, reasonOf(err), "%s: %s", test.ID, test.Comment)
		assert.Equal(t, test.Result == "valid", err == nil, test.ID)
		if err == nil {
			assert.Equal(t, test.Certificate, told(c), test.ID)
		}
		inside, _ := unpack(test.Text)
		same, _ := unpack(generated[i].Text)
		assert.Equal(t, same, inside, "%s is not what its generator makes: go test ./citycode/foreign/hcert -update", test.ID)
		test.Text, generated[i].Text = "", ""
		assert.Equal(t, generated[i], test)
	}
}
