package vectors

import (
	"encoding/binary"
	"slices"
)

// A draft is a token in the making: every byte of ../SPEC.md §2 can be given a value that an issuer or a
// phone would never give it.
type draft struct {
	version, mode, profile byte
	issuer                 uint32
	issuedAt, notAfter     uint32
	list                   byte
	index                  uint32
	scenes                 uint16
	benefit                byte
	subject, seal, source  []byte // seal and source: nil if not there, whatever the mode says
	holderKey              []byte // nil: a static code
	multiple               []byte
	issuerSign             signing
	implicitly             *issuance // how an implicit code was issued, if it was

	time, counter uint32
	audience      uint16
	challenge     []byte
	holderSign    signing
}

// A signing says how a signature is made. With only key and tag it is made as the standard says.
type signing struct {
	key   string   // name of the TEST key
	with  *testKey // in place of it
	tag   string
	za    func(k *testKey) []byte             // in place of ZA under the default identifier
	over  func(message []byte) []byte         // what is signed in place of tag ‖ message
	hash  func(parts ...[]byte) []byte        // in place of SM3
	nonce string                              // label of the nonce; "": the signer derives one
	after func(sig []byte, k *testKey) []byte // what becomes of r‖s
	give  []byte                              // signature made elsewhere
}

// A signed is what a signing has come to.
type signed struct{ message, za, digest, signature []byte }

func (s signing) sign(message []byte) signed {
	if s.give != nil {
		return signed{signature: s.give}
	}
	k := s.with
	if k == nil {
		k = key(s.key)
	}
	m := append([]byte(s.tag), message...)
	if s.over != nil {
		m = s.over(message)
	}
	za := k.za(identity)
	if s.za != nil {
		za = s.za(k)
	}
	hash := sm3
	if s.hash != nil {
		hash = s.hash
	}
	digest := hash(za, m)
	var sig []byte
	if s.nonce == "" {
		sig = k.sign(digest)
	} else {
		sig = k.signWith(nonceOf(s.nonce), digest)
	}
	if s.after != nil {
		sig = s.after(sig, k)
	}
	return signed{m, za, digest, sig}
}

// head returns what the issuer signs.
func (d *draft) head() []byte {
	b := []byte{d.version, d.mode, d.profile}
	b = binary.BigEndian.AppendUint32(b, d.issuer)
	b = binary.BigEndian.AppendUint32(b, d.issuedAt)
	b = binary.BigEndian.AppendUint32(b, d.notAfter)
	b = binary.BigEndian.AppendUint32(b, uint32(d.list)<<24|d.index)
	b = binary.BigEndian.AppendUint16(b, d.scenes)
	b = append(b, d.benefit)
	b = appendSegment(b, d.subject)
	if d.seal != nil {
		b = appendSegment(b, d.seal)
	}
	if d.source != nil {
		b = appendSegment(b, d.source)
	}
	b = append(b, d.holderKey...)
	return append(b, d.multiple...)
}

func appendSegment(b, segment []byte) []byte {
	return append(append(b, byte(len(segment))), segment...)
}

// implicit reports whether the mode has W and no issuer's signature.
func (d *draft) implicit() bool { return d.mode&3 == 2 }

func (d *draft) credential() []byte {
	head := d.head()
	if d.implicit() {
		return head
	}
	return append(head, d.issuerSign.sign(head).signature...)
}

func (d *draft) dynamic() []byte {
	b := binary.BigEndian.AppendUint32(nil, d.time)
	b = binary.BigEndian.AppendUint32(b, d.counter)
	b = binary.BigEndian.AppendUint16(b, d.audience)
	return appendSegment(b, d.challenge)
}

func (d *draft) token() []byte {
	b := d.credential()
	if d.holderKey == nil {
		return b
	}
	b = append(b, d.dynamic()...)
	return append(b, d.holder().sign(b).signature...)
}

// holder says how the holder signs: in implicit mode with the key that the issuer's answer gives, unless the
// draft says otherwise.
func (d *draft) holder() signing {
	s := d.holderSign
	if s.key == "" && s.with == nil && s.give == nil {
		s.with = d.implicitly.key(d.head())
	}
	return s
}

// A field is a named stretch of a token.
type field struct {
	Name   string   `json:"name"`
	Offset int      `json:"offset"`
	Length int      `json:"length"`
	Value  hexBytes `json:"value"`
}

// fields names every byte of the token.
func (d *draft) fields() []field {
	token := d.token()
	list := []field{}
	at := 0
	add := func(name string, n int) {
		if n > 0 {
			list = append(list, field{name, at, n, token[at : at+n]})
			at += n
		}
	}
	segment := func(name string, s []byte) {
		add(name+"Length", 1)
		add(name, len(s))
	}
	add("version", 1)
	add("mode", 1)
	add("profile", 1)
	add("issuer", 4)
	add("issuedAt", 4)
	add("notAfter", 4)
	add("statusList", 1)
	add("statusIndex", 3)
	add("scenes", 2)
	add("benefit", 1)
	segment("subject", d.subject)
	if d.seal != nil {
		segment("seal", d.seal)
	}
	if d.source != nil {
		segment("source", d.source)
	}
	if d.implicit() {
		add("reconstructionPoint", len(d.holderKey))
	} else {
		add("holderKey", len(d.holderKey))
		add("certifiedMultiple", len(d.multiple))
		add("issuerSignature", 64)
	}
	if d.holderKey != nil {
		add("time", 4)
		add("counter", 4)
		add("audience", 2)
		segment("challenge", d.challenge)
		add("holderSignature", 64)
	}
	if at != len(token) {
		panic("generator: fields do not cover the token")
	}
	return list
}

// spanOf returns the bytes of a field.
func (d *draft) spanOf(name string) (from, to int) {
	fields := d.fields()
	i := slices.IndexFunc(fields, func(f field) bool { return f.Name == name })
	return fields[i].Offset, fields[i].Offset + fields[i].Length
}

// sealOf returns a seal with a ciphertext of n bytes: key id, nonce, ciphertext, tag. Nobody can open it.
func sealOf(n int) []byte { return filler("seal", 2+12+n+16) }

// filler returns n bytes that mean nothing and follow from a label.
func filler(label string, n int) []byte {
	var b []byte
	for i := byte(0); len(b) < n; i++ {
		b = append(b, sm3([]byte(label), []byte{i})...)
	}
	return b[:n]
}
