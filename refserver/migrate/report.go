package migrate

import (
	"errors"
	"fmt"
	"io"
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
	Rows    int            `json:"rows"`    // that are good
	Proven  int            `json:"proven"`  // of them have a proof
	Left    map[Reason]int `json:"leftOut"` // by reason
	Errors  []string       `json:"errors"`  // the first of them, by line
	Places  []PlaceReport  `json:"places"`
}

// A PlaceReport is one place and how many rows it says what about.
type PlaceReport struct {
	ID       string         `json:"id"`
	Name     scenarios.Text `json:"name"`
	Verdicts map[string]int `json:"verdicts"`
}

// Leave counts a row that is left out.
func (r *Report) Leave(e *RowError) {
	if r.Left == nil {
		r.Left = make(map[Reason]int)
	}
	r.Left[e.Reason]++
	if len(r.Errors) < MaxErrors {
		r.Errors = append(r.Errors, e.Error())
	}
}

// Survey reads a base to its end. scenes are those of rows that say none, and
// allowed are what the issuer's key may speak for; after is called behind each row.
func Survey(rd *Reader, scenes, allowed citycode.Scenes, places []Place, after func()) (*Report, error) {
	report := &Report{Profile: rd.profile.Name, Left: make(map[Reason]int), Errors: []string{}}
	for _, p := range places {
		report.Places = append(report.Places, PlaceReport{p.ID, p.Name, make(map[string]int)})
	}
	for {
		row, err := rd.Next()
		var left *RowError
		switch {
		case err == io.EOF:
			return report, nil
		case errors.As(err, &left):
			report.Leave(left)
			continue
		case err != nil:
			return nil, err
		}
		if row.Scenes == 0 {
			row.Scenes = scenes
		}
		if row.Scenes == 0 || row.Scenes&^allowed != 0 {
			report.Leave(&RowError{row.Line, BadScenes})
			continue
		}
		report.Rows++
		if row.Proof != nil {
			report.Proven++
		}
		for i := range places {
			report.Places[i].Verdicts[places[i].verdict(rd.profile, row.Scenes)]++
		}
		if after != nil {
			after()
		}
	}
}
