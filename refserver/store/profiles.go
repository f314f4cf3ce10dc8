package store

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/citizencode/citizencode/citycode"
)

// ProfilesName is the file with a city's private profiles (SPEC §3.1). The
// trust list pins each of them by its definition, so that a file that was
// changed makes codes of it issuer-not-allowed and nothing else.
const ProfilesName = "profiles.json"

const maxProfilesFile = 64 << 10

// A profileFile is one private profile as it stands in the file. Its fields are
// those of SPEC §3.2; lifetimes are in seconds.
type profileFile struct {
	ID            string `json:"id"` // as in 0xf0
	Name          string `json:"name"`
	City          int    `json:"city"`
	Kind          string `json:"kind"`
	KeyMode       string `json:"keyMode"`
	Source        string `json:"source"`
	Subject       int    `json:"subject"`       // bytes
	Seal          int    `json:"seal"`          // bytes of the ciphertext, 0: none
	SourceSegment int    `json:"sourceSegment"` // bytes, 0: none
	Prefix        int    `json:"prefix"`        // characters, 0: none
	Challenge     string `json:"challenge"`
	Assurance     string `json:"assurance"`
	MaxAge        int64  `json:"maxAge"`
	MaxLifetime   int64  `json:"maxLifetime"`
	StatusAge     int64  `json:"statusAge"`
	UnknownPasses bool   `json:"unknownStatusPasses"`
	AnyAudience   bool   `json:"anyAudience"`
	OnlineScenes  string `json:"onlineScenes"` // as in medical|payment, or none
}

// The words of SPEC §3.2, each at the place of its number.
var (
	kindWords      = []string{"", "person", "organisation", "thing", "place", "matter"}
	keyModeWords   = []string{"static", "explicit", "implicit"}
	sourceWords    = []string{"none", "medical", "social-security", "transit"}
	challengeWords = []string{"none", "optional", "required"}
	assuranceWords = []string{"none", "software", "tee", "secure-element", "card"}
)

// ReadProfiles returns the standard profiles and those of profiles.json in a
// directory, where there is one.
func ReadProfiles(dir string) ([]citycode.Profile, error) {
	own, err := ReadOwnProfiles(filepath.Join(dir, ProfilesName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return append(citycode.Profiles(), own...), nil
}

// ReadOwnProfiles reads a file with private profiles.
func ReadOwnProfiles(path string) ([]citycode.Profile, error) {
	b, err := ReadFile(path, maxProfilesFile)
	if err != nil {
		return nil, err
	}
	list, err := parseProfiles(b)
	if err != nil {
		return nil, &DamagedError{path, err}
	}
	return list, nil
}

// parseProfiles takes private profiles that SPEC §3 allows, no id or name twice.
func parseProfiles(b []byte) (list []citycode.Profile, err error) {
	var files []profileFile
	if err := parseJSON(b, &files); err != nil {
		return nil, err
	}
	all := citycode.Profiles()
	for _, f := range files {
		p, err := f.profile()
		if err != nil {
			return nil, fmt.Errorf("profile %.40q: %w", f.Name, err)
		}
		if slices.ContainsFunc(all, func(q citycode.Profile) bool { return q.Name == p.Name || q.ID == p.ID && q.City == p.City }) {
			return nil, fmt.Errorf("profile %.40q: its name or id stands twice", f.Name)
		}
		all, list = append(all, p), append(list, p)
	}
	return list, nil
}

func (f profileFile) profile() (citycode.Profile, error) {
	var err error
	number := func(what, word string, words []string) int {
		n := slices.Index(words, word)
		if n < 0 || word == "" {
			err = errors.Join(err, fmt.Errorf("no %s is called %.40q", what, word))
		}
		return n
	}
	id, parseErr := strconv.ParseUint(f.ID, 0, 8)
	if parseErr != nil || !citycode.ProfileID(id).Private() {
		return citycode.Profile{}, fmt.Errorf("%.40q is not an id from 0xf0 to 0xff", f.ID)
	}
	online, sceneErr := citycode.ParseScenes(f.OnlineScenes)
	if sceneErr != nil {
		return citycode.Profile{}, sceneErr
	}
	for _, seconds := range []int64{f.MaxAge, f.MaxLifetime, f.StatusAge} {
		if seconds < 0 || seconds > 1<<32 {
			return citycode.Profile{}, fmt.Errorf("%d seconds is out of range", seconds)
		}
	}
	p := citycode.Profile{ID: citycode.ProfileID(id), Name: f.Name, City: f.City,
		Kind: citycode.SubjectKind(number("kind", f.Kind, kindWords)), Mode: citycode.KeyMode(number("key mode", f.KeyMode, keyModeWords)),
		Source: citycode.Source(number("source", f.Source, sourceWords)), SubjectSize: f.Subject, SealSize: f.Seal, SourceSize: f.SourceSegment, PrefixSize: f.Prefix,
		Challenge: citycode.ChallengeRule(number("challenge rule", f.Challenge, challengeWords)), Assurance: citycode.Assurance(number("assurance", f.Assurance, assuranceWords)),
		MaxAge: time.Duration(f.MaxAge) * time.Second, MaxLifetime: time.Duration(f.MaxLifetime) * time.Second, StatusAge: time.Duration(f.StatusAge) * time.Second,
		StatusUnknownPasses: f.UnknownPasses, AnyAudience: f.AnyAudience, OnlineScenes: online}
	switch {
	case err != nil:
		return p, err
	case f.Name == "":
		return p, errors.New("it has no name")
	}
	return p, p.Validate()
}

// WriteProfiles writes private profiles as they are read.
func WriteProfiles(path string, list []citycode.Profile) error {
	files := []profileFile{}
	for _, p := range list {
		files = append(files, profileFile{ID: fmt.Sprintf("0x%02x", uint8(p.ID)), Name: p.Name, City: p.City,
			Kind: kindWords[p.Kind], KeyMode: keyModeWords[p.Mode], Source: sourceWords[p.Source],
			Subject: p.SubjectSize, Seal: p.SealSize, SourceSegment: p.SourceSize, Prefix: p.PrefixSize,
			Challenge: challengeWords[p.Challenge], Assurance: assuranceWords[p.Assurance],
			MaxAge: int64(p.MaxAge / time.Second), MaxLifetime: int64(p.MaxLifetime / time.Second), StatusAge: int64(p.StatusAge / time.Second),
			UnknownPasses: p.StatusUnknownPasses, AnyAudience: p.AnyAudience, OnlineScenes: p.OnlineScenes.String()})
	}
	return writeJSON(path, files, Public)
}
