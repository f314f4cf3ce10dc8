package office

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/transit/tap"
)

// What a [Judge] says of a tap, besides the reasons of the code standard.
const (
	CodeGood = "ok"
	// OtherCode: the code is good, and the record says of it what does not stand
	// in it, as whose it is.
	OtherCode = "other-code"
	// Unchecked: the record has no code, or names no set of lists that is kept.
	Unchecked = "unchecked"
)

// A Judge returns the verifier, without a replay guard, for a set of lists by
// the name that gates record. Its skews are those of the gates, or it refuses what
// they took. The error is fs.ErrNotExist where the set is not kept.
type Judge func(ctx context.Context, lists string) (*citycode.Verifier, error)

// Verdicts verifies the codes of taps again, all together: one word for each, which
// is what the gate had to find at the time of the tap by the lists that it names
// (citycode SPEC §5.15). What only the gate could know it is taken at its word for:
// that it asked the challenge in the code, and the text that stood in front of
// a fused one, which nobody keeps.
func (j Judge) Verdicts(ctx context.Context, taps []tap.Tap) ([]string, error) {
	verdicts := make([]string, len(taps))
	tokens := make([]*citycode.Token, len(taps))
	bySet := make(map[string][]int)
	for i := range taps {
		e := &taps[i].Evidence
		verdicts[i] = Unchecked
		if e.Code == "" || e.Lists == "" {
			continue
		}
		var err error
		if tokens[i], err = e.Token(); err != nil {
			verdicts[i] = reasonOf(err)
			continue
		}
		bySet[e.Lists] = append(bySet[e.Lists], i)
	}
	for _, lists := range slices.Sorted(maps.Keys(bySet)) {
		verifier, err := j(ctx, lists)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return nil, err
		}
		set := bySet[lists]
		codes, says := make([]citycode.Tap, len(set)), make([]shown, len(set))
		for k, i := range set {
			t := &taps[i]
			says[k] = read(tokens[i])
			codes[k] = citycode.Tap{Token: tokens[i], Check: says[k].check(t), At: t.Time, Hint: engine.Hint(t.Evidence.Hint)}
		}
		verifier.VerifyBatch(codes)
		for k, i := range set {
			if verdicts[i] = reasonOf(codes[k].Err); verdicts[i] == citycode.SourceMismatch.String() {
				verdicts[i] = CodeGood // it stands behind all that can be judged here
			}
			if verdicts[i] == CodeGood && !says[k].isOf(&taps[i]) {
				verdicts[i] = OtherCode
			}
		}
	}
	return verdicts, nil
}

// reasonOf returns the word for a verdict. What is no Base64 is no code either.
func reasonOf(err error) string {
	if err == nil {
		return CodeGood
	}
	if refused, ok := errors.AsType[*citycode.VerifyError](err); ok {
		return refused.Reason.String()
	}
	return citycode.Malformed.String()
}

// A shown is what stands in a code: nobody's word until it is verified.
type shown struct {
	accepted  citycode.Accepted // without Until
	person    scenarios.Person
	carrier   scenarios.Carrier
	benefit   uint8
	issuedAt  int64 // Unix seconds
	challenge []byte
	dynamic   bool
}

func read(token *citycode.Token) shown {
	s := shown{carrier: scenarios.Phone}
	s.accepted.Serial.Issuer = token.Issuer()
	s.person.City = token.Issuer().City()
	if token.Profile() == citycode.ProfileCard {
		s.carrier = scenarios.Card
	}
	for _, f := range token.Fields() {
		switch b := token.Bytes()[f.Offset : f.Offset+f.Length]; f.Name {
		case "issuedAt":
			s.issuedAt = int64(number(b))
		case "statusList":
			s.accepted.Serial.List = b[0]
		case "statusIndex":
			s.accepted.Serial.Index = number(b)
		case "benefit":
			s.benefit = b[0]
		case "subject":
			s.person.Subject = string(b)
		case "time":
			s.accepted.Time, s.dynamic = int64(number(b)), true
		case "counter":
			s.accepted.Counter = number(b)
		case "challenge":
			s.challenge = b
		}
	}
	return s
}

// number reads a big-endian number of up to four bytes.
func number(b []byte) (n uint32) {
	for _, digit := range b {
		n = n<<8 | uint32(digit)
	}
	return n
}

// check is what the gate asked of a code.
func (s *shown) check(t *tap.Tap) citycode.Check {
	c := citycode.Check{Audience: citycode.Transit, Online: t.Online}
	if s.challenge != nil {
		c.Challenge = citycode.RestoreChallenge(s.challenge, t.Time, false)
	}
	return c
}

// isOf reports whether a record says of a code, whose signatures hold, what
// stands in it. Otherwise one person's good code could stand beside another's
// ride, or one code beside many rides at one gate. A printed code has no time
// and opens no gate.
func (s *shown) isOf(t *tap.Tap) bool {
	showing := scenarios.Showing(s.accepted)
	return s.dynamic && t.Serial == s.accepted.Serial.String() && t.Showing == showing && t.Key == showing+"@"+t.Gate && t.Person == s.person.String() &&
		t.Carrier == s.carrier.String() && t.Benefit == s.benefit && t.Issued.Unix() == s.issuedAt
}
