package apdu

import (
	"encoding/binary"
	"fmt"

	"github.com/citizencode/citizencode/card"
)

// Limits of ISO/IEC 7816-3 §12.1, in bytes. The largest Ne of each form is written as zeros and means "all there is,
// up to".
const (
	MaxShortData = 255
	MaxShortNe   = 256
	MaxData      = 65535
	MaxNe        = 65536

	headerSize = 4
)

// Instruction bytes of ISO/IEC 7816-4 that this tree uses.
const (
	InsVerify               = 0x20
	InsExternalAuthenticate = 0x82
	InsGetChallenge         = 0x84
	InsInternalAuthenticate = 0x88
	InsSelect               = 0xA4
	InsReadBinary           = 0xB0
	InsReadRecord           = 0xB2
	InsGetResponse          = 0xC0
	InsGetData              = 0xCA
)

// A Command is a command APDU (命令). Data of 0 bytes has no Lc, Ne 0 has no Le:
//
//	case      bytes                                     Data     Ne
//	1         CLA INS P1 P2                             0        0
//	2 short   header Le                                 0        1..256
//	3 short   header Lc data                            1..255   0
//	4 short   header Lc data Le                         1..255   1..256
//	2 long    header 00 LeLe                            0        1..65536
//	3 long    header 00 LcLc data                       1..65535 0
//	4 long    header 00 LcLc data LeLe                  1..65535 1..65536
//
// The long form is written where the short one cannot hold the lengths.
type Command struct {
	CLA, INS, P1, P2 byte
	Data             []byte
	Ne               int // how many bytes may come back

	// Extended asks for the long form where the short one would do. Some terminals write so, and what is parsed is
	// written again as it was. It has no meaning in case 1.
	Extended bool
}

func (c Command) long() bool { return len(c.Data) > MaxShortData || c.Ne > MaxShortNe }

// check finds what has no encoding.
func (c Command) check() error {
	switch {
	case len(c.Data) > MaxData:
		return &Error{Reason: ReasonTooLong, Detail: fmt.Sprintf("%d bytes of data", len(c.Data))}
	case c.Ne < 0 || c.Ne > MaxNe:
		return &Error{Reason: ReasonLength, Detail: fmt.Sprintf("Ne %d", c.Ne)}
	}
	return nil
}

// Bytes writes the command, in the shortest form unless Extended asks for the other. The error is an *Error.
func (c Command) Bytes() ([]byte, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	b := make([]byte, 0, headerSize+3+len(c.Data)+2)
	b = append(b, c.CLA, c.INS, c.P1, c.P2)
	if !c.long() && !c.Extended {
		if len(c.Data) > 0 {
			b = append(b, byte(len(c.Data)))
			b = append(b, c.Data...)
		}
		if c.Ne > 0 {
			b = append(b, byte(c.Ne))
		}
		return b, nil
	}
	if len(c.Data) > 0 || c.Ne > 0 {
		b = append(b, 0) // what follows is two bytes long
	}
	if len(c.Data) > 0 {
		b = binary.BigEndian.AppendUint16(b, uint16(len(c.Data)))
		b = append(b, c.Data...)
	}
	if c.Ne > 0 {
		b = binary.BigEndian.AppendUint16(b, uint16(c.Ne))
	}
	return b, nil
}

// Parse reads a command APDU. It takes exactly what Bytes writes: an Lc of zero, a long Lc with a short Le, and bytes
// before, between or after are refused with an *Error. The data is a copy.
func Parse(b []byte) (Command, error) {
	if len(b) < headerSize {
		return Command{}, &Error{Reason: ReasonShort, Detail: fmt.Sprintf("%d bytes", len(b))}
	}
	if len(b) > card.MaxCommand {
		return Command{}, &Error{Reason: ReasonTooLong, Detail: fmt.Sprintf("%d bytes", len(b))}
	}
	c := Command{CLA: b[0], INS: b[1], P1: b[2], P2: b[3]}
	body := b[headerSize:]
	wrong := &Error{Reason: ReasonLength, Detail: fmt.Sprintf("%d bytes after the header", len(body))}
	switch {
	case len(body) == 0:
		return c, nil
	case len(body) == 1:
		c.Ne = shortNe(body[0])
		return c, nil
	case body[0] != 0:
		nc := int(body[0])
		switch len(body) {
		case 1 + nc:
		case 1 + nc + 1:
			c.Ne = shortNe(body[1+nc])
		default:
			return Command{}, wrong
		}
		c.Data = append([]byte(nil), body[1:1+nc]...)
		return c, nil
	case len(body) == 2:
		return Command{}, wrong
	case len(body) == 3:
		c.Ne = longNe(body[1:])
	default:
		nc := int(binary.BigEndian.Uint16(body[1:]))
		switch {
		case nc == 0:
			return Command{}, wrong
		case len(body) == 3+nc:
		case len(body) == 3+nc+2:
			c.Ne = longNe(body[3+nc:])
		default:
			return Command{}, wrong
		}
		c.Data = append([]byte(nil), body[3:3+nc]...)
	}
	c.Extended = !c.long()
	return c, nil
}

func shortNe(le byte) int {
	if le == 0 {
		return MaxShortNe
	}
	return int(le)
}

func longNe(le []byte) int {
	if n := int(binary.BigEndian.Uint16(le)); n > 0 {
		return n
	}
	return MaxNe
}

// String writes header and lengths and none of the data: that may be a key, a PIN or a person.
func (c Command) String() string { return fmt.Sprintf("%s Nc=%d Ne=%d", c.header(), len(c.Data), c.Ne) }

func (c Command) header() string { return fmt.Sprintf("%02X%02X%02X%02X", c.CLA, c.INS, c.P1, c.P2) }
