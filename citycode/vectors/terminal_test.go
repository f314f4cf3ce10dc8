package vectors

import (
	"strings"

	"github.com/citizencode/citizencode/citycode"
)

// A terminal is what stands in front of the code, and what it remembers. Of a change only the values that
// change are there.
type terminal struct {
	Clock        *instant    `json:"clock,omitempty"`
	Audience     *uint16     `json:"audience,omitempty"`
	Online       *bool       `json:"online,omitempty"`
	PhoneSkew    *int        `json:"phoneSkew,omitempty"`
	TerminalSkew *int        `json:"terminalSkew,omitempty"`
	TimeFloor    *instant    `json:"timeFloor,omitempty"`
	Lane         *string     `json:"lane,omitempty"`
	Challenge    *challenge  `json:"challenge,omitempty"`
	Replay       *replayJSON `json:"replay,omitempty"`
}

// A challenge is what the terminal drew: the beginning of SM3(terminal ‖ random).
type challenge struct {
	Value    hexBytes `json:"value"`
	DrawnAt  *instant `json:"drawnAt"`
	Terminal hexBytes `json:"terminal"`
	Random   hexBytes `json:"random"`
}

func drawn(terminal string, size int, unix int64) *challenge {
	random := filler("random of "+terminal, 16)
	return &challenge{Value: sm3([]byte(terminal), random)[:size], DrawnAt: at(unix), Terminal: []byte(terminal), Random: random}
}

// A replayJSON is what the replay guard remembers.
type replayJSON struct {
	Floor    *instant   `json:"floor,omitempty"`
	Accepted []accepted `json:"accepted"`
}

type accepted struct {
	Issuer  string `json:"issuer"`
	List    int    `json:"list"`
	Index   int    `json:"index"`
	Time    int64  `json:"time"`
	Counter int64  `json:"counter"`
	Until   int64  `json:"until"`
}

// acceptedOf is what a guard keeps of a token.
func acceptedOf(d draft) accepted {
	return accepted{issuerName(d.issuer), int(d.list), int(d.index), int64(d.time), int64(d.counter), int64(d.time) + 60 + 30}
}

func issuerName(key uint32) string { return citycode.KeyID(key).String() }

// gate is an offline bus gate at the everyday time.
func gate() terminal {
	return terminal{Clock: at(now), Audience: ptr(uint16(citycode.Transit)), Online: ptr(false), PhoneSkew: ptr(30), TerminalSkew: ptr(30),
		Lane: ptr(""), Replay: &replayJSON{Accepted: []accepted{}}}
}

// A scan is a code that the same terminal saw before.
type scan struct {
	Terminal *terminal `json:"terminal,omitempty"`
	Prefix   string    `json:"prefix,omitempty"` // a partner's code in front of the text
	Token    hexBytes  `json:"token"`
	outcome
}

// A tokenCase is a test in the making. It begins as the valid one of its group.
type tokenCase struct {
	draft
	world    *world
	terminal terminal
	prefix   string
	before   []scan
	edit     func(token []byte) []byte // after signing

	statusUnknown, repeated bool // in the verdict of a valid test
}

type tokenTest struct {
	label
	World    *world    `json:"world,omitempty"`
	Terminal *terminal `json:"terminal,omitempty"`
	Before   []scan    `json:"before,omitempty"`
	Prefix   string    `json:"prefix,omitempty"`
	Token    hexBytes  `json:"token"`
	outcome
	Verdict *verdict `json:"verdict,omitempty"`
	Layers  *layers  `json:"layers,omitempty"`
}

// A verdict is what a verifier says about a valid token.
type verdict struct {
	Profile     int      `json:"profile"`
	Issuer      string   `json:"issuer"`
	List        int      `json:"list"`
	Index       int      `json:"index"`
	Subject     hexBytes `json:"subject"`
	Benefit     int      `json:"benefit"`
	Audience    int      `json:"audience"`
	StatusKnown bool     `json:"statusKnown"`
	OneWay      bool     `json:"oneWay"`
	Repeated    bool     `json:"repeated"`
}

type tokenGroup struct {
	Comment     string       `json:"comment"`
	World       *world       `json:"world"`
	Terminal    terminal     `json:"terminal"`
	PrivateKeys []privateKey `json:"privateKeys"`
	Tests       []tokenTest  `json:"tests"`
}

// A tokenBuilder adds tests to a group.
type tokenBuilder struct {
	*numbering
	group *tokenGroup
	base  func() draft
}

func (e *envelope) tokenGroup(first int, comment string, city *cityDraft, term terminal, base func() draft) *tokenBuilder {
	clear(keysUsed)
	g := &tokenGroup{Comment: comment, World: city.world(), Terminal: term}
	e.Groups = append(e.Groups, g)
	return &tokenBuilder{e.numbers(first), g, base}
}

// end closes the group.
func (b *tokenBuilder) end() { b.group.PrivateKeys = takeKeys() }

func (b *tokenBuilder) begin(change func(*tokenCase)) *tokenCase {
	c := &tokenCase{draft: b.base()}
	if change != nil {
		change(c)
	}
	return c
}

func (b *tokenBuilder) valid(flags, comment string, change func(*tokenCase)) {
	c := b.begin(change)
	t := c.test(b.label(flags, comment, "", ""))
	t.outcome = valid
	t.Verdict = c.verdict(b.group.Terminal)
	if c.edit != nil {
		panic("generator: a valid token was edited")
	}
	t.Layers = c.layers()
	b.group.Tests = append(b.group.Tests, t)
}

// invalid adds a test. fault is "field/fault".
func (b *tokenBuilder) invalid(reason citycode.Reason, fault, flags, comment string, change func(*tokenCase)) {
	where, what, _ := strings.Cut(fault, "/")
	t := b.begin(change).test(b.label(flags, comment, where, what))
	t.outcome = refused(reason)
	b.group.Tests = append(b.group.Tests, t)
}

func (c *tokenCase) test(l label) tokenTest {
	t := tokenTest{label: l, World: c.world, Before: c.before, Prefix: c.prefix, Token: c.token()}
	if c.edit != nil {
		t.Token = c.edit(t.Token)
	}
	if c.terminal != (terminal{}) {
		t.Terminal = &c.terminal
	}
	return t
}

func (c *tokenCase) verdict(base terminal) *verdict {
	v := &verdict{Profile: int(c.profile), Issuer: issuerName(c.issuer), List: int(c.list), Index: int(c.index), Subject: c.subject,
		Benefit: int(c.benefit), StatusKnown: !c.statusUnknown, OneWay: c.terminal.Challenge == nil && base.Challenge == nil, Repeated: c.repeated}
	if c.holderKey == nil {
		return v
	}
	served := *base.Audience
	if c.terminal.Audience != nil {
		served = *c.terminal.Audience
	}
	v.Audience = int(c.audience)
	if c.audience == 0 {
		v.Audience = int(c.scenes & served)
	}
	return v
}
