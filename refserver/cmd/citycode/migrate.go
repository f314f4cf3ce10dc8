package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/refserver/migrate"
	"github.com/citizencode/citizencode/refserver/slot"
	"github.com/citizencode/citizencode/refserver/store"
	"github.com/citizencode/citizencode/scenarios"
	"github.com/citizencode/citizencode/scenarios/hospital"
	"github.com/citizencode/citizencode/scenarios/parking"
	"github.com/citizencode/citizencode/scenarios/ticket"
	"github.com/citizencode/citizencode/scenarios/transit"
	"github.com/citizencode/citizencode/scenarios/voucher"
)

type migrateCmd struct {
	Report migrateReport `cmd:"" help:"Say what of a base would be accepted where."`
	Ask    migrateAsk    `cmd:"" help:"Write the number that each key of a base has to sign."`
	Issue  migrateIssue  `cmd:"" help:"Issue credentials to the rows that have come back with a proof."`
}

// Help is what --help prints below the usage.
func (migrateCmd) Help() string {
	return `A base is the users of an existing code: CSV without quotes, a line of names first, subject and key required; scenes, benefit, identity, nonce and proof may be there. A row that is wrong is named with its line and its reason and left out. Nothing stops for those who have not come yet.

The phones fill the column proof of what ask has written: r and s in hexadecimal, a signature of the row's key under the tag CC1/popp over 02, the issuer that ask prints, the nonce and the key (SPEC §4.2).

Example:

    citycode migrate report --dir shenyang --profile medical --from dalian/public base.csv
    citycode migrate ask --dir shenyang --profile medical --out asked.csv base.csv
    citycode migrate issue --dir shenyang --profile medical --out credentials.csv answered.csv`
}

// migrateFlags are those of all three.
type migrateFlags struct {
	Dir     string   `required:"" help:"Directory of the city." placeholder:"DIR"`
	Profile string   `required:"" help:"Profile that the credentials will have." placeholder:"NAME"`
	Scenes  sceneSet `help:"Scene groups of rows that name none. Default: the profile's own." placeholder:"NAMES"`
	JSON    bool     `name:"json" help:"Print the report as JSON."`
	Base    string   `arg:"" help:"The base, a CSV file." placeholder:"FILE"`
	passphrase
	moment
}

// A migration is what all three work on.
type migration struct {
	*authority
	profile  citycode.Profile
	scenes   citycode.Scenes
	entry    *citycode.TrustEntry
	file     *os.File
	size     int64
	reader   *migrate.Reader
	progress *progress
	rows     int
}

func (f *migrateFlags) open(ctx context.Context, std *stdio) (_ *migration, err error) {
	a, err := openWith(ctx, f.Dir, f.passphrase, f.moment)
	if err != nil {
		return nil, err
	}
	m := &migration{authority: a, scenes: citycode.Scenes(f.Scenes), progress: newProgress(std.Err, "migrate")}
	defer func() {
		if err != nil {
			m.Close()
		}
	}()
	if m.profile, err = profileNamed(f.Profile, a.profiles); err != nil {
		return nil, err
	}
	if m.scenes == 0 {
		m.scenes = defaultScenes[m.profile.ID]
	}
	if _, m.entry, err = a.signer(roleOf(m.profile)); err != nil {
		return nil, err
	}
	if m.file, err = os.Open(f.Base); err != nil {
		return nil, err
	}
	if info, err := m.file.Stat(); err == nil {
		m.size = info.Size()
	}
	m.reader, err = migrate.NewReader(m.file, m.profile)
	return m, err
}

// Close closes the base and the authority.
func (m *migration) Close() {
	if m.file != nil {
		m.file.Close()
	}
	m.authority.Close()
}

// secretName is the file with the secret from which the numbers follow.
const secretName = "migration.key"

// asker opens the secret, or makes it at the first time.
func (m *migration) asker() (*migrate.Asker, error) {
	path := filepath.Join(m.secret, secretName)
	b, err := store.ReadFile(path, migrate.SecretSize)
	if errors.Is(err, fs.ErrNotExist) {
		b = make([]byte, migrate.SecretSize)
		rand.Read(b)
		err = store.CreateFile(path, b, store.Secret)
	}
	if err != nil {
		return nil, err
	}
	if len(b) != migrate.SecretSize {
		return nil, fmt.Errorf("%s: it is not the secret of a migration", path)
	}
	return migrate.NewAsker([migrate.SecretSize]byte(b), m.entry.ID, m.profile.ID), nil
}

type migrateReport struct {
	migrateFlags
	From []string `help:"Public directory of another city, to see what it would accept." placeholder:"DIR"`
}

// Run reads the base once and prints.
func (c *migrateReport) Run(ctx context.Context, std *stdio) error {
	m, err := c.open(ctx, std)
	if err != nil {
		return err
	}
	defer m.Close()
	var places []migrate.Place
	for _, s := range []scenarios.Scenario{hospital.New(hospital.Config{}), transit.New(transit.Config{}), parking.New(parking.Config{Bays: 1}),
		new(ticket.Scenario), new(voucher.Scenario)} {
		places = append(places, migrate.PlaceOf(s))
	}
	for _, dir := range c.From {
		theirs, err := store.OpenTrust(dir)
		if err != nil {
			return err
		}
		places = append(places, migrate.Abroad(theirs.Trust, m.register.City()))
	}
	report, err := m.reader.Survey(ctx, m.scenes, m.entry.Scenes, places, m.step)
	if err != nil {
		return err
	}
	return c.print(std, report)
}

// print writes a report for a person or for a program.
func (f *migrateFlags) print(std *stdio, r *migrate.Report) error {
	if f.JSON {
		return json.NewEncoder(std.Out).Encode(r)
	}
	w := bufio.NewWriter(std.Out)
	fmt.Fprintf(w, "%d rows of profile %s, %d with a proof\n", r.Rows, r.Profile, r.Proven)
	if r.Issued > 0 {
		fmt.Fprintf(w, "%d credentials issued\n", r.Issued)
	}
	if r.Issuer != 0 {
		fmt.Fprintf(w, "proof: the row's key signs 02%08x, its nonce and itself under the tag CC1/popp (SPEC §4.2); r and s in hexadecimal\n", uint32(r.Issuer))
	}
	for _, reason := range slices.Sorted(maps.Keys(r.Left)) {
		fmt.Fprintf(w, "left out: %s %d\n", reason, r.Left[reason])
	}
	for _, line := range r.Errors[:min(len(r.Errors), 20)] {
		fmt.Fprintf(w, "  %s\n", line)
	}
	for _, p := range r.Places {
		fmt.Fprintf(w, "%s %s:", p.ID, p.Name.Zh)
		for _, verdict := range slices.Sorted(maps.Keys(p.Verdicts)) {
			fmt.Fprintf(w, " %s %d", verdict, p.Verdicts[verdict])
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}

type migrateAsk struct {
	migrateFlags
	Out string `required:"" help:"CSV file to write; missing." placeholder:"FILE"`
}

// Run writes the base again with a number in each good row.
func (c *migrateAsk) Run(ctx context.Context, std *stdio) error {
	m, err := c.open(ctx, std)
	if err != nil {
		return err
	}
	defer m.Close()
	asker, err := m.asker()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(c.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, store.Secret)
	if err != nil {
		return err
	}
	defer out.Close()
	w := bufio.NewWriter(out)
	fmt.Fprintln(w, "subject,key,scenes,benefit,identity,nonce,proof")
	report, err := m.reader.Each(ctx, m.scenes, m.entry.Scenes, func(row *migrate.Row) error {
		m.step()
		nonce := asker.Nonce(row)
		_, err := fmt.Fprintf(w, "%x,%s,%s,%d,%s,%x,\n", row.Subject, row.Key, row.Scenes, row.Benefit, row.Identity, nonce)
		return err
	})
	if err == nil {
		err = errors.Join(w.Flush(), out.Sync(), out.Close())
	}
	if err != nil {
		os.Remove(c.Out) // begun again from the beginning
		return err
	}
	report.Issuer = m.entry.ID
	return c.print(std, report)
}

// step counts a row in the progress.
func (m *migration) step() {
	m.rows++
	m.progress.at(m.rows, m.reader.Read(), m.size)
}

type migrateIssue struct {
	migrateFlags
	Out  string `required:"" help:"CSV file of the credentials. What stands there already is not issued again, so a run that was broken off is simply repeated." placeholder:"FILE"`
	Days int    `help:"How many days they are valid. Default: as long as the profile allows." placeholder:"N"`
}

// block is how many credentials are issued between two writes to disk.
const block = 256

const issuedHeader = "subject,serial,credential"

// Run issues.
func (c *migrateIssue) Run(ctx context.Context, std *stdio) error {
	m, err := c.open(ctx, std)
	if err != nil {
		return err
	}
	defer m.Close()
	asker, err := m.asker()
	if err != nil {
		return err
	}
	claims := citycode.Claims{Profile: m.profile.ID}
	if claims.IssuedAt, claims.NotAfter, err = slot.Validity(m.profile, m.now, c.Days); err != nil {
		return err
	}
	claims.Scenes = m.scenes
	issuer, err := m.issuer(m.profile, &claims)
	if err != nil {
		return err
	}
	out, done, err := openIssued(c.Out, m.profile)
	if err != nil {
		return err
	}
	defer out.Close()
	w := bufio.NewWriter(out)
	var serials []citycode.Serial
	written := 0
	report, err := m.reader.Each(ctx, m.scenes, m.entry.Scenes, func(row *migrate.Row) error {
		m.step()
		if _, issued := done[migrate.Digest(row.Subject)]; issued {
			return nil
		}
		if row.Key == issuer.PublicKey() {
			return &migrate.RowError{Line: row.Line, Reason: migrate.BadKey}
		}
		proof, err := asker.Possession(row)
		if err != nil {
			return err
		}
		if len(serials) == 0 {
			if serials, err = m.register.ReserveMany(issuer.ID(), block); err != nil {
				return err
			}
		}
		one := claims
		one.Subject, one.Scenes, one.Benefit, one.Possession, one.Identity = row.Subject, row.Scenes, row.Benefit, proof, []byte(row.Identity)
		one.List, one.Index = serials[0].List, serials[0].Index
		cred, err := issuer.Issue(one)
		switch {
		case errors.Is(err, citycode.ErrPossession):
			// The index stays for the next row: nothing was signed with it.
			return &migrate.RowError{Line: row.Line, Reason: migrate.BadProof}
		case err != nil:
			return err // a key that cannot sign would leave out everybody
		}
		fmt.Fprintf(w, "%x,%s,%x\n", row.Subject, serials[0], cred.Bytes())
		serials = serials[1:]
		if written++; written%block == 0 {
			return errors.Join(w.Flush(), out.Sync())
		}
		return nil
	})
	if err := errors.Join(err, w.Flush(), out.Sync()); err != nil {
		return err
	}
	report.Issued = written
	return c.print(std, report)
}

// openIssued opens the file of credentials for more, cuts off a line that a crash
// left unfinished, and returns the subjects that stand there.
func openIssued(path string, p citycode.Profile) (_ *os.File, done map[[16]byte]struct{}, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, store.Secret)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	done = make(map[[16]byte]struct{})
	lines, end := bufio.NewReader(f), int64(0)
	for n := 0; ; n++ {
		line, err := lines.ReadSlice('\n')
		if err == io.EOF {
			break
		} else if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", path, err)
		}
		if n == 0 {
			if strings.TrimSpace(string(line)) != issuedHeader {
				return nil, nil, fmt.Errorf("%s: it is not a file of issued credentials", path)
			}
		} else if subject, ok := issuedTo(line, p); ok {
			done[migrate.Digest(subject)] = struct{}{}
		} else {
			// Who has a credential of another profile would be passed over.
			return nil, nil, fmt.Errorf("%s: line %d: it is no credential of profile %s", path, n+1, p.Name)
		}
		end += int64(len(line))
	}
	if err := f.Truncate(end); err != nil {
		return nil, nil, err
	}
	if _, err := f.Seek(end, io.SeekStart); err != nil {
		return nil, nil, err
	}
	if end == 0 {
		_, err = fmt.Fprintln(f, issuedHeader)
	}
	return f, done, err
}

// issuedTo returns the subject of a line of credentials of a profile.
func issuedTo(line []byte, p citycode.Profile) (subject []byte, ok bool) {
	cells := strings.Split(strings.TrimSpace(string(line)), ",")
	if len(cells) != 3 {
		return nil, false
	}
	subject, err := hex.DecodeString(cells[0])
	if err != nil {
		return nil, false
	}
	raw, err := hex.DecodeString(cells[2])
	if err != nil {
		return nil, false
	}
	_, err = citycode.ParseCredential(raw)
	return subject, err == nil && citycode.ProfileID(raw[2]) == p.ID // SPEC §2.1
}
