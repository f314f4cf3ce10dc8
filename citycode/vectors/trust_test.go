package vectors

import (
	"strings"

	"github.com/citizencode/citizencode/citycode"
)

// A trustConfig is what a terminal holds before it opens a trust list. Of a change only the values that change
// are there.
type trustConfig struct {
	City      int          `json:"city,omitempty"`
	Epoch     int          `json:"epoch,omitempty"` // of the roots
	Roots     []hexBytes   `json:"roots,omitempty"`
	Threshold *int         `json:"threshold,omitempty"`
	Have      *listVersion `json:"have,omitempty"`
}

type listVersion struct {
	Epoch   uint32 `json:"epoch"`
	Counter uint32 `json:"counter"`
}

type trustTest struct {
	label
	Config *trustConfig `json:"config,omitempty"`
	List   hexBytes     `json:"list"`
	outcome
	Content *trustContent `json:"content,omitempty"`
}

// A trustContent is what a valid list says.
type trustContent struct {
	City     int            `json:"city"`
	Version  listVersion    `json:"version"`
	IssuedAt int64          `json:"issuedAt"`
	Expires  int64          `json:"expires"`
	Entries  []entryContent `json:"entries"`
	Grants   []grantContent `json:"grants"`
	Signers  []hexBytes     `json:"signers"`
}

type entryContent struct {
	ID          string       `json:"id"`
	Use         string       `json:"use"`
	Key         hexBytes     `json:"key"`
	Scenes      int          `json:"scenes"`
	IssueFrom   int64        `json:"issueFrom"`
	IssueUntil  int64        `json:"issueUntil"`
	VerifyUntil int64        `json:"verifyUntil"`
	MaxLifetime int64        `json:"maxLifetime"`
	Profiles    []pinContent `json:"profiles"`
}

type pinContent struct {
	ID  int      `json:"id"`
	SM3 hexBytes `json:"sm3"`
}

type grantContent struct {
	City      int          `json:"city"`
	Epoch     int          `json:"epoch"`
	Threshold int          `json:"threshold"`
	Roots     []hexBytes   `json:"roots"`
	Scenes    int          `json:"scenes"`
	Profiles  []pinContent `json:"profiles"`
}

func contentOf(pins []pin) []pinContent {
	list := []pinContent{}
	for _, p := range pins {
		list = append(list, pinContent{int(p.id), p.digest})
	}
	return list
}

func (t *trustDraft) content() *trustContent {
	c := &trustContent{City: int(t.city), Version: listVersion{t.epoch, t.counter}, IssuedAt: int64(t.issuedAt), Expires: int64(t.expires),
		Entries: []entryContent{}, Grants: []grantContent{}}
	uses := map[byte]string{useStatic: "static", useExplicit: "explicit", useImplicit: "implicit", useStatus: "status", useSnapshot: "snapshot"}
	for _, e := range t.entries {
		j := entryContent{issuerName(e.id), uses[e.use], e.key, int(e.scenes), int64(e.from), int64(e.until), int64(e.verify), int64(e.lifetime), contentOf(e.pins)}
		c.Entries = append(c.Entries, j)
	}
	for _, g := range t.grants {
		j := grantContent{int(g.city), int(g.epoch), int(g.threshold), nil, int(g.scenes), contentOf(g.pins)}
		for _, r := range g.roots {
			j.Roots = append(j.Roots, r)
		}
		c.Grants = append(c.Grants, j)
	}
	for _, name := range t.signers {
		c.Signers = append(c.Signers, key(name).public())
	}
	return c
}

type trustGroup struct {
	Comment     string       `json:"comment"`
	Config      trustConfig  `json:"config"`
	PrivateKeys []privateKey `json:"privateKeys"`
	Tests       []trustTest  `json:"tests"`
}

// A trustCase is a test in the making.
type trustCase struct {
	*cityDraft
	config  *trustConfig
	between func(body []byte, sigs []rootSignature) []byte // in place of assemble
	edit    func(message []byte) []byte                    // after signing
}

type trustBuilder struct {
	*numbering
	group *trustGroup
}

func (e *envelope) trustGroup(first int, comment string) *trustBuilder {
	clear(keysUsed)
	city := newCity()
	g := &trustGroup{Comment: comment, Config: trustConfig{shenyang, 1, city.rootKeys(), ptr(2), &listVersion{1, 7}}}
	e.Groups = append(e.Groups, g)
	return &trustBuilder{e.numbers(first), g}
}

func (b *trustBuilder) end() { b.group.PrivateKeys = takeKeys() }

func (b *trustBuilder) test(l label, change func(*trustCase)) (trustTest, *trustCase) {
	c := &trustCase{cityDraft: newCity(), between: assemble}
	if change != nil {
		change(c)
	}
	t := trustTest{label: l, Config: c.config, List: c.between(c.trust.body(), c.trust.signatures())}
	if c.edit != nil {
		t.List = c.edit(t.List)
	}
	return t, c
}

func (b *trustBuilder) valid(flags, comment string, change func(*trustCase)) {
	t, c := b.test(b.label(flags, comment, "", ""), change)
	t.outcome, t.Content = valid, c.trust.content()
	b.group.Tests = append(b.group.Tests, t)
}

// invalid adds a test. fault is "field/fault".
func (b *trustBuilder) invalid(r citycode.ListReason, fault, flags, comment string, change func(*trustCase)) {
	where, what, _ := strings.Cut(fault, "/")
	t, _ := b.test(b.label(flags, comment, where, what), change)
	t.outcome = refusedList(r)
	b.group.Tests = append(b.group.Tests, t)
}

// refusedList is the outcome of a list that is refused: ../SPEC.md §6.5 holds the reasons of both kinds.
func refusedList(r citycode.ListReason) outcome { return outcome{"invalid", r.String(), int(r), "6.5"} }

// misconfigured is the outcome of a terminal that must not be built at all: it is no refusal of a list.
var misconfigured = outcome{Result: "invalid", Reason: "configuration", Section: "6.4"}

func trustList() *envelope {
	e := newEnvelope("trust_list", "tl")
	e.trustValid()
	e.trustFormat()
	e.trustEntries()
	e.trustSignatures()
	e.trustVersions()
	e.trustConfigurations()
	e.trustGrants()
	return e
}

func (e *envelope) trustValid() {
	b := e.trustGroup(1, "Lists that open. The terminal holds version 1.7 and asks for two of three roots")
	defer b.end()
	b.valid("Normal", "an everyday list, signed by roots 0 and 1", nil)
	b.valid("Normal Threshold", "signed by roots 1 and 2", func(c *trustCase) { c.trust.signers = []string{root1, root2} })
	b.valid("Normal Threshold", "signed by all three", func(c *trustCase) { c.trust.signers = c.roots })
	b.valid("Threshold", "a city with one root", func(c *trustCase) {
		c.trust.signers = []string{root2}
		c.config = &trustConfig{Roots: []hexBytes{key(root2).public()}, Threshold: ptr(1)}
	})
	b.valid("Boundary", "a list without entries", func(c *trustCase) { c.trust.entries = nil })
	b.valid("TrustStale", "a list that has expired opens, so that the terminal can say trust-stale", func(c *trustCase) { c.trust.expires = start - 1 })
	b.valid("DuplicateId", "two keys of one id", func(c *trustCase) {
		c.add(c.issuer(1, newIssuerKey, useExplicit, 1, day, citycode.TransitProfile()))
	})
	b.valid("DuplicateId KeyUse", "one key under two ids, for one use", func(c *trustCase) {
		c.add(c.issuer(9, issuerKey, useExplicit, 1, day, citycode.TransitProfile()))
	})
	b.valid("PrivateProfile", "private profiles of the city", func(c *trustCase) { c.cityDraft = privateCity() })
	b.valid("KeyUse", "a key of each use", func(c *trustCase) { c.cityDraft = rightsCity() })
	b.valid("Boundary", "64 profiles for one key", func(c *trustCase) { c.trust.entries[0].pins = somePins(64) })
	b.valid("Boundary U32", "every time as high as it goes", func(c *trustCase) {
		c.trust.expires = 0xffffffff
		e := &c.trust.entries[0]
		e.from, e.until, e.verify = 0xffffffff, 0xffffffff, 0xffffffff
	})
	b.valid("Rollback", "a later counter", func(c *trustCase) { c.trust.counter = 8 })
	b.valid("Rollback", "the roots of the next epoch, and a lower counter: it overtakes a list that was pushed to the highest counter", func(c *trustCase) {
		c.trust.epoch, c.trust.counter = 2, 0
		c.config = &trustConfig{Epoch: 2, Have: &listVersion{1, 0xffffffff}}
	})
	b.valid("LeadingZero", "a root signature whose r begins with a zero byte", func(c *trustCase) {
		for ; c.trust.signatures()[0].signature[0] != 0; c.trust.counter++ {
		}
	})
}

// somePins returns pins of profiles that nobody has defined.
func somePins(n int) []pin {
	var list []pin
	for i := range n {
		list = append(list, pin{byte(i + 1), filler("pin", 32)})
	}
	return list
}

func (e *envelope) trustConfigurations() {
	b := e.trustGroup(501, "Configurations that a terminal must not accept (SPEC §6.4): a fault of whoever set it up, not a refusal of the list")
	defer b.end()
	bad := func(fault, flags, comment string, config trustConfig) {
		where, what, _ := strings.Cut(fault, "/")
		t, _ := b.test(b.label("Threshold "+flags, comment, where, what), nil)
		t.Config, t.outcome = &config, misconfigured
		b.group.Tests = append(b.group.Tests, t)
	}
	public := func(names ...string) []hexBytes {
		var list []hexBytes
		for _, name := range names {
			list = append(list, key(name).public())
		}
		return list
	}
	bad("roots/one-key-twice", "OneKeyTwoNames", "two of three, and one key stands twice: it would meet the threshold alone", trustConfig{Roots: public(root0, root1, root0)})
	bad("threshold/zero", "", "no signature needed", trustConfig{Threshold: ptr(0)})
	bad("threshold/above-roots", "", "four of three", trustConfig{Threshold: ptr(4)})
	bad("roots/not-on-curve", "OffCurve", "a root that is no point", trustConfig{Roots: append(public(root0, root1), offCurve())})
	bad("city/five-digits", "City", "city 21010", trustConfig{City: 21010})
	bad("city/seven-digits", "City", "city 1000000", trustConfig{City: 1000000})
	seventeen := []string{root0, root1, root2}
	for i := range 14 {
		seventeen = append(seventeen, "210100 root "+string(rune('a'+i)))
	}
	bad("roots/seventeen", "Length", "more than 16 roots", trustConfig{Roots: public(seventeen...)})
}
