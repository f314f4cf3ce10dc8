package cos

import (
	"bytes"
	"errors"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/nvm"
	"github.com/citizencode/citizencode/card/purse"
	"github.com/citizencode/citizencode/card/sm"
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
		c.forget()
		return nil, apdu.WrongLength
	}
	// Before a single bit is looked at: FF has all of them.
	class, err := apdu.ParseClass(cmd.CLA)
	if err == nil && class.Channel != 0 {
		err = apdu.ChannelNotSupported
	}
	if err != nil {
		c.forget()
		return nil, err
	}
	header := [4]byte{cmd.CLA &^ apdu.ClassChained, cmd.INS, cmd.P1, cmd.P2}
	if c.ram.chain.data != nil && c.ram.chain.header != header {
		// Another command in the middle of a chain ends the chain and is answered. A card that kept the parts would
		// give them to the next chain.
		c.forget()
	}
	if cmd.CLA == 0 && cmd.INS == apdu.InsGetResponse {
		return c.getResponse(cmd)
	}
	c.ram.rest = nil
	if class.Chained && (len(cmd.Data) == 0 || cmd.Ne != 0) || len(c.ram.chain.data)+len(cmd.Data) > maxChain {
		c.forget()
		return nil, apdu.WrongLength
	}
	if class.Chained {
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

// forget ends all that waits for the very next command.
func (c *Card) forget() {
	c.ram.chain, c.ram.rest, c.ram.challenge, c.ram.pending = chain{}, nil, sm.Challenge{}, nil
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

// A request is one whole command and what goes with it.
type request struct {
	apdu.Command
	class     apdu.Class
	challenge sm.Challenge // of the GET CHALLENGE just before
	open      *pending     // of the INITIALIZE just before
	sealed    bool         // it came in a session of secure messaging
}

// An instruction names a command.
type instruction struct {
	proprietary bool
	ins         byte
}

func (q *request) instruction() instruction { return instruction{q.class.Proprietary, q.INS} }

// plain are the commands that need no secure messaging. Each has its own access rules.
var plain = map[instruction]func(*Card, *request) ([]byte, error){
	{false, apdu.InsReadBinary}:           (*Card).readBinary,
	{false, apdu.InsReadRecord}:           (*Card).readRecord,
	{false, app.InsAppendRecord}:          (*Card).appendRecord,
	{false, apdu.InsGetData}:              (*Card).getData,
	{false, apdu.InsVerify}:               (*Card).verify,
	{false, apdu.InsExternalAuthenticate}: (*Card).externalAuthenticate,
	{false, apdu.InsInternalAuthenticate}: (*Card).internalAuthenticate,
	{true, purse.InsInitialize}:           (*Card).initialize,
	{true, purse.InsCredit}:               (*Card).credit,
	{true, purse.InsDebit}:                (*Card).debit,
	{true, purse.InsProve}:                (*Card).prove,
	{true, purse.InsGetBalance}:           (*Card).getBalance,
	{true, app.InsChangePIN}:              (*Card).changePIN,
}

// execute runs one whole command.
func (c *Card) execute(cmd apdu.Command, class apdu.Class) ([]byte, error) {
	q := &request{Command: cmd, class: class, challenge: c.ram.challenge, open: c.ram.pending}
	// For one command only, and whatever becomes of it.
	c.ram.challenge, c.ram.pending = sm.Challenge{}, nil

	data, err := c.dispatch(q)
	if err != nil {
		return data, err
	}
	return c.portion(data, cmd.Ne)
}

func (c *Card) dispatch(q *request) ([]byte, error) {
	switch {
	case c.st.life == lifeDead:
		return nil, apdu.FunctionNotSupported
	case q.class.Secured == apdu.SecuredProprietary:
		return c.runSecured(q)
	case q.class.Secured == apdu.SecuredHeaderIncluded:
		return c.runSealed(q)
	case q.class.Secured != apdu.SecuredNot:
		return nil, apdu.SecurityNotSupported
	case q.instruction() == instruction{false, apdu.InsSelect}:
		return c.selectApplication(q)
	case q.instruction() == instruction{false, apdu.InsGetChallenge}:
		return c.getChallenge(q)
	}
	return c.runPlain(q)
}

func (c *Card) runPlain(q *request) ([]byte, error) {
	run := plain[q.instruction()]
	if run == nil {
		return nil, apdu.InsNotSupported
	}
	reads := q.INS == apdu.InsReadBinary || q.INS == apdu.InsGetData
	switch {
	case c.st.life == lifeEnded:
		return nil, apdu.AppBlocked
	case !c.ram.selected,
		c.st.life == lifePerso && !reads,
		c.st.life == lifeBlocked && !reads && q.INS != purse.InsGetBalance:
		return nil, apdu.ConditionsNotSatisfied
	}
	return run(c, q)
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
func noData(q *request, p1, p2 byte) error {
	switch {
	case q.P1 != p1 || q.P2 != p2:
		return apdu.WrongP1P2
	case len(q.Data) != 0:
		return apdu.WrongLength
	}
	return nil
}

// selectApplication answers SELECT. All security state is gone after it, also when nothing was found.
func (c *Card) selectApplication(q *request) ([]byte, error) {
	c.ram = ram{}
	switch {
	case q.P1 != app.P1SelectByName:
		return nil, apdu.FunctionNotSupported
	case q.P2 != 0:
		return nil, apdu.WrongP1P2
	}
	header, err := c.readHeader()
	if err != nil {
		return nil, err
	}
	// The whole name: by a beginning, a stranger's application could answer for ours.
	if c.st.life == lifeBlank || header == nil || !bytes.Equal(q.Data, []byte(header.AID)) {
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

// getChallenge answers GET CHALLENGE (取随机数): 4 to 16 bytes. All 16 are a challenge, which
// the next command may use.
func (c *Card) getChallenge(q *request) ([]byte, error) {
	if err := noData(q, 0, 0); err != nil {
		return nil, err
	}
	n := q.Ne
	if n == apdu.MaxShortNe || n == apdu.MaxNe {
		n = sm.ChallengeSize
	}
	if n < 4 || n > sm.ChallengeSize {
		return nil, apdu.WrongLe | sm.ChallengeSize
	}
	b, err := c.draw(n)
	if err == nil && n == sm.ChallengeSize {
		c.ram.challenge = sm.NewChallenge([sm.ChallengeSize]byte(b))
	}
	return b, err
}
