package citycode

import (
	"time"

	"github.com/citizencode/citizencode/citycode/engine"
)

// A Verified is a token that a [Verifier] has accepted: the only form of a code
// that has fields to read, and the only one that a scenario takes.
type Verified struct {
	token    *Token
	profile  *pinnedProfile
	at       int64
	skew     int64 // of the terminal, seconds
	scenes   Scenes
	prefix   string // that stood in front of the text
	status   bool
	replay   bool
	bound    bool
	repeated bool
	hint     engine.Hint
}

// Profile returns the profile.
func (v *Verified) Profile() Profile { return v.profile.Profile }

// Issuer returns the key that issued the credential.
func (v *Verified) Issuer() KeyID { return issuerOf(v.token.raw[:]) }

// Serial names the credential.
func (v *Verified) Serial() Serial { return serialOf(v.token.raw[:]) }

// Subject returns the pseudonym or handle. It is a copy.
func (v *Verified) Subject() []byte {
	return append([]byte(nil), v.token.subject.of(v.token.raw[:])...)
}

// Scenes returns the scene groups of the credential.
func (v *Verified) Scenes() Scenes { return scenesOf(v.token.raw[:]) }

// Audience returns the scene groups in which this verdict holds: the group
// that the citizen chose, or, where he chose none, those of the terminal that
// the credential covers. It is empty for a static code.
func (v *Verified) Audience() Scenes { return v.scenes }

// Benefit returns the benefit class (优待类别), 0 if there is none.
func (v *Verified) Benefit() uint8 { return benefitOf(v.token.raw[:]) }

// IssuedAt and NotAfter return the validity of the credential.
func (v *Verified) IssuedAt() time.Time { return timeOf(issuedAtOf(v.token.raw[:])) }

// NotAfter returns the last second of the credential.
func (v *Verified) NotAfter() time.Time { return timeOf(notAfterOf(v.token.raw[:])) }

// At returns the terminal's time of the verdict.
func (v *Verified) At() time.Time { return timeOf(v.at) }

// Time returns when the holder's device says that it made the token, and the
// zero time for a static code.
func (v *Verified) Time() time.Time {
	if v.token.mode == Static {
		return time.Time{}
	}
	return timeOf(v.token.timeOf(v.token.raw[:]))
}

// Counter returns the counter of the holder's key, 0 for a static code.
func (v *Verified) Counter() uint32 {
	if v.token.mode == Static {
		return 0
	}
	return v.token.counterOf(v.token.raw[:])
}

// StatusKnown reports whether a fresh status list was asked. Where it is false
// the profile let the code pass unasked, and the scenario must keep its limits.
func (v *Verified) StatusKnown() bool { return v.status }

// ReplayChecked reports whether a replay guard was asked.
func (v *Verified) ReplayChecked() bool { return v.replay }

// OneWay reports that the code answered no challenge: it could be a picture of
// another screen, taken within its lifetime.
func (v *Verified) OneWay() bool { return !v.bound }

// Repeated reports that the same bytes were accepted on this lane within the
// last two seconds: the earlier decision stands, and nothing opens twice.
func (v *Verified) Repeated() bool { return v.repeated }

// Prefix returns the partner's code that stood in front of the text and that the
// holder's signature binds (SPEC §9.1); empty in profiles without one. That it
// stood there says who showed it, not whom it means: that the partner knows.
func (v *Verified) Prefix() string { return v.prefix }

// Hint returns what a gate writes beside the code in its record of a tap, so that
// the code is cheap to verify again in a batch. It is advice and proves nothing.
// There is none unless [VerifierConfig].Hints asks for it.
func (v *Verified) Hint() engine.Hint { return v.hint }

// Accepted returns what a gate journals so that its guard can be rebuilt.
func (v *Verified) Accepted() Accepted {
	a := Accepted{Serial: v.Serial(), Counter: v.Counter()}
	if v.token.mode != Static {
		a.Time = v.token.timeOf(v.token.raw[:])
		a.Until = a.Time + int64(v.profile.MaxAge/time.Second) + v.skew
	}
	return a
}

// Bytes returns the token as it was scanned. The caller must not change it.
func (v *Verified) Bytes() []byte { return v.token.Bytes() }
