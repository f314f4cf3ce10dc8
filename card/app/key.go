package app

import (
	"fmt"

	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/sm"
)

// A KeyID names a key of the card by what it is for (密钥用途): a key that does two things is two holes.
type KeyID byte

// The keys of the application (SPEC §3.1). All but KeyTransport are of one card, diversified from a master.
const (
	KeyPurchase    KeyID = 0x01 // DPK 消费密钥, known to gate SAMs
	KeyLoad        KeyID = 0x02 // DLK 圈存密钥, known to the host alone
	KeyTAC         KeyID = 0x03 // DTK, known to the back office alone
	KeyMaintenance KeyID = 0x04 // DAMK 应用维护密钥
	KeyGate        KeyID = 0x05 // EXTERNAL AUTHENTICATE of a gate
	KeyHospital    KeyID = 0x06 // EXTERNAL AUTHENTICATE of a hospital, and reading of SFIPerson
	KeyUnblock     KeyID = 0x07 // DPUK PIN解锁密钥
	KeyPIN         KeyID = 0x08 // the PIN, put like a key

	KeyTransport KeyID = 0x00 // wraps the others during personalisation; erased by ACTIVATE

	Keys = 8 // besides the transport key
)

// How often in a row a key may be used wrongly.
const (
	MaxTries    = 15
	MaxPINTries = 3
)

// String returns the name of the key.
func (k KeyID) String() string {
	names := [...]string{"transport", "purchase", "load", "TAC", "maintenance", "gate", "hospital", "unblock", "PIN"}
	if int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("key-%02X", byte(k))
}

// SecureKeys returns the two keys of the PBOC mode that belong to a card's KeyTransport, KeyMaintenance or KeyUnblock:
// derived with the factors "CC1/mac " and "CC1/wrap", because a key that both authenticates and encrypts is two holes.
// The second also wraps the keys of PUT KEY.
func SecureKeys(k key.Key) sm.Keys {
	return sm.Keys{MAC: k.Diversify(key.Factor([]byte("CC1/mac "))), Encryption: k.Diversify(key.Factor([]byte("CC1/wrap")))}
}
