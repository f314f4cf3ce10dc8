package vectors

import (
	"fmt"
	"math/big"
	"slices"

	"github.com/citizencode/citizencode/citycode"
)

// The layers of a valid token, from what an issuer knows to what a camera sees: where an implementation
// differs, the first layer that differs is where its fault lies.
type layers struct {
	Claims          claims          `json:"claims"`
	IssuerKey       hexBytes        `json:"issuerKey"`
	IssuerTag       string          `json:"issuerTag,omitempty"`
	IssuerMessage   hexBytes        `json:"issuerMessage,omitempty"`
	IssuerZA        hexBytes        `json:"issuerZA,omitempty"`
	IssuerDigest    hexBytes        `json:"issuerDigest,omitempty"`
	IssuerSignature hexBytes        `json:"issuerSignature,omitempty"`
	Implicit        *implicitLayers `json:"implicit,omitempty"`
	Credential      hexBytes        `json:"credential"`
	Dynamic         *dynamics       `json:"dynamic,omitempty"`
	Text            textLayers      `json:"text"`
}

type claims struct {
	Profile   int      `json:"profile"`
	Issuer    string   `json:"issuer"`
	IssuedAt  int64    `json:"issuedAt"`
	NotAfter  int64    `json:"notAfter"`
	List      int      `json:"list"`
	Index     int      `json:"index"`
	Scenes    int      `json:"scenes"`
	Benefit   int      `json:"benefit"`
	Subject   hexBytes `json:"subject"`
	Seal      hexBytes `json:"seal,omitempty"`
	Source    hexBytes `json:"source,omitempty"`
	HolderKey hexBytes `json:"holderKey,omitempty"` // not in implicit mode, where it follows from W
}

type dynamics struct {
	Time            int64    `json:"time"`
	Counter         int64    `json:"counter"`
	Audience        int      `json:"audience"`
	Challenge       hexBytes `json:"challenge"`
	Bytes           hexBytes `json:"bytes"`
	HolderTag       string   `json:"holderTag"`
	HolderMessage   hexBytes `json:"holderMessage"`
	HolderZA        hexBytes `json:"holderZA"`
	HolderDigest    hexBytes `json:"holderDigest"`
	HolderSignature hexBytes `json:"holderSignature"`
}

type textLayers struct {
	Decimal   string `json:"decimal"`
	Base45    string `json:"base45"`
	QRVersion int    `json:"qrVersionM"`
	Whole     string `json:"whole,omitempty"` // the partner's code, then the decimal text
}

func (c *tokenCase) layers() *layers {
	var issuer signed
	if !c.implicit() {
		issuer = c.issuerSign.sign(c.head())
	}
	l := &layers{
		Claims: claims{int(c.profile), issuerName(c.issuer), int64(c.issuedAt), int64(c.notAfter), int(c.list), int(c.index), int(c.scenes),
			int(c.benefit), c.subject, c.seal, c.source, c.holderKey},
		IssuerKey: key(c.issuerSign.key).public(), IssuerTag: c.issuerSign.tag, IssuerMessage: issuer.message, IssuerZA: issuer.za,
		IssuerDigest: issuer.digest, IssuerSignature: issuer.signature, Credential: c.credential(),
	}
	if c.holderKey != nil {
		holder := c.holder().sign(append(c.credential(), c.dynamic()...))
		l.Dynamic = &dynamics{int64(c.time), int64(c.counter), int(c.audience), c.challenge, c.dynamic(), c.holderSign.tag,
			holder.message, holder.za, holder.digest, holder.signature}
	}
	if c.implicit() {
		l.Implicit, l.IssuerTag, l.Claims.HolderKey = c.implicitly.layers(c.head()), "", nil
	}
	l.Text = textOf(c.token())
	if c.prefix != "" {
		l.Text.Whole = c.prefix + l.Text.Decimal
	}
	return l
}

// Characters that QR symbols of version 1, 2, … hold at level M (ISO/IEC 18004:2015, table 7).
var (
	digitsAtM       = []int{34, 63, 101, 149, 202, 255, 293, 365, 432, 513, 604, 691, 796, 871, 991, 1082, 1212, 1346}
	alphanumericAtM = []int{20, 38, 61, 90, 122, 154, 178, 221, 262, 311, 366, 419, 483, 528, 600, 656, 734, 816}
)

// versionFor returns the smallest version that holds n characters.
func versionFor(capacities []int, n int) int {
	for i, c := range capacities {
		if n <= c {
			return i + 1
		}
	}
	panic("generator: no symbol holds this text")
}

// textOf encodes a token as ../../qr/SPEC.md §3 and §4 say.
func textOf(token []byte) textLayers {
	l := textLayers{Decimal: "77", Base45: "CC1:"}
	for block := range slices.Chunk(token, 7) {
		digits := []int{0, 3, 5, 8, 10, 13, 15, 17}[len(block)]
		l.Decimal += fmt.Sprintf("%0*d", digits, new(big.Int).SetBytes(block))
	}
	for pair := range slices.Chunk(token, 2) {
		v := int(new(big.Int).SetBytes(pair).Int64())
		l.Base45 += base45Group(v)[:len(pair)+1]
	}
	l.QRVersion = versionFor(digitsAtM, len(l.Decimal))
	return l
}

// base45Group returns three characters that stand for v (RFC 9285).
func base45Group(v int) string {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
	return string([]byte{alphabet[v%45], alphabet[v/45%45], alphabet[v/45/45]})
}

// ride is the token of ../SPEC.md §0: a ride code of Test Person A.
func ride() draft {
	return draft{version: 0x11, mode: 0x11, profile: byte(citycode.ProfileTransit), issuer: id(shenyang, 1), issuedAt: start, notAfter: start + 7*day,
		index: ordinaryIndex, scenes: uint16(citycode.Transit), benefit: 1, subject: []byte{0x5e, 0x1f, 0x0a, 0x77, 0x20, 0xc4, 0x9b, 0x3d},
		holderKey: key(personA).public(), issuerSign: signing{key: issuerKey, tag: "CC1/cred"},
		time: now, counter: 1, audience: uint16(citycode.Transit), holderSign: signing{key: personA, tag: "CC1/tokn"}}
}

// medical is the code of a patient.
func medical() draft {
	d := ride()
	d.profile, d.index, d.scenes, d.benefit = byte(citycode.ProfileMedical), medicalIndex, uint16(citycode.Medical), 0
	d.audience, d.subject = uint16(citycode.Medical), filler("medical subject", 8)
	return d
}

// universal is one code for transit, medical and parking, shown for none of them in particular.
func universal() draft {
	d := ride()
	d.profile, d.index, d.notAfter = byte(citycode.ProfileUniversal), universalIndex, start+day
	d.scenes, d.audience, d.subject = uint16(citycode.Transit|citycode.Medical|citycode.Parking), 0, filler("universal subject", 8)
	return d
}

// place is a printed code.
func place() draft {
	return draft{version: 0x11, mode: 0x10, profile: byte(citycode.ProfilePlace), issuer: id(shenyang, 2), issuedAt: start, notAfter: start + 3650*day,
		index: ordinaryPlace, subject: filler("place subject", 8), issuerSign: signing{key: printerKey, tag: "CC1/stat"}}
}

// shownBy makes a draft that of another holder.
func (d *draft) shownBy(name string) {
	d.holderKey, d.holderSign.key = key(name).public(), name
}
