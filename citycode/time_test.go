package citycode_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
)

// An edge is a comparison of SPEC §5. set puts the value of a scan off seconds
// beyond the last one that is accepted.
type edge struct {
	name   string
	reason citycode.Reason
	set    func(s *scan, off int64)
}

func edges() []edge {
	const centuryOfSeconds = 100 * 366 * dayLong
	pin := func(s *scan) { s.entry().Profiles = []citycode.TrustProfile{citycode.PinProfile(s.profile)} }
	return []edge{
		{"time floor", citycode.TerminalClockWrong, func(s *scan, off int64) { s.floor = at(s.now + 30 + off) }},
		{"time floor, terminal skew 120 s", citycode.TerminalClockWrong, func(s *scan, off int64) {
			s.terminalSkew = citycode.MaxSkew
			s.floor = at(s.now + 120 + off)
		}},
		{"trust list issuedAt as floor", citycode.TerminalClockWrong, func(s *scan, off int64) {
			s.now = s.stage.Draft.IssuedAt.Unix() - 30 - off
			s.statusIssued = s.now
			s.code.issuedAt, s.code.time, s.drawn = uint32(s.now), uint32(s.now), s.now
		}},
		{"status list issuedAt as floor", citycode.TerminalClockWrong, func(s *scan, off int64) { s.statusIssued = s.now + 30 + off }},
		{"trust list expires", citycode.TrustStale, func(s *scan, off int64) { s.expires = s.now - off }},
		{"issueFrom", citycode.IssuerKeyNotValid, func(s *scan, off int64) { s.entry().IssueFrom = at(int64(s.code.issuedAt) + off) }},
		{"issueUntil", citycode.IssuerKeyNotValid, func(s *scan, off int64) { s.entry().IssueUntil = at(int64(s.code.issuedAt) - off) }},
		{"verifyUntil", citycode.IssuerKeyNotValid, func(s *scan, off int64) { s.entry().VerifyUntil = at(s.now - off) }},
		{"lifetime of the profile", citycode.LifetimeExceeded, func(s *scan, off int64) {
			s.entry().MaxLifetime = 30 * 24 * time.Hour
			s.code.notAfter = uint32(int64(s.code.issuedAt) + 7*dayLong + off)
		}},
		{"lifetime of the entry", citycode.LifetimeExceeded, func(s *scan, off int64) {
			s.entry().MaxLifetime = 5 * 24 * time.Hour
			s.code.notAfter = uint32(int64(s.code.issuedAt) + 5*dayLong + off)
		}},
		{"issuedAt, terminal skew", citycode.NotYetValid, func(s *scan, off int64) {
			s.code.issuedAt = uint32(s.now + 30 + off)
			s.code.time = uint32(s.now + 30)
		}},
		{"issuedAt, terminal skew 5 s", citycode.NotYetValid, func(s *scan, off int64) {
			s.terminalSkew = 5 * time.Second
			s.code.issuedAt = uint32(s.now + 5 + off)
		}},
		{"issuedAt, phone skew", citycode.NotYetValid, func(s *scan, off int64) {
			s.code.issuedAt = uint32(s.now)
			s.code.time = uint32(s.now - 30 - off)
		}},
		{"issuedAt, phone skew 5 s", citycode.NotYetValid, func(s *scan, off int64) {
			s.phoneSkew = 5 * time.Second
			s.code.issuedAt = uint32(s.now)
			s.code.time = uint32(s.now - 5 - off)
		}},
		{"notAfter of the gate's now", citycode.Expired, func(s *scan, off int64) { s.code.notAfter = uint32(s.now - off) }},
		{"notAfter of the code's time", citycode.Expired, func(s *scan, off int64) {
			s.code.time = uint32(s.now + 20)
			s.code.notAfter = uint32(s.now + 20 - off)
		}},
		{"status age", citycode.StatusUnknown, func(s *scan, off int64) { s.statusIssued = s.now - 3*dayLong - off }},
		{"status list expires", citycode.StatusUnknown, func(s *scan, off int64) { s.statusExpires = s.now - off }},
		{"status list's last index", citycode.StatusUnknown, func(s *scan, off int64) { s.statusSize = int(int64(s.code.index) + 1 - off) }},
		{"phone skew", citycode.ClockAhead, func(s *scan, off int64) { s.code.time = uint32(s.now + 30 + off) }},
		{"phone skew 120 s", citycode.ClockAhead, func(s *scan, off int64) {
			s.phoneSkew = citycode.MaxSkew
			s.code.time = uint32(s.now + 120 + off)
		}},
		{"phone skew below a second", citycode.ClockAhead, func(s *scan, off int64) {
			s.phoneSkew = time.Millisecond
			s.code.time = uint32(s.now + off)
		}},
		{"maximum age", citycode.CodeTooOld, func(s *scan, off int64) { s.code.time = uint32(s.now - 90 - off) }},
		{"maximum age, terminal skew 120 s", citycode.CodeTooOld, func(s *scan, off int64) {
			s.terminalSkew = citycode.MaxSkew
			s.code.time = uint32(s.now - 180 - off)
		}},
		{"maximum age 1 s", citycode.CodeTooOld, func(s *scan, off int64) {
			s.profile.MaxAge = time.Second
			pin(s)
			s.drawn = s.now
			s.code.time = uint32(s.now - 31 - off)
		}},
		{"challenge of a phone", citycode.ChallengeExpired, func(s *scan, off int64) { s.drawn = s.now - 60 - off }},
		{"challenge of a phone before it was drawn", citycode.ChallengeExpired, func(s *scan, off int64) { s.drawn = s.now + off }},
		{"challenge of a card", citycode.ChallengeExpired, func(s *scan, off int64) {
			s.profile.Challenge = citycode.ChallengeRequired
			pin(s)
			s.drawn = s.now - 2 - off
		}},

		// The end of u32 time, 2106-02-07T06:28:15Z: every sum must be of 64 bits
		// (SPEC §1.1). A verifier that wraps would accept for ever, or never.
		{"last second of u32", citycode.TrustStale, func(s *scan, off int64) {
			endOfTime(s)
			s.now = math.MaxUint32 + off // a terminal's clock goes on, a list's cannot
			s.drawn = s.now
		}},
		{"time at the end of u32", citycode.ClockAhead, func(s *scan, off int64) {
			endOfTime(s)
			s.now = math.MaxUint32 - 30 - off
			s.drawn = s.now
		}},
		{"time + maxAge behind the end of u32", citycode.CodeTooOld, func(s *scan, off int64) {
			endOfTime(s)
			s.now, s.drawn = math.MaxUint32, math.MaxUint32
			s.code.time = uint32(math.MaxUint32 - 90 - off)
		}},
		{"notAfter at the end of u32", citycode.LifetimeExceeded, func(s *scan, off int64) {
			s.profile.MaxLifetime = centuryOfSeconds * time.Second
			s.entry().MaxLifetime = time.Duration(math.MaxUint32-int64(s.code.issuedAt)-off) * time.Second
			pin(s)
			s.code.notAfter = math.MaxUint32
		}},
	}
}

// endOfTime sets a scan in 2106.
func endOfTime(s *scan) {
	s.expires, s.statusExpires = math.MaxUint32, math.MaxUint32
	for i := range s.entries {
		s.entries[i].IssueUntil, s.entries[i].VerifyUntil = at(math.MaxUint32), at(math.MaxUint32)
	}
	s.statusIssued = math.MaxUint32 - hour
	s.code.issuedAt, s.code.notAfter, s.code.time = math.MaxUint32-hour, math.MaxUint32, math.MaxUint32
	s.now, s.drawn = math.MaxUint32, math.MaxUint32
}

// TestTimesAtTheirEdges: the last second that is accepted is accepted, the next
// one is not, and far beyond is not either.
func TestTimesAtTheirEdges(t *testing.T) {
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		stage := newStage(t)
		for _, edge := range thin(edges(), 3) {
			for _, off := range []int64{-1, 0, 1, 2} {
				s := stage.scan()
				edge.set(s, off)
				_, reason := s.run(e)
				want := citycode.Reason(0)
				if off > 0 {
					want = edge.reason
				}
				assert.Equal(t, want.String(), reason.String(), "%s %+d s", edge.name, off)
			}
		}
	})
}

// TestTimesWrongClock: a terminal whose clock is a time zone off accepts
// nothing, and neither does one whose clock began in 1970, 1980 or 2000.
func TestTimesWrongClock(t *testing.T) {
	stage := newStage(t)
	eachEngine(t, func(t *testing.T, e engine.Engine) {
		for _, c := range []struct {
			now  int64
			want citycode.Reason
		}{
			{noon + 8*hour, citycode.CodeTooOld},
			{noon - 8*hour, citycode.ClockAhead},
			{noon + hour, citycode.CodeTooOld},
			{noon - hour, citycode.ClockAhead},
			{noon - 13*hour - 31, citycode.TerminalClockWrong}, // before the lists
			{time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Unix(), citycode.TerminalClockWrong},
			{time.Date(1980, 1, 6, 0, 0, 0, 0, time.UTC).Unix(), citycode.TerminalClockWrong},
			{0, citycode.TerminalClockWrong},
			{-1, citycode.TerminalClockWrong},
			{math.MinInt32, citycode.TerminalClockWrong},
			{time.Time{}.Unix(), citycode.TerminalClockWrong},
			{math.MaxUint32 + 1, citycode.TrustStale}, // where a u32 clock begins again
			{math.MaxUint32 + noon, citycode.TrustStale},
		} {
			s := stage.scan()
			s.asked, s.answer = false, noAnswer
			s.statusIssued = noon - 12*hour
			// All that could fail before is out of the way.
			s.code.issuedAt, s.code.notAfter = uint32(noon-13*hour), uint32(noon+24*hour)
			s.guardless = true
			s.now = c.now
			_, reason := s.run(e)
			assert.Equal(t, c.want.String(), reason.String(), at(c.now).String())
		}
	})
}

// TestTimesOfStaticCodes: a printed code has no time of its own; the terminal's
// stands in its place (SPEC §5.7).
func TestTimesOfStaticCodes(t *testing.T) {
	stage := newStage(t)
	for _, c := range []struct {
		off  int64 // of the terminal from issuedAt
		want citycode.Reason
	}{
		{-31, citycode.NotYetValid}, {-30, 0}, {0, 0}, {365 * dayLong, 0}, {365*dayLong + 1, citycode.Expired},
	} {
		eachEngine(t, func(t *testing.T, e engine.Engine) {
			s := stage.place()
			s.expires = noon + 400*dayLong
			s.noStatus = true
			s.now = noon + c.off
			_, reason := s.run(e)
			assert.Equal(t, c.want.String(), reason.String(), fmt.Sprint(c.off))
		})
	}
	// A phone skew that is smaller than the terminal's narrows it.
	s := stage.place()
	s.noStatus = true
	s.terminalSkew, s.phoneSkew = 30*time.Second, 10*time.Second
	s.now = noon - 11
	_, reason := s.run(engine.Default())
	assert.Equal(t, citycode.NotYetValid, reason)
}

// TestTimesVerifiedInUTC: verdicts speak UTC wherever the terminal stands.
func TestTimesVerifiedInUTC(t *testing.T) {
	stage := newStage(t)
	v, reason := stage.scan().run(engine.Default())
	require.Zero(t, reason)
	for _, tm := range []time.Time{v.At(), v.Time(), v.IssuedAt(), v.NotAfter()} {
		assert.Equal(t, time.UTC, tm.Location())
	}
}
