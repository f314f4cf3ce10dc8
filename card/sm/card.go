package sm

import (
	"encoding/binary"

	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/tlv"
)

// A CardSession is the card's side.
type CardSession struct{ session }

// Unwrap checks and opens a command. Every error is an *Error with a status word, and ends the session: the card goes
// back to what it allows without one.
func (s *CardSession) Unwrap(c apdu.Command) (apdu.Command, error) {
	counter, err := s.next(command)
	if err != nil {
		return apdu.Command{}, err
	}
	if c.CLA&byte(apdu.SecuredHeaderIncluded) != byte(apdu.SecuredHeaderIncluded) || !plainClass(c.CLA&^byte(apdu.SecuredHeaderIncluded)) {
		return apdu.Command{}, s.end(ReasonClass)
	}
	objects, err := s.check(counter, header(c), c.Data)
	if err != nil {
		return apdu.Command{}, err
	}
	out := apdu.Command{CLA: c.CLA &^ byte(apdu.SecuredHeaderIncluded), INS: c.INS, P1: c.P1, P2: c.P2}
	if value, ok := take(&objects, tagCryptogram); ok {
		if out.Data, ok = s.open(counter, value); !ok {
			return apdu.Command{}, s.end(ReasonMalformed)
		}
	}
	if value, ok := take(&objects, tagLe); ok {
		if out.Ne, ok = readLe(value); !ok {
			return apdu.Command{}, s.end(ReasonMalformed)
		}
	}
	if len(objects) > 0 {
		return apdu.Command{}, s.end(ReasonMalformed)
	}
	return out, nil
}

// Wrap secures the answer to the last command. Its own status word is 9000: the true one is under the MAC.
func (s *CardSession) Wrap(r apdu.Response) (apdu.Response, error) {
	counter, err := s.next(answer)
	if err != nil {
		return apdu.Response{}, err
	}
	if len(r.Data) > apdu.MaxData-Overhead {
		return apdu.Response{}, s.end(ReasonTooLong)
	}
	objects := append(s.cryptogram(counter, r.Data), tlv.Object{Tag: tagStatus, Value: binary.BigEndian.AppendUint16(nil, uint16(r.Status))})
	data, err := s.seal(counter, nil, objects)
	if err != nil {
		return apdu.Response{}, err
	}
	return apdu.Response{Data: data, Status: apdu.OK}, nil
}

// readLe takes one byte for 1 to 256 and two for more.
func readLe(value []byte) (ne int, ok bool) {
	switch len(value) {
	case 1:
		if ne = int(value[0]); ne == 0 {
			ne = apdu.MaxShortNe
		}
		return ne, true
	case 2:
		if ne = int(binary.BigEndian.Uint16(value)); ne == 0 {
			ne = apdu.MaxNe
		}
		return ne, ne > apdu.MaxShortNe
	}
	return 0, false
}
