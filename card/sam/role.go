package sam

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/purse"
	"github.com/citizencode/citizencode/card/sm"
)

// A Role is where a module is built in.
type Role byte

// The roles.
const (
	Gate     Role = iota + 1 // takes money
	Hospital                 // reads the person's file
	Desk                     // puts money on cards
	Office                   // audits
)

// A Usage is what a key is for.
type Usage byte

// The usages.
const (
	Purchase       Usage = iota + 1 // DPK, 消费主密钥
	Load                            // DLK, 圈存主密钥
	TAC                             // DTK, TAC主密钥
	GateAccess                      // proves a gate to the card, 外部认证密钥
	HospitalAccess                  // proves a hospital to the card
)

var usageNames = map[Usage]string{Purchase: "purchase", Load: "load", TAC: "TAC", GateAccess: "gate access", HospitalAccess: "hospital access"}

// String returns the name.
func (u Usage) String() string { return usageNames[u] }

var allowed = map[Role][]Usage{
	Gate:     {Purchase, GateAccess},
	Hospital: {HospitalAccess},
	Desk:     {Load},
	Office:   {TAC},
}

// Holds reports whether a module of this role may hold keys of a usage.
func (r Role) Holds(u Usage) bool { return slices.Contains(allowed[r], u) }

// A Ref names one key of a module: it is told, never shown.
type Ref struct {
	Usage     Usage
	Version   byte // as cards name it
	Algorithm key.Algorithm
}

// String names the key.
func (r Ref) String() string {
	return fmt.Sprintf("%s key, version %d, %s", r.Usage, r.Version, r.Algorithm)
}

// A Transaction is one load or purchase of one card, as both sides know it.
type Transaction struct {
	Card       key.Factor // last 8 bytes of the serial of the application
	KeyVersion byte       // of the key that authenticates it
	Algorithm  key.Algorithm
	Random     purse.Random
	Sequence   uint16 // of the card
	purse.Transaction
}

// A Purchaser is the module of a gate.
type Purchaser interface {
	// Terminal is the number that the module stands for; it is in every transaction that it makes.
	Terminal() purse.TerminalID

	// Purchase draws the next number of the terminal and orders (MAC1) the card to pay. The number is durable before
	// Purchase returns, and is never drawn again.
	Purchase(ctx context.Context, t Transaction) (number uint32, mac1 purse.MAC, err error)

	// CheckPurchase verifies that the card has paid (MAC2) for the number. It fails with ErrWrongMAC if it has not. It
	// needs nothing that Purchase left behind, so that a terminal can ask after a restart; a module that cannot do
	// that answers ErrForgotten.
	CheckPurchase(ctx context.Context, t Transaction, number uint32, mac2 purse.MAC) error
}

// A Loader is the module of a load desk, or of the host behind it.
type Loader interface {
	// CheckLoad verifies what the card said to open the load (MAC1), and with it the balance and the number of the
	// load: ErrWrongMAC.
	CheckLoad(ctx context.Context, t Transaction, balance purse.Amount, mac1 purse.MAC) error

	// Load does what CheckLoad does, and then orders (MAC2) the card to credit.
	Load(ctx context.Context, t Transaction, balance purse.Amount, mac1 purse.MAC) (mac2 purse.MAC, err error)
}

// An Auditor verifies receipts. Transaction.KeyVersion is that of the TAC key.
type Auditor interface {
	// CheckPurchaseTAC verifies the receipt of a purchase: ErrWrongMAC.
	CheckPurchaseTAC(ctx context.Context, t Transaction, number uint32, tac purse.MAC) error
	// CheckLoadTAC verifies the receipt of a load behind which the card held balance: ErrWrongMAC.
	CheckLoadTAC(ctx context.Context, t Transaction, balance purse.Amount, tac purse.MAC) error
}

// An Authenticator proves a terminal to a card, and then speaks with it in secret.
type Authenticator interface {
	// Authenticate draws the terminal's challenge, and returns it with the proof for EXTERNAL AUTHENTICATE.
	Authenticate(ctx context.Context, card key.Factor, ref Ref, cardChallenge [sm.ChallengeSize]byte) (sm.Handshake, [sm.ProofSize]byte, error)
	// Session verifies the card's proof and returns the session: ErrWrongMAC. What the session knows is worth nothing
	// behind it.
	Session(ctx context.Context, card key.Factor, ref Ref, h sm.Handshake, cardProof [sm.ProofSize]byte) (*sm.TerminalSession, error)
}

// What a module refuses.
var (
	ErrWrongMAC  = errors.New("sam: the card's MAC is wrong")
	ErrNoKey     = errors.New("sam: no such key")
	ErrUsage     = errors.New("sam: a module of this role holds no such key")
	ErrForgotten = errors.New("sam: the module knows only its last transaction")
	ErrClosed    = errors.New("sam: closed")
	ErrNumberEnd = errors.New("sam: the numbers of the terminal are used up")
)
