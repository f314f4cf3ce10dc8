package citycode

import "errors"

// A Token is one code as it was scanned (SPEC §2). It is opaque: apart from
// what routes it, nothing in it can be read before [Verifier.Verify] has
// accepted it.
type Token struct {
	layout
	raw [MaxToken]byte
}

// ParseToken implements SPEC §2: it cuts b into its parts. It accepts exactly
// what [Token.Bytes] emits, copies b, and allocates nothing but the Token. An
// error is a *VerifyError with the reason malformed, unsupported-version or
// unsupported-suite.
func ParseToken(b []byte) (*Token, error) {
	t := new(Token)
	if err := t.Parse(b); err != nil {
		return nil, err
	}
	return t, nil
}

// Parse is [ParseToken] into a Token that nobody uses any more. It allocates
// nothing but an error; after an error the token is empty.
func (t *Token) Parse(b []byte) error {
	t.layout = layout{}
	l, refused := cutStatic(b)
	if refused == nil && l.mode != Static {
		refused = l.cutDynamic(b)
	}
	if refused != nil {
		return refused
	}
	if l.end != len(b) {
		// A byte that no signature covers would be a place to write on.
		return refuse(Malformed, issuerOf(b), "%d bytes behind the end", len(b)-l.end)
	}
	t.layout = l
	copy(t.raw[:], b)
	return nil
}

// Bytes returns the token as it was scanned. The caller must not change it.
func (t *Token) Bytes() []byte { return t.raw[:t.end] }

// Profile returns what the token claims to be; for routing only.
func (t *Token) Profile() ProfileID { return profileOf(t.raw[:]) }

// Issuer returns who is claimed to have issued the token; for routing only.
func (t *Token) Issuer() KeyID { return issuerOf(t.raw[:]) }

// Fields names every byte of the token, for an inspector. What stands there is
// unverified.
func (t *Token) Fields() []Field { return t.fields(t.mode != Static) }

// A Credential is the static part of a token: what an issuer signed
// (SPEC §2.1 to §2.8). It lives for hours to days and is the same bytes on a
// phone and in a card file.
type Credential struct {
	layout
	raw []byte
}

// ParseCredential cuts b. It accepts exactly what [Credential.Bytes] emits; it
// verifies nothing. Errors are those of [ParseToken].
func ParseCredential(b []byte) (*Credential, error) {
	l, refused := cutStatic(b)
	if refused != nil {
		return nil, refused
	}
	if l.end != len(b) {
		return nil, refuse(Malformed, issuerOf(b), "%d bytes behind the end", len(b)-l.end)
	}
	return &Credential{layout: l, raw: append([]byte(nil), b...)}, nil
}

// Bytes returns the credential. The caller must not change it.
func (c *Credential) Bytes() []byte { return c.raw }

// Fields names every byte of the credential, for an inspector.
func (c *Credential) Fields() []Field { return c.fields(false) }

// Static returns the credential of a thing, place, matter or organisation as
// the token that is printed. It fails for any other.
func (c *Credential) Static() (*Token, error) {
	if c.mode != Static {
		return nil, errors.New("citycode: only a static credential is a token by itself")
	}
	return ParseToken(c.raw)
}
