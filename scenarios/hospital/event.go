package hospital

import (
	"encoding/json"
	"time"

	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/eventlog"
	"github.com/citizencode/citizencode/scenarios/hospital/credit"
	"github.com/citizencode/citizencode/scenarios/hospital/payer"
)

// The kinds of event. Each has a change, and whoever asked for it is answered
// from the same event.
const (
	slotsAdded           = "slots-added"
	appointmentBooked    = "appointment-booked"
	appointmentCancelled = "appointment-cancelled"
	appointmentsMissed   = "appointments-missed"
	checkedIn            = "checked-in"
	checkInReversed      = "check-in-reversed"
	ordered              = "ordered"
	authorised           = "authorised"
	planned              = "planned"
	planDeclined         = "plan-declined"
	held                 = "held"
	confirmed            = "confirmed"
	settled              = "settled"
	served               = "served"
	shown                = "shown"
	cancelling           = "cancelling"
	cancelled            = "cancelled"
	left                 = "left"
	repaying             = "repaying"
	repaid               = "repaid"
	repaymentDeclined    = "repayment-declined"
	glassBroken          = "glass-broken"
	identified           = "identified"
	approved             = "approved"
	recovering           = "recovering"
	recovered            = "recovered"
	writtenOff           = "written-off"
	returned             = "returned"
	sent                 = "sent"
	posted               = "posted"
)

// A record is the data of an event as it is written.
type record struct {
	For     string          `json:"for,omitempty"`     // the request that it answers, as a digest
	Request string          `json:"request,omitempty"` // digest of what was asked
	Zh      string          `json:"zh,omitempty"`
	En      string          `json:"en,omitempty"`
	Outcome json.RawMessage `json:"outcome,omitempty"`
	Change  any             `json:"change"`
}

// The changes. Identifiers are of this hospital; patients are pseudonyms.
type (
	slotsChange struct {
		Slots []Slot `json:"slots"`
	}
	appointmentChange struct {
		ID      string `json:"id"`
		Slot    string `json:"slot,omitempty"`
		Patient string `json:"patient,omitempty"`
	}
	missedChange struct {
		IDs []string `json:"ids"`
	}
	checkInChange struct {
		Patient     string       `json:"patient"`
		Department  string       `json:"department,omitempty"`
		Day         string       `json:"day"`
		Queue       int          `json:"queue"`
		QueueDay    string       `json:"queueDay,omitempty"` // where it is not Day
		Encounter   string       `json:"encounter"`
		Opened      bool         `json:"opened,omitempty"`
		Ended       string       `json:"ended,omitempty"` // an encounter of an earlier day
		Appointment string       `json:"appointment,omitempty"`
		Credit      int64        `json:"credit,omitempty"` // limit that the patient has agreed to
		Terms       credit.Terms `json:"terms,omitzero"`
	}
	checkInReversal struct {
		Visit  string `json:"visit"`
		By     string `json:"by,omitempty"`
		Reason string `json:"reason,omitempty"`
	}
	orderChange struct {
		ID        string `json:"id"`
		Encounter string `json:"encounter"`
		By        string `json:"by"`
		Items     []Item `json:"items"`
		Fen       int64  `json:"fen"`
		Ask       string `json:"ask"`     // digest of the request's key
		Request   string `json:"request"` // digest of what was asked
	}
	authorisedChange struct {
		Encounter string `json:"encounter"`
		Fen       int64  `json:"fen"` // 0: the lender declined
	}
	planChange struct {
		Order     string      `json:"order"`
		Attempt   int         `json:"attempt"`
		Waterfall string      `json:"waterfall,omitempty"`
		Parts     payer.Parts `json:"parts,omitzero"`
	}
	orderEnd struct { // held, settled, cancelled
		Order     string      `json:"order"`
		Waterfall string      `json:"waterfall,omitempty"`
		Parts     payer.Parts `json:"parts,omitzero"`
		Advance   int64       `json:"advance,omitempty"`
		Reason    string      `json:"reason,omitempty"`
		Day       string      `json:"day,omitempty"`
	}
	askChange struct { // confirmed, cancelling: by whom the order is driven on
		Order   string `json:"order"`
		By      string `json:"by,omitempty"`
		Why     string `json:"why,omitempty"`
		Ask     string `json:"ask"`     // digest of the request's key
		Request string `json:"request"` // digest of what was asked
	}
	servedChange struct {
		Encounter string   `json:"encounter"`
		Station   Station  `json:"station"`
		Orders    []string `json:"orders,omitempty"`
	}
	leftChange struct {
		Encounter string   `json:"encounter"`
		Dropped   []string `json:"dropped,omitempty"` // orders that waited for an answer
	}
	repayChange struct {
		ID        string `json:"id"`
		Patient   string `json:"patient,omitempty"`
		Encounter string `json:"encounter,omitempty"`
		Fen       int64  `json:"fen"`
		Cash      bool   `json:"cash,omitempty"`
		By        string `json:"by,omitempty"`
		Day       string `json:"day,omitempty"`
		Paid      []Paid `json:"paid,omitempty"`
		Reason    string `json:"reason,omitempty"`
		Request   string `json:"request,omitempty"` // digest of what was asked
	}
	returnChange struct {
		Encounter string `json:"encounter"`
		Self      int64  `json:"self,omitempty"`
		Credit    int64  `json:"credit,omitempty"`
		Day       string `json:"day"`
		By        string `json:"by"`
		Reference string `json:"reference"` // of the request, for the books
	}
	glassChange struct {
		Encounter string       `json:"encounter"`
		Patient   string       `json:"patient,omitempty"`
		Day       string       `json:"day"`
		Staff     string       `json:"staff"`
		Reason    string       `json:"reason"`
		Cap       int64        `json:"cap"`
		Terms     credit.Terms `json:"terms,omitzero"`
	}
	identifiedChange struct {
		Encounter string `json:"encounter"`
		Patient   string `json:"patient"`
	}
	approvalChange struct {
		Encounter string `json:"encounter"`
		Staff     string `json:"staff"`
		Accept    bool   `json:"accept"`
		Note      string `json:"note,omitempty"`
	}
	recoveryChange struct {
		Encounter string `json:"encounter"`
		Attempt   int    `json:"attempt,omitempty"`
		Pool      int64  `json:"pool,omitempty"`
		Account   int64  `json:"account,omitempty"`
		Fund      int64  `json:"fund,omitempty"`     // written off at the fund's cost
		Hospital  int64  `json:"hospital,omitempty"` // written off at the hospital's
		By        string `json:"by,omitempty"`
		Why       string `json:"why,omitempty"`
		Day       string `json:"day,omitempty"`
	}
	sentChange struct {
		Key    string `json:"key"`
		Reason string `json:"reason,omitempty"` // the lender declined
	}
	postedChange struct {
		UpTo int64 `json:"upTo"`
	}
)

// event makes an event without an answer.
func event(key, kind string, at time.Time, change any) (eventlog.Event, error) {
	return eventlog.New(key, kind, at, record{Change: change})
}

// answering makes an event that answers a request with an allowed decision. It
// is the same JSON as that of a record, put together from what is encoded
// already.
func answering(key, kind string, at time.Time, change any, ask asked, d *scenarios.Decision) (eventlog.Event, error) {
	c, err := json.Marshal(change)
	if err != nil {
		return eventlog.Event{}, err
	}
	head, err := json.Marshal(record{For: ask.key, Request: ask.content, Zh: d.Message.Zh, En: d.Message.En})
	if err != nil {
		return eventlog.Event{}, err
	}
	data := append(make([]byte, 0, len(head)+len(d.Outcome)+len(c)+16), head[:len(head)-len(`null}`)]...)
	data = append(data, c...)
	if d.Outcome != nil {
		data = append(append(data, `,"outcome":`...), d.Outcome...)
		d.Outcome = data[len(data)-len(d.Outcome) : len(data) : len(data)] // one copy in memory
	}
	return eventlog.Event{Key: key, Kind: kind, Time: at.UTC().Truncate(time.Second), Data: append(data, '}')}, nil
}
