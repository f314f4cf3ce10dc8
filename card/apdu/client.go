package apdu

import (
	"context"
	"fmt"

	"github.com/citizencode/citizencode/card"
)

// The limits of a Client that Options leaves at zero.
const (
	DefaultMaxAnswer = 65536 // bytes
	DefaultMaxRounds = 256   // exchanges
)

// Options of a Client. The zero value is right for every reader.
type Options struct {
	// Extended sends commands that need the long form in it. Without it they are chained, in pieces of 255 bytes:
	// many readers lose long commands.
	Extended bool

	MaxAnswer int // most bytes of data in answer to one command; 0 is DefaultMaxAnswer
	MaxRounds int // most exchanges for one command; 0 is DefaultMaxRounds
}

// A Client sends commands over a transport and does what ISO/IEC 7816-4 §5.3 leaves to the terminal: it fetches what
// 61xx promises, asks again when 6Cxx names the length, and chains what is too long. It is for one goroutine.
type Client struct {
	transport card.Transport
	options   Options
}

// NewClient returns a Client of t.
func NewClient(t card.Transport, o Options) *Client {
	if o.MaxAnswer <= 0 {
		o.MaxAnswer = DefaultMaxAnswer
	}
	if o.MaxRounds <= 0 {
		o.MaxRounds = DefaultMaxRounds
	}
	return &Client{t, o}
}

// Send sends c and returns the whole answer. The error is nil if, and only if, the last status is 9000. A *StatusError
// comes together with the answer that it is about; an *Error means that the card did not keep to the protocol.
//
// c.Ne bounds the answer: 0 asks for no data, so that 61xx and 6Cxx are not followed and data is refused; MaxShortNe and
// MaxNe ask for all there is, up to Options.MaxAnswer; any other number is the most that the card may give. 6Cxx is not
// followed for a command with secure messaging.
func (cl *Client) Send(c Command) (Response, error) { return cl.SendContext(context.Background(), c) }

// SendContext is Send that ends with ctx between two exchanges, and within one if the transport is a
// card.ContextTransport.
func (cl *Client) SendContext(ctx context.Context, c Command) (Response, error) {
	if err := c.check(); err != nil {
		return Response{}, err
	}
	x := exchange{Client: cl, ctx: ctx, named: Command{CLA: c.CLA, INS: c.INS, P1: c.P1, P2: c.P2, Ne: c.Ne}}
	x.most = cl.options.MaxAnswer
	if c.Ne != MaxShortNe && c.Ne != MaxNe {
		x.most = min(c.Ne, x.most)
	}
	if c.long() && !cl.options.Extended {
		c.Ne = min(c.Ne, MaxShortNe)
		for len(c.Data) > MaxShortData {
			piece := Command{CLA: c.CLA | ClassChained, INS: c.INS, P1: c.P1, P2: c.P2, Data: c.Data[:MaxShortData]}
			r, err := x.round(piece)
			if err == nil && r.Status != OK {
				err = &StatusError{Command: x.named, Status: r.Status}
			}
			if err != nil {
				return r, err
			}
			c.Data = c.Data[MaxShortData:]
		}
	}
	return x.finish(c)
}

// An exchange is everything said because of one command.
type exchange struct {
	*Client
	ctx    context.Context
	named  Command // for messages
	most   int     // bytes that the answer may have
	rounds int
}

// finish sends c and follows the card until it has said all.
func (x *exchange) finish(c Command) (Response, error) {
	var all []byte
	corrected := false // 6Cxx was followed once for c
	for {
		r, err := x.round(c)
		if err != nil {
			return Response{}, err
		}
		n, _ := r.Status.Remaining()
		if r.Status.family() == WrongLe && n <= x.most && !x.secured() {
			if corrected {
				return Response{}, &Error{Reason: ReasonLe, Detail: fmt.Sprintf("Le %d after Le %d", n, c.Ne)}
			}
			c.Ne = n
			corrected = true
			continue
		}
		all = append(all, r.Data...)
		if len(all) > x.most {
			return Response{}, &Error{Reason: ReasonAnswer, Detail: fmt.Sprintf("%d bytes, %d asked for", len(all), x.most), Err: card.ErrAnswerTooLong}
		}
		if r.Status.family() == MoreData && x.most > 0 {
			if c.INS == InsGetResponse && len(r.Data) == 0 {
				return Response{}, &Error{Reason: ReasonNoProgress}
			}
			c = Command{CLA: channelOnly(x.named.CLA), INS: InsGetResponse, Ne: n}
			corrected = false
			continue
		}
		r.Data = all
		if r.Status != OK {
			return r, &StatusError{Command: x.named, Status: r.Status}
		}
		return r, nil
	}
}

// secured reports whether the command has secure messaging. It cannot be sent again: its MAC serves once.
func (x *exchange) secured() bool {
	class, err := ParseClass(x.named.CLA)
	return err == nil && class.Secured != SecuredNot
}

// round is one command and its answer. An answer longer than the command's Le is refused.
func (x *exchange) round(c Command) (Response, error) {
	if x.rounds++; x.rounds > x.options.MaxRounds {
		return Response{}, &Error{Reason: ReasonRounds, Detail: fmt.Sprintf("more than %d", x.options.MaxRounds)}
	}
	b, err := c.Bytes()
	if err != nil {
		return Response{}, err
	}
	answer, err := card.Transmit(x.ctx, x.transport, b)
	if err != nil {
		return Response{}, fmt.Errorf("apdu: %s: %w", x.named.header(), err)
	}
	r, err := ParseResponse(answer)
	if err != nil {
		return Response{}, err
	}
	if len(r.Data) > c.Ne {
		return Response{}, &Error{Reason: ReasonAnswer, Detail: fmt.Sprintf("%d bytes, Ne %d", len(r.Data), c.Ne), Err: card.ErrAnswerTooLong}
	}
	return r, nil
}

// channelOnly is the class of GET RESPONSE for a command of class cla: its channel, without chaining and secure
// messaging. Proprietary classes fetch by class 00.
func channelOnly(cla byte) byte {
	switch {
	case cla&0xE0 == 0:
		return cla & 0x03
	case cla&0xC0 == 0x40:
		return cla & 0x4F
	}
	return 0
}
