package agreement

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/citizencode/citizencode/scenarios"
)

// Bounds of a registry.
const (
	MaxRegistry   = 4 << 20 // bytes of JSON
	MaxAgreements = 10_000
	MaxPlaces     = 1_000 // of one agreement
	MaxName       = 200   // bytes of a switch's name, in each language
	maxWord       = 64
)

// A Registry (受理协议登记) is every agreement of a city. It never changes, and
// is safe for concurrent use.
type Registry struct {
	byPlace map[place][]*agreement // in the order of time
	places  int
}

type place struct{ operator, name string }

// An agreement is a checked AgreementSpec. Times are half-open: a day's end is
// the next day's beginning.
type agreement struct {
	spec         AgreementSpec
	path         string
	from, until  time.Time // until zero: open
	exclusiveEnd time.Time // zero: not exclusive
}

// Parse reads a registry from JSON of at most MaxRegistry bytes. It is strict.
// An error is a *RegistryError.
func Parse(data []byte) (*Registry, error) {
	var s Spec
	if err := scenarios.ReadStrict("registry", data, MaxRegistry, &s); err != nil {
		wrong, ok := errors.AsType[*scenarios.RequestError](err)
		if !ok {
			return nil, err
		}
		return nil, &RegistryError{wrong.Path, Malformed, wrong.Err.Error()}
	}
	return New(s)
}

// New returns the registry of a Spec, or a *RegistryError.
func New(s Spec) (*Registry, error) {
	if len(s.Agreements) > MaxAgreements {
		return nil, wrong("agreements", OutOfRange, "more than %d", MaxAgreements)
	}
	r := &Registry{byPlace: make(map[place][]*agreement)}
	ids := make(map[string]bool)
	for i, spec := range s.Agreements {
		a, err := newAgreement(fmt.Sprintf("agreements[%d]", i), spec)
		if err != nil {
			return nil, err
		}
		if ids[spec.ID] {
			return nil, wrong(a.path+".id", Twice, "%q", spec.ID)
		}
		ids[spec.ID] = true
		for _, name := range spec.Places {
			at := place{spec.Operator, name}
			r.byPlace[at] = append(r.byPlace[at], a)
		}
	}
	// In a fixed order, so that one registry always has one error.
	for _, spec := range s.Agreements {
		for _, name := range spec.Places {
			if err := checkOverlap(r.byPlace[place{spec.Operator, name}], name); err != nil {
				return nil, err
			}
		}
	}
	return r, nil
}

func wrong(path string, r Reason, format string, args ...any) error {
	return &RegistryError{path, r, fmt.Sprintf(format, args...)}
}

// checkOverlap puts the agreements of a place in order. Two of them on one day
// would leave it to chance what its gate takes.
func checkOverlap(list []*agreement, name string) error {
	slices.SortFunc(list, func(a, b *agreement) int { return cmp.Or(a.from.Compare(b.from), cmp.Compare(a.spec.ID, b.spec.ID)) })
	for i := 1; i < len(list); i++ {
		if before := list[i-1]; before.until.IsZero() || before.until.After(list[i].from) {
			return wrong(list[i].path+".from", Overlap, "%q holds at %q on that day", before.spec.ID, name)
		}
	}
	return nil
}

var wordForm = regexp.MustCompile(`^[a-z0-9]+([._-][a-z0-9]+)*$`)

func isWord(s string) bool { return len(s) <= maxWord && wordForm.MatchString(s) }

func newAgreement(path string, s AgreementSpec) (*agreement, error) {
	s.Places, s.Accepts = slices.Clone(s.Places), slices.Clone(s.Accepts)
	a := &agreement{spec: s, path: path}
	for _, word := range []struct{ name, value string }{{"id", s.ID}, {"operator", s.Operator}} {
		if !isWord(word.value) {
			return nil, wrong(path+"."+word.name, OutOfRange, "not a word of up to %d of a-z, 0-9 and, inside, . _ -", maxWord)
		}
	}
	if len(s.Places) == 0 || len(s.Places) > MaxPlaces {
		return nil, wrong(path+".places", OutOfRange, "not 1 to %d", MaxPlaces)
	}
	seen := make(map[string]bool)
	for i, name := range s.Places {
		at := fmt.Sprintf("%s.places[%d]", path, i)
		if !isWord(name) {
			return nil, wrong(at, OutOfRange, "not a word of up to %d of a-z, 0-9 and, inside, . _ -", maxWord)
		}
		if seen[name] {
			return nil, wrong(at, Twice, "%q", name)
		}
		seen[name] = true
	}
	if err := checkSchemes(path+".accepts", s.Accepts); err != nil {
		return nil, err
	}
	if s.Fee.Fen < 0 || s.Fee.Fen > MaxFeeFen || s.Fee.BasisPoints < 0 || s.Fee.BasisPoints > MaxFeeBasisPoints {
		return nil, wrong(path+".fee", OutOfRange, "not 0 to %d fen and %d basis points", MaxFeeFen, MaxFeeBasisPoints)
	}
	return a, a.setTimes()
}

func (a *agreement) setTimes() error {
	day := func(name, value string) (time.Time, error) {
		t, err := parseDay(value)
		if err != nil {
			return t, wrong(a.path+"."+name, OutOfRange, "%v", err)
		}
		return t, nil
	}
	var err error
	if a.from, err = day("from", a.spec.From); err != nil {
		return err
	}
	if a.spec.Until != "" {
		if a.until, err = day("until", a.spec.Until); err != nil {
			return err
		}
		a.until = a.until.AddDate(0, 0, 1)
		if !a.until.After(a.from) {
			return wrong(a.path+".until", Contradiction, "before from")
		}
	}
	if a.spec.Exclusive == nil {
		return nil
	}
	e := *a.spec.Exclusive
	e.Accepts = slices.Clone(e.Accepts)
	a.spec.Exclusive = &e
	if a.exclusiveEnd, err = day("exclusive.until", e.Until); err != nil {
		return err
	}
	a.exclusiveEnd = a.exclusiveEnd.AddDate(0, 0, 1)
	at := a.path + ".exclusive"
	switch {
	case !a.exclusiveEnd.After(a.from):
		return wrong(at+".until", Contradiction, "before from")
	case !a.until.IsZero() && !a.exclusiveEnd.Before(a.until):
		// It would never end: the citizen code would wait for a day that does not come.
		return wrong(at+".until", Contradiction, "not before until: there is no day after it")
	}
	if err := checkSchemes(at+".accepts", e.Accepts); err != nil {
		return err
	}
	switch {
	case slices.Contains(e.Accepts, CitizenCode):
		return wrong(at+".accepts", Contradiction, "exclusive, and takes the citizen code")
	case !slices.Contains(a.spec.Accepts, CitizenCode):
		return wrong(a.path+".accepts", Contradiction, "exclusive until a day, and no citizen code after it")
	case !e.Switch.Scheme.known():
		return wrong(at+".switch.scheme", UnknownScheme, "none of %s", Schemes())
	case !e.Switch.Scheme.shown() || !slices.Contains(e.Accepts, e.Switch.Scheme):
		return wrong(at+".switch.scheme", Contradiction, "not a code that a wallet can show and the reader takes")
	case !isWord(e.Switch.Wallet):
		return wrong(at+".switch.wallet", OutOfRange, "not a word of up to %d of a-z, 0-9 and, inside, . _ -", maxWord)
	case e.Switch.Name.Zh == "" || e.Switch.Name.En == "" || len(e.Switch.Name.Zh) > MaxName || len(e.Switch.Name.En) > MaxName:
		return wrong(at+".switch.name", OutOfRange, "not 1 to %d bytes in both languages", MaxName)
	}
	return nil
}

func checkSchemes(path string, list []Scheme) error {
	if len(list) == 0 {
		return wrong(path, OutOfRange, "no scheme")
	}
	for i, s := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		if !s.known() {
			return wrong(at, UnknownScheme, "none of %s", Schemes())
		}
		if slices.Contains(list[:i], s) {
			return wrong(at, Twice, "%q", s)
		}
	}
	return nil
}
