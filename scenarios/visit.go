package scenarios

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
)

// A Visit is one showing of a code at a terminal.
type Visit struct {
	Citizen Citizen
	// Key names the visit: the showing and the terminal. It is what makes
	// money move once, however often a visit is handed over.
	Key      string
	Terminal string          // names the gate, desk or barrier
	Action   string          // what is asked for, one of those declared
	Params   json.RawMessage // of the action; strict, see the scenario
	Online   bool            // the scenario's online service can be reached
	// Time is the terminal's. In whole seconds it is that of the verdict about
	// the code, so that who verifies it again at this time finds the same.
	Time time.Time
	// Lists names the set of lists by which the code was verified, as the
	// terminal was told; empty: it was not.
	Lists string
	// UsesLeft is the credential's offline allowance after this visit, where
	// the scenario has one.
	UsesLeft int
}

// A Person is what a scenario knows somebody by: a pseudonym that says nothing
// by itself, the same on every carrier of one purpose group of one city.
type Person struct {
	City    int    // GB/T 2260
	Subject string // bytes
}

// String returns the pseudonym as a word, for accounts and records.
func (p Person) String() string {
	return strconv.Itoa(p.City) + "-" + hex.EncodeToString([]byte(p.Subject))
}

// A Citizen is the person of a visit as far as the scenario has declared that
// it must know him. It comes from a code that a verifier accepted, or from a
// slip; nothing else makes one.
type Citizen struct {
	carrier  Carrier
	person   Person
	benefit  uint8
	partner  string
	showing  string
	serial   citycode.Serial
	profile  citycode.ProfileID
	issuedAt time.Time
	notAfter time.Time
	known    bool
	bound    bool
	code     string
	hint     engine.Hint
}

// CitizenOf returns the citizen of a verified code for a scenario of that
// description. What it did not declare it does not get.
func CitizenOf(v *citycode.Verified, d Description) Citizen {
	a := v.Accepted()
	c := Citizen{
		carrier: Phone, serial: a.Serial, profile: v.Profile().ID,
		showing:  Showing(a),
		issuedAt: v.IssuedAt(), notAfter: v.NotAfter(), known: v.StatusKnown(), bound: !v.OneWay(),
	}
	if v.Profile().Assurance == citycode.AssuranceCard {
		c.carrier = Card
	}
	c.disclose(Person{v.Issuer().City(), string(v.Subject())}, v.Benefit(), d)
	if d.Claims&PartnerCode != 0 {
		c.partner = v.Prefix()
	}
	if d.Claims&ShownCode != 0 {
		c.code, c.hint = string(v.Bytes()), v.Hint()
	}
	return c
}

// Showing names the showing of a code, as in [Citizen.Showing].
func Showing(a citycode.Accepted) string {
	return a.Serial.String() + "@" + strconv.FormatInt(a.Time, 10) + "." + strconv.FormatUint(uint64(a.Counter), 10)
}

// disclose keeps from a scenario what it did not ask for: what it does not
// know it cannot store.
func (c *Citizen) disclose(p Person, benefit uint8, d Description) {
	c.person.City = p.City
	if d.Identity != Anonymous {
		c.person = p
	}
	if d.Claims&BenefitClass != 0 {
		c.benefit = benefit
	}
}

// Carrier returns what was shown. It is for journals and statistics: a decision
// is the same on every carrier.
func (c *Citizen) Carrier() Carrier { return c.carrier }

// Person returns the pseudonym. For an anonymous scenario it has the city only.
func (c *Citizen) Person() Person { return c.person }

// Benefit returns the benefit class (优待类别), 0 if there is none or the
// scenario declared no interest.
func (c *Citizen) Benefit() uint8 { return c.benefit }

// PartnerCode returns the code of a partner that stood in front of a fused one
// (融合) and that its holder has signed; empty if there is none or the scenario
// declared no interest. Whom it means only the partner knows.
func (c *Citizen) PartnerCode() string { return c.partner }

// Code returns the bytes of the code as it was shown, without a partner's code in
// front, and the hint that makes it cheap to verify again (citycode SPEC §5.15).
// It is empty on paper, or if the scenario declared no interest.
func (c *Citizen) Code() (string, engine.Hint) { return c.code, c.hint }

// Showing names this showing of the code. Two gates that journal the same
// showing have seen the same picture.
func (c *Citizen) Showing() string { return c.showing }

// Serial names the credential; the zero value on paper.
func (c *Citizen) Serial() citycode.Serial { return c.serial }

// Profile returns the profile of the code, 0 on paper.
func (c *Citizen) Profile() citycode.ProfileID { return c.profile }

// IssuedAt returns when the credential or slip was issued.
func (c *Citizen) IssuedAt() time.Time { return c.issuedAt }

// NotAfter returns the last second of the credential or slip.
func (c *Citizen) NotAfter() time.Time { return c.notAfter }

// StatusKnown reports whether a fresh status list was asked.
func (c *Citizen) StatusKnown() bool { return c.known }

// Bound reports that what was shown was made for this terminal: it answered a
// challenge, or is a slip. A one-way picture could be of another screen.
func (c *Citizen) Bound() bool { return c.bound }

// key names a visit.
func (c *Citizen) key(terminal string) string { return c.showing + "@" + terminal }

// A Text is a sentence for a person in Chinese and English.
type Text struct {
	Zh string `json:"zh"`
	En string `json:"en"`
}

// A Decision is what a terminal does and says.
type Decision struct {
	Allow bool `json:"allow"`
	// Reason is one stable word: "ok", a reason of the code standard
	// (citycode.Reason), or one of the scenario's own.
	Reason string `json:"reason"`
	// Message says what happened and, after a refusal, what the person can do.
	Message Text `json:"message"`
	// Repeated says that this is the decision of a moment ago for the same
	// code on the same lane: nothing opens a second time.
	Repeated bool `json:"repeated,omitempty"`
	// Charge is what the person owes for the visit at once, in fen.
	Charge int64 `json:"charge,omitempty"`
	// Outcome is what the scenario did, in its own words.
	Outcome json.RawMessage `json:"outcome,omitempty"`
}

// Allowed returns a Decision that opens. outcome, which may be nil, is encoded
// as JSON.
func Allowed(message Text, outcome any) (*Decision, error) {
	d := &Decision{Allow: true, Reason: "ok", Message: message}
	if outcome != nil {
		b, err := json.Marshal(outcome)
		if err != nil {
			return nil, fmt.Errorf("encode outcome: %w", err)
		}
		d.Outcome = b
	}
	return d, nil
}

// Refused returns a Decision that does not open.
func Refused(reason string, message Text) *Decision {
	return &Decision{Reason: reason, Message: message}
}
