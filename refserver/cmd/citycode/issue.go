package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/refserver/slot"
)

type issueCmd struct {
	Dir      string   `required:"" help:"Directory of the city." placeholder:"DIR"`
	Profile  string   `required:"" help:"Profile: medical, social-security, transit, universal, card, fused, delegated, transit-implicit, thing, place, matter, organisation, or a private one of the city." placeholder:"NAME"`
	Scenes   sceneSet `help:"Scene groups, as in transit or, for universal and fused, transit,parking. Default: the profile's own." placeholder:"NAMES"`
	Wallet   string   `help:"Wallet to make, for a person's profile; missing or empty." placeholder:"DIR" xor:"to"`
	Out      string   `help:"File to write, for a static code." placeholder:"FILE" xor:"to"`
	Days     int      `help:"How many days it is valid. Default: as long as the profile allows; a year for a static code." placeholder:"N"`
	Benefit  uint8    `help:"Benefit class (优待类别); 0 is none." default:"0"`
	Subject  hexBytes `help:"Pseudonym, or number of the thing, place, matter or organisation, in hexadecimal, of the profile's size. Default for a person: random." placeholder:"HEX"`
	Guardian hexBytes `help:"delegated: pseudonym of the adult who holds the key, 8 bytes." placeholder:"HEX"`
	Relation string   `help:"delegated: for whom: child, elder or ward." enum:",child,elder,ward" default:"" placeholder:"WHOM"`
	PerDay   uint8    `help:"delegated: how many uses a day." placeholder:"N"`
	Cap      uint32   `help:"delegated: fen that one use may cost; 0: nothing that costs." placeholder:"FEN"`
	Identity string   `help:"What is sealed, in a private profile with a seal." placeholder:"TEXT"`
	JSON     bool     `name:"json" help:"Print what was issued as JSON."`
	passphrase
	moment
}

// Help is what --help prints below the usage.
func (issueCmd) Help() string {
	return `The wallet makes its own key and proves that it holds it; the authority writes the key into the credential. The serial that is printed is what revoke takes; its index follows no order that others know. When a credential begins and ends is rounded, so that it does not tell who fetched what together: a person's may have 1, 2, 4, 7, 30, 365, 1095 or 1830 days, the four longest that the profile allows.

A wallet of profile card stands in for a card, to try terminals with: its key is a file, and no more than that.

Examples:

    citycode issue --dir shenyang --profile transit --wallet zhang
    citycode issue --dir shenyang --profile universal --scenes transit,medical,parking --benefit 3 --wallet li
    citycode issue --dir shenyang --profile delegated --guardian 5e1f0a7720c49b3d --relation child --per-day 4 --cap 200 --wallet ward
    citycode issue --dir shenyang --profile place --subject 00000000000000a1 --out park.code`
}

type issued struct {
	Serial   string    `json:"serial"`
	Profile  string    `json:"profile"`
	Scenes   string    `json:"scenes"`
	IssuedAt time.Time `json:"issuedAt"`
	NotAfter time.Time `json:"notAfter"`
	File     string    `json:"file"` // or wallet
}

// defaultScenes are what a profile is for where nothing else is said.
var defaultScenes = map[citycode.ProfileID]citycode.Scenes{
	citycode.ProfileMedical:        citycode.Medical,
	citycode.ProfileSocialSecurity: citycode.Affairs,
	citycode.ProfileTransit:        citycode.Transit,
	citycode.ProfileUniversal:      citycode.Transit | citycode.Medical | citycode.Parking | citycode.Tourism,
	citycode.ProfileCard:           citycode.Transit,
	citycode.ProfileFused:          citycode.Transit | citycode.Medical | citycode.Parking | citycode.Tourism,
	citycode.ProfileDelegated:      citycode.Transit,
	citycode.ProfileImplicit:       citycode.Transit,
}

const defaultPrinted = 365 // days

// Run issues one credential.
func (c *issueCmd) Run(ctx context.Context, std *stdio) error {
	a, err := openWith(ctx, c.Dir, c.passphrase, c.moment)
	if err != nil {
		return err
	}
	defer a.Close()
	profile, err := profileNamed(c.Profile, a.profiles)
	if err != nil {
		return err
	}
	claims, err := c.claims(profile)
	if err != nil {
		return err
	}
	switch profile.Mode {
	case citycode.Static:
		err = a.print(profile, claims, c.Out)
	case citycode.Implicit:
		err = a.enrolImplicit(ctx, profile, claims, c.Wallet)
	default:
		err = a.enrol(ctx, profile, claims, c.Wallet)
	}
	if err != nil {
		return err
	}
	serial := citycode.Serial{Issuer: a.id(roleOf(profile)), List: claims.List, Index: claims.Index}
	if !c.JSON {
		_, err = fmt.Fprintln(std.Out, serial)
		return err
	}
	return json.NewEncoder(std.Out).Encode(issued{serial.String(), profile.Name, claims.Scenes.String(), claims.IssuedAt, claims.NotAfter, c.Wallet + c.Out})
}

func profileNamed(name string, profiles []citycode.Profile) (citycode.Profile, error) {
	var names []string
	for _, p := range profiles {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	return citycode.Profile{}, fmt.Errorf("no profile is called %.40q: there are %s", name, strings.Join(names, ", "))
}

// claims returns what the credential will say, as far as the command line
// decides it.
func (c *issueCmd) claims(p citycode.Profile) (*citycode.Claims, error) {
	static := p.Mode == citycode.Static
	switch {
	case static && (c.Out == "" || len(c.Subject) == 0):
		return nil, fmt.Errorf("a static code of profile %s needs --out and --subject", p.Name)
	case !static && c.Wallet == "":
		return nil, fmt.Errorf("profile %s needs --wallet", p.Name)
	case c.Days < 0:
		return nil, fmt.Errorf("--days %d: none are left", c.Days)
	}
	claims := &citycode.Claims{Profile: p.ID, Scenes: citycode.Scenes(c.Scenes), Benefit: c.Benefit, Subject: c.Subject, Identity: []byte(c.Identity)}
	if claims.Scenes == 0 {
		claims.Scenes = defaultScenes[p.ID]
	}
	if len(claims.Subject) == 0 {
		claims.Subject = make([]byte, p.SubjectSize)
		rand.Read(claims.Subject)
	}
	var err error
	if claims.SourceSegment, err = c.delegation(p); err != nil {
		return nil, err
	}
	days := c.Days
	if static && days == 0 {
		days = min(defaultPrinted, int(p.MaxLifetime/day))
	}
	claims.IssuedAt, claims.NotAfter, err = slot.Validity(p, c.now(), days)
	return claims, err
}

// delegation returns the source segment of profile delegated, nil for any other.
func (c *issueCmd) delegation(p citycode.Profile) ([]byte, error) {
	given := len(c.Guardian) > 0 || c.Relation != "" || c.PerDay != 0 || c.Cap != 0
	if p.ID != citycode.ProfileDelegated {
		if given {
			return nil, fmt.Errorf("profile %s has no guardian, relation, uses a day or cap", p.Name)
		}
		return nil, nil
	}
	d := citycode.Delegation{PerDay: c.PerDay, Cap: c.Cap}
	if len(c.Guardian) != len(d.Guardian) || c.Relation == "" {
		return nil, errors.New("profile delegated needs --guardian of 8 bytes and --relation")
	}
	copy(d.Guardian[:], c.Guardian)
	for relation, word := range relations {
		if word == c.Relation {
			d.Relation = relation
		}
	}
	return d.Bytes(), nil
}
