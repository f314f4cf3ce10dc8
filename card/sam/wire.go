package sam

import (
	"encoding/binary"
	"fmt"

	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/purse"
)

// The commands of a gate's module (SPEC §8.2). 8070 and 8072 are those of the PBOC PSAM as we remember them; 8076 is
// ours, for a terminal that was restarted between order and answer.
const (
	InsInitialize = 0x70 // order, then MAC1
	InsCredit     = 0x72 // MAC2 of the last order
	InsRecheck    = 0x76 // MAC2 of any order

	terminalSFI = 0x16 // short file id of the terminal's number
)

const (
	orderSize   = 4 + 2 + 4 + 1 + 7 + 1 + 1 + 8
	recheckSize = 4 + 2 + 4 + 4 + 1 + 1 + 8 + 4
)

// order is random 4 ‖ sequence 2 ‖ amount 4 ‖ kind 1 ‖ date 4 ‖ time 3 ‖ key version 1 ‖ algorithm 1 ‖ card 8.
func order(t Transaction) []byte {
	b := append(make([]byte, 0, orderSize), t.Random[:]...)
	b = binary.BigEndian.AppendUint16(b, t.Sequence)
	b = binary.BigEndian.AppendUint32(b, uint32(t.Amount))
	b = append(b, byte(t.Kind))
	b = append(b, t.At[:]...)
	b = append(b, t.KeyVersion, t.Algorithm.ID())
	return append(b, t.Card[:]...)
}

func parseOrder(b []byte, terminal purse.TerminalID) (t Transaction, err error) {
	if len(b) != orderSize {
		return t, apdu.WrongLength
	}
	t.Random = purse.Random(b)
	t.Sequence = binary.BigEndian.Uint16(b[4:])
	t.Amount = purse.Amount(binary.BigEndian.Uint32(b[6:]))
	t.Kind = purse.Kind(b[10])
	t.At = purse.DateTime(b[11:])
	t.KeyVersion = b[18]
	if t.Algorithm, err = key.ParseAlgorithm(b[19]); err != nil {
		return t, apdu.WrongData
	}
	t.Card = key.Factor(b[20:])
	t.Terminal = terminal
	return t, nil
}

// recheck is random 4 ‖ sequence 2 ‖ amount 4 ‖ number 4 ‖ key version 1 ‖ algorithm 1 ‖ card 8 ‖ MAC2 4.
func recheck(t Transaction, number uint32, mac2 purse.MAC) []byte {
	b := append(make([]byte, 0, recheckSize), t.Random[:]...)
	b = binary.BigEndian.AppendUint16(b, t.Sequence)
	b = binary.BigEndian.AppendUint32(b, uint32(t.Amount))
	b = binary.BigEndian.AppendUint32(b, number)
	b = append(b, t.KeyVersion, t.Algorithm.ID())
	b = append(b, t.Card[:]...)
	return append(b, mac2[:]...)
}

func parseRecheck(b []byte) (t Transaction, number uint32, mac2 purse.MAC, err error) {
	if len(b) != recheckSize {
		return t, 0, mac2, apdu.WrongLength
	}
	t.Random = purse.Random(b)
	t.Sequence = binary.BigEndian.Uint16(b[4:])
	t.Amount = purse.Amount(binary.BigEndian.Uint32(b[6:]))
	number = binary.BigEndian.Uint32(b[10:])
	t.KeyVersion = b[14]
	if t.Algorithm, err = key.ParseAlgorithm(b[15]); err != nil {
		return t, 0, mac2, apdu.WrongData
	}
	t.Card = key.Factor(b[16:])
	return t, number, purse.MAC(b[24:]), nil
}

// An answerError is an answer of a module that none gives.
func answerError(what string, b []byte) error { return fmt.Errorf("sam: %s of %d bytes", what, len(b)) }
