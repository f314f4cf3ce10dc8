package purse

import (
	"crypto/cipher"
	"crypto/des"
	"crypto/subtle"
	"encoding/binary"

	"github.com/emmansun/gmsm/sm4"

	"github.com/citizencode/citizencode/card/key"
)

// A Session is the key of one transaction (过程密钥): of 16 bytes and SM4, or of 8 bytes and single DES. Which
// transaction it belongs to is in the key itself, so that no MAC is worth anything in another.
type Session struct{ mac func(message []byte) MAC }

// LoadSession derives the session key of a load (SESLK, SPEC §5.3) from the card's load key: the encryption of
// random ‖ online sequence ‖ 8000, and with SM4 of 80 00 00 00 00 00 00 00 behind it.
func LoadSession(load key.Key, r Random, onlineSeq uint16) Session {
	return newSession(load, r, onlineSeq, 0x8000)
}

// PurchaseSession derives the session key of a purchase (SESPK, SPEC §5.3) from the card's purchase key: as
// LoadSession, with the offline sequence, and the low two bytes of the terminal's sequence in place of 8000.
func PurchaseSession(purchase key.Key, r Random, offlineSeq uint16, terminalSeq uint32) Session {
	return newSession(purchase, r, offlineSeq, uint16(terminalSeq))
}

func newSession(k key.Key, r Random, seq, tail uint16) Session {
	b := append(make([]byte, 0, key.Size), r[:]...)
	b = binary.BigEndian.AppendUint16(b, seq)
	b = binary.BigEndian.AppendUint16(b, tail)
	if k.Algorithm() == key.SM4 {
		b = key.Pad(b, sm4.BlockSize)
	}
	k.Block().Encrypt(b, b)
	newCipher := des.NewCipher
	if k.Algorithm() == key.SM4 {
		newCipher = sm4.NewCipher
	}
	block := must(newCipher(b))
	return Session{func(message []byte) MAC { return mac(block, message) }}
}

// must takes a cipher made from a key of the right size.
func must(block cipher.Block, err error) cipher.Block {
	if err != nil {
		panic(err)
	}
	return block
}

func mac(block cipher.Block, message []byte) MAC { return MAC(key.MAC(block, nil, message)[:4]) }

// LoadMAC1 is what the card says about its balance before a load: balance ‖ amount ‖ kind ‖ terminal. t.At is not
// part of it.
func LoadMAC1(s Session, balance Amount, t Transaction) MAC {
	b := binary.BigEndian.AppendUint32(nil, uint32(balance))
	b = t.append(b)
	return s.mac(b[:len(b)-len(t.At)])
}

// LoadMAC2 is the host's order to load: amount ‖ kind ‖ terminal ‖ date ‖ time.
func LoadMAC2(s Session, t Transaction) MAC { return s.mac(t.append(nil)) }

// PurchaseMAC1 is the SAM's order to take money: amount ‖ kind ‖ terminal ‖ date ‖ time.
func PurchaseMAC1(s Session, t Transaction) MAC { return s.mac(t.append(nil)) }

// PurchaseMAC2 is what the card says when the money is taken: amount.
func PurchaseMAC2(s Session, amount Amount) MAC {
	return s.mac(binary.BigEndian.AppendUint32(nil, uint32(amount)))
}

// LoadTAC is the card's receipt for the back office: new balance ‖ online sequence before the load ‖ amount ‖ kind ‖
// terminal ‖ date ‖ time, under the TAC key DTK (SPEC §5.4).
func LoadTAC(dtk key.Key, newBalance Amount, onlineSeq uint16, t Transaction) MAC {
	b := binary.BigEndian.AppendUint32(nil, uint32(newBalance))
	b = binary.BigEndian.AppendUint16(b, onlineSeq)
	return mac(tacCipher(dtk), t.append(b))
}

// PurchaseTAC is the card's receipt for the back office: amount ‖ kind ‖ terminal ‖ terminal sequence ‖ date ‖ time,
// under the TAC key DTK (SPEC §5.4).
func PurchaseTAC(dtk key.Key, terminalSeq uint32, t Transaction) MAC {
	b := t.append(nil)
	b = binary.BigEndian.AppendUint32(b[:len(b)-len(t.At)], terminalSeq)
	return mac(tacCipher(dtk), append(b, t.At[:]...))
}

// tacCipher is single DES under the exclusive or of both halves of a 3DES key, and SM4 under the key itself.
func tacCipher(dtk key.Key) cipher.Block {
	if dtk.Algorithm() == key.SM4 {
		return dtk.Block()
	}
	k := dtk.Bytes()
	subtle.XORBytes(k[:8], k[:8], k[8:])
	return must(des.NewCipher(k[:8]))
}
