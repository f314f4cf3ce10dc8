package pubkey

import "github.com/citizencode/citizencode/citycode/engine"

// The tags of SPEC §1.2 that stand in front of what a token's signatures are over.
const (
	TagCredential = "CC1/cred"
	TagStatic     = "CC1/stat"
	TagToken      = "CC1/tokn"
	TagImplicit   = "CC1/impl"
)

// A Mode says which signatures a token has.
type Mode uint8

// The modes.
const (
	Static   Mode = iota // the issuer's
	Explicit             // the issuer's, and the holder's
	Implicit             // the holder's, under a key that follows from the issuer's
)

// A Claim is a token in the parts that SPEC §5.5 looks at.
type Claim struct {
	Mode   Mode
	Static []byte // ends with the issuer's signature, or with W
	Token  []byte // ends with the holder's signature, where there is one
	Point  []byte // the holder's compressed key, where there is one
}

// split cuts the signature off the end.
func split(b []byte) (message, signature []byte) {
	at := len(b) - engine.SignatureSize
	return b[:at], b[at:]
}

// A Party is who should have signed and did not.
type Party uint8

// The parties.
const (
	Nobody Party = iota // all signatures are valid
	Issuer
	Holder
	Either // of an implicit token: nobody can tell
)

// MaxIssuers is how many keys may share one id.
const MaxIssuers = 2

// A Checker checks the signatures of tokens. It is safe for concurrent use.
type Checker struct {
	Suite  *Suite
	Tables Tables
	Cache  *Cache // or nil
	Hints  bool   // take the hint of each holder's signature
}

// Signatures is one token on its way through SPEC §5.5. Some of it may be known
// before: from the cache, or because it was verified in a batch.
type Signatures struct {
	Hint engine.Hint // of the holder's signature, if the checker takes hints

	checker  *Checker
	claim    Claim
	issuers  [MaxIssuers]*Listed
	n        int
	place    Place
	name     []byte // of the credential, in the cache
	key      *Key   // the holder's; nil: not ready
	issuedBy proof  // the issuer's signature, under the first key
	shown    proof  // the holder's signature, under key
}

// A proof is what is known of a signature.
type proof uint8

const (
	open proof = iota
	valid
	invalid
)

func proofOf(ok bool) proof {
	if ok {
		return valid
	}
	return invalid
}

// NewSignatures returns the memory for one token.
func (c *Checker) NewSignatures() Signatures {
	return Signatures{checker: c, place: c.Suite.NewPlace()}
}

// Begin begins with another token.
func (s *Signatures) Begin(claim Claim) {
	s.claim, s.n = claim, 0
	s.key, s.issuedBy, s.shown, s.Hint = nil, open, open, engine.NoHint
}

// Add adds a key that may have issued the token.
func (s *Signatures) Add(issuer *Listed) {
	s.issuers[s.n] = issuer
	s.n++
}

// Check returns which of the keys has issued the token, in their order, or who
// has not signed. err says why a holder's key is none.
func (s *Signatures) Check() (issuer int, wrong Party, err error) {
	if s.claim.Mode == Implicit {
		return s.checkImplicit()
	}
	for issuer < s.n && !s.issued(issuer) {
		issuer++
	}
	switch {
	case issuer == s.n:
		return 0, Issuer, nil
	case s.claim.Mode == Static:
		return issuer, Nobody, nil
	}
	if s.key == nil {
		if s.key, err = s.place.Prepare(s.claim.Point); err != nil {
			return 0, Holder, err
		}
	}
	if !s.held() {
		return 0, Holder, nil
	}
	return issuer, Nobody, nil
}

// issued reports whether the i-th key has signed the static part.
func (s *Signatures) issued(i int) bool {
	if i > 0 {
		s.key, s.issuedBy = nil, open
	}
	s.recall(s.issuers[i])
	if s.issuedBy == open {
		s.issuedBy = s.verifyIssuer(s.issuers[i])
	}
	return s.issuedBy == valid
}

func (s *Signatures) verifyIssuer(issuer *Listed) proof {
	message, signature := split(s.claim.Static)
	ok := issuer.Verify(signature, s.claim.issuerTag(), message)
	if ok {
		s.checker.Tables.Count(issuer)
	}
	return proofOf(ok)
}

func (c *Claim) issuerTag() string {
	if c.Mode == Static {
		return TagStatic
	}
	return TagCredential
}

// checkImplicit asks for one signature that says at once that the issuer meant
// this static part and that its holder showed it now. Until it verifies, nothing
// in the token is anybody's word.
func (s *Signatures) checkImplicit() (int, Party, error) {
	for i, issuer := range s.issuers[:s.n] {
		if i > 0 {
			s.key, s.shown = nil, open
		}
		s.recall(issuer)
		var err error
		if s.key == nil {
			s.key, err = s.place.Reconstruct(issuer.Best(), TagImplicit, s.claim.Static)
		}
		if err == nil && s.held() {
			s.checker.Tables.Count(issuer)
			return i, Nobody, nil
		}
	}
	return 0, Either, nil
}

// recall asks the cache whether the issuer is known to have meant the static
// part, and for the holder's key if so.
func (s *Signatures) recall(issuer *Listed) {
	c := s.checker
	if c.Cache == nil || s.claim.Mode == Static || s.key != nil {
		return
	}
	s.name = appendName(s.name[:0], s.claim.Static, issuer.Key)
	if s.key = c.Cache.find(s.name); s.key != nil {
		s.issuedBy = valid
	}
}

// held reports whether the holder's signature is valid under key. Only then the
// credential may enter the cache: who has merely seen one must not be able to fill
// it, and an implicit one is not authentic before.
func (s *Signatures) held() bool {
	c := s.checker
	if s.shown == open {
		message, signature := split(s.claim.Token)
		var ok bool
		if c.Hints {
			s.Hint, ok = s.key.VerifyHint(signature, TagToken, message)
		} else {
			ok = s.key.Verify(signature, TagToken, message)
		}
		s.shown = proofOf(ok)
	}
	if s.shown == valid && c.Cache != nil {
		c.Cache.verified(s.name, s.key)
	}
	return s.shown == valid
}
