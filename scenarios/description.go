package scenarios

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/citizencode/citizencode/citycode"
)

// A Description is what a scenario declares about itself (SPEC §2). A terminal
// holds it to that: it hands over no claim, serves no carrier and opens at no
// time that is not declared.
type Description struct {
	Purpose  Text            // why it asks for a code, as a citizen is told
	Group    Group           // of the city's three
	Audience citycode.Scenes // scene groups that its terminals serve
	Actions  []string        // what can be asked for, as in "board"
	Carriers Carriers        // on which it can be used
	Identity Identity        // how much it must know of a person
	Claims   Claims          // what else of the credential it reads
	Offline  Offline         // what it does without a network
}

// A Group is one of the three kinds of service of a city's code.
type Group uint8

// The groups, and the promise of each.
const (
	Government Group = iota + 1 // 政务 一码通办: public administration
	Public                      // 公共 一码通用: public services
	Commercial                  // 商务 一码通优: shops and venues
)

var groupNames = map[Group]Text{
	Government: {"政务", "government"},
	Public:     {"公共", "public services"},
	Commercial: {"商务", "commerce"},
}

// Text returns the name of the group.
func (g Group) Text() Text { return groupNames[g] }

// A Carrier is what a person shows (载体).
type Carrier uint8

// The carriers.
const (
	Phone Carrier = iota + 1 // 电子码
	Card                     // 物理卡: an IC card that answered a challenge
	Paper                    // 纸质凭条: a numbered slip from a staffed desk
)

// AllCarriers are the carriers of SPEC §3.
func AllCarriers() []Carrier { return []Carrier{Phone, Card, Paper} }

// String returns the carrier's name.
func (c Carrier) String() string {
	switch c {
	case Phone:
		return "phone"
	case Card:
		return "card"
	case Paper:
		return "paper"
	}
	return fmt.Sprintf("carrier %d", uint8(c))
}

// Carriers is a set. A scenario that leaves one out leaves people out, so the
// zero value is all of them.
type Carriers uint8

// Only returns the set of the listed carriers.
func Only(list ...Carrier) (s Carriers) {
	for _, c := range list {
		s |= 1 << c
	}
	return s
}

// Has reports whether c is in the set.
func (s Carriers) Has(c Carrier) bool { return s == 0 && c >= Phone && c <= Paper || s&(1<<c) != 0 }

// An Identity is how much a scenario must know of a person to do its work.
type Identity uint8

// The identity classes. The zero value is the least.
const (
	// Anonymous: that the code is good is enough.
	Anonymous Identity = iota
	// Pseudonym: the same person comes back as the same pseudonym.
	Pseudonym
	// Record: an online service of the operator finds the person's record by
	// the handle in the code.
	Record
)

// Claims is the set of what a scenario reads of a credential besides the
// pseudonym.
type Claims uint8

// The claims.
const (
	BenefitClass Claims = 1 << iota // 优待类别
	PartnerCode                     // 源码: the partner's code in front of a fused one
	// ShownCode is the code itself, for a back office that verifies it again. It
	// says all that is in the code, so the pseudonym and the benefit class are
	// declared with it.
	ShownCode
)

// An OfflinePolicy says what a scenario does when it cannot reach its service.
type OfflinePolicy uint8

// The policies. The zero value is the safe one.
const (
	OnlineOnly   OfflinePolicy = iota // refuses: online-required
	WithinBudget                      // serves within Offline's limits
	Unlimited                         // serves: nothing is owed and nothing can be lost
)

// Offline is the offline policy of a scenario and its budget: what is not asked
// of a server cannot be taken back, so the budget is what a lost phone or a bad
// debt can cost.
type Offline struct {
	Policy OfflinePolicy
	// Uses is how often one credential is served between two online contacts;
	// Fen is what these visits may owe together, 0 for no limit of its own.
	// Both are for WithinBudget.
	Uses int
	Fen  int64
	// Spacing is the shortest time between two visits of one credential, at
	// any terminal that shares the allowance; 0 means none.
	Spacing time.Duration
}

// Limits of a description.
const (
	MaxActions    = 32
	MaxOfflineUse = 1000
	MaxSpacing    = time.Minute
)

var wordForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// Validate reports whether the description is one that SPEC §2 allows.
func (d Description) Validate() error {
	switch {
	case d.Purpose.Zh == "" || d.Purpose.En == "":
		return errors.New("scenarios: description: no purpose in both languages")
	case d.Group < Government || d.Group > Commercial:
		return errors.New("scenarios: description: no group")
	case d.Audience == 0:
		return errors.New("scenarios: description: no audience")
	case d.Carriers&^Only(AllCarriers()...) != 0:
		return errors.New("scenarios: description: unknown carrier")
	case d.Identity > Record:
		return errors.New("scenarios: description: unknown identity class")
	case d.Claims&^(BenefitClass|PartnerCode|ShownCode) != 0:
		return errors.New("scenarios: description: unknown claim")
	case d.Claims&ShownCode != 0 && (d.Identity == Anonymous || d.Claims&BenefitClass == 0):
		return errors.New("scenarios: description: the code that was shown says more than is declared")
	case len(d.Actions) == 0 || len(d.Actions) > MaxActions:
		return fmt.Errorf("scenarios: description: not 1 to %d actions", MaxActions)
	}
	seen := make(map[string]bool)
	for _, a := range d.Actions {
		if !wordForm.MatchString(a) || seen[a] {
			return fmt.Errorf("scenarios: description: action %q is no word or stands twice", a)
		}
		seen[a] = true
	}
	return d.Offline.validate()
}

func (o Offline) validate() error {
	switch {
	case o.Policy > Unlimited:
		return errors.New("scenarios: description: unknown offline policy")
	case o.Policy == WithinBudget && (o.Uses < 1 || o.Uses > MaxOfflineUse):
		return fmt.Errorf("scenarios: description: an offline budget of %d uses is not 1 to %d", o.Uses, MaxOfflineUse)
	case o.Policy != WithinBudget && (o.Uses != 0 || o.Fen != 0):
		return errors.New("scenarios: description: an offline budget that no policy uses")
	case o.Fen < 0 || o.Spacing < 0 || o.Spacing > MaxSpacing:
		return errors.New("scenarios: description: an offline limit is out of range")
	}
	return nil
}
