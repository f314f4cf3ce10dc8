package cos

import (
	"math"

	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/nvm"
	"github.com/citizencode/citizencode/card/purse"
)

// keyIndex is the one index that INITIALIZE may name. Whoever needs a second key set issues a card with another version.
const keyIndex = 1

// A pending is a transaction that was opened and not yet decided.
type pending struct {
	kind    purse.Kind
	request purse.InitializeRequest
	seq     uint16
	random  purse.Random
}

// initialize answers INITIALIZE FOR LOAD and FOR PURCHASE: it shows the balance and draws the random number that makes
// the session key. Nothing is written.
func (c *Card) initialize(q *request) ([]byte, error) {
	m, err := purse.ParseInitializeRequest(q.Data)
	switch {
	case q.P1 > purse.P1InitializePurchase:
		return nil, apdu.WrongP1P2
	case err != nil:
		return nil, apdu.WrongLength
	case q.P2 != purse.P2Purse: // there is no passbook
		return nil, apdu.FunctionNotSupported
	case m.KeyIndex != keyIndex:
		return nil, apdu.KeyIndexNotSupported
	}
	random, err := c.draw(len(purse.Random{}))
	if err != nil {
		return nil, err
	}
	open := &pending{request: m, random: purse.Random(random)}
	if q.P1 == purse.P1InitializeLoad {
		return c.initializeLoad(open)
	}
	open.kind, open.seq = purse.Purchase, c.st.offline
	if c.st.tries[app.KeyPurchase] == 0 {
		return nil, apdu.AuthBlocked
	}
	if err := c.payable(open); err != nil {
		return nil, err
	}
	k, version, err := c.key(app.KeyPurchase)
	if err != nil {
		return nil, err
	}
	c.ram.pending = open
	return purse.InitializePurchaseAnswer{Balance: purse.Amount(c.st.balance), Seq: open.seq, KeyVersion: version, Algorithm: k.Algorithm(), Random: open.random}.Bytes(), nil
}

func (c *Card) initializeLoad(open *pending) ([]byte, error) {
	if c.header.LoadNeedsPIN && !c.ram.pin {
		return nil, apdu.SecurityNotSatisfied
	}
	open.kind, open.seq = purse.Load, c.st.online
	if c.st.tries[app.KeyLoad] == 0 {
		return nil, apdu.AuthBlocked
	}
	if err := c.payable(open); err != nil {
		return nil, err
	}
	k, version, err := c.key(app.KeyLoad)
	if err != nil {
		return nil, err
	}
	c.ram.pending = open
	balance := purse.Amount(c.st.balance)
	session := purse.LoadSession(k, open.random, open.seq)
	return purse.InitializeLoadAnswer{Balance: balance, Seq: open.seq, KeyVersion: version, Algorithm: k.Algorithm(), Random: open.random,
		MAC1: purse.LoadMAC1(session, balance, open.transaction(purse.DateTime{}))}.Bytes(), nil
}

// payable refuses a transaction that cannot end well. It is asked when one is opened, and again when it is decided:
// the money is moved there and not where it was announced.
func (c *Card) payable(p *pending) error {
	seq, amount := c.st.offline, uint64(p.request.Amount)
	if p.kind == purse.Load {
		seq = c.st.online
	}
	switch {
	case seq == math.MaxUint16: // it never begins again: a session key would come back
		return apdu.CounterEnd
	case p.kind == purse.Load && uint64(c.st.balance)+amount > uint64(c.header.MaxBalance):
		return apdu.NotEnoughMemory
	case p.kind == purse.Purchase && amount > uint64(c.st.balance):
		return apdu.InsufficientBalance
	}
	return nil
}

func (p *pending) transaction(at purse.DateTime) purse.Transaction {
	return purse.Transaction{Amount: p.request.Amount, Kind: p.kind, Terminal: p.request.Terminal, At: at}
}

// decide returns the key that decides a transaction, named, and the key of its receipt. The try is spent before the MAC
// is compared, and only where the transaction could end well.
func (c *Card) decide(open *pending, name app.KeyID) (decides, tac key.Key, err error) {
	if decides, _, err = c.key(name); err != nil {
		return decides, tac, err
	}
	if tac, _, err = c.key(app.KeyTAC); err != nil {
		return decides, tac, err
	}
	if err = c.payable(open); err != nil {
		return decides, tac, err
	}
	return decides, tac, c.spend(name)
}

// credit answers CREDIT FOR LOAD (圈存).
func (c *Card) credit(q *request) ([]byte, error) {
	if q.P1 != 0 || q.P2 != 0 {
		return nil, apdu.WrongP1P2
	}
	m, err := purse.ParseCreditRequest(q.Data)
	switch {
	case err != nil:
		return nil, apdu.WrongLength
	case q.open == nil || q.open.kind != purse.Load:
		return nil, apdu.ConditionsNotSatisfied
	}
	open := q.open
	load, dtk, err := c.decide(open, app.KeyLoad)
	if err != nil {
		return nil, err
	}
	t := open.transaction(m.At)
	if !m.MAC2.Equal(purse.LoadMAC2(purse.LoadSession(load, open.random, open.seq), t)) {
		return nil, apdu.MACError
	}
	next := c.st
	next.tries[app.KeyLoad] = maxTries(app.KeyLoad)
	next.balance += uint32(open.request.Amount)
	next.online++
	next.load = receipt{true, open.seq, m.MAC2, purse.LoadTAC(dtk, purse.Amount(next.balance), open.seq, t)}
	if err := c.book(next, open.seq, t); err != nil {
		return nil, err
	}
	return purse.CreditAnswer{TAC: next.load.tac}.Bytes(), nil
}

// debit answers DEBIT FOR PURCHASE (消费).
func (c *Card) debit(q *request) ([]byte, error) {
	if q.P1 != purse.P1Debit || q.P2 != 0 {
		return nil, apdu.WrongP1P2
	}
	m, err := purse.ParseDebitRequest(q.Data)
	switch {
	case err != nil:
		return nil, apdu.WrongLength
	case q.open == nil || q.open.kind != purse.Purchase:
		return nil, apdu.ConditionsNotSatisfied
	}
	open := q.open
	dpk, dtk, err := c.decide(open, app.KeyPurchase)
	if err != nil {
		return nil, err
	}
	t := open.transaction(m.At)
	session := purse.PurchaseSession(dpk, open.random, open.seq, m.TerminalSeq)
	if !m.MAC1.Equal(purse.PurchaseMAC1(session, t)) {
		return nil, apdu.MACError
	}
	next := c.st
	next.tries[app.KeyPurchase] = maxTries(app.KeyPurchase)
	next.balance -= uint32(open.request.Amount)
	next.offline++
	next.purchase = receipt{true, open.seq, purse.PurchaseMAC2(session, open.request.Amount), purse.PurchaseTAC(dtk, m.TerminalSeq, t)}
	if err := c.book(next, open.seq, t); err != nil {
		return nil, err
	}
	return purse.DebitAnswer{TAC: next.purchase.tac, MAC2: next.purchase.mac2}.Bytes(), nil
}

// book writes the line of the log to the page that nobody can read yet, and then the record that makes both true.
func (c *Card) book(next state, seq uint16, t purse.Transaction) error {
	var p nvm.Page
	copy(p[:], purse.LogRecord{Seq: seq, Transaction: t}.Bytes())
	seal(&p)
	if err := c.mem.Write(pagePurseLog+c.st.logged()%purseLogRing, p); err != nil {
		return err
	}
	return c.commit(next)
}

// prove answers GET TRANSACTION PROVE: the receipt of the last transaction of a kind, for a terminal that lost it.
func (c *Card) prove(q *request) ([]byte, error) {
	if q.P1 != 0 {
		return nil, apdu.WrongP1P2
	}
	if len(q.Data) != purse.ProveRequestSize {
		return nil, apdu.WrongLength
	}
	m, err := purse.ParseProveRequest(q.P2, q.Data)
	if err != nil {
		return nil, apdu.WrongP1P2
	}
	var r receipt
	switch m.Kind {
	case purse.Load:
		r = c.st.load
	case purse.Purchase:
		r = c.st.purchase
	}
	if !r.there || r.seq != m.Seq {
		return nil, apdu.NoMACAvailable
	}
	return purse.ProveAnswer{MAC2: r.mac2, TAC: r.tac}.Bytes(), nil
}

// getBalance answers GET BALANCE.
func (c *Card) getBalance(q *request) ([]byte, error) {
	switch {
	case q.P1 != 0:
		return nil, apdu.WrongP1P2
	case q.P2 != purse.P2Purse:
		return nil, apdu.FunctionNotSupported
	case len(q.Data) != 0:
		return nil, apdu.WrongLength
	}
	return exact(purse.Amount(c.st.balance).Bytes(), q.Ne)
}
