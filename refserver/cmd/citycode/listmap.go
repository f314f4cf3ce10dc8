package main

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/refserver/store"
)

// maxFieldHex is how many bytes of one field are shown: the states of a status
// list are megabytes.
const maxFieldHex = 64

// A listKind is one of the signed lists of SPEC §6.1.
type listKind struct {
	name, tag string
	cut       func(*listMap) bool
}

// listKinds are named by the second byte of a list.
var listKinds = map[byte]listKind{
	'T': {"trust list", "CC1/trst", (*listMap).trust},
	'R': {"root change", "CC1/root", (*listMap).rootChange},
	'N': {"snapshot", "CC1/snap", (*listMap).snapshot},
	'S': {"status list", "CC1/list", (*listMap).status},
	'D': {"status delta", "CC1/dlta", (*listMap).delta},
}

// listKindOf returns which list b begins as, and false for what is none. No
// token has such a second byte.
func listKindOf(b []byte) (listKind, bool) {
	if len(b) < 2 || b[0] != citycode.WireVersion {
		return listKind{}, false
	}
	k, ok := listKinds[b[1]]
	return k, ok
}

// A listMap names the bytes of a list from the first as far as they can be cut
// (SPEC §6, §7).
type listMap struct {
	b      []byte
	at     int
	body   int // bytes that are signed
	fields []fieldLine
	sigs   []signature
}

// inspectList cuts a list, whatever stands in it.
func inspectList(b []byte, kind listKind) *inspection {
	m := &listMap{b: b}
	i := &inspection{Kind: kind.name, Bytes: len(b), Signatures: []signature{}}
	whole := m.take("version", 1, func(v []byte) string { return fmt.Sprintf("version %d", v[0]&0x0f) }) &&
		m.take("kind", 1, func([]byte) string { return kind.name }) && kind.cut(m) && m.at == len(b)
	i.Fields = m.fields
	for _, s := range m.sigs {
		s.Tag, s.Covers, s.Result = kind.tag, m.body, unverified
		i.Signatures = append(i.Signatures, s)
	}
	if !whole {
		i.fail(&citycode.ListError{List: kind.name, Reason: citycode.ListMalformed, Err: errors.New("it ends too early or too late")})
		if rest := b[m.at:]; len(rest) > 0 {
			i.Rest = shortHex(rest)
		}
	}
	return i
}

// fail says why a list is none, or is refused.
func (i *inspection) fail(refused *citycode.ListError) {
	i.Error = &cutError{Reason: refused.Reason.String(), Number: int(refused.Reason), Section: "6.5", Detail: refused.Err.Error()}
}

// verifyList opens a list as a terminal does that has the lists of dir, and
// says of its signatures what came out.
func (i *inspection) verifyList(b []byte, dir string, lists *store.Lists) {
	if i.Error != nil {
		return
	}
	err := openList(b, dir, lists)
	var refused *citycode.ListError
	switch {
	case err == nil:
		i.Verified = true
	case errors.As(err, &refused):
		i.fail(refused)
	default:
		i.Error = &cutError{Reason: "not-verified", Section: "6.5", Detail: oneLine(err.Error())}
	}
	for n := range i.Signatures {
		i.Signatures[n].Result = holds
		if err != nil {
			i.Signatures[n].Result = notAccepted
		}
	}
}

func openList(b []byte, dir string, lists *store.Lists) (err error) {
	switch b[1] {
	case 'T':
		_, err = citycode.OpenTrustList(b, lists.Roots.Config())
	case 'R':
		_, err = citycode.OpenRootChange(b, lists.Roots.Config())
	case 'N':
		_, err = citycode.OpenSnapshot(b, lists.Trust, citycode.Version{})
	case 'S':
		_, err = citycode.OpenStatusList(b, lists.Trust, citycode.Version{})
	case 'D':
		const issuer, list = 6, 10
		var whole *citycode.StatusList
		if _, whole, err = store.OpenStatus(dir, lists.Trust, citycode.KeyID(binary.BigEndian.Uint32(b[issuer:])), b[list]); err == nil {
			_, err = whole.Apply(b, lists.Trust)
		}
	}
	return err
}

func shortHex(b []byte) string {
	if len(b) > maxFieldHex {
		return fmt.Sprintf("%x… and %d bytes more", b[:maxFieldHex], len(b)-maxFieldHex)
	}
	return hex.EncodeToString(b)
}

// take cuts n bytes, says what they mean and reports whether they were there.
func (m *listMap) take(name string, n int, meaning func([]byte) string) bool {
	if n < 0 || len(m.b)-m.at < n {
		return false
	}
	b := m.b[m.at : m.at+n]
	m.fields = append(m.fields, fieldLine{m.at, n, name, shortHex(b), meaning(b)})
	m.at += n
	return true
}

// number returns the value of the field that was cut last.
func (m *listMap) number() (n int) {
	f := m.fields[len(m.fields)-1]
	for _, v := range m.b[f.Offset : f.Offset+f.Length] {
		n = n<<8 | int(v)
	}
	return n
}

// each cuts the parts that a count says, one after the other.
func (m *listMap) each(count int, cut func(prefix string) bool, name string) bool {
	for k := range count {
		if !cut(fmt.Sprintf("%s %d ", name, k+1)) {
			return false
		}
	}
	return true
}

func (m *listMap) head() bool {
	return m.take("version", 8, asVersion) && m.take("issuedAt", 4, asTime) && m.take("expires", 4, asTime)
}

func (m *listMap) trust() bool {
	return m.take("city", 4, asCity) && m.head() && m.take("entries", 2, asCount) && m.each(m.number(), m.entry, "entry") &&
		m.take("grants", 2, asCount) && m.each(m.number(), m.grant, "grant") && m.rootSignatures()
}

func (m *listMap) entry(of string) bool {
	return m.take(of+"id", 4, asKeyID) && m.take(of+"use", 1, asUse) && m.take(of+"key", engine.PointSize, as("SM2 key")) && m.take(of+"scenes", 2, asScenes) &&
		m.take(of+"issueFrom", 4, asTime) && m.take(of+"issueUntil", 4, asTime) && m.take(of+"verifyUntil", 4, asTime) && m.take(of+"maxLifetime", 4, asSeconds) && m.profiles(of)
}

func (m *listMap) profiles(of string) bool {
	return m.take(of+"profiles", 1, asCount) && m.each(m.number(), func(p string) bool {
		return m.take(of+p+"id", 1, asProfile) && m.take(of+p+"digest", engine.DigestSize, as("SM3 of its definition"))
	}, "profile")
}

func (m *listMap) rootSet(of string) bool {
	return m.take(of+"threshold", 1, as("as many of them must sign")) && m.take(of+"roots", 1, asCount) &&
		m.each(m.number(), func(r string) bool { return m.take(of+r+"key", engine.PointSize, as("SM2 key")) }, "root")
}

func (m *listMap) grant(of string) bool {
	return m.take(of+"city", 4, asCity) && m.take(of+"epoch", 4, as("of its root keys")) && m.rootSet(of) && m.take(of+"scenes", 2, asScenes) && m.profiles(of)
}

func (m *listMap) rootChange() bool {
	return m.take("city", 4, asCity) && m.take("epoch", 4, as("that it begins")) && m.take("issuedAt", 4, asTime) && m.rootSet("") && m.rootSignatures()
}

func (m *listMap) snapshot() bool {
	return m.take("signer", 4, asKeyID) && m.head() && m.take("lists", 2, asCount) && m.each(m.number(), func(of string) bool {
		return m.take(of+"kind", 1, asListKind) && m.take(of+"issuer", 4, asKeyID) && m.take(of+"list", 1, as("number of the list")) &&
			m.take(of+"version", 8, asVersion) && m.take(of+"digest", engine.DigestSize, as("SM3 of its body"))
	}, "list") && m.signature()
}

func (m *listMap) statusHead() bool {
	return m.take("signer", 4, asKeyID) && m.take("issuer", 4, asKeyID) && m.take("list", 1, as("number of the list")) && m.head() && m.take("entries", 4, asCount)
}

func (m *listMap) status() bool {
	return m.statusHead() && m.take("notValid", 4, asCount) && m.take("states", len(m.b)-m.at-engine.SignatureSize, as("those that are not valid")) && m.signature()
}

func (m *listMap) delta() bool {
	return m.statusHead() && m.take("base", engine.DigestSize, as("SM3 of the list that it follows")) && m.take("result", engine.DigestSize, as("SM3 of the list that it makes")) &&
		m.take("changes", 4, asCount) && m.take("states", len(m.b)-m.at-engine.SignatureSize, as("the changes")) && m.signature()
}

// signature cuts that of one key of the trust list.
func (m *listMap) signature() bool {
	m.body = m.at
	m.sigs = append(m.sigs, signature{Name: "signature", Offset: m.at, Length: engine.SignatureSize})
	return m.take("signature", engine.SignatureSize, as("r and s"))
}

// rootSignatures cuts those of root keys.
func (m *listMap) rootSignatures() bool {
	m.body = m.at
	return m.take("signatures", 1, asCount) && m.each(m.number(), func(of string) bool {
		if !m.take(of+"root", 8, as("first bytes of SM3 of the root key")) {
			return false
		}
		m.sigs = append(m.sigs, signature{Name: of + "value", Offset: m.at, Length: engine.SignatureSize})
		return m.take(of+"value", engine.SignatureSize, as("r and s"))
	}, "signature")
}

func as(text string) func([]byte) string { return func([]byte) string { return text } }

func asNumber(b []byte) uint32 {
	var n uint32
	for _, v := range b {
		n = n<<8 | uint32(v)
	}
	return n
}

func asCount(b []byte) string { return fmt.Sprint(asNumber(b)) }

func asCity(b []byte) string { return fmt.Sprintf("GB/T 2260 code %06d", asNumber(b)) }

func asSeconds(b []byte) string { return (time.Duration(asNumber(b)) * time.Second).String() }

func asTime(b []byte) string { return time.Unix(int64(asNumber(b)), 0).UTC().Format(time.RFC3339) }

func asScenes(b []byte) string { return citycode.Scenes(asNumber(b)).String() }

func asProfile(b []byte) string { return profileMeaning(citycode.ProfileID(b[0])) }

func asVersion(b []byte) string {
	return citycode.Version{Epoch: binary.BigEndian.Uint32(b), Counter: binary.BigEndian.Uint32(b[4:])}.String()
}

func asKeyID(b []byte) string {
	if id := citycode.KeyID(asNumber(b)); id != 0 {
		return id.String()
	}
	return "none: it is the trust list"
}

func asListKind(b []byte) string {
	switch b[0] {
	case 'T':
		return "trust list"
	case 'S':
		return "status list"
	}
	return "unknown"
}

func asUse(b []byte) string {
	switch u := citycode.KeyUse(b[0]); u {
	case citycode.UseStatic, citycode.UseExplicit, citycode.UseImplicit:
		return "signs " + citycode.KeyMode(u).String() + " credentials"
	case citycode.UseStatus:
		return "signs status lists"
	case citycode.UseSnapshot:
		return "signs snapshots"
	}
	return "unknown"
}
