package cos

import (
	"bytes"
	"errors"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/nvm"
	"github.com/citizencode/citizencode/card/purse"
)

// maxChain is how many bytes a chain of commands may bring together. No command of the application takes more.
const maxChain = 1024

// A chain is the beginning of a command that comes in parts (ISO/IEC 7816-4 §5.3.3).
type chain struct {
	header [4]byte // with the chaining bit clear
	data   []byte
}

// Transmit answers one command. The error is card.ErrCardLost when the power fails before the answer has left: what
// the command did is then open, and only Reset(true) brings the card back. Bytes that are no command are answered by
// 6700.
func (c *Card) Transmit(command []byte) ([]byte, error) {
	if _, err := c.mem.Read(c.page); err != nil {
		return nil, card.ErrCardLost
	}
	data, err := c.receive(command)
	if errors.Is(err, nvm.ErrPower) {
		return nil, card.ErrCardLost
	}
	status, ok := apdu.StatusOf(err)
	if !ok {
		// A fault of the emulator's surroundings, such as no random numbers. It must look like a card's.
		data, status = nil, apdu.NoPreciseDiagnosis
	}
	if status>>12 != 9 && status>>8 != 0x61 && status != apdu.FileInvalidated {
		data = nil
	}
	return apdu.Response{Data: data, Status: status}.Bytes()
}

// receive does what concerns every command: class, channel, parts, and what is left of the last answer.
func (c *Card) receive(command []byte) ([]byte, error) {
	cmd, err := apdu.Parse(command)
	if err != nil {
		c.ram.chain, c.ram.rest = chain{}, nil
		return nil, apdu.WrongLength
	}
	// Before a single bit is looked at: FF has all of them.
	class, err := apdu.ParseClass(cmd.CLA)
	if err != nil || class.Channel != 0 {
		c.ram.chain, c.ram.rest = chain{}, nil
		if err == nil {
			err = apdu.ChannelNotSupported
		}
		return nil, err
	}
	if cmd.CLA == 0 && cmd.INS == apdu.InsGetResponse {
		c.ram.chain = chain{}
		return c.getResponse(cmd)
	}
	c.ram.rest = nil

	header := [4]byte{cmd.CLA &^ apdu.ClassChained, cmd.INS, cmd.P1, cmd.P2}
	if c.ram.chain.data != nil && c.ram.chain.header != header {
		// Another command in the middle of a chain ends the chain and is answered. A card that kept the parts would
		// give them to the next chain.
		c.ram.chain = chain{}
	}
	if len(c.ram.chain.data)+len(cmd.Data) > maxChain {
		c.ram.chain = chain{}
		return nil, apdu.WrongLength
	}
	if class.Chained {
		if len(cmd.Data) == 0 || cmd.Ne != 0 {
			c.ram.chain = chain{}
			return nil, apdu.WrongLength
		}
		c.ram.chain.header = header
		c.ram.chain.data = append(c.ram.chain.data, cmd.Data...)
		return nil, nil
	}
	if c.ram.chain.data != nil {
		cmd.Data = append(c.ram.chain.data, cmd.Data...)
		c.ram.chain = chain{}
	}
	return c.execute(cmd, class)
}

// getResponse gives the rest of an answer that was longer than its command allowed.
func (c *Card) getResponse(cmd apdu.Command) ([]byte, error) {
	switch {
	case c.ram.rest == nil:
		return nil, apdu.ConditionsNotSatisfied
	case cmd.P1 != 0 || cmd.P2 != 0:
		return nil, apdu.WrongP1P2
	case len(cmd.Data) != 0 || cmd.Ne == 0:
		return nil, apdu.WrongLength
	}
	rest := c.ram.rest
	c.ram.rest = nil
	return c.portion(rest, cmd.Ne)
}

// portion returns as much of data as may come back, and 61xx for the rest.
func (c *Card) portion(data []byte, ne int) ([]byte, error) {
	if len(data) <= ne {
		return data, nil
	}
	c.ram.rest = data[ne:]
	more := apdu.MoreData
	if n := len(c.ram.rest); n < 256 {
		more |= apdu.Status(n)
	}
	return data[:ne], more
}

// execute runs one whole command.
func (c *Card) execute(cmd apdu.Command, class apdu.Class) ([]byte, error) {
	// For one command only, and whatever becomes of it.
	challenge, open := c.ram.challenge, c.ram.pending
	c.ram.challenge, c.ram.pending = nil, nil

	data, err := c.dispatch(cmd, class, challenge, open)
	if err != nil {
		return data, err
	}
	return c.portion(data, cmd.Ne)
}

func (c *Card) dispatch(cmd apdu.Command, class apdu.Class, challenge []byte, open *pending) ([]byte, error) {
	if c.st.life == lifeDead {
		return nil, apdu.FunctionNotSupported
	}
	if class.Secured != apdu.SecuredNot {
		return c.dispatchSecured(cmd, class, challenge)
	}
	if !class.Proprietary {
		switch cmd.INS {
		case apdu.InsSelect:
			return c.selectApplication(cmd)
		case apdu.InsGetChallenge:
			return c.getChallenge(cmd)
		}
	}
	run := c.plain(cmd, class, challenge, open)
	if run == nil {
		return nil, apdu.InsNotSupported
	}
	if err := c.usable(cmd.INS); err != nil {
		return nil, err
	}
	return run()
}

// usable refuses what the life of the application does not allow.
func (c *Card) usable(ins byte) error {
	reads := ins == apdu.InsReadBinary || ins == apdu.InsGetData
	switch c.st.life {
	case lifeBlank:
		return apdu.ConditionsNotSatisfied
	case lifeEnded:
		return apdu.AppBlocked
	case lifePerso:
		if !reads {
			return apdu.ConditionsNotSatisfied
		}
	case lifeBlocked:
		if !reads && ins != purse.InsGetBalance {
			return apdu.ConditionsNotSatisfied
		}
	}
	if !c.ram.selected {
		return apdu.ConditionsNotSatisfied
	}
	return nil
}

// plain finds the command among those without secure messaging; nil if there is none.
func (c *Card) plain(cmd apdu.Command, class apdu.Class, challenge []byte, open *pending) func() ([]byte, error) {
	if class.Proprietary {
		switch cmd.INS {
		case purse.InsInitialize:
			return func() ([]byte, error) { return c.initialize(cmd) }
		case purse.InsCredit:
			return func() ([]byte, error) { return c.credit(cmd, open) }
		case purse.InsDebit:
			return func() ([]byte, error) { return c.debit(cmd, open) }
		case purse.InsProve:
			return func() ([]byte, error) { return c.prove(cmd) }
		case purse.InsGetBalance:
			return func() ([]byte, error) { return c.getBalance(cmd) }
		case app.InsChangePIN:
			return func() ([]byte, error) { return c.changePIN(cmd) }
		}
		return nil
	}
	switch cmd.INS {
	case apdu.InsReadBinary:
		return func() ([]byte, error) { return c.readBinary(cmd) }
	case apdu.InsReadRecord:
		return func() ([]byte, error) { return c.readRecord(cmd) }
	case app.InsAppendRecord:
		return func() ([]byte, error) { return c.appendRecord(cmd) }
	case apdu.InsGetData:
		return func() ([]byte, error) { return c.getData(cmd) }
	case apdu.InsVerify:
		return func() ([]byte, error) { return c.verify(cmd) }
	case apdu.InsExternalAuthenticate:
		return func() ([]byte, error) { return c.externalAuthenticate(cmd, challenge) }
	case apdu.InsInternalAuthenticate:
		return func() ([]byte, error) { return c.internalAuthenticate(cmd) }
	}
	return nil
}

// exact returns data if the command asks for just that many bytes, or for all there are; else 6Cxx with the length to
// ask for. The command has then not been executed.
func exact(data []byte, ne int) ([]byte, error) {
	switch {
	case ne == 0:
		return nil, apdu.WrongLength
	case ne == len(data), ne == apdu.MaxShortNe, ne == apdu.MaxNe:
		return data, nil
	}
	return nil, apdu.WrongLe | apdu.Status(len(data))
}

// noData refuses data where a command has none, and parameters other than p1 and p2.
func noData(cmd apdu.Command, p1, p2 byte) error {
	switch {
	case cmd.P1 != p1 || cmd.P2 != p2:
		return apdu.WrongP1P2
	case len(cmd.Data) != 0:
		return apdu.WrongLength
	}
	return nil
}

// selectApplication answers SELECT. All security state is gone after it, also when nothing was found.
func (c *Card) selectApplication(cmd apdu.Command) ([]byte, error) {
	c.ram = ram{}
	switch {
	case cmd.P1 != app.P1SelectByName:
		return nil, apdu.FunctionNotSupported
	case cmd.P2 != 0:
		return nil, apdu.WrongP1P2
	}
	header, err := c.readHeader()
	if err != nil {
		return nil, err
	}
	// The whole name: by a beginning, a stranger's application could answer for ours.
	if c.st.life == lifeBlank || header == nil || !bytes.Equal(cmd.Data, []byte(header.AID)) {
		return nil, apdu.FileNotFound
	}
	if c.st.life == lifeEnded {
		return nil, apdu.AppBlocked
	}
	c.ram.selected = true
	if c.st.life == lifeBlocked {
		err = apdu.FileInvalidated
	}
	return header.FCI().Bytes(), err
}

// readHeader returns what CREATE wrote, or nil.
func (c *Card) readHeader() (*app.Create, error) {
	if c.header != nil {
		return c.header, nil
	}
	p, ok, err := firm(c.mem, pageHeader)
	if err != nil || !ok || int(p[0]) >= sealedSize {
		return nil, err
	}
	if h, err := app.ParseCreate(p[1 : 1+int(p[0])]); err == nil {
		c.header = &h
	}
	return c.header, nil
}

// getChallenge answers GET CHALLENGE (取随机数): 4 to 16 bytes for the next command.
func (c *Card) getChallenge(cmd apdu.Command) ([]byte, error) {
	if err := noData(cmd, 0, 0); err != nil {
		return nil, err
	}
	n := cmd.Ne
	if n == apdu.MaxShortNe || n == apdu.MaxNe {
		n = app.ChallengeOfExternal
	}
	if n < 4 || n > app.ChallengeOfExternal {
		return nil, apdu.WrongLe | app.ChallengeOfMAC
	}
	b, err := c.draw(n)
	if err != nil {
		return nil, err
	}
	c.ram.challenge = b
	return append([]byte(nil), b...), nil
}
