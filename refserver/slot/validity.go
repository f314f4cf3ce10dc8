package slot

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/citizencode/citizencode/citycode"
)

const day = 24 * time.Hour

// spans are the lifetimes in days that people's credentials have.
var spans = []int{1, 2, 4, 7, 30, 365, 1095, 1830}

// maxSpans of them at most for one profile: the fewer there are, the more
// people share each.
const maxSpans = 4

// Spans returns the lifetimes, in days and ascending, that a person's
// credential of a profile may have: at most four.
func Spans(p citycode.Profile) []int {
	list := slices.DeleteFunc(slices.Clone(spans), func(days int) bool { return time.Duration(days)*day > p.MaxLifetime })
	return list[max(0, len(list)-maxSpans):]
}

// Validity returns the first and the last moment of a credential that is issued
// now for a number of days; 0 is as long as the profile allows. issuedAt is
// the midnight before now, in now's own zone. A profile that lives a day would
// lose up to all of it, so there it is the quarter of the day: notAfter has at
// most four values for one day of issue either way.
//
// A printed code is not of a person, and may have any number of days.
func Validity(p citycode.Profile, now time.Time, days int) (issuedAt, notAfter time.Time, err error) {
	hour := 0
	if p.MaxLifetime <= day {
		hour = now.Hour() / 6 * 6
	}
	issuedAt = time.Date(now.Year(), now.Month(), now.Day(), hour, 0, 0, 0, now.Location())
	allowed := Spans(p)
	switch {
	case days == 0:
		return issuedAt, issuedAt.Add(p.MaxLifetime), nil
	case p.Mode == citycode.Static && days > 0 && days <= int(p.MaxLifetime/day):
	case p.Mode == citycode.Static:
		return issuedAt, notAfter, fmt.Errorf("%d days: profile %s allows 1 to %d", days, p.Name, p.MaxLifetime/day)
	case !slices.Contains(allowed, days):
		return issuedAt, notAfter, fmt.Errorf("%d days: profile %s allows %s", days, p.Name, strings.Trim(strings.Join(strings.Fields(fmt.Sprint(allowed)), ", "), "[]"))
	}
	return issuedAt, issuedAt.Add(time.Duration(days) * day), nil
}
