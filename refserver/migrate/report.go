package migrate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"slices"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/scenarios"
)

// MaxErrors is how many rows a report names one by one. The others are counted.
const MaxErrors = 1000

// A Place is where a code could be shown: a scenario of the own city, or what
// another city's list grants.
type Place struct {
	ID       string
	Name     scenarios.Text
	Audience citycode.Scenes
	Accepts  func(citycode.Profile) bool
	Offline  bool // it decides without a network, within its limits
}

// PlaceOf returns the place of a scenario.
func PlaceOf(s scenarios.Scenario) Place {
	d := s.Describe()
	return Place{string(s.ID()), d.Purpose, d.Audience, s.Accepts, d.Offline.Policy != scenarios.OnlineOnly}
}

// Abroad returns the place that another city is for the codes of this one: what
// its trust list takes of the city, its own list as it stands, not a promise.
func Abroad(theirs *citycode.TrustList, city int) Place {
	p := Place{ID: fmt.Sprintf("city-%06d", theirs.City()), Name: scenarios.Text{Zh: "外市", En: "another city"}, Accepts: func(citycode.Profile) bool { return false }}
	g, granted := theirs.Grant(city)
	if !granted {
		return p
	}
	p.Audience, p.Offline = g.Scenes, true
	p.Accepts = func(profile citycode.Profile) bool {
		// The same id with another definition is another profile.
		return slices.Contains(g.Profiles, citycode.PinProfile(profile))
	}
	return p
}

// Why a place takes a row or not.
const (
	Taken        = "taken"
	TakenOnline  = "taken-online"  // only where there is a network
	OtherProfile = "other-profile" // this kind of code is not served there
	OtherScenes  = "other-scenes"  // the code is for other scenes
	NotAgreed    = "not-agreed"    // the other city's list says nothing of it
)

// verdict of a place about a code of a profile for scenes.
func (p *Place) verdict(profile citycode.Profile, scenes citycode.Scenes) string {
	switch {
	case p.Audience == 0:
		return NotAgreed
	case !p.Accepts(profile):
		return OtherProfile
	case p.Audience&scenes == 0:
		return OtherScenes
	case !p.Offline || profile.OnlineScenes&p.Audience&scenes != 0:
		return TakenOnline
	}
	return Taken
}

// A Report says what of a base would be accepted where.
type Report struct {
	Profile string         `json:"profile"`
	Rows    int            `json:"rows"`             // that are good
	Proven  int            `json:"proven"`           // of them have a proof
	Issued  int            `json:"issued"`           // of them got their credential now
	Issuer  citycode.KeyID `json:"issuer,omitempty"` // for whom the proofs are, when they are asked for
	Left    map[Reason]int `json:"leftOut"`          // by reason
	Errors  []string       `json:"errors"`           // the first of them, by line
	Places  []PlaceReport  `json:"places"`
}

// A PlaceReport is one place and how many rows it says what about.
type PlaceReport struct {
	ID       string         `json:"id"`
	Name     scenarios.Text `json:"name"`
	Verdicts map[string]int `json:"verdicts"`
}

func (r *Report) leave(e *RowError) {
	r.Left[e.Reason]++
	if len(r.Errors) < MaxErrors {
		r.Errors = append(r.Errors, e.Error())
	}
}

// Each reads a base to its end and calls do with each good row; a *RowError of do
// leaves the row out, any other error ends it. scenes are those of rows that say
// none, and allowed are what the issuer's key may speak for.
func (r *Reader) Each(ctx context.Context, scenes, allowed citycode.Scenes, do func(*Row) error) (*Report, error) {
	report := &Report{Profile: r.profile.Name, Left: make(map[Reason]int), Errors: []string{}}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		row, err := r.Next()
		if err == io.EOF {
			return report, nil
		}
		if err == nil {
			if row.Scenes == 0 {
				row.Scenes = scenes
			}
			if row.Scenes == 0 || row.Scenes&^allowed != 0 || !r.profile.AnyAudience && bits.OnesCount16(uint16(row.Scenes)) > 1 {
				err = &RowError{row.Line, BadScenes} // which the issuer would refuse
			} else {
				err = do(row)
			}
		}
		var left *RowError
		switch {
		case errors.As(err, &left):
			report.leave(left)
		case err != nil:
			return nil, err
		default:
			report.Rows++
			if row.Proof != nil {
				report.Proven++
			}
		}
	}
}

// Survey reads a base to its end and says what of it would be accepted where;
// after is called behind each row.
func (r *Reader) Survey(ctx context.Context, scenes, allowed citycode.Scenes, places []Place, after func()) (*Report, error) {
	verdicts := make([]PlaceReport, len(places))
	for i, p := range places {
		verdicts[i] = PlaceReport{p.ID, p.Name, make(map[string]int)}
	}
	report, err := r.Each(ctx, scenes, allowed, func(row *Row) error {
		for i := range places {
			verdicts[i].Verdicts[places[i].verdict(r.profile, row.Scenes)]++
		}
		after()
		return nil
	})
	if err == nil {
		report.Places = verdicts
	}
	return report, err
}
