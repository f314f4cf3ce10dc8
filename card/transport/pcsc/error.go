package pcsc

import (
	"fmt"

	"github.com/citizencode/citizencode/card"
)

// An Error is a status code of PC/SC, as pcscd returned it (pcsclite.h). It is no status word of a card.
type Error uint32

// The codes that a terminal meets.
const (
	InvalidHandle     Error = 0x80100003 // this connection is gone, for example after pcscd was restarted
	UnknownReader     Error = 0x80100009
	SharingViolation  Error = 0x8010000B // another program holds the card
	NoSmartcard       Error = 0x8010000C
	ProtocolMismatch  Error = 0x8010000F // the card speaks neither of the protocols asked for
	NotTransacted     Error = 0x80100016 // the command did not get to the card, or the answer did not come back
	ReaderUnavailable Error = 0x80100017
	ServiceStopped    Error = 0x8010001E // pcscd speaks another version of its protocol
	CommDataLost      Error = 0x8010002F
	UnresponsiveCard  Error = 0x80100066 // no answer to reset
	UnpoweredCard     Error = 0x80100067
	ResetCard         Error = 0x80100068 // another program reset it: what it had unlocked and selected is gone
	RemovedCard       Error = 0x80100069
)

var names = map[Error]string{
	InvalidHandle:     "invalid handle",
	UnknownReader:     "unknown reader",
	SharingViolation:  "sharing violation",
	NoSmartcard:       "no smart card",
	ProtocolMismatch:  "protocol mismatch",
	NotTransacted:     "not transacted",
	ReaderUnavailable: "reader unavailable",
	ServiceStopped:    "service stopped",
	CommDataLost:      "communication data lost",
	UnresponsiveCard:  "unresponsive card",
	UnpoweredCard:     "unpowered card",
	ResetCard:         "reset card",
	RemovedCard:       "removed card",
}

// Error returns the name and the number.
func (e Error) Error() string {
	name, ok := names[e]
	if !ok {
		name = "error"
	}
	return fmt.Sprintf("pcsc: %s (0x%08X)", name, uint32(e))
}

// Is reports that the code means [card.ErrCardLost]: whatever the card was doing, its session is over, and
// what it has done is to be asked of the card when it is back.
func (e Error) Is(target error) bool {
	if target != card.ErrCardLost {
		return false
	}
	switch e {
	case InvalidHandle, NoSmartcard, NotTransacted, ReaderUnavailable, CommDataLost,
		UnresponsiveCard, UnpoweredCard, ResetCard, RemovedCard:
		return true
	}
	return false
}

// check returns nil for success.
func check(rv uint32) error {
	if rv == 0 {
		return nil
	}
	return Error(rv)
}
