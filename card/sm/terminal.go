package sm

import (
	"context"
	"encoding/binary"

	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/tlv"
)

// A TerminalSession is the terminal's side. It is for one goroutine.
type TerminalSession struct{ session }

// Wrap secures a command of class 0x or 8x: its data is encrypted, header, data and Ne are under the MAC. The command
// that comes out asks for as much as the secured answer can have.
func (t *TerminalSession) Wrap(c apdu.Command) (apdu.Command, error) {
	counter, err := t.next(command)
	if err != nil {
		return apdu.Command{}, err
	}
	if !plainClass(c.CLA) {
		return apdu.Command{}, t.end(ReasonClass)
	}
	if len(c.Data) > apdu.MaxData-Overhead || c.Ne < 0 || c.Ne > apdu.MaxNe {
		return apdu.Command{}, t.end(ReasonTooLong)
	}
	c.CLA |= byte(apdu.SecuredHeaderIncluded)
	objects := t.cryptogram(counter, c.Data)
	switch {
	case c.Ne > apdu.MaxShortNe:
		objects = append(objects, tlv.Object{Tag: tagLe, Value: binary.BigEndian.AppendUint16(nil, uint16(c.Ne))})
	case c.Ne > 0:
		objects = append(objects, tlv.Object{Tag: tagLe, Value: []byte{byte(c.Ne)}})
	}
	if c.Data, err = t.seal(counter, header(c), objects); err != nil {
		return apdu.Command{}, err
	}
	if c.Ne+Overhead <= apdu.MaxShortNe {
		c.Ne = apdu.MaxShortNe
	} else {
		c.Ne = apdu.MaxNe
	}
	c.Extended = false
	return c, nil
}

// Unwrap opens the answer to the last command: its data and the status word that the MAC covers, which may be any.
func (t *TerminalSession) Unwrap(r apdu.Response) (apdu.Response, error) {
	counter, err := t.next(answer)
	if err != nil {
		return apdu.Response{}, err
	}
	if r.Status != apdu.OK || len(r.Data) == 0 {
		return apdu.Response{}, t.end(ReasonAnswer)
	}
	objects, err := t.check(counter, nil, r.Data)
	if err != nil {
		return apdu.Response{}, err
	}
	var out apdu.Response
	if value, ok := take(&objects, tagCryptogram); ok {
		if out.Data, ok = t.open(counter, value); !ok {
			return apdu.Response{}, t.end(ReasonMalformed)
		}
	}
	status, ok := take(&objects, tagStatus)
	if !ok || len(status) != 2 || len(objects) > 0 {
		return apdu.Response{}, t.end(ReasonMalformed)
	}
	out.Status = apdu.Status(binary.BigEndian.Uint16(status))
	return out, nil
}

// Send secures c, sends it and opens the answer. As with apdu.Client the error is nil only for 9000; any other status
// under the MAC is an *apdu.StatusError. After every other error the session is over, and whether the card has
// executed c is not known.
func (t *TerminalSession) Send(ctx context.Context, client *apdu.Client, c apdu.Command) (apdu.Response, error) {
	secured, err := t.Wrap(c)
	if err != nil {
		return apdu.Response{}, err
	}
	r, err := client.SendContext(ctx, secured)
	if err != nil {
		*t = TerminalSession{}
		return apdu.Response{}, err
	}
	if r, err = t.Unwrap(r); err != nil {
		return apdu.Response{}, err
	}
	if r.Status != apdu.OK {
		c.Data = nil
		return r, &apdu.StatusError{Command: c, Status: r.Status}
	}
	return r, nil
}
