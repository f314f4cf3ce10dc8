package key

// A Factor is what sets one card's keys apart from another's (分散因子): the last 8 bytes of the application's serial
// number, or an issuer's code for a level above.
type Factor [8]byte

// Diversify derives (密钥分散) the key of the card, or of the issuer, that has the factor f (SPEC §3.2):
//
//	SM4    E(f ‖ ¬f), one block
//	3DES   E(f) ‖ E(¬f)
//
// A key of two levels is k.Diversify(issuer).Diversify(card).
func (k Key) Diversify(f Factor) Key {
	var b [Size]byte
	for i, x := range f {
		b[i], b[8+i] = x, ^x
	}
	block := k.Block()
	for i := 0; i < Size; i += block.BlockSize() {
		block.Encrypt(b[i:], b[i:])
	}
	return k.derived(b[:])
}

// Wrap encrypts the key for PUT KEY under a key of SM4 or 3DES: its 16 bytes, block by block, without padding. The
// receiver compares the check value.
func (k Key) Wrap(under Key) [Size]byte {
	b := k.Bytes()
	block := under.Block()
	for i := 0; i < Size; i += block.BlockSize() {
		block.Encrypt(b[i:], b[i:])
	}
	return b
}

// Unwrap is the inverse of Wrap. It returns a key whatever the bytes are: only its check value tells a right one.
func Unwrap(a Algorithm, wrapped [Size]byte, under Key) (Key, error) {
	block := under.Block()
	for i := 0; i < Size; i += block.BlockSize() {
		block.Decrypt(wrapped[i:], wrapped[i:])
	}
	return New(a, wrapped[:])
}
