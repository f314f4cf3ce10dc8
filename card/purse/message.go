package purse

import (
	"encoding/binary"

	"github.com/citizencode/citizencode/card/key"
)

// The sizes of the messages, in bytes.
const (
	InitializeRequestSize        = 1 + 4 + 6
	InitializeLoadAnswerSize     = 4 + 2 + 1 + 1 + 4 + 4
	InitializePurchaseAnswerSize = 4 + 2 + 3 + 1 + 1 + 4
	CreditRequestSize            = 7 + 4
	CreditAnswerSize             = 4
	DebitRequestSize             = 4 + 7 + 4
	DebitAnswerSize              = 4 + 4
	ProveRequestSize             = 2
	ProveAnswerSize              = 4 + 4
	BalanceSize                  = 4
	LogRecordSize                = 2 + 3 + transactionSize
)

// A reader takes fields from the front of a message whose length has been checked.
type reader []byte

func (r *reader) take(n int) []byte {
	b := (*r)[:n]
	*r = (*r)[n:]
	return b
}
func (r *reader) uint8() byte    { return r.take(1)[0] }
func (r *reader) uint16() uint16 { return binary.BigEndian.Uint16(r.take(2)) }
func (r *reader) uint32() uint32 { return binary.BigEndian.Uint32(r.take(4)) }

// open returns a reader of b, which must have n bytes.
func open(message string, b []byte, n int) (reader, error) {
	if len(b) != n {
		return nil, refuse(ReasonLength, "%s of %d bytes, not %d", message, len(b), n)
	}
	return b, nil
}

// An InitializeRequest opens a load or a purchase.
type InitializeRequest struct {
	KeyIndex byte
	Amount   Amount
	Terminal TerminalID
}

// Bytes writes the request.
func (m InitializeRequest) Bytes() []byte {
	b := append(make([]byte, 0, InitializeRequestSize), m.KeyIndex)
	b = binary.BigEndian.AppendUint32(b, uint32(m.Amount))
	return append(b, m.Terminal[:]...)
}

// ParseInitializeRequest reads one.
func ParseInitializeRequest(b []byte) (m InitializeRequest, err error) {
	r, err := open("INITIALIZE", b, InitializeRequestSize)
	if err == nil {
		m = InitializeRequest{r.uint8(), Amount(r.uint32()), TerminalID(r.take(6))}
	}
	return m, err
}

// An InitializeLoadAnswer is the card's side of a load. Seq is the online sequence of this load.
type InitializeLoadAnswer struct {
	Balance    Amount
	Seq        uint16
	KeyVersion byte
	Algorithm  key.Algorithm
	Random     Random
	MAC1       MAC
}

// Bytes writes the answer.
func (m InitializeLoadAnswer) Bytes() []byte {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, InitializeLoadAnswerSize), uint32(m.Balance))
	b = binary.BigEndian.AppendUint16(b, m.Seq)
	b = append(b, m.KeyVersion, m.Algorithm.ID())
	b = append(b, m.Random[:]...)
	return append(b, m.MAC1[:]...)
}

// ParseInitializeLoadAnswer reads one.
func ParseInitializeLoadAnswer(b []byte) (m InitializeLoadAnswer, err error) {
	r, err := open("INITIALIZE FOR LOAD answer", b, InitializeLoadAnswerSize)
	if err != nil {
		return m, err
	}
	m.Balance, m.Seq, m.KeyVersion = Amount(r.uint32()), r.uint16(), r.uint8()
	if m.Algorithm, err = r.algorithm(); err != nil {
		return InitializeLoadAnswer{}, err
	}
	m.Random, m.MAC1 = Random(r.take(4)), MAC(r.take(4))
	return m, nil
}

func (r *reader) algorithm() (key.Algorithm, error) {
	id := r.uint8()
	a, err := key.ParseAlgorithm(id)
	if err != nil {
		return 0, refuse(ReasonAlgorithm, "%02X", id)
	}
	return a, nil
}

// An InitializePurchaseAnswer is the card's side of a purchase. Seq is the offline sequence of this purchase.
type InitializePurchaseAnswer struct {
	Balance    Amount
	Seq        uint16
	Overdraft  Overdraft
	KeyVersion byte
	Algorithm  key.Algorithm
	Random     Random
}

// Bytes writes the answer.
func (m InitializePurchaseAnswer) Bytes() []byte {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, InitializePurchaseAnswerSize), uint32(m.Balance))
	b = binary.BigEndian.AppendUint16(b, m.Seq)
	b = append(b, m.Overdraft[:]...)
	b = append(b, m.KeyVersion, m.Algorithm.ID())
	return append(b, m.Random[:]...)
}

// ParseInitializePurchaseAnswer reads one.
func ParseInitializePurchaseAnswer(b []byte) (m InitializePurchaseAnswer, err error) {
	r, err := open("INITIALIZE FOR PURCHASE answer", b, InitializePurchaseAnswerSize)
	if err != nil {
		return m, err
	}
	m.Balance, m.Seq, m.Overdraft, m.KeyVersion = Amount(r.uint32()), r.uint16(), Overdraft(r.take(3)), r.uint8()
	if m.Algorithm, err = r.algorithm(); err != nil {
		return InitializePurchaseAnswer{}, err
	}
	m.Random = Random(r.take(4))
	return m, nil
}

// A CreditRequest puts the money of an opened load on the card.
type CreditRequest struct {
	At   DateTime
	MAC2 MAC
}

// Bytes writes the request.
func (m CreditRequest) Bytes() []byte {
	return append(append(make([]byte, 0, CreditRequestSize), m.At[:]...), m.MAC2[:]...)
}

// ParseCreditRequest reads one.
func ParseCreditRequest(b []byte) (m CreditRequest, err error) {
	r, err := open("CREDIT FOR LOAD", b, CreditRequestSize)
	if err == nil {
		m = CreditRequest{DateTime(r.take(7)), MAC(r.take(4))}
	}
	return m, err
}

// A CreditAnswer is the receipt of a load.
type CreditAnswer struct{ TAC MAC }

// Bytes writes the answer.
func (m CreditAnswer) Bytes() []byte { return append([]byte(nil), m.TAC[:]...) }

// ParseCreditAnswer reads one.
func ParseCreditAnswer(b []byte) (m CreditAnswer, err error) {
	r, err := open("CREDIT FOR LOAD answer", b, CreditAnswerSize)
	if err == nil {
		m = CreditAnswer{MAC(r.take(4))}
	}
	return m, err
}

// A DebitRequest takes the money of an opened purchase.
type DebitRequest struct {
	TerminalSeq uint32
	At          DateTime
	MAC1        MAC
}

// Bytes writes the request.
func (m DebitRequest) Bytes() []byte {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, DebitRequestSize), m.TerminalSeq)
	return append(append(b, m.At[:]...), m.MAC1[:]...)
}

// ParseDebitRequest reads one.
func ParseDebitRequest(b []byte) (m DebitRequest, err error) {
	r, err := open("DEBIT FOR PURCHASE", b, DebitRequestSize)
	if err == nil {
		m = DebitRequest{r.uint32(), DateTime(r.take(7)), MAC(r.take(4))}
	}
	return m, err
}

// A DebitAnswer is the receipt of a purchase: TAC for the back office, MAC2 for the terminal's SAM.
type DebitAnswer struct{ TAC, MAC2 MAC }

// Bytes writes the answer.
func (m DebitAnswer) Bytes() []byte {
	return append(append(make([]byte, 0, DebitAnswerSize), m.TAC[:]...), m.MAC2[:]...)
}

// ParseDebitAnswer reads one.
func ParseDebitAnswer(b []byte) (m DebitAnswer, err error) {
	r, err := open("DEBIT FOR PURCHASE answer", b, DebitAnswerSize)
	if err == nil {
		m = DebitAnswer{MAC(r.take(4)), MAC(r.take(4))}
	}
	return m, err
}

// A ProveRequest asks for the receipt of the transaction with that sequence, when its answer was lost. Kind is P2 of
// the command.
type ProveRequest struct {
	Kind Kind
	Seq  uint16 // online sequence of a load, offline sequence of a purchase
}

// Bytes writes the data of the command, without Kind.
func (m ProveRequest) Bytes() []byte { return binary.BigEndian.AppendUint16(nil, m.Seq) }

// ParseProveRequest reads P2 and data of the command.
func ParseProveRequest(p2 byte, b []byte) (m ProveRequest, err error) {
	r, err := open("GET TRANSACTION PROVE", b, ProveRequestSize)
	if err != nil {
		return m, err
	}
	switch k := Kind(p2); k {
	case LoadED, Load, PurchaseED, Purchase, CompoundPurchase:
		return ProveRequest{k, r.uint16()}, nil
	}
	return m, refuse(ReasonKind, "%02X", p2)
}

// A ProveAnswer is the receipt again: MAC2 and TAC of that transaction (SPEC §5.6).
type ProveAnswer struct{ MAC2, TAC MAC }

// Bytes writes the answer.
func (m ProveAnswer) Bytes() []byte {
	return append(append(make([]byte, 0, ProveAnswerSize), m.MAC2[:]...), m.TAC[:]...)
}

// ParseProveAnswer reads one.
func ParseProveAnswer(b []byte) (m ProveAnswer, err error) {
	r, err := open("GET TRANSACTION PROVE answer", b, ProveAnswerSize)
	if err == nil {
		m = ProveAnswer{MAC(r.take(4)), MAC(r.take(4))}
	}
	return m, err
}

// Bytes writes the amount as GET BALANCE answers it.
func (a Amount) Bytes() []byte { return binary.BigEndian.AppendUint32(nil, uint32(a)) }

// ParseBalance reads the answer of GET BALANCE.
func ParseBalance(b []byte) (Amount, error) {
	r, err := open("GET BALANCE answer", b, BalanceSize)
	if err != nil {
		return 0, err
	}
	return Amount(r.uint32()), nil
}

// A LogRecord is one line of the purse's log (交易明细), in the layout that T-Union cards share.
type LogRecord struct {
	Seq       uint16
	Overdraft Overdraft
	Transaction
}

// Bytes writes the record.
func (m LogRecord) Bytes() []byte {
	b := binary.BigEndian.AppendUint16(make([]byte, 0, LogRecordSize), m.Seq)
	return m.append(append(b, m.Overdraft[:]...))
}

// ParseLogRecord reads one. Kind and At are as the card has them: it is a stranger's card, and an unused record is
// zeros.
func ParseLogRecord(b []byte) (m LogRecord, err error) {
	r, err := open("log record", b, LogRecordSize)
	if err == nil {
		m = LogRecord{r.uint16(), Overdraft(r.take(3)),
			Transaction{Amount(r.uint32()), Kind(r.uint8()), TerminalID(r.take(6)), DateTime(r.take(7))}}
	}
	return m, err
}
