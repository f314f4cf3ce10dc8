package ecquery

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/citizencode/citizencode/scenarios"
)

// MaxAnswer is what a centre may answer, in bytes: the buffer of the published
// interface.
const MaxAnswer = 8192

// TransType is the name of the call in its messages.
const TransType = "ec.query"

// Query is the message that asks. [ParseQuery] reads it at a centre.
type Query struct {
	Data         QueryData `json:"data"`
	TransType    string    `json:"transType"`
	Organisation string    `json:"orgId"`
}

// QueryData is what is asked.
type QueryData struct {
	Organisation string   `json:"orgId"`
	Business     Business `json:"businessType"`
	Operator     string   `json:"operatorId"`
	OperatorName string   `json:"operatorName"`
	Office       string   `json:"officeId"`
	OfficeName   string   `json:"officeName"`
	DeviceType   string   `json:"deviceType,omitempty"` // SelfService
	Text         string   `json:"ecQrCode"`
	Number       string   `json:"outBizNo"` // of this decode
}

// Place returns who asks.
func (d *QueryData) Place() Place {
	return Place{d.Organisation, d.Operator, d.OperatorName, d.Office, d.OfficeName, d.DeviceType == selfService}
}

const selfService = "SelfService"

// ParseQuery reads what a client sends, at most MaxAnswer bytes. The error is an *Error with Malformed.
func ParseQuery(b []byte) (*Query, error) {
	q := new(Query)
	if len(b) > MaxAnswer || !utf8.Valid(b) || decode(b, q) != nil {
		return nil, refuse(Malformed, "no query")
	}
	d := &q.Data
	if q.TransType != TransType || q.Organisation != d.Organisation || d.Place().Validate() != nil || !d.Business.Known() ||
		d.DeviceType != "" && d.DeviceType != selfService || !isNumber(d.Number) {
		return nil, refuse(Malformed, "no query")
	}
	if _, err := ParseCode(d.Text, Size{1, MaxCode}); err != nil {
		return nil, err
	}
	return q, nil
}

// decode reads exactly one JSON value.
func decode(b []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// MaxNumber is the length of the number of a decode.
const MaxNumber = 64

func isNumber(s string) bool {
	if s == "" || len(s) > MaxNumber {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-') {
			return false
		}
	}
	return true
}

// answerData has what provinces answer in common; what else they send is not read.
type answerData struct {
	// What was asked, said back.
	Organisation string   `json:"orgId"`
	Operator     string   `json:"operatorId"`
	Office       string   `json:"officeId"`
	Business     Business `json:"businessType"`
	Number       string   `json:"outBizNo"`

	Index       string `json:"ecIndexNo"`
	Token       string `json:"ecToken"`
	Insurer     string `json:"insuOrg"`
	Name        string `json:"userName"`
	IDType      string `json:"idType"`
	IDNumber    string `json:"idNo"`
	Gender      string `json:"gender"`
	Birthday    string `json:"birthday"`
	Nationality string `json:"nationality"`
}

// A Rejection is what a centre says instead of an answer. The numbers are those of
// the simulated centre unless [Config.Codes] says otherwise: those of a province
// are its own.
const (
	CodeUnknown       = 1001
	CodeExpired       = 1002
	CodeUsed          = 1003
	CodeNotAuthorised = 1004
	CodeBusy          = 1005 // ask again
)

func defaultCodes() map[int]Reason {
	return map[int]Reason{CodeUnknown: Unknown, CodeExpired: Expired, CodeUsed: Used, CodeNotAuthorised: NotAuthorised, CodeBusy: Unavailable}
}

// maxField bounds every field of an answer, in bytes.
const maxField = 512

// parseAnswer reads what a centre sent for a query, whatever it is.
func parseAnswer(b []byte, codes map[int]Reason, asked *QueryData, echo bool) (*answerData, *Error) {
	if len(b) > MaxAnswer {
		return nil, refuse(BadAnswer, "too long")
	}
	// Of two indices in one answer, or of one in another spelling, nobody could say
	// which the centre meant.
	var a map[string]json.RawMessage
	var code *int
	if scenarios.ReadStrict("answer", b, MaxAnswer, &a) != nil || json.Unmarshal(a["code"], &code) != nil || code == nil {
		return nil, refuse(BadAnswer, "not one JSON object of this form")
	}
	if *code != 0 {
		// What the centre wrote beside it goes no further: it may name the person.
		reason, known := codes[*code]
		if !known {
			return nil, refuse(BadAnswer, "an unknown result code")
		}
		return nil, refuse(reason, "")
	}
	d := new(answerData)
	if !exact(a["data"], d) {
		return nil, refuse(BadAnswer, "no data of this form")
	}
	for _, f := range []string{d.Index, d.Token, d.Insurer, d.Name, d.IDType, d.IDNumber, d.Gender, d.Birthday, d.Nationality} {
		if len(f) > maxField {
			return nil, refuse(BadAnswer, "a field is too long")
		}
	}
	if d.Index == "" || d.Token == "" {
		return nil, refuse(BadAnswer, "no index or no token")
	}
	// An answer that was meant for somebody else, kept by a proxy or sent twice,
	// would check in another patient.
	if echo && (d.Number != asked.Number || d.Organisation != asked.Organisation || d.Operator != asked.Operator ||
		d.Office != asked.Office || d.Business != asked.Business) {
		return nil, refuse(WrongAnswer, "")
	}
	return d, nil
}

// exact decodes a JSON object whose names are spelt as those of the struct or are
// none of them in any case of letters.
func exact(b []byte, into any) bool {
	var names map[string]json.RawMessage
	if json.Unmarshal(b, &names) != nil || names == nil || json.Unmarshal(b, into) != nil {
		return false
	}
	t := reflect.TypeOf(into).Elem()
	for i := range t.NumField() {
		tag := t.Field(i).Tag.Get("json")
		for name := range names {
			if name != tag && strings.EqualFold(name, tag) {
				return false
			}
		}
	}
	return true
}
