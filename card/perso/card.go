package perso

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"github.com/citizencode/citizencode/card"
	"github.com/citizencode/citizencode/card/apdu"
	"github.com/citizencode/citizencode/card/app"
	"github.com/citizencode/citizencode/card/key"
	"github.com/citizencode/citizencode/card/sm"
)

// A Done is a card that can be handed out.
type Done struct {
	Serial     app.Serial
	Public     [app.CompressedPointSize]byte // zeros if the card was ended by an earlier run
	Credential []byte
	Checks     [app.KeyUnblock][3]byte // KCV of KeyPurchase to KeyUnblock
}

// A filling is one card that is being filled.
type filling struct {
	*Config
	*Record
	client    *apdu.Client
	transport key.Key
	secure    sm.Keys
	done      Done
}

// fill makes one card. begun says that an earlier run began one under this serial number and it was not destroyed: then
// only that very card will do.
func (c *Config) fill(ctx context.Context, t card.Transport, r *Record, begun bool) (*Done, error) {
	f := &filling{Config: c, Record: r, client: apdu.NewClient(t, apdu.Options{}), done: Done{Serial: r.Serial}}
	var err error
	if f.transport, err = c.Keys.CardKey(app.KeyTransport, r.Serial); err != nil {
		return nil, err
	}
	f.secure = app.SecureKeys(f.transport)
	there, err := f.find(ctx)
	switch {
	case err != nil:
		return nil, err
	case there != begun && there:
		return nil, &RowError{r.Line, AlreadyInUse}
	case there != begun:
		return nil, &RowError{r.Line, BegunBefore}
	}
	if there {
		if _, err := f.send(ctx, app.GenerateKeyPair(app.P1ReadPublicKey), sm.MACOnly); errors.Is(err, apdu.InsNotSupported) {
			return f.finished(ctx)
		}
	} else if err := f.create(ctx); err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{f.putKeys, f.generate, f.certify, f.putFiles, f.activate, f.readBack} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return &f.done, nil
}

// find reports whether the card has the application already, under this serial number.
func (f *filling) find(ctx context.Context) (there bool, err error) {
	r, err := f.client.SendContext(ctx, app.Select(f.AID))
	if errors.Is(err, apdu.FileNotFound) {
		return false, nil
	}
	if err != nil {
		return false, f.failed("SELECT", err)
	}
	fci, err := app.ParseFCI(r.Data)
	if err != nil || fci.Serial != f.Serial {
		return false, &RowError{f.Line, AlreadyInUse}
	}
	return true, nil
}

func (f *filling) failed(step string, err error) error {
	return fmt.Errorf("perso: line %d, %s: %w", f.Line, step, err)
}

// send secures a command and sends it.
func (f *filling) send(ctx context.Context, c apdu.Command, p sm.Protection) ([]byte, error) {
	drawn, err := f.client.SendContext(ctx, app.GetChallenge())
	if err != nil {
		return nil, err
	}
	if len(drawn.Data) != sm.ChallengeSize {
		return nil, fmt.Errorf("a challenge of %d bytes", len(drawn.Data))
	}
	if c, err = sm.WrapPBOC(f.secure, [sm.ChallengeSize]byte(drawn.Data), c, p); err != nil {
		return nil, err
	}
	r, err := f.client.SendContext(ctx, c)
	return r.Data, err
}

func (f *filling) create(ctx context.Context) error {
	_, err := f.send(ctx, app.CreateApplication(app.Create{AID: f.AID, Serial: f.Serial, Profile: f.Profile, KeySet: f.KeySet, IssuerKey: f.IssuerKey,
		MaxBalance: f.MaxBalance, LoadNeedsPIN: f.LoadNeedsPIN, LogNeedsPIN: f.LogNeedsPIN}), sm.MACOnly)
	if err != nil {
		return f.failed("CREATE", err)
	}
	return nil
}

// putKeys puts the card's keys, and its PIN. The card refuses a key whose check value is not that of what it unwrapped.
func (f *filling) putKeys(ctx context.Context) error {
	put := func(id app.KeyID, k key.Key) error {
		if _, err := f.send(ctx, app.PutKey(id, f.KeySet, k, f.transport), sm.MACOnly); err != nil {
			return f.failed("PUT KEY "+id.String(), err)
		}
		return nil
	}
	for id := app.KeyPurchase; id <= app.KeyUnblock; id++ {
		k, err := f.Keys.CardKey(id, f.Serial)
		if err != nil {
			return err
		}
		f.done.Checks[id-1] = k.CheckValue()
		err = put(id, k)
		k.Wipe()
		if err != nil {
			return err
		}
	}
	if f.PIN == nil {
		return nil
	}
	var random [key.Size]byte
	source := f.Rand
	if source == nil {
		source = rand.Reader
	}
	if _, err := io.ReadFull(source, random[:]); err != nil {
		return f.failed("PIN", err)
	}
	block, err := app.PINBlock(f.PIN, random)
	if err != nil {
		return f.failed("PIN", err)
	}
	defer block.Wipe()
	return put(app.KeyPIN, block)
}

// generate lets the card make its key, or reads the one that it made when it was begun.
func (f *filling) generate(ctx context.Context) error {
	public, err := f.send(ctx, app.GenerateKeyPair(app.P1Generate), sm.MACOnly)
	if errors.Is(err, apdu.ConditionsNotSatisfied) {
		public, err = f.send(ctx, app.GenerateKeyPair(app.P1ReadPublicKey), sm.MACOnly)
	}
	if err == nil && len(public) != len(f.done.Public) {
		err = fmt.Errorf("a public key of %d bytes", len(public))
	}
	if err != nil {
		return f.failed("GENERATE", err)
	}
	copy(f.done.Public[:], public)
	return nil
}

// certify asks for the credential.
func (f *filling) certify(ctx context.Context) error {
	prove := func(issuer uint32, nonce [16]byte) (signature [app.SignatureSize]byte, err error) {
		b, err := f.send(ctx, app.ProvePossession(issuer, nonce), sm.MACOnly)
		if err == nil && len(b) != len(signature) {
			err = fmt.Errorf("a signature of %d bytes", len(b))
		}
		if err != nil {
			return signature, f.failed("PROVE POSSESSION", err)
		}
		return [app.SignatureSize]byte(b), nil
	}
	b, err := f.Issue(ctx, &Applicant{Record: f.Record, Public: f.done.Public, Prove: prove})
	if err != nil {
		return err
	}
	if len(b) == 0 || len(b) > app.MaxCredential {
		return f.failed("credential", fmt.Errorf("%d bytes", len(b)))
	}
	f.done.Credential = bytes.Clone(b)
	return nil
}

func (f *filling) putFiles(ctx context.Context) error {
	category := append([]byte{f.Category, f.Benefit}, f.ValidTo[:]...)
	public := app.PublicInfo{CardNumber: f.Number, ValidTo: f.ValidTo}
	for _, file := range []struct {
		sfi     app.SFI
		content []byte
	}{{app.SFICredential, f.done.Credential}, {app.SFICategory, category}, {app.SFIPerson, []byte(f.Person)}, {app.SFIPublic, public.Bytes()}} {
		protection := sm.MACOnly
		if line, _ := app.FindFile(file.sfi); line.Encrypted {
			protection = sm.Encrypted
		}
		if len(file.content) == 0 {
			continue
		}
		if _, err := f.send(ctx, app.UpdateBinary(file.sfi, file.content), protection); err != nil {
			return f.failed(fmt.Sprintf("UPDATE BINARY of %02X", byte(file.sfi)), err)
		}
	}
	return nil
}

func (f *filling) activate(ctx context.Context) error {
	if _, err := f.send(ctx, app.Activate(), sm.MACOnly); err != nil {
		return f.failed("ACTIVATE", err)
	}
	return nil
}

// readBack reads the credential as a gate will.
func (f *filling) readBack(ctx context.Context) error {
	b, err := f.credential(ctx)
	if err == nil && !bytes.Equal(b, f.done.Credential) {
		err = errors.New("it is not what was written")
	}
	if err != nil {
		return f.failed("reading back", err)
	}
	return nil
}

func (f *filling) credential(ctx context.Context) ([]byte, error) {
	if _, err := f.client.SendContext(ctx, app.Select(f.AID)); err != nil {
		return nil, err
	}
	r, err := f.client.SendContext(ctx, app.ReadBinary(app.SFICredential, 0, apdu.MaxShortNe))
	return r.Data, err
}

// finished takes a card that an earlier run ended and did not live to write down.
func (f *filling) finished(ctx context.Context) (*Done, error) {
	b, err := f.credential(ctx)
	if err != nil {
		return nil, f.failed("reading back", err)
	}
	f.done.Credential = b
	for id := app.KeyPurchase; id <= app.KeyUnblock; id++ {
		k, err := f.Keys.CardKey(id, f.Serial)
		if err != nil {
			return nil, err
		}
		f.done.Checks[id-1] = k.CheckValue()
		k.Wipe()
	}
	return &f.done, nil
}

// Personalise makes one card of a blank one whose transport key is that of the record's serial number, and without a
// journal: for cards that are made while somebody waits, and for demonstrations.
func Personalise(ctx context.Context, cfg Config, t card.Transport, r *Record) (*Done, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	return cfg.fill(ctx, t, r, false)
}
