package scenarios

import (
	"sync"
	"time"

	"github.com/citizencode/citizencode/citycode"
)

// maxCredentials bounds the memory of an allowance, about 150 bytes an entry.
const maxCredentials = 1 << 17

// An Allowance is what credentials have used of their offline budget. Terminals
// that share it count together; a bus that shares nothing counts by itself, and
// settlement finds the rest. It is kept in memory, so a restart forgets it.
type Allowance struct {
	limits Offline
	bounds int

	mu   sync.Mutex
	used map[citycode.Serial]usage
}

// usage is what one credential has done since its last online contact.
type usage struct {
	count    int
	fen      int64
	last     time.Time // of a visit, for the spacing
	before   time.Time // what last was before it
	issuedAt time.Time
	notAfter time.Time
}

// NewAllowance returns an allowance of which nothing is used.
func NewAllowance(limits Offline) *Allowance {
	return &Allowance{limits: limits, bounds: maxCredentials, used: make(map[citycode.Serial]usage)}
}

// Reasons of an allowance besides over-offline-limit of the code standard.
const TooSoon = "too-soon"

// take counts a visit and returns how many uses are left, or the refusal. The
// caller settles it afterwards.
func (a *Allowance) take(v *Visit) (left int, refused *Decision) {
	if v.Citizen.carrier == Paper {
		return 0, nil // a desk that is online issued the slip for this visit
	}
	serial := v.Citizen.serial
	a.mu.Lock()
	defer a.mu.Unlock()
	u, known := a.used[serial]
	// One person walks through; then the phone is handed back over the barrier.
	if since := v.Time.Sub(u.last); known && since >= 0 && since < a.limits.Spacing {
		return 0, Refused(TooSoon, Text{"刚刚刷过，请稍候再试", "Just used; please wait a moment and try again"})
	}
	if v.Online {
		// The contact itself: the server sees this visit and all before it.
		u = usage{issuedAt: u.issuedAt, notAfter: u.notAfter}
	}
	if issuedAt := v.Citizen.issuedAt; issuedAt.After(u.issuedAt) {
		// A newer credential in the same place was fetched online. An older
		// one, kept by copying the phone, must not begin anew.
		u = usage{issuedAt: issuedAt, notAfter: v.Citizen.notAfter}
	}
	if !known && !a.room(v.Time) || !v.Online && a.limits.spent(u) {
		return 0, Refused(citycode.OverOfflineLimit.String(), ReasonText(citycode.OverOfflineLimit))
	}
	if !v.Online {
		u.count++
	}
	u.before, u.last = u.last, v.Time
	a.used[serial] = u
	return a.limits.Uses - u.count, nil
}

// spent reports whether a credential may not be served offline once more.
func (o Offline) spent(u usage) bool {
	return o.Policy == WithinBudget && (u.count >= o.Uses || o.Fen > 0 && u.fen >= o.Fen)
}

// settle adds what an allowed visit costs. One that was refused, or ended in a
// fault, is given back.
func (a *Allowance) settle(v *Visit, d *Decision) {
	if v.Citizen.carrier == Paper {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	u := a.used[v.Citizen.serial]
	switch {
	case d == nil || !d.Allow:
		if !v.Online && u.count > 0 {
			u.count--
		}
		if u.last.Equal(v.Time) {
			u.last = u.before
		}
	case !v.Online:
		u.fen += max(0, min(d.Charge, maxCharge))
	}
	a.used[v.Citizen.serial] = u
}

// maxCharge keeps a sum of charges from wrapping: a hundred million yuan.
const maxCharge = 10_000_000_000

// room reports whether one more credential can be counted. Credentials that
// have expired make room, and those that have used nothing; the others are
// never forgotten, or whoever can come with many could come without limit.
func (a *Allowance) room(now time.Time) bool {
	if len(a.used) < a.bounds {
		return true
	}
	for serial, u := range a.used {
		if now.After(u.notAfter) || u.count == 0 && now.Sub(u.last) >= a.limits.Spacing {
			delete(a.used, serial)
		}
	}
	return len(a.used) < a.bounds
}
