package citycode_test

import (
	"bytes"
	"encoding/binary"
)

// The model answers, from SPEC §2, §3 and §5.1 to §5.5 and without a line of
// the library, what a terminal must say to any bytes that are not a token it
// was shown: the reason, and where the bytes are cut. It knows no signature:
// bytes that differ from a valid token anywhere under a signature have a bad
// one, and that is all that it has to know.
type model struct {
	profiles map[profileID]profileRule
	listed   map[uint32][]listing // by key id
	genuine  [][]byte             // tokens that were signed
}

// A private profile is known by the city too (SPEC §3.1).
type profileID struct {
	id   byte
	city uint32 // 0 for a standard profile
}

type profileRule struct {
	mode        byte
	subject     int
	anyAudience bool
	seal        int // of the profile's ciphertext
	source      int
	prefix      bool // something stands in front of the text
}

// A listing is one entry of the trust list that the model's terminal holds.
type listing struct {
	status   bool
	keyMode  byte
	scenes   uint16
	profiles []byte
}

// A cut is where the parts of a token lie.
type cut struct {
	fields []cutField
	static int // end of the static part
	end    int
}

type cutField struct {
	name     string
	from, to int
}

// layout implements SPEC §2 in the order of §5.1. A word that is not empty is
// the reason of the refusal.
func (m *model) layout(b []byte) (c cut, reason string) {
	switch {
	case len(b) == 0:
		return c, "malformed"
	case b[0] < 0x10 || b[0] > 0x1f:
		return c, "malformed"
	case b[0] != 0x11:
		return c, "unsupported-version"
	case len(b) > 512:
		return c, "malformed"
	case len(b) == 1:
		return c, "malformed"
	case b[1] < 0x10 || b[1] > 0x1f:
		return c, "unsupported-suite"
	case len(b) < 22:
		return c, "malformed"
	}
	keyMode := b[1] & 3
	if city := binary.BigEndian.Uint32(b[3:7]) >> 12; city < 100000 || city > 999999 {
		return c, "malformed"
	}
	if keyMode == modeStatic && (b[2] <= 0x7f || 0xf0 <= b[2] && b[2] <= 0xf7) {
		return c, "malformed"
	}
	ok := true
	take := func(name string, n int) {
		if c.end+n > len(b) {
			ok = false
			return
		}
		if n > 0 {
			c.fields = append(c.fields, cutField{name, c.end, c.end + n})
		}
		c.end += n
	}
	segment := func(name string, allowed func(n int) bool) {
		take(name+"Length", 1)
		if !ok {
			return
		}
		n := int(b[c.end-1])
		if !allowed(n) {
			ok = false
			return
		}
		take(name, n)
	}
	for _, f := range []struct {
		name string
		n    int
	}{{"version", 1}, {"mode", 1}, {"profile", 1}, {"issuer", 4}, {"issuedAt", 4}, {"notAfter", 4}, {"statusList", 1}, {"statusIndex", 3}, {"scenes", 2}, {"benefit", 1}} {
		take(f.name, f.n)
	}
	segment("subject", func(n int) bool { return n == 8 || n == 16 || n == 32 || n == 64 })
	if ok && b[1]&4 != 0 {
		segment("seal", func(n int) bool { return n >= 31 })
	}
	if ok && b[1]&8 != 0 {
		segment("source", func(n int) bool { return n >= 1 })
	}
	point := func(name string) {
		if !ok {
			return
		}
		take(name, 33)
		if ok && b[c.end-33] != 2 && b[c.end-33] != 3 {
			ok = false
		}
	}
	switch keyMode {
	case modeExplicit:
		point("holderKey")
	case modeImplicit:
		point("reconstructionPoint")
	case modeMultiple:
		point("holderKey")
		point("certifiedMultiple")
	}
	if ok && keyMode != modeImplicit {
		take("issuerSignature", 64)
	}
	c.static = c.end
	if ok && keyMode != modeStatic {
		take("time", 4)
		take("counter", 4)
		take("audience", 2)
		take("challengeLength", 1)
		if !ok {
			return c, "malformed"
		}
		audience := binary.BigEndian.Uint16(b[c.end-3:])
		if audience&(audience-1) != 0 { // more than one bit
			return c, "malformed"
		}
		n := int(b[c.end-1])
		if n != 0 && n != 8 && n != 16 {
			return c, "malformed"
		}
		take("challenge", n)
		take("holderSignature", 64)
	}
	if !ok || c.end != len(b) {
		return c, "malformed"
	}
	return c, ""
}

// refusal says why the terminal refuses b; the empty word is for a token that
// was signed. Whatever was not ends at §5.5.
func (m *model) refusal(b []byte) string {
	c, reason := m.layout(b)
	if reason != "" {
		return reason
	}
	issuer := binary.BigEndian.Uint32(b[3:])
	id := profileID{id: b[2]}
	if b[2] >= 0xf0 {
		id.city = issuer >> 12
	}
	p, known := m.profiles[id]
	if !known {
		return "unsupported-profile"
	}
	if b[1] != p.mode || int(b[22]) != p.subject {
		return "malformed"
	}
	for _, f := range c.fields {
		switch f.name {
		case "sealLength":
			if int(b[f.from]) != 2+12+p.seal+16 {
				return "malformed"
			}
		case "sourceLength":
			if int(b[f.from]) != p.source {
				return "malformed"
			}
		case "source":
			if relation := b[min(f.from+8, f.to-1)]; b[2] == 7 && (relation < 1 || relation > 3) {
				return "malformed"
			}
		case "challengeLength":
			if p.prefix && b[f.from] != 8 {
				return "malformed"
			}
		}
	}
	if p.mode&3 != modeStatic && binary.BigEndian.Uint16(b[c.static+8:]) == 0 && !p.anyAudience {
		return "malformed"
	}
	credentialKeys, allowed := 0, 0
	for _, e := range m.listed[issuer] {
		if e.status {
			continue
		}
		credentialKeys++
		scenes := binary.BigEndian.Uint16(b[19:])
		if e.keyMode == p.mode&3 && scenes|e.scenes == e.scenes && bytes.IndexByte(e.profiles, b[2]) >= 0 {
			allowed++
		}
	}
	switch {
	case credentialKeys == 0:
		return "unknown-issuer"
	case allowed == 0:
		return "issuer-not-allowed"
	}
	reason = "bad-issuer-signature"
	if p.mode&3 == modeImplicit {
		// One signature for both, so one word for both, whoever erred.
		reason = "bad-signature"
	}
	for _, g := range m.genuine {
		if bytes.Equal(g, b) {
			return ""
		}
		if p.mode&3 == modeExplicit && len(g) >= c.static && bytes.Equal(g[:c.static], b[:c.static]) {
			reason = "bad-holder-signature"
		}
	}
	return reason
}
