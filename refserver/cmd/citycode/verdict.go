package main

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/foreign"
	"github.com/citizencode/citizencode/qr"
	"github.com/citizencode/citizencode/scenarios"
)

// A verdict is what verify prints: one line of JSON. Facts about a credential
// stand in it only if the code is valid; of a refused one nothing is known but
// who claims to have issued it.
type verdict struct {
	Valid   bool           `json:"valid"`
	Reason  string         `json:"reason"`            // "ok" or the one reason
	Number  int            `json:"number"`            // of the reason in SPEC §5, else 0
	Section string         `json:"section,omitempty"` // of SPEC.md
	Message scenarios.Text `json:"message"`
	Detail  string         `json:"detail,omitempty"`
	Claimed string         `json:"claimedIssuer,omitempty"` // unverified
	Foreign string         `json:"foreign,omitempty"`       // whose code it is instead, a word of citycode/foreign
	*Facts
}

// Facts are what a valid code says.
type Facts struct {
	Issuer        string     `json:"issuer"`
	Profile       string     `json:"profile"`
	Serial        string     `json:"serial"`
	Subject       string     `json:"subject"`
	Scenes        string     `json:"scenes"`
	Audience      string     `json:"audience,omitempty"` // groups in which the verdict holds; none for a static code
	Benefit       uint8      `json:"benefit"`
	IssuedAt      time.Time  `json:"issuedAt"`
	NotAfter      time.Time  `json:"notAfter"`
	Time          *time.Time `json:"time,omitempty"` // none for a static code
	Counter       *uint32    `json:"counter,omitempty"`
	StatusKnown   bool       `json:"statusKnown"`
	ReplayChecked bool       `json:"replayChecked"`
	OneWay        bool       `json:"oneWay"`
	Delegation    *delegated `json:"delegation,omitempty"`
	Identity      *string    `json:"identity,omitempty"` // that was sealed
	Unseal        string     `json:"unseal,omitempty"`   // cannot-unseal, where a seal key was given and does not open it
}

// A delegated says for whom and within which limits a code is shown.
type delegated struct {
	Guardian string `json:"guardian"`
	Relation string `json:"relation"`
	PerDay   uint8  `json:"perDay"`
	Cap      uint32 `json:"cap"` // fen
}

func accepted(v *citycode.Verified, unsealer *citycode.Unsealer) *verdict {
	f := &Facts{
		Issuer: v.Issuer().String(), Profile: v.Profile().Name, Serial: v.Serial().String(), Subject: hex.EncodeToString(v.Subject()),
		Scenes: v.Scenes().String(), Benefit: v.Benefit(), IssuedAt: v.IssuedAt(), NotAfter: v.NotAfter(),
		StatusKnown: v.StatusKnown(), ReplayChecked: v.ReplayChecked(), OneWay: v.OneWay(),
	}
	if v.Profile().Mode != citycode.Static {
		made, counter := v.Time(), v.Counter()
		f.Audience, f.Time, f.Counter = v.Audience().String(), &made, &counter
	}
	if d, ok := v.Delegation(); ok {
		f.Delegation = &delegated{hex.EncodeToString(d.Guardian[:]), relations[d.Relation], d.PerDay, d.Cap}
	}
	if unsealer != nil && v.Profile().SealSize > 0 {
		// A seal that does not open leaves the verdict as it is.
		if identity, err := v.Unseal(unsealer); err != nil {
			f.Unseal = "cannot-unseal"
		} else {
			text := string(identity)
			f.Identity = &text
		}
	}
	return &verdict{Valid: true, Reason: "ok", Message: scenarios.Text{Zh: "此码有效", En: "This code is valid"}, Facts: f}
}

var relations = map[citycode.Relation]string{citycode.ForChild: "child", citycode.ForElder: "elder", citycode.ForWard: "ward"}

// refused returns the verdict of a refusal, and false for an error that is a fault.
func refused(err error) (*verdict, bool) {
	var code *citycode.VerifyError
	if errors.As(err, &code) {
		v := &verdict{Reason: code.Reason.String(), Number: int(code.Reason), Section: code.Section, Message: scenarios.ReasonText(code.Reason)}
		if code.Err != nil {
			v.Detail = code.Err.Error()
		}
		if code.Issuer != 0 {
			v.Claimed = code.Issuer.String()
		}
		return v, true
	}
	var scan *scanError
	if errors.As(err, &scan) {
		v := &verdict{Reason: scan.reason, Detail: scan.detail, Message: scanText(scan.reason)}
		if scan.code.Kind != foreign.Unknown {
			next := scan.code.Next()
			v.Foreign, v.Message = scan.code.Kind.String(), scenarios.Text{Zh: next.Zh, En: next.En}
		}
		return v, true
	}
	return nil, false
}

// scanText says in both languages why there was no code to decide about.
func scanText(reason string) scenarios.Text {
	switch reason {
	case string(qr.ReasonNoCode):
		return scenarios.Text{Zh: "图片中没有二维码，请重新拍摄", En: "There is no QR code in this picture; take it again"}
	case string(qr.ReasonPictureUnreadable), string(qr.ReasonPictureTooLarge), string(qr.ReasonDeadline), reasonInputTooLarge:
		return scenarios.Text{Zh: "无法读取此图片，请重新拍摄", En: "This picture cannot be read; take it again"}
	case reasonSeveralCodes:
		return scenarios.Text{Zh: "图片中有多个市民码，请只出示一个", En: "There are several citizen codes in this picture; show one"}
	}
	return scenarios.ReasonText(citycode.Malformed)
}

// print writes the verdict as one line.
func (v *verdict) print(std *stdio) error { return json.NewEncoder(std.Out).Encode(v) }
