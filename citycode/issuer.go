package citycode

import (
	"crypto"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/citizencode/citizencode/citycode/internal/pubkey"
)

// An IssuerConfig is what an issuer is made of.
type IssuerConfig struct {
	ID       KeyID         // as the city's trust list names the key; required
	Key      crypto.Signer // SM2; a file, an HSM, a card; required
	Profiles []Profile     // nil: Profiles()
	Sealer   Sealer        // for profiles with a sealed identity
	Rand     io.Reader     // for signatures; nil: crypto/rand
}

// An Issuer signs credentials (发码机构). It is stateless: which status index
// belongs to whom is the authority's register, and an index is never used
// again while its list lives (SPEC §7.1).
type Issuer struct {
	id       KeyID
	key      *signKey
	profiles profileSet
	sealer   Sealer
}

// NewIssuer returns an issuer.
func NewIssuer(cfg IssuerConfig) (*Issuer, error) {
	if !cfg.ID.valid() {
		return nil, fmt.Errorf("citycode: issuer: key id %s is not of a GB/T 2260 city", cfg.ID)
	}
	if cfg.Key == nil {
		return nil, errors.New("citycode: issuer: no key")
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	key, err := newSignKey(cfg.Key, cfg.Rand)
	if err != nil {
		return nil, fmt.Errorf("citycode: issuer %s: %w", cfg.ID, err)
	}
	profiles, err := newProfileSet(cfg.Profiles)
	if err != nil {
		return nil, err
	}
	return &Issuer{cfg.ID, key, profiles, cfg.Sealer}, nil
}

// ID returns the key id.
func (i *Issuer) ID() KeyID { return i.id }

// PublicKey returns the key that a trust list must name for this issuer.
func (i *Issuer) PublicKey() PublicKey { return i.key.Public }

// ProvePossession proves the issuer's key to the operators of the trust list.
func (i *Issuer) ProvePossession(list KeyID, nonce [PossessionNonceSize]byte) (*Possession, error) {
	return i.key.provePossession(purposeListed, list, nonce)
}

// Claims is what a credential says (SPEC §2).
type Claims struct {
	Profile    ProfileID
	IssuedAt   time.Time // whole seconds
	NotAfter   time.Time // whole seconds; at most the profile's lifetime later
	List       uint8     // status list and
	Index      uint32    // index in it, 24 bits
	Scenes     Scenes    // one group; several only where the profile has any audience
	Benefit    uint8     // benefit class (优待类别), 0: none
	Subject    []byte    // pseudonym or handle, of the profile's size
	Possession *Possession

	Identity      []byte // to be sealed, only in profiles with a seal
	SourceSegment []byte // of the profile's size
}

// Issue signs a credential. Possession proves the holder's key to this issuer
// and is required unless the profile is static; its nonce must be one that
// the caller drew for this request.
func (i *Issuer) Issue(c Claims) (*Credential, error) {
	p, ok := i.profiles.find(c.Profile, i.id.City())
	if !ok {
		return nil, fmt.Errorf("citycode: issue: profile 0x%02x is not one of this issuer's", uint8(c.Profile))
	}
	b, err := p.head(i.id, c, i.sealer)
	if err != nil {
		return nil, err
	}
	tag := tagStatic
	switch p.Mode {
	case Implicit:
		return nil, fmt.Errorf("citycode: issue: profile %s is for an implicit issuer", p.Name)
	case Explicit:
		tag = tagCredential
		if err := checkPossession(i.key.suite, i.id, i.key.Public, c.Possession); err != nil {
			return nil, err
		}
		b = append(b, c.Possession.Key[:]...)
	}
	sig, err := i.key.sign(tag, b)
	if err != nil {
		return nil, err
	}
	return ParseCredential(append(b, sig...))
}

func checkPossession(s *pubkey.Suite, issuer KeyID, own PublicKey, p *Possession) error {
	if p == nil {
		return errors.New("citycode: issue: no proof of possession of the holder's key")
	}
	if p.Issuer != issuer {
		return fmt.Errorf("citycode: issue: the proof of possession was made for %s", p.Issuer)
	}
	if p.Key == own {
		return errors.New("citycode: issue: the holder's key is the issuer's own")
	}
	return p.verify(s, purposeHolder)
}

// head returns everything up to the keys (SPEC §2.1 to §2.7).
func (p *Profile) head(issuer KeyID, c Claims, sealer Sealer) ([]byte, error) {
	fail := func(format string, args ...any) ([]byte, error) {
		return nil, fmt.Errorf("citycode: issue %s: %w", p.Name, fmt.Errorf(format, args...))
	}
	issuedAt, err := seconds("issuedAt", c.IssuedAt)
	if err != nil {
		return nil, err
	}
	notAfter, err := seconds("notAfter", c.NotAfter)
	if err != nil {
		return nil, err
	}
	switch life := int64(notAfter) - int64(issuedAt); {
	case life < 0:
		return fail("notAfter is before issuedAt")
	case life > int64(p.MaxLifetime/time.Second):
		return fail("%d s is longer than the profile's lifetime of %s", life, p.MaxLifetime)
	}
	switch {
	case c.Index >= 1<<24:
		return fail("status index %d has more than 24 bits", c.Index)
	case len(c.Subject) != p.SubjectSize:
		return fail("subject of %d bytes, not %d", len(c.Subject), p.SubjectSize)
	case c.Scenes == 0 && p.Mode != Static:
		return fail("no scene group")
	case !c.Scenes.single() && p.Mode != Static && !p.AnyAudience:
		// One credential for two groups would join what they know (SPEC §8).
		return fail("scenes %s are more than one group", c.Scenes)
	case len(c.SourceSegment) != p.SourceSize:
		return fail("source segment of %d bytes, not %d", len(c.SourceSegment), p.SourceSize)
	case p.SealSize == 0 && len(c.Identity) > 0:
		// A profile with no identity has no place to put one.
		return fail("the profile carries no identity")
	case p.SealSize > 0 && sealer == nil:
		return fail("the profile carries a sealed identity and the issuer has no sealer")
	}
	if p.ID == ProfileDelegated {
		if _, err := parseDelegation(c.SourceSegment); err != nil {
			return fail("%w", err)
		}
	}
	b := []byte{WireVersion, p.ModeByte(), byte(p.ID)}
	b = binary.BigEndian.AppendUint32(b, uint32(issuer))
	b = binary.BigEndian.AppendUint32(b, issuedAt)
	b = binary.BigEndian.AppendUint32(b, notAfter)
	b = binary.BigEndian.AppendUint32(b, uint32(c.List)<<24|c.Index)
	b = binary.BigEndian.AppendUint16(b, uint16(c.Scenes))
	b = append(b, c.Benefit, byte(len(c.Subject)))
	b = append(b, c.Subject...)
	if p.SealSize > 0 {
		padded, err := padIdentity(c.Identity, p.SealSize)
		if err != nil {
			return nil, err
		}
		b = append(b, byte(p.SealSize+sealOverhead))
		seal, err := sealer.Seal(b, padded)
		if err != nil {
			return nil, err
		}
		if len(seal) != p.SealSize+sealOverhead {
			return fail("the sealer returned %d bytes", len(seal))
		}
		b = append(b, seal...)
	}
	if p.SourceSize > 0 {
		b = append(b, byte(p.SourceSize))
		b = append(b, c.SourceSegment...)
	}
	return b, nil
}

// A profileSet finds a profile by its id, private ones within their city.
type profileSet map[profileKey]*pinnedProfile

type profileKey struct {
	id   ProfileID
	city int
}

type pinnedProfile struct {
	Profile
	digest [32]byte
}

func newProfileSet(list []Profile) (profileSet, error) {
	if list == nil {
		list = Profiles()
	}
	set := make(profileSet)
	for _, p := range list {
		if err := p.Validate(); err != nil {
			return nil, err
		}
		key := profileKey{p.ID, p.City}
		if set[key] != nil {
			return nil, fmt.Errorf("citycode: profile 0x%02x stands twice", uint8(p.ID))
		}
		set[key] = &pinnedProfile{p, PinProfile(p).Digest}
	}
	return set, nil
}

func (s profileSet) find(id ProfileID, city int) (*pinnedProfile, bool) {
	if !id.Private() {
		city = 0
	}
	p, ok := s[profileKey{id, city}]
	return p, ok
}
