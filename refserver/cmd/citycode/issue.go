package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/citycode/engine"
	"github.com/citizencode/citizencode/refserver/store"
)

type issueCmd struct {
	Dir     string   `required:"" help:"Directory of the city." placeholder:"DIR"`
	Profile string   `required:"" enum:"transit,medical,universal,place,thing" help:"Profile: transit, medical, universal, place or thing." placeholder:"NAME"`
	Scenes  sceneSet `help:"Scene groups, as in transit or, for universal, transit,parking. Default: the profile's own." placeholder:"NAMES"`
	Wallet  string   `help:"Wallet to make, for a person's profile; missing or empty." placeholder:"DIR" xor:"to"`
	Out     string   `help:"File to write, for the static code of a place or thing." placeholder:"FILE" xor:"to"`
	Days    int      `help:"How many days it is valid. Default: as long as the profile allows; a year for a static code." placeholder:"N"`
	Benefit uint8    `help:"Benefit class (优待类别); 0 is none." default:"0"`
	Subject hexBytes `help:"Pseudonym or number of the thing or place, 8 bytes in hexadecimal. Default for a person: random." placeholder:"HEX"`
	JSON    bool     `name:"json" help:"Print what was issued as JSON."`
	passphrase
	moment
}

// Help is what --help prints below the usage.
func (issueCmd) Help() string {
	return `The wallet makes its own key and proves that it holds it; the authority writes the key into the credential. The serial that is printed is what revoke takes.

Examples:

    citycode issue --dir shenyang --profile transit --wallet zhang
    citycode issue --dir shenyang --profile universal --scenes transit,medical,parking --benefit 3 --wallet li
    citycode issue --dir shenyang --profile place --subject 00000000000000a1 --out park.code`
}

type issued struct {
	Serial   string    `json:"serial"`
	Profile  string    `json:"profile"`
	Scenes   string    `json:"scenes"`
	IssuedAt time.Time `json:"issuedAt"`
	NotAfter time.Time `json:"notAfter"`
	File     string    `json:"file"` // or wallet
}

// defaultScenes are what a profile is for where nothing else is said.
var defaultScenes = map[citycode.ProfileID]citycode.Scenes{
	citycode.ProfileTransit:   citycode.Transit,
	citycode.ProfileMedical:   citycode.Medical,
	citycode.ProfileUniversal: citycode.Transit | citycode.Medical | citycode.Parking | citycode.Tourism,
}

const defaultPrinted = 365 // days

// Run issues one credential.
func (c *issueCmd) Run(ctx context.Context, std *stdio) error {
	profile, err := profileNamed(c.Profile)
	if err != nil {
		return err
	}
	claims, err := c.claims(profile)
	if err != nil {
		return err
	}
	phrase, err := c.phrase()
	if err != nil {
		return err
	}
	a, err := openAuthority(ctx, c.Dir, phrase, c.now())
	if err != nil {
		return err
	}
	defer a.Close()
	if profile.Mode == citycode.Static {
		err = a.print(claims, c.Out)
	} else {
		err = a.enrol(ctx, claims, c.Wallet)
	}
	if err != nil {
		return err
	}
	serial := citycode.Serial{Issuer: a.id(issuerOf(profile)), List: claims.List, Index: claims.Index}
	if !c.JSON {
		_, err = fmt.Fprintln(std.Out, serial)
		return err
	}
	return json.NewEncoder(std.Out).Encode(issued{serial.String(), profile.Name, claims.Scenes.String(), claims.IssuedAt, claims.NotAfter, c.Wallet + c.Out})
}

func profileNamed(name string) (citycode.Profile, error) {
	for _, p := range citycode.Profiles() {
		if p.Name == name {
			return p, nil
		}
	}
	return citycode.Profile{}, fmt.Errorf("no profile is called %q", name)
}

func issuerOf(p citycode.Profile) int {
	if p.Mode == citycode.Static {
		return printerIndex
	}
	return issuerIndex
}

// claims returns what the credential will say, as far as the command line
// decides it.
func (c *issueCmd) claims(p citycode.Profile) (*citycode.Claims, error) {
	static := p.Mode == citycode.Static
	switch {
	case static && (c.Out == "" || len(c.Subject) == 0):
		return nil, fmt.Errorf("a static code of a %s needs --out and --subject", p.Name)
	case !static && c.Wallet == "":
		return nil, fmt.Errorf("profile %s needs --wallet", p.Name)
	case c.Days < 0 || c.Days > int(p.MaxLifetime/day):
		return nil, fmt.Errorf("%d days: profile %s allows 1 to %d", c.Days, p.Name, p.MaxLifetime/day)
	}
	claims := &citycode.Claims{Profile: p.ID, Scenes: citycode.Scenes(c.Scenes), Benefit: c.Benefit, Subject: c.Subject}
	if claims.Scenes == 0 {
		claims.Scenes = defaultScenes[p.ID]
	}
	if len(claims.Subject) == 0 {
		claims.Subject = make([]byte, p.SubjectSize)
		rand.Read(claims.Subject)
	}
	// The second at which a code was issued would join the codes of one person
	// that were fetched together (PROTOCOL §8). A profile that lives one day
	// would lose up to all of it to the day, so there it is the hour.
	round := day
	if p.MaxLifetime <= day {
		round = time.Hour
	}
	claims.IssuedAt = c.now().Truncate(round)
	life := p.MaxLifetime
	if c.Days > 0 {
		life = time.Duration(c.Days) * day
	} else if static {
		life = defaultPrinted * day
	}
	claims.NotAfter = claims.IssuedAt.Add(life)
	return claims, nil
}

// issuer opens the key that issues for a profile.
func (a *authority) issuer(name string, index int, claims *citycode.Claims) (*citycode.Issuer, error) {
	key, entry, err := a.signer(name, index)
	if err != nil {
		return nil, err
	}
	// Every gate would refuse it; whoever issues it should hear it first.
	if at := claims.IssuedAt; at.Before(entry.IssueFrom) || at.After(entry.IssueUntil) {
		return nil, fmt.Errorf("key %s issues from %s to %s", entry.ID, entry.IssueFrom.Format(time.RFC3339), entry.IssueUntil.Format(time.RFC3339))
	}
	if claims.Scenes&^entry.Scenes != 0 {
		return nil, fmt.Errorf("key %s issues for %s, not for %s", entry.ID, entry.Scenes, claims.Scenes&^entry.Scenes)
	}
	return citycode.NewIssuer(citycode.IssuerConfig{ID: entry.ID, Key: key})
}

// enrol makes a wallet and issues a credential to its key.
func (a *authority) enrol(ctx context.Context, claims *citycode.Claims, dir string) error {
	issuer, err := a.issuer("issuer.pem", issuerIndex, claims)
	if err != nil {
		return err
	}
	key, err := engine.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	wallet, err := store.CreateWallet(ctx, dir, key)
	if err != nil {
		return err
	}
	defer wallet.Close()
	if err := a.credential(issuer, claims, wallet); err != nil {
		wallet.Discard()
		return err
	}
	return nil
}

// credential has the wallet prove its key and issues the credential.
func (a *authority) credential(issuer *citycode.Issuer, claims *citycode.Claims, wallet *store.Wallet) error {
	var nonce [citycode.PossessionNonceSize]byte
	rand.Read(nonce[:])
	proof, err := wallet.Key().ProvePossession(issuer.ID(), nonce)
	if err != nil {
		return err
	}
	if proof.Nonce != nonce {
		return errors.New("the proof of possession was made for another request")
	}
	claims.Possession = proof
	cred, err := a.reserveAndIssue(issuer, claims)
	if err != nil {
		return err
	}
	return wallet.SetCredential(cred)
}

// print issues the static code of a thing or place.
func (a *authority) print(claims *citycode.Claims, path string) error {
	issuer, err := a.issuer("printer.pem", printerIndex, claims)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(path); err == nil {
		return &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	}
	cred, err := a.reserveAndIssue(issuer, claims)
	if err != nil {
		return err
	}
	return store.CreateFile(path, cred.Bytes(), store.Public)
}

// reserveAndIssue takes an index, which is on disk before it is signed, and
// issues. What fails afterwards wastes the index and uses none twice.
func (a *authority) reserveAndIssue(issuer *citycode.Issuer, claims *citycode.Claims) (*citycode.Credential, error) {
	serial, err := a.register.Reserve(issuer.ID())
	if err != nil {
		return nil, err
	}
	claims.List, claims.Index = serial.List, serial.Index
	return issuer.Issue(*claims)
}
