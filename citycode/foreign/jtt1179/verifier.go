package jtt1179

import (
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
)

// Limits of times, as deployed terminals have them.
const (
	DefaultAhead = 20 * time.Second // how far a phone's clock may be ahead
	MaxAhead     = 2 * time.Minute
	MaxValidity  = 1200 * time.Second // of a display
	maxRoots     = 256
)

// A Config is what a verifier knows. It is not changed while the verifier lives.
type Config struct {
	Roots       []RootKey        // at least one, each with an index of its own
	Engine      engine.Engine    // nil: engine.Default()
	Now         func() time.Time // nil: time.Now
	Ahead       time.Duration    // 0: DefaultAhead; at most MaxAhead
	MaxValidity time.Duration    // 0: MaxValidity; not above it
	// Denied reports whether an operator's list holds an account; nil: none. It
	// is asked only about accounts whose signatures have held.
	Denied func(issuer string, card Account) bool
	// InsecureAnyIssuer takes an authorisation whose issuer number is not that of
	// the certificate. Then every certified issuer can let people ride on every
	// other's account.
	InsecureAnyIssuer bool
}

// A Verifier checks ride codes. It performs no I/O and is safe for concurrent
// use.
type Verifier struct {
	engine   engine.Engine
	roots    map[byte]*root
	issuers  certificates
	now      func() time.Time
	ahead    int64
	validity int64
	denied   func(string, Account) bool
	any      bool
}

type root struct {
	key engine.Key
	za  [engine.DigestSize]byte
	end int64
}

// NewVerifier returns a verifier. It fails for a configuration that would
// accept more than the caller can have meant.
func NewVerifier(cfg Config) (*Verifier, error) {
	v := &Verifier{engine: cfg.Engine, roots: make(map[byte]*root), now: cfg.Now, denied: cfg.Denied, any: cfg.InsecureAnyIssuer}
	v.issuers.known = make(map[Certificate]*issuerKey)
	if v.engine == nil {
		v.engine = engine.Default()
	}
	if v.now == nil {
		v.now = time.Now
	}
	if len(cfg.Roots) == 0 {
		return nil, errors.New("jtt1179: verifier: no root key")
	}
	for i := range cfg.Roots {
		k := &cfg.Roots[i]
		if err := k.validate(); err != nil {
			return nil, err
		}
		if v.roots[k.Index] != nil {
			return nil, fmt.Errorf("jtt1179: verifier: two root keys with index %#02x", k.Index)
		}
		key, err := k.prepare(v.engine)
		if err != nil {
			return nil, err
		}
		v.roots[k.Index] = &root{key, engine.ZA(v.engine, key), k.Expires.End().Unix()}
	}
	var err error
	if v.ahead, err = seconds("ahead", cfg.Ahead, DefaultAhead, MaxAhead); err != nil {
		return nil, err
	}
	v.validity, err = seconds("maximum validity", cfg.MaxValidity, MaxValidity, MaxValidity)
	return v, err
}

func seconds(what string, d, standard, most time.Duration) (int64, error) {
	if d == 0 {
		d = standard
	}
	if d < time.Second || d > most || d%time.Second != 0 {
		return 0, fmt.Errorf("jtt1179: verifier: %s of %s is not whole seconds up to %s", what, d, most)
	}
	return int64(d / time.Second), nil
}

// A Check is what a gate asks about one code.
type Check struct {
	Amount int64 // fen that the ride costs at most; 0: not known yet
}

// A Ride is what an accepted code says.
type Ride struct {
	Authorisation
	GeneratedAt time.Time
	CASerial    [3]byte // of the issuer's certificate
}

// Verify implements ../SPEC.md §3.3. An error is an *Error with exactly one
// reason, the first in that order; before the three signatures have held none of
// them says anything about the account. It does not look whether the code was
// used before; a [Lane] does.
func (v *Verifier) Verify(b []byte, check Check) (*Ride, error) {
	c, refused := cut(b)
	if refused == nil {
		refused = v.authentic(c)
	}
	if refused == nil {
		refused = v.usable(c, check)
	}
	if refused != nil {
		return nil, refused
	}
	return c.ride(), nil
}

// authentic checks the three signatures.
func (v *Verifier) authentic(c code) *Error {
	certificate := c.certificate()
	ca := v.roots[certificate.caIndex()]
	switch {
	case ca == nil:
		return refuse(UnknownCA, "index %#02x", certificate.caIndex())
	case v.now().Unix() >= ca.end:
		return refuse(CAExpired, "")
	}
	issuer, refused := v.issuer(ca, &certificate)
	if refused != nil {
		return refused
	}
	if !issuer.verify(v.engine, c.authorised(), c.issuerSignature()) {
		// Who leaves this out accepts a phone key that anybody has made.
		return refuse(BadAuthorisation, "")
	}
	user, err := v.engine.Prepare(c.userKey())
	if err != nil {
		return refuse(BadUserSignature, "%w", err)
	}
	if !user.Verify(digest(v.engine, engine.ZA(v.engine, user), c.shown()), [engine.SignatureSize]byte(c.userSignature())) {
		return refuse(BadUserSignature, "")
	}
	return nil
}

// issuer returns the key of a certificate that the CA has signed.
func (v *Verifier) issuer(ca *root, certificate *Certificate) (*issuerKey, *Error) {
	if known := v.issuers.find(certificate); known != nil {
		return known, nil
	}
	// With the CA's key and no other: a deployed terminal took the key inside
	// the certificate, and any forged chain passed.
	if !ca.key.Verify(digest(v.engine, ca.za, certificate.signed()), [engine.SignatureSize]byte(certificate[atCASig:])) {
		return nil, refuse(BadCertificate, "")
	}
	key, err := v.engine.Prepare(certificate.key())
	if err != nil {
		return nil, refuse(BadCertificate, "%w", err)
	}
	issuer := &issuerKey{za: engine.ZA(v.engine, key)}
	issuer.key.Store(&key)
	return v.issuers.add(certificate, issuer), nil
}

// usable checks an authentic code against the clock and the ride.
func (v *Verifier) usable(c code, check Check) *Error {
	now := v.now().Unix()
	certificate := c.certificate()
	switch generated, valid := c.generated(), c.validity(); {
	case !v.any && string(c.issuer()) != string(certificate[atSubject:atMonth]):
		return refuse(WrongIssuer, "")
	case now >= certificate.month().End().Unix():
		return refuse(CertificateExpired, "")
	case now > c.expires():
		return refuse(AuthorisationExpired, "")
	case valid > v.validity:
		return refuse(ValidityTooLong, "%d s", valid)
	case generated > now+v.ahead:
		return refuse(GeneratedAhead, "")
	case now > generated+valid:
		return refuse(CodeTooOld, "")
	case v.denied != nil && v.denied(hex.EncodeToString(c.issuer()), c.card()):
		return refuse(AccountDenied, "")
	case check.Amount > c.capFen():
		return refuse(OverCap, "")
	}
	return nil
}

func (c code) card() Account { return Account(hex.EncodeToString(c.b[atCard:atIssuer])) }

func (c code) ride() *Ride {
	certificate := c.certificate()
	return &Ride{
		Authorisation: Authorisation{
			PaymentAccount: Account(c.b[atPayment:atCard]), CardAccount: c.card(), Issuer: hex.EncodeToString(c.issuer()),
			Platform: [4]byte(c.b[atPlatform:]), AccountType: c.b[atType], Cap: c.capFen(), UserKey: citycode.PublicKey(c.userKey()),
			Expires: time.Unix(c.expires(), 0).UTC(), Validity: time.Duration(c.validity()) * time.Second,
			Custom: append([]byte(nil), c.b[atCustom:atCustom+c.custom]...),
		},
		GeneratedAt: time.Unix(c.generated(), 0).UTC(),
		CASerial:    [3]byte(certificate[atSerial:]),
	}
}

// Certificates returns how many issuers are remembered, at most MaxCertificates,
// and what their tables take in bytes.
func (v *Verifier) Certificates() (issuers, tableBytes int) {
	return v.issuers.len(), v.issuers.tableBytes()
}
