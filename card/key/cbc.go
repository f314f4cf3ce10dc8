package key

import "crypto/cipher"

// Pad returns data ‖ 80 ‖ 00… up to a multiple of size bytes; 1 to size bytes are added (ISO/IEC 9797-1 padding
// method 2).
func Pad(data []byte, size int) []byte {
	b := make([]byte, len(data)/size*size+size)
	copy(b, data)
	b[len(data)] = 0x80
	return b
}

// Unpad is the inverse of Pad. It returns false if data does not end in 80 and fewer than size zeros.
func Unpad(data []byte, size int) ([]byte, bool) {
	for i := len(data) - 1; i >= 0 && i >= len(data)-size; i-- {
		switch data[i] {
		case 0x80:
			return data[:i], true
		case 0:
		default:
			return nil, false
		}
	}
	return nil, false
}

// Encrypt encrypts data, a number of whole blocks, in CBC mode. The result is new.
func Encrypt(block cipher.Block, iv, data []byte) []byte {
	b := make([]byte, len(data))
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(b, data)
	return b
}

// Decrypt is the inverse of Encrypt.
func Decrypt(block cipher.Block, iv, data []byte) []byte {
	b := make([]byte, len(data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(b, data)
	return b
}

// MAC returns the CBC-MAC of data, padded by Pad, from the initial value iv: the whole last block (ISO/IEC 9797-1
// algorithm 1, GB/T 15852.1). An iv of nil is zeros; otherwise it has the size of a block. A CBC-MAC can be forged by
// appending where one padded message is the beginning of another under the same key; SPEC §5.3, §5.4 and §6 say why none is.
func MAC(block cipher.Block, iv, data []byte) []byte {
	size := block.BlockSize()
	state := make([]byte, size)
	copy(state, iv)
	for b := Pad(data, size); len(b) > 0; b = b[size:] {
		for i := range state {
			state[i] ^= b[i]
		}
		block.Encrypt(state, state)
	}
	return state
}
