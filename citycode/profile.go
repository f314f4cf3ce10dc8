package citycode

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/citizencode/citizencode/citycode/engine"
)

// A ProfileID is the profile byte of a token (SPEC §3).
type ProfileID uint8

// The profiles of SPEC §3.2 that this version knows.
const (
	ProfileMedical        ProfileID = 0x01
	ProfileSocialSecurity ProfileID = 0x02
	ProfileTransit        ProfileID = 0x03
	ProfileUniversal      ProfileID = 0x04
	ProfileCard           ProfileID = 0x05
	ProfileFused          ProfileID = 0x06
	ProfileDelegated      ProfileID = 0x07
	ProfileImplicit       ProfileID = 0x13 // experimental
	ProfileThing          ProfileID = 0x81
	ProfilePlace          ProfileID = 0x82
	ProfileMatter         ProfileID = 0x83
	ProfileOrganisation   ProfileID = 0x84
)

// Person reports whether the id lies in a range of SPEC §3.1 kept for people.
// It is decided by the number alone so that a parser can refuse a person on a
// static code without knowing the profile.
func (id ProfileID) Person() bool { return id < 0x80 || id >= 0xF0 && id < 0xF8 }

// Private reports whether the id belongs to the city that uses it.
func (id ProfileID) Private() bool { return id >= 0xF0 }

// A KeyMode says which keys and signatures a token carries (SPEC §2.2).
type KeyMode uint8

// The key modes of SPEC §2.2. CertifiedMultiple is reserved: no profile of
// version 1 uses it.
const (
	Static KeyMode = iota
	Explicit
	Implicit
	CertifiedMultiple
)

var keyModeNames = [...]string{"static", "explicit", "implicit", "certified-multiple"}

// String returns the word of SPEC §2.2.
func (m KeyMode) String() string {
	if int(m) < len(keyModeNames) {
		return keyModeNames[m]
	}
	return fmt.Sprintf("mode-%d", uint8(m))
}

// A SubjectKind says whom or what a code stands for (SPEC §3.3).
type SubjectKind uint8

// The kinds of SPEC §3.3.
const (
	Person       SubjectKind = iota + 1 // 人
	Organisation                        // 组织
	Thing                               // 物
	Place                               // 地
	Matter                              // 事
)

// A Source says from which source code (源码) the subject of a profile comes.
type Source uint8

// The sources of SPEC §3.3.
const (
	SourceNone           Source = iota
	SourceMedical               // 医保码
	SourceSocialSecurity        // 社保码
	SourceTransit               // 交通码
)

// A ChallengeRule says whether a code answers a challenge of the terminal.
type ChallengeRule uint8

// The rules of SPEC §3.3.
const (
	ChallengeNone     ChallengeRule = iota // static codes: there is no dynamic part
	ChallengeOptional                      // a terminal may ask
	ChallengeRequired                      // a terminal must ask
)

// Assurance says where the holder's key lives, as far as the profile promises
// it (SPEC §3.3).
type Assurance uint8

// The levels of SPEC §3.3.
const (
	AssuranceNone     Assurance = iota // no holder key
	AssuranceSoftware                  // may be copied by malware on the phone
	AssuranceTEE
	AssuranceSecureElement
	AssuranceCard
)

// A Profile fixes everything about a code that the sender could otherwise
// choose (SPEC §3). It is a plain value; a city adds its own with an id of
// 0xF0..0xFF.
type Profile struct {
	ID          ProfileID
	Name        string // for people; not part of the definition
	City        int    // owner of a private profile, else 0
	Kind        SubjectKind
	Mode        KeyMode
	Source      Source
	SubjectSize int // bytes: 8, 16, 32 or 64
	SealSize    int // bytes of the seal's padded ciphertext, 0: none
	SourceSize  int // bytes of the source segment, 0: none
	PrefixSize  int // characters of a partner's code in front of the text, 0: none
	Challenge   ChallengeRule
	Assurance   Assurance
	MaxAge      time.Duration // of the dynamic part, at most 60 s for one-way codes; 0 for static codes
	MaxLifetime time.Duration // notAfter - issuedAt
	StatusAge   time.Duration // how old a status list may be
	// StatusUnknownPasses lets a code whose status cannot be told pass, marked
	// as such, under the limits of the scenario. Otherwise it is refused.
	StatusUnknownPasses bool
	// AnyAudience allows audience 0: one code for every scene of its mask.
	AnyAudience bool
	// OnlineScenes are the groups in which the subject is a handle that only
	// an online service can resolve.
	OnlineScenes Scenes
}

const day = 24 * time.Hour

// MedicalProfile is the online handle of a patient (SPEC §3.2).
func MedicalProfile() Profile {
	return Profile{ID: ProfileMedical, Name: "medical", Kind: Person, Mode: Explicit, Source: SourceMedical, SubjectSize: 8,
		Challenge: ChallengeOptional, Assurance: AssuranceSoftware, MaxAge: time.Minute, MaxLifetime: 7 * day, StatusAge: day, OnlineScenes: 0xffff}
}

// TransitProfile is the offline ride code (SPEC §3.2).
func TransitProfile() Profile {
	return Profile{ID: ProfileTransit, Name: "transit", Kind: Person, Mode: Explicit, Source: SourceTransit, SubjectSize: 8,
		Challenge: ChallengeOptional, Assurance: AssuranceSoftware, MaxAge: time.Minute, MaxLifetime: 7 * day, StatusAge: 3 * day}
}

// ImplicitTransitProfile is the ride code in implicit mode; experimental
// (SPEC §3.2).
func ImplicitTransitProfile() Profile {
	p := TransitProfile()
	p.ID, p.Name, p.Mode = ProfileImplicit, "transit-implicit", Implicit
	return p
}

// UniversalProfile is one code for every scene, offline where the scene allows
// it and online where it must be; it is linkable by construction (SPEC §3.2).
func UniversalProfile() Profile {
	return Profile{ID: ProfileUniversal, Name: "universal", Kind: Person, Mode: Explicit, Source: SourceMedical, SubjectSize: 8,
		Challenge: ChallengeOptional, Assurance: AssuranceSoftware, MaxAge: time.Minute, MaxLifetime: day, StatusAge: day,
		AnyAudience: true, OnlineScenes: Medical}
}

// SocialSecurityProfile is the code of a social security handle (SPEC §3.2).
func SocialSecurityProfile() Profile {
	return Profile{ID: ProfileSocialSecurity, Name: "social-security", Kind: Person, Mode: Explicit, Source: SourceSocialSecurity, SubjectSize: 16,
		Challenge: ChallengeOptional, Assurance: AssuranceSoftware, MaxAge: time.Minute, MaxLifetime: 7 * day, StatusAge: day}
}

// CardProfile is the code on an IC card, 物理码 (SPEC §3.2). A card has no clock
// and its terminal may be hostile, so it answers a challenge or nothing.
func CardProfile() Profile {
	return Profile{ID: ProfileCard, Name: "card", Kind: Person, Mode: Explicit, Source: SourceNone, SubjectSize: 8,
		Challenge: ChallengeRequired, Assurance: AssuranceCard, MaxAge: time.Minute, MaxLifetime: 5 * 366 * day, StatusAge: 3 * day}
}

// FusedProfile is a partner's code and ours in one picture (融合): the medical
// code stands in front of the text, and the token behind it is bound to it
// (SPEC §3.2, §9.2).
func FusedProfile() Profile {
	p := UniversalProfile()
	p.ID, p.Name, p.PrefixSize = ProfileFused, "fused", 28
	return p
}

// DelegatedProfile is the code of a child or an elder in the hands of an adult
// (SPEC §3.2, §4.7).
func DelegatedProfile() Profile {
	return Profile{ID: ProfileDelegated, Name: "delegated", Kind: Person, Mode: Explicit, Source: SourceNone, SubjectSize: 8, SourceSize: delegationSize,
		Challenge: ChallengeOptional, Assurance: AssuranceSoftware, MaxAge: time.Minute, MaxLifetime: 7 * day, StatusAge: day}
}

// MatterProfile is the printed code of a matter, 一事一码 (SPEC §3.2).
func MatterProfile() Profile {
	p := ThingProfile()
	p.ID, p.Name, p.Kind, p.SubjectSize = ProfileMatter, "matter", Matter, 16
	return p
}

// OrganisationProfile is the printed code of an organisation (SPEC §3.2).
func OrganisationProfile() Profile {
	p := ThingProfile()
	p.ID, p.Name, p.Kind, p.SubjectSize = ProfileOrganisation, "organisation", Organisation, 32
	return p
}

// ThingProfile is the printed code of a thing, 一物一码 (SPEC §3.2).
func ThingProfile() Profile {
	return Profile{ID: ProfileThing, Name: "thing", Kind: Thing, Mode: Static, SubjectSize: 8,
		MaxLifetime: 10 * 365 * day, StatusAge: 30 * day, StatusUnknownPasses: true}
}

// PlaceProfile is the printed code of a place, 一地一码 (SPEC §3.2).
func PlaceProfile() Profile {
	return Profile{ID: ProfilePlace, Name: "place", Kind: Place, Mode: Static, SubjectSize: 8,
		MaxLifetime: 10 * 365 * day, StatusAge: 30 * day, StatusUnknownPasses: true}
}

// Profiles returns the standard profiles of SPEC §3.2.
func Profiles() []Profile {
	return []Profile{
		MedicalProfile(), SocialSecurityProfile(), TransitProfile(), UniversalProfile(), CardProfile(), FusedProfile(), DelegatedProfile(),
		ImplicitTransitProfile(), ThingProfile(), PlaceProfile(), MatterProfile(), OrganisationProfile(),
	}
}

// ModeByte returns the second byte of every token of the profile (SPEC §2.2).
func (p Profile) ModeByte() byte {
	return modeByte(p.Mode, p.SealSize > 0, p.SourceSize > 0)
}

// Definition returns the 29 bytes whose SM3 a trust list names beside the
// profile (SPEC §3.4), so that two parties who use one id for two things find
// out before a code is accepted.
func (p Profile) Definition() []byte {
	b := []byte{byte(p.ID)}
	b = binary.BigEndian.AppendUint32(b, uint32(p.City))
	b = append(b, byte(p.Kind), p.ModeByte(), byte(p.Source), byte(p.SubjectSize), byte(p.SealSize), byte(p.SourceSize),
		byte(p.PrefixSize), byte(p.Challenge), byte(p.Assurance), flags(p.StatusUnknownPasses, p.AnyAudience))
	for _, d := range []time.Duration{p.MaxAge, p.MaxLifetime, p.StatusAge} {
		b = binary.BigEndian.AppendUint32(b, uint32(d/time.Second))
	}
	return binary.BigEndian.AppendUint16(b, uint16(p.OnlineScenes))
}

func flags(bits ...bool) (b byte) {
	for i, set := range bits {
		if set {
			b |= 1 << i
		}
	}
	return b
}

func (p Profile) digest(e engine.Engine) (d [engine.DigestSize]byte) {
	h := e.NewSM3()
	h.Write(p.Definition())
	h.Sum(d[:0])
	return d
}

// Validate reports whether the profile is one that SPEC §3 allows.
func (p Profile) Validate() error {
	fail := func(what string) error { return fmt.Errorf("citycode: profile 0x%02x: %s", uint8(p.ID), what) }
	switch {
	case p.ID == 0:
		return errors.New("citycode: profile id 0 is reserved")
	case p.ID.Private() != (p.City != 0):
		return fail("a profile has a city if, and only if, its id is private")
	case p.City != 0 && (p.City < MinCity || p.City > MaxCity):
		return fail("its city is not a GB/T 2260 code")
	case p.Kind < Person || p.Kind > Matter:
		return fail("unknown subject kind")
	case (p.Kind == Person) != p.ID.Person():
		return fail("its kind does not fit the range of its id")
	case p.Mode == Static && p.Kind == Person:
		return fail("a static code never stands for a person")
	case p.Mode > Implicit:
		return fail("its key mode is not one of this version")
	case !validSubjectSize(p.SubjectSize):
		return fail("its subject is not 8, 16, 32 or 64 bytes")
	case p.SealSize < 0 || p.SealSize > maxSegment-sealOverhead || p.SourceSize < 0 || p.SourceSize > maxSegment:
		return fail("a segment is too long")
	case p.tokenSize() > MaxToken:
		return fail(fmt.Sprintf("its tokens can be %d bytes, at most %d", p.tokenSize(), MaxToken))
	case p.PrefixSize < 0 || p.PrefixSize > MaxPrefix || p.PrefixSize > 0 && p.Challenge != ChallengeOptional:
		return fail("its prefix is too long, or its challenge field is not free to bind one")
	case (p.Mode == Static) != (p.Challenge == ChallengeNone) || p.Challenge > ChallengeRequired:
		return fail("its challenge rule does not fit its key mode")
	case (p.Mode == Static) != (p.Assurance == AssuranceNone) || p.Assurance > AssuranceCard:
		return fail("its key assurance does not fit its key mode")
	case (p.Mode == Static) != (p.MaxAge == 0) || p.MaxAge < 0 || p.MaxAge > maxMaxAge:
		return fail("its maximum age is not in 1 s to 60 s, or not 0 for a static code")
	case p.MaxLifetime <= 0 || p.MaxLifetime > maxLifetime || p.StatusAge <= 0 || p.StatusAge > maxLifetime:
		return fail("its lifetime or status age is out of range")
	case p.MaxAge%time.Second != 0 || p.MaxLifetime%time.Second != 0 || p.StatusAge%time.Second != 0:
		return fail("a duration is not whole seconds")
	case p.Mode == Static && (p.AnyAudience || p.OnlineScenes != 0):
		return fail("a static code has no audience")
	}
	return nil
}

// tokenSize returns the bytes of the largest token of the profile (SPEC §2.1):
// an issuer must not find out at the gate that what it signed cannot be shown.
func (p Profile) tokenSize() int {
	n := headerSize + 1 + p.SubjectSize
	if p.SealSize > 0 {
		n += 1 + p.SealSize + sealOverhead
	}
	if p.SourceSize > 0 {
		n += 1 + p.SourceSize
	}
	if p.Mode != Static {
		n += engine.PointSize + dynamicHead + engine.SignatureSize
	}
	if p.Mode != Implicit {
		n += engine.SignatureSize
	}
	switch {
	case p.Mode == Static:
	case p.PrefixSize > 0:
		n += shortChallenge
	default:
		n += longChallenge
	}
	return n
}

const (
	maxMaxAge   = time.Minute
	MaxPrefix   = 128 // characters of a partner's code
	maxLifetime = 100 * 366 * day
)
