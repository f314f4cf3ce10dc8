package cos

import (
	"crypto/subtle"
	"errors"

	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/nvm"
)

// macSize is the size of the MAC at the end of a command's data.
const macSize = 4

// dispatchSecured runs a command under secure messaging (安全报文), mode PBOC: the data ends in a MAC of 4 bytes.
func (c *Card) dispatchSecured(cmd apdu.Command, class apdu.Class, challenge []byte) ([]byte, error) {
	if class.Secured != apdu.SecuredProprietary {
		return nil, apdu.SecurityNotSupported
	}
	name := secured{class.Proprietary, cmd.INS}
	id, ok := c.keyOf(name)
	if !ok {
		return nil, orElse(c.usable(cmd.INS), apdu.InsNotSupported)
	}
	if err := c.securable(name); err != nil {
		return nil, err
	}
	var k key.Key
	var err error
	if id == app.KeyTransport {
		k, _, err = readKey(c.mem, pageTransport)
		if err == nil && k.IsZero() {
			err = apdu.ReferenceDataNotFound
		}
	} else {
		k, _, err = c.key(id)
	}
	if err != nil {
		return nil, err
	}
	if len(cmd.Data) < macSize {
		return nil, apdu.SecurityDataMissing
	}
	if len(challenge) != app.ChallengeOfMAC {
		return nil, apdu.ConditionsNotSatisfied
	}
	if err := c.spend(id); err != nil {
		return nil, err
	}
	n := len(cmd.Data) - macSize
	if subtle.ConstantTimeCompare(MAC(k, challenge, cmd), cmd.Data[n:]) != 1 {
		return nil, apdu.SecurityDataWrong
	}
	cmd.Data = cmd.Data[:n]
	next := c.st
	next.tries[id] = maxTries(id)
	return c.administer(next, name, cmd, k)
}

// MAC is the PBOC MAC of a command.
func MAC(k key.Key, challenge []byte, cmd apdu.Command) []byte {
	iv := make([]byte, k.Block().BlockSize())
	copy(iv, challenge)
	b := []byte{cmd.CLA, cmd.INS, cmd.P1, cmd.P2, byte(len(cmd.Data))}
	return key.MAC(k.Block(), iv, append(b, cmd.Data[:len(cmd.Data)-macSize]...))[:macSize]
}

// A secured names a command that has a MAC.
type secured struct {
	proprietary bool
	ins         byte
}

// keyOf says which key a command's MAC is made with.
func (c *Card) keyOf(name secured) (app.KeyID, bool) {
	personal := c.st.life == lifeBlank || c.st.life == lifePerso
	switch name {
	case secured{true, app.InsCreate}, secured{true, app.InsPutKey}, secured{true, app.InsProvePossession},
		secured{false, app.InsGenerateKeyPair}, secured{false, app.InsActivate}:
		return app.KeyTransport, personal
	case secured{false, app.InsUpdateBinary}:
		if personal {
			return app.KeyTransport, true
		}
		return app.KeyMaintenance, true
	case secured{true, app.InsAppBlock}, secured{true, app.InsAppUnblock}, secured{true, app.InsCardBlock}:
		return app.KeyMaintenance, !personal
	case secured{true, app.InsPINUnblock}:
		return app.KeyUnblock, !personal
	}
	return 0, false
}

// securable refuses what the life of the application does not allow.
func (c *Card) securable(name secured) error {
	switch c.st.life {
	case lifeBlank:
		if name.ins != app.InsCreate {
			return apdu.ConditionsNotSatisfied
		}
		return nil
	case lifePerso:
		if name.ins == app.InsCreate {
			return apdu.ConditionsNotSatisfied
		}
		return nil
	case lifeEnded:
		return apdu.AppBlocked
	case lifeBlocked:
		if name.ins != app.InsAppUnblock && name.ins != app.InsAppBlock && name.ins != app.InsCardBlock {
			return apdu.ConditionsNotSatisfied
		}
	}
	if !c.ram.selected {
		return apdu.ConditionsNotSatisfied
	}
	return nil
}

// administer runs a command whose MAC was right. next gives the tries back.
func (c *Card) administer(next state, name secured, cmd apdu.Command, k key.Key) ([]byte, error) {
	if name.ins == app.InsUpdateBinary {
		return nil, orCommit(c, next, c.updateBinary(next, cmd))
	}
	if name.ins == app.InsPutKey {
		return nil, orCommit(c, next, c.putKey(next, cmd, k))
	}
	p1Max := byte(0)
	if name.ins == app.InsAppBlock {
		p1Max = app.P1BlockForGood
	}
	if cmd.P1 > p1Max || cmd.P2 != 0 {
		return nil, orCommit(c, next, apdu.WrongP1P2)
	}
	var data []byte
	var err error
	switch name.ins {
	case app.InsCreate:
		err = c.create(next, cmd.Data)
	case app.InsGenerateKeyPair:
		if data, err = c.generate(); err == nil {
			err = c.commit(next)
		}
	case app.InsProvePossession:
		if data, err = c.provePossession(cmd.Data); err == nil {
			err = c.commit(next)
		}
	case app.InsActivate:
		err = c.activate(next)
	case app.InsAppBlock:
		next.life = lifeBlocked
		if cmd.P1 == app.P1BlockForGood {
			next.life = lifeEnded
		}
		err = c.commit(next)
	case app.InsAppUnblock:
		next.life = lifeIssued
		for i := range next.tries {
			if id := app.KeyID(i); id != app.KeyPIN && id != app.KeyUnblock {
				next.tries[i] = maxTries(id)
			}
		}
		err = c.commit(next)
	case app.InsCardBlock:
		next.life = lifeDead
		err = c.commit(next)
	case app.InsPINUnblock:
		err = c.unblockPIN(next, cmd.Data, k)
	}
	return data, orCommit(c, next, err)
}

// orCommit gives the tries back after a command that was refused although its MAC was right.
func orCommit(c *Card, next state, err error) error {
	if err == nil || errors.Is(err, nvm.ErrPower) {
		return err
	}
	if err := c.commit(next); err != nil {
		return err
	}
	return err
}
