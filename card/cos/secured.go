package cos

import (
	"errors"

	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/nvm"
	"github.com/citizencode/citizencode/card/sm"
)

// runSealed runs a command inside the session that EXTERNAL AUTHENTICATE began (ISO mode). Whatever is wrong with the
// message ends the session, and what the authentication allowed with it.
func (c *Card) runSealed(q *request) ([]byte, error) {
	session := c.ram.session
	if session == nil {
		return nil, apdu.ConditionsNotSatisfied
	}
	inner, err := session.Unwrap(q.Command)
	if err != nil {
		c.endSession()
		return nil, err
	}
	class, err := apdu.ParseClass(inner.CLA)
	if err != nil {
		return nil, err
	}
	data, err := c.runPlain(&request{Command: inner, class: class, open: q.open, sealed: true})
	if err == nil && len(data) > inner.Ne {
		data, err = nil, apdu.WrongLength
	}
	status, ok := apdu.StatusOf(err)
	if !ok {
		return nil, err
	}
	answer, err := session.Wrap(apdu.Response{Data: data, Status: status})
	return answer.Data, err
}

// A command is one with a MAC (PBOC mode).
type command struct {
	key       app.KeyID
	encrypted bool
	personal  bool // only before ACTIVATE, else only after
	run       func(c *Card, next state, q *request, keys sm.Keys) ([]byte, error)
}

// secured are the commands of PBOC mode. UPDATE BINARY is not here: its rule is its file's.
var secured = map[instruction]command{
	{true, app.InsCreate}:           {app.KeyTransport, false, true, (*Card).create},
	{true, app.InsPutKey}:           {app.KeyTransport, false, true, (*Card).putKey},
	{false, app.InsGenerateKeyPair}: {app.KeyTransport, false, true, (*Card).generate},
	{true, app.InsProvePossession}:  {app.KeyTransport, false, true, (*Card).provePossession},
	{false, app.InsActivate}:        {app.KeyTransport, false, true, (*Card).activate},
	{true, app.InsAppBlock}:         {app.KeyMaintenance, false, false, (*Card).block},
	{true, app.InsAppUnblock}:       {app.KeyMaintenance, false, false, (*Card).unblock},
	{true, app.InsCardBlock}:        {app.KeyMaintenance, false, false, (*Card).kill},
	{true, app.InsPINUnblock}:       {app.KeyUnblock, true, false, (*Card).unblockPIN},
}

// find returns the rule of a command with a MAC.
func (c *Card) find(q *request) (command, bool) {
	personal := c.st.life == lifeBlank || c.st.life == lifePerso
	if q.instruction() != (instruction{false, app.InsUpdateBinary}) {
		cmd, ok := secured[q.instruction()]
		return cmd, ok && cmd.personal == personal
	}
	cmd := command{key: app.KeyMaintenance, personal: personal, run: (*Card).updateBinary}
	if personal {
		cmd.key = app.KeyTransport
	}
	if f, _, err := c.transparent(q); err == nil {
		cmd.encrypted = f.Encrypted
	}
	return cmd, true
}

// runSecured runs a command whose data ends in a MAC.
func (c *Card) runSecured(q *request) ([]byte, error) {
	cmd, ok := c.find(q)
	if !ok {
		return nil, apdu.InsNotSupported
	}
	creates := q.INS == app.InsCreate
	blocks := q.INS == app.InsAppUnblock || q.INS == app.InsAppBlock || q.INS == app.InsCardBlock
	switch {
	case c.st.life == lifeEnded:
		return nil, apdu.AppBlocked
	case cmd.personal && creates != (c.st.life == lifeBlank),
		!cmd.personal && !c.ram.selected,
		c.st.life == lifeBlocked && !blocks:
		return nil, apdu.ConditionsNotSatisfied
	}
	k, err := c.secureKey(cmd.key)
	if err != nil {
		return nil, err
	}
	// Where no MAC is compared no try is spent.
	if probe := q.challenge; len(q.Data) >= sm.PBOCMACSize {
		if _, ok := probe.Take(); ok {
			if err := c.spend(cmd.key); err != nil {
				return nil, err
			}
		}
	}
	protection := sm.MACOnly
	if cmd.encrypted {
		protection = sm.Encrypted
	}
	keys := app.SecureKeys(k)
	next := c.st
	next.tries[cmd.key] = maxTries(cmd.key)
	q.Command, err = sm.UnwrapPBOC(keys, &q.challenge, q.Command, protection)
	if refusal := (*sm.Error)(nil); errors.As(err, &refusal) && refusal.Reason != sm.ReasonMalformed {
		return nil, err
	}
	var data []byte
	if err == nil {
		data, err = cmd.run(c, next, q, keys)
	}
	if err != nil && !errors.Is(err, nvm.ErrPower) {
		// The MAC was right, so the tries come back though the command was refused.
		if err := c.commit(next); err != nil {
			return nil, err
		}
	}
	return data, err
}

// secureKey returns the key of a command with a MAC.
func (c *Card) secureKey(id app.KeyID) (key.Key, error) {
	if id != app.KeyTransport {
		k, _, err := c.key(id)
		return k, err
	}
	k, _, err := readKey(c.mem, pageTransport)
	if err == nil && k.IsZero() {
		err = apdu.ReferenceDataNotFound
	}
	return k, err
}

// block answers APPLICATION BLOCK (应用锁定): P1 00 until UNBLOCK, 01 for good.
func (c *Card) block(next state, q *request, _ sm.Keys) ([]byte, error) {
	next.life = lifeBlocked
	if q.P1 == app.P1BlockForGood {
		next.life, q.P1 = lifeEnded, 0
	}
	if err := noData(q, 0, 0); err != nil {
		return nil, err
	}
	return nil, c.commit(next)
}

// unblock answers APPLICATION UNBLOCK (应用解锁): the application is usable again, and keys that were blocked after too
// many wrong MACs have all their tries. The PIN has its own command.
func (c *Card) unblock(next state, q *request, _ sm.Keys) ([]byte, error) {
	if err := noData(q, 0, 0); err != nil {
		return nil, err
	}
	next.life = lifeIssued
	for id := app.KeyPurchase; id <= app.KeyHospital; id++ {
		next.tries[id] = maxTries(id)
	}
	return nil, c.commit(next)
}

// kill answers CARD BLOCK (卡锁定): the card answers 6A81 to everything for ever.
func (c *Card) kill(next state, q *request, _ sm.Keys) ([]byte, error) {
	if err := noData(q, 0, 0); err != nil {
		return nil, err
	}
	next.life = lifeDead
	return nil, c.commit(next)
}
