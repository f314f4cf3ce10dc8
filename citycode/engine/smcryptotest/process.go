// Package smcryptotest lets tests ask sm-crypto-v2, an implementation of SM2
// and SM4 in JavaScript that shares no line with any engine. It runs the
// program of engine/testdata/smcrypto under Node.js, which pins the version.
package smcryptotest

import (
	"crypto/cipher"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode/engine"
)

// Name names the implementation, for reports; version is what package.json pins.
const (
	Name    = "sm-crypto-v2 " + version
	version = "1.15.1"
)

// A Process is one running Node.js. It is safe for concurrent use and answers
// one request after another. A process that dies fails the test.
type Process struct {
	t testing.TB

	mu     sync.Mutex
	input  *json.Encoder
	output *json.Decoder
}

// Start runs the program in dir until the test ends. Without Node.js or the
// packages of dir the test is skipped, but fails in CI, where a missing oracle
// would go unseen.
func Start(t testing.TB, dir string) *Process {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		missing(t, "node is missing: apt-get install nodejs npm")
	}
	manifest, _ := os.ReadFile(filepath.Join(dir, "node_modules", "sm-crypto-v2", "package.json"))
	if !strings.Contains(string(manifest), `"version": "`+version+`"`) {
		missing(t, Name+" is missing: npm ci --ignore-scripts in citycode/engine/testdata/smcrypto")
	}
	command := exec.Command(node, "main.js")
	command.Dir = dir
	command.Stderr = os.Stderr
	stdin, err := command.StdinPipe()
	require.NoError(t, err)
	stdout, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		stdin.Close() // which ends it
		io.Copy(io.Discard, stdout)
		if err := command.Wait(); err != nil {
			t.Errorf("node: %v", err)
		}
	})
	return &Process{t: t, input: json.NewEncoder(stdin), output: json.NewDecoder(stdout)}
}

func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}

type request struct {
	Op        string `json:"op"`
	Key       []byte `json:"key"`
	ID        string `json:"id"`
	Message   []byte `json:"message"`
	Signature []byte `json:"signature,omitempty"`
	DER       bool   `json:"der,omitempty"`
	Nonce     []byte `json:"nonce,omitempty"`
	AAD       []byte `json:"aad,omitempty"`
}

type answer struct {
	Valid   bool   `json:"valid"`
	Output  []byte `json:"output"`
	Refusal string `json:"refusal"` // what the library threw
}

func (p *Process) ask(q request) (a answer) {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	require.NoError(p.t, p.input.Encode(q))
	require.NoError(p.t, p.output.Decode(&a), "node gave no answer to %s", q.Op)
	return a
}

// Sign returns r‖s over message under the identifier id, which is not empty.
func (p *Process) Sign(scalar []byte, id string, message []byte) [engine.SignatureSize]byte {
	p.t.Helper()
	a := p.ask(request{Op: "sign", Key: scalar, ID: id, Message: message})
	require.Len(p.t, a.Output, engine.SignatureSize, a.Refusal)
	return [engine.SignatureSize]byte(a.Output)
}

// Verify reports whether signature, in DER, is valid for message under the
// identifier id; without an id message is the digest e. The public key is in
// any form. To throw is to refuse.
func (p *Process) Verify(public []byte, id string, message, signature []byte) bool {
	p.t.Helper()
	return p.ask(request{Op: "verify", Key: public, ID: id, Message: message, Signature: signature, DER: true}).Valid
}

// VerifyRaw is Verify for a signature of 64 bytes r‖s.
func (p *Process) VerifyRaw(public []byte, id string, message []byte, signature [engine.SignatureSize]byte) bool {
	p.t.Helper()
	return p.ask(request{Op: "verify", Key: public, ID: id, Message: message, Signature: signature[:]}).Valid
}

// NewGCM returns SM4-GCM with nonces of 12 bytes and tags of 16.
func (p *Process) NewGCM(key []byte) cipher.AEAD { return gcm{p, key} }

type gcm struct {
	p   *Process
	key []byte
}

func (gcm) NonceSize() int { return 12 }

func (gcm) Overhead() int { return 16 }

func (g gcm) Seal(dst, nonce, plaintext, aad []byte) []byte {
	g.p.t.Helper()
	a := g.p.ask(request{Op: "seal", Key: g.key, Message: plaintext, Nonce: nonce, AAD: aad})
	require.Len(g.p.t, a.Output, len(plaintext)+g.Overhead(), a.Refusal)
	return append(dst, a.Output...)
}

func (g gcm) Open(dst, nonce, ciphertext, aad []byte) ([]byte, error) {
	g.p.t.Helper()
	if len(ciphertext) < g.Overhead() {
		return nil, errors.New("shorter than a tag")
	}
	a := g.p.ask(request{Op: "open", Key: g.key, Message: ciphertext, Nonce: nonce, AAD: aad})
	if !a.Valid {
		return nil, fmt.Errorf("%s: %s", Name, a.Refusal)
	}
	return append(dst, a.Output...), nil
}
