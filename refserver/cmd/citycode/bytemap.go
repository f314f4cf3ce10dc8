package main

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
)

// A byteMap names the bytes of a token or credential from the first as far as
// they can be cut (SPEC §2). The library's parser gives a whole map or none; an
// inspector is asked about codes that are broken.
type byteMap struct {
	b      []byte
	fields []citycode.Field
	at     int
	mode   citycode.KeyMode
}

func mapBytes(b []byte) *byteMap {
	m := &byteMap{b: b}
	if m.head() && m.body() && m.mode != citycode.Static && m.at < len(b) {
		m.tail()
	}
	return m
}

// take cuts n bytes and reports whether they were there.
func (m *byteMap) take(name string, n int) bool {
	if len(m.b)-m.at < n {
		return false
	}
	m.fields = append(m.fields, citycode.Field{Name: name, Offset: m.at, Length: n})
	m.at += n
	return true
}

// segment cuts a length byte and as many bytes.
func (m *byteMap) segment(name string) bool {
	return m.take(name+"Length", 1) && m.take(name, int(m.b[m.at-1]))
}

// head cuts what stands at fixed places.
func (m *byteMap) head() bool {
	if !m.take("version", 1) || m.b[0] != citycode.WireVersion || !m.take("mode", 1) || m.b[1]>>4 != 1 {
		return false // behind another version or suite nothing has a known size
	}
	m.mode = citycode.KeyMode(m.b[1] & 3)
	return m.take("profile", 1) && m.take("issuer", 4) && m.take("issuedAt", 4) && m.take("notAfter", 4) &&
		m.take("statusList", 1) && m.take("statusIndex", 3) && m.take("scenes", 2) && m.take("benefit", 1)
}

// body cuts the segments, keys and the issuer's signature.
func (m *byteMap) body() bool {
	ok := m.segment("subject") &&
		(m.b[1]&4 == 0 || m.segment("seal")) &&
		(m.b[1]&8 == 0 || m.segment("source"))
	switch m.mode {
	case citycode.Static:
		ok = ok && m.take("issuerSignature", engine.SignatureSize)
	case citycode.Explicit:
		ok = ok && m.take("holderKey", engine.PointSize) && m.take("issuerSignature", engine.SignatureSize)
	case citycode.Implicit:
		ok = ok && m.take("reconstructionPoint", engine.PointSize)
	case citycode.CertifiedMultiple:
		ok = ok && m.take("holderKey", engine.PointSize) && m.take("certifiedMultiple", engine.PointSize) && m.take("issuerSignature", engine.SignatureSize)
	}
	return ok
}

// tail cuts the dynamic part.
func (m *byteMap) tail() {
	if !m.take("time", 4) || !m.take("counter", 4) || !m.take("audience", 2) || !m.take("challengeLength", 1) {
		return
	}
	if n := int(m.b[m.at-1]); n == 0 || m.take("challenge", n) {
		m.take("holderSignature", engine.SignatureSize)
	}
}

// of returns the bytes of a field.
func (m *byteMap) of(f citycode.Field) []byte { return m.b[f.Offset : f.Offset+f.Length] }

// find returns the bytes of the field of that name, nil if it was not reached.
func (m *byteMap) find(name string) []byte {
	for _, f := range m.fields {
		if f.Name == name {
			return m.of(f)
		}
	}
	return nil
}

// meaning says in words what stands in a field. None of it is verified.
func (m *byteMap) meaning(f citycode.Field) string {
	b := m.of(f)
	switch f.Name {
	case "version":
		return versionMeaning(b[0])
	case "mode":
		return modeMeaning(b[0])
	case "profile":
		return profileMeaning(citycode.ProfileID(b[0]))
	case "issuer":
		return citycode.KeyID(binary.BigEndian.Uint32(b)).String()
	case "issuedAt", "notAfter", "time":
		return time.Unix(int64(binary.BigEndian.Uint32(b)), 0).UTC().Format(time.RFC3339)
	case "statusList":
		return fmt.Sprintf("list %d of the issuer", b[0])
	case "statusIndex":
		index := uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2])
		return citycode.Serial{Issuer: citycode.KeyID(binary.BigEndian.Uint32(m.b[3:])), List: m.b[15], Index: index}.String()
	case "scenes":
		return citycode.Scenes(binary.BigEndian.Uint16(b)).String()
	case "audience":
		if a := citycode.Scenes(binary.BigEndian.Uint16(b)); a != 0 {
			return a.String()
		}
		return "any of its scenes"
	case "benefit":
		if b[0] == 0 {
			return "no benefit class"
		}
		return fmt.Sprintf("benefit class %d", b[0])
	case "subjectLength", "sealLength", "sourceLength", "challengeLength":
		return fmt.Sprintf("%d bytes", b[0])
	case "counter":
		return fmt.Sprintf("code number %d of this key", binary.BigEndian.Uint32(b))
	}
	return fieldMeanings[f.Name]
}

var fieldMeanings = map[string]string{
	"subject":             "pseudonym or handle",
	"seal":                "sealed data: key id 2, nonce 12, ciphertext, tag 16",
	"source":              "source segment",
	"holderKey":           "the holder's SM2 key",
	"reconstructionPoint": "W of an implicit key",
	"certifiedMultiple":   "multiple of the holder's key",
	"issuerSignature":     "r and s",
	"challenge":           "the terminal's challenge",
	"holderSignature":     "r and s",
}

func versionMeaning(v byte) string {
	if v&0xf0 != citycode.WireVersion&0xf0 {
		return "not a citizen code"
	}
	return fmt.Sprintf("citizen code, version %d", v&0x0f)
}

func modeMeaning(v byte) string {
	if v>>4 != 1 {
		return fmt.Sprintf("suite %d, which is not known", v>>4)
	}
	text := "suite 1 (SM2, SM3, SM4)"
	for _, part := range []struct {
		bit  byte
		name string
	}{{8, "source segment"}, {4, "seal"}} {
		if v&part.bit != 0 {
			text += ", " + part.name
		} else {
			text += ", no " + part.name
		}
	}
	return text + ", " + citycode.KeyMode(v&3).String()
}

func profileMeaning(id citycode.ProfileID) string {
	for _, p := range citycode.Profiles() {
		if p.ID == id {
			return p.Name
		}
	}
	text := "unknown"
	if id.Private() {
		text = "private to the city"
	}
	if id.Person() {
		return text + ", of a person"
	}
	return text + ", of a thing, place, matter or organisation"
}
