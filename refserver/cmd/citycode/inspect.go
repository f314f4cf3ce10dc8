package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/citizencode/citizencode/citycode"
	"github.com/citizencode/citizencode/refserver/store"
)

type inspectCmd struct {
	Input string `arg:"" help:"Picture, text or bytes of a code, a credential of a wallet, or a signed list; - is stdin." placeholder:"FILE"`
	Dir   string `help:"Directory with roots.json and trust.list, or of a city: check the signatures too." placeholder:"DIR"`
	JSON  bool   `name:"json" help:"Print the map as JSON."`
}

// Help is what --help prints below the usage.
func (inspectCmd) Help() string {
	return `Names every byte of a code of any profile, and of trust lists, root changes, snapshots, status lists and deltas, and says which bytes each signature covers. Without --dir nothing that it prints is verified. With --dir it says whether the signatures hold, and that is all: not that the code is valid, in time, not revoked or not used. That is what verify is for.

Exit code 1 if the bytes cannot be cut, or if a signature does not hold.

Examples:

    citycode inspect code.png
    citycode inspect --dir shenyang/public --json zhang/credential.code
    citycode inspect --dir shenyang/public shenyang/public/trust.list`
}

// An inspection is what inspect prints.
type inspection struct {
	Kind       string      `json:"kind"`             // token, credential, broken, or which list
	Prefix     string      `json:"prefix,omitempty"` // partner's code in front of the text
	Bytes      int         `json:"bytes"`
	Verified   bool        `json:"verified"` // every signature holds under the trust list
	Fields     []fieldLine `json:"fields"`
	Rest       string      `json:"rest,omitempty"` // what could not be cut
	Signatures []signature `json:"signatures"`
	Error      *cutError   `json:"error,omitempty"`
}

type fieldLine struct {
	Offset  int    `json:"offset"`
	Length  int    `json:"length"`
	Name    string `json:"name"`
	Hex     string `json:"hex"`
	Meaning string `json:"meaning"`
}

type cutError struct {
	Reason  string `json:"reason"`
	Number  int    `json:"number"`
	Section string `json:"section"`
	Detail  string `json:"detail,omitempty"`
}

// Run prints the map.
func (c *inspectCmd) Run(ctx context.Context, std *stdio) error {
	var lists *store.Lists
	var profiles []citycode.Profile
	dir := store.PublicDir(c.Dir)
	if c.Dir != "" {
		var err error
		if lists, err = store.OpenTrust(dir); err != nil {
			return err
		}
		if profiles, err = store.ReadProfiles(dir); err != nil {
			return err
		}
	}
	input, err := readInput(ctx, c.Input, std.In)
	if err != nil {
		return err
	}
	code, err := recognise(input)
	if err != nil {
		return err
	}
	i := inspect(code.token)
	i.Prefix = code.prefix
	_, isList := listKindOf(code.token)
	switch {
	case lists == nil:
	case isList:
		i.verifyList(code.token, dir, lists)
	default:
		i.verify(code.token, lists.Trust.Entries())
		i.verifyImplicit(code.token, lists.Trust, profiles)
	}
	if c.JSON {
		err = json.NewEncoder(std.Out).Encode(i)
	} else {
		err = i.print(std.Out, c.Dir != "")
	}
	if err == nil && (i.Error != nil || c.Dir != "" && !i.Verified) {
		err = refusal("")
	}
	return err
}

// inspect cuts b, whatever it is.
func inspect(b []byte) *inspection {
	if kind, ok := listKindOf(b); ok {
		return inspectList(b, kind)
	}
	i := &inspection{Kind: "token", Bytes: len(b), Fields: []fieldLine{}}
	_, err := citycode.ParseToken(b)
	if err != nil {
		if _, asCredential := citycode.ParseCredential(b); asCredential == nil {
			i.Kind, err = "credential", nil
		}
	}
	var refused *citycode.VerifyError
	if errors.As(err, &refused) {
		i.Kind = "broken"
		i.Error = &cutError{Reason: refused.Reason.String(), Number: int(refused.Reason), Section: refused.Section}
		if refused.Err != nil {
			i.Error.Detail = refused.Err.Error()
		}
	}
	m := mapBytes(b[:min(len(b), citycode.MaxToken)])
	for _, f := range m.fields {
		i.Fields = append(i.Fields, fieldLine{f.Offset, f.Length, f.Name, hex.EncodeToString(m.of(f)), m.meaning(f)})
	}
	if rest := b[m.at:]; len(rest) > 0 {
		i.Rest = hex.EncodeToString(rest[:min(len(rest), citycode.MaxToken)])
	}
	i.Signatures = signatures(m)
	return i
}

// verify says of each signature whether it holds.
func (i *inspection) verify(b []byte, entries []citycode.TrustEntry) {
	i.Verified = i.Error == nil && len(i.Signatures) > 0
	for n := range i.Signatures {
		i.Signatures[n].verify(b, entries)
		i.Verified = i.Verified && i.Signatures[n].Result == holds
	}
}

// print writes the map for a person.
func (i *inspection) print(w io.Writer, checked bool) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "%s of %d bytes; %s\n\n", i.Kind, i.Bytes, i.standing(checked))
	if i.Prefix != "" {
		fmt.Fprintf(t, "in front of the text: %s\n\n", oneLine(i.Prefix))
	}
	fmt.Fprintf(t, "offset\tlength\tfield\tmeaning\thex\n")
	for _, f := range i.Fields {
		fmt.Fprintf(t, "%d\t%d\t%s\t%s\t%s\n", f.Offset, f.Length, f.Name, f.Meaning, f.Hex)
	}
	for _, s := range i.Signatures {
		fmt.Fprintf(t, "\n%s over %s and bytes 0 to %d: %s\n", s.Name, s.Tag, s.Covers-1, s.Result)
		if s.Key != "" {
			fmt.Fprintf(t, "  key %s\n", s.Key)
		}
	}
	if i.Rest != "" {
		fmt.Fprintf(t, "\nnot cut: %s\n", i.Rest)
	}
	if i.Error != nil {
		fmt.Fprintf(t, "\n%s (SPEC %s): %s\n", i.Error.Reason, i.Error.Section, i.Error.Detail)
	}
	return t.Flush()
}

func (i *inspection) standing(checked bool) string {
	switch {
	case i.Verified && i.Kind != "token" && i.Kind != "credential":
		return "it is good beside the lists of the directory; whether it is the newest, nobody can tell from it"
	case i.Verified:
		return "its signatures hold; whether it is valid, ask verify"
	case checked:
		return "UNVERIFIED: not every signature holds, believe nothing below"
	}
	return "UNVERIFIED: anyone can write this; give --dir to check the signatures"
}
