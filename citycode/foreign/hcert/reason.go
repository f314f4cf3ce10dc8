package hcert

import (
	"fmt"

	"github.com/citizencode/citizencode/citycode/foreign"
)

// A Reason says why a certificate is refused. They stand in the order in which a
// verifier looks (../SPEC.md §4). The zero Reason is none.
type Reason uint8

// The reasons.
const (
	Malformed            Reason = iota + 1 // it cannot be cut
	TooLarge                               // it inflates beyond MaxInflated
	UnsupportedAlgorithm                   // another than ES256, or a header that must be understood
	UnknownKey                             // no key of that id is held
	BadSignature                           //
	KeyNotValid                            // the key may not vouch any more, or yet
	NotYetValid                            //
	Expired                                //

	reasons
)

var reasonNames = [reasons]string{Malformed: "malformed", TooLarge: "too-large", UnsupportedAlgorithm: "unsupported-algorithm", UnknownKey: "unknown-key",
	BadSignature: "bad-signature", KeyNotValid: "key-not-valid", NotYetValid: "not-yet-valid", Expired: "expired"}

var notValid = foreign.Text{Zh: "此数字证书无效，请到人工窗口", En: "This digital certificate is not valid; please go to the staffed desk"}

var nextSteps = [reasons]foreign.Text{
	Malformed:            {Zh: "此数字证书残缺，请重新打开证书后重试", En: "This digital certificate is damaged; open it anew and try again"},
	TooLarge:             notValid,
	UnsupportedAlgorithm: {Zh: "本机不支持此数字证书的算法，请到人工窗口", En: "This terminal does not know the algorithm of this certificate; please go to the staffed desk"},
	UnknownKey:           {Zh: "本机不认识此数字证书的签发者，请到人工窗口", En: "This terminal does not know the issuer of this certificate; please go to the staffed desk"},
	BadSignature:         notValid,
	KeyNotValid:          {Zh: "此数字证书的签发密钥已停用，请向签发机构换发", En: "The key that signed this certificate is no longer in use; ask its issuer for a new one"},
	NotYetValid:          {Zh: "此数字证书尚未生效，请稍后再试", En: "This certificate is not valid yet; try again later"},
	Expired:              {Zh: "此数字证书已过期，请向签发机构换发", En: "This certificate has expired; ask its issuer for a new one"},
}

// Reasons returns every reason, in order.
func Reasons() []Reason {
	all := make([]Reason, 0, reasons-1)
	for r := Malformed; r < reasons; r++ {
		all = append(all, r)
	}
	return all
}

// String returns the word of ../SPEC.md §4.
func (r Reason) String() string {
	if r > 0 && r < reasons {
		return reasonNames[r]
	}
	return fmt.Sprintf("reason-%d", uint8(r))
}

// An Error is the refusal of one certificate: the first check that failed. It
// quotes nothing of it.
type Error struct {
	Reason Reason
	Err    error // what was found; may be nil
}

// Error names the reason first.
func (e *Error) Error() string {
	s := "hcert: " + e.Reason.String()
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

// Next returns what the person can do.
func (e *Error) Next() foreign.Text {
	if e.Reason > 0 && e.Reason < reasons {
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
