package vectors_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// This half of the package knows the vectors only as a stranger does: by their JSON. Nothing here is shared
// with the generator.

// data are bytes in hexadecimal digits.
type data []byte

func (d *data) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	*d = b
	return err
}

type instant struct {
	Time string
	Unix int64
}

// common is what every test has.
type common struct {
	ID, Comment    string
	Flags          []string
	Field, Fault   string
	Result, Reason string
	Number         int
	Section        string
}

type file struct {
	Schema, Version, Generator string
	NumberOfTests              int
	Notes                      map[string]note
	Groups                     []json.RawMessage
}

type note struct{ BugType, Description, Clause string }

type world struct {
	City        int
	Roots       []data
	Epoch       uint32
	Threshold   int
	TrustList   data
	StatusLists []data
	Profiles    []profile
	Foreign     []foreign
	Snapshot    data
}

type foreign struct {
	City        int
	TrustList   data
	StatusLists []data
}

type profile struct {
	ID                                int
	Name                              string
	City                              int
	Kind, Mode, Source                string
	SubjectSize, SealSize, SourceSize int
	PrefixSize                        int
	Challenge, Assurance              string
	MaxAge, MaxLifetime, StatusAge    int
	StatusUnknownPasses, AnyAudience  bool
	OnlineScenes                      int
	Definition, SM3                   data
}

type terminal struct {
	Clock                   instant
	Audience                uint16
	Online                  bool
	PhoneSkew, TerminalSkew int
	TimeFloor               *instant
	Lane                    string
	Challenge               *challenge
	Replay                  replay
}

type challenge struct {
	Value            data
	DrawnAt          instant
	Terminal, Random data
}

type replay struct {
	Floor    *instant
	Accepted []accepted
}

type accepted struct {
	Issuer               string
	List, Index          int
	Time, Counter, Until int64
}

type privateKey struct {
	Name, Sentence string
	Scalar, Public data
}

type tokenGroup struct {
	Comment         string
	World, Terminal json.RawMessage
	PrivateKeys     []privateKey
	Tests           []tokenTest
}

type tokenTest struct {
	common
	World, Terminal json.RawMessage
	Before          []scan
	Prefix          string
	Token           data
	Verdict         *verdict
	Layers          *layers
}

type scan struct {
	Terminal       json.RawMessage
	Prefix         string
	Token          data
	Result, Reason string
	Number         int
	Section        string
}

type verdict struct {
	Profile                       int
	Issuer                        string
	List, Index                   int
	Subject                       data
	Benefit, Audience             int
	StatusKnown, OneWay, Repeated bool
}

type layers struct {
	Claims                                                             claims
	IssuerKey                                                          data
	IssuerTag                                                          string
	IssuerMessage, IssuerZA, IssuerDigest, IssuerSignature, Credential data
	Implicit                                                           *implicit
	Dynamic                                                            *dynamic
	Text                                                               struct {
		Decimal, Base45, Whole string
		QRVersionM             int
	}
}

type implicit struct {
	Requester, ReconstructionPoint       data
	Identity, HA, Lambda                 data
	Share, HolderScalar, HolderPublicKey data
}

type claims struct {
	Profile                          int
	Issuer                           string
	IssuedAt, NotAfter               int64
	List, Index, Scenes, Benefit     int
	Subject, Seal, Source, HolderKey data
}

type dynamic struct {
	Time, Counter                                          int64
	Audience                                               int
	Challenge, Bytes                                       data
	HolderTag                                              string
	HolderMessage, HolderZA, HolderDigest, HolderSignature data
}

// names are the files of v1.
var names = []string{"token_parse", "token_verify", "trust_list", "status_list", "root_change", "snapshot", "status_delta", "qr_text", "signature"}

// read returns a file as it stands in the directory: TestGenerate may have written it a moment ago, after the
// embedded one was built in.
func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("v1/" + name + ".json")
	require.NoError(t, err)
	return b
}

// open returns the envelope of a file.
func open(t *testing.T, name string) file {
	t.Helper()
	f, known := files[name]
	if !known {
		unmarshal(t, read(t, name), &f)
		files[name] = f
	}
	return f
}

// files are those that were read. Only the tests themselves read, one after the other; what runs in parallel is
// given its groups.
var files = map[string]file{}

// groups returns the groups of a file.
func groups[G any](t *testing.T, name string) []G {
	t.Helper()
	var list []G
	for _, raw := range open(t, name).Groups {
		var g G
		unmarshal(t, raw, &g)
		list = append(list, g)
	}
	return list
}

// unmarshal refuses members that the types here do not know: nothing in a vector is passed over in silence.
func unmarshal(t *testing.T, raw []byte, into any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(into), "%.200s", raw)
}

// merge lays changes over values: every member of a change stands in place of the member of that name. It is
// all that a test's "world" and "terminal" ask of a reader.
func merge(t *testing.T, values json.RawMessage, changes ...json.RawMessage) json.RawMessage {
	t.Helper()
	merged := map[string]json.RawMessage{}
	for _, raw := range append([]json.RawMessage{values}, changes...) {
		if raw != nil {
			require.NoError(t, json.Unmarshal(raw, &merged))
		}
	}
	out, err := json.Marshal(merged)
	require.NoError(t, err)
	return out
}

// unmarshalLoosely reads some members of many.
func unmarshalLoosely(t *testing.T, raw []byte, into any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(raw, into))
}

// join puts bytes behind each other.
func join(parts ...data) []byte {
	var all []byte
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}
