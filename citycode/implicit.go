package citycode

import (
	"crypto"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/citycode/internal/pubkey"
)

// Implicit mode (SPEC §4.5) follows the shape of GM/T 0130-2023: the token
// carries a reconstruction point W in place of a key and a signature, and the
// holder's key follows from it. It is experimental until it has been checked
// against the worked data of that standard's Annex A.

// An ImplicitKey is where an implicit issuer's master key lives: a file or an
// HSM. engine.ImplicitKey is one.
type ImplicitKey interface {
	Point() [engine.PointSize]byte
	Issue(rand io.Reader, u engine.Key, lambda func(w [engine.PointSize]byte) ([32]byte, error)) ([engine.PointSize]byte, engine.ImplicitShare, error)
}

// An ImplicitStore keeps answers. Several issuers, in several processes, may
// share one.
type ImplicitStore interface {
	// Load returns the answer to a request, or nil if there is none.
	Load(request [engine.DigestSize]byte) ([]byte, error)
	// Save keeps an answer unless the request has one, and returns the one
	// that is kept: in one step, as INSERT … ON CONFLICT DO NOTHING does, and
	// durable before it returns.
	Save(request [engine.DigestSize]byte, answer []byte) (kept []byte, err error)
}

// An ImplicitIssuerConfig is what an implicit issuer is made of.
type ImplicitIssuerConfig struct {
	ID       KeyID         // as the trust list names the key, for implicit use only; required
	Key      ImplicitKey   // required
	Answers  ImplicitStore // required
	Profiles []Profile     // nil: Profiles()
	Sealer   Sealer        // for profiles with a sealed identity
	Rand     io.Reader     // nil: crypto/rand
}

// An ImplicitIssuer answers requests for implicit credentials.
type ImplicitIssuer struct {
	cfg      ImplicitIssuerConfig
	suite    *pubkey.Suite
	public   *pubkey.Key
	profiles profileSet
	issuing  sync.Mutex
}

// NewImplicitIssuer returns an issuer.
func NewImplicitIssuer(cfg ImplicitIssuerConfig) (*ImplicitIssuer, error) {
	if !cfg.ID.valid() || cfg.Key == nil || cfg.Answers == nil {
		return nil, errors.New("citycode: an implicit issuer needs a key id, a key and a store of answers")
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	s := pubkey.NewSuite(nil)
	public, err := s.Prepare(cfg.Key.Point())
	if err != nil {
		return nil, fmt.Errorf("citycode: implicit issuer %s: %w", cfg.ID, err)
	}
	profiles, err := newProfileSet(cfg.Profiles)
	if err != nil {
		return nil, err
	}
	return &ImplicitIssuer{cfg: cfg, suite: s, public: public, profiles: profiles}, nil
}

// ID returns the key id.
func (i *ImplicitIssuer) ID() KeyID { return i.cfg.ID }

// PublicKey returns Ppub.
func (i *ImplicitIssuer) PublicKey() PublicKey { return i.public.Public }

// An ImplicitAnswer is a credential and the share that completes its key.
type ImplicitAnswer struct {
	Credential *Credential
	Share      engine.ImplicitShare // secret: for the requester alone
}

// Issue implements SPEC §4.5. Claims.Possession proves the requester's point U.
// The same request is answered from the store, byte for byte: an answer that
// was lost is sent again, never computed again.
func (i *ImplicitIssuer) Issue(c Claims) (*ImplicitAnswer, error) {
	p, ok := i.profiles.find(c.Profile, i.cfg.ID.City())
	if !ok || p.Mode != Implicit {
		return nil, fmt.Errorf("citycode: issue: profile 0x%02x is not an implicit one of this issuer's", uint8(c.Profile))
	}
	// What is asked for is known by its plaintext: a seal draws a nonce, and
	// with it the same request would never be found again.
	plain := i.cfg.Sealer
	if plain != nil {
		plain = noSeal{}
	}
	asked, err := p.head(i.cfg.ID, c, plain)
	if err != nil {
		return nil, err
	}
	// U is proven before w is drawn: a U chosen after W could cancel it.
	if err := checkPossession(i.suite, i.cfg.ID, i.public.Public, c.Possession); err != nil {
		return nil, err
	}
	request := i.request(asked, c.Possession.Key)
	// Of two that ask the same thing at once only one draws a w.
	i.issuing.Lock()
	defer i.issuing.Unlock()
	switch kept, err := i.cfg.Answers.Load(request); {
	case err != nil:
		return nil, fmt.Errorf("citycode: implicit issuer: load answer: %w", err)
	case kept != nil:
		return parseImplicitAnswer(kept)
	}
	head, err := p.head(i.cfg.ID, c, i.cfg.Sealer)
	if err != nil {
		return nil, err
	}
	u, err := i.suite.Engine.Prepare(c.Possession.Key[:])
	if err != nil {
		return nil, err
	}
	w, share, err := i.cfg.Key.Issue(i.cfg.Rand, u, func(w [engine.PointSize]byte) ([32]byte, error) {
		key, err := i.suite.Engine.Prepare(w[:])
		if err != nil {
			return [32]byte{}, err
		}
		return i.suite.Lambda(key, i.public.Key, tagImplicit, append(head[:len(head):len(head)], w[:]...)), nil
	})
	if err != nil {
		return nil, fmt.Errorf("citycode: implicit issuer: %w", err)
	}
	// Another process may have answered since Load. Two answers to one request
	// would give one requester two shares, so only the one that is kept leaves.
	kept, err := i.cfg.Answers.Save(request, append(append(head, w[:]...), share[:]...))
	if err != nil {
		return nil, fmt.Errorf("citycode: implicit issuer: save answer: %w", err)
	}
	return parseImplicitAnswer(kept)
}

// noSeal leaves the plaintext where a seal would stand. What it makes is only
// ever hashed.
type noSeal struct{}

func (noSeal) Seal(_, plaintext []byte) ([]byte, error) {
	seal := make([]byte, len(plaintext)+sealOverhead)
	copy(seal, plaintext)
	return seal, nil
}

func (i *ImplicitIssuer) request(head []byte, u PublicKey) (d [engine.DigestSize]byte) {
	h := i.suite.Engine.NewSM3()
	h.Write(head)
	h.Write(u[:])
	h.Sum(d[:0])
	return d
}

func parseImplicitAnswer(b []byte) (*ImplicitAnswer, error) {
	const share = len(engine.ImplicitShare{})
	if len(b) < share {
		return nil, errShort
	}
	cred, err := ParseCredential(b[:len(b)-share])
	if err != nil {
		return nil, err
	}
	return &ImplicitAnswer{cred, engine.ImplicitShare(b[len(b)-share:])}, nil
}

// Complete implements SPEC §4.5 for the requester: from his own secret, the
// 32-byte scalar behind U, and the issuer's key it makes the private key of
// the credential, and checks that it is the one.
func (a *ImplicitAnswer) Complete(own []byte, issuer PublicKey) (crypto.Signer, error) {
	s := pubkey.NewSuite(nil)
	master, err := s.Prepare(issuer)
	if err != nil {
		return nil, err
	}
	place := s.NewPlace()
	want, err := place.Reconstruct(master, tagImplicit, a.Credential.raw)
	if err != nil {
		return nil, err
	}
	key, err := a.Share.Complete(own)
	if err != nil {
		return nil, err
	}
	// A wrong share must be found now and not at the first gate.
	if got, err := PublicKeyOf(key); err != nil || got != want.Public {
		return nil, errors.New("citycode: implicit answer: the share does not fit the credential")
	}
	return key, nil
}
