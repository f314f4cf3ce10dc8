package key

import (
	"crypto/cipher"
	"crypto/des"
	"crypto/subtle"
	"errors"
	"fmt"

	"github.com/emmansun/gmsm/sm4"
)

// Size is how many bytes a key of either algorithm has.
const Size = 16

// An Algorithm is a block cipher. The zero value is SM4.
type Algorithm uint8

// The algorithms. TDES is two-key triple DES, for reading what older cards wrote; new cards have SM4.
const (
	SM4 Algorithm = iota
	TDES
)

// The algorithm bytes of the card's answers (SPEC §3.1): 00 is 3DES in the e-purse of PBOC, 04 is ours for SM4.
const (
	idTDES = 0x00
	idSM4  = 0x04
)

var (
	errSize      = errors.New("key: a key has 16 bytes")
	errAlgorithm = errors.New("key: unknown algorithm")
)

// ID returns the byte that names a on the wire.
func (a Algorithm) ID() byte {
	if a == TDES {
		return idTDES
	}
	return idSM4
}

// ParseAlgorithm returns the algorithm of a byte that came over the wire.
func ParseAlgorithm(id byte) (Algorithm, error) {
	switch id {
	case idSM4:
		return SM4, nil
	case idTDES:
		return TDES, nil
	}
	return 0, fmt.Errorf("%w %02X", errAlgorithm, id)
}

// String returns the algorithm's name.
func (a Algorithm) String() string {
	switch a {
	case SM4:
		return "SM4"
	case TDES:
		return "3DES"
	}
	return fmt.Sprintf("algorithm-%d", uint8(a))
}

// A Key is a key of 16 bytes and its algorithm. The zero Key is none.
type Key struct {
	// A function, because fmt prints the unexported fields of a struct around a Key without asking Format, and follows
	// a pointer when the verb does not fit. Of a function it finds the address.
	material func() *material
}

type material struct {
	algorithm Algorithm
	bytes     [Size]byte
	block     cipher.Block
}

// New makes a key of 16 bytes. They are copied.
func New(a Algorithm, b []byte) (Key, error) {
	if len(b) != Size {
		return Key{}, errSize
	}
	m := &material{algorithm: a, bytes: [Size]byte(b)}
	var err error
	switch a {
	case SM4:
		m.block, err = sm4.NewCipher(b)
	case TDES:
		m.block, err = des.NewTripleDESCipher(append(append(make([]byte, 0, 24), b...), b[:8]...)) // K1 K2 K1
	default:
		err = errAlgorithm
	}
	if err != nil {
		return Key{}, err
	}
	return Key{func() *material { return m }}, nil
}

// derived is New for bytes that a cipher wrote.
func (k Key) derived(b []byte) Key {
	d, err := New(k.material().algorithm, b)
	if err != nil {
		panic(err) // sixteen bytes and a known algorithm
	}
	return d
}

// IsZero reports whether k is none, or was wiped.
func (k Key) IsZero() bool { return k.material == nil || k.material().block == nil }

// Algorithm returns the cipher that the key is for.
func (k Key) Algorithm() Algorithm { return k.material().algorithm }

// Block returns the key's cipher: blocks of 16 bytes for SM4, of 8 for 3DES.
func (k Key) Block() cipher.Block { return k.material().block }

// Bytes returns the key itself, for the memory of a card and the store of a SAM. It belongs in no log.
func (k Key) Bytes() [Size]byte { return k.material().bytes }

// Equal reports, in constant time, whether both keys have the same algorithm and bytes.
func (k Key) Equal(other Key) bool {
	return k.material().algorithm == other.material().algorithm && subtle.ConstantTimeCompare(k.material().bytes[:], other.material().bytes[:]) == 1
}

// CheckValue returns the key check value (KCV, 密钥校验值): the first 3 bytes of a block of zeros under the key. It
// shows whether two sides hold the same key, and may be printed.
func (k Key) CheckValue() [3]byte {
	b := make([]byte, k.material().block.BlockSize())
	k.material().block.Encrypt(b, b)
	return [3]byte(b)
}

// String names the algorithm and the check value.
func (k Key) String() string {
	if k.IsZero() {
		return "no key"
	}
	return fmt.Sprintf("%s key, check value %X", k.material().algorithm, k.CheckValue())
}

// Format keeps every verb of package fmt from the bytes.
func (k Key) Format(f fmt.State, _ rune) { fmt.Fprint(f, k.String()) }

// MarshalText returns what String does: a key that gets into JSON or a log must not be there.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Wipe overwrites the bytes of the key, in every copy of k, and makes it unusable: whoever uses it panics. What the
// cipher derived from them is left to the garbage collector.
func (k Key) Wipe() {
	m := k.material()
	clear(m.bytes[:])
	m.block = nil
}
