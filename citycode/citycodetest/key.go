// Package citycodetest builds a small deterministic city for the tests of
// anything that stands on citycode: keys derived from a published sentence, a
// clock that is set by hand, lists, citizens and gates.
//
// Nothing here is secret and nothing here may protect anything.
package citycodetest

import (
	"crypto"
	"io"
	"math/big"

	"github.com/citizencode/citizencode/citycode/engine"
)

// KeySentence is what every TEST key is derived from: the private scalar is
// SM3(KeySentence ‖ name) mod (n-2), plus 1.
const KeySentence = "CITIZEN CODE TEST KEY, KNOWN TO EVERYBODY: "

// Scalar returns the private scalar of the TEST key of that name, 32 bytes.
func Scalar(name string) []byte {
	h := engine.Default().NewSM3()
	io.WriteString(h, KeySentence+name)
	n, _ := new(big.Int).SetString("FFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123", 16)
	d := new(big.Int).SetBytes(h.Sum(nil))
	d.Mod(d, n.Sub(n, big.NewInt(2))).Add(d, big.NewInt(1))
	return d.FillBytes(make([]byte, 32))
}

// Key returns the TEST key of that name. Its signatures are deterministic.
func Key(name string) crypto.Signer {
	key, err := engine.NewSigner(Scalar(name))
	if err != nil {
		panic(err) // a scalar in 1..n-2 is always a key
	}
	return deterministic{key}
}

// deterministic signs without a random source: the library below then derives
// the nonce from key and digest (RFC 6979 with SM3).
type deterministic struct{ crypto.Signer }

func (d deterministic) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return d.Signer.Sign(nil, digest, opts)
}
