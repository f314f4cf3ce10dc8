package jtt1179

import (
	"fmt"

	"github.com/citizencode/citizencode/citycode/foreign"
)

// A Reason says why a code is refused. They stand in the order in which a
// verifier looks (../SPEC.md §3.3), and then a lane. The zero Reason is none.
type Reason uint8

// The reasons of ../SPEC.md §3.3.
const (
	Malformed              Reason = iota + 1
	UnsupportedVersion            // a version that this package cannot cut
	UnsupportedCertificate        // another service, format or algorithm
	UnsupportedSignature          // another format tag
	UnknownCA                     // no CA key of that index is held
	CAExpired                     // the CA key is past its month
	BadCertificate                // the CA's signature does not hold, or the issuer's key is no key
	BadAuthorisation              // the issuer's signature does not hold
	BadUserSignature              // the phone's does not, or its key is no key
	WrongIssuer                   // the account is another issuer's than the certificate's
	CertificateExpired            // the certificate is past its month
	AuthorisationExpired          // the phone has to go online
	ValidityTooLong               // it claims to be good for longer than is taken here
	GeneratedAhead                // by a phone whose clock is ahead
	CodeTooOld                    //
	AccountDenied                 // by a list of the operator's
	OverCap                       // it costs more than the code may pay

	Debounced     // the same card a moment ago on this lane: nothing is to be said
	Replayed      // this code or a later one of the account was taken already
	TooSoon       // the account has to wait: one ride, one person
	ReplayUnknown // the lane has just begun, or cannot remember any more codes

	reasons
)

var reasonNames = [reasons]string{
	Malformed: "malformed", UnsupportedVersion: "unsupported-version", UnsupportedCertificate: "unsupported-certificate", UnsupportedSignature: "unsupported-signature",
	UnknownCA: "unknown-ca", CAExpired: "ca-expired", BadCertificate: "bad-certificate", BadAuthorisation: "bad-authorisation", BadUserSignature: "bad-user-signature",
	WrongIssuer: "wrong-issuer", CertificateExpired: "certificate-expired", AuthorisationExpired: "authorisation-expired", ValidityTooLong: "validity-too-long",
	GeneratedAhead: "generated-ahead", CodeTooOld: "code-too-old", AccountDenied: "account-denied", OverCap: "over-cap",
	Debounced: "debounced", Replayed: "replayed", ReplayUnknown: "replay-unknown", TooSoon: "too-soon",
}

var notValid = foreign.Text{Zh: "这不是有效的乘车码，请刷新后重试", En: "This ride code is not valid; refresh it and try again"}

var nextSteps = [reasons]foreign.Text{
	Malformed:              notValid,
	UnsupportedVersion:     {Zh: "本机不支持此版本的乘车码，请改用市民码", En: "This terminal does not know this version of the ride code; use your citizen code"},
	UnsupportedCertificate: {Zh: "本机不支持此类乘车码，请改用市民码", En: "This terminal does not know this kind of ride code; use your citizen code"},
	UnsupportedSignature:   {Zh: "本机不支持此乘车码的算法，请改用市民码", En: "This terminal does not know the algorithm of this ride code; use your citizen code"},
	UnknownCA:              {Zh: "本机没有此乘车码的根密钥，请改用市民码", En: "This terminal does not hold the root key of this ride code; use your citizen code"},
	CAExpired:              {Zh: "本机的根密钥已过期，请到其他通道", En: "The root key of this terminal has expired; please use another lane"},
	BadCertificate:         notValid,
	BadAuthorisation:       notValid,
	BadUserSignature:       {Zh: "乘车码签名不符，请在自己的手机上刷新后重试", En: "The signature of this ride code does not match; refresh it on your own phone"},
	WrongIssuer:            notValid,
	CertificateExpired:     {Zh: "发码机构的证书已过期，请更新乘车码应用", En: "The certificate of this ride code's issuer has expired; update the app"},
	AuthorisationExpired:   {Zh: "乘车码的授权已过期，请联网后重新打开乘车码", En: "The authorisation of this ride code has expired; open it again online"},
	ValidityTooLong:        {Zh: "此乘车码的有效时间超出规定，请刷新", En: "This ride code claims to be good for too long; refresh it"},
	GeneratedAhead:         {Zh: "手机时间超前，请校准后刷新乘车码", En: "The clock of your phone is ahead; set it and refresh the ride code"},
	CodeTooOld:             {Zh: "乘车码已过期，请刷新", En: "This ride code is too old; refresh it"},
	AccountDenied:          {Zh: "此乘车账户已停用，请在乘车码应用中查看", En: "This ride account is blocked; see the app of your ride code"},
	OverCap:                {Zh: "票价超过此乘车码的单次限额，请改用其他方式", En: "The fare is above the limit of this ride code; pay in another way"},
	Replayed:               {Zh: "此乘车码已使用，请刷新", En: "This ride code has been used; refresh it"},
	ReplayUnknown:          {Zh: "本通道刚刚启动，请刷新乘车码后重试", En: "This lane has just started; refresh the ride code and try again"},
	TooSoon:                {Zh: "同一账户不能连续刷码，请稍候；同行人请用自己的码", En: "One account cannot ride twice in a row; wait, and let companions use their own codes"},
}

// Reasons returns every reason, in order.
func Reasons() []Reason {
	all := make([]Reason, 0, reasons-1)
	for r := Malformed; r < reasons; r++ {
		all = append(all, r)
	}
	return all
}

// String returns the word of ../SPEC.md §3.3.
func (r Reason) String() string {
	if r > 0 && r < reasons {
		return reasonNames[r]
	}
	return fmt.Sprintf("reason-%d", uint8(r))
}

// An Error is the refusal of one code: the first check that failed. It quotes
// nothing of the code.
type Error struct {
	Reason Reason
	Err    error // what was found; may be nil
}

// Error names the reason first.
func (e *Error) Error() string {
	s := "jtt1179: " + e.Reason.String()
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns what was found.
func (e *Error) Unwrap() error { return e.Err }

// Is lets errors.Is find a refusal by its reason.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Reason == e.Reason && t.Err == nil
}

// Word returns the reason, for [foreign.Refused].
func (e *Error) Word() string { return e.Reason.String() }

// Next returns what the person can do. It is empty for Debounced: the display
// keeps what it shows.
func (e *Error) Next() foreign.Text {
	if e.Reason < reasons {
		return nextSteps[e.Reason]
	}
	return notValid
}

func refuse(r Reason, format string, args ...any) *Error {
	e := &Error{Reason: r}
	if format != "" {
		e.Err = fmt.Errorf(format, args...)
	}
	return e
}
