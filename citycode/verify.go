package citycode

import (
	"bytes"
	"time"

	"github.com/citizencode/citizencode/citycode/internal/pubkey"
)

// A Check is what the terminal asks of this one token.
type Check struct {
	Audience  Scenes     // groups that this terminal serves; none accepts no code with a dynamic part
	Challenge *Challenge // that this terminal drew for this token; nil: a one-way scan
	Online    bool       // the scenario's online service can be reached now
	Prefix    string     // a partner's code that stood in front of the text, where the profile has one
	Lane      string     // names the lane, for codes that a camera sees twice; may be empty
}

// Verify decides about t in the order of SPEC §5 and stops at the first check
// that fails: a *VerifyError. It takes no context because it performs no I/O:
// that is what offline means.
func (v *Verifier) Verify(t *Token, c Check) (*Verified, error) {
	verified := new(Verified)
	if err := v.VerifyInto(verified, t, c); err != nil {
		return nil, err
	}
	return verified, nil
}

// VerifyInto is [Verifier.Verify] for a caller who gives the memory, and who has
// to read an error before he reads verified: a gate that takes the same Token and
// Verified for each code allocates nothing. What is accepted counts until either
// is used again.
func (v *Verifier) VerifyInto(verified *Verified, t *Token, c Check) error {
	s := v.scans.Get().(*scan)
	defer v.scans.Put(s)
	s.begin(v, t, v.now())
	// Go's interface of a nil *VerifyError is not nil.
	if refused := s.conclude(v, verified, c); refused != nil {
		*verified = Verified{}
		return refused
	}
	return nil
}

// A scan is one token on its way through SPEC §5.
type scan struct {
	token      *Token
	clock      time.Time
	profile    *pinnedProfile
	candidates candidates
	refused    *VerifyError // before the signatures
	signatures pubkey.Signatures
}

// candidates are the entries whose keys may have signed the credential.
type candidates [maxSameID]*trustEntry

// begin takes the steps before the signatures. None of them states a fact about
// the credential.
func (s *scan) begin(v *Verifier, t *Token, clock time.Time) {
	s.token, s.clock, s.refused = t, clock, nil
	if t == nil || t.end == 0 {
		s.refused = refuse(Malformed, 0, "no token")
		return
	}
	b := t.Bytes()
	if s.profile, s.refused = v.checkProfile(t, b); s.refused != nil {
		return
	}
	if s.candidates, s.refused = v.checkIssuer(s.profile, b, clock.Unix()); s.refused != nil {
		return
	}
	claim := pubkey.Claim{Mode: pubkey.Explicit, Static: b[:t.static], Token: b, Point: t.key.of(b)}
	switch t.mode {
	case Static:
		claim.Mode = pubkey.Static
	case Implicit:
		claim.Mode = pubkey.Implicit
	}
	s.signatures.Begin(claim)
	for _, e := range s.candidates {
		if e != nil {
			s.signatures.Add(e.key)
		}
	}
}

// conclude takes the other steps.
func (s *scan) conclude(v *Verifier, verified *Verified, c Check) *VerifyError {
	t, profile, now := s.token, s.profile, s.clock.Unix()
	if v.replay != nil && t != nil {
		// A partner's code is not in the token: behind another one the same
		// bytes are another scan.
		if again, ok := v.replay.repeat(c.Lane, t); ok && again.prefix == c.Prefix {
			*verified = again
			return nil
		}
	}
	if s.refused != nil {
		return s.refused
	}
	b := t.Bytes()
	// Nothing before states a fact about the credential, and nothing below is
	// reached unless the signatures hold: otherwise anyone could compose a
	// code that has a gate write "revoked" beside a citizen's name.
	entry, refused := s.checkSignatures(b)
	if refused != nil {
		return refused
	}
	if refused := v.checkValidity(t, profile, entry, b, now); refused != nil {
		return refused
	}
	known, refused := v.checkStatus(profile, b, now)
	if refused != nil {
		return refused
	}
	*verified = Verified{token: t, profile: profile, at: now, skew: v.terminalSkew, status: known, prefix: c.Prefix, hint: s.signatures.Hint}
	if t.mode == Static {
		return nil
	}
	if refused := v.checkAge(t, profile, b, now); refused != nil {
		return refused
	}
	if verified.scenes, refused = checkAudience(t, b, c); refused != nil {
		return refused
	}
	if refused := v.checkChallenge(t, profile, b, c, s.clock); refused != nil {
		return refused
	}
	verified.bound = c.Challenge != nil
	return v.accept(verified, c, now)
}

// checkProfile implements SPEC §5.1 and §5.2 as far as they need the profile.
func (v *Verifier) checkProfile(t *Token, b []byte) (*pinnedProfile, *VerifyError) {
	issuer := issuerOf(b)
	p, ok := v.profiles.find(profileOf(b), issuer.City())
	if !ok {
		return nil, refuse(UnsupportedProfile, issuer, "profile 0x%02x", b[2])
	}
	// The sender chooses nothing that the profile fixes: a mode byte of
	// another profile could strip the dynamic part.
	switch {
	case b[1] != p.ModeByte():
		return nil, refuse(Malformed, issuer, "mode 0x%02x does not belong to profile %s", b[1], p.Name)
	case t.subject.len() != p.SubjectSize:
		return nil, refuse(Malformed, issuer, "subject of %d bytes in profile %s", t.subject.len(), p.Name)
	case p.SealSize > 0 && t.seal.len() != p.SealSize+sealOverhead:
		return nil, refuse(Malformed, issuer, "seal of %d bytes in profile %s", t.seal.len(), p.Name)
	case p.SourceSize > 0 && t.source.len() != p.SourceSize:
		return nil, refuse(Malformed, issuer, "source segment of %d bytes in profile %s", t.source.len(), p.Name)
	case p.Mode != Static && t.audienceOf(b) == 0 && !p.AnyAudience:
		return nil, refuse(Malformed, issuer, "no audience in profile %s", p.Name)
	case p.PrefixSize > 0 && t.challenge.len() != shortChallenge:
		return nil, refuse(Malformed, issuer, "profile %s binds a text in front by 8 bytes, not %d", p.Name, t.challenge.len())
	}
	if p.Challenge == ChallengeRequired && t.challenge.len() == shortChallenge {
		// A card answers a whole challenge or none: half of one is guessed sooner.
		return nil, refuse(Malformed, issuer, "profile %s answers %d bytes, not %d", p.Name, longChallenge, shortChallenge)
	}
	if p.ID == ProfileDelegated {
		if _, err := parseDelegation(t.source.of(b)); err != nil {
			return nil, refuse(Malformed, issuer, "%w", err)
		}
	}
	return p, nil
}

// checkIssuer implements SPEC §5.3 and §5.4. It returns the keys that may have
// signed the credential.
func (v *Verifier) checkIssuer(p *pinnedProfile, b []byte, now int64) (allowed candidates, refused *VerifyError) {
	issuer := issuerOf(b)
	// A clock before a time that somebody signed is wrong for certain; with
	// it, every other time check would be worth nothing.
	if now < v.floor-v.terminalSkew {
		return allowed, refuse(TerminalClockWrong, issuer, "it shows %s, the lists are of %s", timeOf(now), timeOf(v.floor))
	}
	if now > v.trust.expires {
		return allowed, refuse(TrustStale, issuer, "the trust list expired at %s", timeOf(v.trust.expires))
	}
	if v.snapshot != nil && now > v.snapshot.expires {
		return allowed, refuse(TrustStale, issuer, "the snapshot expired at %s", timeOf(v.snapshot.expires))
	}
	list, granted := v.trust, true
	if issuer.City() != v.trust.city {
		if list = v.foreign[issuer.City()]; list == nil {
			return allowed, refuse(UnknownIssuer, issuer, "city %06d is not known here", issuer.City())
		}
		if now > list.expires {
			return allowed, refuse(TrustStale, issuer, "the trust list of city %06d expired at %s", list.city, timeOf(list.expires))
		}
		granted = v.trust.grant(list.city).covers(p.ID, &p.digest, scenesOf(b))
	}
	// Where two keys share the id, each speaks only for what stands beside
	// itself: their rights never add up.
	listed, n := false, 0
	for _, e := range list.entries[issuer] {
		listed = listed || e.Use < UseStatus
		if granted && e.allows(&p.Profile, &p.digest, scenesOf(b)) {
			allowed[n] = e
			n++
		}
	}
	switch {
	case !listed:
		return allowed, refuse(UnknownIssuer, issuer, "key %s is not listed", issuer)
	case n == 0:
		return allowed, refuse(IssuerNotAllowed, issuer, "key %s does not speak for profile %s, mode %s and scenes %s", issuer, p.Name, p.Mode, scenesOf(b))
	}
	return allowed, nil
}

// checkSignatures implements SPEC §5.5. It returns the entry whose key signed.
func (s *scan) checkSignatures(b []byte) (*trustEntry, *VerifyError) {
	signer, wrong, err := s.signatures.Check()
	switch {
	case wrong == pubkey.Nobody:
		return s.candidates[signer], nil
	case wrong == pubkey.Issuer:
		return nil, refuse(BadIssuerSignature, issuerOf(b), "")
	case wrong == pubkey.Either:
		return nil, refuse(BadSignature, issuerOf(b), "")
	case err != nil:
		return nil, refuse(BadHolderSignature, issuerOf(b), "holder key: %w", err)
	}
	return nil, refuse(BadHolderSignature, issuerOf(b), "")
}

// checkValidity implements SPEC §5.6 and §5.7.
func (v *Verifier) checkValidity(t *Token, p *pinnedProfile, e *trustEntry, b []byte, now int64) *VerifyError {
	issuer, issuedAt, notAfter := issuerOf(b), issuedAtOf(b), notAfterOf(b)
	if issuedAt < e.issueFrom || issuedAt > e.issueUntil {
		return refuse(IssuerKeyNotValid, issuer, "issued at %s, the key signs from %s to %s", timeOf(issuedAt), timeOf(e.issueFrom), timeOf(e.issueUntil))
	}
	if now > e.verifyUntil {
		return refuse(IssuerKeyNotValid, issuer, "the key counts until %s", timeOf(e.verifyUntil))
	}
	if limit := min(e.maxLifetime, int64(p.MaxLifetime/time.Second)); notAfter-issuedAt > limit {
		return refuse(LifetimeExceeded, issuer, "%d s, at most %d s", notAfter-issuedAt, limit)
	}
	if now < issuedAt-v.terminalSkew {
		return refuse(NotYetValid, issuer, "valid from %s", timeOf(issuedAt))
	}
	made := now
	if t.mode != Static {
		made = t.timeOf(b)
	}
	if made < issuedAt-v.phoneSkew {
		return refuse(NotYetValid, issuer, "code made at %s, before %s", timeOf(made), timeOf(issuedAt))
	}
	if now > notAfter || made > notAfter {
		return refuse(Expired, issuer, "valid until %s", timeOf(notAfter))
	}
	return nil
}

// checkStatus implements SPEC §5.8. It reports whether the status is known.
func (v *Verifier) checkStatus(p *pinnedProfile, b []byte, now int64) (bool, *VerifyError) {
	serial := serialOf(b)
	state, unknown := StatusValid, "no list"
	if l := v.status[statusKey{serial.Issuer, serial.List}]; l != nil {
		var covered bool
		state, covered = l.At(serial.Index)
		switch {
		case !covered:
			unknown = "the list does not cover it"
		case now > l.until || now-int64(l.head.IssuedAt) > int64(p.StatusAge/time.Second):
			unknown = "the list is too old"
		default:
			unknown = ""
		}
	}
	if unknown != "" && !p.StatusUnknownPasses {
		return false, refuse(StatusUnknown, serial.Issuer, "%s: %s", serial, unknown)
	}
	// Where an unknown status passes, what an old list says against a code
	// still counts: only its silence is worth nothing.
	switch state {
	case StatusValid:
		return unknown == "", nil
	case StatusSuspended:
		return false, refuse(Suspended, serial.Issuer, "%s", serial)
	default:
		return false, refuse(Revoked, serial.Issuer, "%s", serial)
	}
}

// checkAge implements SPEC §5.9.
func (v *Verifier) checkAge(t *Token, p *pinnedProfile, b []byte, now int64) *VerifyError {
	made := t.timeOf(b)
	if made > now+v.phoneSkew {
		return refuse(ClockAhead, issuerOf(b), "made %d s in the future", made-now)
	}
	if limit := int64(p.MaxAge/time.Second) + v.terminalSkew; now-made > limit {
		return refuse(CodeTooOld, issuerOf(b), "made %d s ago, at most %d s", now-made, limit)
	}
	return nil
}

// checkAudience implements SPEC §5.10. It returns the groups in which the
// verdict holds.
func checkAudience(t *Token, b []byte, c Check) (Scenes, *VerifyError) {
	mask, audience := scenesOf(b), t.audienceOf(b)
	if audience == 0 {
		audience = mask & c.Audience
	}
	if audience&^mask != 0 || audience&c.Audience == 0 {
		return 0, refuse(WrongAudience, issuerOf(b), "shown for %s of %s, accepted here: %s", t.audienceOf(b), mask, c.Audience)
	}
	return audience, nil
}

// checkChallenge implements SPEC §5.11.
func (v *Verifier) checkChallenge(t *Token, p *pinnedProfile, b []byte, c Check, now time.Time) *VerifyError {
	issuer, answer := issuerOf(b), t.challenge.of(b)
	bound := p.PrefixSize > 0 // the field then binds the text in front, with the challenge if there is one
	switch {
	case bound && c.Challenge == nil:
	case c.Challenge == nil && len(answer) > 0:
		// Made for another terminal, or stored from an earlier question.
		return refuse(ChallengeMismatch, issuer, "it answers a challenge that was not asked")
	case c.Challenge == nil && p.Challenge == ChallengeRequired:
		return refuse(ChallengeMissing, issuer, "profile %s needs a challenge", p.Name)
	case c.Challenge == nil:
	case len(answer) == 0:
		return refuse(ChallengeMissing, issuer, "it answers no challenge")
	case !bound && !bytes.Equal(answer, c.Challenge.value):
		return refuse(ChallengeMismatch, issuer, "it answers another challenge")
	}
	var challenge []byte
	if c.Challenge != nil {
		challenge = c.Challenge.value
		limit := p.MaxAge
		if p.Challenge == ChallengeRequired {
			limit = CardChallengeAge
		}
		// Not in whole seconds: 2.99 s are half as long again as 2 s for somebody
		// who carries the question to a card elsewhere.
		if age := now.Sub(c.Challenge.drawn); age < 0 || age > limit {
			return refuse(ChallengeExpired, issuer, "asked %s ago, at most %s", age, limit)
		}
		if c.Challenge.used.Load() {
			return refuse(ChallengeReused, issuer, "")
		}
	}
	switch {
	case !bound && c.Prefix != "":
		return refuse(SourceMismatch, issuer, "profile %s has nothing in front of its text", p.Name)
	// Without this the string in front could be another patient's.
	case bound && (len(c.Prefix) != p.PrefixSize || !bytes.Equal(answer, bindPrefix(v.signatures.Suite.Engine, challenge, c.Prefix))):
		return refuse(SourceMismatch, issuer, "the text in front is not the one that the holder signed")
	}
	return nil
}

// accept implements SPEC §5.12 to §5.14. Only here something is remembered.
func (v *Verifier) accept(verified *Verified, c Check, now int64) *VerifyError {
	issuer := verified.Issuer()
	online := func() *VerifyError {
		if p := verified.profile; p.OnlineScenes&verified.scenes != 0 && !c.Online {
			return refuse(OnlineRequired, issuer, "profile %s in %s", p.Name, p.OnlineScenes&verified.scenes)
		}
		return nil
	}
	claim := func() *VerifyError {
		if c.Challenge != nil && !c.Challenge.used.CompareAndSwap(false, true) {
			return refuse(ChallengeReused, issuer, "")
		}
		return nil
	}
	if v.replay == nil {
		if refused := online(); refused != nil {
			return refused
		}
		return claim()
	}
	verified.replay = true
	return v.replay.decide(verified.Accepted(), now, c.Lane, verified, online, claim)
}
